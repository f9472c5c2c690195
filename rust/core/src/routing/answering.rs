//! An application's answer between its `start_response` and the first byte on the wire: headers become variables, the error
//! and response chains have their say, and what they answer instead takes the place of the application's body.

use std::os::fd::AsRawFd;

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use super::asking::{add_to_head, take_from_head};
use super::chain::{Chain, Flow};
use super::reply::{Body, Head, Reply};
use super::{turn, Routed, Routing};
use crate::answer::Answer;
use crate::cores::Engine;
use crate::headers::Headers;
use crate::served::Outcome;
use crate::statics::rules;
use crate::transfer;

/// Of zlib: the level, and a window of 32 KiB with the header of gzip.
const LEVEL: u32 = 6;
const GZIP_WINDOW: u32 = 16 + 15;

impl Routing {
    /// Rules or options may change an application's answer.
    fn minds_answers(&self, routed: &Routed) -> bool {
        !self.error.is_empty()
            || !self.response.is_empty()
            || !self.collected.is_empty()
            || !routed.add.is_empty()
            || !routed.remove.is_empty()
            || routed.gzip
            || (self.compresses && routed.is_routers)
    }

    /// Such a variable is what an application answered, or empty: never what a client sent under its name.
    pub fn disown(&self, routed: &mut Routed) {
        for (_, variable, _) in &self.collected {
            routed.vars.disown(variable);
        }
    }

    /// Headers into variables. Those that are pulled leave the answer.
    fn collect(&self, routed: &mut Routed, head: &mut Head) {
        self.disown(routed);
        let mut kept = Vec::with_capacity(head.headers.len());
        for (name, value) in head.headers.drain(..) {
            let mut is_pulled = false;
            for (header, variable, pulls) in &self.collected {
                if header.eq_ignore_ascii_case(&name) {
                    routed.vars.set(variable, &value);
                    is_pulled |= pulls;
                }
            }
            if !is_pulled {
                kept.push((name, value));
            }
        }
        head.headers = kept;
    }

    /// The end of a request, when its answer is on its way.
    pub fn end(&self, engine: &'static Engine, routed: &mut Routed, outcome: &Outcome) {
        if self.last.is_empty() {
            return;
        }
        let mut turn = turn(engine, routed, outcome.status, true);
        turn.facts.body_bytes = outcome.body_bytes;
        self.last.run(&mut turn);
    }
}

impl Routed {
    /// Tell the application what rules have made of its request.
    pub fn tell(&self, environ: &Bound<'_, PyAny>) -> PyResult<()> {
        let environ = environ.cast::<PyDict>()?;
        let text = |bytes: &[u8]| bytes.iter().copied().map(char::from).collect::<String>();
        for (name, value) in self.vars.changes() {
            environ.set_item(text(name), text(value))?;
            if name == b"UWSGI_SCHEME" && matches!(value, b"http" | b"https") {
                environ.set_item("wsgi.url_scheme", text(value))?;
            }
        }
        Ok(())
    }
}

impl Answer {
    /// Let the rules see the head before it is framed. True: they have answered, and nothing of the application's answer
    /// is sent. Else `length` and `before` are what is left to frame: the length, and what stands before the body.
    #[cold]
    pub fn route(
        &mut self,
        engine: &'static Engine,
        length: &mut Option<u64>,
        before: &mut Vec<u8>,
        date: &str,
    ) -> bool {
        let (Some(routing), Some(mut routed)) = (&engine.settings.routing, self.routed.take()) else { return false };
        let minds = routing.minds_answers(&routed);
        let replaced = if minds { self.consult(engine, routing, &mut routed, length, before) } else { None };
        if !minds {
            if let Some(changes) = &engine.settings.headers {
                changes.apply(self);
            }
        }
        let is_replaced = replaced.is_some();
        if let Some(reply) = replaced {
            self.replace_by(engine, reply, date);
        }
        self.routed = Some(routed);
        is_replaced
    }

    fn consult(
        &mut self,
        engine: &'static Engine,
        routing: &Routing,
        routed: &mut Routed,
        length: &mut Option<u64>,
        before: &mut Vec<u8>,
    ) -> Option<Reply> {
        let mut head = self.take_head();
        take_from_head(engine, routed, &mut head);
        self.facts.persistent &= !engine.settings.headers.as_ref().is_some_and(Headers::closes);
        routing.collect(routed, &mut head);
        for chain in [&routing.error, &routing.response] {
            if chain.is_empty() {
                continue;
            }
            let mut turn = turn(engine, routed, head.number(), true);
            turn.head = Some(head);
            let flow = chain.run(&mut turn);
            let (left, sent) = (turn.head.take(), turn.sent.take());
            head = left.unwrap_or_default();
            match flow {
                Flow::Reply(reply) => {
                    let is_first = std::ptr::eq(chain, &raw const routing.error);
                    let left: &[&Chain] = if is_first { &[&routing.response] } else { &[] };
                    return Some(routing.review_by(left, engine, routed, reply));
                }
                // An empty answer is the nearest to none: the application has begun to be heard.
                Flow::HangUp => {
                    self.facts.persistent = false;
                    return Some(Reply::text(head.status, ""));
                }
                Flow::Fault(_) => return Some(routing.review_by(&[], engine, routed, Reply::error(400))),
                Flow::Next | Flow::Done | Flow::Goto(..) => {}
            }
            if let Some(sent) = sent {
                before.extend_from_slice(&sent);
                head.remove(b"Content-Length");
                *length = length.map(|length| length + sent.len() as u64);
            }
        }
        let wants_gzip = routed.gzip || (routing.compresses && routed.is_routers && asks_for_gzip(&head));
        if wants_gzip && before.is_empty() && self.compress(&mut head, routed.vars.get(b"HTTP_ACCEPT_ENCODING")) {
            *length = None;
        }
        if routing.compresses && routed.is_routers {
            head.remove(b"uWSGI-Encoding");
        }
        add_to_head(engine, routed, &mut head);
        self.put_head(&head);
        None
    }

    /// Status and headers as the application gave them.
    fn take_head(&mut self) -> Head {
        let text = &self.text;
        let part = |from: u32, to: u32| text.get(from as usize..to as usize).unwrap_or(&[]).to_vec();
        let headers = self.headers.iter().map(|&(name, value, end)| (part(name, value), part(value, end))).collect();
        Head { status: part(0, self.status_end), headers }
    }

    fn put_head(&mut self, head: &Head) {
        let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        self.text.clear();
        self.headers.clear();
        self.text.extend_from_slice(&head.status);
        self.status_end = place(self.text.len());
        for (name, value) in &head.headers {
            let start = self.text.len();
            self.text.extend_from_slice(name);
            let middle = self.text.len();
            self.text.extend_from_slice(value);
            self.headers.push((place(start), place(middle), place(self.text.len())));
        }
    }

    /// Send this instead of what the application answers.
    fn replace_by(&mut self, engine: &'static Engine, reply: Reply, date: &str) {
        let Reply { head, body, closes, .. } = reply;
        self.put_head(&head);
        self.facts.persistent &= !closes;
        let length = match &body {
            Body::Bytes(bytes) => bytes.len() as u64,
            Body::File { length, .. } => *length,
        };
        self.frame(Some(length), date);
        let small = match body {
            Body::Bytes(bytes) => bytes,
            Body::File { file, offset, length } if length > transfer::SMALL => {
                if self.framing().is_some_and(wire::Framing::has_body) {
                    self.file = Some((file, offset, length));
                }
                self.is_aside = true;
                return;
            }
            Body::File { file, offset, length } => {
                let mut content = Vec::new();
                let wanted = usize::try_from(length).unwrap_or(0);
                while content.len() < wanted {
                    let at = offset + content.len() as i64;
                    let left = wanted - content.len();
                    match crate::sys::read_append(file.as_raw_fd(), &mut content, at, left) {
                        Ok(0) => break,
                        Ok(_) => {}
                        Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                        Err(_) => break,
                    }
                }
                if content.len() < wanted {
                    engine.log.say("a file became shorter while it was sent: the connection is closed");
                }
                content
            }
        };
        self.push_plain(&small);
        self.is_aside = true;
    }

    /// Begin to compress, if the client takes that and nothing speaks against it.
    fn compress(&mut self, head: &mut Head, accepted: &[u8]) -> bool {
        let number = head.number();
        let has = |name: &[u8]| head.headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name));
        if !rules::accepts(accepted, b"gzip")
            || has(b"Content-Encoding")
            || self.facts.head_only
            || number < 200
            || matches!(number, 204 | 206 | 304)
        {
            return false;
        }
        // SAFETY: an answer is framed with the GIL held.
        let py = unsafe { Python::assume_attached() };
        let made = py.import("zlib").and_then(|zlib| zlib.call_method1("compressobj", (LEVEL, 8, GZIP_WINDOW)));
        // A Python without zlib compresses nothing.
        let Ok(made) = made else { return false };
        (self.compressor, self.is_aside) = (Some(made.unbind()), true);
        head.remove(b"Content-Length");
        for (name, value) in &mut head.headers {
            // The bytes are others now.
            if name.eq_ignore_ascii_case(b"etag") && !value.starts_with(b"W/") {
                value.splice(..0, b"W/".iter().copied());
            }
        }
        head.headers.push((b"Content-Encoding".to_vec(), b"gzip".to_vec()));
        head.headers.push((b"Vary".to_vec(), b"Accept-Encoding".to_vec()));
        true
    }

    /// A piece of a body that is compressed, or dropped because rules have answered. What zlib keeps comes with a later
    /// one.
    #[cold]
    pub fn push_aside(&mut self, chunk: &Bound<'_, PyBytes>) {
        let Some(compressor) = &self.compressor else { return };
        let made = compressor.bind(chunk.py()).call_method1("compress", (chunk,));
        self.push_made(made);
    }

    /// The last of it.
    #[cold]
    pub fn end_compressed(&mut self, py: Python<'_>) {
        let Some(compressor) = self.compressor.take() else { return };
        self.push_made(compressor.bind(py).call_method0("flush"));
    }

    fn push_made(&mut self, made: PyResult<Bound<'_, PyAny>>) {
        match made.and_then(|made| Ok(made.cast_into::<PyBytes>()?)) {
            Ok(bytes) => self.push_plain(bytes.as_bytes()),
            // Out of memory: the end of the stream will be missing, and the client sees that.
            Err(_) => self.abort(),
        }
    }
}

fn asks_for_gzip(head: &Head) -> bool {
    let value = |name: &[u8]| head.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    value(b"uWSGI-Encoding").is_some_and(|(_, value)| value.eq_ignore_ascii_case(b"gzip"))
        && value(b"Content-Length").is_none()
}
