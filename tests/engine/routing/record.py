"""Ask a real uWSGI (which must have been built with PCRE) every case, and write its answers to recorded.json."""

import json
import pathlib
import socket
import subprocess
import sys
import tempfile

from tests.engine import speak
from tests.harness import wait

from .cases import CASES, Ask

HERE = pathlib.Path(__file__).parent
UNTOLD = {"connection", "content-length", "date", "last-modified", "etag", "accept-ranges", "transfer-encoding"}
"""Headers that we and uWSGI need not have in common."""


def make_site(directory):
    """The files that the cases speak of."""
    (directory / "site" / "sub").mkdir(parents=True)
    (directory / "site" / "a.txt").write_text("hello\n")
    (directory / "site" / "sub" / "b.txt").write_text("below\n")
    (directory / "site" / "users").write_text("ann:abzlUXK5ed5rs\nbob:not-a-hash-at-all\n")
    (directory / "site-secret").mkdir()
    (directory / "site-secret" / "key").write_text("secret\n")
    return directory / "site"


def packet(ask, site):
    """The request, as a front-end sends it."""
    ask = ask if isinstance(ask, Ask) else Ask(ask)
    more = {"DOCUMENT_ROOT": str(site), **ask.vars}
    path, _, query = ask.path.partition("?")
    return speak.uwsgi(speak.variables(ask.method, ask.path, **more) | {"PATH_INFO": path, "QUERY_STRING": query})


def told(raw, site):
    """Status, headers and body of an answer, without what may differ; no answer at all is an empty status."""
    if not raw:
        return ["", {}, ""]
    head, _, body = raw.decode("latin-1").replace(str(site), "@").partition("\r\n\r\n")
    status, *lines = head.split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    return [status.partition(" ")[2], {k: v for k, v in headers.items() if k.lower() not in UNTOLD}, body]


def _ask(program, lines, asks, directory):
    site = directory / "site"
    path = directory / "uwsgi.sock"
    path.unlink(missing_ok=True)
    ini = directory / "a.ini"
    ini.write_text("\n".join(["[uwsgi]", f"socket = {path}", f"wsgi-file = {HERE / 'app.py'}", "need-app = true",
                              *(line.replace("@", str(site)) for line in lines)]) + "\n")
    with (directory / "log").open("w") as log:
        process = subprocess.Popen([program, "--ini", ini], stdout=log, stderr=log)
    try:
        wait.until(lambda: "spawned uWSGI worker" in (directory / "log").read_text(), f"{lines}")
        answers = []
        for ask in asks:
            with socket.socket(socket.AF_UNIX) as sock:
                sock.settimeout(10)
                sock.connect(str(path))
                sock.sendall(packet(ask, site))
                answers.append(told(speak.read_all(sock), site))
        return answers
    finally:
        process.kill()
        process.wait()


def main():
    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name)
        make_site(directory)
        answers = [_ask(sys.argv[1], case.lines, case.asks, directory) for case in CASES]
    lines = ",\n".join(json.dumps(answer) for answer in answers)
    (HERE / "recorded.json").write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main()
