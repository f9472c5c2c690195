"""The page of all options, docs/options.md, made from the table; a test holds that it is current."""

from __future__ import annotations

import re

from imperator.config.option import Option
from imperator.config.options import rows
from imperator.ops.wording import SUBJECTS, facts, sentence, spelled, standing

_HEAD = """\
# Options

Made by `scripts/option-reference` from the table of options; do not edit. `imperator options WORD` looks an option up
at the terminal, `imperator explain FILE` shows where the values of a file come from, and
[options-status.md](options-status.md) counts how many are supported, [real-files.md](real-files.md) what that means
for real files.

Options are written `name = value` in files and `--name value` on the command line; the environment sets `name` by
`UWSGI_NAME`. How values are read:

- **yes or no**: `false`, `0`, `off` and `no` are no, in capitals too; anything else is yes, even nothing. On the
  command line the name alone means yes.
- **number**: the digits at the beginning. There are no units: `60`, not `1m`.
- **address**: `/path` or `name` is a UNIX socket, `@name` an abstract one, `host:port` and `:port` are IPv4,
  `[v6]:port` is IPv6, `fd://N` is an open descriptor, `=N` a shared socket.
- **text**: everything behind the `=`, without blanks at its ends. There are no quotes, and no comments behind values.

*The last line counts* or an option *may be repeated*: then each line adds to the others. An option that *acts where it
stands* is carried out while the file is read, before the lines below it. Each option has a status:

| Status | Meaning |
|---|---|
| supported | does what it does in uWSGI; [differences.md](differences.md) has the exceptions |
| accepted | there is nothing to do: the site works the same without |
| refused | has no effect and will have none; the text says what to do instead |
| not yet | known, has no effect so far; a check and a start tell so |

"""


def page() -> str:
    """The page as Markdown."""
    by_subject: dict[str, list[Option]] = {subject: [] for subject in SUBJECTS}
    for row in rows():
        by_subject[row.subsystem].append(row)
    parts = [_HEAD, "## Contents\n\n"]
    parts += [f"- [{title}](#{_anchor(title)})\n" for subject, title in SUBJECTS.items() if by_subject[subject]]
    for subject, title in SUBJECTS.items():
        if by_subject[subject]:
            parts.append(f"\n## {title}\n")
            parts += [_one(row) for row in by_subject[subject]]
    return "".join(parts)


def _one(row: Option) -> str:
    also = [f"`{name}`" for name in row.names[1:]] + ([f"`-{row.short}`"] if row.short else [])
    value = "" if row.takes == "none" else f" `{spelled(row).strip()}`"
    lines = [f"\n### {row.name}\n", f"`--{row.name}`{value}" + (f", also {', '.join(also)}" if also else "") + "  "]
    lines.append(_plain(sentence(row.help)) + "  ")
    lines.append("*" + _plain(sentence("; ".join(facts(row)))).replace("*", "\\*") + "*  ")
    lines.append(_plain(sentence(standing(row))))
    return "\n".join(lines) + "\n"


def _plain(text: str) -> str:
    """``text`` so that Markdown shows it as it is; what is between backticks stays."""
    parts = text.split("`")
    if len(parts) % 2 == 0:  # a backtick without its twin
        return re.sub(r"([\\`*_\[\]<>|])", r"\\\1", text)
    return "`".join(re.sub(r"([\\*_\[\]<>|])", r"\\\1", part) if number % 2 == 0 else part
                    for number, part in enumerate(parts))


def _anchor(title: str) -> str:
    return "".join(letter for letter in title.lower().replace(" ", "-") if letter.isalnum() or letter == "-")
