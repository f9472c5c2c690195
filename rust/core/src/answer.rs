//! One answer on its way: what `start_response` was told, the framed bytes, how much of them the client has. Knows the
//! socket only to send; does not call the application (see `call.rs`).
//!
//! Small pieces are collected in `out` and leave with one `send`; large ones are sent from where they are. Of what the
//! socket does not take at once, a little is copied to `out` and much is kept by reference in `rest`, behind it. The
//! application goes on until `BACKLOG` bytes wait, and what waits when it has ended is left to the event loop.

use std::io;
use std::os::fd::OwnedFd;

use pyo3::prelude::*;
use pyo3::types::PyBytes;
use wire::{Facts, Framing};

use crate::cores::Engine;
use crate::hub;
use crate::outbox::{Lent, Outbox};
use crate::patience::Patience;
use crate::rest::Rest;
use crate::routing::Routed;
use crate::sys;
use crate::transfer::Transfer;
use crate::transport::{Ready, Transport};
use crate::wsgi::Wsgi;

/// Bytes that may wait for a slow client while the application goes on.
const BACKLOG: usize = 1024 * 1024;
/// What the socket did not take of a piece is copied up to this size, above it is kept by reference.
const COPIED: usize = 64 * 1024;
/// The same where much waits already.
const COPIED_BEHIND: usize = 4 * 1024;
/// Bytes of small pieces that are collected before the first are sent.
const COLLECTED: usize = 256 * 1024;
/// A piece up to this size is copied, which is cheaper than a second buffer for the kernel.
const SMALL: usize = 16 * 1024;

/// A header in `Answer::text`: name from `.0` to `.1`, value from `.1` to `.2`.
pub type HeaderSpan = (u32, u32, u32);

/// The state of one answer; used again for the next request of the core.
pub struct Answer {
    /// What framing must know; `persistent` may be taken back until the head is framed.
    pub facts: Facts,
    /// The connection.
    pub io: Transport,
    /// How long a client may not take a byte, in milliseconds.
    pub timeout: u64,
    patience: Patience,
    /// How long this request has waited for its client, in milliseconds.
    waited: u64,
    /// Writes that failed, and how many may.
    failures: u64,
    tolerated: u64,
    /// To see a drain that begins while the application works.
    engine: Option<&'static Engine>,
    /// Add a Date field.
    pub dated: bool,
    /// The request is over: whoever still holds `start_response` or `write` is told so.
    pub over: bool,
    /// The client is gone.
    pub broken: bool,
    /// `start_response` was called.
    pub started: bool,
    /// Bytes of `text` that are the status.
    pub status_end: u32,
    /// Status and headers as the application gave them.
    pub text: Vec<u8>,
    /// Where the headers are in `text`.
    pub headers: Vec<HeaderSpan>,
    framing: Option<Framing>,
    /// Framed bytes; those before `sent` are gone.
    pub out: Vec<u8>,
    /// See `out`.
    pub sent: usize,
    /// What comes behind `out`; usually nothing.
    pub rest: Rest,
    /// Body bytes framed, for the log.
    pub body_bytes: u64,
    /// Bytes of the head, for the log.
    pub head_bytes: usize,
    /// The rest of the body: a file, where it begins in it, how much of it.
    pub file: Option<(OwnedFd, i64, u64)>,
    /// What rules made of the request, if there are any.
    pub routed: Option<Box<Routed>>,
    /// Pieces of the body do not go out as they are: see `push_aside`.
    pub is_aside: bool,
    /// A `zlib.compressobj` that they go through.
    pub compressor: Option<Py<PyAny>>,
}

impl Answer {
    /// One that no request uses.
    pub fn idle() -> Answer {
        let facts = Facts {
            protocol: wire::Protocol::Http,
            version: wire::Version::Http11,
            head_only: false,
            persistent: false,
            request_id: 0,
            nph: false,
        };
        Answer {
            facts,
            io: Transport::none(),
            timeout: 0,
            patience: Patience { each: 0, start: 0, rate: 0 },
            waited: 0,
            failures: 0,
            tolerated: 0,
            engine: None,
            dated: false,
            over: true,
            broken: false,
            started: false,
            status_end: 0,
            text: Vec::new(),
            headers: Vec::new(),
            framing: None,
            out: Vec::new(),
            sent: 0,
            rest: Rest::default(),
            body_bytes: 0,
            head_bytes: 0,
            file: None,
            routed: None,
            is_aside: false,
            compressor: None,
        }
    }

    /// Make ready for a request; `out` comes from the connection and goes back to it.
    pub fn open(&mut self, engine: &'static Engine, facts: Facts, io: Transport, dated: bool, out: &mut Vec<u8>) {
        self.facts = facts;
        self.io = io;
        self.timeout = engine.settings.socket_timeout;
        self.patience = engine.settings.clients.patience;
        self.tolerated = engine.settings.clients.tolerated;
        (self.waited, self.failures) = (0, 0);
        self.engine = Some(engine);
        self.dated = dated;
        self.over = false;
        self.broken = false;
        self.forget();
        self.framing = None;
        self.is_aside = false;
        self.sent = 0;
        self.body_bytes = 0;
        self.head_bytes = 0;
        std::mem::swap(&mut self.out, out);
    }

    /// The configuration's say in how applications are called.
    pub fn wsgi(&self) -> Option<&'static Wsgi> {
        self.engine.map(|engine| &engine.settings.wsgi)
    }

    /// The request is over.
    pub fn close(&mut self) {
        self.over = true;
        self.io = Transport::none();
        self.file = None;
        if self.is_aside {
            self.compressor = None;
        }
    }

    /// Forget what `start_response` was told.
    pub fn forget(&mut self) {
        self.started = false;
        self.text.clear();
        self.headers.clear();
    }

    /// The head was framed: status and headers are out of the application's hands.
    pub fn has_head(&self) -> bool {
        self.framing.is_some()
    }

    /// The number of the status; 0 if there is none yet.
    pub fn status(&self) -> u16 {
        self.framing.as_ref().map_or(0, Framing::status)
    }

    /// Nothing of what the application still produces will be sent.
    pub fn is_full(&self) -> bool {
        self.framing.as_ref().is_some_and(|framing| framing.remaining() == Some(0) || !framing.has_body())
            || (self.is_aside && self.compressor.is_none())
    }

    /// Frame the head. `length`: of the whole body, if it is known.
    pub fn begin(&mut self, length: Option<u64>, date: &str) {
        if self.routed.is_some() {
            return self.begin_routed(length, date);
        }
        if let Some(headers) = self.engine.and_then(|engine| engine.settings.headers.as_ref()) {
            headers.apply(self);
        }
        self.frame(length, date);
    }

    #[cold]
    fn begin_routed(&mut self, mut length: Option<u64>, date: &str) {
        let mut before = Vec::new();
        if !self.engine.is_some_and(|engine| self.route(engine, &mut length, &mut before, date)) {
            self.frame(length, date);
            self.push_plain(&before);
        }
    }

    /// Frame the head as it stands.
    pub fn frame(&mut self, length: Option<u64>, date: &str) {
        let before = self.out.len();
        self.facts.persistent &= !self.engine.is_some_and(Engine::is_draining);
        let text = &self.text;
        let part = |from: u32, to: u32| text.get(from as usize..to as usize).unwrap_or(&[]);
        let headers = self.headers.iter().map(|&(name, value, end)| (part(name, value), part(value, end)));
        let date = self.dated.then_some(date.as_bytes());
        // A HEAD answer without a body says nothing about the length that GET would have.
        let length = length.filter(|&length| length > 0 || !self.facts.head_only);
        let framing = wire::frame_head(&self.facts, part(0, self.status_end), headers, length, date, &mut self.out);
        self.framing = Some(framing);
        self.head_bytes = self.out.len() - before;
    }

    /// Frame a piece of the body that is not the application's own.
    pub fn push_plain(&mut self, data: &[u8]) {
        let Some(framing) = self.framing.as_mut().filter(|framing| framing.has_body()) else { return };
        self.body_bytes += data.len() as u64;
        let tail = if self.rest.is_empty() { &mut self.out } else { self.rest.tail() };
        framing.chunk(data, tail);
    }

    /// Frame a piece of the body, and send it if it is large. The error is the socket's.
    pub fn push(&mut self, chunk: &Bound<'_, PyBytes>) -> io::Result<()> {
        if self.is_aside {
            self.push_aside(chunk);
            return if self.out.len() > COLLECTED { self.spill() } else { Ok(()) };
        }
        let data = chunk.as_bytes();
        let Some(framing) = self.framing.as_mut() else { return Ok(()) };
        if framing.has_body() {
            let room = framing.remaining().unwrap_or(u64::MAX);
            self.body_bytes += room.min(data.len() as u64);
        }
        if self.broken {
            return Ok(());
        }
        if !self.rest.is_empty() {
            self.push_behind(chunk, data);
            return Ok(());
        }
        if data.len() > SMALL {
            return self.push_large(chunk, data);
        }
        framing.chunk(data, &mut self.out);
        if self.out.len() > COLLECTED {
            return self.spill();
        }
        Ok(())
    }

    fn push_large(&mut self, chunk: &Bound<'_, PyBytes>, data: &[u8]) -> io::Result<()> {
        let mut rest = data;
        while !rest.is_empty() {
            let Some(framing) = self.framing.as_mut() else { break };
            let piece = framing.piece(rest.len());
            if piece.take == 0 {
                break;
            }
            let (now, later) = rest.split_at(piece.take.min(rest.len()));
            rest = later;
            let waiting = self.out.get(self.sent..).unwrap_or(&[]);
            let pieces = [waiting, piece.before(), now, piece.after];
            let gone = match self.io.send_pieces(&pieces) {
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
                Err(error) => {
                    self.broken = true;
                    return Err(error);
                }
            };
            let old = gone.min(waiting.len());
            if old == waiting.len() {
                self.out.clear();
                self.sent = 0;
            } else {
                self.sent += old;
            }
            let mut gone = gone - old;
            let least = if self.out.len() - self.sent > COLLECTED { COPIED_BEHIND } else { COPIED };
            for (part, is_data) in [(piece.before(), false), (now, true), (piece.after, false)] {
                let skip = gone.min(part.len());
                gone -= skip;
                let left = part.get(skip..).unwrap_or(&[]);
                if is_data && left.len() > least {
                    self.rest.append(chunk, left, least);
                } else if self.rest.is_empty() {
                    self.out.extend_from_slice(left);
                } else {
                    self.rest.tail().extend_from_slice(left);
                }
            }
            if !self.rest.is_empty() {
                self.push_behind(chunk, rest);
                break;
            }
        }
        Ok(())
    }

    /// Frame a part of a piece behind what waits.
    #[cold]
    fn push_behind(&mut self, chunk: &Bound<'_, PyBytes>, mut part: &[u8]) {
        let Some(framing) = self.framing.as_mut() else { return };
        while !part.is_empty() {
            let piece = framing.piece(part.len());
            if piece.take == 0 {
                break;
            }
            let (now, later) = part.split_at(piece.take.min(part.len()));
            part = later;
            if !piece.before().is_empty() {
                self.rest.tail().extend_from_slice(piece.before());
            }
            self.rest.append(chunk, now, COPIED_BEHIND);
            if !piece.after.is_empty() {
                self.rest.tail().extend_from_slice(piece.after);
            }
        }
    }

    /// Many small pieces came: send them, and if the socket does not take all, copy no more of those that follow than
    /// needs be.
    #[cold]
    fn spill(&mut self) -> io::Result<()> {
        self.flush()?;
        if self.sent < self.out.len() {
            self.rest.tail();
        }
        Ok(())
    }

    /// Send what the socket takes now.
    pub fn flush(&mut self) -> io::Result<()> {
        if self.broken {
            return Ok(());
        }
        let mut result = send_waiting(&self.io, &mut self.out, &mut self.sent);
        if matches!(result, Ok(true)) && !self.rest.is_empty() {
            result = self.rest.send(&self.io);
        }
        self.broken |= result.is_err();
        result.map(|_| ())
    }

    /// Let the outbox have the answer, if all of it is here, until `reclaim`. False: it is not, or is too large.
    pub fn lend(&mut self, outbox: &Outbox, now: u64) -> bool {
        if !self.is_full() || self.broken || !self.rest.is_clean() || self.out.is_empty() {
            return false;
        }
        let (io, out, sent) = (self.io.clone(), std::mem::take(&mut self.out), std::mem::take(&mut self.sent));
        outbox.lend(Lent { io, out, sent }, now);
        true
    }

    /// Have it again; what was sent meanwhile is gone from `out`.
    pub fn reclaim(&mut self, outbox: &Outbox) {
        if let Some(lent) = outbox.reclaim() {
            (self.out, self.sent) = (lent.out, lent.sent);
        }
    }

    /// Bytes that wait for the client.
    fn backlog(&self) -> usize {
        self.out.len() - self.sent + self.rest.waiting()
    }

    /// Send, and when too much waits for a slow client, wait for it without the GIL. Of a body that is complete by its
    /// Content-Length nothing more will come: what waits of it is left to the event loop. The inner error is the socket's,
    /// the outer one what another greenlet wants of the one that waits.
    pub fn flush_or_wait(&mut self, py: Python<'_>) -> PyResult<io::Result<()>> {
        if let Err(error) = self.flush() {
            return Ok(Err(error));
        }
        if !self.out.is_empty() || !self.rest.is_clean() {
            return self.wait(py);
        }
        Ok(Ok(()))
    }

    #[cold]
    fn wait(&mut self, py: Python<'_>) -> PyResult<io::Result<()>> {
        while self.backlog() > BACKLOG && !self.broken && !self.is_full() {
            let moved = self.body_bytes.saturating_sub(self.backlog() as u64);
            let (io, most) = (&self.io, self.patience.next(self.waited, moved));
            let began = sys::now_ms();
            let ready = match hub::wait(py, io, Ready::Room, most)? {
                Ok(ready) => ready,
                Err(error) => return Ok(Err(error)),
            };
            self.waited += sys::now_ms().saturating_sub(began);
            if !ready {
                self.broken = true;
                return Ok(Err(io::Error::new(io::ErrorKind::TimedOut, "the client does not read the answer")));
            }
            if let Err(error) = self.flush() {
                return Ok(Err(error));
            }
        }
        self.rest.bury(py);
        Ok(Ok(()))
    }

    /// A write failed: may the application go on as if it had not?
    #[cold]
    pub fn tolerates(&mut self) -> bool {
        self.failures += 1;
        self.failures <= self.tolerated
    }

    /// The body is complete.
    pub fn end(&mut self, py: Python<'_>) -> Option<wire::Ended> {
        if self.is_aside {
            self.end_compressed(py);
        }
        let tail = if self.rest.is_empty() { &mut self.out } else { self.rest.tail() };
        self.framing.as_mut().map(|framing| framing.end(tail))
    }

    /// The application failed half-way.
    pub fn abort(&mut self) {
        if self.is_aside && self.compressor.is_none() && self.file.is_none() {
            // Rules have answered, and their answer is complete.
            return;
        }
        let tail = if self.rest.is_empty() { &mut self.out } else { self.rest.tail() };
        if let Some(framing) = self.framing.as_mut() {
            framing.abort(tail);
            self.io.cut();
        }
    }

    /// Answer with a page of our own instead. Only before the head was framed.
    pub fn replace(&mut self, status: u16) {
        let before = self.out.len();
        match self.engine {
            Some(engine) => engine.error_page(&self.facts, status, &mut self.out),
            None => wire::error_page(&self.facts, status, "", &mut self.out),
        }
        self.head_bytes = self.out.len() - before;
    }

    /// The framing, once there is a head.
    pub fn framing(&self) -> Option<&Framing> {
        self.framing.as_ref()
    }

    /// What is left to do when the body ends in a file. `reads`: without `sendfile`.
    pub fn take_transfer(&mut self, reads: bool) -> Option<Box<Transfer>> {
        let (file, offset, left) = self.file.take()?;
        let framing = self.framing.take()?;
        Some(Box::new(Transfer::new(file, offset, left, framing, reads)))
    }
}

/// Send `out[sent..]` as far as the socket takes it; true when nothing is left. An empty `out` stays allocated.
pub fn send_waiting(io: &Transport, out: &mut Vec<u8>, sent: &mut usize) -> io::Result<bool> {
    while *sent < out.len() {
        match io.send(out.get(*sent..).unwrap_or(&[])) {
            Ok(count) => *sent += count,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
            Err(error) => return Err(error),
        }
    }
    out.clear();
    *sent = 0;
    io.flush()
}
