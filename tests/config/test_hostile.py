"""Nothing in a configuration can hang or crash the reading of it: it ends, within bounds, and says what is wrong.

Each case is read by a process of its own that may use so much memory and so much processor time; a clock has no say.
"""

import json
import os
import random
import resource
import subprocess
import sys

import pytest

from imperator.config.build import build
from imperator.config.load import read
from imperator.errors import Diagnostic
from imperator.process.world import RealWorld

SECONDS = 20
MEMORY = 1 << 30
READ = """
import json, sys
from imperator.config.build import build
from imperator.config.load import read
from imperator.process.world import RealWorld
world = RealWorld()
loaded = read(sys.argv[1:], world)
_, complaints = build(loaded.pairs, world)
print(json.dumps([len(loaded.pairs), sorted({d.code for d in [*loaded.diagnostics, *complaints]})]))
"""


def limited(directory, *argv):
    """How many pairs there are, and the codes of what is said of them; fails if a limit was met or anything raised."""
    def limit():
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))

    environ = {"PATH": os.defpath, "HOME": "/", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run([sys.executable, "-c", READ, *(argv or ("--ini", "a.ini"))], cwd=directory, env=environ,
                          preexec_fn=limit, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def grown(levels):
    return [f"v{n} = %(v{n - 1})%(v{n - 1})" if n else "v0 = ab" for n in range(levels)]


LINES = {
    "includes itself": (["include = a.ini"], "file-too-deep"),
    "includes itself twice": (["include = a.ini", "include = a.ini"], "file-too-deep"),
    "includes a cycle": (["include = b.ini"], "file-too-deep"),
    "inherits itself": (["inherit = a.ini"], "file-too-deep"),
    "inherits a cycle": (["inherit = b.ini"], "file-too-deep"),
    "includes itself by glob": (["for-glob = *.ini", "include = %(_)", "endfor ="], "block-nested"),
    "its own section": (["ini = :uwsgi"], "file-too-deep"),
    "zero bytes": (["a\0b = \0" * 1000], "zero-byte"),
    "a billion rounds": (["for-times = 1000000000", "a = %(_)", "endfor ="], "too-many-pairs"),
    "more rounds than digits": (["for-times = " + "9" * 5000, "a = %(_)", "endfor ="], "too-many-pairs"),
    "rounds times lines": (["for-times = 10000", *["a = %(_)"] * 100, "endfor ="], "too-many-pairs"),
    "doubling": ([*reversed(grown(60))], "placeholder-cycle"),
    "doubling, the other way": (grown(60), "placeholder-cycle"),
    "a cycle": (["a = [%(b)]", "b = [%(a)]"], "placeholder-cycle"),
    "a cycle that grows": (["a = x%(a)%(a)"], "placeholder-cycle"),
    "a thousand values on a cycle that grows": (["a = x%(a)%(b)%(no)"] + [f"b = %(a){n}%(a)" for n in range(1000)],
                                                "placeholder-cycle"),
    "patterns that are nearly right": (["route = (a" + "(" * 5000 + " break:"] * 200, "regexp-invalid"),
    "lists without end": (["cache2 = " + "name=a," * 200000], "value-malformed"),
    "many fields of time": (["cron = " + "-1 " * 200000], None),
    "deep placeholders": (["a = " + "%(" * 100000 + ")" * 100000], None),
    "open placeholders": (["a = " + "%(" * 200000], None),
    "many placeholders": (["b = 1", "a = " + "%(b)" * 100000], "placeholder-cycle"),
    "long sums": (["a = %(1 " + "+ 1 " * 200000 + ")"], None),
    "long numbers": (["a = %(" + "9" * 1000000 + " + 1)", "processes = " + "9" * 1000000], "number-out-of-range"),
    "a device without end": (["a = @(/dev/zero)"], "file-unreadable"),
    "a device without end, included": (["ini = /dev/zero"], "file-unreadable"),
    "a pipe without a writer": (["a = @(pipe)"], "file-unreadable"),
    "a pipe without a writer, included": (["ini = pipe"], "file-unreadable"),
    "a pipe without a writer, by line": (["for-readline = pipe", "a = %(_)", "endfor ="], "file-unreadable"),
    "a directory": (["ini = ."], "file-unreadable"),
    "a directory as text": (["a = @(.)"], "file-unreadable"),
    "a zero byte in a name": (["ini = a\0b"], "zero-byte"),
    "a name without end": (["ini = " + "x" * 100000], "file-unreadable"),
    "a long pattern": (["if-hostname-match = (a*)*(", "a = 1", "endif ="], "regexp-invalid"),
    "unknown names": ([f"prcesse{n} = 1" for n in range(20000)], None),
    "declared by itself": (["declare-option = x=x=$1$1", "x = 1"], None),
    "declared twice": (["declare-option = x=y=$1;y=$1", "declare-option = y=x=$1;x=$1", "x = 1"], None),
    "a macro of a macro": (["declare-option = x=" + ";".join(["y=$1$1"] * 9000), *["x = 12345"] * 1000], None),
}


@pytest.mark.parametrize("name", LINES)
def test_reading_ends(name, tmp_path):
    lines, code = LINES[name]
    (tmp_path / "a.ini").write_text("\n".join(["[uwsgi]", *lines]) + "\n")
    (tmp_path / "b.ini").write_text("[uwsgi]\ninclude = a.ini\ninherit = a.ini\n")
    os.mkfifo(tmp_path / "pipe")
    _, codes = limited(tmp_path)
    assert code is None or code in codes


@pytest.mark.parametrize(("text", "code"), [
    (b"[uwsgi]\n" + b"a = 1\n" * 1000000, "too-many-pairs"),
    (b"[uwsgi]\n" + b"[uwsgi]\n" * 1000000, "section-missing"),
    (b"[uwsgi]\n" + b"\n" * 5000000, "section-missing"),
    (b"".join(b"[s%d]\n" % n for n in range(1000000)), "section-missing"),
    (b"[uwsgi]\n" + b"a = %\n" * 1000000, "too-many-pairs"),
    (b"[uwsgi]\na = " + b"x" * (1 << 23), None),
    (b"[uwsgi]\na = " + b"%%(" * (1 << 22), None),
    (b"[uwsgi]\na = " + b"(" * (1 << 22) + b")" * (1 << 22), None),
])
def test_a_large_file_ends(text, code, tmp_path):
    (tmp_path / "a.ini").write_bytes(text)
    _, codes = limited(tmp_path)
    assert code is None or code in codes


def test_a_file_that_is_too_large_is_not_read(tmp_path):
    with open(tmp_path / "a.ini", "wb") as file:
        file.write(b"[uwsgi]\n")
        file.truncate(100 << 20)
    pairs, codes = limited(tmp_path)
    assert (pairs, "file-unreadable" in codes) == (1, True)


def test_a_hundred_thousand_files_are_too_many(tmp_path):
    (tmp_path / "many").mkdir()
    for number in range(100000):
        os.close(os.open(tmp_path / "many" / f"{number}.ini", os.O_CREAT | os.O_WRONLY))
    (tmp_path / "a.ini").write_text("[uwsgi]\nfor-glob = many/*.ini\na = %(_)\nendfor =\n")
    pairs, codes = limited(tmp_path)
    assert "too-many-pairs" in codes
    assert pairs < 60000


@pytest.mark.parametrize(("name", "text"), [
    ("a.yaml", "uwsgi:\n" + "".join(" " * n + f"k{n}:\n" for n in range(1, 2000))),
    ("a.yaml", "uwsgi:\n  a: " + "[" * 100000),
    ("a.yaml", "uwsgi:\n  a: '" + "x\n" * 100000),
    ("a.yaml", "uwsgi:\n  a:\n" + "  - b: c\n" * 50000),
    ("a.json", "[" * 1000000),
    ("a.json", '{"uwsgi": ' * 100000),
    ("a.json", '{"uwsgi": {' + ",".join('"a": "\\u0000"' for _ in range(10000)) + "}}"),
    ("a.xml", "<uwsgi>" * 100000),
    ("a.xml", '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">' + "".join(
        f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(12)) + "]><uwsgi><a>&m;</a></uwsgi>"),
])
def test_other_formats_end(name, text, tmp_path):
    (tmp_path / name).write_text(text)
    limited(tmp_path, name)


WORDS = (b"[uwsgi]\n", b"\n", b"%(", b"$(", b"@(", b")", b" = ", b"=", b"%", b"a", b"b", b" ", b"[", b"]", b";",
         b"for = a b", b"if-env = HOME", b"endif", b"else =", b"set = ", b"include = a.ini", b"inherit = a.ini",
         b"ini = :", b"\0", b"\xff",
         b"declare-option = a=b=$1;a=%(b)", b"processes = ", b"socket = ", b"+ ", b"1", b"uid = ", b"env = ", b"\r\n",
         b"chmod-socket = ", b"umask = ", b"log-format = ", b"strict = true\n", b"stats = ", b"emperor = ", b"exit = ")


@pytest.mark.parametrize("seed", range(8))
def test_any_bytes_end_in_a_result(seed, tmp_path):
    rng = random.Random(seed)
    world = RealWorld(directory=str(tmp_path), environ={"HOME": "/"})
    for _ in range(60):
        parts = [rng.choice(WORDS) if rng.random() < 0.8 else rng.randbytes(rng.randrange(4))
                 for _ in range(rng.randrange(60))]
        data = rng.choice((b"", b"[uwsgi]\n", b"[uwsgi]\n")) + b"".join(parts)
        (tmp_path / "a.ini").write_bytes(data)
        loaded = read(["--ini", "a.ini"], world)
        _, complaints = build(loaded.pairs, world)
        for one in [*loaded.diagnostics, *complaints]:
            assert isinstance(one, Diagnostic), data
            assert one.line().isprintable(), data
