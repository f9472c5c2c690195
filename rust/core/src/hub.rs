//! Waiting inside of a request. Usually that is `poll` without the GIL, and other threads run meanwhile. Where requests are
//! greenlets it is the application's hub that waits, and runs other greenlets of the same thread meanwhile; threads that
//! the application starts beside wait as usual. Knows descriptors and locks, nothing of requests.
//!
//! A greenlet that waits has its part of the C stack copied away, and others use the place. So nobody else may hold a
//! pointer into it, and it may hold no lock that others would block on, but go on without the GIL it may not either: what
//! is locked here is asked for with `lock`, and Python is called attached, never from within `detach`.

use std::io;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError, TryLockError};
use std::thread::ThreadId;

use pyo3::prelude::*;
use pyo3::sync::MutexExt;

use crate::transport::{Ready, Transport};

/// The hub of the thread that serves.
struct Hub {
    thread: ThreadId,
    wait: Py<PyAny>,
    pause: Py<PyAny>,
}

static HUB: OnceLock<Hub> = OnceLock::new();

/// From now on this thread waits through Python: `wait(fd, events, seconds)` answers whether the descriptor became ready
/// in time, `pause()` lets others run for a moment.
pub fn install(wait: Py<PyAny>, pause: Py<PyAny>) {
    // There is one engine in a process, and so one hub.
    let _ = HUB.set(Hub { thread: std::thread::current().id(), wait, pause });
}

fn here() -> Option<&'static Hub> {
    HUB.get().filter(|hub| hub.thread == std::thread::current().id())
}

/// Whether this thread waits through Python.
pub fn is_here() -> bool {
    here().is_some()
}

/// Wait until there may be something to read, or room to send; false: the time is over. The outer error is of Python: what
/// another greenlet throws into the one that waits.
pub fn wait(py: Python<'_>, io: &Transport, ready: Ready, timeout_ms: u64) -> PyResult<io::Result<bool>> {
    let Some(hub) = here() else { return Ok(py.detach(|| io.wait(ready, timeout_ms))) };
    let events = io.events(ready);
    if events == 0 {
        return Ok(Ok(true));
    }
    let seconds = timeout_ms as f64 / 1000.0;
    hub.wait.call1(py, (io.fd(), events, seconds))?.extract(py).map(Ok)
}

/// Lock what another thread or greenlet holds, and let it go on until it is done.
#[cold]
pub fn lock<'a, T>(py: Python<'_>, mutex: &'a Mutex<T>) -> MutexGuard<'a, T> {
    let Some(hub) = here() else {
        // Without the GIL, which the other will need.
        return mutex.lock_py_attached(py).unwrap_or_else(PoisonError::into_inner);
    };
    loop {
        match mutex.try_lock() {
            Ok(guard) => return guard,
            Err(TryLockError::Poisoned(poisoned)) => return poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => {
                // Whatever is thrown into this greenlet meanwhile comes too early: it must have the lock first.
                if let Err(error) = hub.pause.call0(py) {
                    error.write_unraisable(py, None);
                }
            }
        }
    }
}
