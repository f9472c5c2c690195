"""Reading configurations in a test: text in files of a temporary directory, through the real machine."""

from imperator.config.build import build
from imperator.config.load import read
from imperator.process.world import RealWorld


class Reading:
    """What came of one configuration."""

    def __init__(self, loaded, settings, complaints):
        self.pairs = loaded.pairs
        self.files = loaded.files
        self.left_out = loaded.left_out
        self.settings = settings
        self.diagnostics = [*loaded.diagnostics, *complaints]

    @property
    def codes(self):
        return [d.code for d in self.diagnostics]

    def values(self, key):
        return [pair.value for pair in self.pairs if pair.key == key]

    def lines(self, code):
        return [d.line() for d in self.diagnostics if d.code == code]


def reading(directory, *argv, env=None, world=RealWorld, **files):
    """Write ``files`` (``a__ini`` is a.ini) and read ``argv``; without argv, ``--ini a.ini``."""
    for name, text in files.items():
        (directory / name.replace("__", ".")).write_text(text)
    here = world(directory=str(directory), environ={"HOME": "/home/u", **(env or {})})
    loaded = read(list(argv) if argv else ["--ini", "a.ini"], here)
    return Reading(loaded, *build(loaded.pairs, here))


def ini(directory, *lines, env=None):
    """Read a file of these lines below ``[uwsgi]``, which is its first line."""
    return reading(directory, env=env, a__ini="\n".join(["[uwsgi]", *lines]) + "\n")
