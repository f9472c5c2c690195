//! The engine of a worker: `imperator._core`. This page is its whole surface; `imperator/_core.pyi` says what it means.
//!
//! ```text
//!   serve ── settings, scoreboard ──► cores (threads, one epoll) ◄── control (thread without GIL: socket, signals, mercy)
//!                                       │
//!                   conns ◄── claim, park ──► conn (state machine) ──► call (the application), statics, routing ──► transfer
//!                                       │                                │
//!                            poller, listener, sys        environ, input, start_response, answer, errors, filewrapper
//! ```
//!
//! With gevent, `greenlets` stands in the place of `cores::run`: there Python waits, and calls in for a turn of the engine
//! or for one request; what waits inside of a request does so through `hub`.
//!
//! Whoever reads from or writes to a client does so through `transport`, which is a socket or a TLS session on it (`tls`,
//! `contexts`).

mod announced;
mod answer;
mod calendar;
mod call;
mod clients;
mod conn;
mod conns;
mod contexts;
mod contextvars;
mod control;
mod cores;
mod der;
mod environ;
mod error_pages;
mod errors;
mod escape;
mod filewrapper;
mod greenlets;
mod headers;
mod hub;
mod input;
mod listener;
mod log;
mod log_format;
mod mounts;
mod noted;
mod outbox;
mod patience;
mod poller;
mod request_log;
mod rest;
mod routing;
mod scoreboard;
mod served;
mod settings;
mod shared;
mod spool;
mod start_response;
mod statics;
mod sys;
mod tickets;
mod tls;
mod transfer;
mod transport;
mod vigil;
mod wsgi;

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

use pyo3::exceptions::{PyIndexError, PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyList, PyTuple};

use crate::cores::Engine;
use crate::scoreboard::{Board, CoreRow, WorkerRow};
use crate::settings::Settings;

/// Counters of all workers of a generation, in shared memory.
#[pyclass(frozen, module = "imperator._core")]
struct Scoreboard(Board);

fn map_board(fd: i32) -> PyResult<Board> {
    Board::map(fd)?.ok_or_else(|| PyValueError::new_err(format!("descriptor {fd} is no scoreboard of this version")))
}

#[pymethods]
impl Scoreboard {
    #[new]
    fn new(fd: i32) -> PyResult<Scoreboard> {
        map_board(fd).map(Scoreboard)
    }

    #[staticmethod]
    fn create(workers: usize, cores: usize) -> PyResult<i32> {
        Ok(Board::create(workers, cores)?)
    }

    fn read<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let module = py.import("imperator._core")?;
        let (worker_type, core_type) = (module.getattr("WorkerCounters")?, module.getattr("CoreCounters")?);
        let workers = PyList::empty(py);
        for id in 1..=self.0.workers() {
            let seats = self.0.seats(id);
            let Some(row) = self.0.worker(seats[0]) else { break };
            let cores = PyList::empty(py);
            let (mut requests, mut exceptions, mut tx, mut running, mut busy) = (0, 0, 0, 0, 0);
            for core in 0..self.0.cores() {
                // What both seats did counts; what is being done is that of the present one, or else of the one that leaves.
                let rows = seats.map(|seat| self.0.core(seat, core));
                let sum = |field: fn(&CoreRow) -> &AtomicU64| -> u64 {
                    rows.iter().flatten().map(|row| field(row).load(Relaxed)).sum()
                };
                let active = rows.iter().flatten().find(|row| row.in_request.load(Relaxed) != 0);
                requests += sum(|row| &row.requests);
                exceptions += sum(|row| &row.exceptions);
                tx += sum(|row| &row.tx);
                running += sum(|row| &row.running_time);
                busy += usize::from(active.is_some());
                cores.append(core_type.call1((
                    core,
                    sum(|row| &row.requests),
                    sum(|row| &row.exceptions),
                    sum(|row| &row.read_errors),
                    sum(|row| &row.write_errors),
                    active.is_some(),
                    active.map_or(0, |row| row.request_start.load(Relaxed)),
                    active.map_or_else(String::new, |row| row.request()),
                ))?)?;
            }
            let (pid, accepting) = (row.pid.load(Relaxed), row.accepting.load(Relaxed) != 0);
            let (avg_rt, avg_wait) = (row.avg_rt.load(Relaxed), row.avg_wait.load(Relaxed));
            let last_spawn = row.last_spawn.load(Relaxed);
            let both = |field: fn(&WorkerRow) -> &AtomicU32| -> u32 {
                seats.iter().filter_map(|&seat| self.0.worker(seat)).map(|row| field(row).load(Relaxed)).sum()
            };
            // More than a tuple of Rust can be turned into.
            let fields = PyTuple::new(
                py,
                [
                    id.into_pyobject(py)?.into_any(),
                    pid.into_pyobject(py)?.into_any(),
                    accepting.into_pyobject(py)?.to_owned().into_any(),
                    busy.into_pyobject(py)?.into_any(),
                    requests.into_pyobject(py)?.into_any(),
                    exceptions.into_pyobject(py)?.into_any(),
                    tx.into_pyobject(py)?.into_any(),
                    running.into_pyobject(py)?.into_any(),
                    avg_rt.into_pyobject(py)?.into_any(),
                    avg_wait.into_pyobject(py)?.into_any(),
                    last_spawn.into_pyobject(py)?.into_any(),
                    both(|row| &row.respawns).into_pyobject(py)?.into_any(),
                    both(|row| &row.harakiris).into_pyobject(py)?.into_any(),
                    cores.into_any(),
                ],
            )?;
            workers.append(worker_type.call1(fields)?)?;
        }
        Ok(workers)
    }

    fn busy<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let kind = py.import("imperator._core")?.getattr("BusyCore")?;
        let now = sys::now_us();
        let found = PyList::empty(py);
        for seat in 1..=self.0.all_seats() {
            for core in 0..self.0.cores() {
                let Some(row) = self.0.core(seat, core).filter(|row| row.in_request.load(Relaxed) != 0) else {
                    continue;
                };
                let began = row.began.load(Relaxed);
                let seconds = now.saturating_sub(began) as f64 / 1e6;
                let since = row.request_start.load(Relaxed);
                found.append(kind.call1((seat, core, began, seconds, since, row.request()))?)?;
            }
        }
        Ok(found)
    }

    fn harakiri(&self, seat: usize) -> PyResult<()> {
        let row = self.0.worker(seat).ok_or_else(|| PyIndexError::new_err(format!("no seat {seat}")))?;
        row.harakiris.fetch_add(1, Relaxed);
        Ok(())
    }

    fn spawned(&self, seat: usize, pid: u32) -> PyResult<()> {
        if self.0.spawned(seat, pid) {
            return Ok(());
        }
        Err(PyIndexError::new_err(format!("the scoreboard has no seat {seat}")))
    }
}

/// Serve until told to end; answers the exit status of the worker.
#[pyfunction]
fn serve(py: Python<'_>, app: Bound<'_, PyAny>, settings: &Bound<'_, PyAny>) -> PyResult<i32> {
    cores::run(py, prepare(app, settings, false)?)?;
    Ok(0)
}

/// The engine of this process, before it hears anybody. `green`: for greenlets.
fn prepare(app: Bound<'_, PyAny>, settings: &Bound<'_, PyAny>, green: bool) -> PyResult<&'static Engine> {
    let settings = Settings::read(settings)?;
    let board = map_board(settings.scoreboard_fd)?;
    let fits = board.worker(settings.seat).is_some() && settings.threads <= board.cores();
    if !fits {
        return Err(PyRuntimeError::new_err("the scoreboard is too small for this worker"));
    }
    std::panic::set_hook(Box::new(|panic| {
        // Ours, whoever's request it was. Another worker takes this one's place.
        sys::write_log(format!("internal error of the engine, this worker ends: {panic}\n").as_bytes());
        std::process::abort();
    }));
    control::take_signals()?;
    let has_app = !app.is_none() || settings.mounts.is_some();
    let engine: &'static Engine = Box::leak(Box::new(Engine::new(settings, board, app.unbind(), has_app, green)?));
    if let Some(statics) = engine.settings.statics.as_ref().filter(|_| engine.settings.worker_id == 1) {
        for problem in &statics.problems {
            engine.log.say(problem);
        }
    }
    Ok(engine)
}

/// See `contexts::examine`.
#[pyfunction]
fn examine_certificate<'py>(
    py: Python<'py>,
    certificate: &[u8],
    key: &[u8],
    client_ca: &[u8],
) -> PyResult<Bound<'py, PyAny>> {
    py.import("imperator._core")?.getattr("Certificate")?.call1(contexts::examine(certificate, key, client_ca))
}

#[pymodule]
fn _core(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    module.add("VERSION", env!("CARGO_PKG_VERSION"))?;
    module.add_class::<Scoreboard>()?;
    module.add_class::<shared::Locks>()?;
    module.add_class::<shared::Cache>()?;
    module.add_class::<greenlets::Greenlets>()?;
    module.add_function(wrap_pyfunction!(serve, module)?)?;
    module.add_function(wrap_pyfunction!(examine_certificate, module)?)?;
    let namedtuple = py.import("collections")?.getattr("namedtuple")?;
    for (name, fields) in [
        (
            "WorkerCounters",
            "id pid accepting busy_cores requests exceptions tx running_time avg_rt avg_wait last_spawn respawn_count harakiri_count cores",
        ),
        ("BusyCore", "seat core began seconds since request"),
        ("Certificate", "flaw not_before not_after subject"),
        ("CoreCounters", "id requests exceptions read_errors write_errors in_request request_start request"),
    ] {
        let kind = namedtuple.call1((name, fields))?;
        kind.setattr("__module__", "imperator._core")?;
        module.add(name, kind)?;
    }
    Ok(())
}
