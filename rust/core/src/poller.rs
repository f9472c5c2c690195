//! The worker's epoll, shared by its cores. Knows descriptors and tokens; does not know what they mean.
//!
//! Connections are edge-triggered: a connection that is being worked on by one core is not looked at by another (see
//! `conns.rs` for how ownership passes), and a request on a connection that stays open costs no `epoll_ctl`.

use std::io;
use std::os::raw::c_int;

use crate::sys;

/// An epoll instance.
pub struct Poller {
    fd: c_int,
}

/// What `wait` found.
#[derive(Clone, Copy)]
pub struct Event {
    /// As given to `add`.
    pub token: u64,
    /// The peer has finished sending, or the connection is broken.
    pub hangup: bool,
}

/// Room for the events of one wait.
pub type Room = [libc::epoll_event; 64];

/// Empty room.
pub fn room() -> Room {
    [libc::epoll_event { events: 0, u64: 0 }; 64]
}

const HANGUP: u32 = (libc::EPOLLRDHUP | libc::EPOLLHUP | libc::EPOLLERR) as u32;

impl Poller {
    /// A new one, closed on exec.
    pub fn new() -> io::Result<Poller> {
        // SAFETY: no pointers.
        let fd = unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(Poller { fd })
    }

    /// Its descriptor, for another poller.
    pub fn fd(&self) -> c_int {
        self.fd
    }

    fn control(&self, operation: c_int, fd: c_int, events: c_int, token: u64) -> io::Result<()> {
        let mut event = libc::epoll_event { events: events as u32, u64: token };
        // SAFETY: `event` lives through the call.
        if unsafe { libc::epoll_ctl(self.fd, operation, fd, &mut event) } < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(())
    }

    /// A listening socket that several processes share: one of them is woken per connection.
    pub fn add_listener(&self, fd: c_int, token: u64) -> io::Result<()> {
        self.control(libc::EPOLL_CTL_ADD, fd, libc::EPOLLIN | libc::EPOLLEXCLUSIVE, token)
    }

    /// An eventfd that wakes whoever waits until it is read.
    pub fn add_signal(&self, fd: c_int, token: u64) -> io::Result<()> {
        self.control(libc::EPOLL_CTL_ADD, fd, libc::EPOLLIN, token)
    }

    /// A connection. `writable`: it also waits for room to send.
    pub fn add_connection(&self, fd: c_int, token: u64, writable: bool) -> io::Result<()> {
        self.control(libc::EPOLL_CTL_ADD, fd, interest(writable), token)
    }

    /// Change what a connection waits for. Readiness that exists already is reported again.
    pub fn change(&self, fd: c_int, token: u64, writable: bool) -> io::Result<()> {
        self.control(libc::EPOLL_CTL_MOD, fd, interest(writable), token)
    }

    /// Forget a descriptor.
    pub fn remove(&self, fd: c_int) {
        // A descriptor that is not there needs no removing.
        let _ = self.control(libc::EPOLL_CTL_DEL, fd, 0, 0);
    }

    /// How many events there are, up to `most`; a timeout of -1 waits for the first. A signal ends the wait with none.
    pub fn wait(&self, room: &mut Room, most: usize, timeout_ms: c_int) -> usize {
        let most = most.min(room.len()) as c_int;
        // SAFETY: the room has at least as many places as are announced.
        let count = unsafe { libc::epoll_wait(self.fd, room.as_mut_ptr(), most, timeout_ms) };
        usize::try_from(count).unwrap_or(0)
    }
}

fn interest(writable: bool) -> c_int {
    let out = if writable { libc::EPOLLOUT } else { 0 };
    libc::EPOLLIN | libc::EPOLLRDHUP | libc::EPOLLET | out
}

impl Drop for Poller {
    fn drop(&mut self) {
        sys::close(self.fd);
    }
}

/// Read one event out of the room.
pub fn event(room: &Room, index: usize) -> Event {
    let raw = room[index];
    Event { token: raw.u64, hangup: raw.events & HANGUP != 0 }
}
