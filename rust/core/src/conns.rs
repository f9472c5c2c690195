//! All connections of a worker, and the passing of their ownership between cores.
//!
//! A connection is *parked* (it waits for the kernel) or *owned* by exactly one core. Whoever gets an event, or finds a
//! deadline over, claims the connection first; an event for a connection that is owned is noted, and its owner looks
//! again before it parks. Places are never freed, only used again, so a late event finds at worst another connection,
//! for which it is a needless look. That is why edge-triggered readiness is enough and no core waits for another.

use std::cell::UnsafeCell;
use std::sync::atomic::{
    AtomicBool, AtomicU64, AtomicU8, Ordering::AcqRel, Ordering::Acquire, Ordering::Relaxed, Ordering::Release,
};
use std::sync::{Mutex, PoisonError};

use crate::conn::Conn;

const FREE: u8 = 0;
const OWNED: u8 = 1;
const MISSED: u8 = 2;
const PARKED: u8 = 3;

/// The place of one connection.
pub struct Place {
    state: AtomicU8,
    /// When the parked connection has waited long enough, in milliseconds.
    pub deadline: AtomicU64,
    /// The parked connection is between two requests.
    idle: AtomicBool,
    conn: UnsafeCell<Conn>,
}

// SAFETY: `conn` is reached only by the owner, and ownership passes through `state` with acquire and release.
unsafe impl Sync for Place {}

impl Place {
    /// Make a parked connection one's own. If another has it, that one is told to look again.
    pub fn claim(&self) -> bool {
        loop {
            match self.state.load(Relaxed) {
                PARKED => {
                    if self.state.compare_exchange(PARKED, OWNED, AcqRel, Relaxed).is_ok() {
                        return true;
                    }
                }
                OWNED => {
                    if self.state.compare_exchange(OWNED, MISSED, AcqRel, Relaxed).is_ok() {
                        return false;
                    }
                }
                _ => return false,
            }
        }
    }

    /// Let go until something happens. False: something happened already, look again.
    pub fn park(&self, deadline: u64, idle: bool) -> bool {
        self.deadline.store(deadline, Relaxed);
        self.idle.store(idle, Relaxed);
        if self.state.compare_exchange(OWNED, PARKED, Release, Relaxed).is_ok() {
            return true;
        }
        self.state.store(OWNED, Relaxed);
        false
    }

    /// Is it parked with its time over?
    pub fn is_overdue(&self, now: u64) -> bool {
        self.state.load(Acquire) == PARKED && self.deadline.load(Relaxed) <= now
    }

    /// Is it parked between two requests? Whoever claims it looks again.
    pub fn is_idle(&self) -> bool {
        self.state.load(Acquire) == PARKED && self.idle.load(Relaxed)
    }

    /// The connection. The caller owns the place.
    #[allow(clippy::mut_from_ref)] // the state is the lock
    pub fn conn(&self) -> &mut Conn {
        // SAFETY: by contract the caller owns the place, and there is one owner.
        unsafe { &mut *self.conn.get() }
    }

    /// The word for the kernel to give back with an event.
    pub fn token(&'static self) -> u64 {
        std::ptr::from_ref(self) as u64
    }

    /// The place of a token.
    pub fn of(token: u64) -> &'static Place {
        // SAFETY: tokens of connections are made by `token` only, and places are never freed.
        unsafe { &*(token as *const Place) }
    }
}

/// Every place there is, and those not in use.
#[derive(Default)]
pub struct Conns {
    all: Mutex<Vec<&'static Place>>,
    free: Mutex<Vec<&'static Place>>,
}

impl Conns {
    /// A place, owned by the caller.
    pub fn take(&self) -> &'static Place {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner).pop();
        if let Some(place) = free {
            place.state.store(OWNED, Relaxed);
            return place;
        }
        let place: &'static Place = Box::leak(Box::new(Place {
            state: AtomicU8::new(OWNED),
            deadline: AtomicU64::new(u64::MAX),
            idle: AtomicBool::new(false),
            conn: UnsafeCell::new(Conn::new()),
        }));
        self.all.lock().unwrap_or_else(PoisonError::into_inner).push(place);
        place
    }

    /// Give an owned place back.
    pub fn give_back(&self, place: &'static Place) {
        place.state.store(FREE, Release);
        self.free.lock().unwrap_or_else(PoisonError::into_inner).push(place);
    }

    /// The places that `wanted` picks; it must not wait for anything.
    pub fn pick(&self, wanted: impl Fn(&Place) -> bool) -> Vec<&'static Place> {
        let all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().copied().filter(|place| wanted(place)).collect()
    }
}
