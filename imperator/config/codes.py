"""Every code that a complaint about a configuration can have, and what it means in one line.

Codes are stable: people search for them. A complaint made in this package has one of these and each of these is made
somewhere; a test holds both.
"""

from __future__ import annotations

CODES: dict[str, str] = {
    # reading files
    "file-unreadable": "a file that the configuration names cannot be read",
    "file-format-unknown": "the name of a file does not tell which format it has",
    "file-too-deep": "files include each other without end",
    "too-many-pairs": "loops or includes make more lines than anybody writes",
    "byte-order-mark": "a file begins with a byte-order mark",
    "section-missing": "a file has no line in the section that is asked for",
    "section-comment": "something stands behind the bracket of a section's header",
    "line-before-section": "a line stands before the first section and is ignored",
    "merge-conflict": "a file holds the marks of an unresolved merge",
    "percent-dropped": "a percent sign took the next letter with it",
    "percent-at-end": "a percent sign is the last of its line",
    "syntax-error": "a YAML, JSON or XML file cannot be parsed",
    "value-dropped": "a YAML, JSON or XML file holds something that is not an option",
    # command line
    "option-unknown": "the command line has an option that does not exist",
    "option-ambiguous": "an abbreviation fits more than one option",
    "option-needs-value": "an option of the command line needs a value and has none",
    "option-takes-no-value": "a flag of the command line was given a value",
    # logic, variables
    "set-without-equals": "`set`, `set-placeholder` or `declare-option` lacks its `=`",
    "placeholder-is-option": "`set-placeholder` names a real option",
    "block-nested": "a condition or loop stands inside another",
    "block-unclosed": "a condition or loop is never closed",
    "else-branch": "`else` is understood, uWSGI 2.0 would apply both branches",
    "regexp-invalid": "the pattern of `if-hostname-match` cannot be compiled",
    "placeholder-in-condition": "conditions are not expanded",
    "placeholder-cycle": "placeholders refer to each other without end",
    "placeholder-unresolved": "a placeholder has no value",
    "placeholder-foreign": "`${NAME}` or `{{ name }}` was left by another program",
    "log-format-shadowed": "a variable has the name of a log variable and replaces it",
    "inherit-not-expanded": "placeholders in an inherited file are not expanded",
    "inherit-overrides": "an inherited file overrides the file that inherits it",
    "positional-overrides": "a file given without `--ini` overrides the command line",
    "forbidden-option": "`blacklist` or `whitelist` forbids an option",
    # names
    "unknown-option": "nothing is known by this name and nothing uses it",
    "foreign-option": "an option belongs to a plugin that Imperator does not have",
    "foreign-plugin": "a plugin that Imperator does not have",
    "not-yet": "an option that Imperator knows and does not do yet",
    "refused-option": "an option that Imperator will not do",
    "no-effect-in-emperor": "an option for vassals stands in the configuration of the emperor",
    # values
    "flag-unclear": "a flag is neither yes nor no and counts as yes",
    "comment-in-value": "a comment behind a value is part of the value",
    "number-missing": "a value has no number in it",
    "number-trailing": "text behind a number is ignored",
    "number-negative": "a number is negative",
    "number-out-of-range": "a number is larger or smaller than makes sense",
    "no-workers": "the number of workers comes to zero",
    "value-empty": "an option has an empty value that it cannot do without",
    "mode-invalid": "a file mode is not three octal digits",
    "mode-repeated": "`chmod-socket` is given twice",
    "umask-invalid": "a umask is not three octal digits",
    "user-unknown": "there is no such user",
    "group-unknown": "there is no such group",
    "address-invalid": "an address cannot be listened on",
    "address-odd": "an address works, but not for the reason it seems to",
    "address-is-number": "a bare number is a file of that name, not a port",
    "address-duplicate": "two lines ask for the same address",
    "protocol-unknown": "`protocol` names none of the four",
    "network-invalid": "a network is neither an address nor address/bits",
    "env-removes": "an `env` line without `=` removes the variable",
    "env-name-odd": "the name of an environment variable ends in a blank",
    "log-to-network": "logs over UDP are not there yet",
    "log-file-odd": "the name of a log file looks like a flag",
    "emperor-odd": "the directory of vassals has a name that looks like a flag",
    "master-off": "`master` is off and something needs it",
    "die-on-term-off": "`die-on-term` is off, and SIGTERM stops all the same",
}
