//! One connection as a state machine: head, body, answer, and again. It reads and writes without waiting, and says when
//! to park; the application is called through `call.rs`.
//!
//! ```text
//!   Head ──complete──► Body ──collected or streamed──► Ready ──(the application)──► Answering ──► Head   kept alive
//!     └──refused────────┴──────────────────────────────────────────────────────────────┘ └─► Lingering ──► closed
//! ```
//!
//! Lingering: bytes of the client that nobody will read are thrown away for a while after the answer, because closing a
//! socket with unread bytes resets it and takes the answer from the client.

use std::ffi::CStr;
use std::io;

use wire::{Body, BodyFraming, Facts, Progress, Protocol, Refusal, Request};

use crate::announced::Destination;
use crate::answer::send_waiting;
use crate::cores::Core;
use crate::listener::{Listener, Peer};
use crate::noted::Noted;
use crate::rest::Rest;
use crate::routing::Routed;
use crate::served::{Outcome, Times};
use crate::spool::Spool;
use crate::statics::Statics;
use crate::sys;
use crate::tls::PlainHttp;
use crate::transfer::{Step, Transfer};
use crate::transport::Transport;

/// Milliseconds that a connection which has said nothing yet may keep a draining worker.
const FRESH: u64 = 1000;

/// Bodies up to this size are collected before a core is given to them; larger ones are streamed.
const COLLECTED: u64 = 1024 * 1024;
/// First room for a head.
const ROOM: usize = 8 * 1024;
/// What is kept of a buffer when its connection ends.
const KEPT: usize = 64 * 1024;
/// What is read of a body that nobody wants, in bytes and milliseconds.
const LINGER_BYTES: u64 = 64 * 1024 * 1024;
const LINGER_MS: u64 = 5000;
/// Requests of one connection before the others have their turn.
const TURN: u32 = 32;

/// Where a connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Waits for a PROXY header, or to see that there is none.
    Announced,
    /// Waits for (the rest of) a head.
    Head,
    /// Waits for the rest of a body that is collected.
    Body,
    /// Has a request for the application.
    Ready,
    /// Has an answer to send.
    Answering,
    /// Reads what nobody wants.
    Lingering,
}

/// What the core does with the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Wait until this time, in milliseconds.
    Park(u64),
    /// Others first.
    Again,
    /// Call the application (`Conn::call`), then drive on.
    Call,
    /// Close it.
    Close,
}

/// Everything about one connection.
pub struct Conn {
    pub io: Transport,
    /// Index of its listener.
    pub listener: usize,
    pub trusted: bool,
    /// REMOTE_ADDR and REMOTE_PORT.
    pub address: Vec<u8>,
    pub port: Vec<u8>,
    /// What a load balancer says of where the client meant to go.
    pub destination: Option<Box<Destination>>,
    declared: Protocol,
    protocol: Option<Protocol>,
    pub stage: Stage,
    pub request: Request,
    buf: Vec<u8>,
    /// Where the request starts in `buf`, where its head ends, and where the bytes start that nobody looked at.
    start: usize,
    head_end: usize,
    tail: usize,
    framing: Option<Body>,
    /// The body so far, without framing.
    pub body: Vec<u8>,
    /// What of it came before, if it is too large for memory and was to be collected.
    pub spool: Option<Spool>,
    /// The answer; bytes before `sent` are gone.
    pub out: Vec<u8>,
    pub sent: usize,
    /// The file that the answer ends in.
    pub transfer: Option<Box<Transfer>>,
    /// What comes behind `out`; usually nothing.
    pub rest: Rest,
    /// What happens after the answer.
    pub persistent: bool,
    pub linger: bool,
    /// What the log will tell of the request once its answer is sent.
    pub told: Option<(Outcome, Times)>,
    /// What rules made of the request.
    pub routed: Option<Box<Routed>>,
    /// What the application noted for that.
    pub noted: Noted,
    lingered: u64,
    /// When this stage must be over.
    until: u64,
    /// When the body, or the waiting for the client to take the answer, began; and how many bytes went since.
    began: u64,
    moved: u64,
    /// Requests served.
    served: u32,
    /// Requests after which others have their turn.
    turn: u32,
    /// The socket may have bytes.
    unread: bool,
    hangup: bool,
    /// Known to epoll, and whether it waits for room to send.
    pub registered: bool,
    pub armed_out: bool,
    pub wants_out: bool,
}

impl Conn {
    /// An empty place.
    pub fn new() -> Conn {
        Conn {
            io: Transport::none(),
            listener: 0,
            trusted: false,
            address: Vec::new(),
            port: Vec::new(),
            destination: None,
            declared: Protocol::Http,
            protocol: None,
            stage: Stage::Head,
            request: Request::new(),
            buf: Vec::new(),
            start: 0,
            head_end: 0,
            tail: 0,
            framing: None,
            body: Vec::new(),
            spool: None,
            out: Vec::new(),
            sent: 0,
            transfer: None,
            rest: Rest::default(),
            persistent: false,
            linger: false,
            told: None,
            routed: None,
            noted: Noted::new(),
            lingered: 0,
            until: 0,
            began: 0,
            moved: 0,
            served: 0,
            turn: TURN,
            unread: true,
            hangup: false,
            registered: false,
            armed_out: false,
            wants_out: false,
        }
    }

    /// Begin with a new connection.
    pub fn open(&mut self, io: Transport, peer: Peer, index: usize, listener: &Listener, until: u64) {
        use std::io::Write;
        self.io = io;
        self.listener = index;
        self.trusted = peer.trusted;
        self.declared = listener.protocol;
        self.protocol = if peer.trusted { None } else { Some(listener.protocol) };
        self.address.clear();
        self.port.clear();
        // Writing to a vector does not fail.
        let _ = match peer.address {
            Some((address, port)) => write!(self.address, "{address}").and_then(|()| write!(self.port, "{port}")),
            None => self.address.write_all(b"0.0.0.0"),
        };
        self.destination = None;
        self.stage = if listener.announcers.is_some() { Stage::Announced } else { Stage::Head };
        self.request.clear();
        (self.framing, self.spool) = (None, None);
        for buffer in [&mut self.buf, &mut self.body, &mut self.out] {
            buffer.clear();
            if buffer.capacity() > KEPT {
                *buffer = Vec::new();
            }
        }
        (self.start, self.head_end, self.tail, self.sent, self.lingered, self.served) = (0, 0, 0, 0, 0, 0);
        self.until = until;
        (self.told, self.routed) = (None, None);
        self.turn = TURN;
        self.unread = true;
        self.hangup = false;
        (self.registered, self.armed_out, self.wants_out) = (false, false, false);
    }

    /// The kernel said that something happened.
    pub fn wake(&mut self, hangup: bool) {
        self.unread = true;
        self.hangup |= hangup;
        self.next_turn();
    }

    /// It may serve some requests again before others must have their turn.
    pub fn next_turn(&mut self) {
        self.turn = self.served.saturating_add(TURN);
    }

    /// The bytes of the head.
    pub fn head(&self) -> &[u8] {
        self.buf.get(self.start..).unwrap_or(&[])
    }

    /// Between two requests, with nothing of the next.
    pub fn is_idle(&self) -> bool {
        self.stage == Stage::Head && self.start == self.buf.len() && self.served > 0
    }

    /// Read into `buf`; `Ok(false)`: nothing there now.
    fn read(&mut self) -> io::Result<bool> {
        let room = self.buf.capacity() - self.buf.len();
        if room < ROOM / 4 {
            if self.stage == Stage::Head && self.start > 0 {
                self.buf.drain(..self.start);
                self.start = 0;
            }
            self.buf.reserve(ROOM.max(self.buf.len()));
        }
        let room = self.buf.capacity() - self.buf.len();
        let result = self.io.recv(&mut self.buf, room);
        self.took(result, room)
    }

    fn took(&mut self, result: io::Result<usize>, room: usize) -> io::Result<bool> {
        match result {
            Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => {
                // A short read has emptied the socket; a new edge will tell of more. Not so at the end of the stream.
                self.unread = count == room || self.hangup || self.io.has_end();
                Ok(true)
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                // Nothing is left, not even an end: whatever comes is a new edge.
                (self.unread, self.hangup) = (false, false);
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// Go as far as possible without waiting.
    pub fn drive(&mut self, core: &mut Core) -> Next {
        loop {
            let next = match self.stage {
                Stage::Announced => self.drive_announced(core),
                Stage::Head if self.served >= self.turn => Some(Next::Again),
                Stage::Head => self.drive_head(core),
                Stage::Body => self.drive_body(core),
                Stage::Ready => Some(Next::Call),
                Stage::Answering => self.drive_answer(core),
                Stage::Lingering => self.drive_linger(),
            };
            if let Some(next) = next {
                return next;
            }
        }
    }

    fn drive_head(&mut self, core: &mut Core) -> Option<Next> {
        loop {
            if self.start < self.buf.len() {
                match self.decode(core) {
                    Ok(Progress::Partial) => {}
                    Ok(_) => return None,
                    Err(refusal) => return self.refuse(core, refusal),
                }
            }
            if !self.unread {
                return self.park_head(core);
            }
            let was_idle = self.start == self.buf.len();
            match self.read() {
                Ok(true) if was_idle => self.until = core.now + core.engine.settings.clients.head_timeout,
                Ok(_) => {}
                Err(error) => return self.lost(core, &error),
            }
        }
    }

    /// Nothing more can be read where a head was expected. Usually the client has gone, and nobody needs to know.
    #[cold]
    fn lost(&mut self, core: &mut Core, error: &io::Error) -> Option<Next> {
        if error.kind() == io::ErrorKind::InvalidData {
            if error.get_ref().is_some_and(|why| why.is::<PlainHttp>()) {
                self.io = Transport::plain(self.io.fd());
                self.protocol = Some(Protocol::Http);
                return self.refuse(core, Refusal::PlainOnTlsSocket);
            }
            core.complain_of_tls(self, error);
        }
        self.leave()
    }

    fn park_head(&mut self, core: &Core) -> Option<Next> {
        if !self.out.is_empty() {
            match send_waiting(&self.io, &mut self.out, &mut self.sent) {
                Ok(done) => self.wants_out = !done,
                Err(_) => return Some(Next::Close),
            }
        }
        if self.is_idle() && core.engine.is_draining() {
            // What arrived while the last answer was written is still served.
            if !self.io.has_input() {
                return Some(Next::Close);
            }
            self.unread = true;
            return None;
        }
        if self.served == 0 && self.buf.is_empty() {
            return Some(Next::Park(self.patience(core)));
        }
        Some(Next::Park(self.until))
    }

    /// Until when a connection that has said nothing yet may go on saying nothing.
    pub fn patience(&mut self, core: &Core) -> u64 {
        if core.engine.is_draining() {
            // It has only just connected, and its request is probably on the way.
            self.until = self.until.min(core.now + FRESH);
        }
        self.until
    }

    /// Whatever comes now is said by somebody who is not trusted.
    pub fn distrust(&mut self) {
        self.trusted = false;
        self.protocol = Some(self.declared);
    }

    fn decode(&mut self, core: &mut Core) -> Result<Progress, Refusal> {
        let buf = self.buf.get(self.start..).unwrap_or(&[]);
        let protocol = match self.protocol {
            Some(protocol) => protocol,
            None => {
                let first = buf.first().copied().unwrap_or(0);
                let protocol = match (self.declared, wire::sniff(first)) {
                    // Methods are upper case; modifiers in lower case (a ping) only mean something where declared.
                    (Protocol::Uwsgi, Some(Protocol::Http)) if first.is_ascii_lowercase() => Protocol::Uwsgi,
                    (_, Some(sniffed)) => sniffed,
                    (declared, None) => declared,
                };
                self.protocol = Some(protocol);
                protocol
            }
        };
        let progress = wire::decode(protocol, buf, &core.engine.settings.limits, &mut self.request);
        if !self.request.reply().is_empty() {
            self.out.extend_from_slice(self.request.reply());
            self.request.clear_reply();
        }
        match progress? {
            Progress::Partial => {}
            Progress::Head { used } => {
                self.head_end = self.start + used;
                self.tail = self.head_end;
                self.framing = Some(Body::new(&self.request, &core.engine.settings.limits)?);
                self.body.clear();
                self.spool = None;
                self.stage = Stage::Body;
                self.began = core.now;
                self.until = core.now + core.engine.settings.socket_timeout;
                let has_rest = self.tail < self.buf.len();
                if self.request.expects_continue() && !has_rest && !self.is_streamed(core) {
                    self.out.extend_from_slice(wire::CONTINUE);
                }
                return Ok(Progress::Head { used });
            }
            Progress::Answered { used, close } => {
                self.tail = self.start + used;
                self.persistent = !close;
                self.linger = false;
                self.stage = Stage::Answering;
                return Ok(Progress::Answered { used, close });
            }
        }
        Ok(Progress::Partial)
    }

    /// The length is known, and above what is collected.
    fn is_streamed(&self, core: &Core) -> bool {
        matches!(self.request.body(), BodyFraming::Length(length) if length > COLLECTED)
            && core.engine.settings.clients.body_directory.is_none()
    }

    /// Bytes of the body that arrived and are still here.
    pub fn collected(&self) -> u64 {
        self.body.len() as u64 + self.spool.as_ref().map_or(0, Spool::length)
    }

    /// Memory holds no more of the body, or this was the last of it: the file takes it, if there is one or must be.
    #[cold]
    fn put_away(&mut self, directory: &CStr, is_done: bool) -> io::Result<()> {
        if is_done && self.spool.is_none() {
            return Ok(());
        }
        if self.spool.is_none() {
            self.spool = Some(Spool::create(directory)?);
        }
        if let Some(spool) = &mut self.spool {
            spool.append(&self.body)?;
        }
        self.body.clear();
        Ok(())
    }

    #[cold]
    fn has_no_room(&mut self, core: &mut Core, directory: &CStr, error: &io::Error) -> Option<Next> {
        core.engine.log.say(&format!(
            "warning: cannot keep a request body of {} bytes in {}: {error}: make room there, or set TMPDIR to a \
             directory that has some",
            self.collected(),
            directory.to_string_lossy(),
        ));
        self.spool = None;
        self.turn_away(core, 507)
    }

    fn drive_body(&mut self, core: &mut Core) -> Option<Next> {
        loop {
            let Some(framing) = self.framing.as_mut() else { return Some(Next::Close) };
            if self.tail < self.buf.len() && !framing.is_done() {
                let input = self.buf.get(self.tail..).unwrap_or(&[]);
                match framing.feed(input, COLLECTED as usize, &mut self.body) {
                    Ok(used) => self.tail += used,
                    Err(refusal) => {
                        // What was owed before the fault is owed still, however much came at once.
                        self.out.extend_from_slice(framing.reply());
                        return self.refuse(core, refusal);
                    }
                }
                if !framing.reply().is_empty() {
                    self.out.extend_from_slice(framing.reply());
                    framing.clear_reply();
                }
                if self.tail == self.buf.len() {
                    self.buf.truncate(self.head_end);
                    self.tail = self.head_end;
                }
            }
            let is_done = framing.is_done();
            if is_done || self.body.len() as u64 >= COLLECTED || self.is_streamed(core) {
                let directory = core.engine.settings.clients.body_directory.as_deref();
                if let Some(directory) = directory {
                    if let Err(error) = self.put_away(directory, is_done) {
                        return self.has_no_room(core, directory, &error);
                    }
                }
                if is_done || directory.is_none() {
                    if core.engine.settings.routing.is_some() && self.answer_by_rule(core) {
                        return None;
                    }
                    let statics = &core.engine.settings.statics;
                    if statics.as_ref().is_some_and(|statics| self.answer_with_file(core, statics)) {
                        return None;
                    }
                    self.stage = Stage::Ready;
                    return Some(Next::Call);
                }
            }
            if !self.unread {
                if !self.out.is_empty() {
                    match send_waiting(&self.io, &mut self.out, &mut self.sent) {
                        Ok(done) => self.wants_out = !done,
                        Err(_) => return Some(Next::Close),
                    }
                }
                return Some(Next::Park(self.until));
            }
            let result = match self.framing.as_mut().and_then(|framing| Some((framing.remaining()?, framing))) {
                Some((left, framing)) if self.tail == self.buf.len() => {
                    // There is less of it than that, or it was served or put away.
                    let most = (COLLECTED as usize).saturating_sub(self.body.len()).max(1);
                    let room = usize::try_from(left).unwrap_or(usize::MAX).min(most);
                    self.body.reserve_exact(room);
                    let result = self.io.recv(&mut self.body, room);
                    if let Ok(count) = result {
                        framing.took(count as u64);
                    }
                    // A full read of the body says nothing about what is behind it.
                    self.took(result, room)
                }
                _ => self.read(),
            };
            match result {
                Ok(true) => {
                    let patience = core.engine.settings.clients.patience;
                    self.until = patience.until(core.now, self.began, self.collected());
                }
                Ok(false) => {}
                Err(_) => {
                    let missing = self.framing.as_ref().and_then(Body::remaining).unwrap_or(0);
                    core.count_read_error();
                    return self.refuse(core, Refusal::BodyShort { missing });
                }
            }
        }
    }

    /// Answer as the rules of the configuration say, if they do.
    #[inline(never)]
    fn answer_by_rule(&mut self, core: &mut Core) -> bool {
        self.linger = false;
        let Some(routing) = &core.engine.settings.routing else { return false };
        if !core.route(routing, self) {
            return false;
        }
        self.answered(core);
        true
    }

    /// The answer is there without the application.
    fn answered(&mut self, core: &Core) {
        self.served = self.served.saturating_add(1);
        self.stage = Stage::Answering;
        self.until = core.now + core.engine.settings.socket_timeout;
    }

    /// Answer with a file, if the request means one.
    #[inline(never)]
    fn answer_with_file(&mut self, core: &mut Core, statics: &Statics) -> bool {
        self.linger = false;
        if !core.serve_file(statics, self) {
            return false;
        }
        self.answered(core);
        true
    }

    /// Call the application with the request that is ready; answers when that was done, in microseconds of the monotonic
    /// clock. The answer is not sent yet.
    pub fn call(&mut self, core: &mut Core) -> u64 {
        self.served = self.served.saturating_add(1);
        self.stage = Stage::Answering;
        self.linger = false;
        let now = core.call(self);
        self.wait_for_reader(core);
        now
    }

    /// The client has its time to take the answer from now on.
    fn wait_for_reader(&mut self, core: &Core) {
        (self.began, self.moved) = (core.now, 0);
        self.until = core.now + core.engine.settings.socket_timeout;
    }

    /// What of the body is still to come, and the bytes of it that arrived; for a body that is streamed.
    pub fn take_stream(&mut self) -> Option<(Body, Vec<u8>)> {
        let body = self.framing.take_if(|framing| !framing.is_done())?;
        let raw = self.buf.get(self.tail..).unwrap_or(&[]).to_vec();
        self.tail = self.buf.len();
        Some((body, raw))
    }

    /// Answer with an error of our own, then close.
    pub fn refuse(&mut self, core: &mut Core, refusal: Refusal) -> Option<Next> {
        core.complain(self, &refusal);
        match refusal.status() {
            Some(status) => self.turn_away(core, status),
            None => self.leave(),
        }
    }

    fn turn_away(&mut self, core: &Core, status: u16) -> Option<Next> {
        let facts = Facts { persistent: false, ..self.request.facts() };
        let speaks_the_protocol = self.protocol.is_some();
        if !speaks_the_protocol {
            return Some(Next::Close);
        }
        core.engine.error_page(&facts, status, &mut self.out);
        self.persistent = false;
        self.linger = true;
        self.stage = Stage::Answering;
        self.wait_for_reader(core);
        None
    }

    /// Close, once what the protocol said by itself is sent: a client that asked for values may have asked for no more.
    #[cold]
    fn leave(&mut self) -> Option<Next> {
        if !self.out.is_empty() {
            let _ = send_waiting(&self.io, &mut self.out, &mut self.sent);
        }
        Some(Next::Close)
    }

    /// The time of a parked connection is over, but its client takes the file that it is sent, and only too slowly for
    /// the kernel to have room for more of it: it gets more time.
    pub fn is_taking(&mut self, core: &Core) -> bool {
        let Some(transfer) = &self.transfer else { return false };
        let is_taking = sys::untaken(self.io.fd()) < transfer.untaken;
        if is_taking {
            self.until = core.now + core.engine.settings.socket_timeout;
        }
        is_taking
    }

    /// The time of a parked connection is over: the last words.
    pub fn expire(&mut self, core: &mut Core) {
        let began = self.stage == Stage::Head && self.start < self.buf.len();
        if (began || self.stage == Stage::Body) && self.protocol == Some(Protocol::Http) {
            let facts = Facts { persistent: false, ..self.request.facts() };
            wire::error_page(&facts, 408, "", &mut self.out);
            // A client that does not read it either has had its time.
            let _ = send_waiting(&self.io, &mut self.out, &mut self.sent);
        }
        match self.stage {
            Stage::Body => core.count_read_error(),
            Stage::Answering => core.count_write_error(),
            Stage::Announced | Stage::Head | Stage::Ready | Stage::Lingering => {}
        }
    }

    /// Send of the answer what the socket takes, and its end. An error is met again by whoever drives the connection.
    pub fn send_ahead(&mut self) {
        let all = send_waiting(&self.io, &mut self.out, &mut self.sent);
        let is_all = self.rest.is_clean() && self.transfer.is_none();
        if is_all && matches!(all, Ok(true)) && !self.persistent {
            self.io.shutdown_write();
        }
    }

    /// Send of the file what the client takes; `None`: all of it is sent but what ends the answer.
    #[inline(never)]
    fn drive_transfer(&mut self, core: &mut Core) -> Option<Next> {
        // A disk may be slow, and the threads of the application need not wait for it.
        core.gil.release();
        let transfer = self.transfer.as_mut()?;
        let before = (transfer.gone, self.sent);
        let step = transfer.advance(&self.io, &mut self.out, &mut self.sent);
        if (transfer.gone, self.sent) != before {
            core.now = sys::now_ms();
            self.until = core.engine.settings.clients.patience.until(core.now, self.began, transfer.gone);
        }
        match step {
            Ok(Step::Done(ended)) => {
                self.persistent &= ended.persistent;
                if ended.missing > 0 {
                    core.engine.log.say(&format!(
                        "the application answered {} bytes less than its Content-Length: the connection is closed",
                        ended.missing
                    ));
                    self.io.cut();
                }
                core.end_transfer(self);
                None
            }
            Ok(Step::Turn) => Some(Next::Again),
            Ok(Step::Blocked) => {
                self.wants_out = true;
                transfer.untaken = sys::untaken(self.io.fd());
                Some(Next::Park(self.until))
            }
            Ok(Step::Short) => {
                core.engine.log.say("a file became shorter while it was sent: the connection is closed");
                Some(Next::Close)
            }
            Err(_) => {
                core.count_write_error();
                Some(Next::Close)
            }
        }
    }

    fn drive_answer(&mut self, core: &mut Core) -> Option<Next> {
        if self.transfer.is_some() {
            if let Some(next) = self.drive_transfer(core) {
                return Some(next);
            }
        }
        let before = self.sent;
        let sent = match send_waiting(&self.io, &mut self.out, &mut self.sent) {
            Ok(true) if !self.rest.is_clean() => self.send_rest(core),
            Ok(false) => {
                self.went(core, self.sent.saturating_sub(before));
                Ok(false)
            }
            sent => sent,
        };
        if self.told.is_some() {
            core.log_request(self, sent.is_err());
        }
        match sent {
            Ok(true) => {}
            Ok(false) => {
                self.wants_out = true;
                return Some(Next::Park(self.until));
            }
            Err(_) => {
                core.count_write_error();
                return Some(Next::Close);
            }
        }
        self.wants_out = false;
        if self.persistent {
            self.next_request(core);
            return None;
        }
        // Without a short read at the end there may be more: a look costs less than lingering.
        if self.linger || self.tail < self.buf.len() || (self.unread && self.io.has_input()) {
            self.io.shutdown_write();
            self.stage = Stage::Lingering;
            self.unread = true;
            self.until = core.now + LINGER_MS;
            return None;
        }
        Some(Next::Close)
    }

    /// A part of the answer went, and more of it waits.
    fn went(&mut self, core: &Core, count: usize) {
        if count > 0 {
            self.moved += count as u64;
            self.until = core.engine.settings.clients.patience.until(core.now, self.began, self.moved);
        }
    }

    #[cold]
    fn send_rest(&mut self, core: &mut Core) -> io::Result<bool> {
        let before = self.rest.waiting();
        let sent = self.rest.send(&self.io);
        self.went(core, before - self.rest.waiting());
        if !matches!(sent, Ok(false)) {
            self.rest.take_references(&mut core.graves);
        }
        sent
    }

    fn next_request(&mut self, core: &Core) {
        self.request.clear();
        (self.framing, self.routed) = (None, None);
        self.stage = Stage::Head;
        self.start = self.tail;
        if self.start >= self.buf.len() {
            self.buf.clear();
            self.start = 0;
        }
        let clients = &core.engine.settings.clients;
        self.until = core.now + if self.buf.is_empty() { clients.keepalive_timeout } else { clients.head_timeout };
    }

    fn drive_linger(&mut self) -> Option<Next> {
        loop {
            if !self.unread {
                return Some(Next::Park(self.until));
            }
            self.buf.clear();
            (self.start, self.tail) = (0, 0);
            match self.read() {
                Ok(true) => self.lingered += self.buf.len() as u64,
                Ok(false) => {}
                Err(_) => return Some(Next::Close),
            }
            if self.lingered > LINGER_BYTES {
                return Some(Next::Close);
            }
        }
    }
}
