"""The facts of a row of the table of options, in words: its type, default, repetition, phase and status.

The page of options, the man page and ``imperator options`` say the same because they say it from here.
"""

from __future__ import annotations

from imperator.config.option import Option

KINDS = {
    "flag": "yes or no",
    "inverse-flag": "yes or no, yes switches it off",
    "flag-or-strftime": "yes, or a pattern of strftime",
    "int": "number",
    "uint": "number",
    "uint16": "number up to 65535",
    "signed": "number, may be negative",
    "megabytes": "number of megabytes",
    "octal": "mode of three octal digits",
    "string": "text",
    "list": "text",
    "special": "text",
    "file": "name of a file",
    "user": "user, by name or number",
    "group": "group, by name or number",
    "addresses": "address: /path, @name, host:port, :port, [v6]:port, fd://N, =N",
    "tls-addresses": "address,certificate,key[,ciphers[,client CA]]",
    "ip-address": "IP address",
    "route": "rule: pattern action:arguments",
    "logic": "condition or loop",
    "logic-end": "end of a condition or loop",
    "context-end": "end of a list",
    "regexp": "pattern",
    "regexp-value": "pattern, blank, value",
    "id-regexp": "id, blank, pattern",
    "name=value": "name=value",
    "NAME=value": "NAME=value",
    "key=value": "key=value",
    "prefix=path": "/prefix=/path",
    "prefix=dir": "/prefix=/directory",
    "legion": "name address valor algorithm:secret",
    "ignored": "anything, not read",
}
"""The kinds of values, as a reader of a manual wants them."""

STATUS = {
    "supported": "supported",
    "accepted": "accepted, nothing to do",
    "refused": "refused",
    "not yet": "not yet, without effect",
}

SUBJECTS = {
    "sockets": "Sockets and protocols", "process": "Processes and their surroundings", "config": "The configuration",
    "config-logic": "Conditions and loops", "apps": "Applications", "threads": "Threads", "async": "Async modes",
    "python": "Python", "http": "Answers", "router": "HTTP in front, and routers", "timeouts": "Harakiri",
    "limits": "Limits", "reload": "Reloads and recycling", "cheaper": "Cheaper: as many workers as needed",
    "logging": "Logs", "emperor": "The emperor and its vassals", "stats": "Statistics", "metrics": "Metrics",
    "alarms": "Alarms", "security": "Privileges and jails", "control": "Control", "info": "Information",
    "plugins": "Plugins", "debug": "Looking for faults", "symcall": "Functions of C", "static": "Static files",
    "offload": "Offloading", "routing": "Internal routing", "rpc": "RPC", "udp": "Datagrams",
    "websockets": "WebSockets", "hooks": "Hooks", "spooler": "The spooler", "mules": "Mules", "signals": "Signals",
    "cron": "Cron", "daemons": "Daemons beside the workers", "locks": "Locks", "sharedarea": "Shared areas",
    "cache": "The cache", "queue": "The queue", "subscription": "Subscriptions", "legion": "Legion",
    "zerg": "Zerg mode", "ssl": "TLS",
}
"""The subsystems of the table in the order of the page, with their headings."""


def sentence(text: str) -> str:
    """``text`` as a sentence of a manual: a capital and a full stop."""
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".") if text else ""


def spelled(row: Option) -> str:
    """What stands behind the name on the command line."""
    return {"none": "", "optional": "[=VALUE]", "required": " VALUE"}[row.takes]


def facts(row: Option) -> list[str]:
    """Type, default, repetition, phase, and what else is to know, a few words each."""
    told = [KINDS[row.kind]]
    if row.takes == "optional":
        told.append("the value may be left out")
    if row.default not in ("", "-"):
        told.append(f"default {row.default}")
    told.append("may be repeated" if row.repeats else "the last line counts")
    if row.immediate:
        told.append("acts where it stands")
    if row.implies:
        told.append("switches on " + ", ".join(row.implies))
    if row.availability == "2.1-dev only":
        told.append("uWSGI 2.1 only")
    return told


def standing(row: Option) -> str:
    """The status, and the reason for it."""
    return STATUS[row.status] + (f": {row.reason}" if row.reason else "")
