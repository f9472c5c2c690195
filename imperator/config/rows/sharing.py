"""Memory and locks that processes share: rows of the table of options."""

from imperator.config.option import Option

ROWS = (
    Option(
        ("locks",), kind="int", default="0", subsystem="locks", status="supported",
        help="Number of user locks exposed to applications",
    ),
    Option(
        ("lock-engine",), default="platform default", subsystem="locks", status="accepted",
        reason="all locks are robust mutexes of the C library",
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
        ("sharedarea",), "A", kind="list", repeats=True, subsystem="sharedarea", status="supported",
        help="Create a shared memory area; page count or keyval (pages,file,fd,ptr,size,offset)",
    ),
    Option(
        ("cache",), kind="uint", default="0", subsystem="cache", status="supported",
        help="Create the unnamed/default cache with this many items",
    ),
    Option(
        ("cache-blocksize",), kind="uint", default="65535 (auto 64k)", subsystem="cache", status="supported",
        help="Block size in bytes of the default cache",
    ),
    Option(
        ("cache-store",), implies=("master",), subsystem="cache", status="supported",
        help="File used to persist the default cache",
    ),
    Option(
        ("cache-store-sync",), kind="int", default="0", subsystem="cache", status="accepted",
        reason="the file is the memory: the kernel writes what changes, also after a crash of the instance",
        help="Flush frequency (master cycles) of the persistent default cache",
    ),
    Option(
        ("cache-no-expire",), takes="none", kind="flag", default="off", subsystem="cache", status="supported",
        help="Do not run the expiry sweeper",
    ),
    Option(
        ("cache-expire-freq",), kind="int", default="3", subsystem="cache", status="supported",
        help="Seconds between expiry sweeps",
    ),
    Option(
        ("cache-report-freed-items",), takes="none", kind="flag", default="off", subsystem="cache", status="supported",
        help="Log how many items each sweep freed",
    ),
    Option(
        ("cache-udp-server",), kind="list", repeats=True, implies=("master",), subsystem="cache", status="refused",
        reason="share with other machines through Redis or memcached; anybody could write to this",
        help="UDP address receiving set/delete messages for the default cache",
    ),
    Option(
        ("cache-udp-node",), kind="list", repeats=True, implies=("master",), subsystem="cache", status="refused",
        reason="share with other machines through Redis or memcached; anybody could write to this",
        help="UDP peer that is told about changes of the default cache",
    ),
    Option(
        ("cache-sync",), subsystem="cache", status="refused",
        reason="share with other machines through Redis or memcached; anybody could write to this",
        help="Peer from which the default cache is copied at startup",
    ),
    Option(
        ("cache-use-last-modified",), takes="none", kind="flag", default="off", subsystem="cache", status="supported",
        help="Track modification time of cache items",
    ),
    Option(
        ("add-cache-item",), kind="list", repeats=True, subsystem="cache", status="supported",
        help="Preload an item: [cache ]key=value",
    ),
    Option(
        ("load-file-in-cache",), kind="list", repeats=True, subsystem="cache", status="supported",
        help="Preload a file's content under its path as key",
    ),
    Option(
        ("load-file-in-cache-gzip",), kind="list", repeats=True, subsystem="cache", status="supported",
        availability="build:zlib",
        help="Preload a gzip-compressed copy of a file under path.gz",
    ),
    Option(
        ("cache2",), kind="list", repeats=True, subsystem="cache", status="supported",
        help="Create a named cache (keyval: name, items, blocksize, blocks, keysize, hash, store, ... )",
    ),
    Option(
        ("queue",), kind="int", default="0", subsystem="queue", status="supported",
        help="Create a shared queue with this many slots",
    ),
    Option(
        ("queue-blocksize",), kind="int", default="8192", subsystem="queue", status="supported",
        help="Slot size in bytes",
    ),
    Option(
        ("queue-store",), implies=("master",), subsystem="queue", status="supported",
        help="File used to persist the queue",
    ),
    Option(
        ("queue-store-sync",), kind="int", default="0", subsystem="queue", status="accepted",
        reason="the file is the memory: the kernel writes what changes, also after a crash of the instance",
        help="Flush frequency of the persistent queue",
    ),
    Option(
        ("check-cache",), takes="optional", subsystem="cache",
        help="Answer requests straight from this cache if PATH_INFO is a key",
    ),
)
