//! Is what the application gave to `start_response` fit to be sent? Answers that; sends nothing.

use core::fmt;

/// What is wrong with an application's answer. Always the application's fault; raise it out of `start_response`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// Not three digits, a space and a reason without control characters.
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
    fn fmt(&self, _f: &mut fmt::Formatter<'_>) -> fmt::Result {
        todo!()
    }
}

/// The status as the application gave it, such as `200 OK`; answers its number.
pub fn check_status(_status: &[u8]) -> Result<u16, Flaw> {
    todo!()
}

/// One header.
pub fn check_header(_name: &[u8], _value: &[u8]) -> Result<(), Flaw> {
    todo!()
}

/// Connection, Keep-Alive, Transfer-Encoding and the rest that belong to the server (RFC 2616 13.5.1, as PEP 3333 says).
pub fn is_hop_by_hop(_name: &[u8]) -> bool {
    todo!()
}
