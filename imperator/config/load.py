"""Every source of a configuration, read into one list of pairs.

The order is uWSGI's: the environment, the command line from left to right with ``--ini`` spliced in at its place, the
other words of the command line, the three passes of placeholders, and last the files that are inherited. What must
happen while reading happens here: files that name files, variables, conditions, loops. What options mean for the
instance is ``build.py``'s matter.

Reading always ends: files may be nested so deep, and a configuration may have so many files and pairs.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Sequence
from typing import NamedTuple

from imperator.config import magic
from imperator.config.argv import Known, parse
from imperator.config.complain import Complaints
from imperator.config.envdir import variables as variables_of
from imperator.config.expand import Endless, expand, expand_all, references
from imperator.config.judge import judge
from imperator.config.lexer import lex
from imperator.config.logic import CLOSERS, Block, is_plugin_here, open_block, opens
from imperator.config.option import Option, Takes
from imperator.config.options import foreign_takes, lookup, names, rows
from imperator.config.pairs import Pair, Via
from imperator.config.values import flag
from imperator.config.world import Unreadable, Withheld, World
from imperator.errors import COMMAND_LINE, ENVIRONMENT, Diagnostic, Where

MOST_PAIRS = 50000
MOST_FILES = 1000
DEEPEST = 64

_NOT_OPTIONS = frozenset((
    "UWSGI_RELOADS", "UWSGI_VASSALS_DIR", "UWSGI_EMPEROR_FD", "UWSGI_EMPEROR_FD_CONFIG", "UWSGI_EMPEROR_PROXY",
    "UWSGI_BROODLORD_NUM", "UWSGI_JAIL_PID", "UWSGI_ORIGINAL_PROC_NAME",
))
_FORMATS = {".ini": "ini", ".xml": "xml", ".yaml": "yaml", ".yml": "yaml", ".json": "json", ".js": "json"}
_LITERAL = frozenset((
    "ini", "yaml", "json", "xml", "include", "set", "set-placeholder", "declare-option", "blacklist", "end-blacklist",
    "whitelist", "end-whitelist", "inject-before", "inject-after", "iprint", "exit", "strict", "stop", "reload", "help",
    "resolve", "early-envdir", "fetch-configuration",
))


class Loaded(NamedTuple):
    """What was read: the pairs in order and expanded, and every complaint on the way."""

    pairs: tuple[Pair, ...]
    diagnostics: tuple[Diagnostic, ...]
    files: tuple[str, ...]
    """The files that were read, absolute, in order: what a reload depends on."""
    left_out: frozenset[str] = frozenset()
    """The names in lines that a condition left out: another environment may take them."""
    asked: frozenset[str] = frozenset()
    """The names that some line refers to, and those of declared options: unknown keys with a purpose."""


def read(argv: Sequence[str], world: World) -> Loaded:
    """Read environment, command line (``argv`` without the program's name) and all the files that they name."""
    reader = _Reader(world)
    for name, value in world.facts.environ.items():
        if name.startswith("UWSGI_") and name not in _NOT_OPTIONS:
            reader.add(Pair(name[6:].lower().replace("_", "-"), value, ENVIRONMENT))
    in_order = "POSIXLY_CORRECT" in world.facts.environ
    for word in parse(argv, reader.known(), reader.complaints, in_order=in_order):
        if reader.halted:
            break
        if word.name is not None:
            reader.add(Pair(word.name, word.value, COMMAND_LINE))
        elif word.value is not None:
            reader.positional(word.value)
    reader.finish()
    return Loaded(
        tuple(reader.pairs), tuple(reader.complaints), tuple(reader.files), frozenset(reader.left_out),
        frozenset((*reader.asked, *reader.macros)),
    )


class _Reader:
    """The list as it grows, and what reading it needs to remember."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.pairs: list[Pair] = []
        self.complaints = Complaints()
        self.files: list[str] = []
        self.left_out: set[str] = set()
        self.halted = False
        self._environ = dict(world.facts.environ)
        self._fetches = False
        self.asked: set[str] = set()
        self._block: Block | None = None
        self._inside: Pair | None = None  # the opener of the active block whose lines are being taken
        self._depth_of_errors = 0
        self.macros: dict[str, str] = {}
        self._forbidden: frozenset[str] | None = None
        self._allowed: frozenset[str] | None = None
        self._before: list[str] = []
        self._after: list[str] = []
        self._via: Via = ""
        self._depth = 0
        self._loads = 0
        self._machine: dict[str, str] | None = None
        self._first: dict[str, str] | None = None
        self._last_ini: str | None = None
        self._variables: dict[str, str] = {}
        self._actions: dict[str, Callable[[Pair], None]] = {
            "ini": lambda pair: self._load_option(pair, "ini"),
            "yaml": lambda pair: self._load_option(pair, "yaml"),
            "json": lambda pair: self._load_option(pair, "json"),
            "xml": lambda pair: self._load_option(pair, "xml"),
            "include": self._include,
            "set": self._set,
            "set-placeholder": self._set,
            "declare-option": self._declare,
            "resolve": self._resolve,
            "early-envdir": self._early_envdir,
            "fetch-configuration": self._fetch_configuration,
            "blacklist": self._restrict,
            "end-blacklist": self._restrict,
            "whitelist": self._restrict,
            "end-whitelist": self._restrict,
            "inject-before": lambda pair: self._inject(pair, self._before),
            "inject-after": lambda pair: self._inject(pair, self._after),
            "need-plugin": self._need_plugin,
            "exit": self._halt,
            "stop": self._halt,
            "reload": self._halt,
            "help": self._halt,
        }

    def known(self) -> Known:
        """The options of the command line, those included that files have declared by now."""
        letters: dict[str, tuple[str, Takes]] = {}

        def takes(name: str) -> Takes | None:
            if name in self.macros:
                return "required" if _has_arguments(self.macros[name]) else "none"
            row = lookup(name)
            return row.takes if row else foreign_takes().get(name)  # type: ignore[return-value]

        def letter(which: str) -> tuple[str, Takes] | None:
            if not letters:
                letters.update({row.short: (row.name, row.takes) for row in rows() if row.short})
            return letters.get(which)

        return Known(takes, lambda: [*names(), *self.macros], letter)

    # one pair

    def add(self, pair: Pair) -> None:
        """Append ``pair``, or offer it to the block that is open; act on it if it acts while being read."""
        if self.halted:
            return
        if "\0" in pair.key or "\0" in (pair.value or ""):
            pair = self._cut(pair)
        block = self._block
        if block is None:
            self._take(pair)
            return
        if pair.key in CLOSERS:
            if self._depth_of_errors:
                self._depth_of_errors -= 1
                return
            self._block = None
            self._take(pair)
        elif pair.key == "else" and block.otherwise is not None:
            self._block = block._replace(values=block.otherwise, otherwise=block.values, turned=not block.turned)
            self.pairs.append(pair)
            self.complaints.warn("else-branch", pair.where, "else begins the other branch",
                                 "uWSGI 2.0 would apply both branches; it has else from 2.1 on")
        elif opens(pair.key):
            self._nested(pair, block)
        else:
            block = self._judged_again(block)
            if not block.values:
                self.left_out.add(pair.key)
            self._block = None
            outer, self._inside = self._inside, block.opener
            for value in block.values:
                text = pair.value.replace("%(_)", value) if value is not None and pair.value else pair.value
                self._take(pair._replace(value=text))
            self._inside = outer
            self._block = block

    def _judged_again(self, block: Block) -> Block:
        """``block``, its condition judged anew where lines inside of it can change it: uWSGI does so for each line."""
        if block.opener.key not in ("if-opt", "if-not-opt") or block.otherwise is None:
            return block
        found = open_block(block.opener, self.pairs, self.world, Complaints(), self._environ)
        if block.turned:
            found = found._replace(values=found.otherwise or (), otherwise=found.values, turned=True)
        if block.values and not found.values:
            self.complaints.warn("condition-changed", block.opener.where,
                                 f"{block.opener.key} = {block.opener.text()} no longer holds behind a line inside of"
                                 " it, the lines that follow are left out", "put that line last")
        return found

    def _cut(self, pair: Pair) -> Pair:
        """``pair`` up to a zero byte: neither paths nor the environment can hold one."""
        self.complaints.warn("zero-byte", pair.where, "the value holds a zero byte and ends there", "remove it")
        value = None if pair.value is None else pair.value.partition("\0")[0]
        return pair._replace(key=pair.key.partition("\0")[0], value=value)

    def _nested(self, pair: Pair, block: Block) -> None:
        if block.values:
            self._depth_of_errors += 1
            self.complaints.error("block-nested", pair.where,
                                  f"{pair.key} stands inside {block.opener.key} of {block.opener.where}",
                                  "close the outer one first")
        else:
            self.complaints.warn("block-nested", pair.where,
                                 f"{pair.key} stands inside {block.opener.key} of {block.opener.where}",
                                 "its end closes the outer one, and the lines behind it take effect")

    def _take(self, pair: Pair) -> None:
        if self.halted:
            return
        if len(self.pairs) >= MOST_PAIRS:
            self.complaints.error("too-many-pairs", pair.where, f"the configuration has more than {MOST_PAIRS} lines",
                                  "look for a loop or a file that includes itself")
            self.halted = True
            return
        row = lookup(pair.key)
        key = row.name if row else pair.key
        if not self._permitted(pair):
            return
        if self._via and not pair.via:
            pair = pair._replace(via=self._via)
        if opens(pair.key):
            if self._inside is not None:
                self.complaints.error("block-nested", pair.where,
                                      f"{pair.key} stands in a file that is included inside {self._inside.key} of"
                                      f" {self._inside.where}", "include the file outside of the block")
                return
            self._block = open_block(pair, self.pairs, self.world, self.complaints, self._environ)
            if key.startswith("if-"):
                self.asked.add((pair.value or "").partition("=")[0])
        self.pairs.append(pair)
        action = self._actions.get(key)
        if action is not None:
            action(pair)

    def _permitted(self, pair: Pair) -> bool:
        listed = self._forbidden is not None and pair.key in self._forbidden and pair.key != "end-blacklist"
        unlisted = self._allowed is not None and pair.key not in self._allowed
        if listed or unlisted:
            which = "blacklist" if listed else "whitelist"
            self.complaints.error("forbidden-option", pair.where, f"{pair.key} is forbidden by the {which}",
                                  "remove the line, or change the list above it")
        return not (listed or unlisted)

    # directives

    def _set(self, pair: Pair) -> None:
        name, equals, value = (pair.value or "").partition("=")
        if not equals:
            self.complaints.error("set-without-equals", pair.where, f"{pair.key} = {pair.text()} has no =",
                                  f"write {pair.key} = name=value")
            return
        row = lookup(pair.key)
        if row is None or row.name == "set":
            self._take(Pair(name, value, pair.where))
        elif lookup(name) is not None:
            self.complaints.error("placeholder-is-option", pair.where, f"{name} is an option and no placeholder",
                                  f"write set = {name}={value}, or choose another name")
        else:
            self._take(Pair(name, value, pair.where, "set-placeholder"))

    def _declare(self, pair: Pair) -> None:
        name, equals, template = (pair.value or "").partition("=")
        if not equals or not name:
            self.complaints.error("set-without-equals", pair.where, f"{pair.key} = {pair.text()} has no =",
                                  f"write {pair.key} = name=option=$1")
            return
        self.macros[name] = template

    def _resolve(self, pair: Pair) -> None:
        name, equals, host = (pair.value or "").partition("=")
        if not equals or not name:
            self.complaints.error("set-without-equals", pair.where, f"{pair.key} = {pair.text()} has no =",
                                  f"write {pair.key} = name=host")
            return
        try:
            self._take(Pair(name, self.world.resolve(host), pair.where, "set-placeholder"))
        except Unreadable as error:
            self.complaints.error("unknown-host", pair.where, f"{host} of {pair.key} has no address: {error}",
                                  "correct the name, or write the address with set-placeholder")

    def _early_envdir(self, pair: Pair) -> None:
        path = self._now(pair)
        try:
            for name, value in variables_of(path, self.world):
                if value is None:
                    self._environ.pop(name, None)
                else:
                    self._environ[name] = value
        except Unreadable as error:
            self._unreadable(path, error, pair.where)

    def _fetch_configuration(self, pair: Pair) -> None:
        self._fetches = flag(pair, Complaints())

    def _restrict(self, pair: Pair) -> None:
        wanted = frozenset((pair.value or "").split()) if not pair.key.startswith("end-") else None
        if pair.key.endswith("blacklist"):
            self._forbidden = wanted
        else:
            self._allowed = wanted

    def _inject(self, pair: Pair, into: list[str]) -> None:
        name = pair.value or ""
        try:
            into.append(self._read(name))
        except Unreadable as error:
            self._unreadable(name, error, pair.where)

    def _need_plugin(self, pair: Pair) -> None:
        for name in map(str.strip, (pair.value or "").split(",")):
            if name and not is_plugin_here(name):
                self.complaints.error("foreign-plugin", pair.where, f"{pair.key} asks for uWSGI's plugin {name}",
                                      "Imperator does not have it; keep this site on uWSGI or remove the line")

    def _halt(self, pair: Pair) -> None:
        self.halted = True

    # files

    def positional(self, word: str) -> None:
        """A word of the command line that is no option: a file of configuration, or of the application."""
        if word.startswith("["):
            return
        kind = _FORMATS.get(posixpath.splitext(word)[1])
        self._via = "positional"
        if kind is not None:
            self._load(word, "uwsgi", "", kind, COMMAND_LINE)
        elif word.endswith((".py", ".wsgi")):
            self.add(Pair("wsgi-file", word, COMMAND_LINE))
        elif _is_module(word):
            self.add(Pair("module", word, COMMAND_LINE))
        else:
            stem, colon, _ = word.rpartition(":")
            ending = posixpath.splitext(stem if colon else word)[1].lower()
            hint = f"write --{_FORMATS.get(ending, 'ini')} {word}"
            if not colon and ("." not in word and "/" not in word):
                hint = "flags take no value, optional values are attached: --name=value"
            self.complaints.error("file-format-unknown", COMMAND_LINE, f"{word} is neither a configuration nor an"
                                  " application by its name", hint)
        self._via = ""

    def _load_option(self, pair: Pair, kind: str) -> None:
        text = self._now(pair)
        tail = text.rfind("/") + 1 if "://" in text else 0
        cut = text.rfind(":", tail)
        name, section = (text[:cut], text[cut + 1 :]) if cut >= 0 else (text, "")
        if not name:
            if self._last_ini is None:
                self.complaints.error("file-unreadable", pair.where, f"{pair.key} = {text} names a section of no file",
                                      f"write {pair.key} = file{text}")
                return
            name = self._last_ini
            variables: dict[str, str] | None = {**self._variables, "x": section, "o": ""}
        else:
            variables = None
        if kind == "ini":
            self._last_ini = name
        its_own = self._first is None
        self._load(name, section or "uwsgi", section, kind, pair.where, variables, first=True)
        if its_own and self._first is not None:
            self._first["O"] = text  # as in uWSGI, the name is whole again when the file was read

    def _include(self, pair: Pair) -> None:
        name = self._now(pair)
        kind = _FORMATS.get(posixpath.splitext(name)[1])
        if kind is None:
            stem = name.rpartition(":")[0]
            self.complaints.error(
                "file-format-unknown", pair.where, f"{pair.key} = {name} does not tell its format by its ending",
                f"write ini = {name}" + (", include takes no section" if posixpath.splitext(stem)[1] else ""))
            return
        self._load(name, "uwsgi", "", kind, pair.where)

    def _now(self, pair: Pair) -> str:
        """The value of a line that names a file, its placeholders filled in from what is known so far."""
        text = pair.value or ""
        if "(" not in text:
            return text
        self.asked.update(references(text))
        known = {other.key: other.value for other in reversed(self.pairs)}
        try:
            return expand(expand(text, "$", self._environ.get), "%", known.get)
        except Endless:
            return text

    def _load(
        self, name: str, section: str, asked_for: str, kind: str, where: Where,
        variables: dict[str, str] | None = None, *, first: bool = False,
    ) -> None:
        self._loads += 1
        if self._depth >= DEEPEST or self._loads > MOST_FILES:
            self.complaints.error("file-too-deep", where, f"{name} is the end of a chain of files without end",
                                  "look for a file that includes itself")
            self.halted = True
            return
        try:
            text = self._read(name)
        except Unreadable as error:
            self._unreadable(name, error, where)
            return
        stream = name == "-" or "://" in name
        if variables is None:
            variables = magic.of_a_stream(name, asked_for) if stream else magic.of_a_file(name, asked_for, self.world)
        if first and self._first is None and not self._depth:
            self._first = magic.capitals(variables)
        if self._machine is None:
            self._machine = magic.of_the_machine(self.world)
        outer, self._variables = self._variables, variables
        if not stream:
            self.files.append(posixpath.normpath(posixpath.join(self.world.facts.directory, name)))
        every = {**self._machine, **variables, **(self._first or {})}
        segments = [*(("inject-before", more) for more in self._before), (name, text),
                    *(("inject-after", more) for more in self._after)]
        self._depth += 1
        for pair in self._parse(kind, segments, section, name, every):
            self.add(pair)
        self._depth -= 1
        if not first:
            self._variables = outer

    def _parse(
        self, kind: str, segments: Sequence[tuple[str, str]], section: str, name: str, variables: dict[str, str]
    ) -> Sequence[Pair]:
        if kind == "ini":
            return lex(segments, section, variables, self.complaints)
        text = "\n".join(magic.substitute(line, variables)[0] for _, more in segments for line in more.split("\n"))
        if kind == "json":
            from imperator.config.json_file import parse as parse_json

            return parse_json(text, section, name, self.complaints)
        if kind == "xml":
            from imperator.config.xml_file import parse as parse_xml

            return parse_xml(text, section, name, self.complaints)
        from imperator.config.yaml_file import parse as parse_yaml

        return parse_yaml(text, section, name, self.complaints)

    def _read(self, name: str) -> str:
        if not name.startswith("http://"):
            return self.world.read(name)
        if not self._fetches:
            raise Unreadable("configurations are fetched only below fetch-configuration = true, because anybody on the"
                             " way could change them")
        return self.world.fetch(name)

    def _unreadable(self, name: str, error: Unreadable, where: Where) -> None:
        if isinstance(error, Withheld):
            self.complaints.warn("not-examined", where, f"{name} is left out: {error}", "only a start reads it")
            return
        self.complaints.error("file-unreadable", where, f"cannot read {name}: {error}",
                              f"relative names begin at {self.world.facts.directory}")

    # the end

    def finish(self) -> None:
        """Fill in placeholders, load what is inherited, apply what was declared, and judge the names."""
        if self._block is not None and not self.halted:
            opener = self._block.opener
            lost = "belongs to it" if self._block.values else "is left out"
            self.complaints.warn("block-unclosed", opener.where,
                                 f"{opener.key} = {opener.text()} is never closed, everything behind it {lost}",
                                 "write endif = or endfor = behind its last line")
        self.asked |= expand_all(self.pairs, _is_done, self._environ, self._read, self.complaints)
        index = 0
        while index < len(self.pairs) and len(self.pairs) < MOST_PAIRS:
            pair = self.pairs[index]
            index += 1
            if pair.key == "inherit" and not self.halted:
                self._via = "inherit"
                self._include(pair)
                self._via = ""
            elif pair.key == "declare-option2":
                self._declare(pair)
            elif pair.key in self.macros and pair.via != "declare-option":
                made = _macro(pair, self.macros[pair.key])
                self.pairs[index:index] = made
                index += len(made)
        judge(self.pairs, self.asked, frozenset(self.macros), self.complaints)


def _is_done(pair: Pair) -> bool:
    """Whether ``pair`` took effect while it was read, so that its value stays as written."""
    row: Option | None = lookup(pair.key)
    written = pair.via == "set-placeholder" or opens(pair.key) or (pair.key in CLOSERS and pair.key != "end")
    return written or (row is not None and row.name in _LITERAL)


def _is_module(word: str) -> bool:
    module, colon, name = word.partition(":")
    if not colon or posixpath.splitext(module)[1] in _FORMATS:
        return False
    name = name.removesuffix("()")
    return name.isidentifier() and all(part.isidentifier() for part in module.split("."))


def _has_arguments(template: str) -> bool:
    return any("$" + digit in template for digit in "123456789")


def _macro(pair: Pair, template: str) -> list[Pair]:
    """The pairs that a declared option stands for."""
    words = (pair.value or "").split(" ")
    made: list[Pair] = []
    for part in template.split(";"):
        key, equals, value = part.partition("=")
        for number in range(min(len(words), 9), 0, -1):
            value = value.replace(f"${number}", words[number - 1])
        if key:
            made.append(Pair(key, value if equals else "", pair.where, "declare-option"))
    return made
