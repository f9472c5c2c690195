//! An answer as bytes of its protocol. Decides how the end of the body is told; checks no header (see `response`).
//!
//! Sources: RFC 9112 sections 4, 6, 7.1 and 9; FastCGI 1.0 sections 3.3, 5.3 and 5.5; RFC 3875 section 6 for the
//! `Status` field of FastCGI and SCGI. uwsgi answers with HTTP, as nginx expects.
//!
//! | protocol | starts with | the body ends with |
//! |---|---|---|
//! | HTTP/1.1 | status line | its length; else the last chunk |
//! | HTTP/1.0 | status line | its length; else the end of the connection |
//! | uwsgi | status line | the end of the connection |
//! | FastCGI | `Status:` | an empty STDOUT record and END_REQUEST |
//! | SCGI | `Status:` | the end of the connection |

use alloc::vec::Vec;

use crate::fastcgi::{self, record_header};
use crate::response::{is_content_length, number};
use crate::{is_hop_by_hop, Facts, Protocol, Version};

/// What a client that sent `Expect: 100-continue` waits for.
pub const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// The most that one record carries.
const RECORD: usize = 65535;

/// How the body of this answer is framed, and how much of it was.
#[derive(Debug)]
pub struct Framing {
    kind: Kind,
    status: u16,
    /// What Content-Length still promises.
    left: Option<u64>,
    excess: u64,
    persistent: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// No body, whatever the application produces. For FastCGI there is still an end to tell.
    Nothing { request_id: Option<u16> },
    /// Bytes as they are.
    Plain,
    /// Chunks.
    Chunked,
    /// STDOUT records.
    Records { request_id: u16 },
}

/// The bytes around one piece of the body, for a caller that writes without copying: `before`, then the first `take`
/// bytes of its data, then `after`. If `take` is less than the data, ask again with the rest; `take` = 0 means that no
/// more is accepted.
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
    const NOTHING: Piece = Piece { before: [0; 20], before_len: 0, take: 0, after: b"" };

    /// What goes before the data.
    pub fn before(&self) -> &[u8] {
        self.before.get(..usize::from(self.before_len)).unwrap_or(&[])
    }

    fn set_before(&mut self, bytes: &[u8]) {
        for (to, from) in self.before.iter_mut().zip(bytes) {
            *to = *from;
        }
        self.before_len = bytes.len().min(self.before.len()) as u8;
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
/// left out (but for a 101, whose Upgrade is the point of it). `length` is the length of the whole body if the caller
/// knows it; a Content-Length of the application wins, and the first of several does. `date`, the value of a Date
/// field, is for HTTP that faces clients directly (RFC 9110 6.6.1) and is used only if the application gave none;
/// behind a front-end pass `None`.
pub fn frame_head<'h>(
    facts: &Facts,
    status: &[u8],
    headers: impl Iterator<Item = (&'h [u8], &'h [u8])>,
    length: Option<u64>,
    date: Option<&[u8]>,
    out: &mut Vec<u8>,
) -> Framing {
    let code = status.first_chunk().and_then(number).unwrap_or(500);
    let is_http = facts.protocol == Protocol::Http;
    let start = out.len();
    if facts.protocol == Protocol::FastCgi {
        out.extend_from_slice(&[0; fastcgi::HEADER]);
    }
    out.extend_from_slice(match facts.protocol {
        Protocol::FastCgi | Protocol::Scgi if !facts.nph => b"Status:",
        _ => facts.version.text().as_bytes(),
    });
    out.push(b' ');
    out.extend_from_slice(status);
    if status.len() == 3 {
        out.push(b' ');
    }
    out.extend_from_slice(b"\r\n");

    // RFC 9110 8.6: no length with these at all.
    let never_length = code < 200 || code == 204;
    let has_body = !(never_length || code == 304 || facts.head_only);
    let mut declared = None;
    let mut dated = false;
    for (name, value) in headers {
        if is_content_length(name) {
            if never_length || declared.is_some() {
                continue;
            }
            declared = crate::request::content_length(value.trim_ascii()).ok().flatten();
            if declared.is_none() {
                continue;
            }
        } else if is_hop_by_hop(name) && code != 101 {
            continue;
        }
        dated |= date.is_some() && name.eq_ignore_ascii_case(b"date");
        header(name, value, out);
    }
    if declared.is_none() && has_body {
        if let Some(length) = length {
            declared = Some(length);
            header(b"Content-Length", decimal(length, &mut [0; 20]), out);
        }
    }
    if let (Some(date), true, false) = (date, is_http, dated) {
        header(b"Date", date, out);
    }

    let mut persistent =
        facts.persistent && matches!(facts.protocol, Protocol::Http | Protocol::FastCgi) && code >= 200;
    let kind = match facts.protocol {
        Protocol::FastCgi if has_body => Kind::Records { request_id: facts.request_id },
        Protocol::FastCgi => Kind::Nothing { request_id: Some(facts.request_id) },
        _ if !has_body => Kind::Nothing { request_id: None },
        Protocol::Http if declared.is_none() && facts.version == Version::Http11 => {
            header(b"Transfer-Encoding", b"chunked", out);
            Kind::Chunked
        }
        Protocol::Http if declared.is_none() => {
            persistent = false;
            Kind::Plain
        }
        _ => Kind::Plain,
    };
    if is_http && code != 101 {
        match (persistent, facts.version) {
            (true, Version::Http11) => {}
            (true, Version::Http10) => header(b"Connection", b"keep-alive", out),
            (false, _) => header(b"Connection", b"close", out),
        }
    }
    out.extend_from_slice(b"\r\n");
    if facts.protocol == Protocol::FastCgi {
        wrap(out, start, facts.request_id);
    }
    Framing { kind, status: code, left: declared.filter(|_| has_body), excess: 0, persistent }
}

fn header(name: &[u8], value: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(name);
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}

/// Digits of a number.
pub(crate) fn decimal(mut number: u64, digits: &mut [u8; 20]) -> &[u8] {
    let mut at = digits.len();
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
        at -= 1;
        if number == 0 {
            break;
        }
    }
    digits.get(at..).unwrap_or(&[])
}

/// Make STDOUT records of what stands in `out` from `start` on, where room for the first record header was left.
fn wrap(out: &mut Vec<u8>, start: usize, request_id: u16) {
    let content = start + fastcgi::HEADER;
    let rest = out.split_off((content + RECORD).min(out.len()));
    let length = out.len() - content;
    // `length` is at most RECORD: the rest was split off.
    let first = record_header(fastcgi::STDOUT, request_id, length as u16);
    for (to, from) in out.iter_mut().skip(start).zip(first) {
        *to = from;
    }
    for piece in rest.chunks(RECORD) {
        out.extend_from_slice(&record_header(fastcgi::STDOUT, request_id, piece.len() as u16));
        out.extend_from_slice(piece);
    }
}

impl Framing {
    /// The number of the status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// A body may be sent. False for HEAD, 204 and 304: what the application produces is dropped by `piece` and `chunk`.
    pub fn has_body(&self) -> bool {
        !matches!(self.kind, Kind::Nothing { .. })
    }

    /// Bytes of body still expected, if known.
    pub fn remaining(&self) -> Option<u64> {
        if self.has_body() {
            self.left
        } else {
            Some(0)
        }
    }

    /// Frame up to `len` bytes without touching them. `take` = 0: no more is accepted, drop the rest.
    #[inline]
    pub fn piece(&mut self, len: usize) -> Piece {
        let mut piece = Piece::NOTHING;
        if len == 0 || !self.has_body() {
            return piece;
        }
        let allowed = self.left.map_or(len, |left| len.min(usize::try_from(left).unwrap_or(usize::MAX)));
        if allowed == 0 {
            self.excess = self.excess.saturating_add(len as u64);
            return piece;
        }
        piece.take = match self.kind {
            Kind::Records { .. } => allowed.min(RECORD),
            _ => allowed,
        };
        match self.kind {
            Kind::Chunked => {
                let mut line = [0; 20];
                piece.set_before(size_line(piece.take, &mut line));
                piece.after = b"\r\n";
            }
            Kind::Records { request_id } => {
                piece.set_before(&record_header(fastcgi::STDOUT, request_id, piece.take as u16));
            }
            Kind::Plain | Kind::Nothing { .. } => {}
        }
        if let Some(left) = &mut self.left {
            *left -= piece.take as u64;
        }
        piece
    }

    /// Append all of `data` with its framing to `out`. Empty data appends nothing.
    pub fn chunk(&mut self, mut data: &[u8], out: &mut Vec<u8>) {
        while !data.is_empty() {
            let piece = self.piece(data.len());
            if piece.take == 0 {
                return;
            }
            let (now, rest) = data.split_at(piece.take);
            out.extend_from_slice(piece.before());
            out.extend_from_slice(now);
            out.extend_from_slice(piece.after);
            data = rest;
        }
    }

    /// The body is complete: append what ends it.
    pub fn end(&mut self, out: &mut Vec<u8>) -> Ended {
        match self.kind {
            Kind::Chunked => out.extend_from_slice(b"0\r\n\r\n"),
            Kind::Records { request_id } | Kind::Nothing { request_id: Some(request_id) } => {
                out.extend_from_slice(&record_header(fastcgi::STDOUT, request_id, 0));
                fastcgi::end_request(request_id, fastcgi::REQUEST_COMPLETE, out);
            }
            Kind::Plain | Kind::Nothing { request_id: None } => {}
        }
        let missing = self.left.unwrap_or(0);
        // A client that counts waits for what is missing; only a record tells it that nothing more comes.
        let told = missing == 0 || matches!(self.kind, Kind::Records { .. });
        Ended { persistent: self.persistent && told, missing, excess: self.excess }
    }

    /// The application failed after its head was sent. Appends nothing with any of today's protocols, since the only
    /// way to say "this is not the whole answer" is to close without the last chunk, the promised length or
    /// END_REQUEST (which nginx would take for a good end). Close the connection then.
    pub fn abort(&mut self, _out: &mut Vec<u8>) {
        self.persistent = false;
    }
}

/// `hex CR LF`.
fn size_line(size: usize, line: &mut [u8; 20]) -> &[u8] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut at = line.len();
    let mut left = size;
    let tail = *b"\n\r";
    for (index, byte) in line.iter_mut().rev().enumerate() {
        *byte = match tail.get(index) {
            Some(end) => *end,
            None => {
                let digit = DIGITS.get(left & 15).copied().unwrap_or(b'0');
                left >>= 4;
                digit
            }
        };
        at -= 1;
        if index >= tail.len() && left == 0 {
            break;
        }
    }
    line.get(at..).unwrap_or(&[])
}
