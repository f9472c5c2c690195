"""For whom a signal of the application is."""

from __future__ import annotations

import pytest

from imperator.generation.targets import Recipient, Seen, Worker, recipients
from imperator.pipes import Farm

SEEN = Seen(
    [Worker(1, 1, True), Worker(2, 4, False)], mules=[1, 3], spoolers=[1],
    farms=[Farm("mail", (2, 3)), Farm("gone", (2,))],
)  # fmt: skip


@pytest.mark.parametrize(
    ("target", "found"),
    [
        ("", [("worker", 4)]),
        ("worker", [("worker", 4)]),
        ("worker0", [("worker", 4)]),
        ("worker1", [("worker", 1)]),
        ("worker9", []),
        ("workers", [("worker", 1), ("worker", 4)]),
        ("active-workers", [("worker", 1), ("worker", 4)]),
        ("mule", [("mule", 0)]),
        ("mule0", [("mule", 0)]),
        ("mule3", [("mule", 3)]),
        ("mule2", []),
        ("mules", [("mule", 1), ("mule", 3)]),
        ("farm_mail", [("farm mail", 0)]),
        ("farm1", [("farm mail", 0)]),
        ("farm_gone", []),
        ("farm_nobody", None),
        ("farm9", None),
        ("spooler", [("spooler", 0)]),
        ("nonsense", None),
    ],
)
def test_recipients(target, found):
    assert recipients(target, SEEN) == (None if found is None else [Recipient(*one) for one in found])


def test_nobody_is_there():
    nobody = Seen([])
    assert [recipients(target, nobody) for target in ("", "workers", "mule", "mules", "spooler")] == [[]] * 5
