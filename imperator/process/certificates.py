"""Certificates and private keys, read by whoever may read them and handed on: never in an environment, a command line
or a log.

They are read before privileges are given up, and again at a reload. What cannot be read any more then, because the
master has become another user, is used as it was read before. Nothing unusable gets through: whoever serves with what
this file answers serves.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator

from imperator import pipes
from imperator._core import Certificate, examine_certificate
from imperator.config.settings import Settings
from imperator.config.tls import Context, Named
from imperator.errors import Diagnostic, Refused, Severity, Where

_MOST = 1 << 20
"""Bytes of a file. A list of all authorities of the world has a quarter of that."""


def _flaw(flaw: str, context: Context) -> Diagnostic:
    """What the engine cannot use, and what to do about it."""
    certificate, key, place = context.certificate, context.key, context.where
    if flaw == "no-certificate":
        return Diagnostic("tls-certificate-invalid", place, f"{certificate} holds no certificate",
                          "name a file in PEM, which has a line BEGIN CERTIFICATE")  # fmt: skip
    if flaw == "certificate":
        return Diagnostic("tls-certificate-invalid", place,
                          f"{certificate} holds a certificate that cannot be understood",
                          f"copy it again; openssl x509 -in {certificate} -text shows what is in it")  # fmt: skip
    if flaw == "client-ca":
        return Diagnostic("tls-certificate-invalid", place,
                          f"{context.client_ca} holds no certificate that others could be signed by",
                          "name the certificate, in PEM, of the authority that signs your clients'")  # fmt: skip
    if flaw == "no-key":
        return Diagnostic("tls-key-invalid", place, f"{key} holds no private key",
                          "name a file in PEM, which has a line BEGIN PRIVATE KEY")  # fmt: skip
    if flaw == "encrypted-key":
        return Diagnostic("tls-key-invalid", place,
                          f"the private key in {key} is encrypted, and nobody is there to type its password",
                          f"decrypt it: openssl pkey -in {key} -out NEW, and let nobody else read NEW")  # fmt: skip
    if flaw == "mismatch":
        return Diagnostic("tls-key-mismatch", place,
                          f"the private key in {key} does not belong to the certificate in {certificate}",
                          "name the key that the certificate was made with; the server's certificate comes first in"
                          " its file")  # fmt: skip
    return Diagnostic("tls-key-invalid", place, f"the private key in {key} is of a kind that Imperator does not have",
                      "use RSA of 2048 to 8192 bits, ECDSA (P-256, P-384) or Ed25519")  # fmt: skip



class Certificates:
    """Those of one instance, as they were last read."""

    def __init__(self) -> None:
        self._files: dict[str, str] = {}
        self._read: dict[object, pipes.Tls] = {}

    def read(self, settings: Settings, *, again: bool = True) -> tuple[pipes.Tls | None, list[Diagnostic]]:
        """What the workers of these settings must know of TLS, None without a TLS socket; and warnings.

        Not ``again``: as they were when last read for the same settings. Raises :class:`Refused` with everything that
        cannot be used; then nothing has changed.
        """
        wanted = (tuple(one.tls for one in settings.listen if one.tls), settings.tls)
        if not wanted[0]:
            return None, []
        if not again and wanted in self._read:
            return self._read[wanted], []
        reading = _Reading(self._files)
        tls = reading.all(settings)
        errors = [one for one in reading.complaints if one.severity is Severity.ERROR]
        if errors:
            raise Refused(*errors)
        self._files = reading.files
        # What serves now, and what may follow it.
        self._read = dict([*self._read.items(), (wanted, tls)][-2:])
        return tls, reading.complaints


def examine(settings: Settings) -> list[Diagnostic]:
    """What is the matter with the files of these settings, for a check."""
    reading = _Reading({})
    if any(one.tls for one in settings.listen):
        reading.all(settings)
    return reading.complaints


def indices(settings: Settings) -> list[int | None]:
    """For each listening socket the number of its context among those of :class:`pipes.Tls`."""
    numbers: list[int | None] = []
    for one in settings.listen:
        numbers.append(sum(number is not None for number in numbers) if one.tls else None)
    return numbers


class _Reading:
    """One reading of everything: complaints are collected, not thrown."""

    def __init__(self, before: dict[str, str]) -> None:
        self.files: dict[str, str] = {}
        self.complaints: list[Diagnostic] = []
        self._before = before

    def all(self, settings: Settings) -> pipes.Tls:
        contexts = [self._context("", one.tls) for one in settings.listen if one.tls]
        names = [*settings.tls.names, *self._directory(settings)]
        contexts += [self._context(named.name, named.context) for named in names]
        return pipes.Tls(
            contexts=[one for one in contexts if one],
            secret=os.urandom(32).hex(),
            lifetime=settings.tls.lifetime,
            exports_certificate=settings.tls.exports_certificate,
        )

    def _directory(self, settings: Settings) -> Iterator[Named]:
        folder = settings.tls.directory
        if not folder:
            return
        place = settings.where.get("sni-dir", Where("command line"))
        try:
            found = sorted(name for name in os.listdir(folder) if name.endswith(".crt"))
        except OSError as error:
            found = sorted(os.path.basename(path) for path in self._before
                           if os.path.dirname(path) == folder and path.endswith(".crt"))  # fmt: skip
            self._unreadable(folder, error, place, kept=bool(found))
        for name in found:
            base = os.path.join(folder, name[:-4])
            authority = base + ".ca"
            if not os.path.exists(authority) and authority not in self._before:
                authority = ""
            yield Named(name[:-4].lower(), Context(
                base + ".crt", base + ".key", settings.tls.directory_suites, authority, False, place))  # fmt: skip

    def _context(self, name: str, context: Context) -> pipes.TlsContext | None:
        paths = [context.certificate, context.key, *([context.client_ca] if context.client_ca else [])]
        texts = [self._file(path, context.where) for path in paths]
        certificate, key, client_ca = (*texts, "")[:3]
        if certificate is None or key is None or client_ca is None:
            return None
        if context.client_ca:
            client_ca += "\n"  # an empty file is a flaw, not a wish to ask no client
        found = examine_certificate(
            *(text.encode("utf-8", "surrogateescape") for text in (certificate, key, client_ca))
        )
        if found.flaw:
            self._complain(_flaw(found.flaw, context))
            return None
        self._time(found, context)
        return pipes.TlsContext(name, certificate, key, list(context.suites), client_ca, context.demands_client)

    def _time(self, found: Certificate, context: Context) -> None:
        now = time.time()
        if found.not_before <= now < found.not_after:
            return
        day = time.strftime("%Y-%m-%d", time.gmtime(found.not_after if found.not_after <= now else found.not_before))
        what = f"expired on {day}" if found.not_after <= now else f"is not valid before {day}"
        self._complain(Diagnostic(
            "tls-certificate-expired", context.where, f"the certificate in {context.certificate} {what}",
            "renew it and reload; clients refuse it until then", Severity.WARNING))  # fmt: skip

    def _file(self, path: str, place: Where) -> str | None:
        if path in self.files:
            return self.files[path]
        try:
            with open(os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK), "rb") as file:
                if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    raise ValueError("it is no file")  # a pipe would keep us waiting
                text = file.read(_MOST).decode("ascii", "replace").replace("\ufffd", "?")
        except (OSError, ValueError) as error:
            kept = self._before.get(path)
            # A file that is gone is the administrator's wish; one that is closed to us was closed by ourselves.
            if not isinstance(error, PermissionError):
                kept = None
            self._unreadable(path, error, place, kept=kept is not None)
            if kept is None:
                return None
            text = kept
        self.files[path] = text
        return text

    def _unreadable(self, path: str, error: OSError | ValueError, place: Where, *, kept: bool) -> None:
        why = error.strerror if isinstance(error, OSError) else str(error)
        if kept:
            hint = "it is used as it was at the start; restart the instance to have it read again by root"
            self._complain(Diagnostic(
                "tls-file-unreadable", place, f"{path} cannot be read again by this user: {why}", hint,
                Severity.WARNING))  # fmt: skip
            return
        self._complain(Diagnostic(
            "tls-file-unreadable", place, f"cannot read {path}: {why}",
            "correct the name, or let the user who starts the instance read it"))  # fmt: skip

    def _complain(self, one: Diagnostic) -> None:
        if one not in self.complaints:
            self.complaints.append(one)
