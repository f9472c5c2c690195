//! Is what the application gave to `start_response` fit to be sent? Answers that; sends nothing.
//!
//! Sources: PEP 3333 ("The start_response() Callable"), RFC 9112 section 4, RFC 9110 section 5.

use core::fmt;

use crate::http::{class, NOT_TOKEN};

/// What is wrong with an application's answer. Always the application's fault; raise it out of `start_response`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// Not three digits, or something else than a space after them, or a control character in the reason.
    Status,
    /// Not a token of RFC 9110.
    HeaderName,
    /// CR, LF or NUL in a value.
    HeaderValue,
    /// A hop-by-hop header (PEP 3333). A caller may tolerate it: [`crate::frame_head`] leaves it out.
    HopByHop,
    /// Content-Length is not a number.
    ContentLength,
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Flaw::Status => "the status must be three digits, a space and a reason without control characters",
            Flaw::HeaderName => "a header name must be a token: letters, digits and hyphens, no space or colon",
            Flaw::HeaderValue => "a header value must not contain CR, LF or NUL",
            Flaw::HopByHop => "hop-by-hop headers belong to the server; an application must not set them",
            Flaw::ContentLength => "Content-Length must be a decimal number",
        })
    }
}

/// The status as the application gave it, such as `200 OK`; answers its number. A status without a reason (`200`)
/// passes, since uWSGI's applications may have it and the meaning is clear.
pub fn check_status(status: &[u8]) -> Result<u16, Flaw> {
    let (digits, reason) = status.split_first_chunk::<3>().ok_or(Flaw::Status)?;
    let number = number(digits).ok_or(Flaw::Status)?;
    match reason {
        [] => Ok(number),
        [b' ', text @ ..] if !text.iter().any(|byte| is_control(*byte)) => Ok(number),
        _ => Err(Flaw::Status),
    }
}

/// The number of a status, if its first digits are one.
pub(crate) fn number(digits: &[u8; 3]) -> Option<u16> {
    let valid = digits.iter().all(u8::is_ascii_digit) && digits[0] != b'0';
    valid.then(|| digits.iter().fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0')))
}

fn is_control(byte: u8) -> bool {
    (byte < b' ' && byte != b'\t') || byte == 0x7F
}

/// One header.
pub fn check_header(name: &[u8], value: &[u8]) -> Result<(), Flaw> {
    if name.is_empty() || name.iter().any(|byte| class(*byte) == NOT_TOKEN) {
        return Err(Flaw::HeaderName);
    }
    if value.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0)) {
        return Err(Flaw::HeaderValue);
    }
    if is_hop_by_hop(name) {
        return Err(Flaw::HopByHop);
    }
    if is_content_length(name) && !matches!(crate::request::content_length(value.trim_ascii()), Ok(Some(_))) {
        return Err(Flaw::ContentLength);
    }
    Ok(())
}

pub(crate) fn is_content_length(name: &[u8]) -> bool {
    name.eq_ignore_ascii_case(b"content-length")
}

/// Connection, Keep-Alive, Transfer-Encoding and the rest that belong to the server (RFC 2616 13.5.1, as PEP 3333 says).
pub fn is_hop_by_hop(name: &[u8]) -> bool {
    let names: &[&[u8]] = match name.len() {
        2 => &[b"te"],
        7 => &[b"trailer", b"upgrade"],
        8 => &[b"trailers"],
        10 => &[b"connection", b"keep-alive"],
        17 => &[b"transfer-encoding"],
        18 => &[b"proxy-authenticate"],
        19 => &[b"proxy-authorization"],
        _ => &[],
    };
    names.iter().any(|listed| name.eq_ignore_ascii_case(listed))
}
