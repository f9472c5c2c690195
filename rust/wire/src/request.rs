//! One request, whatever protocol brought it. Holds places in the bytes, never copies of them; decodes nothing.

use alloc::vec::Vec;

use crate::{Known, Limits, Protocol, Refusal, Version};

/// A place in [`Request::text`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// Byte after the last.
    pub end: u32,
}

impl Span {
    /// A span from positions in a buffer. Heads are far below 4 GiB: see [`crate::Limits::head_bytes`].
    pub(crate) fn new(start: usize, end: usize) -> Span {
        Span { start: start as u32, end: end as u32 }
    }

    /// The bytes of this span; empty if the text is not the one that was decoded.
    #[inline]
    pub fn of(self, text: &[u8]) -> &[u8] {
        text.get(self.start as usize..self.end as usize).unwrap_or(&[])
    }

    /// Number of bytes.
    pub fn len(self) -> usize {
        (self.end - self.start) as usize
    }

    /// Nothing in it, or never set.
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }
}

/// One variable of the request, in the order of arrival.
///
/// With uwsgi, FastCGI and SCGI the name is the environ key itself, and of equal names the **last** wins. With HTTP it
/// is the name of a header field as the client spelt it; `HTTP_` and upper case are the caller's work (unless `known`
/// spares it), and equal names are joined in order with [`Known::joiner`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Var {
    /// The name as it came. Empty for the host of an absolute target in a request without Host: use
    /// [`Known::key`] whenever `known` is not `Other`.
    pub name: Span,
    /// The value, for HTTP without the white space around it.
    pub value: Span,
    /// Which of the usual variables this is, already mapped (a `Host:` field is `HTTP_HOST`), or [`Known::Other`].
    pub known: Known,
}

/// How the end of a request's body is found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BodyFraming {
    /// There is none.
    #[default]
    Empty,
    /// So many bytes, more than none.
    Length(u64),
    /// RFC 9112 chunks.
    Chunked,
    /// FastCGI STDIN records up to the empty one. `Some` is the CONTENT_LENGTH that was announced.
    Records(Option<u64>),
}

/// A decoded request. Make one for a connection, hand it to [`crate::decode`] until that says `Head`, and
/// [`Request::clear`] it before the next.
#[derive(Debug, Default)]
pub struct Request {
    pub(crate) protocol: Option<Protocol>,
    pub(crate) vars: Vec<Var>,
    pub(crate) method: Span,
    pub(crate) target: Span,
    pub(crate) path: Span,
    pub(crate) query: Span,
    pub(crate) version: Version,
    pub(crate) body: BodyFraming,
    pub(crate) persistent: bool,
    pub(crate) expects_continue: bool,
    pub(crate) head_only: bool,
    pub(crate) request_id: u16,
    pub(crate) modifier1: u8,
    pub(crate) modifier2: u8,
    pub(crate) head_size: usize,
    pub(crate) dropped_headers: u32,
    pub(crate) assembled: bool,
    pub(crate) scratch: Vec<u8>,
    pub(crate) reply: Vec<u8>,
    pub(crate) scan: Scan,
}

/// Where a decoder stopped; each decoder gives the fields its own meaning.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    /// Start of the thing being read: a line (HTTP), a record (FastCGI).
    pub at: usize,
    /// How far that thing was looked at without finding its end.
    pub seen: usize,
    /// Which part of the head it is.
    pub stage: u8,
    /// Facts met on the way that only matter for the verdict at the end.
    pub facts: u32,
    /// The declared length of the body.
    pub length: Option<u64>,
    /// A place kept for the end: the only PARAMS record so far (FastCGI), the host of an absolute target (HTTP).
    pub kept: Option<Span>,
}

impl Request {
    /// An empty request.
    pub fn new() -> Request {
        Request::default()
    }

    /// Forget everything but the memory.
    pub fn clear(&mut self) {
        let (mut vars, mut scratch, mut reply) =
            (core::mem::take(&mut self.vars), core::mem::take(&mut self.scratch), core::mem::take(&mut self.reply));
        vars.clear();
        scratch.clear();
        reply.clear();
        *self = Request { vars, scratch, reply, ..Request::default() };
    }

    /// The bytes that all spans refer to: `buf` itself, or the text put together from several FastCGI records. `buf`
    /// is the buffer of the call that answered `Head`, from the same first byte.
    #[inline]
    pub fn text<'a>(&'a self, buf: &'a [u8]) -> &'a [u8] {
        if self.assembled {
            &self.scratch
        } else {
            buf
        }
    }

    /// The protocol of the last call of `decode`.
    pub fn protocol(&self) -> Option<Protocol> {
        self.protocol
    }

    /// The variables (uwsgi, FastCGI, SCGI) or header fields (HTTP), in order.
    #[inline]
    pub fn vars(&self) -> &[Var] {
        &self.vars
    }

    /// The last variable, or the first header field, of this kind.
    pub fn find(&self, known: Known) -> Option<Span> {
        let is_it = |var: &&Var| var.known == known;
        let found = if self.protocol == Some(Protocol::Http) {
            self.vars.iter().find(is_it)
        } else {
            self.vars.iter().rev().find(is_it)
        };
        found.map(|var| var.value)
    }

    /// REQUEST_METHOD.
    pub fn method(&self) -> Span {
        self.method
    }

    /// REQUEST_URI, as sent: path and query, for HTTP also `*` or an absolute URI.
    pub fn target(&self) -> Span {
        self.target
    }

    /// For HTTP the path still percent-encoded: give it to [`crate::decode_path`]. For the others PATH_INFO, decoded
    /// by the front-end.
    pub fn path(&self) -> Span {
        self.path
    }

    /// QUERY_STRING, without the question mark.
    pub fn query(&self) -> Span {
        self.query
    }

    /// The version an answer may use. For the binary protocols from SERVER_PROTOCOL, clamped.
    pub fn version(&self) -> Version {
        self.version
    }

    /// How the body ends.
    pub fn body(&self) -> BodyFraming {
        self.body
    }

    /// The client agrees to use the connection again. The answer may still decide otherwise: see [`crate::Framing`].
    pub fn persistent(&self) -> bool {
        self.persistent
    }

    /// The client waits for [`crate::CONTINUE`] before it sends the body.
    pub fn expects_continue(&self) -> bool {
        self.expects_continue
    }

    /// FastCGI's request id.
    pub fn request_id(&self) -> u16 {
        self.request_id
    }

    /// uwsgi's modifiers. Modifier 30 asks that SCRIPT_NAME is taken off PATH_INFO.
    pub fn modifiers(&self) -> (u8, u8) {
        (self.modifier1, self.modifier2)
    }

    /// For the log line: the size of the block of variables (uwsgi, SCGI, FastCGI) or of the head (HTTP).
    pub fn head_size(&self) -> usize {
        self.head_size
    }

    /// For the log line: HTTP header fields left out because of an underscore in the name.
    pub fn dropped_headers(&self) -> u32 {
        self.dropped_headers
    }

    /// Bytes that the protocol itself owes the peer (a ping, FastCGI management). Whatever `decode` answered, if this
    /// is not empty, send it before anything else and call [`Request::clear_reply`].
    pub fn reply(&self) -> &[u8] {
        &self.reply
    }

    /// The reply was taken.
    pub fn clear_reply(&mut self) {
        self.reply.clear();
    }

    /// Take in one variable of a binary protocol. `text` is what the spans refer to.
    #[inline]
    pub(crate) fn variable(&mut self, text: &[u8], name: Span, value: Span, limits: &Limits) -> Result<(), Refusal> {
        if self.vars.len() >= limits.max_vars {
            return Err(Refusal::TooManyVars { limit: limits.max_vars });
        }
        let known = Known::of_variable(name.of(text));
        match known {
            Known::RequestMethod => {
                self.method = value;
                self.head_only = value.of(text) == b"HEAD";
            }
            Known::RequestUri => self.target = value,
            Known::PathInfo => self.path = value,
            Known::QueryString => self.query = value,
            Known::ServerProtocol => {
                self.version = match value.of(text) {
                    b"" | b"HTTP/1.0" | b"HTTP/0.9" => Version::Http10,
                    _ => Version::Http11,
                }
            }
            Known::ContentLength => self.scan.length = content_length(value.of(text))?,
            _ => {}
        }
        self.vars.push(Var { name, value, known });
        Ok(())
    }

    /// The body of a request whose length only its CONTENT_LENGTH tells.
    pub(crate) fn body_by_length(&mut self) {
        self.body = match self.scan.length {
            None | Some(0) => BodyFraming::Empty,
            Some(length) => BodyFraming::Length(length),
        };
    }

    /// What the answer must know of the request. Right also for a request that was refused half-way.
    pub fn facts(&self) -> Facts {
        Facts {
            protocol: self.protocol.unwrap_or(Protocol::Http),
            version: self.version,
            head_only: self.head_only,
            persistent: self.persistent,
            request_id: self.request_id,
            nph: false,
        }
    }
}

/// A content length: decimal digits and nothing else. Front-ends send it empty when there is no body.
pub(crate) fn content_length(value: &[u8]) -> Result<Option<u64>, Refusal> {
    if value.is_empty() {
        return Ok(None);
    }
    let mut length: u64 = 0;
    for byte in value {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return Err(Refusal::ContentLength);
        }
        length =
            length.checked_mul(10).and_then(|tens| tens.checked_add(digit.into())).ok_or(Refusal::ContentLength)?;
    }
    Ok(Some(length))
}

/// What framing an answer needs to know of its request. Small, copied out of the [`Request`] so that the buffer can go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The protocol of the answer.
    pub protocol: Protocol,
    /// The version in a status line.
    pub version: Version,
    /// The method was HEAD.
    pub head_only: bool,
    /// The connection may be used again. Set to false to close after this answer (draining, a body left unread).
    pub persistent: bool,
    /// FastCGI's request id.
    pub request_id: u16,
    /// FastCGI and SCGI: start with a status line instead of `Status:` (`fastcgi-nph-socket`, `scgi-nph-socket`).
    pub nph: bool,
}
