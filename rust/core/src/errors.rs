//! `wsgi.errors`: a text stream whose every write reaches the log at once and whole. Keeps nothing, formats nothing.

use pyo3::prelude::*;

use crate::sys;

/// The object in the environ; one for all requests.
#[pyclass(frozen, module = "imperator._core", name = "Errors")]
pub struct Errors;

fn put(py: Python<'_>, text: &Bound<'_, pyo3::types::PyString>) -> PyResult<()> {
    // As Python's own stderr does: a lone surrogate is shown, not an error.
    let bytes = text.call_method1("encode", ("utf-8", "backslashreplace"))?;
    let bytes = bytes.cast::<pyo3::types::PyBytes>()?;
    let data = bytes.as_bytes();
    // A full pipe must not stop the other threads. `bytes` outlives the write and never changes.
    py.detach(|| sys::write_log(data));
    Ok(())
}

#[pymethods]
impl Errors {
    fn write(&self, py: Python<'_>, text: &Bound<'_, pyo3::types::PyString>) -> PyResult<usize> {
        put(py, text)?;
        text.len()
    }

    fn writelines(&self, py: Python<'_>, lines: &Bound<'_, PyAny>) -> PyResult<()> {
        for line in lines.try_iter()? {
            put(py, line?.cast::<pyo3::types::PyString>()?)?;
        }
        Ok(())
    }

    fn flush(&self) {}

    fn fileno(&self) -> i32 {
        2
    }

    fn isatty(&self) -> bool {
        false
    }

    fn writable(&self) -> bool {
        true
    }

    #[getter]
    fn encoding(&self) -> &'static str {
        "utf-8"
    }

    #[getter]
    fn closed(&self) -> bool {
        false
    }
}
