"""Plugins and native code: rows of the table of options."""

from imperator.config.option import Option

ROWS = (
    Option(
        ("plugins", "plugin"), kind="special", repeats=True, immediate=True, subsystem="plugins", status="accepted",
        reason="what Imperator can do is built in",
        help="Comma list of plugins; one that is not built in is a warning",
    ),
    Option(
        ("need-plugin", "need-plugins"), kind="special", repeats=True, immediate=True, subsystem="plugins",
        status="accepted", reason="what Imperator can do is built in",
        help="Comma list of plugins; one that is not built in is an error",
    ),
    Option(
        ("plugins-dir", "plugin-dir"), kind="list", repeats=True, immediate=True, default=". (compiled in)",
        subsystem="plugins", status="accepted", reason="there are no plugins to load",
        help="Directory searched for NAME_plugin.so",
    ),
    Option(
        ("autoload",), takes="none", kind="flag", immediate=True, default="off", subsystem="plugins",
        status="accepted", reason="there are no plugins to load",
        help="On an unknown option try every plugin file in the plugin directories",
    ),
    Option(
        ("dlopen",), kind="special", repeats=True, immediate=True, subsystem="plugins", status="refused",
        reason="Imperator loads no shared libraries; import the module in the application",
        help="dlopen() a library at parse time, failure only logged",
    ),
    Option(
        ("build-plugin",), kind="special", immediate=True, subsystem="plugins", status="refused",
        reason="Imperator has no plugins to compile", help="Build a plugin from a directory and exit",
    ),
    Option(
        ("symcall",), kind="list", repeats=True, subsystem="symcall", status="refused",
        reason="Imperator calls no native symbols",
        help="C symbol used as request handler (mountpoint=symbol allowed)",
    ),
    Option(
        ("symcall-use-next",), takes="none", kind="flag", default="off", subsystem="symcall", status="refused",
        reason="Imperator calls no native symbols", help="Search symbols with RTLD_NEXT",
    ),
    Option(
        ("symcall-register-rpc",), kind="list", repeats=True, subsystem="symcall", status="refused",
        reason="Imperator calls no native symbols", help="`name symbol` registered as RPC function",
    ),
    Option(
        ("symcall-post-fork",), kind="list", repeats=True, subsystem="symcall", status="refused",
        reason="Imperator calls no native symbols", help="C symbol called after each fork",
    ),
)
