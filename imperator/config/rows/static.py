"""Static files and offloading: rows of the table of options."""

from imperator.config.option import Option

ROWS = (
    Option(
        ("check-static", "static-check"), kind="special", repeats=True, implies=("mime-table",), subsystem="static",
        help="Directory searched for a file matching PATH_INFO before calling the app",
    ),
    Option(
        ("check-static-docroot",), takes="none", kind="flag", default="off", implies=("mime-table",),
        subsystem="static", help="Also search the DOCUMENT_ROOT sent by the web server",
    ),
    Option(
        ("static-map",), kind="prefix=path", repeats=True, implies=("mime-table",), subsystem="static",
        help="prefix=dir: serve files; the prefix is stripped before the lookup",
    ),
    Option(
        ("static-map2",), kind="prefix=path", repeats=True, implies=("mime-table",), subsystem="static",
        help="prefix=dir: serve files; the prefix is kept in the lookup",
    ),
    Option(
        ("static-skip-ext",), kind="list", repeats=True, implies=("mime-table",), subsystem="static",
        help="File suffix never served as static",
    ),
    Option(
        ("static-index",), kind="list", repeats=True, implies=("mime-table",), subsystem="static",
        help="File name tried when a directory is requested",
    ),
    Option(
        ("static-safe",), kind="list", repeats=True, implies=("mime-table",), subsystem="static",
        help="Extra directory in which resolved files may live (symlink targets)",
    ),
    Option(
        ("static-cache-paths",), kind="int", default="0 (off)", implies=("mime-table", "master"), subsystem="static",
        help="Seconds to cache path lookups",
    ),
    Option(
        ("static-cache-paths-name",), default="default cache", implies=("mime-table", "master"), subsystem="static",
        help="Cache used for path lookups",
    ),
    Option(
        ("mimefile", "mime-file"), kind="list", repeats=True, default="/etc/mime.types", implies=("mime-table",),
        subsystem="static", help="MIME type table to load",
    ),
    Option(
        ("static-expires-type",), kind="key=value", repeats=True, implies=("mime-table",), subsystem="static",
        help="type=seconds: Expires header by MIME type",
    ),
    Option(
        ("static-expires-type-mtime",), kind="key=value", repeats=True, implies=("mime-table",), subsystem="static",
        help="type=seconds relative to file mtime",
    ),
    Option(
        ("static-expires",), kind="regexp-value", repeats=True, implies=("mime-table",), subsystem="static",
        availability="build:pcre", help="`regexp seconds`: Expires header by file name",
    ),
    Option(
        ("static-expires-mtime",), kind="regexp-value", repeats=True, implies=("mime-table",), subsystem="static",
        availability="build:pcre", help="`regexp seconds` relative to file mtime, by file name",
    ),
    Option(
        ("static-expires-uri",), kind="regexp-value", repeats=True, implies=("mime-table",), subsystem="static",
        availability="build:pcre", help="`regexp seconds` by REQUEST_URI",
    ),
    Option(
        ("static-expires-uri-mtime",), kind="regexp-value", repeats=True, implies=("mime-table",),
        subsystem="static", availability="build:pcre", help="`regexp seconds` relative to mtime, by REQUEST_URI",
    ),
    Option(
        ("static-expires-path-info",), kind="regexp-value", repeats=True, implies=("mime-table",),
        subsystem="static", availability="build:pcre", help="`regexp seconds` by PATH_INFO",
    ),
    Option(
        ("static-expires-path-info-mtime",), kind="regexp-value", repeats=True, implies=("mime-table",),
        subsystem="static", availability="build:pcre", help="`regexp seconds` relative to mtime, by PATH_INFO",
    ),
    Option(
        ("static-gzip",), kind="regexp", repeats=True, implies=("mime-table",), subsystem="static",
        availability="build:pcre", help="Regexp of files for which a .gz sibling is tried",
    ),
    Option(
        ("static-gzip-all",), takes="none", kind="flag", default="off", implies=("mime-table",), subsystem="static",
        help="Always try a .gz sibling",
    ),
    Option(
        ("static-gzip-dir", "static-gzip-prefix"), kind="list", repeats=True, implies=("mime-table",),
        subsystem="static", help="Path prefix under which a .gz sibling is tried",
    ),
    Option(
        ("static-gzip-ext", "static-gzip-suffix"), kind="list", repeats=True, implies=("mime-table",),
        subsystem="static", help="File suffix for which a .gz sibling is tried",
    ),
    Option(
        ("offload-threads", "offload-thread"), kind="int", default="0", subsystem="offload",
        help="Threads per worker that stream files/connections",
    ),
    Option(
        ("file-serve-mode", "fileserve-mode"), kind="special", default="direct", implies=("mime-table",),
        subsystem="static", help="x-sendfile or x-accel-redirect (nginx): delegate file sending to the web server",
    ),
    Option(
        ("disable-sendfile",), takes="none", kind="flag", default="off", subsystem="static",
        help="Use read/write instead of sendfile()",
    ),
)
