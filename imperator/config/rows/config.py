"""The configuration itself: sources, variables, conditions and loops: rows of the table of options."""

from imperator.config.option import Option

ROWS = (
    Option(
        ("xml", "xmlconfig"), "x", kind="file", repeats=True, immediate=True, subsystem="config", status="supported",
        availability="build:xml", help="Read options from this XML file right away",
    ),
    Option(
        ("config",), kind="file", repeats=True, immediate=True, subsystem="config", status="refused",
        reason="name the file with ini, yaml, json or xml",
        help="Read options through a plugin-registered config parser chosen by file suffix",
    ),
    Option(
        ("fallback-config",), immediate=True, subsystem="config",
        status="refused",
        reason="ask imperator check before a deploy; a reload whose configuration is broken changes nothing that runs",
        help="If the process exits with status 1, exec itself again with this file as only argument",
    ),
    Option(
        ("strict",), takes="none", kind="flag", immediate=True, default="off", subsystem="config",
        status="supported", help="Abort on the first option name that is not a real option",
    ),
    Option(
        ("set",), "S", kind="name=value", repeats=True, immediate=True, subsystem="config", status="supported",
        help="name=value: append an option (or placeholder if unknown) at this point of the config",
    ),
    Option(
        ("set-placeholder", "set-ph"), kind="name=value", repeats=True, immediate=True, subsystem="config",
        status="supported", help="name=value: define a variable for %(name); refuses names that are real options",
    ),
    Option(
        ("get",), kind="list", repeats=True, implies=("no-banner",), subsystem="config", status="supported",
        help="Print the resolved value of the named option after parsing, then exit 0",
    ),
    Option(
        ("declare-option",), kind="special", repeats=True, immediate=True, subsystem="config", status="supported",
        help="name=template: define a macro option; `;`-separated key=value list with $1..$N",
    ),
    Option(
        ("declare-option2",), kind="special", repeats=True, subsystem="config", status="supported",
        help="Same as declare-option but registered late, during option application",
    ),
    Option(
        ("resolve",), kind="special", repeats=True, immediate=True, subsystem="config", status="supported",
        help="name=host: define placeholder `name` holding the IPv4 address found for host",
    ),
    Option(
        ("for",), kind="logic", repeats=True, immediate=True, subsystem="config-logic", status="supported",
        help="Repeat following options once per space-separated word, %(_) is the word",
    ),
    Option(
        ("for-glob",), kind="logic", repeats=True, immediate=True, subsystem="config-logic", status="supported",
        help="Repeat following options once per path matched by the glob (pattern itself if nothing matches)",
    ),
    Option(
        ("for-times",), kind="logic", repeats=True, immediate=True, subsystem="config-logic", status="supported",
        help="Repeat following options N times with %(_) = 1..N",
    ),
    Option(
        ("for-readline",), kind="logic", repeats=True, immediate=True, subsystem="config-logic", status="supported",
        help="Repeat following options once per line of the file",
    ),
    Option(
        ("endfor", "end-for"), takes="optional", kind="logic-end", repeats=True, immediate=True,
        subsystem="config-logic", status="supported", help="End the current loop or condition block",
    ),
    Option(
        ("if-opt",), kind="logic", repeats=True, immediate=True, subsystem="config-logic", status="supported",
        help="Keep following options only if the option was already given (name) or first given value equals "
        "(name=value)",
    ),
    Option(
        ("if-not-opt",), kind="logic", repeats=True, immediate=True, subsystem="config-logic", status="supported",
        help="Opposite of if-opt",
    ),
    Option(
        ("if-env", "ifenv"), kind="logic", repeats=True, immediate=True, subsystem="config-logic",
        status="supported",
        help="Keep following options only if the environment variable exists (name) or equals (name=value)",
    ),
    Option(
        ("if-not-env",), kind="logic", repeats=True, immediate=True, subsystem="config-logic", status="supported",
        help="Opposite of if-env",
    ),
    Option(
        ("if-reload",), takes="none", kind="logic", repeats=True, immediate=True, subsystem="config-logic",
        status="supported", help="Keep following options only when this start is a re-exec after a reload",
    ),
    Option(
        ("if-not-reload",), takes="none", kind="logic", repeats=True, immediate=True, subsystem="config-logic",
        status="supported", help="Keep following options only on a first start",
    ),
    Option(
        ("if-hostname",), kind="logic", repeats=True, immediate=True, subsystem="config-logic", status="supported",
        help="Keep following options only if the machine hostname equals the value",
    ),
    Option(
        ("if-not-hostname",), kind="logic", repeats=True, immediate=True, subsystem="config-logic",
        status="supported", help="Opposite of if-hostname",
    ),
    Option(
        ("if-hostname-match",), kind="logic", repeats=True, immediate=True, subsystem="config-logic",
        status="supported", availability="build:pcre",
        help="Keep following options only if the hostname matches the regular expression",
    ),
    Option(
        ("if-not-hostname-match",), kind="logic", repeats=True, immediate=True, subsystem="config-logic",
        status="supported", availability="build:pcre", help="Opposite of if-hostname-match",
    ),
    Option(
        ("if-exists", "ifexists"), kind="logic", repeats=True, immediate=True, subsystem="config-logic",
        status="supported", help="Keep following options only if the path is readable",
    ),
    Option(
        ("if-not-exists",), kind="logic", repeats=True, immediate=True, subsystem="config-logic", status="supported",
        help="Opposite of if-exists",
    ),
    Option(
        ("if-plugin", "ifplugin"), kind="logic", repeats=True, immediate=True, subsystem="config-logic",
        status="supported", help="Keep following options only if the named plugin is loaded or embedded",
    ),
    Option(
        ("if-not-plugin",), kind="logic", repeats=True, immediate=True, subsystem="config-logic", status="supported",
        help="Opposite of if-plugin",
    ),
    Option(
        ("if-file",), kind="logic", repeats=True, immediate=True, subsystem="config-logic", status="supported",
        help="Keep following options only if the path is a regular file (symlinks followed)",
    ),
    Option(
        ("if-not-file",), kind="logic", repeats=True, immediate=True, subsystem="config-logic", status="supported",
        help="Opposite of if-file",
    ),
    Option(
        ("if-dir", "ifdir", "if-directory"), kind="logic", repeats=True, immediate=True, subsystem="config-logic",
        status="supported", help="Keep following options only if the path is a directory",
    ),
    Option(
        ("if-not-dir",), kind="logic", repeats=True, immediate=True, subsystem="config-logic", status="supported",
        help="Opposite of if-dir",
    ),
    Option(
        ("endif", "end-if"), takes="optional", kind="logic-end", repeats=True, immediate=True,
        subsystem="config-logic", status="supported", help="End the current condition or loop block",
    ),
    Option(
        ("blacklist",), immediate=True, subsystem="config", status="supported",
        help="Space-separated option names that may not appear until end-blacklist; a hit aborts",
    ),
    Option(
        ("end-blacklist",), takes="none", kind="context-end", immediate=True, subsystem="config", status="supported",
        help="Leave the blacklist region",
    ),
    Option(
        ("whitelist",), immediate=True, subsystem="config", status="supported",
        help="Space-separated option names that are the only ones allowed until end-whitelist (must list end-"
        "whitelist itself)",
    ),
    Option(
        ("end-whitelist",), takes="none", kind="context-end", immediate=True, subsystem="config", status="supported",
        help="Leave the whitelist region",
    ),
    Option(
        ("inherit",), kind="file", repeats=True, subsystem="config", status="supported",
        help="Load this file after all other options (late); its values override and are not placeholder-expanded",
    ),
    Option(
        ("include",), kind="file", repeats=True, immediate=True, subsystem="config", status="supported",
        help="Load this file at this point",
    ),
    Option(
        ("inject-before",), kind="list", repeats=True, immediate=True, subsystem="config", status="supported",
        help="Text file prepended to every config file parsed afterwards",
    ),
    Option(
        ("inject-after",), kind="list", repeats=True, immediate=True, subsystem="config", status="supported",
        help="Text file appended to every config file parsed afterwards",
    ),
    Option(
        ("ini",), kind="file", repeats=True, immediate=True, subsystem="config", status="supported",
        help="Read options from this INI file (file[:section], or :section of the last INI file) right away",
    ),
    Option(
        ("yaml", "yml"), "y", kind="file", repeats=True, immediate=True, subsystem="config", status="supported",
        availability="build:yaml", help="Read options from this YAML file right away",
    ),
    Option(
        ("json", "js"), "j", kind="file", repeats=True, immediate=True, subsystem="config", status="supported",
        availability="build:json", help="Read options from this JSON file right away",
    ),
    Option(
        ("mode",), subsystem="config",
        status="accepted", reason="it says nothing to the server; the application finds it in uwsgi.opt",
        help="Free-form mode string (XML mode attribute, exposed to apps)",
    ),
    Option(
        ("else",), kind="logic", repeats=True, immediate=True, subsystem="config-logic", status="supported",
        availability="2.1-dev only", help="Start the alternative branch of the open condition",
    ),
)
