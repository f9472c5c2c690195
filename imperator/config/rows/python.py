"""The interpreter: rows of the table of options."""

from imperator.config.option import Option

ROWS = (
    Option(
        ("write-errors-exception-only",), takes="none", kind="flag", default="off", subsystem="python",
        status="supported",
        help="On client write failure only raise in the app; also silences the write/SIGPIPE log lines",
    ),
    Option(
        ("disable-write-exception",), takes="none", kind="flag", default="off", subsystem="python",
        status="supported",
        help="Do not raise into the app when a client write fails",
    ),
    Option(
        ("profiler",), subsystem="python",
        status="refused", reason="use cProfile in the application, or py-spy from outside",
        help="Enable a line/call profiler by name (pycall or pyline)",
    ),
    Option(
        ("cgi-mode",), "c", takes="none", kind="flag", default="off", subsystem="python",
        status="accepted", reason="no plugin here would honour it",
        help="Plugin hint; forces CGI-like output in plugins that honour it",
    ),
    Option(
        ("single-interpreter",), "i", takes="none", kind="flag", default="off", subsystem="python",
        status="supported", help="Run all apps in the main interpreter instead of one sub-interpreter each",
    ),
    Option(
        ("wsgi-file", "file"), subsystem="python", status="supported",
        help="Load the WSGI app by executing this file",
    ),
    Option(
        ("eval",), subsystem="python",
        status="supported",
        help="Load the WSGI app by executing this Python source text",
    ),
    Option(
        ("module", "wsgi"), "w", subsystem="python", status="supported",
        help="Load the WSGI app from package.module[:callable]",
    ),
    Option(
        ("callable",), default="application", subsystem="python", status="supported",
        help="Name of the WSGI callable looked up in the loaded module/file",
    ),
    Option(
        ("test",), "J", subsystem="python",
        status="refused", reason="imperator check says whether the application will be found",
        help="Import the module to check it, then exit",
    ),
    Option(
        ("home", "virtualenv", "venv", "pyhome"), "H", subsystem="python", status="supported",
        help="Python home / virtualenv directory",
    ),
    Option(
        ("py-programname", "py-program-name"), default="binary path", subsystem="python",
        status="accepted", reason="sys.executable is the interpreter of home",
        help="Program name given to the interpreter",
    ),
    Option(
        ("pythonpath", "python-path", "pp"), kind="special", repeats=True, subsystem="python", status="supported",
        help="Prepend this directory (globs allowed) to sys.path",
    ),
    Option(
        ("pymodule-alias",), kind="list", repeats=True, subsystem="python",
        status="supported",
        help="alias=module or alias=path inserted in sys.modules before the uwsgi module exists",
    ),
    Option(
        ("post-pymodule-alias",), kind="list", repeats=True, subsystem="python",
        status="supported",
        help="Same as pymodule-alias, done after the uwsgi module was created",
    ),
    Option(
        ("import", "pyimport", "py-import", "python-import"), kind="list", repeats=True, subsystem="python",
        status="supported",
        help="Import a module or .py file while apps are loaded (before fork, or per worker with lazy-apps); "
        "a failure is only printed",
    ),
    Option(
        ("shared-import", "shared-pyimport", "shared-py-import", "shared-python-import"), kind="list", repeats=True,
        subsystem="python",
        status="supported",
        help="Import a module or .py file before any process is forked, so workers, mules and spoolers inherit it",
    ),
    Option(
        ("spooler-import", "spooler-pyimport", "spooler-py-import", "spooler-python-import"), kind="list",
        repeats=True, subsystem="python", status="supported", help="Import a module in spooler processes",
    ),
    Option(
        ("pyargv",), subsystem="python",
        status="supported",
        help="Space-separated sys.argv contents",
    ),
    Option(
        ("optimize",), "O", kind="int", default="0", subsystem="python",
        status="supported",
        help="Interpreter optimisation level (-O)",
    ),
    Option(
        ("pecan",), subsystem="python",
        status="refused", reason="write eval = from pecan.deploy import deploy; application = deploy('config.py')",
        help="Load a Pecan app from its config file",
    ),
    Option(
        ("paste",), subsystem="python",
        status="supported",
        help="Load an app with paste.deploy (config:/path)",
    ),
    Option(
        ("paste-logger",), takes="none", kind="flag", default="off", subsystem="python",
        status="refused", reason="give the file to logging.config.fileConfig in the application",
        help="Apply logging configuration found in the paste file (value may name another file)",
    ),
    Option(
        ("web3",), subsystem="python",
        status="refused", reason="write module = package.module with a WSGI application",
        help="App source following the (abandoned) Web3 interface",
    ),
    Option(
        ("pump",), subsystem="python",
        status="refused", reason="write module = package.module with a WSGI application",
        help="App source following the (abandoned) Pump interface",
    ),
    Option(
        ("wsgi-lite",), subsystem="python",
        status="refused", reason="write module = package.module with a WSGI application",
        help="App source following the (abandoned) wsgi-lite interface",
    ),
    Option(
        ("ini-paste",), kind="special", repeats=True, immediate=True, subsystem="python",
        status="refused", reason="write ini = production.ini and paste = config:production.ini",
        help="Read the [uwsgi] section of a paste INI and load the app from the same file",
    ),
    Option(
        ("ini-paste-logged",), kind="special", repeats=True, immediate=True, subsystem="python",
        status="refused", reason="write ini and paste = config: of that file, and set up logging in the application",
        help="ini-paste plus paste-logger",
    ),
    Option(
        ("reload-os-env",), takes="none", kind="flag", default="off", subsystem="python",
        status="accepted", reason="os.environ is the environment of the process",
        help="Refresh os.environ from the process environment at each request",
    ),
    Option(
        ("no-site",), takes="none", kind="flag", default="off", subsystem="python",
        status="supported",
        help="Start the interpreter as python -S does",
    ),
    Option(
        ("pyshell",), takes="optional", kind="special", subsystem="python",
        status="refused", reason="start a shell of the virtualenv in a terminal: home/bin/python, or manage.py shell",
        help="Interactive Python shell in the worker (value: code to start)",
    ),
    Option(
        ("pyshell-oneshot",), takes="optional", kind="special", subsystem="python",
        status="refused", reason="start a shell of the virtualenv in a terminal: home/bin/python, or manage.py shell",
        help="pyshell that does not respawn after it ends",
    ),
    Option(
        ("python", "py", "pyrun"), kind="special", repeats=True, subsystem="python",
        status="refused", reason="run the script with the interpreter of the virtualenv: home/bin/python script.py",
        help="Script executed by the embedded interpreter at start; the process ends afterwards",
    ),
    Option(
        ("py-tracebacker",), implies=("threads", "master"), subsystem="python",
        status="supported",
        help="UNIX socket prefix; connecting prints live thread tracebacks",
    ),
    Option(
        ("py-auto-reload", "py-autoreload", "python-auto-reload", "python-autoreload"), kind="int",
        default="0 (off)", implies=("threads", "master"), subsystem="python",
        status="supported",
        help="Poll imported modules every N seconds, reload on change",
    ),
    Option(
        ("py-auto-reload-ignore",), kind="list", repeats=True, implies=("threads", "master"), subsystem="python",
        status="supported",
        help="Module excluded from that polling",
    ),
    Option(
        ("wsgi-env-behaviour", "wsgi-env-behavior"), default="cheat", subsystem="python",
        status="accepted", reason="every request has an environ of its own",
        help="How the environ dict is managed: cheat (reused) or holy (new per request); others abort",
    ),
    Option(
        ("start_response-nodelay",), takes="none", kind="flag", default="off", subsystem="python",
        status="refused", reason="the head leaves with the first byte, so that an error before it has its answer",
        help="Send headers as soon as start_response is called",
    ),
    Option(
        ("wsgi-strict",), takes="none", kind="flag", default="off", subsystem="python",
        status="accepted", reason="answers are as PEP 3333 wants them",
        help="Disable non-standard WSGI shortcuts",
    ),
    Option(
        ("wsgi-accept-buffer", "wsgi-accept-buffers"), takes="none", kind="flag", default="off", subsystem="python",
        status="supported",
        help="Accept any buffer object as body chunk",
    ),
    Option(
        ("wsgi-disable-file-wrapper",), takes="none", kind="flag", default="off", subsystem="python",
        status="supported",
        help="Do not provide wsgi.file_wrapper",
    ),
    Option(
        ("python-raw",), subsystem="python",
        status="refused", reason="applications speak WSGI; run a program of its own for another protocol",
        help="Python source handling connections of raw-socket",
    ),
    Option(
        ("py-sharedarea",), kind="list", repeats=True, subsystem="python", status="supported",
        help="Create a sharedarea backed by a bytearray of this size",
    ),
    Option(
        ("py-call-osafterfork",), takes="none", kind="flag", default="off", subsystem="python", status="accepted",
        reason="workers are made by os.fork, which always does so",
        help="Call the interpreter's after-fork routine in children",
    ),
    Option(
        ("py-call-uwsgi-fork-hooks",), takes="none", kind="flag", default="off", subsystem="python",
        status="accepted", reason="workers are made by os.fork, which always does so",
        help="Call the interpreter's pre/post fork hooks around fork",
    ),
    Option(
        ("python-worker-override",), subsystem="python",
        status="refused", reason="run the script as a program of its own, such as a systemd service",
        help="Python script that replaces the worker main loop",
    ),
    Option(
        ("py-executable", "py-sys-executable"), subsystem="python",
        status="supported",
        help="Value of sys.executable",
    ),
    Option(("paste-name",), subsystem="python", availability="2.1-dev only", help="Section of the paste file"),
    Option(
        ("early-python",), takes="none", kind="special", immediate=True, default="off", subsystem="python",
        availability="2.1-dev only", help="Initialise the interpreter at parse time",
    ),
    Option(
        ("early-pyimport", "early-python-import"), kind="special", repeats=True, immediate=True, subsystem="python",
        availability="2.1-dev only", help="Import a module at parse time",
    ),
    Option(
        ("early-pythonpath", "early-python-path"), kind="special", repeats=True, immediate=True, subsystem="python",
        availability="2.1-dev only", help="Extend sys.path at parse time",
    ),
    Option(
        ("wsgi-manage-chunked-input",), takes="none", kind="flag", default="off", subsystem="python",
        availability="2.1-dev only",
        status="accepted", reason="wsgi.input reads chunked bodies, and wsgi.input_terminated says so",
        help="Expose wsgi.input_terminated for chunked bodies",
    ),
    Option(
        ("py-master-check-signals",), takes="none", kind="flag", default="off", subsystem="python",
        availability="2.1-dev only", help="Let handlers registered with the signal module run in the master",
    ),
)
