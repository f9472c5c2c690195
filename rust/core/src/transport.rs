//! What a connection reads from and writes to: a socket, or a socket with a TLS session around it. Never waits, except in
//! `wait`; knows nothing of requests.
//!
//! The plain way is one branch and the system call. A clone is the same connection: whoever answers and whoever reads a
//! body that is still on its way hold one each, and only the connection itself closes the descriptor.
//!
//! What a TLS session changes, and how it is told here:
//!
//! - Bytes may have been decrypted, or the end of the stream seen, while the socket stays silent: `recv` goes on until
//!   there is no room or the socket is empty, and `has_end` tells of an end that came with the last bytes.
//! - Bytes may have been taken and not be on their way: `flush` and `owes` tell, and a connection is done with its
//!   answer only when nothing is owed.
//! - It may have to send before it can receive (a handshake): `recv` sends, and `owes` says whether that was all.

use std::io;
use std::mem::MaybeUninit;
use std::os::raw::c_int;
use std::sync::Arc;

use crate::sys;
use crate::tls::Session;

/// What one TLS record carries.
const RECORD: usize = 16 * 1024;

/// One end of a connection.
#[derive(Clone)]
pub struct Transport {
    fd: c_int,
    tls: Option<Arc<Session>>,
}

/// What to wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ready {
    /// Something to read.
    Input,
    /// Room to send.
    Room,
}

impl Transport {
    /// No connection at all.
    pub const fn none() -> Transport {
        Transport { fd: -1, tls: None }
    }

    /// A socket as it is.
    pub const fn plain(fd: c_int) -> Transport {
        Transport { fd, tls: None }
    }

    /// A socket whose bytes are those of this session.
    pub fn secured(fd: c_int, session: Session) -> Transport {
        Transport { fd, tls: Some(Arc::new(session)) }
    }

    /// The descriptor, for epoll.
    pub fn fd(&self) -> c_int {
        self.fd
    }

    /// The session, if there is one.
    pub fn session(&self) -> Option<&Session> {
        self.tls.as_deref()
    }

    /// Append at most `max` bytes to `buf`, never more than its spare room, without waiting. `Ok(0)` is the end. Fewer
    /// bytes than there was room for: the socket is empty, and a new edge will tell of more (but see `has_end`).
    #[inline]
    pub fn recv(&self, buf: &mut Vec<u8>, max: usize) -> io::Result<usize> {
        match &self.tls {
            None => sys::recv_some(self.fd, buf, max),
            Some(session) => session.recv(self.fd, buf, max),
        }
    }

    /// As `recv`, into a place that may hold anything before.
    #[inline]
    pub fn recv_into(&self, room: &mut [MaybeUninit<u8>]) -> io::Result<usize> {
        match &self.tls {
            None => sys::recv_raw(self.fd, room),
            Some(session) => {
                let mut buf = Vec::with_capacity(room.len().min(RECORD));
                let count = session.recv(self.fd, &mut buf, room.len().min(RECORD))?;
                for (to, from) in room.iter_mut().zip(buf) {
                    to.write(from);
                }
                Ok(count)
            }
        }
    }

    /// The end of the stream was met behind the bytes of the last `recv`: there will be no new edge.
    #[inline]
    pub fn has_end(&self) -> bool {
        self.tls.as_ref().is_some_and(|session| session.has_end())
    }

    /// Is there anything to read now? The end of the stream is nothing.
    pub fn has_input(&self) -> bool {
        self.tls.as_ref().is_some_and(|session| session.has_plaintext())
            || matches!(sys::peek(self.fd), Ok(count) if count > 0)
    }

    /// Send without waiting; answers how much was taken.
    #[inline]
    pub fn send(&self, data: &[u8]) -> io::Result<usize> {
        match &self.tls {
            None => sys::send(self.fd, data, false),
            Some(session) => session.send(self.fd, &[data]),
        }
    }

    /// Send without waiting; `more`: further bytes follow at once, and may leave with these.
    pub fn send_before(&self, data: &[u8], more: bool) -> io::Result<usize> {
        match &self.tls {
            None => sys::send(self.fd, data, more),
            Some(session) => session.send(self.fd, &[data]),
        }
    }

    /// Send up to four pieces, one behind the other, without waiting; answers how much was taken.
    #[inline]
    pub fn send_pieces(&self, pieces: &[&[u8]]) -> io::Result<usize> {
        match &self.tls {
            None => sys::send_pieces(self.fd, pieces),
            Some(session) => session.send(self.fd, pieces),
        }
    }

    /// Send from a file, from `offset` on, without waiting. `Ok(0)`: the file ends there.
    pub fn send_file(&self, file: c_int, offset: &mut i64, count: usize) -> io::Result<usize> {
        match &self.tls {
            None => sys::send_file(self.fd, file, offset, count),
            Some(session) => session.send_file(self.fd, file, offset, count),
        }
    }

    /// Send what was taken and is still here; true when nothing is left.
    #[inline]
    pub fn flush(&self) -> io::Result<bool> {
        match &self.tls {
            None => Ok(true),
            Some(session) => session.flush(self.fd),
        }
    }

    /// Something was taken, or is said by the session itself, and waits for room to be sent.
    #[inline]
    pub fn owes(&self) -> bool {
        self.tls.as_ref().is_some_and(|session| session.owes())
    }

    /// Wait until there may be something to read, or room to send. False: the time is over.
    pub fn wait(&self, ready: Ready, timeout_ms: u64) -> io::Result<bool> {
        match self.events(ready) {
            0 => Ok(true),
            events => sys::wait(self.fd, events, timeout_ms),
        }
    }

    /// What to poll the descriptor for; 0: it is ready.
    pub fn events(&self, ready: Ready) -> i16 {
        match ready {
            Ready::Room => libc::POLLOUT,
            Ready::Input if self.has_end() => 0,
            // What the session owes may be what the peer waits for before it says more.
            Ready::Input if self.owes() => libc::POLLIN | libc::POLLOUT,
            Ready::Input => libc::POLLIN,
        }
    }

    /// Say that no more will be sent.
    pub fn shutdown_write(&self) {
        if let Some(session) = &self.tls {
            session.say_goodbye(self.fd);
        }
        sys::shutdown_write(self.fd);
    }

    /// The answer is not complete, and the peer must see it: a TLS peer is not told that this was all.
    pub fn cut(&self) {
        if let Some(session) = &self.tls {
            session.cut();
        }
    }

    /// Close it. Only the connection does, and only once.
    pub fn close(&mut self) {
        if let Some(session) = self.tls.take() {
            session.say_goodbye(self.fd);
        }
        sys::close(self.fd);
        self.fd = -1;
    }
}
