//! An answer that a rule makes: head and body, before it is framed. Sends nothing.

use std::os::fd::OwnedFd;

/// A header.
pub type Header = (Vec<u8>, Vec<u8>);

/// Status and headers of an answer, as rules see and change them.
#[derive(Debug, Default)]
pub struct Head {
    /// Number and reason.
    pub status: Vec<u8>,
    pub headers: Vec<Header>,
}

/// What follows the head.
#[derive(Debug)]
pub enum Body {
    Bytes(Vec<u8>),
    /// So many bytes of a file from there on; the size is that of the whole answer.
    File {
        file: OwnedFd,
        offset: i64,
        length: u64,
    },
}

/// An answer instead of the application's.
#[derive(Debug)]
pub struct Reply {
    pub head: Head,
    pub body: Body,
    /// The connection is closed behind it.
    pub closes: bool,
    /// It is about an error and says nothing of its own: the configuration may have a page for that.
    pub is_plain: bool,
}

impl Head {
    /// One without headers.
    pub fn new(status: impl Into<Vec<u8>>) -> Head {
        Head { status: status.into(), headers: Vec::new() }
    }

    /// With one more.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Vec<u8>>) -> Head {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The number of the status; 0 if it begins with none.
    pub fn number(&self) -> u16 {
        wire::check_status(&self.status).unwrap_or(0)
    }

    /// Take away every header of this name.
    pub fn remove(&mut self, name: &[u8]) {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
    }
}

impl Reply {
    /// A line of text.
    pub fn text(status: impl Into<Vec<u8>>, text: impl Into<Vec<u8>>) -> Reply {
        let head = Head::new(status).with("Content-Type", "text/plain");
        Reply { head, ..Reply::new(Head::default(), text) }
    }

    /// A head and bytes.
    pub fn new(head: Head, body: impl Into<Vec<u8>>) -> Reply {
        Reply { head, body: Body::Bytes(body.into()), closes: false, is_plain: false }
    }

    /// One of our own, as the engine answers everywhere.
    pub fn error(status: u16) -> Reply {
        let line = format!("{status} {}", wire::reason(status));
        Reply { is_plain: true, ..Reply::text(line.clone(), format!("{line}\n")) }
    }
}
