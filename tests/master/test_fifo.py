"""The named pipes that orders come through."""

from __future__ import annotations

import os
import stat

from imperator.master.fifo import Fifos
from imperator.process.loop import Loop


def test_every_letter_of_every_pipe_is_obeyed(tmp_path):
    loop, letters = Loop(), []

    def obey(letter: bytes) -> None:
        letters.append(letter)
        if len(letters) == 4:
            loop.stop()

    paths = [str(tmp_path / "one"), str(tmp_path / "two")]
    Fifos(loop, paths, obey)
    for path, text in zip(paths, (b"rq", b"+"), strict=True):
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
        with open(path, "wb") as pipe:
            pipe.write(text)
    with open(paths[0], "wb") as pipe:
        pipe.write(b"!")
    loop.at(loop.now + 5, loop.stop)
    loop.run()
    loop.close()
    assert sorted(letters) == [b"!", b"+", b"q", b"r"]


def test_a_pipe_is_replaced_and_nothing_else_is(tmp_path, capfd):
    pipe, file = tmp_path / "pipe", tmp_path / "file"
    os.mkfifo(pipe, 0o666)
    file.write_text("precious")
    loop = Loop()
    Fifos(loop, [str(pipe), str(file), str(tmp_path / "no" / "where")], lambda _: None)
    loop.close()
    assert stat.S_IMODE(pipe.stat().st_mode) == 0o600
    assert file.read_text() == "precious"
    err = capfd.readouterr().err
    assert err.count("[fifo-not-made]") == 2
    assert f"{file}: File exists" in err
