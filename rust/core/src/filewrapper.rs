//! `wsgi.file_wrapper`: iterates a file in blocks, from where the file stands. If the application returns it as it is and
//! the file is a real one, the kernel copies instead (see `call.rs`).

use pyo3::exceptions::PyStopIteration;
use pyo3::prelude::*;

/// The object that the application gets for its file.
#[pyclass(frozen, module = "imperator._core", name = "FileWrapper")]
pub struct FileWrapper {
    /// The application's file.
    #[pyo3(get)]
    pub filelike: Py<PyAny>,
    block: usize,
}

#[pymethods]
impl FileWrapper {
    #[new]
    #[pyo3(signature = (filelike, block_size=65536))]
    fn new(filelike: Py<PyAny>, block_size: usize) -> FileWrapper {
        FileWrapper { filelike, block: block_size.max(1) }
    }

    fn __iter__(this: Bound<'_, Self>) -> Bound<'_, Self> {
        this
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let data = self.filelike.bind(py).call_method1("read", (self.block,))?;
        if data.is_truthy()? {
            return Ok(data);
        }
        Err(PyStopIteration::new_err(()))
    }

    fn close(&self, py: Python<'_>) -> PyResult<()> {
        match self.filelike.bind(py).getattr_opt("close")? {
            Some(close) => close.call0().map(|_| ()),
            None => Ok(()),
        }
    }
}
