//! The decoder of SCGI.
//!
//! Source: SCGI, A Simple Common Gateway Interface alternative (N. Schemenauer, 2008).
//!
//! ```text
//! size ":" then exactly size bytes of (name NUL value NUL)… then ","
//! ```
//!
//! The body follows, CONTENT_LENGTH bytes. The specification wants CONTENT_LENGTH first and `SCGI` = `1`; this decoder
//! does not insist, because uWSGI never did and nothing depends on it. Does not interpret variables beyond those that
//! [`Request`] has a field for.

use crate::request::Span;
use crate::{Limits, Progress, Refusal, Request};

/// Digits of a size; more are certainly too large.
const DIGITS: usize = 9;

pub(crate) fn decode(buf: &[u8], limits: &Limits, request: &mut Request) -> Result<Progress, Refusal> {
    let Some((size, start)) = size(buf)? else {
        return Ok(Progress::Partial);
    };
    request.head_size = size;
    if size > limits.head_bytes {
        return Err(Refusal::HeadTooLarge { size, limit: limits.head_bytes });
    }
    if size == 0 {
        return Err(Refusal::NoVariables);
    }
    let end = start + size;
    match buf.get(end) {
        None => return Ok(Progress::Partial),
        Some(b',') => {}
        Some(_) => return Err(Refusal::Netstring),
    }
    let text = buf.get(..end).unwrap_or(buf);
    let mut at = start;
    while at < end {
        let name = string(text, at).ok_or(Refusal::Variables)?;
        let value = string(text, name.end as usize + 1).ok_or(Refusal::Variables)?;
        if name.is_empty() {
            return Err(Refusal::Variables);
        }
        request.variable(text, name, value, limits)?;
        at = value.end as usize + 1;
    }
    request.body_by_length();
    Ok(Progress::Head { used: end + 1 })
}

/// The number before the colon, and where the block starts.
fn size(buf: &[u8]) -> Result<Option<(usize, usize)>, Refusal> {
    let mut size = 0;
    for (at, byte) in buf.iter().enumerate().take(DIGITS + 1) {
        match byte {
            // A netstring's size has no leading zero.
            b'0'..=b'9' if at < DIGITS && (at == 0 || size > 0) => size = size * 10 + usize::from(byte - b'0'),
            b':' if at > 0 => return Ok(Some((size, at + 1))),
            _ => return Err(Refusal::Netstring),
        }
    }
    Ok(None)
}

/// Bytes up to a NUL, if there is one.
#[inline]
fn string(text: &[u8], at: usize) -> Option<Span> {
    let length = text.get(at..)?.iter().position(|byte| *byte == 0)?;
    Some(Span::new(at, at + length))
}
