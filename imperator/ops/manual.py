"""The man page, docs/man/imperator.1, in the language of man(7), made from the table; a test holds that it is current.

It has the commands and the options that are supported; ``imperator options`` knows the others, too.
"""

from __future__ import annotations

import re

from imperator import __version__
from imperator.config.option import Option
from imperator.config.options import rows
from imperator.ops.wording import SUBJECTS, facts, sentence, spelled

_HEAD = r"""\
.\" Made by scripts/man-page from the table of options; do not edit.
.TH IMPERATOR 1 "" "Imperator %VERSION%" "Imperator"
.ad l
.SH NAME
imperator \- application server for Python that runs uWSGI's configurations
.SH SYNOPSIS
.B imperator
.RI [ options ]
.RI [ file.ini | app.py | package.module:callable ]
.br
.B imperator check
.RI [ options ]
.IR FILE | DIR " ..."
.br
.B imperator explain
.IR FILE " [" OPTION " ...]"
.br
.B imperator explain
.I CODE
.br
.B imperator options
.RI [ WORD " ...]"
.br
.B imperator completion
.BR bash | zsh | fish
.SH DESCRIPTION
Imperator serves WSGI applications to nginx and other front-ends over the uwsgi, HTTP, FastCGI and SCGI protocols.
It reads the configurations of uWSGI: INI, YAML, JSON and XML files, the command line, and variables of the environment
whose names begin with
.BR UWSGI_ .
.PP
With
.B emperor
it runs every configuration of a directory and follows its changes. A reload loads the new code beside the old and
switches when it stands; if it fails, nothing changes.
.SH COMMANDS
.TP
.BR check " " \fIFILE\fR | \fIDIR\fR " ..."
Tell what would come of starting these configurations, without starting them.
.B imperator check \-\-help
lists its options.
.TP
.BR explain " " \fIFILE\fR " [" \fIOPTION\fR " ...]"
Show where every value comes from, and what was replaced in it.
.TP
.BR explain " " \fICODE\fR
Tell what a message means, and how to mend its cause: the word in brackets at the end of the message.
.TP
.BR options " [" \fIWORD\fR " ...]"
Look options up: what they do, and how far they are supported.
.TP
.BR completion " " bash | zsh | fish
Print a completion script for the shell.
.SH SIGNALS
.TP
.B SIGHUP
Reload: the new generation takes over when it is ready.
.TP
.BR SIGTERM ", " SIGINT ", " SIGQUIT
Finish the requests in progress and end. A second one ends at once.
.SH "EXIT STATUS"
0 after a stop, 1 when the configuration or the machine keeps it from starting, 2 for bad usage, 22 when
.B need-app
is set and the application cannot be loaded.
.SH EXAMPLES
.nf
imperator \-\-http :8000 \-\-module shop.wsgi:application \-\-workers 4
imperator \-\-ini /etc/uwsgi/shop.ini
imperator \-\-emperor /etc/uwsgi/vassals
imperator check /etc/uwsgi/vassals
.fi
.SH OPTIONS
These are the options that are supported. In a file, leave the dashes out and write
.IR name " = " value .
"""

_FOOT = r"""\
.SH "SEE ALSO"
.BR uwsgi (1),
.BR nginx (8),
.BR systemd.service (5)
"""


_LONG = re.compile(r"\S{40,}")


def page() -> str:
    """The page as text for man."""
    by_subject: dict[str, list[Option]] = {subject: [] for subject in SUBJECTS}
    for row in rows():
        if row.status == "supported":
            by_subject[row.subsystem].append(row)
    parts = [_HEAD.removeprefix("\\\n").replace("%VERSION%", __version__)]
    for subject, title in SUBJECTS.items():
        if by_subject[subject]:
            parts.append(f'.SS "{_plain(title)}"\n')
            parts += [_one(row) for row in by_subject[subject]]
    parts.append(_FOOT.removeprefix("\\\n"))
    return "".join(parts)


def _one(row: Option) -> str:
    names = ", ".join([f"\\fB{_plain('--' + name)}\\fR" for name in row.names]
                      + ([f"\\fB\\-{row.short}\\fR"] if row.short else []))
    value = spelled(row).replace("VALUE", "\\fIVALUE\\fR")
    told = sentence("; ".join(facts(row)))
    return f".TP\n{names}{value}\n{_line(sentence(row.help))}\n{_line(told)}\n"


def _plain(text: str) -> str:
    for letter, spelling in (("\\", "\\e"), ("-", "\\-"), ("`", "\\(ga"), ("'", "\\(aq"), ("^", "\\(ha")):
        text = text.replace(letter, spelling)
    return text


def _line(text: str) -> str:
    text = _plain(text).replace("~", "\\(ti")
    text = _LONG.sub(lambda word: word[0].replace(",", ",\\:"), text)  # a line may be broken behind each comma
    return "\\&" + text if text[:1] in (".", "'") else text
