//! The server's own answers: a status, a line of text, the end of the connection. Decides no status.

use alloc::vec::Vec;

use crate::{frame_head, Facts, Protocol};

/// The reason phrase of a status that this server sends by itself.
pub fn reason(status: u16) -> &'static str {
    match status {
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        413 => "Content Too Large",
        414 => "URI Too Long",
        417 => "Expectation Failed",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        505 => "HTTP Version Not Supported",
        507 => "Insufficient Storage",
        _ => "Error",
    }
}

/// Append a whole answer of `text/plain` that closes the connection: the status and its reason, then `text` if it is
/// not empty. `text` goes to the client: no path, no traceback. Appends nothing for a FastCGI connection without a
/// request: there is nobody to address.
pub fn error_page(facts: &Facts, status: u16, text: &str, out: &mut Vec<u8>) {
    let facts = Facts { persistent: false, ..*facts };
    if facts.protocol == Protocol::FastCgi && facts.request_id == 0 {
        return;
    }
    let mut title = Vec::with_capacity(48);
    title.extend_from_slice(crate::frame::decimal(status.into(), &mut [0; 20]));
    title.push(b' ');
    title.extend_from_slice(reason(status).as_bytes());
    let mut body = title.clone();
    body.push(b'\n');
    if !text.is_empty() {
        body.extend_from_slice(text.as_bytes());
        body.push(b'\n');
    }
    let headers = [(&b"Content-Type"[..], &b"text/plain; charset=utf-8"[..])];
    let mut framing = frame_head(&facts, &title, headers.into_iter(), Some(body.len() as u64), None, out);
    framing.chunk(&body, out);
    framing.end(out);
}
