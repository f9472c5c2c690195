//! One call of the application: environ, call, result, `close()`. Everything here happens with the GIL; what it leaves
//! in the connection's `out` is sent by `conn.rs`.

use std::sync::atomic::Ordering::Relaxed;

use pyo3::exceptions::{PyOSError, PyRuntimeError, PyTypeError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use wire::{Known, Protocol};

use crate::answer::Answer;
use crate::conn::Conn;
use crate::cores::Core;
use crate::environ::Failure;
use crate::filewrapper::FileWrapper;
use crate::input::{Input, Stream};
use crate::outbox::Outbox;
use crate::scoreboard;
use crate::served::{Outcome, Served, Times, Via};
use crate::start_response::{Exchange, Functions};
use crate::statics::Statics;
use crate::sys;

/// One request of so many is asked how long it waited, for the scoreboard.
const SAMPLED: u64 = 64;
/// What applications are told of that.
const WAITED: &str = "imperator.waited";

/// The objects that a core uses for request after request.
pub struct Reused {
    functions: Functions,
    /// `wsgi.input` of a request without body.
    nothing: Py<Input>,
    close: Py<PyAny>,
}

impl Reused {
    /// New ones.
    pub fn new(py: Python<'_>) -> PyResult<Reused> {
        Ok(Reused {
            functions: Functions::new(py)?,
            nothing: Py::new(py, Input::default())?,
            close: pyo3::types::PyString::intern(py, "close").into_any().unbind(),
        })
    }
}

fn is_exactly(object: &Bound<'_, PyAny>, kind: *mut ffi::PyTypeObject) -> bool {
    // SAFETY: a live object.
    unsafe { ffi::Py_TYPE(object.as_ptr()) == kind }
}

fn bytes_of<'a, 'py>(chunk: &'a Bound<'py, PyAny>) -> PyResult<&'a Bound<'py, PyBytes>> {
    match chunk.cast::<PyBytes>() {
        Ok(bytes) => Ok(bytes),
        Err(_) => Err(not_bytes(chunk)),
    }
}

#[cold]
fn not_bytes(chunk: &Bound<'_, PyAny>) -> PyErr {
    let kind = chunk.get_type().name().map_or_else(|_| String::new(), |name| name.to_string());
    PyTypeError::new_err(format!("the application's iterable must yield bytes, not {kind} (PEP 3333)"))
}

fn not_started() -> PyErr {
    PyRuntimeError::new_err("the application did not call start_response before its first byte (PEP 3333)")
}

/// The parts of `deliver` that need the core's clock and date.
struct Delivery<'a> {
    exchange: &'a Exchange,
    date: &'a str,
    /// Anything that has bytes may stand for them.
    accept_buffers: bool,
    /// Other requests are at hand: where an answer may wait for theirs, and the time in milliseconds.
    outbox: Option<(&'a Outbox, u64)>,
}

impl Delivery<'_> {
    /// A chunk that may be no bytes, as bytes.
    fn plain<'py>(&self, chunk: Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        if !self.accept_buffers || chunk.is_instance_of::<PyBytes>() {
            return Ok(chunk);
        }
        crate::wsgi::bytes_of_buffer(&chunk).map(Bound::into_any).map_err(|_| not_bytes(&chunk))
    }

    fn begin(&self, answer: &mut Answer, length: Option<u64>) -> PyResult<()> {
        if answer.has_head() {
            return Ok(());
        }
        if !answer.started {
            return Err(not_started());
        }
        answer.begin(length, self.date);
        Ok(())
    }

    /// A list or tuple: everything is there, nothing of the application runs in between.
    fn list(&self, py: Python<'_>, items: &Bound<'_, PyAny>) -> PyResult<()> {
        // SAFETY: a list or tuple; items are kept by `Bound` as long as they are used.
        let item = |index: usize| unsafe {
            let object = if ffi::PyList_Check(items.as_ptr()) != 0 {
                ffi::PyList_GetItem(items.as_ptr(), index as ffi::Py_ssize_t)
            } else {
                ffi::PyTuple_GetItem(items.as_ptr(), index as ffi::Py_ssize_t)
            };
            Bound::from_borrowed_ptr_or_err(py, object).and_then(|chunk| self.plain(chunk))
        };
        let count = items.len()?;
        let mut answer = self.exchange.lock(py);
        if count == 1 {
            let chunk = item(0)?;
            let data = bytes_of(&chunk)?;
            self.begin(&mut answer, Some(data.as_bytes().len() as u64))?;
            // A client that has gone is found by whoever sends the rest.
            let _ = answer.push(data);
            return Ok(());
        }
        let mut total = 0;
        for index in 0..count {
            total += bytes_of(&item(index)?)?.as_bytes().len() as u64;
        }
        self.begin(&mut answer, Some(total))?;
        for index in 0..count {
            let _ = answer.push(bytes_of(&item(index)?)?);
        }
        Ok(())
    }

    fn iterate(&self, py: Python<'_>, iterable: &Bound<'_, PyAny>) -> PyResult<()> {
        // SAFETY: a live object; the answer is a new reference or an error.
        let iterator = unsafe { Bound::from_owned_ptr_or_err(py, ffi::PyObject_GetIter(iterable.as_ptr()))? };
        loop {
            // SAFETY: a live iterator; null without an error is its end.
            let chunk = unsafe { Bound::from_owned_ptr_or_opt(py, ffi::PyIter_Next(iterator.as_ptr())) };
            let Some(chunk) = chunk else {
                if let Some(error) = PyErr::take(py) {
                    return Err(error);
                }
                return self.begin(&mut self.exchange.lock(py), Some(0));
            };
            let chunk = self.plain(chunk)?;
            let data = bytes_of(&chunk)?;
            if data.as_bytes().is_empty() {
                continue;
            }
            let mut answer = self.exchange.lock(py);
            self.begin(&mut answer, None)?;
            let pushed = answer.push(data);
            if self.outbox.is_some_and(|(outbox, now)| answer.lend(outbox, now)) {
                continue;
            }
            let sent = match pushed {
                Ok(()) => answer.flush_or_wait(py)?,
                Err(error) => Err(error),
            };
            if (sent.is_err() || answer.broken) && !answer.tolerates() {
                return Ok(());
            }
        }
    }

    /// A real file: it is sent when the application has ended, by whoever has time. False: iterate it.
    fn file(&self, py: Python<'_>, wrapper: &Bound<'_, FileWrapper>) -> PyResult<bool> {
        let Some((fd, offset, mut left)) = crate::filewrapper::real_file(py, wrapper.get())? else { return Ok(false) };
        let mut answer = self.exchange.lock(py);
        if !answer.rest.is_empty() {
            // What `write` was given before waits for the client, and comes first.
            return Ok(false);
        }
        if answer.routed.is_some() && !answer.has_head() && answer.started {
            // Rules may answer instead, or want the body in pieces.
            answer.begin(Some(left), self.date);
            if answer.is_aside {
                return Ok(answer.compressor.is_none());
            }
        }
        self.begin(&mut answer, Some(left))?;
        let Some(framing) = answer.framing().filter(|framing| framing.has_body()) else { return Ok(true) };
        left = left.min(framing.remaining().unwrap_or(left));
        if left > 0 {
            // The application closes its own in a moment.
            answer.file = Some((sys::duplicate(fd)?, offset, left));
        }
        Ok(true)
    }

    /// Send what the application answered.
    fn deliver(&self, py: Python<'_>, result: &Bound<'_, PyAny>) -> PyResult<()> {
        // SAFETY: live objects and static types.
        let (is_list, is_bytes) = unsafe {
            let kind = ffi::Py_TYPE(result.as_ptr());
            let is_list = kind == &raw mut ffi::PyList_Type || kind == &raw mut ffi::PyTuple_Type;
            (is_list, kind == &raw mut ffi::PyBytes_Type)
        };
        if is_list {
            return self.list(py, result);
        }
        if is_bytes {
            let data = bytes_of(result)?;
            let mut answer = self.exchange.lock(py);
            self.begin(&mut answer, Some(data.as_bytes().len() as u64))?;
            let _ = answer.push(data);
            return Ok(());
        }
        if let Ok(wrapper) = result.cast::<FileWrapper>() {
            if self.file(py, wrapper)? {
                return Ok(());
            }
        }
        self.iterate(py, result)
    }
}

/// Something that may have a `close()`.
fn has_close(result: &Bound<'_, PyAny>) -> bool {
    let plain = [&raw mut ffi::PyList_Type, &raw mut ffi::PyTuple_Type, &raw mut ffi::PyBytes_Type];
    !plain.iter().any(|&kind| is_exactly(result, kind))
}

/// `close()`, if the result has one.
fn close(py: Python<'_>, result: &Bound<'_, PyAny>, name: &Py<PyAny>) -> PyResult<()> {
    match result.getattr_opt(name.bind(py).cast::<pyo3::types::PyString>()?)? {
        Some(close) => close.call0().map(|_| ()),
        None => Ok(()),
    }
}

impl Core {
    /// Serve the request of this connection; answers when that was done, in microseconds of the monotonic clock.
    pub fn call(&mut self, conn: &mut Conn) -> u64 {
        let began = sys::now_us();
        let started = sys::wall_us();
        let wall = (started / 1_000_000) as i64;
        let waited = self.know_wait(conn, began);
        let text = conn.request.text(conn.head());
        self.row().begin(conn.request.method().of(text), conn.request.path().of(text), wall as u64, began);
        self.gil.hold();
        // SAFETY: `hold` took the GIL.
        let py = unsafe { Python::assume_attached() };
        if !self.graves.is_empty() {
            crate::rest::bury(&mut self.graves);
        }
        self.refresh_date(wall);
        let outcome = self.call_attached(py, conn, waited);
        if !self.is_alone() {
            self.gil.release();
        }
        let ended = sys::now_us();
        self.now = ended / 1000;
        self.row().end(ended - began, outcome.body_bytes + outcome.head_bytes as u64);
        self.engine.note_time(ended - began);
        if self.engine.settings.max_requests != 0 {
            self.engine.wear();
        }
        if self.engine.settings.request_log.any {
            if let Some(transfer) = &mut conn.transfer {
                transfer.began = began;
            }
            let outcome = Outcome { app: self.app_id, ..outcome };
            conn.told = Some((outcome, Times { started, micros: ended - began, waited }));
        }
        ended
    }

    fn call_attached(&mut self, py: Python<'_>, conn: &mut Conn, waited: u64) -> Outcome {
        let engine = self.engine;
        let mut facts = conn.request.facts();
        let chunked = matches!(conn.request.body(), wire::BodyFraming::Chunked | wire::BodyFraming::Records(None));
        let has_body = conn.request.body() != wire::BodyFraming::Empty;
        let stream = if has_body { conn.take_stream() } else { None };
        // Whether the application will read all of it is not known when the head of the answer is framed.
        facts.persistent &= stream.is_none();
        let collected = (chunked && stream.is_none()).then(|| conn.collected());
        let patience = engine.settings.clients.patience;
        let ask = conn.request.expects_continue() && conn.body.is_empty();
        let stream = stream.map(|(body, raw)| {
            let ask = ask && raw.is_empty();
            Stream { io: conn.io.clone(), body, raw, patience, waited: 0, taken: 0, ask, failed: None }
        });

        if !engine.has_app {
            return self.have_no_app(conn);
        }
        if !self.reused.functions.are_ours() {
            match Functions::new(py) {
                Ok(functions) => self.reused.functions = functions,
                Err(error) => return self.give_up(py, conn, &error),
            }
        }
        let input = if has_body {
            match Py::new(py, Input::new(std::mem::take(&mut conn.body), stream, conn.spool.take())) {
                Ok(input) => input,
                Err(error) => return self.give_up(py, conn, &error),
            }
        } else {
            // SAFETY: a live object, and the GIL is held.
            let is_ours = unsafe { ffi::Py_REFCNT(self.reused.nothing.as_ptr()) == 1 };
            if is_ours {
                self.reused.nothing.get().renew(py);
            } else {
                match Py::new(py, Input::default()) {
                    Ok(input) => self.reused.nothing = input,
                    Err(error) => return self.give_up(py, conn, &error),
                }
            }
            self.reused.nothing.clone_ref(py)
        };
        let environ = match self.vocabulary.build(py, engine, conn, input.as_ptr(), collected) {
            Ok(environ) => environ,
            Err(Failure::Refused(refusal)) => {
                // Every refusal of a path has a status; `refuse` leaves the answer in `out`.
                conn.refuse(self, refusal);
                if engine.settings.mounts.is_some() {
                    self.app_id = -1;
                }
                let status = refusal.status().unwrap_or(400);
                return Outcome { status, head_bytes: conn.out.len(), ..Outcome::default() };
            }
            Err(Failure::Python(error)) => return self.give_up(py, conn, &error),
        };
        if let Some(routed) = &conn.routed {
            if let Err(error) = routed.tell(environ.bind(py)) {
                return self.give_up(py, conn, &error);
            }
        }
        if engine.settings.wsgi.tells_waited {
            if let Err(error) = environ.bind(py).set_item(WAITED, waited) {
                return self.give_up(py, conn, &error);
            }
        }
        let app = match &engine.settings.mounts {
            None => &engine.app,
            Some(mounts) => {
                let text = conn.request.text(conn.head());
                let named = conn.request.find(Known::UwsgiAppid).map(|span| span.of(text));
                let named = conn.routed.as_ref().and_then(|routed| routed.vars.changed(b"UWSGI_APPID")).or(named);
                let found = match mounts.choose(environ.bind(py), named) {
                    Ok(found) => found,
                    Err(error) => return self.give_up(py, conn, &error),
                };
                self.app_id = found.as_ref().map_or(-1, |found| found.id);
                match found.and_then(|found| found.app) {
                    Some(app) => app,
                    None => return self.have_no_app(conn),
                }
            }
        };

        // Left at the end of this function, when nothing of the application runs any more.
        let _context = match engine.contexts.map(|contexts| contexts.enter(py)).transpose() {
            Ok(context) => context,
            Err(error) => return self.give_up(py, conn, &error),
        };

        let exchange = self.reused.functions.exchange.clone_ref(py);
        let dated = facts.protocol == Protocol::Http && !conn.trusted;
        exchange.get().lock(py).open(engine, facts, conn.io.clone(), dated, &mut conn.out);
        if conn.routed.is_some() {
            exchange.get().lock(py).routed = conn.routed.take();
        }
        let accept_buffers = engine.settings.wsgi.accept_buffers;
        let outbox = self.batching.then_some((&engine.outbox, self.now));
        let delivery = Delivery { exchange: exchange.get(), date: &self.date, accept_buffers, outbox };

        // SAFETY: live objects; a null ends the arguments; the answer is a new reference or an error.
        let result = unsafe {
            let null: *mut ffi::PyObject = std::ptr::null_mut();
            let start_response = self.reused.functions.start_response.as_ptr();
            Bound::from_owned_ptr_or_err(
                py,
                ffi::PyObject_CallFunctionObjArgs(app.as_ptr(), environ.as_ptr(), start_response, null),
            )
        };
        let mut outcome = result.and_then(|result| {
            let delivered = delivery.deliver(py, &result);
            let closed = if has_close(&result) {
                // The client need not wait for what the application does in close().
                if delivered.is_ok() {
                    let mut answer = exchange.get().lock(py);
                    if answer.is_full() && !outbox.is_some_and(|(outbox, now)| answer.lend(outbox, now)) {
                        let _ = answer.flush();
                    }
                }
                close(py, &result, &self.reused.close)
            } else {
                Ok(())
            };
            if outbox.is_some() {
                exchange.get().lock(py).reclaim(&engine.outbox);
            }
            match (delivered, closed) {
                (Err(error), Err(second)) => {
                    self.engine.trace(py, &second);
                    Err(error)
                }
                (Err(error), Ok(())) => Err(error),
                (Ok(()), Err(error)) => {
                    self.engine.trace(py, &error);
                    scoreboard::add(&self.row().exceptions, 1);
                    Ok(())
                }
                (Ok(()), Ok(())) => Ok(()),
            }
        });

        let read_failure = if has_body { input.get().failure(py) } else { None };
        let mut answer = exchange.get().lock(py);
        let headers = answer.headers.len();
        let mut status = answer.status();
        conn.persistent = false;
        if outcome.is_ok() && answer.broken {
            outcome = Err(PyOSError::new_err("write error: the client is gone"));
        }
        match &outcome {
            Ok(()) if answer.file.is_some() => {
                conn.transfer = answer.take_transfer(engine.settings.statics.as_ref().is_some_and(Statics::reads));
                // Unless what is left of the request's body, or the end of the transfer, says otherwise.
                conn.persistent = true;
            }
            Ok(()) => {
                if let Some(ended) = answer.end(py) {
                    conn.persistent = ended.persistent;
                    if ended.missing > 0 {
                        engine.log.say(&format!(
                            "the application answered {} bytes less than its Content-Length: the connection is closed ({})",
                            ended.missing,
                            self.row().request(),
                        ));
                    }
                    if ended.excess > 0 {
                        engine.log.say(&format!(
                            "the application answered {} bytes more than its Content-Length: they were not sent ({})",
                            ended.excess,
                            self.row().request(),
                        ));
                    }
                }
            }
            Err(error) => {
                let is_gone = (answer.broken || read_failure.is_some()) && error.is_instance_of::<PyOSError>(py);
                if is_gone {
                    if answer.broken {
                        self.count_write_error();
                    } else {
                        self.count_read_error();
                    }
                    if !(answer.broken && engine.settings.clients.silent) {
                        engine.log.say(&format!(
                            "{} during {} ({})",
                            error.value(py),
                            self.row().request(),
                            String::from_utf8_lossy(&conn.address)
                        ));
                    }
                } else {
                    scoreboard::add(&self.row().exceptions, 1);
                    drop(answer);
                    engine.trace(py, error);
                    if engine.settings.wsgi.is_fatal(py, error) {
                        self.retire();
                    }
                    answer = exchange.get().lock(py);
                }
                if answer.has_head() {
                    answer.abort();
                } else {
                    // It is the client's fault, and told so, if the application only passed on what its input said.
                    status = read_failure.filter(|_| is_gone).unwrap_or(500);
                    answer.replace(status);
                }
            }
        }
        let broken = answer.broken;
        if let Some(variables) = &engine.settings.log_variables {
            conn.noted = crate::noted::take(py, variables);
        }
        let told = Outcome {
            status,
            body_bytes: answer.body_bytes,
            head_bytes: answer.head_bytes,
            headers,
            via: if conn.transfer.is_some() { Via::Sendfile } else { Via::Core },
            read_errors: read_failure.is_some().into(),
            write_errors: broken.into(),
            is_static: false,
            app: 0,
        };
        std::mem::swap(&mut answer.out, &mut conn.out);
        conn.sent = answer.sent;
        if !answer.rest.is_clean() {
            if broken {
                answer.rest.give_up(py);
            }
            answer.rest.bury(py);
            std::mem::swap(&mut answer.rest, &mut conn.rest);
        }
        if answer.routed.is_some() {
            conn.routed = answer.routed.take();
        }
        answer.close();
        drop(answer);
        drop(environ);
        drop(outcome);
        if has_body {
            match input.get().detach(py) {
                Some(stream) if !stream.body.is_done() => {
                    conn.persistent = false;
                    conn.linger = true;
                }
                _ => {}
            }
            // SAFETY: a live object, and the GIL is held.
            if unsafe { ffi::Py_REFCNT(input.as_ptr()) } == 1 {
                conn.body = input.get().reclaim(py);
            }
        }
        if broken {
            // Nothing more can be sent; the empty `out` makes the connection close.
            conn.io.cut();
            conn.out.clear();
            conn.sent = 0;
            conn.persistent = false;
            conn.linger = false;
        }
        told
    }

    /// There is no application for this request.
    #[cold]
    fn have_no_app(&self, conn: &mut Conn) -> Outcome {
        self.engine.log.say("--- no python application found, check your startup logs for errors ---");
        let facts = wire::Facts { persistent: false, ..conn.request.facts() };
        self.engine.error_page(&facts, 500, &mut conn.out);
        conn.persistent = false;
        conn.linger = true;
        Outcome { status: 500, head_bytes: conn.out.len(), ..Outcome::default() }
    }

    /// The configuration wants another worker after such an exception.
    #[cold]
    fn retire(&self) {
        let (id, pid) = (self.engine.settings.worker_id, self.engine.pid);
        self.engine.log.say(&format!("... monitored exception detected, respawning worker {id} (pid: {pid})..."));
        // The generation makes a successor first; one that has died is heard of by its end of file.
        let _ = sys::send(self.engine.settings.control_fd, b"E", false);
    }

    /// Python could not even begin.
    fn give_up(&mut self, py: Python<'_>, conn: &mut Conn, error: &PyErr) -> Outcome {
        self.engine.trace(py, error);
        scoreboard::add(&self.row().exceptions, 1);
        let facts = wire::Facts { persistent: false, ..conn.request.facts() };
        self.engine.error_page(&facts, 500, &mut conn.out);
        conn.persistent = false;
        conn.linger = true;
        Outcome { status: 500, head_bytes: conn.out.len(), ..Outcome::default() }
    }

    /// How long the request has waited, if somebody asks: the log, the application, or the scoreboard, of each so many.
    #[inline]
    fn know_wait(&self, conn: &Conn, began: u64) -> u64 {
        let settings = &self.engine.settings;
        let is_sample = self.row().requests.load(Relaxed) % SAMPLED == 0;
        if !(is_sample || settings.request_log.asks_waited || settings.wsgi.tells_waited) {
            return 0;
        }
        let waited = self.waited(conn, began);
        if is_sample {
            self.engine.note_wait(waited);
        }
        waited
    }

    /// How long the request has waited for this core: since its last bytes arrived, as far as the kernel tells, and
    /// at least since the core heard of it.
    #[cold]
    pub fn waited(&self, conn: &Conn, began: u64) -> u64 {
        began.saturating_sub(self.heard).max(sys::since_last_bytes(conn.io.fd()))
    }

    /// The file is sent, or will not be.
    pub fn end_transfer(&self, conn: &mut Conn) {
        let Some(transfer) = conn.transfer.take() else { return };
        scoreboard::add(&self.row().tx, transfer.gone);
        if let Some((outcome, times)) = &mut conn.told {
            outcome.body_bytes += transfer.gone;
            times.micros = sys::now_us().saturating_sub(transfer.began);
        }
    }

    /// Write the line of a request, after its client has the answer, or `failed` to take it.
    #[inline(never)]
    pub fn log_request(&mut self, conn: &mut Conn, failed: bool) {
        let Some((mut outcome, times)) = conn.told.take() else { return };
        let noted = std::mem::take(&mut conn.noted);
        outcome.write_errors += u64::from(failed && outcome.write_errors == 0);
        let engine = self.engine;
        let routed = conn.routed.take().map(|mut routed| {
            if let Some(routing) = &engine.settings.routing {
                routing.end(engine, &mut routed, &outcome);
            }
            routed
        });
        let (number, total) = engine.count_request();
        let how = &engine.settings.request_log;
        if !how.wants(&outcome, times.micros) || routed.as_ref().is_some_and(|routed| routed.quiet) {
            return;
        }
        let served = Served {
            request: &conn.request,
            routed: routed.as_deref(),
            text: conn.request.text(conn.head()),
            peer: &conn.address,
            peer_port: &conn.port,
            pid: engine.pid,
            worker: engine.settings.worker_id,
            core: self.id,
            app: if outcome.is_static { -1 } else { outcome.app },
            number: if outcome.is_static { -1 } else { number as i64 },
            total,
            times,
            outcome,
            noted: &noted,
        };
        engine.log.request(&served, how);
    }
}
