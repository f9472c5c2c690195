//! The body of a request: takes the framing off. Does not wait, buffer or count time.
//!
//! Sources: RFC 9112 sections 6 and 7.1 (length and chunks), FastCGI 1.0 section 5.3 (STDIN). Extensions of chunks are
//! skipped, trailers are checked and dropped: WSGI has no place for them.

use alloc::vec::Vec;

use crate::fastcgi::{self, Record};
use crate::http::{class, NOT_TOKEN};
use crate::{BodyFraming, Limits, Refusal, Request};

/// What a call of [`Body::step`] found at the start of the input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// Bytes of framing to drop first.
    pub skip: usize,
    /// Bytes of body after them: `input[skip..skip + data]`.
    pub data: usize,
}

/// The state of one body.
#[derive(Debug)]
pub struct Body {
    state: State,
    /// Bytes of body announced so far (chunks) or met (records), to hold against `limit`.
    seen: u64,
    /// `limit-post`; none is `u64::MAX`.
    limit: u64,
    reply: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Done,
    Length(u64),
    Chunked(Chunk),
    Records(Stream),
}

/// One chunked body. `excess` is what its framing cost above what its data justify.
#[derive(Clone, Copy, Debug)]
struct Chunk {
    at: Place,
    excess: u64,
}

/// Where in RFC 9112 7.1 the next byte is.
#[derive(Clone, Copy, Debug)]
enum Place {
    /// In the digits of a size.
    Size { size: u64, digits: u8 },
    /// In white space after it, which only an extension may follow.
    Blank { size: u64 },
    /// In an extension.
    Extension { size: u64 },
    /// At the LF after a size.
    SizeLf { size: u64 },
    /// In the data.
    Data { left: u64 },
    /// At the CR after the data.
    DataCr,
    /// At the LF after the data.
    DataLf,
    /// At the first byte of a trailer line, or of the empty one.
    Line,
    /// In the name of a trailer.
    Name,
    /// In its value.
    Value,
    /// At the LF after it.
    ValueLf,
    /// At the last LF.
    EndLf,
}

/// One FastCGI STDIN stream.
#[derive(Clone, Copy, Debug)]
struct Stream {
    id: u16,
    /// CONTENT_LENGTH, if there was one.
    length: Option<u64>,
    /// Bytes left of the data in the record under way.
    data: usize,
    /// Bytes to drop after them: padding, or a record that is not for us.
    drop: usize,
    /// The empty STDIN record was met.
    ended: bool,
}

/// Framing that a client may send for nothing; what is above is an attack (as Go's net/http bounds it).
const EXCESS: u64 = 16 * 1024;
/// Framing that each chunk may cost.
const CHUNK_COST: u64 = 16;

/// Content that a management record in the middle of a body may have.
const MANAGEMENT: usize = 1024;

impl Body {
    /// The body of this request. [`Refusal::BodyTooLarge`] if its declared length is above `limit-post`.
    pub fn new(request: &Request, limits: &Limits) -> Result<Body, Refusal> {
        let limit = if limits.body_bytes == 0 { u64::MAX } else { limits.body_bytes };
        let (state, length) = match request.body() {
            BodyFraming::Empty => (State::Done, 0),
            BodyFraming::Length(length) => (State::Length(length), length),
            BodyFraming::Chunked => (State::Chunked(Chunk { at: Place::Size { size: 0, digits: 0 }, excess: 0 }), 0),
            BodyFraming::Records(length) => {
                let stream = Stream { id: request.request_id(), length, data: 0, drop: 0, ended: false };
                (State::Records(stream), length.unwrap_or(0))
            }
        };
        let body = Body { state, seen: 0, limit, reply: Vec::new() };
        body.check(length)?;
        Ok(body)
    }

    /// Look at `input` (whatever has arrived) and find up to `max` bytes of body in it. The caller takes
    /// `skip + data` bytes off its input. Nothing found and not [`Body::is_done`]: more bytes are needed, after those
    /// that were left. `max` = 0 takes framing only.
    #[inline]
    pub fn step(&mut self, input: &[u8], max: usize) -> Result<Step, Refusal> {
        match self.state {
            State::Done => Ok(Step::default()),
            State::Length(left) => {
                let data = input.len().min(max).min(usize::try_from(left).unwrap_or(usize::MAX));
                self.took(data as u64);
                Ok(Step { skip: 0, data })
            }
            State::Chunked(chunk) => self.chunks(chunk, input, max),
            State::Records(stream) => self.records(stream, input, max),
        }
    }

    /// Append up to `max` bytes of body to `out`; answers how many bytes of `input` were used.
    pub fn feed(&mut self, input: &[u8], max: usize, out: &mut Vec<u8>) -> Result<usize, Refusal> {
        let mut used = 0;
        let mut left = max;
        loop {
            let rest = input.get(used..).unwrap_or(&[]);
            let step = self.step(rest, left)?;
            out.extend_from_slice(rest.get(step.skip..step.skip + step.data).unwrap_or(&[]));
            used += step.skip + step.data;
            left -= step.data;
            // Without data, `step` has taken all the framing that there is.
            if step.data == 0 || self.is_done() {
                return Ok(used);
            }
        }
    }

    /// The end was seen: the next byte of the connection belongs to the next request.
    pub fn is_done(&self) -> bool {
        matches!(self.state, State::Done)
    }

    /// Bytes still to come, if that is known now. `Some(n)` means that the next `n` bytes of the connection are body
    /// and nothing else: they may be read straight to where they are wanted, then [`Body::took`]. `None` for chunks
    /// and records until they are done.
    pub fn remaining(&self) -> Option<u64> {
        match self.state {
            State::Done => Some(0),
            State::Length(left) => Some(left),
            State::Chunked(_) | State::Records(_) => None,
        }
    }

    /// `n` bytes were read past [`Body::step`] by a caller that asked [`Body::remaining`]. Only for a body by length.
    #[inline]
    pub fn took(&mut self, n: u64) {
        if let State::Length(left) = self.state {
            self.state = match left.saturating_sub(n) {
                0 => State::Done,
                left => State::Length(left),
            };
        }
    }

    /// Bytes that the protocol itself owes the peer (FastCGI only). Send them before anything else.
    pub fn reply(&self) -> &[u8] {
        &self.reply
    }

    /// The reply was taken.
    pub fn clear_reply(&mut self) {
        self.reply.clear();
    }

    fn check(&self, size: u64) -> Result<(), Refusal> {
        if size > self.limit {
            return Err(Refusal::BodyTooLarge { size, limit: self.limit });
        }
        Ok(())
    }

    fn chunks(&mut self, mut chunk: Chunk, input: &[u8], max: usize) -> Result<Step, Refusal> {
        let mut at = 0;
        while let Some(byte) = input.get(at).copied() {
            if let Place::Data { left } = chunk.at {
                let data = (input.len() - at).min(max).min(usize::try_from(left).unwrap_or(usize::MAX));
                chunk.at = match left - data as u64 {
                    0 => Place::DataCr,
                    left => Place::Data { left },
                };
                self.state = State::Chunked(chunk);
                return Ok(Step { skip: at, data });
            }
            let next = next(chunk.at, byte)?;
            at += 1;
            chunk.excess += 1;
            chunk.at = match (chunk.at, next) {
                (Place::EndLf, _) => {
                    self.state = State::Done;
                    return Ok(Step { skip: at, data: 0 });
                }
                (Place::SizeLf { size: 0 }, _) => Place::Line,
                (Place::SizeLf { size }, _) => {
                    self.seen = self.seen.saturating_add(size);
                    self.check(self.seen)?;
                    chunk.excess = chunk.excess.saturating_sub(size.saturating_mul(2).saturating_add(CHUNK_COST));
                    next
                }
                _ => next,
            };
            if chunk.excess > EXCESS {
                return Err(Refusal::ChunkOverhead);
            }
        }
        self.state = State::Chunked(chunk);
        Ok(Step { skip: at, data: 0 })
    }

    fn records(&mut self, mut stream: Stream, input: &[u8], max: usize) -> Result<Step, Refusal> {
        let mut at = 0;
        loop {
            let rest = input.get(at..).unwrap_or(&[]);
            if stream.data > 0 {
                let allowed = stream.length.map_or(u64::MAX, |length| length.saturating_sub(self.seen));
                let data = match usize::try_from(allowed).unwrap_or(usize::MAX) {
                    // More than CONTENT_LENGTH is not the application's to see (RFC 3875 4.2).
                    0 => {
                        let excess = stream.data.min(rest.len());
                        stream.data -= excess;
                        at += excess;
                        if stream.data == 0 {
                            continue;
                        }
                        0
                    }
                    allowed => stream.data.min(rest.len()).min(max).min(allowed),
                };
                stream.data -= data;
                self.seen += data as u64;
                self.check(self.seen)?;
                self.state = State::Records(stream);
                return Ok(Step { skip: at, data });
            }
            if stream.drop > 0 {
                let drop = stream.drop.min(rest.len());
                stream.drop -= drop;
                at += drop;
                if stream.drop > 0 {
                    break;
                }
                continue;
            }
            if stream.ended {
                let missing = stream.length.unwrap_or(0).saturating_sub(self.seen);
                if missing > 0 {
                    return Err(Refusal::BodyShort { missing });
                }
                self.state = State::Done;
                return Ok(Step { skip: at, data: 0 });
            }
            let Some(record) = fastcgi::record(rest)? else {
                break;
            };
            let is_ours = record.id == stream.id;
            match record.kind {
                _ if record.id == 0 => {
                    let Some(content) = whole(record, rest)? else {
                        break;
                    };
                    fastcgi::management(record, content, &mut self.reply)?;
                    stream.drop = record.content;
                }
                fastcgi::STDIN if is_ours => {
                    stream.data = record.content;
                    stream.ended = record.content == 0;
                }
                fastcgi::ABORT_REQUEST if is_ours => return Err(Refusal::Aborted),
                fastcgi::BEGIN_REQUEST | fastcgi::PARAMS if is_ours => return Err(Refusal::Record),
                fastcgi::BEGIN_REQUEST => {
                    fastcgi::end_request(record.id, fastcgi::CANT_MPX_CONN, &mut self.reply);
                    stream.drop = record.content;
                }
                _ => stream.drop = record.content,
            }
            stream.drop += record.padding;
            at += fastcgi::HEADER;
        }
        self.state = State::Records(stream);
        Ok(Step { skip: at, data: 0 })
    }
}

/// The content of a management record, once it is there.
fn whole(record: Record, rest: &[u8]) -> Result<Option<&[u8]>, Refusal> {
    if record.content > MANAGEMENT {
        return Err(Refusal::Record);
    }
    Ok(rest.get(fastcgi::HEADER..fastcgi::HEADER + record.content))
}

/// The grammar of RFC 9112 7.1, one byte at a time. Strict: no bare LF, no white space that an extension does not
/// follow, no control characters.
fn next(at: Place, byte: u8) -> Result<Place, Refusal> {
    let is_text = byte == b'\t' || (byte >= b' ' && byte != 0x7F);
    Ok(match (at, byte) {
        (Place::Size { digits: 1.., size }, b'\r') => Place::SizeLf { size },
        (Place::Size { digits: 1.., size }, b';') => Place::Extension { size },
        (Place::Size { digits: 1.., size }, b' ' | b'\t') => Place::Blank { size },
        // Sixteen digits are what fits.
        (Place::Size { digits: digits @ ..16, size }, byte) => match (byte as char).to_digit(16) {
            Some(digit) => Place::Size { size: size << 4 | u64::from(digit), digits: digits + 1 },
            None => return Err(Refusal::Chunk),
        },
        (Place::Blank { size }, b' ' | b'\t') => Place::Blank { size },
        (Place::Blank { size }, b';') => Place::Extension { size },
        (Place::Extension { size }, b'\r') => Place::SizeLf { size },
        (Place::Extension { size }, _) if is_text => Place::Extension { size },
        (Place::SizeLf { size }, b'\n') => Place::Data { left: size },
        (Place::DataCr, b'\r') => Place::DataLf,
        (Place::DataLf, b'\n') => Place::Size { size: 0, digits: 0 },
        (Place::Line, b'\r') => Place::EndLf,
        (Place::Line, byte) if class(byte) != NOT_TOKEN => Place::Name,
        (Place::Name, b':') => Place::Value,
        (Place::Name, byte) if class(byte) != NOT_TOKEN => Place::Name,
        (Place::Value, b'\r') => Place::ValueLf,
        (Place::Value, _) if is_text => Place::Value,
        (Place::ValueLf, b'\n') => Place::Line,
        (Place::EndLf, b'\n') => Place::EndLf,
        _ => return Err(Refusal::Chunk),
    })
}
