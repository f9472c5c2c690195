//! `wsgi.input`: what `io.BytesIO` would answer for the same body, without waiting past its end.
//!
//! Most bodies were collected by the event loop before the application was called; then this is bytes and a position.
//! With post-buffering a larger one was collected in a file. Without, it is a `Stream`: read from the socket when the application asks, without the GIL, and forgotten once
//! read, so that memory stays bounded whatever the size. A client that stalls or leaves makes the read an `OSError`.

use std::io;
use std::mem::MaybeUninit;
use std::sync::{Mutex, MutexGuard, TryLockError};

use pyo3::exceptions::{PyMemoryError, PyOSError, PyStopIteration, PyValueError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList};
use wire::{Body, Refusal};

use crate::hub;
use crate::patience::Patience;
use crate::spool::Spool;
use crate::sys;
use crate::transport::{Ready, Transport};

/// What is read from the socket at once.
const BLOCK: usize = 64 * 1024;

/// From this size on a piece is read straight into the object that the application gets.
const DIRECT: usize = 16 * 1024;

/// The part of a body that is still on its way.
pub struct Stream {
    /// The connection.
    pub io: Transport,
    /// Takes the framing off.
    pub body: Body,
    /// Bytes that arrived and were not yet looked at.
    pub raw: Vec<u8>,
    /// How long the client may take.
    pub patience: Patience,
    /// How long it was waited for so far, in milliseconds, and what it sent in that time.
    pub waited: u64,
    pub taken: u64,
    /// The client waits to be told to go on.
    pub ask: bool,
    /// Reading failed: the connection is of no use any more. The status that says why.
    pub failed: Option<u16>,
}

/// The state behind the object.
#[derive(Default)]
pub struct Source {
    /// Bytes that arrived, without framing.
    pub data: Vec<u8>,
    position: usize,
    /// Bytes of the body before `data`.
    dropped: u64,
    /// What is still to come.
    pub stream: Option<Stream>,
    /// Where all of it is, if it was collected and is too large for memory; then `data` is a window of it.
    spool: Option<Spool>,
    closed: bool,
    over: bool,
}

/// The object in the environ.
#[pyclass(frozen, module = "imperator._core", name = "Input")]
#[derive(Default)]
pub struct Input(Mutex<Source>);

/// Why there are no bytes.
enum Fault {
    /// What was wrong with the client, as the application and the log are told, and the status of an answer that says so.
    Client(u16, String),
    /// There are none yet, and whoever runs other greenlets meanwhile is to wait for them.
    Blocked,
    /// Another greenlet wants something else of the one that waits.
    Python(PyErr),
}

impl Stream {
    /// Append what comes next to `data`; waits for at least one byte or the end.
    fn fill(&mut self, py: Python<'_>, data: &mut Vec<u8>) -> Result<(), Fault> {
        let mut result = self.check();
        if result.is_ok() {
            result = py.detach(|| self.fill_once(data));
        }
        while let Err(Fault::Blocked) = result {
            result = self.wait(py).and_then(|()| py.detach(|| self.fill_once(data)));
        }
        self.note(result)
    }

    /// Read the next bytes of the body straight to where they are wanted. Only for a body by length, and no more than
    /// its rest.
    fn fill_exactly(&mut self, py: Python<'_>, room: &mut [MaybeUninit<u8>]) -> Result<(), Fault> {
        let mut filled = 0;
        let mut result = self.check();
        if result.is_ok() {
            result = py.detach(|| self.fill_room(room, &mut filled));
        }
        while let Err(Fault::Blocked) = result {
            result = self.wait(py).and_then(|()| py.detach(|| self.fill_room(room, &mut filled)));
        }
        if let Err(Fault::Python(_)) = &result {
            // What was read so far is lost: no later read may go on as if nothing had happened.
            self.failed = Some(400);
        }
        self.note(result)
    }

    fn check(&self) -> Result<(), Fault> {
        match self.failed {
            Some(status) => Err(Fault::Client(status, "the client is gone".to_owned())),
            None => Ok(()),
        }
    }

    fn note(&mut self, result: Result<(), Fault>) -> Result<(), Fault> {
        if let Err(Fault::Client(status, _)) = &result {
            self.failed = Some(*status);
        }
        result
    }

    fn fill_once(&mut self, data: &mut Vec<u8>) -> Result<(), Fault> {
        let before = data.len();
        loop {
            if !self.raw.is_empty() {
                let refused = |refusal: Refusal| Fault::Client(refusal.status().unwrap_or(400), format!("{refusal}"));
                let used = self.body.feed(&self.raw, BLOCK, data).map_err(refused)?;
                self.raw.drain(..used);
            }
            if data.len() > before || self.body.is_done() {
                return Ok(());
            }
            self.go_on()?;
            // By length, what comes is body and nothing else.
            let count = if let Some(left) = self.body.remaining() {
                let most = usize::try_from(left).unwrap_or(BLOCK).min(BLOCK);
                data.reserve(most);
                let count = self.io.recv(data, most);
                self.body.took(*count.as_ref().unwrap_or(&0) as u64);
                count
            } else {
                self.raw.reserve(BLOCK);
                self.io.recv(&mut self.raw, BLOCK)
            };
            self.received(count)?;
        }
    }

    /// As `fill_exactly`, from `filled` on, which tells how far it came.
    fn fill_room(&mut self, room: &mut [MaybeUninit<u8>], filled: &mut usize) -> Result<(), Fault> {
        loop {
            let room = room.get_mut(*filled..).unwrap_or(&mut []);
            if room.is_empty() {
                return Ok(());
            }
            let early = self.raw.len().min(room.len());
            if early > 0 {
                for (to, from) in room.iter_mut().zip(self.raw.drain(..early)) {
                    to.write(from);
                }
                self.body.took(early as u64);
                *filled += early;
                continue;
            }
            self.go_on()?;
            let count = self.io.recv_into(room);
            let read = *count.as_ref().unwrap_or(&0);
            self.received(count)?;
            self.body.took(read as u64);
            *filled += read;
        }
    }

    /// Tell the client to go on, if it waits for that.
    fn go_on(&mut self) -> Result<(), Fault> {
        if std::mem::take(&mut self.ask) {
            self.io.send(wire::CONTINUE).map_err(|error| Fault::Client(400, error.to_string()))?;
        }
        Ok(())
    }

    /// Something came, or it must be waited for, or nothing will come.
    fn received(&mut self, count: io::Result<usize>) -> Result<(), Fault> {
        match count {
            Ok(0) => Err(Fault::Client(400, "the client closed the connection".to_owned())),
            Ok(count) => {
                self.taken += count as u64;
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                if hub::is_here() {
                    return Err(Fault::Blocked);
                }
                let most = self.patience.next(self.waited, self.taken);
                let began = sys::now_ms();
                let ready = self.io.wait(Ready::Input, most);
                self.waited_for(ready, began, most)
            }
            Err(error) => Err(Fault::Client(400, error.to_string())),
        }
    }

    /// Let other greenlets run until there is more.
    fn wait(&mut self, py: Python<'_>) -> Result<(), Fault> {
        let most = self.patience.next(self.waited, self.taken);
        let began = sys::now_ms();
        let ready = hub::wait(py, &self.io, Ready::Input, most).map_err(Fault::Python)?;
        self.waited_for(ready, began, most)
    }

    fn waited_for(&mut self, ready: io::Result<bool>, began: u64, most: u64) -> Result<(), Fault> {
        self.waited += sys::now_ms().saturating_sub(began);
        match ready {
            Ok(true) => Ok(()),
            Ok(false) if most < self.patience.each => Err(Fault::Client(408, "the client sends too slowly".to_owned())),
            Ok(false) => Err(Fault::Client(408, "the client sent nothing in time".to_owned())),
            Err(error) => Err(Fault::Client(400, error.to_string())),
        }
    }
}

fn raise(fault: Fault) -> PyErr {
    match fault {
        Fault::Client(_, what) => PyOSError::new_err(format!("error during read on wsgi.input: {what}")),
        // `fill` and `fill_exactly` wait until it is over.
        Fault::Blocked => PyOSError::new_err("wsgi.input has nothing yet"),
        Fault::Python(error) => error,
    }
}

impl Source {
    fn rest(&self) -> &[u8] {
        self.data.get(self.position..).unwrap_or(&[])
    }

    fn check(&self) -> PyResult<()> {
        if self.closed {
            return Err(PyValueError::new_err("I/O operation on closed file."));
        }
        Ok(())
    }

    /// Get more bytes; false at the end of the body.
    fn more(&mut self, py: Python<'_>) -> PyResult<bool> {
        if self.spool.is_some() {
            return self.more_of_file(py);
        }
        let Source { data, position, dropped, stream, over, .. } = self;
        let Some(stream) = stream.as_mut().filter(|stream| !stream.body.is_done()) else {
            if *over {
                return Err(PyOSError::new_err("wsgi.input was read after its request had ended"));
            }
            return Ok(false);
        };
        if *position > 0 {
            data.drain(..*position);
            *dropped += *position as u64;
            *position = 0;
        }
        let before = data.len();
        stream.fill(py, data).map_err(raise)?;
        Ok(data.len() > before)
    }

    /// Move the window on the file.
    #[cold]
    fn more_of_file(&mut self, py: Python<'_>) -> PyResult<bool> {
        let Source { data, position, dropped, spool: Some(spool), .. } = self else { return Ok(false) };
        data.drain(..*position);
        *dropped += std::mem::take(position) as u64;
        data.reserve(BLOCK);
        let offset = *dropped + data.len() as u64;
        let room = data.spare_capacity_mut();
        let most = room.len().min(BLOCK);
        let room = room.get_mut(..most).unwrap_or(&mut []);
        let count = py.detach(|| spool.read_at(offset, room))?;
        // SAFETY: so many bytes behind its end were read.
        unsafe { data.set_len(data.len() + count) };
        Ok(count > 0)
    }

    /// How many bytes a read of `wanted` answers if they can be read straight into the object that the application
    /// gets: the body is known by its length, and it is more than a buffer is good for.
    fn direct(&self, wanted: usize) -> Option<usize> {
        let here = self.rest().len();
        let left = match (&self.stream, &self.spool) {
            (Some(stream), _) => stream.body.remaining()?,
            (None, Some(spool)) => spool.length().saturating_sub(self.dropped + self.data.len() as u64),
            (None, None) => return None,
        };
        let left = usize::try_from(left).unwrap_or(usize::MAX);
        let count = wanted.min(here.saturating_add(left));
        (count - here.min(count) >= DIRECT).then_some(count)
    }

    fn read_direct<'py>(&mut self, py: Python<'py>, count: usize) -> PyResult<Bound<'py, PyBytes>> {
        let size = ffi::Py_ssize_t::try_from(count).map_err(|_| PyMemoryError::new_err(()))?;
        // SAFETY: without a source the bytes are made but not filled; the object is nobody else's until it is answered.
        let (bytes, room) = unsafe {
            let bytes = Bound::from_owned_ptr_or_err(py, ffi::PyBytes_FromStringAndSize(std::ptr::null(), size))?;
            let start = ffi::PyBytes_AsString(bytes.as_ptr()).cast::<MaybeUninit<u8>>();
            (bytes.cast_into_unchecked::<PyBytes>(), std::slice::from_raw_parts_mut(start, count))
        };
        let here = self.rest().len().min(count);
        let (early, late) = room.split_at_mut(here);
        for (to, from) in early.iter_mut().zip(self.rest()) {
            to.write(*from);
        }
        if let Some(stream) = self.stream.as_mut() {
            stream.fill_exactly(py, late).map_err(raise)?;
        } else if let Some(spool) = &self.spool {
            let offset = self.dropped + self.data.len() as u64;
            let wanted = late.len();
            if py.detach(|| spool.read_at(offset, late))? < wanted {
                return Err(PyOSError::new_err("the file of a request body is shorter than the body"));
            }
        }
        self.dropped += (self.position + count) as u64;
        self.position = 0;
        self.data.clear();
        Ok(bytes)
    }

    fn is_seekable(&self) -> bool {
        self.spool.is_some() || (self.stream.is_none() && self.dropped == 0)
    }

    fn take<'py>(&mut self, py: Python<'py>, count: usize) -> Bound<'py, PyBytes> {
        let bytes = PyBytes::new(py, self.rest().get(..count).unwrap_or(&[]));
        self.position += bytes.as_bytes().len();
        bytes
    }

    fn read<'py>(&mut self, py: Python<'py>, size: Option<isize>) -> PyResult<Bound<'py, PyBytes>> {
        self.check()?;
        let wanted = usize::try_from(size.unwrap_or(-1)).unwrap_or(usize::MAX);
        if let Some(count) = self.direct(wanted) {
            return self.read_direct(py, count);
        }
        while self.rest().len() < wanted && self.more(py)? {}
        let count = self.rest().len().min(wanted);
        Ok(self.take(py, count))
    }

    fn line<'py>(&mut self, py: Python<'py>, size: Option<isize>) -> PyResult<Bound<'py, PyBytes>> {
        self.check()?;
        let limit = usize::try_from(size.unwrap_or(-1)).unwrap_or(usize::MAX);
        let mut looked = 0;
        loop {
            let rest = self.rest();
            let found = rest.get(looked..).and_then(|part| part.iter().position(|&byte| byte == b'\n'));
            if let Some(at) = found {
                let count = (looked + at + 1).min(limit);
                return Ok(self.take(py, count));
            }
            looked = rest.len();
            if looked >= limit || !self.more(py)? {
                let count = self.rest().len().min(limit);
                return Ok(self.take(py, count));
            }
        }
    }
}

impl Input {
    /// A body that is complete, or will be once `stream` is read, or is in a file.
    pub fn new(data: Vec<u8>, stream: Option<Stream>, spool: Option<Spool>) -> Input {
        Input(Mutex::new(Source { data, stream, spool, ..Source::default() }))
    }

    fn lock<'a>(&'a self, py: Python<'_>) -> MutexGuard<'a, Source> {
        match self.0.try_lock() {
            Ok(guard) => guard,
            // Another thread, or greenlet, waits for the client.
            Err(TryLockError::WouldBlock) => hub::lock(py, &self.0),
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
        }
    }

    /// The request is over: take back what belongs to the connection.
    pub fn detach(&self, py: Python<'_>) -> Option<Stream> {
        let mut source = self.lock(py);
        let stream = source.stream.take()?;
        source.over = !stream.body.is_done();
        Some(stream)
    }

    /// The memory of a body that was collected, to be used again. What the application still reads is gone with it.
    pub fn reclaim(&self, py: Python<'_>) -> Vec<u8> {
        std::mem::take(&mut self.lock(py).data)
    }

    /// As new, for the next request without a body. Only if nobody else holds it.
    pub fn renew(&self, py: Python<'_>) {
        *self.lock(py) = Source::default();
    }

    /// The client failed us while the application was reading: the status of an answer that says so.
    pub fn failure(&self, py: Python<'_>) -> Option<u16> {
        self.lock(py).stream.as_ref().and_then(|stream| stream.failed)
    }
}

#[pymethods]
impl Input {
    #[pyo3(signature = (size=None, /))]
    fn read<'py>(&self, py: Python<'py>, size: Option<isize>) -> PyResult<Bound<'py, PyBytes>> {
        self.lock(py).read(py, size)
    }

    #[pyo3(signature = (size=None, /))]
    fn read1<'py>(&self, py: Python<'py>, size: Option<isize>) -> PyResult<Bound<'py, PyBytes>> {
        let mut source = self.lock(py);
        source.check()?;
        let wanted = usize::try_from(size.unwrap_or(-1)).unwrap_or(usize::MAX);
        if source.rest().is_empty() && wanted > 0 {
            source.more(py)?;
        }
        let count = source.rest().len().min(wanted);
        Ok(source.take(py, count))
    }

    #[pyo3(signature = (size=None, /))]
    fn readline<'py>(&self, py: Python<'py>, size: Option<isize>) -> PyResult<Bound<'py, PyBytes>> {
        self.lock(py).line(py, size)
    }

    #[pyo3(signature = (hint=None, /))]
    fn readlines<'py>(&self, py: Python<'py>, hint: Option<isize>) -> PyResult<Bound<'py, PyList>> {
        let enough = usize::try_from(hint.unwrap_or(-1)).ok().filter(|&hint| hint > 0).unwrap_or(usize::MAX);
        let lines = PyList::empty(py);
        let mut total = 0;
        let mut source = self.lock(py);
        source.check()?;
        while total < enough {
            let line = source.line(py, None)?;
            if line.as_bytes().is_empty() {
                break;
            }
            total += line.as_bytes().len();
            lines.append(line)?;
        }
        Ok(lines)
    }

    fn readinto(&self, py: Python<'_>, buffer: &Bound<'_, PyAny>) -> PyResult<usize> {
        // SAFETY: a live object; the answer is a new reference or an error.
        let view = unsafe { Bound::from_owned_ptr_or_err(py, ffi::PyMemoryView_FromObject(buffer.as_ptr()))? };
        let view = view.call_method1("cast", ("B",))?;
        let size = view.len()?;
        let bytes = self.lock(py).read(py, Some(isize::try_from(size).unwrap_or(isize::MAX)))?;
        let count = bytes.as_bytes().len();
        view.set_item(pyo3::types::PySlice::new(py, 0, count as isize, 1), bytes)?;
        Ok(count)
    }

    fn __iter__(this: Bound<'_, Self>) -> PyResult<Bound<'_, Self>> {
        this.get().lock(this.py()).check()?;
        Ok(this)
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let line = self.lock(py).line(py, None)?;
        if line.as_bytes().is_empty() {
            return Err(PyStopIteration::new_err(()));
        }
        Ok(line)
    }

    fn readable(&self, py: Python<'_>) -> PyResult<bool> {
        self.lock(py).check().map(|()| true)
    }

    fn writable(&self, py: Python<'_>) -> PyResult<bool> {
        self.lock(py).check().map(|()| false)
    }

    fn seekable(&self, py: Python<'_>) -> PyResult<bool> {
        let source = self.lock(py);
        source.check()?;
        Ok(source.is_seekable())
    }

    #[pyo3(signature = (offset, whence=0, /))]
    fn seek(&self, py: Python<'_>, offset: isize, whence: i32) -> PyResult<usize> {
        let mut source = self.lock(py);
        source.check()?;
        if !source.is_seekable() {
            return Err(PyOSError::new_err(
                "wsgi.input of a body this large cannot seek: it is not kept. With post-buffering it would be",
            ));
        }
        let here = usize::try_from(source.dropped).unwrap_or(usize::MAX).saturating_add(source.position);
        let base = match whence {
            0 if offset < 0 => return Err(PyValueError::new_err(format!("negative seek value {offset}"))),
            0 => 0,
            1 => here,
            2 => source.spool.as_ref().map_or(source.data.len(), |spool| spool.length() as usize),
            _ => return Err(PyValueError::new_err(format!("invalid whence ({whence}, should be 0, 1 or 2)"))),
        };
        let place = base.saturating_add_signed(offset);
        if source.spool.is_some() {
            source.data.clear();
            (source.dropped, source.position) = (place as u64, 0);
        } else {
            source.position = place;
        }
        Ok(place)
    }

    fn tell(&self, py: Python<'_>) -> PyResult<u64> {
        let source = self.lock(py);
        source.check()?;
        Ok(source.dropped + source.position as u64)
    }

    fn flush(&self) {}

    fn close(&self, py: Python<'_>) {
        self.lock(py).closed = true;
    }

    #[getter]
    fn closed(&self, py: Python<'_>) -> bool {
        self.lock(py).closed
    }
}
