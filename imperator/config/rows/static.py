"""Static files and offloading: rows of the table of options."""

from imperator.config.option import Option

ROWS = (
    Option(
        ("check-static", "static-check"), kind="special", repeats=True, implies=("mime-table",), subsystem="static",
        status="supported",
        help="Directory searched for a file matching PATH_INFO before calling the app",
    ),
    Option(
        ("check-static-docroot",), takes="none", kind="flag", default="off", implies=("mime-table",),
        subsystem="static", status="supported",
        help="Also search the DOCUMENT_ROOT that a trusted peer sends (uwsgi, FastCGI, SCGI; never HTTP)",
    ),
    Option(
        ("static-map",), kind="prefix=path", repeats=True, implies=("mime-table",), subsystem="static",
        status="supported",
        help="prefix=dir (or file): serve files; the prefix, in whole segments, is stripped before the lookup",
    ),
    Option(
        ("static-map2",), kind="prefix=path", repeats=True, implies=("mime-table",), subsystem="static",
        status="supported",
        help="prefix=dir: serve files; the prefix, in whole segments, is kept in the lookup",
    ),
    Option(
        ("static-skip-ext",), kind="list", repeats=True, implies=("mime-table",), subsystem="static",
        status="supported",
        help="File suffix never served as static",
    ),
    Option(
        ("static-index",), kind="list", repeats=True, implies=("mime-table",), subsystem="static", status="supported",
        help="File name tried when a directory is requested",
    ),
    Option(
        ("static-safe",), kind="list", repeats=True, implies=("mime-table",), subsystem="static", status="supported",
        help="Extra directory into which symbolic links may lead",
    ),
    Option(
        ("static-cache-paths",), kind="int", default="0 (off)", implies=("mime-table", "master"), subsystem="static",
        status="accepted",
        reason="the kernel remembers where files are; every lookup sees the directory as it is",
        help="Seconds to cache path lookups",
    ),
    Option(
        ("static-cache-paths-name",), default="default cache", implies=("mime-table", "master"), subsystem="static",
        status="accepted",
        reason="no lookup is cached",
        help="Cache used for path lookups",
    ),
    Option(
        ("mimefile", "mime-file"), kind="list", repeats=True, default="/etc/mime.types", implies=("mime-table",),
        subsystem="static", status="supported", help="MIME type table to load, before the built-in one",
    ),
    Option(
        ("static-expires-type",), kind="key=value", repeats=True, implies=("mime-table",), subsystem="static",
        status="supported",
        help="type=seconds: Expires header by MIME type",
    ),
    Option(
        ("static-expires-type-mtime",), kind="key=value", repeats=True, implies=("mime-table",), subsystem="static",
        status="supported",
        help="type=seconds relative to file mtime",
    ),
    Option(
        ("static-expires",), kind="regexp-value", repeats=True, implies=("mime-table",), subsystem="static",
        status="supported",
        help="`regexp seconds`: Expires header by file name",
    ),
    Option(
        ("static-expires-mtime",), kind="regexp-value", repeats=True, implies=("mime-table",), subsystem="static",
        status="supported",
        help="`regexp seconds` relative to file mtime, by file name",
    ),
    Option(
        ("static-expires-uri",), kind="regexp-value", repeats=True, implies=("mime-table",), subsystem="static",
        status="supported",
        help="`regexp seconds` by REQUEST_URI",
    ),
    Option(
        ("static-expires-uri-mtime",), kind="regexp-value", repeats=True, implies=("mime-table",),
        subsystem="static", status="supported", help="`regexp seconds` relative to mtime, by REQUEST_URI",
    ),
    Option(
        ("static-expires-path-info",), kind="regexp-value", repeats=True, implies=("mime-table",),
        subsystem="static", status="supported", help="`regexp seconds` by PATH_INFO",
    ),
    Option(
        ("static-expires-path-info-mtime",), kind="regexp-value", repeats=True, implies=("mime-table",),
        subsystem="static", status="supported", help="`regexp seconds` relative to mtime, by PATH_INFO",
    ),
    Option(
        ("static-gzip",), kind="regexp", repeats=True, implies=("mime-table",), subsystem="static", status="supported",
        help="Regexp of files for which a .br or .gz sibling is tried",
    ),
    Option(
        ("static-gzip-all",), takes="none", kind="flag", default="off", implies=("mime-table",), subsystem="static",
        status="supported",
        help="Always try a .br or .gz sibling",
    ),
    Option(
        ("static-gzip-dir", "static-gzip-prefix"), kind="list", repeats=True, implies=("mime-table",),
        subsystem="static", status="supported", help="Directory below which a .br or .gz sibling is tried",
    ),
    Option(
        ("static-gzip-ext", "static-gzip-suffix"), kind="list", repeats=True, implies=("mime-table",),
        subsystem="static", status="supported", help="File suffix for which a .br or .gz sibling is tried",
    ),
    Option(
        ("offload-threads", "offload-thread"), kind="int", default="0", subsystem="offload", status="accepted",
        reason="a file on its way keeps no worker and no thread, however slow the client is",
        help="Threads per worker that stream files/connections",
    ),
    Option(
        ("file-serve-mode", "fileserve-mode"), kind="special", default="direct", implies=("mime-table",),
        subsystem="static", status="supported",
        help="nginx or apache: answer with X-Accel-Redirect or X-Sendfile, and let the front-end send the file",
    ),
    Option(
        ("disable-sendfile",), takes="none", kind="flag", default="off", subsystem="static", status="supported",
        help="Read and send files instead of letting the kernel copy",
    ),
)
