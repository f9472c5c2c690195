//! `wsgi.input`: what `io.BytesIO` would answer for the same body, without waiting past its end.
//!
//! Most bodies were collected by the event loop before the application was called; then this is bytes and a position.
//! A larger body is a `Stream`: read from the socket when the application asks, without the GIL, and forgotten once
//! read, so that memory stays bounded whatever the size. A client that stalls or leaves makes the read an `OSError`.

use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

use pyo3::exceptions::{PyOSError, PyStopIteration, PyValueError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::MutexExt;
use pyo3::types::{PyBytes, PyList};
use wire::Body;

use crate::transport::{Ready, Transport};

/// What is read from the socket at once.
const BLOCK: usize = 64 * 1024;

/// The part of a body that is still on its way.
pub struct Stream {
    /// The connection.
    pub io: Transport,
    /// Takes the framing off.
    pub body: Body,
    /// Bytes that arrived and were not yet looked at.
    pub raw: Vec<u8>,
    /// Longest wait for the next byte, in milliseconds.
    pub timeout: u64,
    /// The client waits to be told to go on.
    pub ask: bool,
    /// Reading failed: the connection is of no use any more.
    pub failed: bool,
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
    closed: bool,
    over: bool,
}

/// The object in the environ.
#[pyclass(frozen, module = "imperator._core", name = "Input")]
#[derive(Default)]
pub struct Input(Mutex<Source>);

impl Stream {
    /// Append what comes next to `data`; waits for at least one byte or the end.
    fn fill(&mut self, data: &mut Vec<u8>) -> io::Result<()> {
        if self.failed {
            return Err(io::Error::new(io::ErrorKind::BrokenPipe, "the client is gone"));
        }
        let result = self.fill_once(data);
        self.failed = result.is_err();
        result
    }

    fn fill_once(&mut self, data: &mut Vec<u8>) -> io::Result<()> {
        let before = data.len();
        loop {
            if !self.raw.is_empty() {
                let refused = |refusal| io::Error::new(io::ErrorKind::InvalidData, format!("{refusal}"));
                let used = self.body.feed(&self.raw, BLOCK, data).map_err(refused)?;
                self.raw.drain(..used);
            }
            if data.len() > before || self.body.is_done() {
                return Ok(());
            }
            if self.ask {
                self.ask = false;
                self.io.send(wire::CONTINUE)?;
            }
            // By length, what comes is body and nothing else.
            let most = self.body.remaining().map_or(BLOCK, |left| usize::try_from(left).unwrap_or(BLOCK).min(BLOCK));
            self.raw.reserve(most);
            match self.io.recv(&mut self.raw, most) {
                Ok(0) => return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the client closed the connection")),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if !self.io.wait(Ready::Input, self.timeout)? {
                        return Err(io::Error::new(io::ErrorKind::TimedOut, "the client sent nothing in time"));
                    }
                }
                Err(error) => return Err(error),
            }
        }
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
        py.detach(|| stream.fill(data))
            .map_err(|error| PyOSError::new_err(format!("error during read on wsgi.input: {error}")))?;
        Ok(data.len() > before)
    }

    fn take<'py>(&mut self, py: Python<'py>, count: usize) -> Bound<'py, PyBytes> {
        let bytes = PyBytes::new(py, self.rest().get(..count).unwrap_or(&[]));
        self.position += bytes.as_bytes().len();
        bytes
    }

    fn read<'py>(&mut self, py: Python<'py>, size: Option<isize>) -> PyResult<Bound<'py, PyBytes>> {
        self.check()?;
        let wanted = usize::try_from(size.unwrap_or(-1)).unwrap_or(usize::MAX);
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
    /// A body that is complete, or will be once `stream` is read.
    pub fn new(data: Vec<u8>, stream: Option<Stream>) -> Input {
        Input(Mutex::new(Source { data, stream, ..Source::default() }))
    }

    fn lock<'a>(&'a self, py: Python<'_>) -> MutexGuard<'a, Source> {
        match self.0.try_lock() {
            Ok(guard) => guard,
            // Another thread waits for the client: wait for it without the GIL, which it will need.
            Err(TryLockError::WouldBlock) => self.0.lock_py_attached(py).unwrap_or_else(PoisonError::into_inner),
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

    /// The client failed us while the application was reading.
    pub fn has_failed(&self, py: Python<'_>) -> bool {
        self.lock(py).stream.as_ref().is_some_and(|stream| stream.failed)
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
        Ok(source.stream.is_none() && source.dropped == 0)
    }

    #[pyo3(signature = (offset, whence=0, /))]
    fn seek(&self, py: Python<'_>, offset: isize, whence: i32) -> PyResult<usize> {
        let mut source = self.lock(py);
        source.check()?;
        if source.stream.is_some() || source.dropped > 0 {
            return Err(PyOSError::new_err("wsgi.input of a body this large cannot seek: it is not kept in memory"));
        }
        let base = match whence {
            0 if offset < 0 => return Err(PyValueError::new_err(format!("negative seek value {offset}"))),
            0 => 0,
            1 => source.position,
            2 => source.data.len(),
            _ => return Err(PyValueError::new_err(format!("invalid whence ({whence}, should be 0, 1 or 2)"))),
        };
        source.position = base.saturating_add_signed(offset);
        Ok(source.position)
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
