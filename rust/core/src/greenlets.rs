//! Requests in greenlets: the part of `cores` where Python drives. The application's hub waits for the engine's epoll like
//! for any descriptor; when it can be read, `turn` does what can be done without the application, and then Python starts a
//! greenlet for each request that `due` tells of, which calls `serve`.
//!
//! Every request that is in the application has a core of its own, with its own environ keys, `start_response` and row of
//! the scoreboard, as if it were a thread: so nothing that a greenlet holds while the application runs, and switches to
//! others, is anybody else's. One core more, the driver, accepts and reads. Cores are made when they are first needed,
//! and the one that was used last is used next.

use std::cell::RefCell;
use std::collections::VecDeque;

use pyo3::prelude::*;

use crate::conns::Place;
use crate::cores::{self, Core, Engine};
use crate::hub;
use crate::rest;

/// A request for the application, and when the driver heard of it, in microseconds of the monotonic clock.
type Waiting = (&'static Place, u64);

struct State {
    driver: Box<Core>,
    /// Cores that are made and have nothing to do.
    #[allow(clippy::vec_box)] // a core stays where it is while a greenlet has it
    idle: Vec<Box<Core>>,
    made: usize,
    ready: VecDeque<Waiting>,
    /// Greenlets that were asked for and have not begun.
    coming: usize,
    /// When the timer rings, in milliseconds of the monotonic clock.
    alarm: u64,
}

impl State {
    /// How many more greenlets there are requests and cores for.
    fn due(&mut self, engine: &Engine) -> usize {
        let cores = self.idle.len() + engine.settings.threads.saturating_sub(self.made);
        let due = self.ready.len().min(cores).saturating_sub(self.coming);
        self.coming += due;
        self.driver.note_full(self.ready.len() > self.coming);
        due
    }

    /// Let the timer ring at this time at the latest.
    fn set_alarm(&mut self, when: Option<u64>, now: u64) {
        if self.alarm <= now {
            self.alarm = u64::MAX;
        }
        if let Some(when) = when.filter(|&when| when < self.alarm) {
            self.alarm = when;
            self.driver.engine.wake_at(when);
        }
    }
}

/// See `_core.pyi`.
#[pyclass(frozen, unsendable, module = "imperator._core")]
pub struct Greenlets {
    engine: &'static Engine,
    /// Borrowed only while nothing of Python runs.
    state: RefCell<State>,
}

#[pymethods]
impl Greenlets {
    #[new]
    fn new(
        py: Python<'_>,
        app: Bound<'_, PyAny>,
        settings: &Bound<'_, PyAny>,
        wait: Py<PyAny>,
        pause: Py<PyAny>,
    ) -> PyResult<Greenlets> {
        let engine = crate::prepare(app, settings, true)?;
        hub::install(wait, pause);
        let mut driver = Box::new(Core::new(py, engine, 0)?);
        driver.drives = true;
        let state = State { driver, idle: Vec::new(), made: 0, ready: VecDeque::new(), coming: 0, alarm: u64::MAX };
        cores::announce(engine)?;
        Ok(Greenlets { engine, state: RefCell::new(state) })
    }

    fn fileno(&self) -> i32 {
        self.engine.poller_fd()
    }

    fn turn(&self) -> bool {
        let mut state = self.state.borrow_mut();
        let state = &mut *state;
        let driver = &mut state.driver;
        if driver.turn() {
            cores::finish(self.engine);
            return false;
        }
        let heard = driver.heard;
        state.ready.extend(driver.ready.drain(..).map(|place| (place, heard)));
        let (when, now) = (driver.due(), driver.now);
        state.set_alarm(when, now);
        true
    }

    fn due(&self) -> usize {
        self.state.borrow_mut().due(self.engine)
    }

    fn serve(&self, py: Python<'_>) -> PyResult<usize> {
        let found = {
            let mut state = self.state.borrow_mut();
            state.coming = state.coming.saturating_sub(1);
            match state.ready.pop_front() {
                None => return Ok(0),
                Some(waiting) => {
                    let core = state.idle.pop();
                    let id = state.made;
                    state.made += usize::from(core.is_none());
                    (waiting, core.ok_or(id))
                }
            }
        };
        let ((place, heard), core) = found;
        let mut core = match core {
            Ok(core) => core,
            // Python may collect garbage here, and so run anything: nothing is borrowed.
            Err(id) => match Core::new(py, self.engine, id) {
                Ok(core) => Box::new(core),
                Err(error) => {
                    let mut state = self.state.borrow_mut();
                    state.made -= 1;
                    state.ready.push_front((place, heard));
                    return Err(error);
                }
            },
        };
        core.heard = heard;
        place.conn().call(&mut core);
        core.drive(place);
        core.gil.hold();
        rest::bury(&mut core.graves);
        let mut state = self.state.borrow_mut();
        let state = &mut *state;
        state.ready.extend(core.ready.drain(..).map(|place| (place, core.heard)));
        let (when, now) = (core.due(), core.now);
        state.set_alarm(when, now);
        state.idle.push(core);
        Ok(state.due(self.engine))
    }
}
