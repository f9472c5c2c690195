//! `start_response` and the `write` that it answers, to the letter of PEP 3333. Checks and keeps what the application
//! says; sending is `answer.rs`.
//!
//! Both are built-in functions of an `Exchange`, which is cheaper to call than a class with `__call__`. A core uses the
//! same exchange for its next request if nobody else kept a reference to it.

use std::sync::atomic::{AtomicPtr, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, TryLockError};

use pyo3::exceptions::{PyOSError, PyRuntimeError, PyTypeError, PyValueError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::answer::Answer;
use crate::hub;

/// The object behind the two functions.
#[pyclass(frozen, module = "imperator._core")]
pub struct Exchange {
    answer: Mutex<Answer>,
    /// Borrowed from `Functions`, which live as long as the request.
    write: AtomicPtr<ffi::PyObject>,
}

impl Exchange {
    /// The answer, for this thread alone.
    pub fn lock<'a>(&'a self, py: Python<'_>) -> MutexGuard<'a, Answer> {
        match self.answer.try_lock() {
            Ok(guard) => guard,
            // Another thread, or greenlet, of the application is inside `write`.
            Err(TryLockError::WouldBlock) => hub::lock(py, &self.answer),
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
        }
    }
}

/// An exchange with its functions. All three references are owned.
pub struct Functions {
    /// The object that both functions hold.
    pub exchange: Py<Exchange>,
    /// Given to the application.
    pub start_response: Py<PyAny>,
    write: Py<PyAny>,
}

struct Definition(ffi::PyMethodDef);
// SAFETY: never written to after it is made; its pointers are to constants.
unsafe impl Sync for Definition {}

static START_RESPONSE: Definition = Definition(ffi::PyMethodDef {
    ml_name: c"start_response".as_ptr(),
    ml_meth: ffi::PyMethodDefPointer { PyCFunctionFastWithKeywords: call_start_response },
    ml_flags: ffi::METH_FASTCALL | ffi::METH_KEYWORDS,
    ml_doc: c"start_response(status, headers, exc_info=None): see PEP 3333".as_ptr(),
});

static WRITE: Definition = Definition(ffi::PyMethodDef {
    ml_name: c"write".as_ptr(),
    ml_meth: ffi::PyMethodDefPointer { PyCFunctionFast: call_write },
    ml_flags: ffi::METH_FASTCALL,
    ml_doc: c"write(data): see PEP 3333".as_ptr(),
});

fn function(py: Python<'_>, definition: &'static Definition, owner: &Py<Exchange>) -> PyResult<Py<PyAny>> {
    let definition = std::ptr::from_ref(&definition.0).cast_mut();
    // SAFETY: the definition is static and only read; the owner is a live object.
    unsafe {
        Bound::from_owned_ptr_or_err(py, ffi::PyCFunction_NewEx(definition, owner.as_ptr(), std::ptr::null_mut()))
    }
    .map(Bound::unbind)
}

impl Functions {
    /// New ones.
    pub fn new(py: Python<'_>) -> PyResult<Functions> {
        let exchange = Py::new(py, Exchange { answer: Mutex::new(Answer::idle()), write: AtomicPtr::default() })?;
        let start_response = function(py, &START_RESPONSE, &exchange)?;
        let write = function(py, &WRITE, &exchange)?;
        exchange.get().write.store(write.as_ptr(), Relaxed);
        Ok(Functions { exchange, start_response, write })
    }

    /// Nobody else holds a reference.
    pub fn are_ours(&self) -> bool {
        // SAFETY: both are live objects, and the GIL is held by whoever can see `Py` objects of a core.
        unsafe { ffi::Py_REFCNT(self.start_response.as_ptr()) == 1 && ffi::Py_REFCNT(self.write.as_ptr()) == 1 }
    }
}

/// Append a str as latin-1, as PEP 3333 wants it.
fn append_latin1(object: &Bound<'_, PyAny>, what: &str, out: &mut Vec<u8>) -> PyResult<()> {
    // SAFETY: a live object.
    if unsafe { ffi::PyUnicode_Check(object.as_ptr()) } == 0 {
        let kind = object.get_type().name()?.to_string();
        return Err(PyTypeError::new_err(format!("{what} must be a str, not {kind}")));
    }
    let mut size: ffi::Py_ssize_t = 0;
    // SAFETY: a live str; the text that is answered lives as long as it.
    let bytes = unsafe {
        let text = ffi::PyUnicode_AsUTF8AndSize(object.as_ptr(), &mut size);
        if text.is_null() {
            return Err(PyErr::fetch(object.py()));
        }
        std::slice::from_raw_parts(text.cast::<u8>(), size as usize)
    };
    if bytes.is_ascii() {
        out.extend_from_slice(bytes);
        return Ok(());
    }
    for c in String::from_utf8_lossy(bytes).chars() {
        let byte = u8::try_from(u32::from(c)).map_err(|_| {
            PyValueError::new_err(format!("{what} has the character {c:?}, which latin-1 does not have (PEP 3333)"))
        })?;
        out.push(byte);
    }
    Ok(())
}

impl Answer {
    /// Take status and headers over, or say what is wrong with them.
    fn take(&mut self, status: &Bound<'_, PyAny>, headers: &Bound<'_, PyAny>) -> PyResult<()> {
        self.forget();
        append_latin1(status, "status", &mut self.text)?;
        self.status_end = self.text.len() as u32;
        wire::check_status(&self.text).map_err(|flaw| PyValueError::new_err(format!("{flaw}: {status}")))?;
        // SAFETY: live objects; list and tuple items are checked before use and held by their containers.
        unsafe {
            let list = headers.as_ptr();
            if ffi::PyList_Check(list) == 0 {
                let kind = headers.get_type().name()?.to_string();
                return Err(PyTypeError::new_err(format!("headers must be a list, not {kind}")));
            }
            let mut index = 0;
            while index < ffi::PyList_Size(list) {
                let pair = Bound::from_borrowed_ptr(headers.py(), ffi::PyList_GetItem(list, index));
                index += 1;
                if ffi::PyTuple_Check(pair.as_ptr()) == 0 || ffi::PyTuple_Size(pair.as_ptr()) != 2 {
                    return Err(PyTypeError::new_err("each header must be a tuple of two str"));
                }
                let name = Bound::from_borrowed_ptr(headers.py(), ffi::PyTuple_GetItem(pair.as_ptr(), 0));
                let value = Bound::from_borrowed_ptr(headers.py(), ffi::PyTuple_GetItem(pair.as_ptr(), 1));
                let start = self.text.len();
                append_latin1(&name, "a header's name", &mut self.text)?;
                let middle = self.text.len();
                append_latin1(&value, "a header's value", &mut self.text)?;
                let (name_bytes, value_bytes) = (self.text.get(start..middle), self.text.get(middle..));
                match wire::check_header(name_bytes.unwrap_or(&[]), value_bytes.unwrap_or(&[])) {
                    Ok(()) => {}
                    // The connection is the server's business: what an application says of it, as many that send
                    // events do (`Connection: keep-alive`), is left out and breaks nothing.
                    Err(wire::Flaw::HopByHop) => {
                        self.text.truncate(start);
                        continue;
                    }
                    Err(flaw) => return Err(PyValueError::new_err(format!("header {}: {flaw}", name.repr()?))),
                }
                self.headers.push((start as u32, middle as u32, self.text.len() as u32));
            }
        }
        self.started = true;
        Ok(())
    }
}

/// The names of keyword arguments, in the order of the positional ones.
const NAMES: [&str; 3] = ["status", "headers", "exc_info"];

/// Start an answer; answers a borrowed reference to `write`.
fn start(
    exchange: &Exchange,
    py: Python<'_>,
    arguments: &[Option<Bound<'_, PyAny>>; 3],
) -> PyResult<*mut ffi::PyObject> {
    let (Some(status), Some(headers)) = (&arguments[0], &arguments[1]) else {
        return Err(PyTypeError::new_err("start_response(status, headers, exc_info=None): an argument is missing"));
    };
    let mut answer = exchange.lock(py);
    if answer.over {
        return Err(PyRuntimeError::new_err("start_response was called after its request had ended"));
    }
    match arguments[2].as_ref().filter(|exc_info| !exc_info.is_none()) {
        Some(exc_info) if answer.has_head() => {
            // Too late for another answer: the exception goes on, as PEP 3333 wants.
            let value = exc_info.get_item(1)?;
            return Err(PyErr::from_value(value));
        }
        Some(_) => {}
        None if answer.started => {
            return Err(PyRuntimeError::new_err("start_response was called a second time without exc_info (PEP 3333)"));
        }
        None => {}
    }
    let taken = answer.take(status, headers);
    if taken.is_err() {
        answer.forget();
    }
    taken.map(|()| exchange.write.load(Relaxed))
}

unsafe extern "C" fn call_start_response(
    owner: *mut ffi::PyObject,
    args: *const *mut ffi::PyObject,
    count: ffi::Py_ssize_t,
    names: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: called by Python with the GIL; `owner` is the exchange that the function was made with; `args` has `count`
    // references and one more for each name, all alive during the call.
    unsafe {
        let py = Python::assume_attached();
        let owner = Bound::from_borrowed_ptr(py, owner);
        let exchange = owner.cast_unchecked::<Exchange>().get();
        let mut arguments = [None, None, None];
        let count = count as usize;
        let mut problem = (count > arguments.len()).then(|| "start_response takes two or three arguments".to_owned());
        for (index, place) in arguments.iter_mut().enumerate().take(count) {
            *place = Some(Bound::from_borrowed_ptr(py, *args.add(index)));
        }
        let named = if names.is_null() { 0 } else { ffi::PyTuple_Size(names) as usize };
        for index in 0..named {
            let name = Bound::from_borrowed_ptr(py, ffi::PyTuple_GetItem(names, index as ffi::Py_ssize_t)).to_string();
            let place = NAMES.iter().position(|&known| known == name).and_then(|place| arguments.get_mut(place));
            match place {
                Some(place @ None) => *place = Some(Bound::from_borrowed_ptr(py, *args.add(count + index))),
                _ => problem = Some(format!("start_response got an unexpected keyword argument '{name}'")),
            }
        }
        let result = match problem {
            Some(problem) => Err(PyTypeError::new_err(problem)),
            None => start(exchange, py, &arguments),
        };
        match result {
            Ok(write) => {
                ffi::Py_INCREF(write);
                write
            }
            Err(error) => {
                error.restore(py);
                std::ptr::null_mut()
            }
        }
    }
}

fn write(exchange: &Exchange, py: Python<'_>, data: &Bound<'_, PyAny>) -> PyResult<()> {
    let mut answer = exchange.lock(py);
    if answer.over {
        return Err(PyRuntimeError::new_err("write was called after its request had ended"));
    }
    let buffer;
    let bytes = match data.cast::<PyBytes>() {
        Ok(bytes) => bytes,
        Err(_) if answer.wsgi().is_some_and(|wsgi| wsgi.accept_buffers) => {
            buffer = crate::wsgi::bytes_of_buffer(data)?;
            &buffer
        }
        Err(_) => {
            let kind = data.get_type().name().map_or_else(|_| String::new(), |name| name.to_string());
            return Err(PyTypeError::new_err(format!("write() takes bytes, not {kind}")));
        }
    };
    if bytes.as_bytes().is_empty() {
        return Ok(());
    }
    if answer.broken {
        if answer.tolerates() {
            return Ok(());
        }
        return Err(PyOSError::new_err("write error: the client is gone"));
    }
    if !answer.has_head() {
        let date = crate::log::http_date((crate::sys::wall_us() / 1_000_000) as i64);
        answer.begin(None, &date);
    }
    let pushed = match answer.push(bytes) {
        Ok(()) => answer.flush_or_wait(py)?,
        Err(error) => Err(error),
    };
    match pushed {
        Err(error) if !answer.tolerates() => Err(PyOSError::new_err(format!("write error: {error}"))),
        _ => Ok(()),
    }
}

unsafe extern "C" fn call_write(
    owner: *mut ffi::PyObject,
    args: *mut *mut ffi::PyObject,
    count: ffi::Py_ssize_t,
) -> *mut ffi::PyObject {
    // SAFETY: as in `call_start_response`.
    unsafe {
        let py = Python::assume_attached();
        let owner = Bound::from_borrowed_ptr(py, owner);
        let exchange = owner.cast_unchecked::<Exchange>().get();
        let result = if count == 1 {
            write(exchange, py, &Bound::from_borrowed_ptr(py, *args))
        } else {
            Err(PyTypeError::new_err("write() takes one argument"))
        };
        match result {
            Ok(()) => {
                ffi::Py_INCREF(ffi::Py_None());
                ffi::Py_None()
            }
            Err(error) => {
                error.restore(py);
                std::ptr::null_mut()
            }
        }
    }
}
