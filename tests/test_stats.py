"""The stats document has uWSGI's keys, and nothing of a request but its method and path."""

from __future__ import annotations

import json
from typing import NamedTuple

from imperator import stats
from imperator.stats import Instance, Socket


class Core(NamedTuple):
    id: int = 0
    requests: int = 5
    exceptions: int = 1
    read_errors: int = 2
    write_errors: int = 3
    in_request: bool = False
    request_start: int = 0
    request: str = ""


class Worker(NamedTuple):
    id: int = 1
    pid: int = 77
    accepting: bool = True
    busy_cores: int = 0
    requests: int = 5
    exceptions: int = 1
    tx: int = 1000
    running_time: int = 2000
    avg_rt: int = 400
    avg_wait: int = 30
    last_spawn: int = 1700000000
    respawn_count: int = 1
    harakiri_count: int = 2
    cores: tuple[Core, ...] = (Core(),)


INSTANCE = Instance(
    pid=50,
    uid=33,
    gid=34,
    directory="/srv",
    sockets=[Socket("/run/a.sock", "uwsgi", 0, 0), Socket("[::1]:80", "http", 7, 100), Socket(":81", "http", 3, 100)],
    generation=2,
    app_loaded=True,
    reason="",
    loaded_seconds=1.9,
)


def document(instance: Instance = INSTANCE, *workers: Worker) -> dict:
    text = stats.document(instance, workers)
    assert text.endswith("}\n")
    return json.loads(text)


def test_the_instance():
    found = document()
    expected = {
        "version": stats.VERSION, "listen_queue": 7, "load": 7, "listen_queue_errors": 0, "signal_queue": 0,
        "pid": 50, "uid": 33, "gid": 34, "cwd": "/srv", "locks": [], "workers": [],
        "imperator": {"generation": 2, "app_loaded": True, "reason": ""},
    }  # fmt: skip
    assert {key: found[key] for key in expected} == expected
    assert set(found) == {*expected, "sockets"}


def test_the_sockets():
    found = document()["sockets"]
    assert [(one["name"], one["proto"], one["queue"], one["max_queue"]) for one in found] == [
        ("/run/a.sock", "uwsgi", 0, 0), ("[::1]:80", "http", 7, 100), (":81", "http", 3, 100),
    ]  # fmt: skip
    assert all(set(one) == {"name", "proto", "queue", "max_queue", "shared", "can_offload"} for one in found)


def test_an_instance_without_sockets_has_an_empty_queue():
    assert document(INSTANCE._replace(sockets=[]))["listen_queue"] == 0


def test_a_worker():
    [found] = document(INSTANCE, Worker())["workers"]
    cores, [app] = found.pop("cores"), found.pop("apps")
    assert found == {
        "id": 1, "pid": 77, "accepting": 1, "requests": 5, "delta_requests": 5, "exceptions": 1, "harakiri_count": 2,
        "signals": 0, "signal_queue": 0, "status": "idle", "rss": 0, "vsz": 0, "running_time": 2000,
        "last_spawn": 1700000000, "respawn_count": 1, "tx": 1000, "avg_rt": 400, "avg_wait": 30,
    }  # fmt: skip
    assert app == {
        "id": 0, "modifier1": 0, "mountpoint": "", "startup_time": 1, "requests": 5, "exceptions": 1, "chdir": "",
    }  # fmt: skip
    assert cores == [
        {
            "id": 0, "requests": 5, "static_requests": 0, "routed_requests": 0, "offloaded_requests": 0,
            "write_errors": 3, "read_errors": 2, "in_request": 0, "vars": [], "req_info": {},
        }
    ]  # fmt: skip


def test_the_status_of_a_worker():
    workers = [Worker(busy_cores=1), Worker(busy_cores=0), Worker(pid=0), Worker(pid=0, busy_cores=1)]
    assert [one["status"] for one in document(INSTANCE, *workers)["workers"]] == ["busy", "idle", "cheap", "cheap"]


def test_without_an_application_there_are_no_apps_and_there_is_a_reason():
    found = document(INSTANCE._replace(app_loaded=False, reason="app.py:1: SyntaxError"), Worker())
    assert found["workers"][0]["apps"] == []
    assert found["imperator"] == {"generation": 2, "app_loaded": False, "reason": "app.py:1: SyntaxError"}


def test_a_core_in_a_request_tells_the_request_and_since_when():
    core = Core(in_request=True, request_start=1700000001, request="GET /a")
    [found] = document(INSTANCE, Worker(cores=(core,)))["workers"][0]["cores"]
    assert (found["in_request"], found["req_info"]) == (1, {"request_start": 1700000001})
    assert found["vars"][0] == "GET /a"


def test_what_an_idle_core_did_last_is_not_told():
    core = Core(in_request=False, request_start=1700000001, request="GET /a")
    assert "GET /a" not in stats.document(INSTANCE, [Worker(cores=(core,))])


def test_text_of_any_kind_is_valid_json():
    found = document(INSTANCE._replace(directory="/caf\udce9", reason='"\n\\'))
    assert (found["cwd"], found["imperator"]["reason"]) == ("/caf\udce9", '"\n\\')
