"""A real lighttpd in the foreground: one server socket on loopback for each site."""

from __future__ import annotations

import re
from pathlib import Path

from .front import Front, binary
from .http import free_port

CONFIG = """
server.document-root = "{prefix}"
server.errorlog = "{prefix}/error.log"
server.upload-dirs = ( "{prefix}" )
server.bind = "127.0.0.1"
server.port = {first}
server.max-keep-alive-requests = 10000
"""


class Lighttpd(Front):
    """``sites`` are the lines of a site; their modules are loaded for all. Their ports are in ``ports``.

    ``secure`` are more of them, which speak TLS with the certificate ``pem``; their ports come last.
    """

    def __init__(self, prefix: Path, sites: list[str], secure: list[str], pem: Path) -> None:
        prefix.mkdir()
        tls = f'server.modules += ( "mod_openssl" )\nssl.engine = "enable"\nssl.pemfile = "{pem}"\n'
        sites = sites + [tls + site for site in secure]
        self.ports = [free_port() for _ in sites]
        modules = sorted(set(re.findall(r"server\.modules \+= \( (\"\w+\") \)", "\n".join(sites))))
        # The first socket belongs to the server itself, so that nothing else is bound.
        text = CONFIG.format(prefix=prefix, first=self.ports[0])
        text += f"server.modules = ( {', '.join(modules)} )\n"
        for port, site in zip(self.ports, sites, strict=True):
            lines = "\n".join(line for line in site.splitlines() if not line.startswith("server.modules"))
            text += f'$SERVER["socket"] == "127.0.0.1:{port}" {{\n{lines}\n}}\n'
        config = prefix / "lighttpd.conf"
        config.write_text(text)
        super().__init__([binary("lighttpd"), "-D", "-f", config], prefix, self.ports)
