"""Random configurations: a few ini files that refer to each other, a command line, an environment.

The same number makes the same configuration. Most lines are ones that people write, some are what editors, templates
and accidents leave behind. Files include only files behind them in a fixed order and variables refer to earlier ones,
so that uWSGI comes to an end; what it does not survive has tests of its own. No line opens a socket, writes a file or
sends the output elsewhere.
"""

import random
from typing import NamedTuple

FILES = ("a.ini", "b.ini", "sub/c.ini", "x.y.ini")
SECTIONS = ("uwsgi", "uwsgi", "uwsgi", "dev", "base")
VARIABLES = (*(f"v{n}" for n in range(8)), "my-var", "my_var", "base")
FLAGS = ("master", "vacuum", "die-on-term", "enable-threads", "need-app", "lazy-apps", "thunder-lock",
         "single-interpreter", "disable-logging", "no-orphans", "auto-procname", "manage-script-name")
NUMBERS = ("processes", "workers", "threads", "harakiri", "max-requests", "buffer-size", "post-buffering",
           "reload-mercy", "cheaper-step", "socket-timeout", "max-fd")
TEXTS = ("module", "wsgi-file", "callable", "pythonpath", "static-map", "procname-prefix", "log-format", "env",
         "touch-reload", "add-header", "wsgi-disable-file-wrapper", "umask", "chmod-socket", "plugins-dir")
FLAG_VALUES = ("true", "false", "1", "0", "yes", "no", "on", "off", "True", "FALSE", "", "ture", "n", "true ; note",
               '"true"', "none", "00")
NUMBER_VALUES = ("0", "1", "2", "4x", "10", "30s", "abc", "", "2.9", "0x4", "99999999999", " 7", "+3", "4 ; four",
                 "%k", "$(N)", "%(v1)", "%(v1 + 2)", "8192")
WORDS = ("x", "foo", "/srv/app", "app:application", "a b  c", "ä", "=", "a=b", "%%", "%d", "%n", "%p", "%v", "%0", "%1",
         "%9", "%s", "%e", "%o", "%c", "%x", "%D", "%N", "%P", "%S", "%X", "%O", "%C", "%E", "%u", "%U", "%g", "%G",
         "%k", "%h", "%V", "%j", "%J", "%i", "%I", "%b", "%[", "$(HOME)", "$(N)", "$(EMPTY)", "$(NONE)", "@(data.txt)",
         "@(two.txt)", "%(none)", "%(addr)", "%()", "%( )", "%(foo", "$(", "$$(HOME)", "%%(v0)", "%(%(v0))",
         "[%(p_%(v0))]", "100%%", "%Y-%m", "\\", "'q'", '"q"', "; c", "# c", ";", "\t", "(", ")", "%(master)", "%(_)",
         "${HOME}", "{{ x }}", "$(%(v0))", "%($(N))", "%(v0)%(v1)", "%((v0))", "%(v0))")
SUMS = ("v0 + 1", "v1 - v0", "v1 * 2", "v1 / 3", "v1 / 0", "v1 ++", "v1 --", "v1++", "v1 + 1 * 3", "v0 v1", " v0 ",
        "v0 none v1", "-1 + 5", "9223372036854775807 + 1", "none + 1", "+ 1", "v1 +", "1 + + 2", "v0 + v1 - v2 * 2",
        "12 34", "007 + 1", "1  +  1", "my-var - 1", "99999999999999999999 + 1", "* 3", "v1 ++ ++", "++", "++ v1")
ODD_KEYS = ("", "//x", "processes: 4", "MASTER", "enable_threads", "key with blanks", "é", "ключ", "a.b", "%d", "%(v0)",
            "$(N)", "x%k", "end", "endif", "sockets ", "php-docroot", "-x", "--ini", "]", "'k'", "!", "k\tk")
ODD_BYTES = (b"\x01", b"\x08", b"\x0b", b"\x0c", b"\x1b", b"\x1c", b"\x1f", b"\x7f", b"\x80", b"\x85", b"\xa0", b"\xff",
             b"\xc3", "\u2028".encode(), "\u00a0".encode(), "\ufeff".encode(), b"\r", b"\0")
CONDITIONS = ("if-env = HOME", "if-env = NONE", "if-env = N=3", "if-env = N=4", "if-env = EMPTY", "ifenv = HOME",
              "if-not-env = NONE", "if-not-env = HOME", "if-opt = v0", "if-opt = v0=1", "if-not-opt = v0",
              "if-opt = none", "if-not-opt = v1=x", "if-exists = data.txt", "ifexists = none", "if-exists = %ddata.txt",
              "if-not-exists = none", "if-file = data.txt", "if-file = sub", "if-not-file = sub", "if-dir = sub",
              "ifdir = data.txt", "if-directory = sub", "if-not-dir = none", "if-plugin = python", "if-plugin = nope",
              "if-not-plugin = nope", "if-hostname = nowhere", "if-not-hostname = nowhere", "if-reload =",
              "if-not-reload =", "if-env =", "if-opt =", "if-exists =", "if-env", "if-opt = master",
              "if-exists = %(v0)", "if-env = $(N)")
LOOPS = ("for = a b c", "for =", "for = a  b ", "for = one", "for-times = 3", "for-times = 0", "for-times = x",
         "for-times = 2x", "for-times = -1", "for-glob = *.txt", "for-glob = none*", "for-glob = s*", "for-glob = %dd*",
         "for-readline = two.txt", "for-readline = data.txt", "for-readline = lines.txt", "for-readline = none.txt")
CLOSERS = ("endif =", "endif", "end-if =", "endfor =", "end-for =", "end =", "endif = x")
DATA = {"data.txt": b"data\n", "two.txt": b"one %(v0)\ntwo $(N)\n\n", "lines.txt": b"  l1 \r\n\nl3", "empty.txt": b"",
        "sub/d.txt": b"d"}
ENVIRON = {"HOME": "/home/u", "N": "3", "EMPTY": "", "PATH": "/usr/bin:/bin"}


class Case(NamedTuple):
    """One configuration: what to write, and how to start."""

    files: dict[str, bytes]
    argv: tuple[str, ...]
    environ: dict[str, str]

    def shown(self):
        """The case, for a reader."""
        parts = [f"argv: {' '.join(self.argv)}", f"environ: {self.environ}"]
        return "\n".join(parts + [f"--- {name}\n{data!r}" for name, data in self.files.items() if name not in DATA])


def make(seed):
    """The configuration of this number."""
    return _Maker(random.Random(seed)).case()


class _Maker:
    def __init__(self, rng):
        self._rng = rng
        self._macro = False

    def case(self):
        rng = self._rng
        used = FILES[: rng.choice((1, 1, 2, 3, 4))]
        files = {name: self._file(index, used) for index, name in enumerate(used)}
        environ = dict(ENVIRON)
        for name in ("UWSGI_V3", "UWSGI_MY_VAR", "UWSGI_PROCESSES", "UWSGI_VACUUM", "UWSGI_INI"):
            if rng.random() < 0.05:
                environ[name] = "b.ini" if name == "UWSGI_INI" else rng.choice(("1", "", "false", "$(N)", "%(v0) %d"))
        if "b.ini" not in files:
            environ.pop("UWSGI_INI", None)
        return Case({**files, **DATA}, self._argv(used), environ)

    def _argv(self, used):
        rng = self._rng
        name = used[0]
        start = rng.choice([["--ini", name]] * 6 + [[f"--ini={name}:"], ["--ini", f"{name}:dev"], [name]])
        words = [start]
        if rng.random() < 0.3:
            words.append(rng.choice((["--set", "v0=cli"], ["--set=v1=9"], ["-M"], ["-p", "2"], ["--master"],
                                     ["--set-ph", "v2=ph"], ["--processes=3"], ["-Mp3"], ["--vacuum"],
                                     ["--need-app"], ["-S", "v5=%(v0)"], ["--module", "m"], ["--enable-thr"],
                                     ["--ini", f"{used[-1]}:base"], ["--inherit", used[-1]], ["--include", used[-1]])))
        rng.shuffle(words)
        return ("--show-config", *(word for group in words for word in group))  # an open block would take it

    def _file(self, index, used):
        rng = self._rng
        lines = [] if rng.random() < 0.97 else [self._line()]
        header = rng.random()
        lines.append(b"[uwsgi]" if header < 0.96 else rng.choice((
            b"[uwsgi] ; prod", b"[ uwsgi ]", b"[uwsgi", b"[uwsgix", b"[dev]", b"[uwsgi]  ", b"[uwsgi]# x", b"")))
        for _ in range(rng.choice((2, 5, 10, 20))):
            lines.extend(self._part(index, used))
        end = b"\r\n" if rng.random() < 0.08 else b"\n"
        text = end.join(lines) + (end if rng.random() < 0.9 else b"")
        return (b"\xef\xbb\xbf" if rng.random() < 0.02 else b"") + text

    def _part(self, index, used):
        """A few lines that belong together."""
        rng = self._rng
        kind = rng.random()
        if kind < 0.66:
            return [self._line()]
        if kind < 0.71:
            return [f"[{rng.choice(SECTIONS)}]".encode()]
        if kind < 0.86:
            return self._block(index, used)
        if kind < 0.95:
            return [self._reference(index, used)]
        if kind < 0.975 and not self._macro:
            self._macro = True
            declared = b"declare-option = mac=" + rng.choice((b"my-out=$1 and $2;v7=$3", b"my-out=$1", b"my-out=fixed"))
            # No placeholders: behind its declaration uWSGI applies it at once, here they are always filled in.
            use = b"mac = " + rng.choice((b"one two", b"one", b"", b"x y z a"))
            return rng.choice(([declared, use], [use, declared]))
        return [rng.choice((b"strict = true", b"strict = false", b"blacklist = my-var v7", b"end-blacklist =",
                            b"plugins = python3", b"plugin = none", b"inject-before = two.txt", b"print = %(v0)",
                            b"set = broken", b"set-ph = master=1", b"else =", b"whitelist = v0 v1 end-whitelist"))
                if rng.random() < 0.4 else b"; comment %d"]

    def _line(self):
        rng = self._rng
        kind = rng.random()
        if kind < 0.45:
            key, value = rng.choice(VARIABLES), self._value()
        elif kind < 0.55:
            key, value = rng.choice(FLAGS), rng.choice(FLAG_VALUES)
        elif kind < 0.65:
            key, value = rng.choice(NUMBERS), rng.choice(NUMBER_VALUES)
        elif kind < 0.72:
            key, value = self._text()
        elif kind < 0.80:
            key, value = rng.choice(("set", "set-ph", "set-placeholder")), f"{rng.choice(VARIABLES)}={self._value()}"
        elif kind < 0.86:
            key, value = rng.choice(ODD_KEYS), self._value()
        elif kind < 0.90:
            return rng.choice(("; c", "# c", ";", "", "  ", "\t", "; %d %(v0)", "#%%", rng.choice(VARIABLES),
                               rng.choice(FLAGS), "v1 4", "v1: 4")).encode()
        else:
            key, value = "v1", str(rng.choice((0, 1, 7, 12, -3)))
        line = rng.choice(("{} = {}", "{} = {}", "{} = {}", "{}={}", "  {}\t=\t{}  ", "{} =  {} ")).format(key, value)
        return self._spoiled(line.encode())

    def _text(self):
        key = self._rng.choice(TEXTS)
        value = {"umask": "022", "chmod-socket": "660", "env": "A=%(v0)", "static-map": "/s=%(v0)",
                 "plugins-dir": "/none"}.get(key) or self._value()
        return key, value

    def _value(self):
        rng = self._rng
        parts = []
        for _ in range(rng.choice((0, 1, 1, 1, 2, 3))):
            kind = rng.random()
            if kind < 0.6:
                parts.append(rng.choice(WORDS))
            elif kind < 0.75:
                parts.append(f"%({rng.choice(SUMS)})")
            else:
                parts.append(rng.choice(("1", "12", "a", "-", "_", "é", "/", ".", ":8000", "long " * 30)))
        return rng.choice(("", " ")).join(parts)

    def _spoiled(self, line):
        rng = self._rng
        kind = rng.random()
        if kind < 0.03:
            at = rng.randrange(len(line) + 1)
            return line[:at] + rng.choice(ODD_BYTES) + line[at:]
        if kind < 0.035:
            return line + b"%"
        if kind < 0.04:
            return line + b"x" * rng.choice((1023, 4096, 70000))
        return line

    def _block(self, index, used):
        rng = self._rng
        opener = rng.choice(CONDITIONS if rng.random() < 0.65 else LOOPS)
        inner = [self._line().replace(b"foo", b"%(_)") for _ in range(rng.choice((0, 1, 1, 2, 3)))]
        inner += [b"v%d = [%%(_)]" % rng.randrange(8)] * rng.choice((0, 1))
        kind = rng.random()
        if kind < 0.03:
            inner.append(rng.choice(CONDITIONS).encode())
        elif kind < 0.06:
            inner.append(b"else =")
        elif kind < 0.12:
            inner.append(self._reference(index, used))
        return [opener.encode(), *inner, *([rng.choice(CLOSERS).encode()] if rng.random() < 0.97 else [])]

    def _reference(self, index, used):
        """A line that reads a file behind this one, or another section of this one."""
        rng = self._rng
        later = used[index + 1 :]
        if not later:
            return b"; nothing behind"
        name = rng.choice(later)
        here = "%d" if index < 2 else "%v/"
        return rng.choice((f"include = {name}", f"include = {here}{name}", f"ini = {name}", f"ini = {name}:dev",
                           f"inherit = {name}", f"inherit = {here}{name}", f"ini = {name}:", f"inherit = %(none){name}",
                           f"include = none-{name}" if rng.random() < 0.1 else f"include = {name}",
                           f"ini = {name}:base")).encode()
