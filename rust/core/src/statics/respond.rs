//! Answers a request with a file, if it means one. The core that does it needs no GIL and lets it go; a body that is not
//! small is left to the connection as a [`Transfer`].

use std::os::fd::AsRawFd;

use wire::{Facts, Known, Protocol, Request};

use super::conditions::{self, Asked, Verdict};
use super::mapping::has_escaped_slash;
use super::rules::{self, Subject};
use super::{Chosen, Mode, Statics};
use crate::conn::Conn;
use crate::cores::Core;
use crate::log::http_date;
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
            self.engine.log.say(&format!(
                "a symbolic link leads to {}, which is neither below {} nor below a static-safe directory: not served",
                String::from_utf8_lossy(&here),
                String::from_utf8_lossy(&root)
            ));
        }
        let Some(chosen) = chosen else { return false };
        let subject = Subject { file: &chosen.path, kind: chosen.kind, path_info: path, uri };
        let expiry = rules::expiry(&statics.expires, &subject, wall, chosen.file.modified.0);
        let asked = asked(&conn.request, text);
        self.row().begin(method, conn.request.path().of(text), wall as u64, began);
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
        let etag = etag(&chosen);
        let (size, modified) = (chosen.file.size, chosen.file.modified.0);
        let file = conditions::Facts { etag: &etag, modified, size };
        let delegated = match statics.mode {
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
                    return false;
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
        self.row().end(micros, head_bytes as u64 + sent);
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
