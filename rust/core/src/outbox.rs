//! The answers that a lone core has but has not sent yet.
//!
//! A core that has many requests at hand calls the application for one after the other and then sends all answers:
//! between two system calls the caches hold the application, and a client that is awake for the first answer need not
//! be woken for the second. An answer waits for the next ones at most `PATIENCE`. A call that takes longer, which cannot
//! be known before, must not make the answers before it wait: then the control thread sends them.

use std::os::raw::c_int;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed, Ordering::SeqCst};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::answer::send_waiting;
use crate::conns::Place;
use crate::sys;
use crate::transport::Transport;

/// How long an answer may wait for company while the core is in our hands, in microseconds.
pub const PATIENCE: u64 = 1000;
/// How often the control thread looks, and so how long at least an answer waits before another thread sends it, in
/// milliseconds.
const LOOK: u64 = 5;
/// Looks without a new answer after which the control thread sleeps again.
const IDLE_LOOKS: u32 = 20;

/// What waits; whoever holds the lock owns it.
#[derive(Default)]
struct Waiting {
    /// Places whose answers are complete.
    places: Vec<&'static Place>,
    /// The answer of the call that goes on: its bytes are complete, but the application still has something to do.
    lent: Option<Lent>,
}

/// Bytes on loan: to be sent, or to be given back.
pub struct Lent {
    pub io: Transport,
    pub out: Vec<u8>,
    /// Bytes of `out` that are gone.
    pub sent: usize,
}

/// The answers that wait, and who looks after them.
pub struct Outbox {
    waiting: Mutex<Waiting>,
    /// When the first of them was put there, in milliseconds; 0: there is none.
    since: AtomicU64,
    /// The control thread looks every `LOOK`.
    watched: AtomicBool,
    /// Readable when the control thread must begin to look.
    bell: c_int,
}

impl Outbox {
    /// An empty one.
    pub fn new() -> std::io::Result<Outbox> {
        Ok(Outbox {
            waiting: Mutex::default(),
            since: AtomicU64::new(0),
            watched: AtomicBool::new(false),
            bell: sys::eventfd()?,
        })
    }

    /// What the control thread waits for.
    pub fn bell(&self) -> c_int {
        self.bell
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Put a place there, which the caller owned. `now`: milliseconds.
    #[inline]
    pub fn put(&self, place: &'static Place, now: u64) {
        let mut waiting = self.lock();
        let is_first = waiting.places.is_empty();
        waiting.places.push(place);
        drop(waiting);
        if is_first {
            self.begin(now);
        }
    }

    /// Put an answer there whose application still works. `now`: milliseconds.
    #[inline]
    pub fn lend(&self, lent: Lent, now: u64) {
        let mut waiting = self.lock();
        waiting.lent = Some(lent);
        let is_first = waiting.places.is_empty();
        drop(waiting);
        if is_first {
            self.begin(now);
        }
    }

    /// See to it that the control thread looks.
    #[inline]
    fn begin(&self, now: u64) {
        // `Watch::look` sees this before it goes to sleep, or `watched` is seen to be off.
        self.since.store(now, SeqCst);
        if !self.watched.load(SeqCst) && !self.watched.swap(true, SeqCst) {
            sys::notify(self.bell);
        }
    }

    /// Own all places again; `taken` is empty before.
    #[inline]
    pub fn take(&self, taken: &mut Vec<&'static Place>) {
        let mut waiting = self.lock();
        std::mem::swap(&mut waiting.places, taken);
        self.since.store(0, Relaxed);
    }

    /// Get back what was lent.
    #[inline]
    pub fn reclaim(&self) -> Option<Lent> {
        self.lock().lent.take()
    }

    /// Send what the sockets take now. The places stay; their owner will see what is left, and any error.
    pub fn send(&self) {
        let mut waiting = self.lock();
        for place in &waiting.places {
            place.conn().send_ahead();
        }
        if let Some(Lent { io, out, sent }) = &mut waiting.lent {
            // The owner meets the error when it goes on.
            let _ = send_waiting(io, out, sent);
        }
        self.since.store(0, Relaxed);
    }
}

/// The control thread's side: when to look again.
#[derive(Default)]
pub struct Watch {
    last: u64,
    idle: u32,
}

impl Watch {
    /// Look; answers in how many milliseconds to look again, if at all.
    pub fn look(&mut self, outbox: &Outbox) -> Option<u64> {
        if !outbox.watched.load(SeqCst) {
            return None;
        }
        let since = outbox.since.load(Relaxed);
        if since != 0 && sys::now_ms().saturating_sub(since) >= LOOK {
            outbox.send();
        }
        self.idle = if since == self.last { self.idle + 1 } else { 0 };
        self.last = since;
        if self.idle > IDLE_LOOKS && since == 0 {
            *self = Watch::default();
            outbox.watched.store(false, SeqCst);
            if outbox.since.load(SeqCst) == 0 {
                return None;
            }
            outbox.watched.store(true, SeqCst);
        }
        Some(LOOK)
    }
}
