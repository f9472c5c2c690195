"""TLS: rows of the table of options."""

from imperator.config.option import Option

ROWS = (
    Option(
        ("ssl-verbose",), takes="none", kind="flag", default="off", subsystem="ssl", availability="build:ssl",
        help="Log TLS errors in detail",
    ),
    Option(
        ("ssl-verify-depth",), takes="optional", kind="int", default="1", subsystem="ssl", availability="build:ssl",
        help="How many CA levels a client certificate chain may have",
    ),
    Option(
        ("ssl-sessions-use-cache", "ssl-session-use-cache"), takes="optional", implies=("master",), subsystem="ssl",
        availability="build:ssl-session-cache", help="Store TLS sessions in a uwsgi cache (optional cache name)",
    ),
    Option(
        ("ssl-sessions-timeout", "ssl-session-timeout"), kind="int", default="300", subsystem="ssl",
        availability="build:ssl-session-cache", help="TLS session lifetime in seconds",
    ),
    Option(
        ("sni",), kind="special", repeats=True, subsystem="ssl", availability="build:ssl",
        help="`name crt,key[,ciphers[,client-ca]]` certificate selected by SNI name",
    ),
    Option(
        ("sni-dir",), subsystem="ssl", availability="build:ssl",
        help="Directory searched for NAME.crt / NAME.key (/NAME.ca) on demand",
    ),
    Option(("sni-dir-ciphers",), subsystem="ssl", availability="build:ssl", help="Cipher list for sni-dir contexts"),
    Option(
        ("ssl-enable3", "ssl-enable-sslv3"), takes="none", kind="flag", default="off", subsystem="ssl",
        availability="build:ssl", help="Allow SSLv3",
    ),
    Option(
        ("ssl-enable-tlsv1",), takes="none", kind="flag", default="off", subsystem="ssl", availability="build:ssl",
        help="Allow TLS 1.0",
    ),
    Option(
        ("ssl-option",), takes="none", kind="list", repeats=True, subsystem="ssl", availability="build:ssl",
        help="Raw OpenSSL option number; declared value-less so it only works from config files",
    ),
    Option(
        ("sni-regexp",), kind="special", repeats=True, subsystem="ssl", availability="build:ssl;build:pcre",
        help="Like sni with a regular expression as name",
    ),
    Option(("ssl-tmp-dir",), subsystem="ssl", availability="build:ssl", help="Directory for temporary TLS material"),
)
