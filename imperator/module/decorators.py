"""``uwsgidecorators``, for environments that have none: functions that run after a fork, at a time, in a mule.

Loaded under that name by ``install.Finder``. Functions are found again by their module and name, so two modules may
have one of the same name; tasks that uWSGI's own decorators left behind name the function only, and are understood too.
"""

from __future__ import annotations

import functools
import importlib
import pickle
import sys
import threading
import traceback
from collections.abc import Callable
from typing import Any

Function = Callable[..., Any]

uwsgi: Any = importlib.import_module("uwsgi")

postfork_chain: list[Function] = []
spooler_functions: dict[str, Function] = {}
mule_functions: dict[str, Function] = {}


def get_free_signal() -> int:
    """The lowest number that no signal is registered under."""
    for number in range(256):
        if not uwsgi.signal_registered(number):
            return number
    raise Exception("No free uwsgi signal available")


# -- after a fork


def _after_fork() -> None:
    for function in postfork_chain:
        function()


class postfork:
    """``@postfork``, in every worker, mule and spooler; ``@postfork(2)``, in worker 2 only."""

    def __init__(self, what: Any) -> None:
        self.function: Function | None = what if callable(what) else None
        self.worker = 0 if callable(what) else int(what)
        postfork_chain.append(self)

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """What the fork calls; at first, with a number, what takes the function."""
        if self.function is None:
            self.function = arguments[0]
            return self.function
        if self.worker and self.worker != uwsgi.worker_id():
            return None
        return self.function()


# -- signals


class signal:
    """``@signal(17)``: call the function with the number when the signal is raised."""

    def __init__(self, num: int, **named: Any) -> None:
        self.num = num
        self.target = named.get("target", "")

    def __call__(self, function: Function) -> Function:
        """Register it."""
        uwsgi.register_signal(self.num, self.target, function)
        self.arrange()
        return function

    def arrange(self) -> None:
        """What raises the signal, in those below."""


def _number(named: dict[str, Any]) -> int:
    return named["signum"] if "signum" in named else get_free_signal()


class timer(signal):
    """``@timer(30)``: every 30 seconds."""

    def __init__(self, secs: int, **named: Any) -> None:
        super().__init__(_number(named), **named)
        self.secs = secs

    def arrange(self) -> None:
        """The clock."""
        uwsgi.add_timer(self.num, self.secs)


class rbtimer(timer):
    """``@rbtimer(30)``: the same."""

    def arrange(self) -> None:
        """The clock."""
        uwsgi.add_rb_timer(self.num, self.secs)


class cron(signal):
    """``@cron(59, 3, -1, -1, -1)``: at 3:59; -1 is every one, -N every Nth."""

    def __init__(self, minute: int, hour: int, day: int, month: int, dayweek: int, **named: Any) -> None:
        super().__init__(_number(named), **named)
        self.when = (minute, hour, day, month, dayweek)

    def arrange(self) -> None:
        """The calendar."""
        uwsgi.add_cron(self.num, *self.when)


class filemon(signal):
    """``@filemon("/etc/hosts")``: when the file or directory changes."""

    def __init__(self, fsobj: str, **named: Any) -> None:
        super().__init__(_number(named), **named)
        self.fsobj = fsobj

    def arrange(self) -> None:
        """The watch."""
        uwsgi.add_file_monitor(self.num, self.fsobj)


# -- mules


def _key(function: Function) -> str:
    return f"{function.__module__}.{getattr(function, '__qualname__', function.__name__)}"


class mulefunc:
    """``@mulefunc``, ``@mulefunc(2)``, ``@mulefunc("farm")``: a call is carried out by a mule and answers nothing."""

    def __init__(self, what: Any) -> None:
        self.name = ""
        self.mule: Any = 0
        if callable(what):
            self._take(what)
        else:
            self.mule = what

    def _take(self, function: Function) -> None:
        self.name = _key(function)
        mule_functions[self.name] = function
        mule_functions.setdefault(function.__name__, function)

    def real_call(self, *arguments: Any, **named: Any) -> bool:
        """Send the call to the mule."""
        call = {"service": "uwsgi_mulefunc", "func": self.name, "args": arguments, "kwargs": named}
        return bool(uwsgi.mule_msg(pickle.dumps(call), self.mule))

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """The call; at first, with a number or a name, what takes the function."""
        if self.name:
            return self.real_call(*arguments, **named)
        self._take(arguments[0])
        return self.real_call


def mule_msg_dispatcher(message: bytes) -> Any:
    """Carry out what ``mulefunc`` sent."""
    call = pickle.loads(message)
    if call["service"] == "uwsgi_mulefunc":
        return mule_functions[call["func"]](*call["args"], **call["kwargs"])
    return None


def _brain(function: Function) -> None:
    try:
        function()
    except Exception:
        sys.stderr.write(traceback.format_exc())
        sys.exit(1)


def _loop(function: Function) -> None:
    while True:
        function()


def _messages(get: Function, function: Function) -> None:
    while True:
        message = get()
        if message:
            function(message)


class mule:
    """``@mule(1)``: the function is what mule 1 does."""

    def __init__(self, num: int) -> None:
        self.num = num

    def __call__(self, function: Function) -> Function:
        """Take it for when the mule is there."""
        postfork_chain.append(functools.partial(self._in_mule, function))
        return function

    def _in_mule(self, function: Function) -> None:
        if uwsgi.mule_id() == self.num:
            _brain(functools.partial(self.body, function))

    def body(self, function: Function) -> None:
        """What the mule does."""
        function()


class muleloop(mule):
    """``@muleloop(1)``: again and again."""

    def body(self, function: Function) -> None:
        """What the mule does."""
        _loop(function)


class mulemsg(mule):
    """``@mulemsg(1)``: with each message to mule 1."""

    def body(self, function: Function) -> None:
        """What the mule does."""
        _messages(uwsgi.mule_get_msg, function)


class farm:
    """``@farm("name")``: with each message to the farm, in whichever of its mules takes it."""

    def __init__(self, name: str | None = None, **_: Any) -> None:
        self.name = name

    def __call__(self, function: Function) -> Function:
        """Take it for when the mules are there."""
        postfork_chain.append(functools.partial(self._in_farm, function))
        return function

    def _in_farm(self, function: Function) -> None:
        if uwsgi.mule_id() and uwsgi.in_farm(self.name):
            _brain(functools.partial(_messages, uwsgi.farm_get_msg, function))


# -- the spooler


class _Spooled:
    """A function whose call is a task of the spooler."""

    answer: int | None = None
    """What a task is taken to have answered; None: what its function does."""

    def __init__(self, function: Function, pass_arguments: bool) -> None:
        if "spooler" not in uwsgi.opt:
            raise Exception(f"you have to enable the uWSGI spooler to use the decorator of {function.__name__}")
        self.f = function
        self.pass_arguments = pass_arguments
        self.name = _key(function)
        spooler_functions[self.name] = function
        spooler_functions.setdefault(function.__name__, function)
        functools.update_wrapper(self, function)
        vars(function)["spool"] = self.__call__  # as old applications call it

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """Leave the call to a spooler."""
        task: dict[Any, Any] = {"ud_spool_func": self.name}
        if self.answer is not None:
            task["ud_spool_ret"] = str(self.answer)
        if self.pass_arguments:
            for key in ("message_dict", "spooler", "priority", "at", "body"):
                if key in named:
                    task[key] = named.pop(key)
            task |= {"args": pickle.dumps(arguments), "kwargs": pickle.dumps(named)}
        else:
            task |= (arguments[0] if arguments else {}) | named
        return uwsgi.spool({_encoded(key): _encoded(value) for key, value in task.items()})

    spool = __call__


class _Once(_Spooled):
    answer = -2


class _Forever(_Spooled):
    answer = -1


def _encoded(value: Any) -> Any:
    return value.encode() if isinstance(value, str) else value


def _decoded(value: Any) -> Any:
    return value.decode() if isinstance(value, bytes) else value


def _decorator(kind: type[_Spooled], function: Function | None, pass_arguments: bool) -> Any:
    if function is None:
        return functools.partial(kind, pass_arguments=pass_arguments)
    return kind(function, pass_arguments)


def spool(f: Function | None = None, pass_arguments: bool = False) -> Any:
    """A call is a task that is done once, whatever the function answers."""
    return _decorator(_Once, f, pass_arguments)


def spoolraw(f: Function | None = None, pass_arguments: bool = False) -> Any:
    """A call is a task, and the function answers what shall become of it: ``uwsgi.SPOOL_OK``, ``uwsgi.SPOOL_RETRY``."""
    return _decorator(_Spooled, f, pass_arguments)


def spoolforever(f: Function | None = None, pass_arguments: bool = False) -> Any:
    """A call is a task that is done again and again."""
    return _decorator(_Forever, f, pass_arguments)


def manage_spool_request(task: dict[Any, Any]) -> int:
    """Carry out a task that one of the three left."""
    task = {_decoded(key): value for key, value in task.items()}
    pickled = {key: pickle.loads(task.pop(key)) for key in ("args", "kwargs") if key in task}
    task = {key: _decoded(value) if key != "body" else value for key, value in task.items()}
    function = spooler_functions[task["ud_spool_func"]]
    answer: Any = function(*pickled["args"], **pickled["kwargs"]) if "args" in pickled else function(task)
    return int(task.get("ud_spool_ret", answer))


# -- the rest


class rpc:
    """``@rpc("name")``."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, function: Function) -> Function:
        """Register it."""
        uwsgi.register_rpc(self.name, function)
        return function


def lock(function: Function) -> Function:
    """Only one process of the instance is in such a function at a time. The spooler calls none of them."""

    @functools.wraps(function)
    def locked(*arguments: Any, **named: Any) -> Any:
        if uwsgi.i_am_the_spooler():
            return None
        uwsgi.lock()
        try:
            return function(*arguments, **named)
        finally:
            uwsgi.unlock()

    return locked


def thread(function: Function) -> Function:
    """A call starts a thread, which no end of the process waits for."""

    @functools.wraps(function)
    def started(*arguments: Any, **named: Any) -> Function:
        threading.Thread(target=function, args=arguments, kwargs=named, daemon=True).start()
        return function

    return started


class harakiri:
    """``@harakiri(30)``: the process ends if the function takes longer."""

    def __init__(self, seconds: int) -> None:
        self.s = seconds

    def __call__(self, function: Function) -> Function:
        """Put the clock around it."""

        @functools.wraps(function)
        def timed(*arguments: Any, **named: Any) -> Any:
            uwsgi.set_user_harakiri(self.s)
            try:
                return function(*arguments, **named)
            finally:
                uwsgi.set_user_harakiri(0)

        return timed


uwsgi.post_fork_hook = _after_fork
uwsgi.spooler = manage_spool_request
uwsgi.mule_msg_hook = mule_msg_dispatcher
