"""The application of the guide's ``SKY.wsgi``: a form, a session, an upload, a download."""

import hashlib
import os

from flask import Flask, Response, request, session

sky = Flask(__name__)
sky.secret_key = "only for tests"


@sky.get("/")
def index():
    return f"sky {os.getpid()}"


@sky.post("/form")
def form():
    return {name: request.form[name] for name in request.form}


@sky.get("/session")
def count():
    session["count"] = session.get("count", 0) + 1
    return str(session["count"])


@sky.post("/upload")
def upload():
    digest, size = hashlib.sha256(), 0
    while part := request.stream.read(65536):
        digest.update(part)
        size += len(part)
    return f"{size} {digest.hexdigest()}"


@sky.get("/download")
def download():
    size = int(request.args["size"])
    block = bytes(range(256)) * 256

    def parts():
        left = size
        while left > 0:
            yield block[:left]
            left -= len(block)

    return Response(parts(), mimetype="application/octet-stream", headers={"Content-Length": str(size)})
