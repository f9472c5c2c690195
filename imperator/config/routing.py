"""Internal routing: ``route*``, ``response-route*`` and so on, ``collect-header``, and what ``http`` does by itself.

Lines become :class:`Routing`, which the engine compiles (``rust/core/src/routing``). What a rule means is the engine's
matter; here its form is checked, and what Imperator will not do is said. Such a rule never opens a door: where it would
have answered, requests are answered 501; where it would have done something besides, it is left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from imperator.config.complain import Complaints
from imperator.config.options import lookup
from imperator.config.pairs import Pair
from imperator.config.statics import flaw
from imperator.config.values import flag, leading_digits
from imperator.errors import Where
from imperator.pipes import Routing, Rule

CHAINS = {"": "request", "error-": "error", "response-": "response", "final-": "last"}
_VARIABLES = {
    "route": "PATH_INFO", "route-host": "HTTP_HOST", "route-uri": "REQUEST_URI", "route-qs": "QUERY_STRING",
    "route-remote-addr": "REMOTE_ADDR", "route-user-agent": "HTTP_USER_AGENT", "route-remote-user": "REMOTE_USER",
    "route-referer": "HTTP_REFERER",
}
FILES = frozenset((
    "static", "static-next", "file", "file-next", "sendfile", "sendfile-next", "fastfile", "fastfile-next",
))
ACTIONS = FILES | {
    "continue", "last", "break", "return", "break-with-status", "redirect", "redirect-302", "redirect-permanent",
    "redirect-301", "rewrite", "rewrite-last", "addvar", "logvar", "setapp", "setscriptname", "setmethod", "seturi",
    "setremoteaddr", "setdocroot", "setpathinfo", "setscheme", "setuser", "fixpathinfo", "addheader", "delheader",
    "remheader", "clearheaders", "resetheaders", "log", "donotlog", "goto", "basicauth", "basicauth-next", "send",
    "send-crnl", "send-crlf", "gzip", "expires", "donotoffload", "flush", "chunked", "fixcl", "forcecl",
    "setmodifier1", "setmodifier2",
}
"""What a rule can do. Some are done anyway, such as ``chunked``, and are taken without further ado."""

CONDITIONS = frozenset((
    "exists", "isfile", "isdir", "islink", "isexec", "equal", "isequal", "eq", "==", "startswith", "endswith",
    "contains", "contain", "regexp", "re", "empty", "ishigher", ">", "ishigherequal", ">=", "islower", "<",
    "islowerequal", "<=", "ipv4in", "ipv6in",
))


class Refusal(NamedTuple):
    """An action that Imperator does not do."""

    advice: str
    answers: bool
    """uWSGI would have answered the request with it, or decided who gets in."""


_PROXY = Refusal("let nginx pass these requests on, with a location and proxy_pass or uwsgi_pass", True)
_CGI = Refusal("let nginx and fcgiwrap run such programs", True)
_LOGIN = Refusal("let nginx ask who it is (auth_request, ngx_http_auth), or use basicauth with a file of users", True)
_CALL = Refusal("move it into the application, which has the whole request at hand", True)
_CACHE = Refusal("let nginx keep answers (proxy_cache, uwsgi_cache), or the application", False)
_COUNT = Refusal("count in the application, or from the log", False)
_PROCESS = Refusal("it would change the process for every request that follows; set it for the instance", False)
_BODY = Refusal("change the body in the application", False)

REFUSED: dict[str, Refusal] = {
    **dict.fromkeys(("http", "httpdumb", "proxyhttp", "httpconnect", "proxyhttpconnect", "uwsgi", "proxyuwsgi",
                     "hash"), _PROXY),
    **dict.fromkeys(("cgi", "cgihelper", "xmldir", "ssi", "xslt", "gridfs"), _CGI),
    **dict.fromkeys(("ldapauth", "ldapauth-next", "radius", "radius-next", "spnego", "spnego-next", "access"), _LOGIN),
    **dict.fromkeys(("call", "rpc", "rpcret", "rpcblob", "rpcnext", "rpcraw", "rpcvar", "symcall", "symcall-next"),
                    _CALL),
    **dict.fromkeys(("cache", "cache-continue", "cachestore", "cache-store", "cachevar", "cacheset", "cacheinc",
                     "cachedec", "cachemul", "cachediv", "memcached", "memcached-continue", "memcachedstore",
                     "memcached-store", "redis", "redis-continue", "redisstore", "redis-store"), _CACHE),
    **dict.fromkeys(("metricinc", "metricdec", "metricmul", "metricdiv", "metricset", "+", "-", "*", "/"), _COUNT),
    **dict.fromkeys(("chdir", "setprocname", "sethome"), _PROCESS),
    **dict.fromkeys(("toupper", "toxslt", "template", "tofile", "to-file", "offload"), _BODY),
    "setfile": Refusal("requests do not load code; mount the application and choose it with setapp", True),
    "disableheaders": Refusal("an answer without a head is none; use clearheaders to empty it", True),
    "signal": Refusal("call uwsgi.signal in the application", False),
    "alarm": Refusal("write a line with log:, and let a log-alarm raise the alarm", False),
    "harakiri": Refusal("harakiri bounds every request of the instance", False),
}
_REFUSED_CONDITIONS = {
    "lord": "there is no legion here; nobody is its lord",
    "incache": "rules do not look into caches; let nginx keep answers, or the application",
}
class _Flaw(Exception):
    """A rule is none; the fact, and what to write instead."""

    def __init__(self, fact: str, hint: str) -> None:
        super().__init__(fact)
        self.fact, self.hint = fact, hint


_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def read(pairs: Sequence[Pair], found: Mapping[str, Sequence[Pair]], complaints: Complaints) -> Routing | None:
    """The rules; None: nothing of the kind is configured. ``found``: the pairs by the canonical name of an option."""
    chains: dict[str, list[Rule]] = {chain: [] for chain in CHAINS.values()}
    for pair in pairs:
        row = lookup(pair.key)
        if row is not None and row.kind == "route":
            prefix = row.name.partition("route")[0]
            try:
                rule = _rule(row.name.removeprefix(prefix), pair, complaints)
            except _Flaw as flawed:
                complaints.error("route-invalid", pair.where, flawed.fact, f"{flawed.hint}; uWSGI would not start")
                continue
            if rule:
                chains[CHAINS[prefix]].append(rule)
    _jumps(chains, complaints)
    collected = [one for pair in found.get("pull-header", ()) if (one := _collected(pair, True, complaints))]
    collected += [one for pair in found.get("collect-header", ()) if (one := _collected(pair, False, complaints))]
    variables = [variable for pair in found.get("http-var", ()) if (variable := _variable(pair, complaints))]
    told = Routing(
        request=tuple(chains["request"]),
        error=tuple(chains["error"]),
        response=tuple(chains["response"]),
        last=tuple(chains["last"]),
        collected=tuple(collected),
        variables=tuple(variables),
        names_by_host=_is_on("http-server-name-as-http-host", found, complaints),
        compresses=_is_on("http-auto-gzip", found, complaints),
    )
    return told if told != Routing() else None


def needs_files(told: Routing | None) -> bool:
    """Whether a rule answers with a file, or asks for a content type."""
    rules = [rule for chain in (told.request, told.error, told.response) for rule in chain] if told else []
    return any(rule.action in FILES or "${mime[" in rule.argument + rule.pattern for rule in rules)


def _is_on(name: str, found: Mapping[str, Sequence[Pair]], complaints: Complaints) -> bool:
    return name in found and flag(found[name][-1], complaints)


def _rule(name: str, pair: Pair, complaints: Complaints) -> Rule | None:
    """One rule, or None if it cannot be kept. ``name``: the option without the prefix of its chain."""
    place, text = str(pair.where), pair.text()
    if name == "route-label":
        return Rule(place, "label", text, "", "")
    pattern, space, action = ("", " ", text) if name == "route-run" else text.partition(" ")
    action, colon, argument = action.lstrip(" ").partition(":")
    what = "condition:arguments" if "-if" in name else "status" if name.endswith("-status") else "pattern"
    form = "action:arguments" if name == "route-run" else f"{what} action:arguments"
    if not space or not colon:
        raise _Flaw(f"{pair.key} = {text} is not of the form {form}", f"write {pair.key} = {form}")
    test = _VARIABLES.get(name) or name.removeprefix("route-").replace("run", "")
    if "-if" in name:
        condition = _condition(pair, pattern, complaints)
        if condition is None:
            return None
        pattern = condition
    elif name.endswith("-status"):
        if leading_digits(pattern) != (pattern, "") or len(pattern) != 3:
            complaints.warn("value-malformed", pair.where, f"{pair.key}: {pattern} is no status, so the rule never"
                            " applies", f"write {pair.key} = 404 {action}:{argument}")
    elif name != "route-run" and not _is_pattern(pair, pattern, complaints):
        return None
    refused = REFUSED.get(action)
    if action == "setmodifier1" and leading_digits(argument)[0] not in ("0", "30", ""):
        refused = Refusal("only Python applications are served; let nginx choose another server", True)
    if refused is not None:
        return _refused(pair, Rule(place, test, pattern, action, argument), refused, complaints)
    if action not in ACTIONS:
        near = sorted(known for known in ACTIONS if known[:3] == action[:3])
        hint = f"write one of {', '.join(near)}" if near else "docs/routing.md lists what there is"
        raise _Flaw(f"{pair.key} knows no action {action}", hint)
    if problem := _argument(action, argument):
        raise _Flaw(f"{pair.key}: {action}:{argument} {problem}", "docs/routing.md shows each action")
    return Rule(place, test, pattern, action, argument)


def _is_pattern(pair: Pair, pattern: str, complaints: Complaints) -> bool:
    if problem := flaw(pattern):
        complaints.error("regexp-invalid", pair.where, f"{pair.key}: {pattern} is no expression that can be used:"
                         f" {problem}", "write it with brackets, groups and repetition only, or as several rules")
        return False
    return True


def _condition(pair: Pair, text: str, complaints: Complaints) -> str | None:
    """The condition as the engine shall see it; None if it cannot be kept."""
    name, colon, arguments = text.partition(":")
    if not colon:
        raise _Flaw(f"{pair.key}: {text} is no condition: it has no colon",
                        f"write {pair.key} = equal:${{HTTP_HOST}};example.org action:arguments")
    if reason := _REFUSED_CONDITIONS.get(name):
        complaints.warn("route-refused", pair.where, f"{pair.key}: the condition {name} never holds in Imperator",
                        reason)
        return "equal:"
    if name not in CONDITIONS:
        raise _Flaw(f"{pair.key} knows no condition {name}", f"write one of {', '.join(sorted(CONDITIONS))}")
    left, semicolon, right = arguments.partition(";")
    if name in ("regexp", "re") and semicolon and not _is_pattern(pair, right, complaints):
        return None
    if not semicolon and name not in ("exists", "isfile", "isdir", "islink", "isexec", "empty"):
        complaints.warn("value-malformed", pair.where, f"{pair.key}: {text} never holds: it has no semicolon",
                        f"write {name}:{left or '${PATH_INFO}'};other")
    return text


def _argument(action: str, text: str) -> str:
    """What is wrong with the argument of an action; empty: nothing that could be seen here."""
    if action in ("addvar", "logvar") and not text.partition("=")[1]:
        return "is not NAME=value"
    if action in ("addvar", "logvar") and text.startswith(("=", "wsgi.")):
        return "names a variable that belongs to the server"
    if action.startswith(("file", "sendfile", "fastfile")) and "filename=" not in text:
        return "has no filename="
    if action.startswith("basicauth"):
        realm, comma, _ = text.partition(",")
        if not comma:
            return "is not realm,user:password or realm,file"
        if any(c in realm for c in '"\r\n'):
            return "has a realm with quotes or line breaks"
    if action in ("return", "break-with-status") and not (text.strip()[:3].isdigit() and text.strip()[0:1] in "12345"):
        return "has no status"
    return ""


def _refused(pair: Pair, rule: Rule, refusal: Refusal, complaints: Complaints) -> Rule | None:
    becomes = "such requests are answered 501" if refusal.answers else "the rule is left out"
    complaints.warn("route-refused", pair.where, f"{pair.key}: Imperator does not do {rule.action}, {becomes}",
                    refusal.advice)
    return rule._replace(action="return", argument="501") if refusal.answers else None


def _jumps(chains: Mapping[str, Sequence[Rule]], complaints: Complaints) -> None:
    """Complain of jumps that lead nowhere; requests that come to one are answered 500."""
    for rules in chains.values():
        for index, rule in enumerate(rules):
            label = rule.argument
            behind = {other.pattern for other in rules[index + 1:] if other.test == "label"}
            if rule.action == "goto" and "$" not in label and label not in behind and not label[:1].isdigit():
                file, _, line = rule.place.rpartition(":")
                where = Where(file, int(line)) if line.isdigit() else Where(rule.place)
                complaints.warn("route-invalid", where, f"goto:{label} leads to no label behind it, such requests are"
                                " answered 500", f"write route-label = {label} below this line")


def _collected(pair: Pair, pulls: bool, complaints: Complaints) -> tuple[str, str, bool] | None:
    header, space, variable = pair.text().partition(" ")
    if not space or not _NAME.fullmatch(header) or not variable.strip():
        complaints.error("route-invalid", pair.where, f"{pair.key} = {pair.text()} is not a header and a variable",
                         f"write {pair.key} = X-Sendfile X_SENDFILE; uWSGI would not start")
        return None
    return header, variable.strip(), pulls


def _variable(pair: Pair, complaints: Complaints) -> tuple[str, str] | None:
    name, equals, value = pair.text().partition("=")
    if not equals or not name or name.startswith("wsgi."):
        complaints.warn("value-malformed", pair.where, f"{pair.key} = {pair.text()} is no variable",
                        f"write {pair.key} = NAME=value; the line is ignored")
        return None
    return name, value
