"""The memory that a master makes for its processes, from one configuration to the next."""

from __future__ import annotations

import os

import pytest

from imperator._core import Cache, Locks
from imperator.errors import Refused
from imperator.master.shared import SharedMemory
from imperator.sharing import CacheSettings, Queue, Sharing

C, D = CacheSettings("c", 10, 10), CacheSettings("d", 10, 10)


def test_what_is_defined_as_before_is_the_same():
    shared = SharedMemory()
    first = shared.provide(Sharing(caches=(C, D), queue=Queue(3), areas=(4096,)), {})
    second = shared.provide(Sharing(caches=(D, C._replace(items=9, blocks=9)), queue=Queue(3), areas=(4096,)), {})
    assert second.cache_fds[0] == first.cache_fds[1] and second.cache_fds[1] != first.cache_fds[0]
    assert (second.queue_fd, second.area_fds, second.locks_fd) == (first.queue_fd, first.area_fds, first.locks_fd)
    assert len(set(second.fds())) == 5 and not any(os.get_inheritable(fd) for fd in second.fds())
    shared.keep_only(second.sharing)
    with pytest.raises(OSError, match="Bad file"):
        os.fstat(first.cache_fds[0])
    assert all(os.fstat(fd) for fd in second.fds())


def test_locks_keep_their_numbers():
    shared = SharedMemory()
    first = shared.provide(Sharing(locks=1, caches=(C,)), {})
    assert first.lock_names == ("user 0", "user 1", "cache_c")
    before = Locks(first.locks_fd)
    assert before.acquire(2) == 1
    second = shared.provide(Sharing(locks=100, caches=(D, C)), {})
    assert second.lock_names[:3] == first.lock_names and len(second.lock_names) == 103
    after = Locks(second.locks_fd)
    assert after.acquire(2) == 3 and after.acquire(102) == 1
    assert dict(shared.locks())["cache_c"] == os.getpid()


def test_counters():
    shared = SharedMemory()
    sharing = Sharing(caches=(C,))
    its = shared.provide(sharing, {})
    Cache(its.cache_fds[0], Locks(its.locks_fd), 1, C).set(b"k", b"v", 0, False)
    (row,) = shared.caches(sharing)
    assert (row["name"], row["items"], row["hash"], row["blocksize"]) == ("c", 1, "djb33x", 65536)


@pytest.mark.parametrize("blocksize", [2**31 - 1, 2**32 - 1], ids=["no machine", "not even in numbers"])
def test_what_no_machine_has_is_refused(blocksize):
    huge = CacheSettings("c", 2**30 - 1, 2**31 - 1, blocksize)
    with pytest.raises(Refused) as refused:
        SharedMemory().provide(Sharing(caches=(huge,)), {})
    assert [one.code for one in refused.value.diagnostics] == ["no-shared-memory"]
