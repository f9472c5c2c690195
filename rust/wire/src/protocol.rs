//! Which protocol a connection speaks. Decides by the first byte; does not decide whether the peer may speak it.

/// One of the four protocols.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// uwsgi packets: a four byte header, then a block of variables.
    Uwsgi,
    /// FastCGI 1.0 records.
    FastCgi,
    /// SCGI: a netstring of variables.
    Scgi,
    /// HTTP/1.0 and HTTP/1.1.
    Http,
}

/// The version of HTTP that an answer may use. Clamped: a request of HTTP/1.2 is answered as 1.1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// HTTP/1.0
    #[default]
    Http10,
    /// HTTP/1.1
    Http11,
}

impl Version {
    /// `HTTP/1.0` or `HTTP/1.1`.
    pub fn text(self) -> &'static str {
        match self {
            Version::Http10 => "HTTP/1.0",
            Version::Http11 => "HTTP/1.1",
        }
    }
}

/// The protocol that starts with this byte, if there is one.
///
/// 0 is a uwsgi packet with modifier 0 (WSGI), 30 is the same with another PATH_INFO; 1 is FastCGI's version; an SCGI
/// netstring starts with a digit, and an HTTP method with a letter. The other modifiers of uwsgi collide with letters
/// (a ping, 100, is `d`), so they are understood only on a socket that is declared to speak uwsgi.
pub fn sniff(first: u8) -> Option<Protocol> {
    match first {
        0 | 30 => Some(Protocol::Uwsgi),
        1 => Some(Protocol::FastCgi),
        b'0'..=b'9' => Some(Protocol::Scgi),
        b'A'..=b'Z' | b'a'..=b'z' => Some(Protocol::Http),
        _ => None,
    }
}
