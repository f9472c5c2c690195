//! Answers a request with a file, if it means one. The core that does it needs no GIL and lets it go; a body that is not
//! small is left to the connection as a [`Transfer`].

use std::os::fd::{AsRawFd, OwnedFd};

use wire::{Facts, Known, Protocol, Request};

use super::beneath::{File, Links};
use super::conditions::{self, Asked, Verdict};
use super::mapping::{has_escaped_slash, Map};
use super::rules::{self, Subject};
use super::{Chosen, Mode, Statics};
use crate::conn::Conn;
use crate::cores::Core;
use crate::log::http_date;
use crate::routing::reply::{self, Reply};
use crate::routing::vars::Vars;
use crate::served::{Outcome, Times, Via};
use crate::sys;
use crate::transfer::{self, Transfer};

/// The head of an answer as it grows.
#[derive(Default)]
struct Head {
    headers: Vec<(&'static str, Vec<u8>)>,
}

impl Head {
    fn add(&mut self, name: &'static str, value: impl Into<Vec<u8>>) {
        self.headers.push((name, value.into()));
    }
}

/// PATH_INFO as the environ would have it; `None`: the request is malformed, or its path says one thing to us and another
/// to whoever stands in front.
fn path_info<'a>(request: &'a Request, text: &'a [u8], scratch: &'a mut Vec<u8>) -> Option<&'a [u8]> {
    if request.protocol() == Some(Protocol::Http) {
        let raw = request.path().of(text);
        if has_escaped_slash(raw) {
            return None;
        }
        return wire::decode_path(raw, scratch).ok();
    }
    match request.find(Known::PathInfo) {
        Some(span) => Some(span.of(text)),
        None => crate::environ::path_elsewhere(request, text).map(|(path, _)| path),
    }
}

fn asked(request: &Request, text: &[u8]) -> Asked {
    let mut asked = Asked::default();
    let mut ranges = 0;
    for var in request.vars() {
        let value = var.value.of(text);
        let place = match var.known {
            Known::HttpIfMatch => &mut asked.if_match,
            Known::HttpIfNoneMatch => &mut asked.if_none_match,
            Known::HttpIfModifiedSince => &mut asked.if_modified_since,
            Known::HttpIfUnmodifiedSince => &mut asked.if_unmodified_since,
            Known::HttpIfRange => &mut asked.if_range,
            Known::HttpRange => {
                ranges += 1;
                &mut asked.range
            }
            _ => continue,
        };
        // Front-ends send what a client did not say as empty variables.
        if value.is_empty() && request.protocol() != Some(Protocol::Http) {
            continue;
        }
        match place {
            Some(before) => {
                before.extend_from_slice(b", ");
                before.extend_from_slice(value);
            }
            None => *place = Some(value.to_vec()),
        }
    }
    if ranges > 1 {
        asked.range = None;
    }
    asked
}

/// Of a file, not of a path: changes with every change of the content that the file system notes.
fn etag(chosen: &Chosen<'_>) -> Vec<u8> {
    let (seconds, nanos) = chosen.file.modified;
    let coding = chosen.encoding.map_or("", |_| "-z");
    format!("\"{seconds:x}.{nanos:x}-{:x}{coding}\"", chosen.file.size).into_bytes()
}

fn reason(status: u16) -> &'static [u8] {
    match status {
        200 => b"200 OK",
        206 => b"206 Partial Content",
        304 => b"304 Not Modified",
        412 => b"412 Precondition Failed",
        _ => b"416 Range Not Satisfiable",
    }
}

/// What a rule names, as if it were mapped for this request alone.
fn named(root: &[u8]) -> Map {
    Map { prefix: Vec::new(), root: root.to_vec(), keeps_prefix: false, links: Links::default() }
}

/// For the log: a link leads out of its directory.
pub fn outside_text(here: &[u8], root: &[u8]) -> String {
    format!(
        "a symbolic link leads to {}, which is neither below {} nor below a static-safe directory: not served",
        String::from_utf8_lossy(here),
        String::from_utf8_lossy(root)
    )
}

/// What to send of a file, and under which head.
struct Plan {
    status: u16,
    head: Head,
    first: u64,
    length: u64,
    /// Bytes of the body: none where the front-end sends the file.
    body: u64,
}

impl Plan {
    fn into_reply(self, file: OwnedFd) -> Reply {
        let headers = self.head.headers.into_iter().map(|(name, value)| (name.as_bytes().to_vec(), value)).collect();
        let offset = i64::try_from(self.first).unwrap_or(i64::MAX);
        let body = match self.body {
            0 => reply::Body::Bytes(Vec::new()),
            length => reply::Body::File { file, offset, length },
        };
        let head = reply::Head { status: reason(self.status).to_vec(), headers };
        Reply { body, ..Reply::new(head, "") }
    }
}

impl Statics {
    /// `None`: the file cannot be told of in a header.
    fn plan(&self, chosen: &Chosen<'_>, asked: &Asked, is_get: bool, expiry: Option<i64>) -> Option<Plan> {
        let etag = etag(chosen);
        let (size, modified) = (chosen.file.size, chosen.file.modified.0);
        let file = conditions::Facts { etag: &etag, modified, size };
        let delegated = match self.mode {
            Mode::Direct => None,
            Mode::Header(name) => Some(name),
        };
        // A front-end that sends the file answers conditions and ranges itself.
        let verdict = if delegated.is_some() { Verdict::Whole } else { conditions::judge(asked, file, is_get) };
        let (status, first, length) = match verdict {
            Verdict::Whole => (200, 0, size),
            Verdict::Part { first, length } => (206, first, length),
            Verdict::NotModified => (304, 0, 0),
            Verdict::Failed => (412, 0, 0),
            Verdict::Unsatisfiable => (416, 0, 0),
        };
        let mut head = Head::default();
        if matches!(status, 200 | 206) {
            head.add("Content-Type", chosen.kind);
            if let Some(coding) = chosen.encoding {
                head.add("Content-Encoding", coding);
            }
        }
        if matches!(status, 200 | 206 | 304) {
            if let Some(second) = expiry {
                head.add("Expires", http_date(second));
            }
            head.add("Last-Modified", http_date(modified));
            if chosen.varies {
                head.add("Vary", "Accept-Encoding");
            }
        }
        match verdict {
            Verdict::Part { .. } => {
                head.add("Content-Range", format!("bytes {first}-{}/{size}", first + length.saturating_sub(1)));
            }
            Verdict::Unsatisfiable => head.add("Content-Range", format!("bytes */{size}")),
            _ => {}
        }
        let mut body = length;
        match delegated {
            Some(name) => {
                // A line break in a name would end the header.
                if wire::check_header(name.as_bytes(), &chosen.path).is_err() {
                    return None;
                }
                head.add(name, chosen.path.clone());
                body = 0;
            }
            None => {
                head.add("ETag", etag.clone());
                head.add("Accept-Ranges", "bytes");
                if status != 304 {
                    head.add("Content-Length", length.to_string());
                }
            }
        }

        Some(Plan { status, head, first, length, body })
    }

    /// The answer with the file that a rule names: `root`, or what is below it. Links out of it that are not followed
    /// are in `outside`.
    pub fn reply(
        &self,
        (root, below): (&[u8], &[u8]),
        vars: &Vars,
        now: i64,
        outside: &mut Vec<(Vec<u8>, Vec<u8>)>,
    ) -> Option<Reply> {
        let map = named(root);
        let (uri, path_info) = (vars.get(b"REQUEST_URI"), vars.get(b"PATH_INFO"));
        let chosen = self.find_in(&map, below, vars.get(b"HTTP_ACCEPT_ENCODING"), uri, outside)?;
        let subject = Subject { file: &chosen.path, kind: chosen.kind, path_info, uri };
        let expiry = rules::expiry(&self.expires, &subject, now, chosen.file.modified.0);
        let header = |name: &[u8]| Some(vars.get(name)).filter(|value| !value.is_empty()).map(<[u8]>::to_vec);
        let asked = Asked {
            if_match: header(b"HTTP_IF_MATCH"),
            if_none_match: header(b"HTTP_IF_NONE_MATCH"),
            if_modified_since: header(b"HTTP_IF_MODIFIED_SINCE"),
            if_unmodified_since: header(b"HTTP_IF_UNMODIFIED_SINCE"),
            if_range: header(b"HTTP_IF_RANGE"),
            range: header(b"HTTP_RANGE"),
        };
        let plan = self.plan(&chosen, &asked, vars.get(b"REQUEST_METHOD") == b"GET", expiry)?;
        Some(plan.into_reply(chosen.file.fd))
    }

    /// The same file, as it is.
    pub fn open(&self, (root, below): (&[u8], &[u8]), outside: &mut Vec<(Vec<u8>, Vec<u8>)>) -> Option<(File, &[u8])> {
        let map = named(root);
        let chosen = self.find_in(&map, below, b"", b"", outside)?;
        Some((chosen.file, chosen.kind))
    }

    /// The content type of a file of this name.
    pub fn kind(&self, path: &[u8]) -> &[u8] {
        self.types.of(path)
    }
}

impl Core {
    /// Answer with a file. False: this is the application's.
    #[inline(never)]
    pub fn serve_file(&mut self, statics: &Statics, conn: &mut Conn) -> bool {
        let text = conn.request.text(conn.head());
        let method = conn.request.method().of(text);
        let is_get = method == b"GET";
        if !is_get && method != b"HEAD" {
            return false;
        }
        let mut scratch = Vec::new();
        let Some(path) = path_info(&conn.request, text, &mut scratch) else { return false };
        let docroot = conn.request.find(Known::DocumentRoot).map(|span| span.of(text));
        // Only a front-end knows a DOCUMENT_ROOT; with HTTP there is no such variable.
        let docroot =
            docroot.filter(|root| statics.docroot && conn.trusted && root.starts_with(b"/") && root.len() > 1);
        if !statics.might_have(path, docroot) {
            return false;
        }
        let began = sys::now_us();
        let started = sys::wall_us();
        let wall = (started / 1_000_000) as i64;
        // A disk may be slow, and the threads of the application need not wait for it.
        self.gil.release();
        let accepted = conn.request.find(Known::HttpAcceptEncoding).map_or(&b""[..], |span| span.of(text));
        let uri = conn.request.target().of(text);
        let mut outside = Vec::new();
        let chosen = statics.find(path, docroot, accepted, uri, &mut outside);
        for (here, root) in outside {
            self.engine.log.say(&outside_text(&here, &root));
        }
        let Some(chosen) = chosen else { return false };
        let subject = Subject { file: &chosen.path, kind: chosen.kind, path_info: path, uri };
        let expiry = rules::expiry(&statics.expires, &subject, wall, chosen.file.modified.0);
        let asked = asked(&conn.request, text);
        self.begin_row(method, conn.request.path().of(text), wall as u64, began);
        self.refresh_date(wall);
        self.answer_with(statics, conn, chosen, (&asked, is_get, expiry), (began, started))
    }

    fn answer_with(
        &mut self,
        statics: &Statics,
        conn: &mut Conn,
        chosen: Chosen<'_>,
        (asked, is_get, expiry): (&Asked, bool, Option<i64>),
        (began, started): (u64, u64),
    ) -> bool {
        let Some(Plan { status, head, first, length, body }) = statics.plan(&chosen, asked, is_get, expiry) else {
            return false;
        };
        if let Some(routed) = conn.routed.take() {
            let reply = Plan { status, head, first, length, body }.into_reply(chosen.file.fd);
            self.send_reply(conn, routed, reply, (began, started));
            return true;
        }

        let mut facts = conn.request.facts();
        facts.persistent &= !self.engine.is_draining();
        if conn.take_stream().is_some() {
            // Nobody will read the body of this request.
            facts.persistent = false;
            conn.linger = true;
        }
        let out_before = conn.out.len();
        let dated = facts.protocol == Protocol::Http && !conn.trusted;
        let date = dated.then_some(self.date.as_bytes());
        let headers = head.headers.iter().map(|(name, value)| (name.as_bytes(), value.as_slice()));
        let mut framing = wire::frame_head(&facts, reason(status), headers, Some(body), date, &mut conn.out);
        let head_bytes = conn.out.len() - out_before;
        let headers = head.headers.len();
        let sends = framing.has_body() && body > 0;
        let offset = i64::try_from(first).unwrap_or(i64::MAX);
        let mut sent = 0;
        conn.persistent = true;
        if sends && length > transfer::SMALL {
            let mut transfer = Transfer::new(chosen.file.fd, offset, length, framing, statics.reads);
            transfer.began = began;
            conn.transfer = Some(Box::new(transfer));
        } else if sends && !transfer::append(chosen.file.fd.as_raw_fd(), offset, length, &mut framing, &mut conn.out) {
            // It became shorter in this moment. Nothing was sent yet.
            conn.out.truncate(out_before);
            let facts = Facts { persistent: false, ..facts };
            wire::error_page(&facts, 500, "", &mut conn.out);
            conn.persistent = false;
        } else {
            conn.persistent = framing.end(&mut conn.out).persistent;
            sent = if sends { length } else { 0 };
        }
        let micros = sys::now_us() - began;
        self.end_row(micros, head_bytes as u64 + sent);
        self.engine.note_time(micros);
        if self.engine.settings.request_log.any {
            let waited = if self.engine.settings.request_log.asks_waited { self.waited(conn, began) } else { 0 };
            let via = if sends { Via::Sendfile } else { Via::Core };
            let outcome =
                Outcome { status, body_bytes: sent, head_bytes, headers, via, is_static: true, ..Outcome::default() };
            conn.told = Some((outcome, Times { started, micros, waited }));
        }
        true
    }
}
