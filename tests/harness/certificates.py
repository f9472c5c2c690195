"""Certificates for tests, made by openssl: an authority, and what it signs."""

from __future__ import annotations

import os
import ssl
import subprocess
from pathlib import Path
from typing import NamedTuple


class Pair(NamedTuple):
    """A certificate and its private key, both files."""

    certificate: Path
    key: Path


def openssl(*args: str | Path) -> str:
    """Run it; its output."""
    done = subprocess.run(["openssl", *args], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


class Authority:
    """A certificate authority of its own, in a directory of its own."""

    def __init__(self, place: Path, name: str = "Test CA") -> None:
        self.place = place
        place.mkdir(parents=True, exist_ok=True)
        self.pair = Pair(place / "ca.crt", place / "ca.key")
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-keyout", self.pair.key, "-out", self.pair.certificate, "-days", "30",
                "-subj", f"/CN={name}")  # fmt: skip

    def sign(self, name: str, *, kind: str = "ec", subject: str = "", start: str = "", end: str = "") -> Pair:
        """A certificate for a name (``localhost`` and 127.0.0.1 besides). ``start``, ``end``: 20200101000000Z."""
        place = self.place / name.replace("*", "_")
        place.mkdir(exist_ok=True)
        pair = Pair(place / "crt", place / "key")
        new = {
            "ec": ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
            "rsa": ["rsa:2048"],
            "ed25519": ["ed25519"],
            "p521": ["ec", "-pkeyopt", "ec_paramgen_curve:P-521"],
        }[kind]
        request = place / "csr"
        openssl("req", "-newkey", *new, "-nodes", "-keyout", pair.key, "-out", request,
                "-subj", subject or f"/CN={name}")  # fmt: skip
        extensions = place / "extensions"
        extensions.write_text(f"basicConstraints=CA:FALSE\nsubjectAltName=DNS:{name},DNS:localhost,IP:127.0.0.1\n")
        if start:
            (place / "index").write_text("")
            (place / "serial").write_text("01\n")
            config = place / "config"
            config.write_text(
                f"[ca]\ndefault_ca=c\n[c]\ndatabase={place}/index\nserial={place}/serial\nnew_certs_dir={place}\n"
                "default_md=sha256\npolicy=p\n[p]\ncommonName=supplied\n"
            )
            openssl("ca", "-batch", "-notext", "-config", config, "-in", request, "-out", pair.certificate,
                    "-cert", self.pair.certificate, "-keyfile", self.pair.key, "-startdate", start, "-enddate", end,
                    "-extfile", extensions)  # fmt: skip
        else:
            openssl("x509", "-req", "-in", request, "-CA", self.pair.certificate, "-CAkey", self.pair.key,
                    "-set_serial", str(int.from_bytes(os.urandom(8), "big")), "-out", pair.certificate, "-days", "30",
                    "-extfile", extensions)  # fmt: skip
        return pair

    def client(self, show: Pair | None = None, **versions: ssl.TLSVersion) -> ssl.SSLContext:
        """What a client of Python believes: this authority. ``show``: its own certificate."""
        context = ssl.create_default_context(cafile=str(self.pair.certificate))
        for name, version in versions.items():
            setattr(context, name, version)
        if show:
            context.load_cert_chain(show.certificate, show.key)
        return context
