"""The title of a process, as ``ps`` shows it: written over the memory of its command line.

The kernel says where that memory is (``arg_start`` and ``arg_end`` in proc_pid_stat(5)). A title longer than the
command line was is cut.
"""

from __future__ import annotations


def show(title: str) -> None:
    """Show ``title`` as this process's command line."""
    import ctypes

    with open("/proc/self/stat", "rb") as file:
        fields = file.read().rpartition(b")")[2].split()
    # Fields 48 and 49 of the manual; the first one after the name is number 3.
    start, end = int(fields[45]), int(fields[46])
    room = end - start - 1
    if start and room > 0:
        text = title.encode("utf-8", "surrogateescape")[:room]
        ctypes.memmove(start, text + b"\0" * (room + 1 - len(text)), room + 1)
