"""``imperator completion SHELL``: the completion script of a shell, made from the table of options.

It completes the options that have an effect, and what our own commands take: switches, codes of messages, names.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from imperator.config.option import Option
from imperator.config.options import rows
from imperator.ops import pages

USAGE = """\
usage: imperator completion bash|zsh|fish

  bash:  imperator completion bash > /etc/bash_completion.d/imperator
  zsh:   imperator completion zsh > "${fpath[1]}/_imperator"
  fish:  imperator completion fish > ~/.config/fish/completions/imperator.fish
"""
COMMANDS = {
    "check": "tell what would come of starting configurations",
    "explain": "tell where values come from, or what a message means",
    "options": "look options up",
    "completion": "print a completion script",
}
SHELLS = ("bash", "zsh", "fish")
CHECK = {
    "--no-advice": "leave out what is allowed but unwise",
    "--strict": "notes count as errors",
    "--elsewhere": "ask nothing of this machine",
    "--fix": "mend what can be mended by rule",
    "--yes": "with --fix, do not ask",
    "--against=uwsgi": "list what behaves differently from uWSGI",
    "--json": "the result as JSON",
    "--help": "tell how it is used",
}
OPTIONS = {"--json": "one array of objects", "--status": "supported, accepted, refused or not yet"}


def main(argv: Sequence[str]) -> int:
    """Print the script; 2 for a shell that we do not know."""
    makers = {"bash": _bash, "zsh": _zsh, "fish": _fish}
    if list(argv) in (["-h"], ["--help"]):
        print(USAGE, end="")
        return 0
    if len(argv) != 1 or argv[0] not in makers:
        sys.stderr.write(USAGE)
        return 2
    print(makers[argv[0]]([row for row in rows() if row.status in ("supported", "accepted")]), end="")
    return 0


def _spelled(row: Option) -> list[str]:
    return [f"--{name}" + ("=" if row.takes == "optional" else "") for name in row.names]


def _names() -> str:
    return " ".join(sorted(name for row in rows() for name in row.names))


def _bash(options: Sequence[Option]) -> str:
    words = " ".join(sorted(name for row in options for name in _spelled(row)))
    return f"""\
_imperator() {{
    local word=${{COMP_WORDS[COMP_CWORD]}} words='' files=yes
    local command=''
    (( COMP_CWORD > 1 )) && command=${{COMP_WORDS[1]}}
    case $command in
        check) [[ $word == -* ]] && words='{" ".join(CHECK)}' files= ;;
        explain) words='{" ".join(pages.codes())}' ;;
        options) files=
            if [[ $word == -* ]]; then words='{" ".join(OPTIONS)}'; else words='{_names()}'; fi ;;
        completion) words='{" ".join(SHELLS)}' files= ;;
        *)
            if [[ $word == -* ]]; then words='{words}' files=
            elif (( COMP_CWORD == 1 )); then words='{" ".join(COMMANDS)}'; fi ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word"; [[ $files ]] && compgen -f -- "$word")
    [[ ${{COMPREPLY[0]}} == *= ]] && compopt -o nospace 2>/dev/null
    return 0
}}
complete -o filenames -F _imperator imperator uwsgi
"""


def _zsh(options: Sequence[Option]) -> str:
    lines = []
    for row in options:
        text = _bracketed(row.help)
        before, behind = {"none": ("", ""), "optional": ("=-", "::value:_files"), "required": ("", ":value:_files")}[
            row.takes]
        lines += [f"        '*--{name}{before}[{text}]{behind}'" for name in row.names]
    joined = " \\\n".join(lines)
    switches = " ".join(f"'{name}[{_bracketed(text)}]'" for name, text in CHECK.items())
    return f"""\
#compdef imperator uwsgi
_imperator_first() {{
    local -a commands=({" ".join(f"'{name}:{text}'" for name, text in COMMANDS.items())})
    _describe command commands
    _files
}}
_imperator() {{
    if (( CURRENT > 2 )); then
        local command=$words[2]
        case $command in
            check|explain|options|completion) shift words; (( CURRENT-- )) ;;
        esac
        case $command in
            check) _arguments {switches} '*:configuration:_files'; return ;;
            explain) _alternative 'codes:code:({" ".join(pages.codes())})' 'files:configuration:_files'; return ;;
            options) _arguments '--json[{OPTIONS["--json"]}]' \\
                '--status[how far it is kept]:status:(supported accepted refused "not yet")' \\
                '*:option:({_names()})'; return ;;
            completion) _values shell {" ".join(SHELLS)}; return ;;
        esac
    fi
    _arguments \\
{joined} \\
        '1:command or file:_imperator_first' '*:file:_files'
}}
if [[ $funcstack[1] == _imperator ]]; then _imperator "$@"; else compdef _imperator imperator uwsgi; fi
"""


def _bracketed(text: str) -> str:
    return text.replace("'", "").replace("[", "(").replace("]", ")").replace(":", ",").replace("`", "")


def _fish(options: Sequence[Option]) -> str:
    ours = f"__fish_seen_subcommand_from {' '.join(COMMANDS)}"
    lines = [
        f"complete -c imperator -n __fish_is_first_token -a {name} -d {_quoted(text)}\n"
        for name, text in COMMANDS.items()
    ]
    for command, switches in (("check", CHECK), ("options", OPTIONS)):
        lines += [f"complete -c imperator -n '__fish_seen_subcommand_from {command}' -a {name} -d {_quoted(text)}\n"
                  for name, text in switches.items()]
    its = {"explain": " ".join(pages.codes()), "options": _names(), "completion": " ".join(SHELLS)}
    for command, words in its.items():
        lines.append(f"complete -c imperator -n '__fish_seen_subcommand_from {command}' -a '{words}'\n")
    for row in options:
        required = " -r" if row.takes == "required" else ""
        short = f" -s {row.short}" if row.short else ""
        for number, name in enumerate(row.names):
            lines.append(f"complete -c imperator -n 'not {ours}' -l {name}{'' if number else short}{required}"
                         f" -d {_quoted(row.help)}\n")
    return "".join(lines)


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
