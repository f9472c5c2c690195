//! A request that was served, as the log may tell of it. Borrows everything; lives for one line.

use std::borrow::Cow;
use std::io::Write;

use wire::{Known, Protocol, Request};

use crate::calendar;
use crate::escape;
use crate::routing::Routed;
use crate::sys;

/// Who sent the answer's body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Via {
    /// The engine, from memory.
    #[default]
    Core,
    /// The kernel, from a file.
    Sendfile,
}

/// How a request was answered.
#[derive(Clone, Copy, Debug, Default)]
pub struct Outcome {
    pub status: u16,
    pub body_bytes: u64,
    pub head_bytes: usize,
    pub headers: usize,
    pub via: Via,
    pub read_errors: u64,
    pub write_errors: u64,
    /// The application had no part in it.
    pub is_static: bool,
    /// Which application; -1: none. Known when all of it is over.
    pub app: i32,
}

/// The times of a request, in microseconds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Times {
    /// When a core began with it, since the epoch.
    pub started: u64,
    /// How long the application had it.
    pub micros: u64,
    /// Between its arrival and its beginning.
    pub waited: u64,
}

/// Everything about one request.
pub struct Served<'a> {
    pub request: &'a Request,
    /// What rules made of it.
    pub routed: Option<&'a Routed>,
    /// What the spans of the request refer to.
    pub text: &'a [u8],
    /// Of the peer, for HTTP.
    pub peer: &'a [u8],
    pub peer_port: &'a [u8],
    pub pid: u32,
    pub worker: usize,
    pub core: usize,
    /// -1: no application.
    pub app: i32,
    /// Of this worker, -1 where the application had no part in it, and of the instance.
    pub number: i64,
    pub total: u64,
    pub times: Times,
    pub outcome: Outcome,
    pub noted: &'a [(Vec<u8>, Vec<u8>)],
}

impl<'a> Served<'a> {
    fn is_http(&self) -> bool {
        self.request.protocol() == Some(Protocol::Http)
    }

    /// The value that rules have given a variable.
    fn changed(&self, name: &[u8]) -> Option<&'a [u8]> {
        self.routed.and_then(|routed| routed.vars.changed(name))
    }

    /// A variable that the application noted for the log, or else rules.
    pub fn noted(&self, name: &[u8]) -> Option<&'a [u8]> {
        let rules = self.routed.map_or(&[][..], |routed| &routed.noted);
        let mut noted = self.noted.iter().chain(rules.iter().rev());
        noted.find(|(known, _)| known == name).map(|(_, value)| value.as_slice())
    }

    /// A variable of the request; empty if it has none of that kind.
    pub fn find(&self, known: Known) -> &'a [u8] {
        self.request.find(known).map_or(&[], |span| span.of(self.text))
    }

    /// REQUEST_METHOD.
    pub fn method(&self) -> &'a [u8] {
        if let Some(changed) = self.changed(b"REQUEST_METHOD") {
            return changed;
        }
        self.request.method().of(self.text)
    }

    /// REQUEST_URI.
    pub fn uri(&self) -> &'a [u8] {
        if let Some(changed) = self.changed(b"REQUEST_URI") {
            return changed;
        }
        self.request.target().of(self.text)
    }

    /// The client; `forwarded`: the client that a front-end tells of, if one does.
    pub fn address(&self, forwarded: bool) -> &'a [u8] {
        if let Some(changed) = self.changed(b"REMOTE_ADDR") {
            return changed;
        }
        let told: &[u8] = if forwarded { self.find(Known::HttpXForwardedFor) } else { &[] };
        if !told.is_empty() {
            told
        } else if self.is_http() {
            self.peer
        } else {
            self.find(Known::RemoteAddr)
        }
    }

    /// REMOTE_USER. A header cannot set it.
    pub fn user(&self) -> &'a [u8] {
        if let Some(changed) = self.changed(b"REMOTE_USER") {
            return changed;
        }
        if self.is_http() {
            &[]
        } else {
            self.find(Known::RemoteUser)
        }
    }

    /// SERVER_PROTOCOL.
    pub fn protocol(&self) -> &'a [u8] {
        if self.is_http() {
            return self.request.version().text().as_bytes();
        }
        self.request.find(Known::ServerProtocol).map_or(b"HTTP/1.0", |span| span.of(self.text))
    }

    /// CONTENT_LENGTH; 0 without one.
    pub fn content_length(&self) -> u64 {
        let digits = self.find(Known::ContentLength);
        std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok()).unwrap_or(0)
    }

    /// Keys and values of the environ that the request brought.
    pub fn vars(&self) -> usize {
        self.request.vars().len() * 2
    }

    /// When it began, in seconds since the epoch.
    pub fn started_second(&self) -> i64 {
        (self.times.started / 1_000_000) as i64
    }

    /// A variable by its key in the environ; empty if the request has none.
    pub fn named(&self, key: &[u8]) -> Cow<'a, [u8]> {
        if let Some(changed) = self.changed(key) {
            return Cow::Borrowed(changed);
        }
        match key {
            b"REQUEST_METHOD" => return Cow::Borrowed(self.method()),
            b"REQUEST_URI" => return Cow::Borrowed(self.uri()),
            b"QUERY_STRING" => return Cow::Borrowed(self.request.query().of(self.text)),
            b"SERVER_PROTOCOL" => return Cow::Borrowed(self.protocol()),
            b"REMOTE_ADDR" => return Cow::Borrowed(self.address(false)),
            b"REMOTE_PORT" if self.is_http() => return Cow::Borrowed(self.peer_port),
            b"PATH_INFO" if self.is_http() => {
                let (path, mut scratch) = (self.request.path().of(self.text), Vec::new());
                return match wire::decode_path(path, &mut scratch) {
                    Ok(decoded) => Cow::Owned(decoded.to_vec()),
                    Err(_) => Cow::Borrowed(path),
                };
            }
            _ => {}
        }
        let known = Known::of_variable(key);
        if !self.is_http() {
            let mut vars = self.request.vars().iter().rev();
            let found =
                vars.find(|var| if known == Known::Other { var.name.of(self.text) == key } else { var.known == known });
            return Cow::Borrowed(found.map_or(&[], |var| var.value.of(self.text)));
        }
        // A header is known to the application under another name, and may come more than once.
        let is_field = key.starts_with(b"HTTP_") || matches!(known, Known::ContentType | Known::ContentLength);
        let mut value = Cow::Borrowed(&b""[..]);
        for var in self.request.vars().iter().filter(|_| is_field) {
            let is_it = if known == Known::Other {
                var.known == Known::Other && is_header(var.name.of(self.text), key)
            } else {
                var.known == known
            };
            if is_it {
                let next = var.value.of(self.text);
                if value.is_empty() {
                    value = Cow::Borrowed(next);
                } else {
                    let value = value.to_mut();
                    value.extend_from_slice(known.joiner().as_bytes());
                    value.extend_from_slice(next);
                }
            }
        }
        value
    }

    /// Append uWSGI's own line.
    pub fn append(&self, ctime: &str, style: Style, out: &mut Vec<u8>) {
        if style.memory {
            // Writing to a vector does not fail.
            let (space, resident) = sys::memory();
            let _ = write!(out, "{{address space usage: {space} bytes/{}MB}} ", space >> 20);
            let _ = write!(out, "{{rss usage: {resident} bytes/{}MB}} ", resident >> 20);
        }
        out.extend_from_slice(b"[pid: ");
        put(self.pid.into(), out);
        out.extend_from_slice(b"|app: ");
        put_signed(self.app.into(), out);
        out.extend_from_slice(b"|req: ");
        put_signed(self.number, out);
        out.push(b'/');
        put(self.total, out);
        out.extend_from_slice(b"] ");
        escape::plain(self.address(style.forwarded), out);
        out.extend_from_slice(b" (");
        escape::plain(self.user(), out);
        out.extend_from_slice(b") {");
        put(self.vars() as u64, out);
        out.extend_from_slice(b" vars in ");
        put(self.request.head_size() as u64, out);
        out.extend_from_slice(b" bytes} [");
        out.extend_from_slice(ctime.as_bytes());
        out.extend_from_slice(b"] ");
        escape::plain(self.method(), out);
        out.push(b' ');
        escape::plain(self.uri(), out);
        out.extend_from_slice(b" => generated ");
        put(self.outcome.body_bytes, out);
        out.extend_from_slice(b" bytes in ");
        put(if style.micros { self.times.micros } else { self.times.micros / 1000 }, out);
        out.extend_from_slice(if style.micros { b" micros" } else { b" msecs" });
        out.extend_from_slice(if self.outcome.via == Via::Sendfile { b" via sendfile() (" } else { b" (" });
        escape::plain(self.protocol(), out);
        out.push(b' ');
        put(self.outcome.status.into(), out);
        out.extend_from_slice(b") ");
        put(self.outcome.headers as u64, out);
        out.extend_from_slice(b" headers in ");
        put(self.outcome.head_bytes as u64, out);
        out.extend_from_slice(b" bytes (");
        put(u64::from(!self.outcome.is_static && self.outcome.via == Via::Core), out);
        out.extend_from_slice(b" switches on core ");
        put(self.core as u64, out);
        out.extend_from_slice(b")\n");
    }
}

/// Append a number; much cheaper than `write!`, and a line has a dozen of them.
fn put(mut number: u64, out: &mut Vec<u8>) {
    let mut digits = [0u8; 20];
    let mut at = digits.len();
    for place in digits.iter_mut().rev() {
        *place = b'0' + (number % 10) as u8;
        number /= 10;
        at -= 1;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(digits.get(at..).unwrap_or(&[]));
}

fn put_signed(number: i64, out: &mut Vec<u8>) {
    if number < 0 {
        out.push(b'-');
    }
    put(number.unsigned_abs(), out);
}

/// Is this field, as its client spelt it, the one that the environ calls `key`?
fn is_header(field: &[u8], key: &[u8]) -> bool {
    let key = key.strip_prefix(b"HTTP_").unwrap_or(key);
    let same = |(field, key): (&u8, &u8)| *key == if *field == b'-' { b'_' } else { field.to_ascii_uppercase() };
    field.len() == key.len() && field.iter().zip(key).all(same)
}

/// What may be different in uWSGI's own line.
#[derive(Clone, Copy, Debug, Default)]
pub struct Style {
    /// Microseconds instead of milliseconds.
    pub micros: bool,
    /// The size of the process first.
    pub memory: bool,
    /// The client is what X-Forwarded-For says.
    pub forwarded: bool,
}

/// The date of a line, made once a second.
#[derive(Debug, Default)]
pub struct Dated {
    second: i64,
    text: String,
}

impl Dated {
    /// `ctime` of `second`.
    pub fn ctime(&mut self, second: i64) -> &str {
        if self.second != second || self.text.is_empty() {
            self.text = calendar::ctime(second);
            self.second = second;
        }
        &self.text
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const HEAD: &[u8] =
        b"GET /env?a=1 HTTP/1.1\r\nHost: h\r\nX-A: 1\r\nx-a: 2\r\nX-Forwarded-For: 9.9.9.9\r\nRemote-User: joe\r\n\r\n";

    fn with<T>(check: impl Fn(&Served<'_>) -> T) -> T {
        let mut request = Request::new();
        wire::decode(Protocol::Http, HEAD, &wire::Limits::default(), &mut request).unwrap();
        check(&Served {
            request: &request,
            routed: None,
            text: request.text(HEAD),
            peer: b"127.0.0.1",
            peer_port: b"1234",
            pid: 10407,
            worker: 1,
            core: 0,
            app: 0,
            number: 1,
            total: 2,
            times: Times { started: 0, micros: 1234, waited: 0 },
            outcome: Outcome { status: 200, body_bytes: 850, head_bytes: 45, headers: 1, ..Outcome::default() },
            noted: &[],
        })
    }

    fn line(style: Style) -> String {
        with(|served| {
            let mut out = Vec::new();
            served.append("Sun Nov 22 16:17:45 2026", style, &mut out);
            String::from_utf8_lossy(&out).into_owned()
        })
    }

    #[test]
    fn the_line_is_uwsgis() {
        assert_eq!(
            line(Style::default()),
            format!(
                "[pid: 10407|app: 0|req: 1/2] 127.0.0.1 () {{10 vars in {} bytes}} [Sun Nov 22 16:17:45 2026] GET \
                 /env?a=1 => generated 850 bytes in 1 msecs (HTTP/1.1 200) 1 headers in 45 bytes (1 switches on core \
                 0)\n",
                HEAD.len()
            )
        );
        let other = line(Style { micros: true, memory: true, forwarded: true });
        assert!(other.starts_with("{address space usage: ") && other.contains("MB} {rss usage: "), "{other}");
        assert!(other.contains("MB} [pid: 10407|") && other.contains("] 9.9.9.9 () {"), "{other}");
        assert!(other.contains(" in 1234 micros ("), "{other}");
    }

    #[test]
    fn numbers_have_all_their_digits() {
        for number in [0, 9, 10, 1234, u64::MAX] {
            let mut out = Vec::new();
            put(number, &mut out);
            assert_eq!(out, number.to_string().into_bytes());
        }
    }

    #[test]
    fn a_variable_is_found_by_its_key() {
        let named = |key: &str| with(|served| String::from_utf8_lossy(&served.named(key.as_bytes())).into_owned());
        assert_eq!(named("HTTP_X_A"), "1, 2");
        assert_eq!(
            (named("HTTP_HOST"), named("REMOTE_PORT"), named("PATH_INFO")),
            ("h".into(), "1234".into(), "/env".into())
        );
        assert_eq!(
            (named("QUERY_STRING"), named("REMOTE_USER"), named("HTTP_NO")),
            ("a=1".into(), "".into(), "".into())
        );
    }
}
