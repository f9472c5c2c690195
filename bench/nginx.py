"""nginx before a server: one worker, no log, uwsgi_pass to a UNIX socket; pinned to the core of the load."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

PARAMS = ("/etc/nginx/uwsgi_params", "/usr/local/nginx/conf/uwsgi_params")

CONFIG = """\
{user}daemon off;
error_log {base}/nginx.log warn;
pid {base}/nginx.pid;
worker_processes 1;
worker_rlimit_nofile 8192;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    keepalive_requests 100000000;
    client_body_temp_path {base}/body;
    proxy_temp_path {base}/proxy;
    fastcgi_temp_path {base}/fastcgi;
    uwsgi_temp_path {base}/uwsgi;
    scgi_temp_path {base}/scgi;
    server {{
        listen 127.0.0.1:{port} backlog=1024;
        location / {{
            include {params};
            uwsgi_pass unix:{socket};
        }}
    }}
}}
"""


def program() -> str | None:
    """Where nginx is; None without one."""
    return shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


def command(base: Path, port: int, socket: str) -> list[str]:
    """Write the configuration, and answer how to start it."""
    params = next((path for path in PARAMS if os.path.exists(path)), "uwsgi_params")
    # As root, nginx's workers would be another user, who may not use the socket.
    user = "user root;\n" if os.getuid() == 0 else ""
    conf = base / "nginx.conf"
    conf.write_text(CONFIG.format(user=user, base=base, port=port, params=params, socket=socket))
    return [program() or "nginx", "-p", str(base), "-e", str(base / "nginx.log"), "-c", str(conf)]
