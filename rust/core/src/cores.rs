//! The cores: threads that share one epoll, take whatever is ready, and drive it. Also the phases of a worker's life.
//! What happens on a connection is `conn.rs`; who tells the phases is `control.rs`.
//!
//! A single core keeps the GIL from one request to the next and lets it go when it would wait. Several cores take it for
//! the call of the application only.

use std::os::raw::c_int;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicU8, AtomicUsize, Ordering::Relaxed, Ordering::SeqCst};
use std::sync::{Mutex, PoisonError};

use pyo3::ffi;
use pyo3::prelude::*;
use wire::{Fault, Known, Refusal};

use crate::call::Reused;
use crate::conn::{Conn, Next};
use crate::conns::{Conns, Place};
use crate::contextvars::Contexts;
use crate::environ::Vocabulary;
use crate::log::{http_date, Log};
use crate::outbox::{self, Outbox};
use crate::poller::{self, Poller};
use crate::rest;
use crate::scoreboard::{add, Board, CoreRow};
use crate::settings::Settings;
use crate::sys;
use crate::vigil::{Vigil, VIGIL};

/// Tokens below this are not connections.
const TOKENS: u64 = 4096;
const WAKE: u64 = 0;
const END: u64 = 1;
const FIRST_LISTENER: u64 = 2;
const TIMER: u64 = TOKENS - 1;
/// How often deadlines are looked at while there are connections, in milliseconds.
const TICK: u64 = 500;
/// Connections taken per turn where other workers may take them too: they come to whoever has time.
const ACCEPTS: usize = 8;
/// The same where nobody else may: who has connected is served before those who are served already come again.
const ACCEPTS_ALONE: usize = 128;
/// Idle connections that are closed at once where there are as many as may be.
const ROOM: usize = 16;
/// How often it may be said that accepting pauses, in milliseconds.
const SILENCE: u64 = 60_000;
/// How long one core may keep the GIL while requests keep coming, in milliseconds.
const GREED: u64 = 10;

/// What a worker is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Phase {
    /// Ready, and told nothing yet.
    Waiting,
    /// Accepting.
    Serving,
    /// Finishing what has begun.
    Draining,
}

/// What all cores of the worker share. Lives as long as the process.
pub struct Engine {
    pub settings: Settings,
    pub board: Board,
    pub log: Log,
    pub app: Py<PyAny>,
    pub has_app: bool,
    pub pid: u32,
    pub contexts: Option<Contexts>,
    poller: Poller,
    conns: Conns,
    phase: AtomicU8,
    /// The phase whose consequences were drawn.
    entered: Mutex<u8>,
    live: AtomicUsize,
    /// Accepting pauses: there are as many connections as may be.
    paused: AtomicBool,
    /// More requests are at hand than there are cores: nobody is accepted, whatever else changes.
    full: AtomicBool,
    /// Requests are served in greenlets: all cores are of one thread (`greenlets.rs`).
    pub green: bool,
    timer_fd: c_int,
    /// When a pause may be logged again.
    next_said: AtomicU64,
    wake_fd: c_int,
    end_fd: c_int,
    /// A drain has begun and its share of the queue was taken: once nothing is alive, nothing is left to do.
    left: AtomicBool,
    ended: AtomicBool,
    /// Requests so far, if `max_requests` counts them.
    served: AtomicU64,
    next_tick: AtomicU64,
    /// Control variables that were ignored and said so.
    ignored: [AtomicBool; 256],
    pub outbox: Outbox,
}

impl Engine {
    /// Everything but the threads.
    pub fn new(
        settings: Settings,
        board: Board,
        app: Py<PyAny>,
        has_app: bool,
        green: bool,
    ) -> std::io::Result<Engine> {
        let poller = Poller::new()?;
        let (wake_fd, end_fd) = (sys::eventfd()?, sys::eventfd()?);
        let timer_fd = if green { sys::timer()? } else { -1 };
        if green {
            poller.add_signal(timer_fd, TIMER)?;
        }
        poller.add_signal(wake_fd, WAKE)?;
        poller.add_signal(end_fd, END)?;
        Ok(Engine {
            log: Log::new(settings.request_log.fd, settings.request_log.date.clone()),
            settings,
            board,
            app,
            has_app,
            pid: std::process::id(),
            // A greenlet has a context of its own.
            contexts: if green { None } else { Contexts::find() },
            poller,
            conns: Conns::default(),
            phase: AtomicU8::new(Phase::Waiting as u8),
            entered: Mutex::new(Phase::Waiting as u8),
            live: AtomicUsize::new(0),
            paused: AtomicBool::new(false),
            full: AtomicBool::new(false),
            green,
            timer_fd,
            next_said: AtomicU64::new(0),
            wake_fd,
            end_fd,
            left: AtomicBool::new(false),
            ended: AtomicBool::new(false),
            served: AtomicU64::new(0),
            next_tick: AtomicU64::new(0),
            ignored: [const { AtomicBool::new(false) }; 256],
            outbox: Outbox::new()?,
        })
    }

    /// A descriptor that can be read when `Core::turn` has something to do.
    pub fn poller_fd(&self) -> c_int {
        self.poller.fd()
    }

    /// Have a turn at this time, in milliseconds of the monotonic clock.
    pub fn wake_at(&self, when: u64) {
        sys::set_timer(self.timer_fd, when);
    }

    /// Change the phase, forward only, and let a core draw the consequences.
    pub fn enter(&self, phase: Phase) {
        self.phase.fetch_max(phase as u8, SeqCst);
        if let Some(row) = self.board.worker(self.settings.seat).filter(|_| phase == Phase::Draining) {
            row.accepting.store(0, Relaxed);
        }
        sys::notify(self.wake_fd);
    }

    /// Nothing new is begun.
    #[inline]
    pub fn is_draining(&self) -> bool {
        self.phase.load(Relaxed) == Phase::Draining as u8
    }

    /// Print a traceback as Python would, with one write.
    pub fn trace(&self, py: Python<'_>, error: &PyErr) {
        let format = || -> PyResult<String> {
            // The three apart: an exception raised as a class has no traceback of its own before Python 3.12.
            let parts = (error.get_type(py), error.value(py), error.traceback(py));
            let lines = py.import("traceback")?.call_method1("format_exception", parts)?;
            pyo3::types::PyString::new(py, "").call_method1("join", (lines,))?.extract()
        };
        match format() {
            Ok(text) => self.log.write(text.as_bytes()),
            Err(_) => error.print(py),
        }
    }

    /// A control variable came and was ignored: said once per kind.
    pub fn ignored(&self, known: Known) {
        if known == Known::UwsgiAppid && self.settings.mounts.is_some() {
            return; // it chooses among the applications that are there
        }
        let said = self.ignored.get(known as usize).is_none_or(|said| said.swap(true, Relaxed));
        if !said {
            self.log.say(&format!(
                "the variable {} in a request is ignored: clients do not load code, choose files or change this process",
                known.key()
            ));
        }
    }

    /// Number the request: of this worker, of the instance.
    pub fn count_request(&self) -> (u64, u64) {
        let number = self.board.worker(self.settings.seat).map_or(0, |row| row.requests.fetch_add(1, Relaxed));
        (number + 1, self.board.header().requests.fetch_add(1, Relaxed) + 1)
    }

    /// One request more of those that this worker is for. After the last one the generation is told, which makes a
    /// successor first and then lets this one drain: until then it goes on.
    #[inline(never)]
    pub fn wear(&self) {
        if self.served.fetch_add(1, Relaxed) + 1 == self.settings.max_requests {
            // A generation that has died is heard of by its end of file.
            let _ = sys::send(self.settings.control_fd, b"W", false);
        }
    }

    /// The moving average of the time per request.
    pub fn note_time(&self, microseconds: u64) {
        if let Some(row) = self.board.worker(self.settings.seat) {
            row.avg_rt.store((row.avg_rt.load(Relaxed) + microseconds) / 2, Relaxed);
        }
    }

    /// The moving average of the time that requests waited, of those that were asked.
    pub fn note_wait(&self, microseconds: u64) {
        if let Some(row) = self.board.worker(self.settings.seat) {
            row.avg_wait.store((row.avg_wait.load(Relaxed) + microseconds) / 2, Relaxed);
        }
    }

    fn end_if_empty(&self) {
        if self.left.load(SeqCst) && self.live.load(SeqCst) == 0 && !self.ended.swap(true, SeqCst) {
            sys::notify(self.end_fd);
        }
    }
}

/// Who holds the GIL of this thread.
pub struct Gil {
    saved: *mut ffi::PyThreadState,
}

impl Gil {
    /// Take it, if it is not held.
    #[inline]
    pub fn hold(&mut self) {
        if !self.saved.is_null() {
            // SAFETY: this thread's own state, saved by `release`.
            unsafe { ffi::PyEval_RestoreThread(self.saved) };
            self.saved = std::ptr::null_mut();
        }
    }

    /// Let it go, if it is held.
    #[inline]
    pub fn release(&mut self) {
        if self.saved.is_null() {
            // SAFETY: the GIL is held.
            self.saved = unsafe { ffi::PyEval_SaveThread() };
        }
    }
}

/// One core. Stays on its thread.
pub struct Core {
    pub engine: &'static Engine,
    pub id: usize,
    /// It never has a request in the application, so that no row of the scoreboard is its own (`greenlets.rs`).
    pub drives: bool,
    alone: bool,
    pub gil: Gil,
    pub vocabulary: Vocabulary,
    pub reused: Reused,
    /// The number of the application that the last request was for.
    pub app_id: i32,
    /// Milliseconds of the monotonic clock when the core last looked.
    pub now: u64,
    /// The value of a Date field, and its second.
    pub date: String,
    date_second: i64,
    /// Connections whose requests are complete, and room to take answered ones. Of a lone core.
    pub ready: Vec<&'static Place>,
    fresh: Vec<&'static Place>,
    answered: Vec<&'static Place>,
    /// More than one request is at hand.
    pub batching: bool,
    vigil: Vigil,
    held_since: u64,
    /// Microseconds of the monotonic clock when the core heard of what it works on.
    pub heard: u64,
    /// References of answers that were sent, to be given back with the GIL.
    pub graves: Vec<*mut ffi::PyObject>,
}

impl Core {
    /// Make the core of this thread, which holds the GIL.
    pub fn new(py: Python<'_>, engine: &'static Engine, id: usize) -> PyResult<Core> {
        Ok(Core {
            engine,
            id,
            drives: false,
            alone: engine.settings.threads == 1 || engine.green,
            gil: Gil { saved: std::ptr::null_mut() },
            vocabulary: Vocabulary::new(py, engine, id)?,
            reused: Reused::new(py)?,
            app_id: if engine.has_app { 0 } else { -1 },
            now: sys::now_ms(),
            date: String::new(),
            date_second: -1,
            ready: Vec::new(),
            fresh: Vec::new(),
            answered: Vec::new(),
            batching: false,
            vigil: Vigil::default(),
            held_since: 0,
            heard: 0,
            graves: Vec::new(),
        })
    }

    /// No other thread serves requests, so that it need not let the GIL go between two of them.
    #[inline]
    pub fn is_alone(&self) -> bool {
        self.alone
    }

    /// This core's counters.
    #[inline]
    pub fn row(&self) -> &'static CoreRow {
        static NOWHERE: std::sync::LazyLock<Box<CoreRow>> = std::sync::LazyLock::new(CoreRow::nowhere);
        self.engine.board.core(self.engine.settings.seat, self.id).unwrap_or(&NOWHERE)
    }

    /// An answer without the application begins.
    pub fn begin_row(&self, method: &[u8], path: &[u8], second: u64, began: u64) {
        if !self.drives {
            self.row().begin(method, path, second, began);
        }
    }

    /// And is there.
    pub fn end_row(&self, micros: u64, bytes: u64) {
        if self.drives {
            self.row().count(micros, bytes);
        } else {
            self.row().end(micros, bytes);
        }
    }

    /// Bring `date` up to date.
    #[inline]
    pub fn refresh_date(&mut self, second: i64) {
        if self.date_second != second {
            self.date = http_date(second);
            self.date_second = second;
        }
    }

    /// A client did not send what it should.
    pub fn count_read_error(&self) {
        add(&self.row().read_errors, 1);
    }

    /// A client did not take what it should.
    pub fn count_write_error(&self) {
        add(&self.row().write_errors, 1);
    }

    /// Log why a request is not served.
    pub fn complain(&self, conn: &Conn, refusal: &Refusal) {
        let level = if refusal.fault() == Fault::Operator { "warning" } else { "note" };
        let client = String::from_utf8_lossy(&conn.address);
        self.engine.log.say(&format!("{level}: request of {client} refused: {refusal} [{}]", refusal.code()));
    }

    /// Log why a TLS client is not served.
    #[cold]
    pub fn complain_of_tls(&self, conn: &Conn, error: &std::io::Error) {
        let client = String::from_utf8_lossy(&conn.address);
        self.engine.log.say(&format!("note: no TLS with {client}: {error} [tls-handshake]"));
    }

    /// Work until the drain is over. The thread holds the GIL when it comes and when it goes.
    pub fn run(&mut self) {
        let mut room = poller::room();
        // An event in the room of a core that works is an event that no other core sees.
        let most = if self.is_alone() { room.len() } else { 1 };
        if !self.is_alone() {
            self.gil.release();
        }
        loop {
            let mut count = self.engine.poller.wait(&mut room, most, 0);
            if count == 0 && self.ready.is_empty() {
                let log_due = self.engine.log.flush(self.now);
                if !self.graves.is_empty() {
                    self.gil.hold();
                    rest::bury(&mut self.graves);
                }
                self.gil.release();
                let must_look = self.engine.live.load(Relaxed) > 0 || self.engine.paused.load(Relaxed);
                let tick = must_look.then_some(TICK);
                let timeout = log_due.into_iter().chain(tick).min().map_or(-1, |due| due as c_int);
                count = self.rest(&mut room, most, timeout);
                if self.is_alone() && count > 0 {
                    self.gil.hold();
                    self.held_since = sys::now_ms();
                }
            }
            self.heard = sys::now_us();
            self.now = self.heard / 1000;
            for index in 0..count {
                if self.meet(poller::event(&room, index)) {
                    return;
                }
            }
            self.drive_fresh();
            self.serve_ready();
            self.look_at_deadlines();
            if self.is_alone() && self.now.saturating_sub(self.held_since) > GREED {
                // Threads of the application have waited long enough.
                self.gil.release();
                self.gil.hold();
                self.held_since = self.now;
            }
        }
    }

    /// Something happened. True: the drain is over, and the thread holds the GIL.
    #[inline]
    fn meet(&mut self, event: poller::Event) -> bool {
        match event.token {
            WAKE => self.enter_phase(),
            END => {
                // The others are told by the same descriptor, which stays readable.
                self.gil.hold();
                rest::bury(&mut self.graves);
                return true;
            }
            TIMER => sys::hush(self.engine.timer_fd),
            token if token < TOKENS => self.accept((token - FIRST_LISTENER) as usize),
            token => {
                let place = Place::of(token);
                if place.claim() {
                    place.conn().wake(event.hangup);
                    self.drive(place);
                }
            }
        }
        false
    }

    /// Do what can be done without waiting and without the application: what is for it stays in `ready`. True: the drain
    /// is over. The thread holds the GIL when it comes and when it goes.
    pub fn turn(&mut self) -> bool {
        let mut room = poller::room();
        let most = room.len();
        let count = self.engine.poller.wait(&mut room, most, 0);
        self.now = sys::now_ms();
        if self.engine.settings.request_log.asks_waited {
            self.heard = sys::now_us();
        }
        for index in 0..count {
            if self.meet(poller::event(&room, index)) {
                return true;
            }
        }
        self.drive_fresh();
        self.look_at_deadlines();
        self.gil.hold();
        rest::bury(&mut self.graves);
        false
    }

    /// When `turn` must come again though nothing happens, in milliseconds of the monotonic clock.
    pub fn due(&self) -> Option<u64> {
        let log = self.engine.log.flush(self.now);
        let must_look = self.engine.live.load(Relaxed) > 0 || self.engine.paused.load(Relaxed);
        log.into_iter().chain(must_look.then_some(TICK)).min().map(|wait| self.now + wait)
    }

    /// Call the application for every request at hand, then send the answers.
    fn serve_ready(&mut self) {
        if let [place] = self.ready[..] {
            self.ready.clear();
            place.conn().call(self);
            return self.drive(place);
        }
        let mut ready = std::mem::take(&mut self.ready);
        let mut began = sys::now_us();
        self.batching = true;
        for place in ready.drain(..) {
            let now = place.conn().call(self);
            self.engine.outbox.put(place, self.now);
            if now.saturating_sub(began) >= outbox::PATIENCE {
                self.send_answered();
                began = now;
            }
        }
        self.batching = false;
        self.send_answered();
        if self.ready.is_empty() {
            self.ready = ready;
        }
    }

    /// Wait for the next events, awake for a moment if that is likely to be enough.
    fn rest(&mut self, room: &mut poller::Room, most: usize, timeout: c_int) -> usize {
        if !self.is_alone() {
            return self.engine.poller.wait(room, most, timeout);
        }
        let began = sys::now_us();
        if self.vigil.is_worth_it() {
            let until = began + VIGIL;
            while sys::now_us() < until {
                // Others who need this processor have it first.
                std::thread::yield_now();
                let count = self.engine.poller.wait(room, most, 0);
                if count > 0 {
                    self.vigil.kept(true, sys::now_us() - began);
                    return count;
                }
            }
            self.vigil.kept(false, sys::now_us() - began);
            return self.engine.poller.wait(room, most, timeout);
        }
        let count = self.engine.poller.wait(room, most, timeout);
        self.vigil.slept(sys::now_us() - began);
        count
    }

    fn drive_fresh(&mut self) {
        let mut fresh = std::mem::take(&mut self.fresh);
        for place in fresh.drain(..) {
            self.drive(place);
        }
        self.fresh = fresh;
    }

    fn send_answered(&mut self) {
        let mut answered = std::mem::take(&mut self.answered);
        self.engine.outbox.take(&mut answered);
        for place in answered.drain(..) {
            self.drive(place);
        }
        self.answered = answered;
    }

    /// Draw the consequences of a new phase.
    fn enter_phase(&mut self) {
        let engine = self.engine;
        sys::hush(engine.wake_fd);
        let mut entered = engine.entered.lock().unwrap_or_else(PoisonError::into_inner);
        let phase = engine.phase.load(SeqCst);
        if *entered >= phase {
            return;
        }
        let before = std::mem::replace(&mut *entered, phase);
        if phase == Phase::Serving as u8 {
            self.wait_for_connections();
            if let Some(row) = engine.board.worker(engine.settings.seat) {
                row.accepting.store(1, Relaxed);
            }
            return;
        }
        if before == Phase::Serving as u8 {
            for listener in &engine.settings.listeners {
                engine.poller.remove(listener.fd);
            }
        }
        if let Some(row) = engine.board.worker(engine.settings.seat) {
            row.accepting.store(0, Relaxed);
        }
        drop(entered);
        if before == Phase::Serving as u8 {
            // The kernel wakes one of all workers for a connection, and may have chosen this one just before it left: a
            // connection that is left in the queue now may be nobody's until the next one comes.
            for index in 0..engine.settings.listeners.len() {
                while self.accept_one(index) {}
            }
        }
        engine.left.store(true, SeqCst);
        // Those that are idle close now, if nothing has arrived; the others close after their answer.
        for place in engine.conns.pick(|_| true) {
            if place.claim() {
                place.conn().wake(false);
                self.drive(place);
            }
        }
        engine.end_if_empty();
    }

    fn accept(&mut self, index: usize) {
        let most = if self.engine.settings.workers > 1 { ACCEPTS } else { ACCEPTS_ALONE };
        for _ in 0..most {
            // A core that drains takes the rest of the queue in `enter_phase`.
            if self.engine.is_draining() || !self.accept_one(index) {
                return;
            }
        }
    }

    /// Take one connection and work on it; false when there is none, or none can be had.
    fn accept_one(&mut self, index: usize) -> bool {
        let engine = self.engine;
        let Some(listener) = engine.settings.listeners.get(index) else { return false };
        if engine.live.load(Relaxed) >= engine.settings.clients.most && !engine.is_draining() && !self.make_room() {
            return false;
        }
        // Counted before it exists, so that a drain cannot end between the two.
        engine.live.fetch_add(1, SeqCst);
        match listener.accept(&engine.settings.trusted) {
            Ok((fd, peer)) => {
                let place = engine.conns.take();
                let until = self.now + engine.settings.clients.head_timeout;
                place.conn().open(listener.transport(fd), peer, index, listener, until);
                // Usually the request is there already; then epoll never hears of this connection. A lone core takes
                // the others first: the request of this one may be on its way.
                if self.is_alone() {
                    self.fresh.push(place);
                } else {
                    self.drive(place);
                }
                true
            }
            Err(error) => {
                engine.live.fetch_sub(1, SeqCst);
                engine.end_if_empty();
                match error.raw_os_error() {
                    Some(libc::ECONNABORTED | libc::EINTR | libc::EPROTO) => true,
                    Some(libc::EMFILE | libc::ENFILE | libc::ENOBUFS | libc::ENOMEM) => {
                        // The listener stays readable: do not spin.
                        self.pause(&format!("cannot accept a connection: {error}: raise the limit of open files"));
                        false
                    }
                    _ => false,
                }
            }
        }
    }

    /// There are as many connections as may be: close those that have been idle longest. False: none is idle, and
    /// accepting pauses.
    #[cold]
    fn make_room(&mut self) -> bool {
        let engine = self.engine;
        let mut idle = engine.conns.pick(Place::is_idle);
        idle.sort_unstable_by_key(|place| place.deadline.load(Relaxed));
        for place in idle.into_iter().take(ROOM) {
            if !place.claim() {
                continue;
            }
            let conn = place.conn();
            if conn.is_idle() && !conn.io.has_input() {
                self.close(place);
            } else {
                // Its next request has just come.
                conn.wake(false);
                self.drive(place);
            }
        }
        let most = engine.settings.clients.most;
        if engine.live.load(Relaxed) < most {
            return true;
        }
        self.pause(&format!(
            "this worker has {most} connections and none of them is idle: others wait until one ends \
             (raise max-connections, and the limit of open files with it)"
        ));
        false
    }

    /// Accept nobody until a connection ends, or some time has passed. Other workers may.
    #[cold]
    fn pause(&self, why: &str) {
        let engine = self.engine;
        self.stop_accepting();
        let due = engine.next_said.load(Relaxed);
        if self.now >= due && engine.next_said.compare_exchange(due, self.now + SILENCE, SeqCst, Relaxed).is_ok() {
            engine.log.say(why);
        }
    }

    #[cold]
    fn stop_accepting(&self) {
        let engine = self.engine;
        let entered = engine.entered.lock().unwrap_or_else(PoisonError::into_inner);
        if *entered == Phase::Serving as u8 && !engine.paused.swap(true, SeqCst) {
            for listener in &engine.settings.listeners {
                engine.poller.remove(listener.fd);
            }
        }
    }

    /// Whether more requests are at hand than there are cores: then the next ones are for other workers, or wait in the
    /// queue of the socket.
    pub fn note_full(&self, full: bool) {
        if self.engine.full.swap(full, SeqCst) == full {
            return;
        }
        if full {
            self.stop_accepting();
        } else {
            self.resume();
        }
    }

    /// Accept again.
    #[cold]
    fn resume(&self) {
        let engine = self.engine;
        if engine.full.load(Relaxed) {
            return;
        }
        let entered = engine.entered.lock().unwrap_or_else(PoisonError::into_inner);
        if engine.paused.swap(false, SeqCst) && *entered == Phase::Serving as u8 {
            self.wait_for_connections();
        }
    }

    fn wait_for_connections(&self) {
        let engine = self.engine;
        for (index, listener) in engine.settings.listeners.iter().enumerate() {
            if let Err(error) = engine.poller.add_listener(listener.fd, FIRST_LISTENER + index as u64) {
                engine.log.say(&format!("cannot wait for connections on descriptor {}: {error}", listener.fd));
            }
        }
    }

    /// Work on a place that this core owns, until it is parked or closed.
    pub fn drive(&mut self, place: &'static Place) {
        loop {
            let conn = place.conn();
            match conn.drive(self) {
                Next::Park(until) => {
                    if let Err(error) = self.arm(place, conn) {
                        self.engine.log.say(&format!("cannot wait for a connection: {error}"));
                        return self.close(place);
                    }
                    if place.park(until, conn.is_idle()) {
                        return;
                    }
                    place.conn().wake(true);
                }
                Next::Call if self.is_alone() => {
                    // Everybody has a turn for each request: no connection can take more.
                    conn.next_turn();
                    self.ready.push(place);
                    return;
                }
                Next::Call => {
                    conn.call(self);
                }
                Next::Again => {
                    // Any core may go on with it: a socket with room to send is an event at once.
                    conn.wants_out = true;
                    conn.armed_out = false;
                    let armed = self.arm(place, conn);
                    conn.wants_out = false;
                    if armed.is_err() {
                        return self.close(place);
                    }
                    if place.park(u64::MAX, false) {
                        return;
                    }
                    place.conn().wake(true);
                }
                Next::Close => return self.close(place),
            }
        }
    }

    fn arm(&self, place: &'static Place, conn: &mut Conn) -> std::io::Result<()> {
        let wants_out = conn.wants_out || conn.io.owes();
        if !conn.registered {
            self.engine.poller.add_connection(conn.io.fd(), place.token(), wants_out)?;
            conn.registered = true;
        } else if wants_out != conn.armed_out {
            self.engine.poller.change(conn.io.fd(), place.token(), wants_out)?;
        }
        conn.armed_out = wants_out;
        Ok(())
    }

    fn close(&mut self, place: &'static Place) {
        let conn = place.conn();
        if conn.transfer.is_some() {
            // The client must see that it does not have everything.
            conn.io.cut();
            self.end_transfer(conn);
            self.log_request(conn, true);
        }
        if !conn.rest.is_clean() {
            conn.rest.take_references(&mut self.graves);
        }
        conn.spool = None;
        conn.io.close();
        self.engine.conns.give_back(place);
        self.engine.live.fetch_sub(1, SeqCst);
        if self.engine.paused.load(Relaxed) {
            self.resume();
        }
        self.engine.end_if_empty();
    }

    fn look_at_deadlines(&mut self) {
        let engine = self.engine;
        let due = engine.next_tick.load(Relaxed);
        if self.now < due || engine.next_tick.compare_exchange(due, self.now + TICK, SeqCst, Relaxed).is_err() {
            return;
        }
        if engine.paused.load(Relaxed) {
            // Descriptors may be free again that were not ours.
            self.resume();
        }
        let now = self.now;
        for place in engine.conns.pick(|place| place.is_overdue(now)) {
            if place.claim() {
                if place.deadline.load(Relaxed) > now || place.conn().is_taking(self) {
                    // It went on in the meantime.
                    place.conn().wake(false);
                    self.drive(place);
                    continue;
                }
                place.conn().expire(self);
                self.close(place);
            }
        }
    }
}

/// Serve with all cores; answers when the drain is over. The thread holds the GIL.
pub fn run(py: Python<'_>, engine: &'static Engine) -> PyResult<()> {
    let mut first = Core::new(py, engine, 0)?;
    let mut others = Vec::new();
    for id in 1..engine.settings.threads {
        let body = move || {
            Python::attach(|py| match Core::new(py, engine, id) {
                Ok(mut core) => core.run(),
                Err(error) => engine.trace(py, &error),
            });
        };
        let mut thread = std::thread::Builder::new().name(format!("core {id}"));
        if engine.settings.stack > 0 {
            thread = thread.stack_size(engine.settings.stack);
        }
        others.push(thread.spawn(body)?);
    }
    announce(engine)?;
    first.run();
    py.detach(|| {
        for other in others {
            // A core that panicked has ended the process.
            let _ = other.join();
        }
    });
    finish(engine);
    Ok(())
}

/// Hear the generation, and tell it that the worker can accept.
pub fn announce(engine: &'static Engine) -> std::io::Result<()> {
    std::thread::Builder::new().name("control".into()).spawn(move || crate::control::listen(engine))?;
    match sys::send(engine.settings.control_fd, b"R", false) {
        // The generation was given up while this worker started: its end of file is heard next, and means the end.
        Err(error) if matches!(error.raw_os_error(), Some(libc::EPIPE | libc::ECONNRESET)) => Ok(()),
        sent => sent.map(drop),
    }
}

/// The last words of a worker whose drain is over.
pub fn finish(engine: &Engine) {
    engine.log.flush_at_the_end();
    if let Some(row) = engine.board.worker(engine.settings.seat) {
        row.exit.store(1, SeqCst);
    }
}
