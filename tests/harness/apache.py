"""A real Apache in the foreground: a directory of its own, one virtual host on loopback for each site."""

from __future__ import annotations

import os
from pathlib import Path

from .front import Front, binary
from .http import free_port

MODULES = Path("/usr/lib/apache2/modules")
LOADED = "mpm_event authz_core env setenvif headers proxy proxy_uwsgi proxy_fcgi proxy_scgi proxy_http ssl"
CONFIG = """
ServerRoot {prefix}
ServerName localhost
PidFile {prefix}/apache.pid
ErrorLog {prefix}/error.log
DefaultRuntimeDir {prefix}
LogLevel warn
KeepAlive On
MaxKeepAliveRequests 0
ServerLimit 1
ThreadsPerChild 32
MaxRequestWorkers 32
StartServers 1
MinSpareThreads 1
MaxConnectionsPerChild 0
DocumentRoot {prefix}
{user}
"""


class Apache(Front):
    """``sites`` are virtual hosts on ``*:80``; each gets a port of its own, and they are in ``ports``.

    ``secure`` are more of them, which speak TLS with the certificate ``pem``; their ports come last.
    """

    def __init__(self, prefix: Path, sites: list[str], secure: list[str], pem: Path) -> None:
        prefix.mkdir()
        prefix.chmod(0o755)
        tls = f"<VirtualHost *:80>\nSSLEngine on\nSSLCertificateFile {pem}"
        sites = sites + [site.replace("<VirtualHost *:80>", tls) for site in secure]
        self.ports = [free_port() for _ in sites]
        # It refuses to serve as root; the sockets of the tests are for everybody.
        user = "User www-data\nGroup www-data" if os.getuid() == 0 else ""
        text = CONFIG.format(prefix=prefix, user=user)
        text += "".join(f"LoadModule {name}_module {MODULES}/mod_{name}.so\n" for name in LOADED.split())
        for port, site in zip(self.ports, sites, strict=True):
            assert "<VirtualHost *:80>" in site
            text += f"Listen 127.0.0.1:{port}\n" + site.replace("*:80", f"127.0.0.1:{port}")
        config = prefix / "apache.conf"
        config.write_text(text)
        super().__init__([binary("apache2"), "-D", "FOREGROUND", "-f", config], prefix, self.ports)
