"""Memory and locks that processes share: rows of the table of options."""

from imperator.config.option import Option

ROWS = (
    Option(
        ("locks",), kind="int", default="0", subsystem="locks", help="Number of user locks exposed to applications",
    ),
    Option(
        ("lock-engine",), default="platform default", subsystem="locks", status="accepted",
        reason="workers share no locks",
        help="Lock implementation; only `ipcsem` is selectable by name, anything else aborts",
    ),
    Option(
        ("ftok",), subsystem="locks", status="accepted", reason="no lock here is a System V semaphore",
        help="Path used to build the SysV IPC key",
    ),
    Option(
        ("persistent-ipcsem",), takes="none", kind="flag", default="off", subsystem="locks", status="accepted",
        reason="no lock here is a System V semaphore", help="Leave SysV semaphores behind at shutdown",
    ),
    Option(
        ("sharedarea",), "A", kind="list", repeats=True, subsystem="sharedarea",
        help="Create a shared memory area; page count or keyval (pages,file,fd,ptr,size,offset)",
    ),
    Option(
        ("cache",), kind="uint", default="0", subsystem="cache",
        help="Create the unnamed/default cache with this many items",
    ),
    Option(
        ("cache-blocksize",), kind="uint", default="65535 (auto 64k)", subsystem="cache",
        help="Block size in bytes of the default cache",
    ),
    Option(("cache-store",), implies=("master",), subsystem="cache", help="File used to persist the default cache"),
    Option(
        ("cache-store-sync",), kind="int", default="0", subsystem="cache",
        help="Flush frequency (master cycles) of the persistent default cache",
    ),
    Option(
        ("cache-no-expire",), takes="none", kind="flag", default="off", subsystem="cache",
        help="Do not run the expiry sweeper",
    ),
    Option(("cache-expire-freq",), kind="int", default="3", subsystem="cache", help="Seconds between expiry sweeps"),
    Option(
        ("cache-report-freed-items",), takes="none", kind="flag", default="off", subsystem="cache",
        help="Log how many items each sweep freed",
    ),
    Option(
        ("cache-udp-server",), kind="list", repeats=True, implies=("master",), subsystem="cache",
        help="UDP address receiving set/delete messages for the default cache",
    ),
    Option(
        ("cache-udp-node",), kind="list", repeats=True, implies=("master",), subsystem="cache",
        help="UDP peer that is told about changes of the default cache",
    ),
    Option(("cache-sync",), subsystem="cache", help="Peer from which the default cache is copied at startup"),
    Option(
        ("cache-use-last-modified",), takes="none", kind="flag", default="off", subsystem="cache",
        help="Track modification time of cache items",
    ),
    Option(
        ("add-cache-item",), kind="list", repeats=True, subsystem="cache", help="Preload an item: [cache ]key=value",
    ),
    Option(
        ("load-file-in-cache",), kind="list", repeats=True, subsystem="cache",
        help="Preload a file's content under its path as key",
    ),
    Option(
        ("load-file-in-cache-gzip",), kind="list", repeats=True, subsystem="cache", availability="build:zlib",
        help="Preload a gzip-compressed copy of a file under path.gz",
    ),
    Option(
        ("cache2",), kind="list", repeats=True, subsystem="cache",
        help="Create a named cache (keyval: name, items, blocksize, blocks, keysize, hash, store, ... )",
    ),
    Option(("queue",), kind="int", default="0", subsystem="queue", help="Create a shared queue with this many slots"),
    Option(("queue-blocksize",), kind="int", default="8192", subsystem="queue", help="Slot size in bytes"),
    Option(("queue-store",), implies=("master",), subsystem="queue", help="File used to persist the queue"),
    Option(
        ("queue-store-sync",), kind="int", default="0", subsystem="queue",
        help="Flush frequency of the persistent queue",
    ),
    Option(
        ("check-cache",), takes="optional", subsystem="cache",
        help="Answer requests straight from this cache if PATH_INFO is a key",
    ),
)
