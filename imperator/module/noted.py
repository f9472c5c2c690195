"""What an application notes of a request for its line in the log. The engine reads it when the application has ended.

It lives in a ``ContextVar``: every request has a context of its own, whichever thread or greenlet works on it.
"""

from __future__ import annotations

from contextvars import ContextVar

LOG_VARIABLES: ContextVar[dict[bytes, bytes] | None] = ContextVar("uwsgi log variables", default=None)
"""Names and values; None: nothing was noted yet."""
