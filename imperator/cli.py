"""The command line: uWSGI's spelling and our own commands, to what is run and the exit status.

Everything wrong with a configuration is told at once, one line each, before anything is started.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from imperator import __version__, logs, pipes
from imperator.config.build import build
from imperator.config.command import Command
from imperator.config.load import read
from imperator.config.pairs import Pair, listing
from imperator.config.settings import Settings
from imperator.config.world import Unreadable
from imperator.errors import COMMAND_LINE, Diagnostic, Refused, Severity
from imperator.process import startup
from imperator.process.daemon import Caller
from imperator.process.world import RealWorld

COMMANDS = ("options", "completion", "check", "explain")
"""Our own commands, each a module of ``ops``; a positional argument of uWSGI's is a file's name."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program; answers its exit status."""
    argv = list(sys.argv[1:] if argv is None else argv)
    if argv[:1] == [pipes.AS_VASSAL]:
        from imperator.process import as_vassal

        return as_vassal.main(argv[1:])
    if argv and argv[0] in COMMANDS:
        return _for_people(argv[0], argv[1:])
    if not argv and not any(name.startswith("UWSGI_") for name in os.environ):
        from imperator.ops import usage

        sys.stderr.write(usage.TEXT)
        return 2
    caller = Caller()
    try:
        return _run(argv, caller)
    except Refused as refusal:
        if caller.waits:
            caller.failed(refusal.status, "".join(one.line() + "\n" for one in refusal.diagnostics))
        logs.complain(refusal.diagnostics)
        return refusal.status
    except KeyboardInterrupt:
        return 130


def _for_people(command: str, argv: list[str]) -> int:
    """Run a command that prints; whoever reads it may stop reading."""
    import importlib

    try:
        status: int = importlib.import_module(f"imperator.ops.{command}").main(argv)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is still buffered has no reader
        return 141
    return status


def _run(argv: list[str], caller: Caller) -> int:
    world = RealWorld()
    loaded = read(argv, world)
    settings, found = build(loaded.pairs, world)
    diagnostics = [*loaded.diagnostics, *found]
    for text in settings.prints:
        print(text)
    if settings.command is not None:
        return _command(settings.command, world)
    if settings.lists:
        from imperator.ops import lists

        lists.show(settings.lists)
    if settings.show_config:
        _show_config(loaded.pairs)
    if os.environ.pop(pipes.ENV_OWN, ""):
        settings = settings._replace(
            emperor=(), pidfile=None, pidfile2=None, daemonize=None, daemonize2=None,
            hooks=settings.hooks.without_start(), conduct=settings.conduct._replace(locks=()),
        )  # fmt: skip
    if not settings.emperor:
        settings = startup.adopt_stdin(settings, os.environ)
        if not settings.listen and not any(one.severity is Severity.ERROR for one in diagnostics):
            raise Refused(_nowhere())
    if errors := [one for one in diagnostics if one.severity is Severity.ERROR]:
        logs.complain(one for one in diagnostics if one.severity is not Severity.ERROR)
        raise Refused(*errors)
    if settings.emperor:
        return _govern(argv, settings, diagnostics, caller)
    from imperator.master.run import Master

    name = os.path.basename(loaded.files[0]) if loaded.files else "the command line"
    return Master(argv, lambda reloading: RealWorld(reloading=reloading), settings, caller, name).run(diagnostics)


def _govern(argv: list[str], settings: Settings, warnings: list[Diagnostic], caller: Caller) -> int:
    """Run the emperor: the same first steps as a master's, then its loop."""
    from imperator.emperor import run
    from imperator.process import listeners, stats_server, systemd
    from imperator.process.loop import Loop
    from imperator.process.sovereign import Sovereign

    above = Sovereign(os.environ)
    footing = startup.Footing(settings, caller, vassal=bool(above))
    stats: list[listeners.Listener] = []
    writer = None
    try:
        if above:
            logs.say(f"*** has_emperor mode detected (fd: {above.fileno()}) ***")
        footing.prepare(warnings)
        footing.make_ready()
        footing.keep_variables()
        stats = stats_server.listen(settings, settings.emperor_stats, "Emperor stats server")
        footing.give_up_root(stays=settings.empire.keeps_root)
        writer = footing.begin_log()
        if settings.empire.procname or settings.auto_procname:
            from imperator.process import title

            title.show(settings.titled(settings.empire.procname or "uWSGI Emperor"))

        footing.do("emperor-start")

        def ready() -> None:
            caller.ready()
            if not above:
                systemd.notify("READY=1")

        launcher = [sys.executable, "-I", "-S", os.path.join(os.path.dirname(os.path.abspath(__file__)), "launch.py")]
        own = [*launcher, *argv] if settings.listen else None
        around = run.Surroundings(above, stats, writer)
        return run.run(settings, Loop(), logs.say, ready, launcher=launcher, own=own, around=around)
    finally:
        for listener in stats:
            listeners.release(listener, unlink=True)
        if settings.vacuum:
            footing.vacuum()
        if writer:
            writer.finish()


def _nowhere() -> Diagnostic:
    return Diagnostic(
        "no-socket",
        COMMAND_LINE,
        "The -s/--socket option is missing and stdin is not a socket.",
        "name one: --http :8000, --socket /run/site.sock, or an emperor directory",
    )


def _show_config(pairs: Sequence[Pair]) -> None:
    logs.say(";uWSGI instance configuration")
    logs.say("[uwsgi]")
    for line in listing(pairs):
        logs.say(line)
    logs.say(";end of configuration")


def _command(command: Command, world: RealWorld) -> int:
    """Do what the command line asks for instead of an instance; answers the exit status."""
    import signal

    from imperator.process import pidfile

    match command.name:
        case "version":
            print(__version__)
        case "help":
            from imperator.ops import usage

            print(usage.TEXT, end="")
        case "reload":
            pidfile.send(command.argument, signal.SIGHUP)
        case "stop":
            pidfile.send(command.argument, signal.SIGINT)
        case "pause":
            pidfile.send(command.argument, signal.SIGTSTP)
        case "ping" | "nagios":
            from imperator.ops import probe

            ask = probe.ping if command.name == "ping" else probe.nagios
            return ask(command.argument, command.timeout)
        case "connect-and-read":
            from imperator.ops import probe

            return probe.connect_and_read(command.argument)
        case "extract":
            return _extract(command, world)
        case "python-version":
            print(".".join(map(str, sys.version_info[:3])))
        case "get":
            print(command.argument)
        case "dump-options":
            from imperator.config.options import names

            print("\n".join(names()))
        case "exit":
            return int(command.argument) & 255
    return 0


def _extract(command: Command, world: RealWorld) -> int:
    """Write a resource to standard output: a file, or what an ``exec://`` command says."""
    try:
        text = world.read(command.argument)
    except Unreadable as error:
        hint = "name a file, or a command with exec://"
        complaint = Diagnostic("file-unreadable", command.where, f"cannot read {command.argument}: {error}", hint)
        raise Refused(complaint) from error
    sys.stdout.buffer.write(text.encode("utf-8", "surrogateescape"))
    return 0
