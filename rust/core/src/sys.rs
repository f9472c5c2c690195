//! The system calls of the engine, each with its `unsafe` in one place. Decides nothing.

use std::ffi::{CStr, CString};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{FromRawFd, OwnedFd};
use std::os::raw::c_int;

/// `errno` as an `io::Error` when a call answered -1.
fn check(rc: libc::ssize_t) -> io::Result<usize> {
    if rc < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(rc as usize)
    }
}

/// Milliseconds of the monotonic clock. Read through the vDSO, without a system call.
pub fn now_ms() -> u64 {
    now_us() / 1000
}

/// Microseconds of the monotonic clock.
pub fn now_us() -> u64 {
    clock(libc::CLOCK_MONOTONIC)
}

/// Microseconds since the epoch, as coarse as the kernel's tick.
pub fn wall_us() -> u64 {
    clock(libc::CLOCK_REALTIME_COARSE)
}

fn clock(which: libc::clockid_t) -> u64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `now` is a valid place for the answer.
    unsafe { libc::clock_gettime(which, &mut now) };
    now.tv_sec as u64 * 1_000_000 + now.tv_nsec as u64 / 1000
}

/// Seconds since the epoch as local calendar time.
pub fn local_time(seconds: i64) -> libc::tm {
    // SAFETY: both pointers are to live locals; a zeroed `tm` is valid.
    unsafe {
        let mut out: libc::tm = std::mem::zeroed();
        libc::localtime_r(&seconds, &mut out);
        out
    }
}

/// Seconds since the epoch as calendar time in UTC.
pub fn utc_time(seconds: i64) -> libc::tm {
    // SAFETY: as in `local_time`.
    unsafe {
        let mut out: libc::tm = std::mem::zeroed();
        libc::gmtime_r(&seconds, &mut out);
        out
    }
}

/// Append what the socket has to `buf`, at most its spare capacity, without waiting. `Ok(0)` is end of file.
pub fn recv_append(fd: c_int, buf: &mut Vec<u8>) -> io::Result<usize> {
    let spare = buf.capacity() - buf.len();
    recv_some(fd, buf, spare)
}

/// Append at most `max` bytes, never more than the spare capacity.
pub fn recv_some(fd: c_int, buf: &mut Vec<u8>, max: usize) -> io::Result<usize> {
    let spare = (buf.capacity() - buf.len()).min(max);
    loop {
        // SAFETY: `spare` bytes after `len` belong to the vector's allocation.
        let rc = unsafe { libc::recv(fd, buf.as_mut_ptr().add(buf.len()).cast(), spare, libc::MSG_DONTWAIT) };
        match check(rc) {
            Ok(count) => {
                // SAFETY: the kernel initialised `count <= spare` bytes after `len`.
                unsafe { buf.set_len(buf.len() + count) };
                return Ok(count);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Read into a place that may hold anything before. `Ok(0)` is end of file.
pub fn recv_raw(fd: c_int, room: &mut [MaybeUninit<u8>]) -> io::Result<usize> {
    loop {
        // SAFETY: pointer and length are those of a slice that is only written to.
        match check(unsafe { libc::recv(fd, room.as_mut_ptr().cast(), room.len(), libc::MSG_DONTWAIT) }) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// Are there bytes (or an end of file) to read?
pub fn peek(fd: c_int) -> io::Result<usize> {
    let mut byte = 0u8;
    // SAFETY: one byte of room for one byte.
    check(unsafe { libc::recv(fd, (&raw mut byte).cast(), 1, libc::MSG_DONTWAIT | libc::MSG_PEEK) })
}

/// Send without waiting and without SIGPIPE. `more`: further bytes follow at once.
pub fn send(fd: c_int, data: &[u8], more: bool) -> io::Result<usize> {
    let flags = libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL | if more { libc::MSG_MORE } else { 0 };
    loop {
        // SAFETY: pointer and length are those of a slice.
        match check(unsafe { libc::send(fd, data.as_ptr().cast(), data.len(), flags) }) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// Send several pieces with one call, without waiting and without SIGPIPE.
pub fn send_pieces(fd: c_int, pieces: &[&[u8]]) -> io::Result<usize> {
    let mut parts = [libc::iovec { iov_base: std::ptr::null_mut(), iov_len: 0 }; 4];
    for (part, piece) in parts.iter_mut().zip(pieces) {
        *part = libc::iovec { iov_base: piece.as_ptr().cast_mut().cast(), iov_len: piece.len() };
    }
    loop {
        // SAFETY: a zeroed msghdr is valid; the vectors point to slices that outlive the call and are only read.
        let rc = unsafe {
            let mut message: libc::msghdr = std::mem::zeroed();
            message.msg_iov = parts.as_mut_ptr();
            message.msg_iovlen = pieces.len().min(parts.len()) as _;
            libc::sendmsg(fd, &message, libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL)
        };
        match check(rc) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// Send slices with one call, without waiting and without SIGPIPE.
pub fn send_slices(fd: c_int, pieces: &[io::IoSlice<'_>]) -> io::Result<usize> {
    loop {
        // SAFETY: a zeroed msghdr is valid; an IoSlice is laid out as an iovec, and the slices are only read.
        let rc = unsafe {
            let mut message: libc::msghdr = std::mem::zeroed();
            message.msg_iov = pieces.as_ptr().cast_mut().cast();
            message.msg_iovlen = pieces.len().min(64) as _;
            libc::sendmsg(fd, &message, libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL)
        };
        match check(rc) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// Read what the socket has into `room`, without waiting. `Ok(0)` is end of file.
pub fn recv_into(fd: c_int, room: &mut [u8]) -> io::Result<usize> {
    loop {
        // SAFETY: pointer and length are those of a slice.
        match check(unsafe { libc::recv(fd, room.as_mut_ptr().cast(), room.len(), libc::MSG_DONTWAIT) }) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// Look at what the socket has, without taking it and without waiting. `Ok(0)` is end of file.
pub fn peek_into(fd: c_int, room: &mut [u8]) -> io::Result<usize> {
    let flags = libc::MSG_DONTWAIT | libc::MSG_PEEK;
    loop {
        // SAFETY: pointer and length are those of a slice.
        match check(unsafe { libc::recv(fd, room.as_mut_ptr().cast(), room.len(), flags) }) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// Read from a file, from `offset` on, without moving its position. `Ok(0)`: the file ends there.
pub fn read_at(file: c_int, room: &mut [u8], offset: i64) -> io::Result<usize> {
    loop {
        // SAFETY: pointer and length are those of a slice.
        match check(unsafe { libc::pread(file, room.as_mut_ptr().cast(), room.len(), offset) }) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// Send from a file, from `offset` on. `Ok(0)`: the file ends there.
pub fn send_file(fd: c_int, file: c_int, offset: &mut i64, count: usize) -> io::Result<usize> {
    // SAFETY: `offset` is a live integer.
    check(unsafe { libc::sendfile(fd, file, offset, count) })
}

/// Another descriptor of the same file, closed on exec.
pub fn duplicate(fd: c_int) -> io::Result<OwnedFd> {
    // SAFETY: no pointers; a descriptor that the kernel has just made and nobody else knows.
    unsafe {
        let rc = check(libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, 0) as libc::ssize_t)?;
        Ok(OwnedFd::from_raw_fd(rc as c_int))
    }
}

/// Append at most `count` bytes of a file, from `offset` on. `Ok(0)`: the file ends there.
pub fn read_append(file: c_int, buf: &mut Vec<u8>, offset: i64, count: usize) -> io::Result<usize> {
    buf.reserve(count);
    // SAFETY: `reserve` made room for `count` bytes after `len`.
    let rc = unsafe { libc::pread(file, buf.as_mut_ptr().add(buf.len()).cast(), count, offset) };
    let read = check(rc)?;
    // SAFETY: the kernel initialised `read <= count` bytes after `len`.
    unsafe { buf.set_len(buf.len() + read) };
    Ok(read)
}

/// Bytes that the kernel has taken and the peer has not; 0 if it does not tell.
pub fn untaken(fd: c_int) -> usize {
    let mut count: c_int = 0;
    // SAFETY: this request writes one int.
    unsafe { libc::ioctl(fd, libc::TIOCOUTQ, &mut count) };
    usize::try_from(count).unwrap_or(0)
}

/// Wait until the descriptor is ready for `events` (POLLIN, POLLOUT). False: the time is over.
pub fn wait(fd: c_int, events: i16, timeout_ms: u64) -> io::Result<bool> {
    let until = now_ms().saturating_add(timeout_ms);
    loop {
        let left = until.saturating_sub(now_ms()).min(i32::MAX as u64) as c_int;
        let mut entry = libc::pollfd { fd, events, revents: 0 };
        // SAFETY: one entry, counted as one.
        match check(unsafe { libc::poll(&mut entry, 1, left) } as libc::ssize_t) {
            Ok(count) => return Ok(count > 0),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Write all of it to the log. A log that cannot be written is nothing anyone could be told about.
pub fn write_log(mut data: &[u8]) {
    while !data.is_empty() {
        // SAFETY: pointer and length are those of a slice.
        match check(unsafe { libc::write(2, data.as_ptr().cast(), data.len()) }) {
            Ok(count) => data = data.get(count..).unwrap_or(&[]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                if wait(2, libc::POLLOUT, 1000).is_err() {
                    return;
                }
            }
            Err(_) => return,
        }
    }
}

/// An eventfd, closed on exec.
pub fn eventfd() -> io::Result<c_int> {
    // SAFETY: no pointers.
    check(unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) } as libc::ssize_t).map(|fd| fd as c_int)
}

/// Make an eventfd readable.
pub fn notify(fd: c_int) {
    let one = 1u64;
    // SAFETY: eight bytes, as eventfd wants; failure means that it is readable already.
    unsafe { libc::write(fd, (&raw const one).cast(), 8) };
}

/// Make an eventfd unreadable.
pub fn hush(fd: c_int) {
    let mut count = 0u64;
    // SAFETY: room for the eight bytes that eventfd gives.
    unsafe { libc::read(fd, (&raw mut count).cast(), 8) };
}

/// A timer that can be polled, closed on exec; it is read with `hush`.
pub fn timer() -> io::Result<c_int> {
    // SAFETY: no pointers.
    let fd = unsafe { libc::timerfd_create(libc::CLOCK_MONOTONIC, libc::TFD_CLOEXEC | libc::TFD_NONBLOCK) };
    check(fd as libc::ssize_t).map(|fd| fd as c_int)
}

/// Make a timer readable at this time, in milliseconds of the monotonic clock.
pub fn set_timer(fd: c_int, when: u64) {
    // A zero would switch it off.
    let when = when.max(1);
    let value = libc::timespec { tv_sec: (when / 1000) as _, tv_nsec: ((when % 1000) * 1_000_000) as _ };
    let zero = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    let told = libc::itimerspec { it_interval: zero, it_value: value };
    // SAFETY: the time lives through the call, and what was set before is not asked for.
    unsafe { libc::timerfd_settime(fd, libc::TFD_TIMER_ABSTIME, &told, std::ptr::null_mut()) };
}

/// A file without a name on the file system of this directory, for reading and writing.
pub fn open_unnamed(directory: &CStr) -> io::Result<c_int> {
    let flags = libc::O_TMPFILE | libc::O_RDWR | libc::O_CLOEXEC | libc::O_EXCL;
    // SAFETY: a C string; the mode is what the flags ask for.
    check(unsafe { libc::open(directory.as_ptr(), flags, 0o600) } as libc::ssize_t).map(|fd| fd as c_int)
}

/// A file whose name, made of this template, is gone at once.
pub fn open_and_unlink(template: CString) -> io::Result<c_int> {
    let template = template.into_raw();
    // SAFETY: a C string that may be written to, taken back afterwards.
    unsafe {
        let fd = libc::mkostemp(template, libc::O_CLOEXEC);
        let result = check(fd as libc::ssize_t);
        if fd >= 0 {
            libc::unlink(template);
        }
        drop(CString::from_raw(template));
        result.map(|_| fd)
    }
}

/// Write to a file.
pub fn write_some(fd: c_int, data: &[u8]) -> io::Result<usize> {
    loop {
        // SAFETY: pointer and length are those of a slice.
        match check(unsafe { libc::write(fd, data.as_ptr().cast(), data.len()) }) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// Read from a place in a file.
pub fn read_raw_at(fd: c_int, offset: u64, room: &mut [MaybeUninit<u8>]) -> io::Result<usize> {
    loop {
        // SAFETY: pointer and length are those of a slice that is only written to.
        match check(unsafe { libc::pread(fd, room.as_mut_ptr().cast(), room.len(), offset as libc::off_t) }) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// How many descriptors this process may have open.
pub fn open_files() -> usize {
    let mut limit = libc::rlimit { rlim_cur: 1024, rlim_max: 1024 };
    // SAFETY: `limit` is a valid place for the answer, and keeps its own if there is none.
    unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) };
    usize::try_from(limit.rlim_cur).unwrap_or(usize::MAX)
}

/// Close, whatever it says.
pub fn close(fd: c_int) {
    // SAFETY: the callers own the descriptor.
    unsafe { libc::close(fd) };
}

/// Say that no more will be sent.
pub fn shutdown_write(fd: c_int) {
    // SAFETY: no pointers.
    unsafe { libc::shutdown(fd, libc::SHUT_WR) };
}

/// Set an integer socket option; whether the socket knows it is of no interest.
pub fn set_option(fd: c_int, level: c_int, name: c_int, value: c_int) {
    // SAFETY: the option is an int of this size.
    unsafe { libc::setsockopt(fd, level, name, (&raw const value).cast(), size_of::<c_int>() as libc::socklen_t) };
}

/// Do not wait on this descriptor.
pub fn set_nonblocking(fd: c_int) {
    // SAFETY: no pointers.
    unsafe {
        let flags = libc::fcntl(fd, libc::F_GETFL);
        libc::fcntl(fd, libc::F_SETFL, flags | libc::O_NONBLOCK);
    }
}

/// Local time through `strftime`, at most a kilobyte of it; empty if it is longer.
pub fn strftime(format: &[u8], seconds: i64) -> Vec<u8> {
    let Ok(format) = std::ffi::CString::new(format) else { return Vec::new() };
    let (time, mut out) = (local_time(seconds), vec![0u8; 1024]);
    // SAFETY: room and length belong together; the format ends with a zero byte; `time` is a live local.
    let length = unsafe { libc::strftime(out.as_mut_ptr().cast(), out.len(), format.as_ptr(), &time) };
    out.truncate(length);
    out
}

/// Bytes of address space and of memory in use by this process; zeros if the kernel does not tell.
pub fn memory() -> (u64, u64) {
    let Ok(text) = std::fs::read_to_string("/proc/self/statm") else { return (0, 0) };
    // SAFETY: no pointers.
    let page = u64::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap_or(4096);
    let mut pages = text.split(' ').map_while(|field| field.parse::<u64>().ok());
    (pages.next().unwrap_or(0) * page, pages.next().unwrap_or(0) * page)
}

/// Microseconds since the last bytes of a TCP connection arrived, as exact as the kernel's tick; 0 for other sockets.
pub fn since_last_bytes(fd: c_int) -> u64 {
    // SAFETY: a zeroed tcp_info is valid; length and room belong together.
    unsafe {
        let mut info: libc::tcp_info = std::mem::zeroed();
        let mut length = size_of::<libc::tcp_info>() as libc::socklen_t;
        if libc::getsockopt(fd, libc::IPPROTO_TCP, libc::TCP_INFO, (&raw mut info).cast(), &mut length) < 0 {
            return 0;
        }
        u64::from(info.tcpi_last_data_recv) * 1000
    }
}

/// What kind of file a descriptor is, as one of `S_IFMT`; 0 if it is closed.
pub fn file_type(fd: c_int) -> libc::mode_t {
    // SAFETY: a zeroed stat is a valid place for the answer.
    unsafe {
        let mut stat: libc::stat = std::mem::zeroed();
        libc::fstat(fd, &mut stat);
        stat.st_mode & libc::S_IFMT
    }
}

/// Open what a descriptor is open on once more, to write without waiting. Others' descriptors still wait.
pub fn open_again(fd: c_int) -> io::Result<c_int> {
    let path = std::ffi::CString::new(format!("/proc/self/fd/{fd}"))?;
    let flags = libc::O_WRONLY | libc::O_NONBLOCK | libc::O_NOCTTY | libc::O_CLOEXEC | libc::O_APPEND;
    // SAFETY: the path is a C string.
    check(unsafe { libc::open(path.as_ptr(), flags) } as libc::ssize_t).map(|fd| fd as c_int)
}

/// Write some of it.
pub fn write(fd: c_int, data: &[u8]) -> io::Result<usize> {
    // SAFETY: pointer and length are those of a slice.
    check(unsafe { libc::write(fd, data.as_ptr().cast(), data.len()) })
}
