"""The application behind the rules, for us and for uWSGI: says what it was asked, or answers what the path wants."""

KEYS = ("REQUEST_METHOD", "REQUEST_URI", "PATH_INFO", "QUERY_STRING", "SCRIPT_NAME", "REMOTE_USER", "REMOTE_ADDR",
        "UWSGI_APPID", "X_TEST", "wsgi.url_scheme")


def application(environ, start_response):
    path = environ.get("PATH_INFO", "")
    status, headers = "200 OK", [("Content-Type", "text/x-app")]
    if path.startswith("/status/"):
        status = path[8:].replace("_", " ")
    if path.startswith("/file"):
        headers += [("X-Sendfile", environ["DOCUMENT_ROOT"] + path[5:]), ("X-Other", "1")]
    start_response(status, headers)
    return [f"{key}={environ.get(key) or None}\n".encode("latin-1") for key in KEYS]
