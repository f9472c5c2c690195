"""TLS: rows of the table of options."""

from imperator.config.option import Option

ROWS = (
    Option(
        ("ssl-verbose",), takes="none", kind="flag", default="off", subsystem="ssl", availability="build:ssl",
        status="accepted", reason="every handshake that fails is logged, with its reason",
        help="Log TLS errors in detail",
    ),
    Option(
        ("ssl-verify-depth",), takes="optional", kind="int", default="1", subsystem="ssl", availability="build:ssl",
        status="accepted", reason="up to six certificates may stand between a client and the authority that is trusted",
        help="How many CA levels a client certificate chain may have",
    ),
    Option(
        ("ssl-sessions-use-cache", "ssl-session-use-cache"), takes="optional", implies=("master",), subsystem="ssl",
        availability="build:ssl-session-cache",
        status="accepted", reason="sessions are resumed by tickets that every worker understands, nothing is stored",
        help="Store TLS sessions in a uwsgi cache (optional cache name)",
    ),
    Option(
        ("ssl-sessions-timeout", "ssl-session-timeout"), kind="int", default="300", subsystem="ssl",
        availability="build:ssl-session-cache",
        status="supported", help="TLS session lifetime in seconds",
    ),
    Option(
        ("sni",), kind="special", repeats=True, subsystem="ssl", availability="build:ssl",
        status="supported", help="`name crt,key[,ciphers[,client-ca]]` certificate selected by SNI name",
    ),
    Option(
        ("sni-dir",), subsystem="ssl", availability="build:ssl",
        status="supported", help="Directory searched for NAME.crt / NAME.key (/NAME.ca) on demand",
    ),
    Option(
        ("sni-dir-ciphers",), subsystem="ssl", availability="build:ssl", status="supported",
        help="Cipher list for sni-dir contexts",
    ),
    Option(
        ("ssl-enable3", "ssl-enable-sslv3"), takes="none", kind="flag", default="off", subsystem="ssl",
        availability="build:ssl",
        status="refused",
        reason="SSL 3 is broken; TLS 1.2 and 1.3 are spoken, as every client of the last ten years does",
        help="Allow SSLv3",
    ),
    Option(
        ("ssl-enable-tlsv1",), takes="none", kind="flag", default="off", subsystem="ssl", availability="build:ssl",
        status="refused", reason="TLS 1.0 is obsolete; for clients that know nothing newer put a front-end before it",
        help="Allow TLS 1.0",
    ),
    Option(
        ("ssl-option",), takes="none", kind="list", repeats=True, subsystem="ssl", availability="build:ssl",
        status="refused", reason="its numbers are those of OpenSSL, which is not used here; remove it",
        help="Raw OpenSSL option number; declared value-less so it only works from config files",
    ),
    Option(
        ("sni-regexp",), kind="special", repeats=True, subsystem="ssl", availability="build:ssl;build:pcre",
        status="refused",
        reason="write a line of sni for each name; *.example.com stands for every name one level below",
        help="Like sni with a regular expression as name",
    ),
    Option(
        ("ssl-tmp-dir",), subsystem="ssl", availability="build:ssl", status="accepted", reason="nothing is written",
        help="Directory for temporary TLS material",
    ),
)
