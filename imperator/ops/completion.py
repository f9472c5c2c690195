"""``imperator completion SHELL``: the completion script of a shell, made from the table of options."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from imperator.config.option import Option
from imperator.config.options import rows

USAGE = """\
usage: imperator completion bash|zsh|fish

  bash:  imperator completion bash > /etc/bash_completion.d/imperator
  zsh:   imperator completion zsh > "${fpath[1]}/_imperator"
  fish:  imperator completion fish > ~/.config/fish/completions/imperator.fish
"""


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


def _bash(options: Sequence[Option]) -> str:
    words = " ".join(sorted(name for row in options for name in _spelled(row)))
    return f"""\
_imperator() {{
    local word=${{COMP_WORDS[COMP_CWORD]}}
    if [[ $word == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W '{words}' -- "$word")
        [[ ${{COMPREPLY[0]}} == *= ]] && compopt -o nospace
    elif (( COMP_CWORD == 1 )); then
        mapfile -t COMPREPLY < <(compgen -W 'check explain options completion' -- "$word"; compgen -f -- "$word")
    else
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
    fi
}}
complete -o filenames -F _imperator imperator uwsgi
"""


def _zsh(options: Sequence[Option]) -> str:
    lines = []
    for row in options:
        text = row.help.replace("'", "").replace("[", "(").replace("]", ")").replace(":", ",")
        value = {"none": "", "optional": "=-::value:_files", "required": ":value:_files"}[row.takes]
        lines += [f"    '*--{name}[{text}]{value}'" for name in row.names]
    joined = " \\\n".join(lines)
    return f"#compdef imperator uwsgi\n_arguments \\\n{joined} \\\n    '*:file:_files'\n"


def _fish(options: Sequence[Option]) -> str:
    lines = ["complete -c imperator -n __fish_is_first_token -a 'check explain options completion'\n"]
    for row in options:
        text = row.help.replace("\\", "\\\\").replace("'", "\\'")
        required = " -r" if row.takes == "required" else ""
        short = f" -s {row.short}" if row.short else ""
        for number, name in enumerate(row.names):
            lines.append(f"complete -c imperator -l {name}{'' if number else short}{required} -d '{text}'\n")
    return "".join(lines)
