"""One configuration read by uWSGI and by us, and what may differ.

What is known to differ is in ``KNOWN``: the code of the complaint that tells the operator, and how the configuration
would have to be written for uWSGI to read it as we do. The comparison is then made with that spelling, so that
everything else in the same configuration still has to agree.
"""

import pathlib
import re
import shutil

from imperator.config.build import build
from imperator.config.load import read
from imperator.config.pairs import listing
from imperator.errors import Severity
from imperator.process.world import RealWorld
from tests.config.reference import ask

_LOGIC = (b"if", b"end", b"else")


def _without_else(text):
    """``else`` as the end of the condition above it and the beginning of its opposite."""
    lines = []
    opener = b""
    for line in text.split(b"\n"):
        key = line.partition(b"=")[0].strip()
        if key.startswith(b"if"):
            opener = line
        elif key.startswith((b"end", b"for")):
            opener = b""
        if key == b"else" and opener:
            plain = re.sub(rb"^(\s*)if-?(not-)?", lambda m: m[1] + (b"if-" if m[2] else b"if-not-"), opener)
            lines += [b"endif =", plain]
        else:
            lines.append(line)
    return b"\n".join(lines)


KNOWN = {
    "else-branch": _without_else,
    "byte-order-mark": lambda text: text.removeprefix(b"\xef\xbb\xbf"),
    "section-comment": lambda text: re.sub(rb"(?m)^([ \t]*\[[^\]\n]*\])[ \t]*[;#].*$", rb"\1", text),
    "percent-at-end": lambda text: re.sub(rb"(?m)(?<!%)((?:%%)*)%(\r?)$", rb"\1\2", text),
}
"""Code: the text of a file as uWSGI would have to be given it."""


class World(RealWorld):
    """This machine, with what uWSGI says of itself."""

    def __init__(self, directory, environ, program):
        super().__init__(directory=directory, environ=environ)
        self._facts = self._facts._replace(version="2.0.31", binary=program)


def ours(directory, case, program):
    """The listing, and all complaints, those of reading first."""
    world = World(directory, case.environ, program)
    loaded = read(case.argv, world)
    _, complaints = build(loaded.pairs, world)
    shown = "".join(line + "\n" for line in listing(loaded.pairs)).encode("utf-8", "surrogateescape")
    return shown, list(loaded.diagnostics), complaints


def write(directory, files):
    """Make ``directory`` hold ``files`` and nothing else."""
    directory = pathlib.Path(directory)
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    for name, data in files.items():
        path = directory / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)


def difference(case, directory, program):
    """What differs, in words; nothing if only what is known does."""
    write(directory, case.files)
    shown, reading, complaints = ours(str(directory), case, program)
    codes = {d.code for d in reading}
    known = codes & set(KNOWN)
    for name, text in case.files.items():
        if name.endswith(".ini") and known:
            for code in sorted(known):
                text = KNOWN[code](text)
            (pathlib.Path(directory) / name).write_bytes(text)  # written over, for %i
    answer = ask(program, str(directory), case.argv, case.environ)
    errors = [d.line() for d in reading if d.severity is Severity.ERROR]
    if answer.listing is None:
        all_errors = errors + [d.line() for d in complaints if d.severity is Severity.ERROR]
        # What values mean is test_build's matter; a flag of the command line in an open block crashes uWSGI.
        if all_errors or b"invalid value for option" in answer.output or (answer.crashed and "block-unclosed" in codes):
            return ""
        said = answer.output.decode("utf-8", "replace")[-600:]
        return f"uWSGI refuses it{' by a crash' if answer.crashed else ''}, we do not. It says:\n{said}"
    if errors:
        return "uWSGI accepts it, we say:\n" + "\n".join(errors)
    listing_there, listing_here = answer.listing, shown
    if "else-branch" in known:  # not in the lines that make the conditions
        listing_there, listing_here = (b"\n".join(line for line in one.split(b"\n") if not line.startswith(_LOGIC))
                                       for one in (listing_there, listing_here))
    if listing_there != listing_here:
        return f"the lists differ. uWSGI:\n{answer.listing!r}\nwe:\n{shown!r}"
    return ""
