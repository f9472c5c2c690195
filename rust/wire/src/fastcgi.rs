//! The decoder of FastCGI records, up to the end of PARAMS.
//!
//! Source: FastCGI Specification 1.0 (M. R. Brown, Open Market, 1996); the sections are named beside the code.
//!
//! One request at a time on a connection: a second BEGIN_REQUEST while one is active is answered with CANT_MPX_CONN.
//! Management records are answered; records of requests that are not active (the rest of a body that was not read)
//! are dropped, as section 3.3 asks. Every role is served as a responder, as uWSGI does. The body, STDIN, is the work
//! of [`crate::Body`], which shares the record parser of this file.
//!
//! Front-ends send PARAMS in one record nearly always: then the spans point into the buffer. Only if there is a second
//! record the text is put together in the request's scratch memory.

use alloc::vec::Vec;

use crate::request::Span;
use crate::{BodyFraming, Limits, Progress, Protocol, Refusal, Request};

pub(crate) const HEADER: usize = 8;

pub(crate) const BEGIN_REQUEST: u8 = 1;
pub(crate) const ABORT_REQUEST: u8 = 2;
pub(crate) const END_REQUEST: u8 = 3;
pub(crate) const PARAMS: u8 = 4;
pub(crate) const STDIN: u8 = 5;
pub(crate) const STDOUT: u8 = 6;
pub(crate) const DATA: u8 = 8;
const GET_VALUES: u8 = 9;
const GET_VALUES_RESULT: u8 = 10;
const UNKNOWN_TYPE: u8 = 11;

const KEEP_CONN: u8 = 1;
pub(crate) const REQUEST_COMPLETE: u8 = 0;
pub(crate) const CANT_MPX_CONN: u8 = 1;

/// What a record says of itself (section 3.3).
#[derive(Clone, Copy)]
pub(crate) struct Record {
    pub kind: u8,
    pub id: u16,
    pub content: usize,
    pub padding: usize,
}

/// The record header at the start of `bytes`; `None` if it is not complete.
#[inline]
pub(crate) fn record(bytes: &[u8]) -> Result<Option<Record>, Refusal> {
    match bytes.first_chunk::<HEADER>() {
        Some(&[1, kind, id1, id0, length1, length0, padding, _]) => Ok(Some(Record {
            kind,
            id: u16::from_be_bytes([id1, id0]),
            content: usize::from(u16::from_be_bytes([length1, length0])),
            padding: usize::from(padding),
        })),
        Some(_) => Err(Refusal::Record),
        None if bytes.first().is_some_and(|version| *version != 1) => Err(Refusal::Record),
        None => Ok(None),
    }
}

/// A record header for `content` bytes, without padding.
#[inline]
pub(crate) fn record_header(kind: u8, id: u16, content: u16) -> [u8; HEADER] {
    let ([id1, id0], [length1, length0]) = (id.to_be_bytes(), content.to_be_bytes());
    [1, kind, id1, id0, length1, length0, 0, 0]
}

/// END_REQUEST (section 5.5).
pub(crate) fn end_request(id: u16, protocol_status: u8, out: &mut Vec<u8>) {
    out.extend_from_slice(&record_header(END_REQUEST, id, 8));
    out.extend_from_slice(&[0, 0, 0, 0, protocol_status, 0, 0, 0]);
}

const BEGIN: u8 = 0;
const VARIABLES: u8 = 1;

pub(crate) fn decode(buf: &[u8], limits: &Limits, request: &mut Request) -> Result<Progress, Refusal> {
    let bound = limits.buffer_bytes(Protocol::FastCgi);
    loop {
        // No record can follow: said now, because the caller's buffer has no room for the bytes that would show it.
        if request.scan.at + HEADER > bound {
            return Err(Refusal::HeadTooLarge { size: request.scan.at + HEADER, limit: bound });
        }
        let rest = buf.get(request.scan.at..).unwrap_or(&[]);
        let Some(record) = record(rest)? else {
            return Ok(Progress::Partial);
        };
        let size = HEADER + record.content + record.padding;
        let end = request.scan.at + size;
        let is_ours = request.scan.stage == VARIABLES && record.id == request.request_id;
        if is_ours && record.kind == PARAMS && request.head_size + record.content > limits.head_bytes {
            return Err(Refusal::HeadTooLarge { size: request.head_size + record.content, limit: limits.head_bytes });
        }
        if end > bound {
            return Err(Refusal::HeadTooLarge { size: end, limit: bound });
        }
        if rest.len() < size {
            return Ok(Progress::Partial);
        }
        let start = request.scan.at + HEADER;
        let content = buf.get(start..start + record.content).unwrap_or(&[]);
        request.scan.at = end;
        let idle = request.scan.stage == BEGIN;
        match record.kind {
            _ if record.id == 0 => management(record, content, &mut request.reply)?,
            BEGIN_REQUEST if idle => {
                let flags = content.get(2).ok_or(Refusal::Record)?;
                request.request_id = record.id;
                request.persistent = flags & KEEP_CONN != 0;
                request.scan.stage = VARIABLES;
                continue;
            }
            BEGIN_REQUEST if is_ours => return Err(Refusal::Record),
            BEGIN_REQUEST => end_request(record.id, CANT_MPX_CONN, &mut request.reply),
            ABORT_REQUEST if is_ours => {
                end_request(record.id, REQUEST_COMPLETE, &mut request.reply);
                return Ok(Progress::Answered { used: end, close: !request.persistent });
            }
            PARAMS if is_ours && content.is_empty() => return finish(buf, end, limits, request),
            PARAMS if is_ours => gather(buf, Span::new(start, start + record.content), request),
            STDIN if is_ours => return Err(Refusal::Record),
            _ => {}
        }
        if idle {
            return Ok(Progress::Answered { used: end, close: false });
        }
    }
}

/// Add one record of PARAMS to the text.
fn gather(buf: &[u8], piece: Span, request: &mut Request) {
    request.head_size += piece.len();
    match request.scan.kept {
        None => request.scan.kept = Some(piece),
        Some(first) => {
            if !request.assembled {
                request.assembled = true;
                request.scratch.extend_from_slice(first.of(buf));
            }
            request.scratch.extend_from_slice(piece.of(buf));
        }
    }
}

/// PARAMS are complete: read the names and values.
fn finish(buf: &[u8], used: usize, limits: &Limits, request: &mut Request) -> Result<Progress, Refusal> {
    let Some(first) = request.scan.kept else {
        return Err(Refusal::NoVariables);
    };
    // The text is borrowed while variables are added; take it out of the request for that time.
    let scratch = core::mem::take(&mut request.scratch);
    let (text, start) = match request.assembled {
        true => (scratch.as_slice(), 0),
        false => (buf.get(..first.end as usize).unwrap_or(buf), first.start as usize),
    };
    let read = variables(text, start, limits, request);
    request.scratch = scratch;
    read?;
    request.body = BodyFraming::Records(request.scan.length);
    Ok(Progress::Head { used })
}

fn variables(text: &[u8], start: usize, limits: &Limits, request: &mut Request) -> Result<(), Refusal> {
    let mut at = start;
    while at < text.len() {
        let (name, value) = pair(text, at).ok_or(Refusal::Variables)?;
        if name.is_empty() {
            return Err(Refusal::Variables);
        }
        request.variable(text, name, value, limits)?;
        at = value.end as usize;
    }
    Ok(())
}

/// A name-value pair (section 3.4), if it is whole.
#[inline]
fn pair(text: &[u8], at: usize) -> Option<(Span, Span)> {
    let (name, at) = length(text, at)?;
    let (value, at) = length(text, at)?;
    let middle = at.checked_add(name)?;
    let end = middle.checked_add(value)?;
    (end <= text.len()).then(|| (Span::new(at, middle), Span::new(middle, end)))
}

/// A length: one byte, or four if the highest bit is set.
#[inline]
fn length(text: &[u8], at: usize) -> Option<(usize, usize)> {
    let first = *text.get(at)?;
    if first < 0x80 {
        return Some((usize::from(first), at + 1));
    }
    let four = text.get(at..)?.first_chunk::<4>()?;
    Some(((u32::from_be_bytes(*four) & 0x7FFF_FFFF) as usize, at + 4))
}

/// Answer a management record (section 4). Of the variables that GET_VALUES may ask for, only FCGI_MPXS_CONNS is
/// known here; one that is not known is left out, as the specification says.
pub(crate) fn management(record: Record, content: &[u8], reply: &mut Vec<u8>) -> Result<(), Refusal> {
    const MPXS_CONNS: &[u8] = b"FCGI_MPXS_CONNS";
    match record.kind {
        GET_VALUES => {
            let mut asked = false;
            let mut at = 0;
            while at < content.len() {
                let (name, value) = pair(content, at).ok_or(Refusal::Record)?;
                asked |= name.of(content) == MPXS_CONNS;
                at = value.end as usize;
            }
            let size = if asked { 2 + MPXS_CONNS.len() + 1 } else { 0 };
            reply.extend_from_slice(&record_header(GET_VALUES_RESULT, 0, size as u16));
            if asked {
                reply.extend_from_slice(&[MPXS_CONNS.len() as u8, 1]);
                reply.extend_from_slice(MPXS_CONNS);
                reply.push(b'0');
            }
            Ok(())
        }
        // These belong to a request, and a request's id is not 0.
        BEGIN_REQUEST..=DATA => Err(Refusal::Record),
        kind => {
            reply.extend_from_slice(&record_header(UNKNOWN_TYPE, 0, 8));
            reply.extend_from_slice(&[kind, 0, 0, 0, 0, 0, 0, 0]);
            Ok(())
        }
    }
}
