//! A request before the application: the request chain, and the answers that rules give instead of it. Also how such an
//! answer, or a static file that rules have a say in, is framed and left in the connection.

use wire::{Facts, Protocol};

use super::chain::{Chain, Flow};
use super::reply::{Body, Head, Reply};
use super::vars::Vars;
use super::{turn, Routed, Routing};
use crate::conn::Conn;
use crate::cores::{Core, Engine};
use crate::served::{Outcome, Times, Via};
use crate::statics::Statics;
use crate::sys;
use crate::transfer::{self, Transfer};

impl Routing {
    /// The answer of rules instead of the application's; what they made of the request is in `routed`.
    fn ask(&self, engine: &'static Engine, routed: &mut Routed) -> Flow {
        if routed.is_routers {
            for (name, value) in &self.variables {
                routed.vars.set(name, value);
            }
            let host = routed.vars.get(b"HTTP_HOST").to_vec();
            if self.names_by_host && !host.is_empty() {
                routed.vars.set(b"SERVER_NAME", &host);
            }
        }
        match self.request.run(&mut turn(engine, routed, 0, false)) {
            Flow::Fault(_) => Flow::Reply(Reply::error(400)),
            flow => flow,
        }
    }

    /// What the error and response chains make of an answer that is not the application's.
    pub fn review(&self, engine: &'static Engine, routed: &mut Routed, reply: Reply) -> Reply {
        self.review_by(&[&self.error, &self.response], engine, routed, reply)
    }

    /// The same with some of them.
    pub fn review_by(
        &self,
        chains: &[&Chain],
        engine: &'static Engine,
        routed: &mut Routed,
        mut reply: Reply,
    ) -> Reply {
        self.disown(routed);
        for chain in chains {
            if chain.is_empty() {
                continue;
            }
            let mut turn = turn(engine, routed, reply.head.number(), true);
            turn.head = Some(std::mem::take(&mut reply.head));
            let flow = chain.run(&mut turn);
            let (head, sent) = (turn.head.take(), turn.sent.take());
            reply.head = head.unwrap_or_default();
            if let Flow::Reply(other) = flow {
                reply = other;
            } else if let Flow::Fault(_) = flow {
                reply = Reply::error(400);
            } else if let (Some(mut sent), Body::Bytes(body)) = (sent, &mut reply.body) {
                sent.append(body);
                *body = sent;
                reply.head.remove(b"Content-Length");
            }
        }
        if let (true, Some(pages)) = (reply.is_plain, &engine.settings.error_pages) {
            if let Some(page) = pages.find(reply.head.number()) {
                reply.head.remove(b"Content-Type");
                reply.head.headers.push((b"Content-Type".to_vec(), b"text/html".to_vec()));
                reply.body = Body::Bytes(page);
            }
        }
        finish_head(engine, routed, &mut reply.head);
        reply
    }
}

/// Headers of the configuration and of rules, for an answer that is not the application's.
fn finish_head(engine: &Engine, routed: &Routed, head: &mut Head) {
    take_from_head(engine, routed, head);
    add_to_head(engine, routed, head);
}

/// Take away what is to be taken away of every answer.
pub fn take_from_head(engine: &Engine, routed: &Routed, head: &mut Head) {
    let removed = engine.settings.headers.as_ref().map_or(&[][..], |changes| changes.removed());
    for name in routed.remove.iter().chain(removed) {
        head.remove(name);
    }
}

/// Add what is to be added to every answer. Rules that take a header away do not mean these, as in uWSGI.
pub fn add_to_head(engine: &Engine, routed: &Routed, head: &mut Head) {
    let added = engine.settings.headers.as_ref().map_or(&[][..], |changes| changes.added());
    head.headers.extend(added.iter().chain(&routed.add).cloned());
}

impl Core {
    /// Ask the rules. False: the request goes on to the files and the application.
    #[inline(never)]
    pub fn route(&mut self, routing: &'static Routing, conn: &mut Conn) -> bool {
        let engine = self.engine;
        let Some(vars) = Vars::of(engine, conn) else { return false };
        let (began, started) = (sys::now_us(), sys::wall_us());
        if routing.is_slow {
            // A disk may be slow, and the threads of the application need not wait for it.
            self.gil.release();
        }
        let listener = engine.settings.listeners.get(conn.listener);
        let mut routed = Box::new(Routed {
            vars,
            began: started,
            is_routers: listener.is_some_and(|listener| listener.is_routers),
            ..Routed::default()
        });
        let flow = match listener.and_then(|listener| listener.https_port.as_deref()) {
            Some(port) => Flow::Reply(to_https(&routed.vars, port)),
            None => routing.ask(engine, &mut routed),
        };
        match flow {
            Flow::Reply(reply) => {
                self.send_reply(conn, routed, reply, (began, started));
                true
            }
            Flow::HangUp => {
                let head = Head::default();
                self.begin_ruled(&routed.vars, started, began);
                self.leave_reply(conn, &head, 0, (began, started), Via::Core);
                conn.routed = Some(routed);
                conn.persistent = false;
                true
            }
            _ => {
                conn.routed = Some(routed);
                false
            }
        }
    }

    fn begin_ruled(&self, vars: &Vars, started: u64, began: u64) {
        self.begin_row(vars.get(b"REQUEST_METHOD"), vars.get(b"PATH_INFO"), started / 1_000_000, began);
    }

    /// Frame an answer that is not the application's; the connection sends it.
    pub fn send_reply(&mut self, conn: &mut Conn, mut routed: Box<Routed>, reply: Reply, (began, started): (u64, u64)) {
        let engine = self.engine;
        self.begin_ruled(&routed.vars, started, began);
        self.refresh_date((started / 1_000_000) as i64);
        let Reply { head, body, closes, .. } = match &engine.settings.routing {
            Some(routing) => routing.review(engine, &mut routed, reply),
            None => reply,
        };
        let mut facts = conn.request.facts();
        facts.persistent &= !engine.is_draining() && !closes;
        if conn.take_stream().is_some() {
            // Nobody will read the body of this request.
            facts.persistent = false;
            conn.linger = true;
        }
        let before = conn.out.len();
        let dated = facts.protocol == Protocol::Http && !conn.trusted;
        let date = dated.then_some(self.date.as_bytes());
        let headers = head.headers.iter().map(|(name, value)| (name.as_slice(), value.as_slice()));
        let length = match &body {
            Body::Bytes(bytes) => bytes.len() as u64,
            Body::File { length, .. } => *length,
        };
        let mut framing = wire::frame_head(&facts, &head.status, headers, Some(length), date, &mut conn.out);
        let head_bytes = conn.out.len() - before;
        let sends = framing.has_body() && length > 0;
        conn.persistent = true;
        let (mut sent, mut via) = (0, Via::Core);
        match body {
            Body::Bytes(bytes) => {
                framing.chunk(&bytes, &mut conn.out);
                conn.persistent = framing.end(&mut conn.out).persistent;
                sent = if sends { length } else { 0 };
            }
            Body::File { file, offset, .. } if sends && length > transfer::SMALL => {
                let reads = engine.settings.statics.as_ref().is_some_and(Statics::reads);
                let mut transfer = Transfer::new(file, offset, length, framing, reads);
                transfer.began = began;
                conn.transfer = Some(Box::new(transfer));
                via = Via::Sendfile;
            }
            Body::File { file, offset, .. } => {
                use std::os::fd::AsRawFd;
                if sends && !transfer::append(file.as_raw_fd(), offset, length, &mut framing, &mut conn.out) {
                    // It became shorter in this moment. Nothing was sent yet.
                    conn.out.truncate(before);
                    let facts = Facts { persistent: false, ..facts };
                    engine.error_page(&facts, 500, &mut conn.out);
                    conn.persistent = false;
                } else {
                    conn.persistent = framing.end(&mut conn.out).persistent;
                    (sent, via) = if sends { (length, Via::Sendfile) } else { (0, Via::Core) };
                }
            }
        }
        self.leave_reply(conn, &head, sent, (began, started), via);
        if let Some((outcome, _)) = &mut conn.told {
            outcome.head_bytes = head_bytes;
        }
        conn.routed = Some(routed);
    }

    /// Account for an answer that is not the application's.
    fn leave_reply(&self, conn: &mut Conn, head: &Head, sent: u64, (began, started): (u64, u64), via: Via) {
        let micros = sys::now_us() - began;
        self.end_row(micros, conn.out.len() as u64);
        self.engine.note_time(micros);
        if self.engine.settings.request_log.any {
            let waited = if self.engine.settings.request_log.asks_waited { self.waited(conn, began) } else { 0 };
            let outcome = Outcome {
                status: head.number(),
                body_bytes: sent,
                headers: head.headers.len(),
                via,
                is_static: true,
                ..Outcome::default()
            };
            conn.told = Some((outcome, Times { started, micros, waited }));
        }
    }
}

/// The same place, by TLS. Host and target were found well-formed when the request was decoded.
fn to_https(vars: &Vars, port: &str) -> Reply {
    let told = vars.get(b"HTTP_HOST");
    let colon = told
        .iter()
        .rposition(|&byte| byte == b':')
        .filter(|&at| told.get(at + 1..).is_some_and(|port| port.iter().all(u8::is_ascii_digit)));
    let host = told.get(..colon.unwrap_or(told.len())).unwrap_or(&[]);
    let host = if host.is_empty() { vars.get(b"SERVER_NAME") } else { host };
    let target = Some(vars.get(b"REQUEST_URI")).filter(|target| target.starts_with(b"/")).unwrap_or(b"/");
    let colon = if port.is_empty() { "" } else { ":" };
    let to = [b"https://", host, colon.as_bytes(), port.as_bytes(), target].concat();
    if wire::check_header(b"Location", &to).is_err() {
        // A front-end may say anything.
        return Reply::error(400);
    }
    let head = Head::new("301 Moved Permanently").with("Location", to);
    Reply { closes: true, ..Reply::new(head, "") }
}
