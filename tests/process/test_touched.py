"""Files that are touched are told of, once for each time."""

import os

from imperator.process.loop import Loop
from imperator.process.touched import Touched


def test_each_touch_is_told_once(tmp_path):
    (tmp_path / "there").touch()
    os.utime(tmp_path / "there", ns=(1, 1))
    loop, told = Loop(), []

    def touched(file):
        told.append(os.path.basename(file))
        if told[-1] == "end":
            loop.stop()

    Touched(loop, [str(tmp_path / name) for name in ("there", "later", "end")] + ["/no/such/file"], touched)
    os.utime(tmp_path / "there", ns=(2, 2))
    os.chmod(tmp_path / "there", 0o600)
    (tmp_path / "other").touch()
    loop.at(loop.now + 0.05, lambda: (tmp_path / "later").touch())
    loop.at(loop.now + 0.1, lambda: (tmp_path / "end").touch())
    loop.at(loop.now + 20, loop.stop)
    loop.run()
    assert told == ["there", "later", "end"]
