"""Caches, locks, the queue and shared memory, as applications of a real instance use them."""

from __future__ import annotations

import os
import signal
import struct

import pytest

from tests.harness import wait

OPTIONS = (
    "--cache2", "name=first,items=5,blocksize=100,keysize=40", "--cache2", "name=other,items=10,math_initial=7",
    "--add-cache-item", "other greeting=hello", "--load-file-in-cache", "other site_of_test.py", "--locks", "2",
    "--queue", "4", "--queue-blocksize", "4096", "--sharedarea", "1", "--py-sharedarea", "100",
    "--set", "colour=red", "--need-app",
)  # fmt: skip


@pytest.fixture(scope="module")
def one(tmp_path_factory):
    from tests.module.conftest import Instance

    place = tmp_path_factory.mktemp("shared-memory")
    instance = Instance(place, "", "--processes", "2", *OPTIONS).up()
    yield instance
    instance.server.kill()


ANSWERS = {
    "uwsgi.cache_set('a', b'1'), uwsgi.cache_set(b'a', '2'), uwsgi.cache_get('a')": "(True, None, b'1')",
    "uwsgi.cache_update('a', '3', 100), uwsgi.cache_get(b'a'), uwsgi.cache_num('a')": "(True, b'3', 0)",
    "uwsgi.cache_del('a'), uwsgi.cache_del('a'), uwsgi.cache_exists('a'), uwsgi.cache_get('a')":
        "(True, None, None, None)",
    "uwsgi.cache_set('e', b''), uwsgi.cache_set('', b'x'), uwsgi.cache_set('big', b'x' * 101)": "(None, None, None)",
    "uwsgi.cache_inc('n'), uwsgi.cache_inc('n', 5), uwsgi.cache_dec('n', 10), uwsgi.cache_mul('n', 3),"
    " uwsgi.cache_num('n'), uwsgi.cache_get('n')": f"(True, True, True, True, -12, {struct.pack('q', -12)!r})",
    "uwsgi.cache_div('n', 0), uwsgi.cache_num('n'), uwsgi.cache_exists('n'), uwsgi.cache_keys()":
        "(True, 0, True, [b'n'])",
    "uwsgi.cache_inc('m', 1, 0, 'other'), uwsgi.cache_num('m', 'other'), uwsgi.cache_num('m')": "(True, 8, 0)",
    "uwsgi.cache_get('greeting', 'other'), uwsgi.cache_get('site_of_test.py', 'other')[:9]": "(b'hello', b'import os')",
    "uwsgi.cache_get('a', 'none'), uwsgi.cache_set('a', 'b', 0, 'none'), uwsgi.cache_clear('none')":
        "(None, None, None)",
    "uwsgi.cache_keys('none')": "ValueError: no local uWSGI cache available: add cache2 = name=default,items=1000 to"
    " the configuration",
    "uwsgi.cache_get('a', 'other@10.0.0.1:3031')": "ValueError: the cache other@10.0.0.1:3031 is on another machine:"
    " use Redis or memcached for what machines share",
    "uwsgi.cache_set(1, b'')": "TypeError: a key must be str or bytes, not int",
    "[uwsgi.cache_set('f%d' % i, 'x', -1) for i in range(6)][-2:], uwsgi.cache_clear(), uwsgi.cache_keys()":
        "([None, None], True, [])",
    "uwsgi.lock(), uwsgi.is_locked(), uwsgi.unlock(), uwsgi.is_locked(), uwsgi.is_locked(2)":
        "(None, True, None, False, False)",
    "uwsgi.lock(1), uwsgi.lock(1)": "RuntimeError: this thread has lock 1 already: uwsgi.unlock(1) comes before"
    " another lock",
    "uwsgi.unlock(1), uwsgi.unlock(1)": "(None, None)",
    "uwsgi.lock(3)": "ValueError: Invalid lock number 3: there are 0 to 2 (the option locks)",
    "uwsgi.lock(-1)": "ValueError: Invalid lock number -1: there are 0 to 2 (the option locks)",
    "uwsgi.queue_size, uwsgi.queue_slot(), uwsgi.queue_pull_slot(), uwsgi.queue_pull(), uwsgi.queue_last()":
        "(4, 0, 0, None, None)",
    "[uwsgi.queue_push(one) for one in ('1', b'2', '', b'x' * 4080, b'x' * 4081)], uwsgi.queue_last(5)[1:]":
        "([True, True, None, True, None], [b'2', b'1', None, None])",
    "len(uwsgi.queue_pop()), uwsgi.queue_get(0), uwsgi.queue_get(9), uwsgi.queue_set(3, 's'), uwsgi.queue_get(3)":
        "(4080, b'1', None, True, b's')",
    "uwsgi.queue_set(9, 's'), uwsgi.queue_pull(), uwsgi.queue_pull(), uwsgi.queue_pull()": "(None, b'1', b'2', None)",
    "[uwsgi.queue_push(str(i)) for i in range(9)][-1], [uwsgi.queue_pull() for _ in range(5)]":
        "(True, [b'5', b'6', b'7', b'8', None])",
    "uwsgi.sharedarea_write(0, 0, b'hello'), uwsgi.sharedarea_read(0, 1, 3), len(uwsgi.sharedarea_read(0, 96))":
        "(None, b'ell', 4000)",
    "uwsgi.sharedarea_write8(0, 9, 255), uwsgi.sharedarea_readbyte(0, 9), uwsgi.sharedarea_write16(0, 8, 65535),"
    " uwsgi.sharedarea_read16(0, 8)": "(None, -1, None, -1)",
    "uwsgi.sharedarea_write64(0, 16, 2**63 - 1), uwsgi.sharedarea_inclong(0, 16), uwsgi.sharedarea_readlong(0, 16)":
        "(None, None, -9223372036854775808)",
    "uwsgi.sharedarea_write32(1, 4, -2), uwsgi.sharedarea_dec32(1, 4, 3), uwsgi.sharedarea_read32(1, 4)":
        "(None, None, -5)",
    "uwsgi.sharedarea_wlock(0), uwsgi.sharedarea_inc8(0, 9), uwsgi.sharedarea_unlock(0), uwsgi.sharedarea_read8(0, 9)":
        "(None, None, None, 0)",
    "len(uwsgi.sharedarea_memoryview(0)), uwsgi.sharedarea_object(1).readonly": "(4096, False)",
    "uwsgi.sharedarea_read(0, 4090, 7)": "ValueError: 7 bytes at 4090 are outside of sharedarea 0, which has 4096",
    "uwsgi.sharedarea_read(2, 0)": "ValueError: there is no sharedarea 2: the configuration has 2",
    "uwsgi.sharedarea_write8(0, 0, 256)": "OverflowError: 256 does not fit into 8 bits",
}  # fmt: skip


@pytest.mark.parametrize("expression", ANSWERS)
def test_it_answers(one, expression):
    assert one.ask(expression) == ANSWERS[expression]


def test_stats_and_the_log_tell(one):
    one.ask("uwsgi.cache_clear(), [uwsgi.cache_set('f%d' % i, 'x') for i in range(6)]")
    one.logged('*** DANGER cache "first" is FULL !!! ***')
    document = one.document()
    assert {"user 2": 0} in document["locks"] and {"cache_first": 0} in document["locks"]
    first = document["caches"][0]
    assert (first["name"], first["items"], first["max_items"], first["blocksize"]) == ("first", 5, 5, 100)


def ask_each(one, expression: str, most: int = 400) -> dict[str, str]:
    """Ask until both workers have answered: what each of them says, by pid."""
    found: dict[str, str] = {}
    for _ in range(most):
        pid, answer = one.ask(f"os.getpid(), {expression}")[1:-1].split(", ", 1)
        found[pid] = answer
        if len(found) == 2:
            break
    return found


def test_workers_share_and_a_reload_keeps_all(begin):
    one = begin("", "--processes", "2", *OPTIONS)
    one.ask("uwsgi.cache_set('k', 'v'), uwsgi.queue_push('q'), uwsgi.sharedarea_write(0, 0, 'area')")
    expression = "uwsgi.cache_get('k'), uwsgi.queue_get(0), uwsgi.sharedarea_read(0, 0, 4)"
    before = ask_each(one, expression)
    assert set(before.values()) == {"b'v', b'q', b'area'"}
    os.kill(one.server.pid, signal.SIGHUP)
    wait.until(lambda: not set(before) & set(ask_each(one, expression)), "other workers")
    assert set(ask_each(one, expression).values()) == {"b'v', b'q', b'area'"}
    assert one.ask("uwsgi.cache_inc('n'), uwsgi.cache_num('n')") == "(True, 1)"


def test_a_killed_worker_leaves_no_lock(begin):
    one = begin("", "--processes", "2", *OPTIONS)
    holder = int(one.ask("uwsgi.lock(), uwsgi.sharedarea_wlock(0), os.getpid()").split(", ")[-1][:-1])
    assert dict(pair for lock in one.document()["locks"] for pair in lock.items())["user 0"] == holder
    os.kill(holder, signal.SIGKILL)
    wait.until(lambda: one.ask("uwsgi.is_locked()") == "False", "the lock")
    assert one.ask("uwsgi.lock(), uwsgi.sharedarea_write8(0, 0, 1), uwsgi.unlock()") == "(None, None, None)"


def test_a_lock_is_waited_for_without_the_others(begin):
    """A thread that waits for a lock does not keep the other threads of its process from working."""
    one = begin("", "--threads", "2", *OPTIONS)
    one.ask("import threading\nthreading.Thread(target=lambda: (uwsgi.lock(), done.wait(), uwsgi.unlock())).start()"
            if one.ask("globals().update(done=__import__('threading').Event())") == "None" else "")
    wait.until(lambda: one.ask("uwsgi.is_locked()") == "True", "the lock is taken")
    one.ask("got = []\nthreading.Thread(target=lambda: (uwsgi.lock(), got.append(1), uwsgi.unlock())).start()")
    assert one.ask("got, done.set()") == "([], None)"
    wait.until(lambda: one.ask("got") == "[1]", "the lock came free")


def test_stores_outlive_the_instance(begin, tmp_path):
    (tmp_path / "cache").write_bytes(b"of another program" * 1000)
    cache, queue = f"name=c,items=5,store={tmp_path}/cache", f"{tmp_path}/queue"
    stores = ["--cache2", cache, "--queue", "3", "--queue-store", queue]
    one = begin("", *stores)
    one.logged("is now")
    assert (tmp_path / "cache.before").read_bytes().startswith(b"of another")
    assert (tmp_path / "cache").stat().st_mode & 0o777 == 0o600
    one.ask("uwsgi.cache_set('k', 'v'), uwsgi.queue_push('q')")
    other = begin("", *stores)
    other.logged("[store-in-use]", 2)
    assert other.ask("uwsgi.cache_get('k'), uwsgi.queue_get(0)") == "(None, None)"
    os.kill(one.server.pid, signal.SIGKILL)
    one.server.process.wait(10)
    third = begin("", *stores)
    assert third.ask("uwsgi.cache_get('k'), uwsgi.queue_pull()") == "(b'v', b'q')"


def test_a_store_of_another_shape_comes_with_the_generation_that_takes_over(begin, tmp_path):
    ini, store = tmp_path / "cache.ini", tmp_path / "cache"

    def write(items, more=""):
        ini.write_text(f"[uwsgi]\ncache2 = name=c,items={items},store={store}{more}\n")

    write(5)
    one = begin("import os\nif os.path.exists('../broken'): raise ValueError", "--ini", str(ini))
    one.ask("uwsgi.cache_set('k', 'v')")
    inode = store.stat().st_ino
    (tmp_path / "broken").touch()
    write(9)
    one.server.send(signal.SIGHUP)
    one.logged("reload refused")
    wait.until(lambda: not (tmp_path / "cache.next").exists(), "nothing is left of it")
    assert (store.stat().st_ino, one.ask("uwsgi.cache_get('k')")) == (inode, "b'v'")
    assert not (tmp_path / "cache.before").exists()
    (tmp_path / "broken").unlink()
    write(5, ",purge_lru=1")
    one.server.send(signal.SIGHUP)
    one.logged("generation 3 serves")
    assert (store.stat().st_ino, one.ask("uwsgi.cache_get('k')")) == (inode, "b'v'")
    wait.until(lambda: b"WRITE" in locks_of(inode), "it is claimed")
    write(9)
    one.server.send(signal.SIGHUP)
    wait.until(lambda: store.stat().st_ino != inode, "the new one is there")
    assert (tmp_path / "cache.before").stat().st_ino == inode
    wait.until(lambda: one.ask("uwsgi.cache_get('k')") == "None", "the new generation answers")


def locks_of(inode):
    with open("/proc/locks", "rb") as file:
        return b"".join(line for line in file if line.split()[5].endswith(b":%d" % inode))


def test_what_is_over_is_swept(begin):
    one = begin("", "--cache", "10", "--cache-expire-freq", "1", "--cache-report-freed-items")
    one.ask("uwsgi.cache_set('k', 'v', 1), uwsgi.cache_set('l', 'v')")
    one.logged('freed 1 items for cache "default"')
    assert one.document()["caches"][0]["items"] == 1


def test_a_store_that_cannot_be(tmp_path):
    from tests.module.conftest import Instance

    one = Instance(tmp_path, "", "--cache2", f"name=c,items=5,store={tmp_path}/no/where")
    try:
        one.logged("[store-unusable]")
        assert one.server.process.wait(10) == 1
    finally:
        one.server.kill()
