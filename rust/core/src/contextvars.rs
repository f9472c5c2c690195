//! A context (PEP 567) for each request, so that what an application leaves in a `ContextVar` does not meet the next
//! request of the same thread. Knows nothing of requests.
//!
//! The functions are public in every CPython that we run on but not part of the stable ABI, so they are looked up by name.
//! Where they are missing, requests share the context of their thread, as they would in any other server.

use std::os::raw::{c_char, c_int, c_void};

use pyo3::ffi;
use pyo3::prelude::*;

type Object = *mut ffi::PyObject;

/// How contexts are made, entered and left.
#[derive(Clone, Copy)]
pub struct Contexts {
    copy: unsafe extern "C" fn() -> Object,
    enter: unsafe extern "C" fn(Object) -> c_int,
    exit: unsafe extern "C" fn(Object) -> c_int,
}

/// A context that was entered; left when it is dropped, which happens with the GIL.
pub struct Entered {
    exit: unsafe extern "C" fn(Object) -> c_int,
    context: Object,
}

fn symbol(name: &std::ffi::CStr) -> Option<*mut c_void> {
    let name: *const c_char = name.as_ptr();
    // SAFETY: a string that ends with a zero; the answer is the address of a function or null.
    let found = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name) };
    (!found.is_null()).then_some(found)
}

impl Contexts {
    /// Those of this interpreter.
    pub fn find() -> Option<Contexts> {
        let (copy, enter, exit) =
            (symbol(c"PyContext_CopyCurrent")?, symbol(c"PyContext_Enter")?, symbol(c"PyContext_Exit")?);
        // SAFETY: the signatures are those of CPython's documentation since 3.7.1.
        unsafe {
            Some(Contexts {
                copy: std::mem::transmute::<*mut c_void, unsafe extern "C" fn() -> Object>(copy),
                enter: std::mem::transmute::<*mut c_void, unsafe extern "C" fn(Object) -> c_int>(enter),
                exit: std::mem::transmute::<*mut c_void, unsafe extern "C" fn(Object) -> c_int>(exit),
            })
        }
    }

    /// Enter a copy of the thread's context.
    #[inline]
    pub fn enter(&self, py: Python<'_>) -> PyResult<Entered> {
        // SAFETY: the GIL is held; the copy is a new reference, which `Entered` owns.
        unsafe {
            let context = (self.copy)();
            if context.is_null() {
                return Err(PyErr::fetch(py));
            }
            if (self.enter)(context) < 0 {
                ffi::Py_DECREF(context);
                return Err(PyErr::fetch(py));
            }
            Ok(Entered { exit: self.exit, context })
        }
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        // SAFETY: as above; the core drops it before it lets the GIL go.
        unsafe {
            if (self.exit)(self.context) < 0 {
                // Something of the application entered a context and never left it: that one is left to it.
                ffi::PyErr_Clear();
            }
            ffi::Py_DECREF(self.context);
        }
    }
}
