"""Rules and requests, for us and for a real uWSGI. What uWSGI answered is kept in recorded.json, and written there by

    python -m tests.engine.routing.record /path/to/a/uwsgi/with/pcre

``@`` is the directory of the site: a.txt and sub/b.txt, and a file of users, beside a directory that no rule names.
"""

import base64
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class Ask(NamedTuple):
    """One request, and what makes our answer another one than uWSGI's, if it is."""

    path: str
    method: str = "GET"
    vars: Mapping[str, str] = MappingProxyType({})
    ours: tuple[str, dict[str, str], str] | None = None
    """Status, headers and body; docs/differences.md says why."""


class Case(NamedTuple):
    lines: list[str]
    asks: list[Ask | str]


def login(user, password, path="/a", **more):
    token = base64.b64encode(f"{user}:{password}".encode()).decode()
    return Ask(path, vars={"HTTP_AUTHORIZATION": f"Basic {token}"}, **more)


MISSING = ("404 Not Found", {"Content-Type": "text/plain"}, "404 Not Found\n")
LOST = ("500 Internal Server Error", {"Content-Type": "text/plain"}, "500 Internal Server Error\n")
STATIC = {"Content-Type": "text/plain"}

CASES = [
    # what ends a chain
    Case(["route = ^/x break:404 Not Found", "route = ^/z return:403", "route = ^/s break:503",
          "route = ^/t break-with-status:410"], ["/x", "/z", "/s", "/t", "/a"]),
    Case(["route = ^/y break:"], ["/y", "/a"]),
    Case(["route = ^/z break: 404 Not Found"],
         [Ask("/z", ours=("404 Not Found", {"Content-Type": "text/plain"}, ""))]),
    Case(["route = ^/a last:", "route-run = setuser:never"], ["/a", "/b"]),
    Case(["route = ^/a continue:", "route-run = break:403"], ["/a", "/b"]),
    # redirections
    Case(["route = ^/old/(.*) redirect:/new/$1?h=${HTTP_HOST}&m=$9$a${qs[a]}${nope}",
          "route = ^/p redirect-permanent:https://${HTTP_HOST}${REQUEST_URI}", "route = ^/q redirect-301:/1",
          "route = ^/r redirect-302:/2"], ["/old/q?a=7", "/p?x=1", "/q", "/r"]),
    # rewriting
    Case(["route = ^/x/(.*)$ rewrite:/y/$1?z=1", "route = ^/y rewrite:/w", "route = ^/v rewrite-last:/r",
          "route-run = setuser:all"], ["/x/a?b=c", "/x/a", "/v?q=1", "/n"]),
    Case(["route-uri = ^/api/(.*)$ rewrite:/$1"],
         ["/api/a%20b", "/api/x/../y", "/api/q?r=s", Ask("/api/%2e%2e/z", ours=(
             "400 Bad Request", {"Content-Type": "text/plain"}, "400 Bad Request\n"))]),
    Case(["static-map = /static=@", "route = ^/assets/(.*)$ rewrite:/static/$1"], ["/assets/a.txt"]),
    # variables
    Case(["route-run = addvar:X_TEST=v$1${HTTP_HOST}", "route-run = setuser:joe:pw", "route-run = setscheme:https",
          "route-run = setscriptname:/s", "route-run = fixpathinfo:", "route-run = setmethod:PUT",
          "route-run = seturi:/changed", "route-run = setremoteaddr:9.9.9.9", "route-run = setapp:/foo"], ["/s/a"]),
    Case(["route-run = setpathinfo:/set", "route = ^/set addvar:X_TEST=${PATH_INFO}"], ["/a"]),
    Case(["route-run = addvar:X_TEST=${cookie[a]}|${cookie[b]}|${base64[HTTP_HOST]}|${hex[HTTP_HOST]}|${time[bad]}|"
          "${x}|${foo[x]}|$|$$1|${unclosed"], [Ask("/a", vars={"HTTP_COOKIE": "a=1;  b=2 ; c=3"})]),
    # subjects
    Case([r"route-host = ^(.*)\.org$ addvar:X_TEST=$1", "route-qs = ^a=(.) setuser:$1",
          "route-remote-addr = ^203 setscriptname:/lo", "route-user-agent = curl setmethod:CURL",
          "route-referer = evil seturi:/evil"],
         [Ask("/a?a=5", vars={"HTTP_USER_AGENT": "curl/1", "HTTP_REFERER": "http://evil/"}), "/a"]),
    Case(["route-remote-user = ^adm addvar:X_TEST=boss"], [Ask("/a", vars={"REMOTE_USER": "admin"}), "/a"]),
    Case([r"route = ^/x(?i)Y$ addvar:X_TEST=i", r"route = ^/[[:alpha:]]{3}$ addvar:X_TEST=three",
          r"route = ^/(a|b)+c\d?$ addvar:X_TEST=$1$0"], ["/xy", "/abc", "/abac7", "/zz"]),
    # conditions
    Case(["route-if = exists:@${PATH_INFO} addvar:X_TEST=yes", "route-if-not = isfile:@${PATH_INFO} setscriptname:none",
          "route-if = isdir:@${PATH_INFO} setuser:dir"], ["/a.txt", "/sub", "/zz"]),
    Case(["route-if = regexp:${REQUEST_URI};^/(a+)(b+)$ addvar:X_TEST=$2-$1-$0-$3"], ["/aab", "/b"]),
    Case(["route-if = ishigher:${qs[n]};5 addvar:X_TEST=hi", "route-if = contains:${QUERY_STRING};n= setuser:c",
          "route-if = ipv4in:${REMOTE_ADDR};203.0.113.0/24 setscriptname:net", "route-if = <=:${qs[n]};0 setmethod:LOW",
          "route-if-not = endswith:${PATH_INFO};/ seturi:/noslash"], ["/a?n=6", "/a?n=5", "/", "/x?n=-1"]),
    Case(["route-if = equal:${HTTP_HOST};example.org addvar:X_TEST=eq", "route-if = ==:a;b setuser:no",
          "route-if = startswith:${PATH_INFO};/x setuser:x", "route-if = empty:${qs[a]} setscriptname:empty",
          "route-if-not = empty:${qs[a]} setscriptname:full"], ["/xa", "/?a=1"]),
    # jumps
    Case(["route-if = equal:${HTTP_HOST};example.org goto:lab", "route-run = addvar:X_TEST=skipped",
          "route-label = lab", "route-run = setuser:behind"], ["/a"]),
    Case(["route-label = back", "route-run = goto:back"], [Ask("/a", ours=LOST)]),
    Case(["route-run = goto:nowhere"], [Ask("/a", ours=LOST)]),
    # headers
    Case(["route-run = delheader:Content-Type", "route-run = addheader:X-A: ${PATH_INFO}"], ["/a"]),
    Case(["response-route-run = delheader:Content-Type", "response-route-run = addheader:X-S: ${uwsgi[status]}",
          "add-header = X-C: 1"], ["/a", "/status/404_Not_Found"]),
    Case(["response-route-run = delheader:X-C", "add-header = X-C: 1"], ["/a"]),
    Case(["static-map = /static=@", "route = ^/static rewrite:/other", "route = ^/static/ addheader:X-B: c"],
         [Ask("/static/a.txt", ours=("200 OK", STATIC, "hello\n"))]),
    Case(["static-map = /static=@", "route = ^/static addheader:X-B: c", "route = /sub break:403"],
         [Ask("/static/a.txt", ours=("200 OK", STATIC | {"X-B": "c"}, "hello\n")), "/static/sub/b.txt"]),
    Case(["route = ^/d redirect:/e", "route-run = setuser:never", "add-header = X-C: 1"], ["/d"]),
    # answers of their own
    Case(["route-run = clearheaders:201 Created", "route-run = addheader:X-A: 1", "route-run = send:hel",
          "route-run = send-crnl:lo ${PATH_INFO}", "route-run = break:"], ["/a"]),
    Case(["response-route-run = send:pre"], ["/a"]),
    # files
    Case(["route-run = static:@${PATH_INFO}"], [
        Ask("/a.txt", ours=("200 OK", STATIC, "hello\n")), Ask("/none", ours=MISSING), Ask("/sub", ours=MISSING)]),
    Case(["route-run = file:filename=@${PATH_INFO},status=404 Nope,content_type=text/x"],
         ["/a.txt", Ask("/none", ours=MISSING), Ask("/sub", ours=MISSING)]),
    Case(["route-run = file-next:filename=@${PATH_INFO}"], ["/a.txt", "/none"]),
    Case(["route-run = sendfile:filename=@${PATH_INFO}"], ["/a.txt", "/sub/b.txt"]),
    Case(["route-if-not = exists:@${PATH_INFO} static:@/a.txt"],
         [Ask("/x", ours=("200 OK", STATIC, "hello\n")), "/sub"]),
    # who may come in
    Case(["route = ^/ basicauth:My Realm,joe:secret"],
         ["/", login("joe", "secret"), login("joe", "bad"), login("joe", ""),
          Ask("/a", vars={"HTTP_AUTHORIZATION": "Bearer x"}), Ask("/a", vars={"REMOTE_USER": "front"})]),
    Case(["route = ^/ basicauth-next:R,joe:secret", "route = ^/ basicauth:R,ann:pw"],
         ["/", login("joe", "secret"), login("ann", "pw"), login("x", "bad")]),
    Case(["route = ^/ basicauth:R,@/users"], [login("ann", "pw"), login("ann", "no"), login("bob", "pw"), "/"]),
    Case(["route = ^/ basicauth:R,@/no-users"], [login("ann", "pw")]),
    # answers of the application
    Case(["collect-header = X-Sendfile X_SENDFILE", "response-route-if-not = empty:${X_SENDFILE} static:${X_SENDFILE}"],
         [Ask("/file/a.txt", ours=("200 OK", STATIC, "hello\n")), "/a", Ask("/file/none", ours=MISSING)]),
    Case(["pull-header = X-Sendfile X_FILE", "response-route-if-not = empty:${X_FILE} fastfile:filename=${X_FILE}"],
         ["/file/a.txt", "/a"]),
    Case(["pull-header = x-sendfile X_FILE", "response-route-if-not = empty:${X_FILE} addheader:X-File: ${X_FILE}"],
         ["/file/a.txt"]),
    Case(["response-route-status = 404 clearheaders:200 OK", "response-route-status = 404 addheader:X-C: 1",
          "response-route-status = 410 break:403 Forbidden", "response-route-status = 411 redirect:/x"],
         ["/status/404_Not_Found", "/status/410_Gone", "/status/411_Length", "/a"]),
    Case(["response-route = ^/a addheader:X-R: 1", "response-route-uri = q=1 addheader:X-Q: 1",
          "response-route-if = equal:${uwsgi[status]};200 addheader:X-OK: 1"], ["/a", "/a?q=1", "/status/500_Ouch"]),
    Case(["response-route-run = goto:end", "response-route-run = addheader:X-A: 1", "response-route-label = end",
          "response-route-run = addheader:X-B: 1"], ["/a"]),
    Case(["error-route-status = 404 redirect:/home", "error-route-status = 410 addheader:X-C: 1",
          "error-route-if = equal:${uwsgi[status]};403 static:@/a.txt", "route = ^/deny break:404"],
         ["/status/404_Not_Found", "/status/410_Gone", "/a", "/deny",
          Ask("/status/403_Forbidden", ours=("200 OK", STATIC, "hello\n"))]),
    # lines that change nothing of an answer
    Case(["route-run = donotlog:", "route-run = donotoffload:", "route-run = log:x", "route-run = flush:",
          "route-run = logvar:k=v", "final-route-run = log:${uwsgi[status]}"], ["/a"]),
]
