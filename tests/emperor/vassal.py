"""A stand-in for a vassal's master: it speaks the words of ``pipes.py`` and does as its configuration says.

ready            say that it runs (SPAWNED, ACCEPTING, State running)
bytes            as ``ready``, but like uWSGI: no words
failed REASON    say that the application cannot be loaded
listen PATH      bind a UNIX socket or take the predecessor's, hand it to the emperor, serve every connection
vacuum PATH      delete the file when asked to stop
worker           fork a worker that ends on end of file and tells who its parent is by then
mute             leave the emperor's next word unread, wait for the FIFO PATH.go, say why it failed and exit
exit N           exit
stop-me          ask to be stopped
stubborn         ignore requests to stop
slow             answer a reload only when the file PATH.go appears (a FIFO: opened for reading)
deaf             close the pair and linger
heartbeat        send one
flood            send them until the file PATH.stop appears
whoami           tell user, group and other groups, and whether root can be had again
demand           serve the connections to the socket that is standard input
once             ask to be stopped after the first connection

Each line that it prints is an event for the test: ``NAME word ...``.
"""

import json
import os
import select
import socket
import stat
import sys


def is_socket(fd):
    try:
        return stat.S_ISSOCK(os.fstat(fd).st_mode)
    except OSError:  # that of the listing itself
        return False


def main():
    options = sys.argv[1:]
    name = options[options.index("--ini") + 1] if "--ini" in options else options[-1]
    pair = socket.socket(fileno=int(os.environ["UWSGI_EMPEROR_FD"]))

    def tell(*words):
        os.write(1, (" ".join([os.path.basename(name), *map(str, words)]) + "\n").encode())

    def say(*word):
        pair.send(json.dumps(word).encode())

    def ready():
        pair.send(bytes((5,)))
        say("State", "running", "")

    tell("started", os.getpid(), "in", os.getcwd())
    sockets = [fd for fd in os.listdir("/proc/self/fd") if int(fd) > 2 and is_socket(int(fd))]
    tell("sockets", len(sockets))
    if os.environ.get("TELL"):
        tell("options", json.dumps(options))
        ours = ("UWSGI_", "IMPERATOR_", "NOTIFY_")
        tell("env", json.dumps({key: value for key, value in os.environ.items() if key.startswith(ours)}))
    pair.send(bytes((1,)))
    stubborn = slow = once = False
    vacuum = None
    door = None
    with open(name) as file:
        lines = file.read().splitlines()
    tell("read", json.dumps(lines))
    for line in lines:
        word, _, rest = line.partition(" ")
        if word == "ready":
            ready()
        elif word == "bytes":
            pair.send(bytes((5,)))
        elif word == "failed":
            say("State", "failed", rest)
        elif word == "listen":
            kept = {address: fd for fd, address in json.loads(os.environ.get("IMPERATOR_KEPT_SOCKETS", "[]"))}
            if rest in kept:
                door = socket.socket(fileno=kept[rest])
                tell("inherited", rest)
            else:
                door = socket.socket(socket.AF_UNIX)
                door.bind(rest)
                door.listen(16)
                tell("bound", rest)
            socket.send_fds(pair, [json.dumps(["Keep", [rest]]).encode()], [door.fileno()])
        elif word == "worker":
            life, end = os.pipe()
            master = os.getpid()
            if os.fork() == 0:
                os.close(end)
                tell("worker", os.getpid())
                os.read(life, 1)
                while os.getppid() == master:  # it closes its files before it gives its children away
                    os.sched_yield()
                tell("worker's parent", os.getppid())
                os._exit(0)
        elif word == "mute":
            select.select([pair], [], [])
            tell("mute")
            open(name + ".go").close()
            say("State", "failed", "last words")
            sys.exit(1)
        elif word == "vacuum":
            vacuum = rest
        elif word == "heartbeat":
            pair.send(bytes((26,)))
        elif word == "flood":
            tell("floods")
            several = os.fork() and os.fork() and os.fork()
            while not os.path.exists(name + ".stop"):
                for _ in range(1000):
                    pair.send(bytes((26,)))
            if not several:
                os._exit(0)
        elif word == "whoami":
            try:
                os.setresuid(0, 0, 0)
                again = "root"
            except OSError:
                again = "never"
            tell("runs", *os.getresuid(), *os.getresgid(), os.getgroups(), again)
        elif word == "demand":
            door = socket.socket(fileno=0)
            tell("demanded", os.environ["IMPERATOR_DEMANDED"])
        elif word == "once":
            once = True
        elif word == "stop-me":
            pair.send(bytes((22,)))
        elif word == "exit":
            sys.exit(int(rest))
        elif word == "stubborn":
            stubborn = True
        elif word == "slow":
            slow = True
        elif word == "deaf":
            pair.close()
            tell("deaf")
            select.select([], [], [])
    tell("waits")
    while True:
        able, _, _ = select.select([pair] + ([door] if door else []), [], [])
        if door in able:
            client, _ = door.accept()
            client.sendall(f"{os.getpid()}".encode())
            client.close()
            if once:
                pair.send(bytes((22,)))
                once = False
        if pair in able:
            try:
                message = pair.recv(64)
            except ConnectionResetError:  # the emperor died without having read everything
                message = b""
            if not message:
                tell("eof")
                sys.exit(1)
            tell("told", message[0])
            if message[0] == 1:
                if slow:
                    open(name + ".go").close()
                    tell("answers")
                ready()
            elif not stubborn:
                if vacuum:
                    os.unlink(vacuum)
                sys.exit(0)


main()
