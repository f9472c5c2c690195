//! The one door of the decoders.

use crate::{fastcgi, http, scgi, uwsgi, Limits, Protocol, Refusal, Request};

/// What a call of [`decode`] came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The head is not complete. Call again with the same bytes and more after them.
    Partial,
    /// The request is complete up to its body, which starts at `used`.
    Head {
        /// Bytes of the head.
        used: usize,
    },
    /// No request for the application: the protocol answers by itself, in [`Request::reply`]. Send that, drop `used`
    /// bytes, clear the request, and close or go on decoding.
    Answered {
        /// Bytes to drop.
        used: usize,
        /// Close after the reply.
        close: bool,
    },
}

/// Decode the head of a request from the start of `buf`.
///
/// After `Partial`, call again with the same `request` and a buffer that starts with the same bytes; the decoder goes
/// on where it stopped. After `Head`, `Answered` or a refusal, `clear` the request before the next.
pub fn decode(protocol: Protocol, buf: &[u8], limits: &Limits, request: &mut Request) -> Result<Progress, Refusal> {
    request.protocol = Some(protocol);
    match protocol {
        Protocol::Uwsgi => uwsgi::decode(buf, limits, request),
        Protocol::FastCgi => fastcgi::decode(buf, limits, request),
        Protocol::Scgi => scgi::decode(buf, limits, request),
        Protocol::Http => http::decode(buf, limits, request),
    }
}
