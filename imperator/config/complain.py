"""Making complaints: one line a complaint, the code checked against ``codes.py``."""

from __future__ import annotations

from imperator.errors import Diagnostic, Severity, Where


class Complaints(list[Diagnostic]):
    """The complaints about one configuration, in the order they were found."""

    def error(self, code: str, where: Where | None, message: str, hint: str = "") -> None:
        """Something keeps the instance from starting."""
        self.append(Diagnostic(code, where, message, hint, Severity.ERROR))

    def warn(self, code: str, where: Where | None, message: str, hint: str = "") -> None:
        """Something is probably not meant."""
        self.append(Diagnostic(code, where, message, hint, Severity.WARNING))

    @property
    def fatal(self) -> bool:
        """Whether one of them is an error."""
        return any(d.severity is Severity.ERROR for d in self)
