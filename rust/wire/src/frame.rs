//! An answer as bytes of its protocol. Decides how the end of the body is told; checks no header (see `response`).

use alloc::vec::Vec;

use crate::Facts;

/// What a client that sent `Expect: 100-continue` waits for.
pub const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// How the body of this answer is framed, and how much of it was.
#[derive(Debug)]
pub struct Framing {}

/// The bytes around one piece of the body, for a caller that writes without copying: `before`, then the first `take`
/// bytes of its data, then `after`. If `take` is less than the data, ask again for the rest (unless the framing says
/// that no more is accepted).
#[derive(Clone, Copy, Debug)]
pub struct Piece {
    before: [u8; 20],
    before_len: u8,
    /// Bytes of the data that go between.
    pub take: usize,
    /// What follows them.
    pub after: &'static [u8],
}

impl Piece {
    /// What goes before the data.
    pub fn before(&self) -> &[u8] {
        self.before.get(..usize::from(self.before_len)).unwrap_or(&[])
    }
}

/// What is left to say once the last byte was framed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// The connection may be used for the next request; else close it.
    pub persistent: bool,
    /// Bytes that the application's Content-Length promised and did not bring. If not 0, log it.
    pub missing: u64,
    /// Bytes the application produced above its Content-Length, which were not sent. If not 0, log it.
    pub excess: u64,
}

/// Append the head of an answer to `out`.
///
/// `status` and `headers` were accepted by [`crate::check_status`] and [`crate::check_header`]; hop-by-hop headers are
/// left out. `length` is the length of the whole body if the caller knows it; a Content-Length of the application wins.
/// `date`, the value of a Date field, is for HTTP that faces clients directly (RFC 9110 6.6.1) and is used only if the
/// application gave none; behind a front-end pass `None`.
pub fn frame_head<'h>(
    _facts: &Facts,
    _status: &[u8],
    _headers: impl Iterator<Item = (&'h [u8], &'h [u8])>,
    _length: Option<u64>,
    _date: Option<&[u8]>,
    _out: &mut Vec<u8>,
) -> Framing {
    todo!()
}

impl Framing {
    /// The number of the status.
    pub fn status(&self) -> u16 {
        todo!()
    }

    /// A body may be sent. False for HEAD, 204 and 304: what the application produces is dropped by `piece` and `chunk`.
    pub fn has_body(&self) -> bool {
        todo!()
    }

    /// Bytes of body still expected, if known.
    pub fn remaining(&self) -> Option<u64> {
        todo!()
    }

    /// Frame up to `len` bytes without touching them. `take` = 0: no more is accepted, drop the rest.
    pub fn piece(&mut self, _len: usize) -> Piece {
        todo!()
    }

    /// Append all of `data` with its framing to `out`. Empty data appends nothing.
    pub fn chunk(&mut self, _data: &[u8], _out: &mut Vec<u8>) {
        todo!()
    }

    /// The body is complete: append what ends it.
    pub fn end(&mut self, _out: &mut Vec<u8>) -> Ended {
        todo!()
    }

    /// The application failed after its head was sent: append what a client needs to see that the body is cut short
    /// (nothing for most protocols, END_REQUEST for FastCGI). Then close the connection.
    pub fn abort(&mut self, _out: &mut Vec<u8>) {
        todo!()
    }
}
