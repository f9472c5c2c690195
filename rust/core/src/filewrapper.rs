//! `wsgi.file_wrapper`: iterates a file in blocks, from where the file stands. If the application returns it as it is and
//! the file is a real one, the kernel copies instead (see `call.rs`, `transfer.rs`).

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

/// Classes whose objects read what their attribute `file` reads. Others with such an attribute may read a part of it, or
/// something else.
const TRANSPARENT: [(&str, &str); 4] = [
    ("tempfile", "_TemporaryFileWrapper"),
    ("django.core.files.base", "File"),
    ("django.db.models.fields.files", "FieldFile"),
    ("django.db.models.fields.files", "ImageFieldFile"),
];
/// How deep one such file may hide in another.
const DEPTH: usize = 4;

/// Descriptor, position and remaining bytes, if reading the object reads a regular file byte by byte. Objects of other
/// classes may have a `fileno` too, as `gzip` files do, and yet read something else than what is behind it.
pub fn real_file(py: Python<'_>, wrapper: &FileWrapper) -> PyResult<Option<(i32, i64, u64)>> {
    let io = py.import("io")?;
    let (raw, reader, both) = (io.getattr("FileIO")?, io.getattr("BufferedReader")?, io.getattr("BufferedRandom")?);
    let mut file = wrapper.filelike.bind(py).clone();
    for _ in 0..DEPTH {
        let kind = file.get_type();
        let is_buffered = kind.is(&reader) || kind.is(&both);
        if is_buffered || kind.is(&raw) {
            if is_buffered && !file.getattr("raw")?.get_type().is(&raw) {
                return Ok(None);
            }
            return Ok(measure(&file));
        }
        let (module, name) = (kind.getattr("__module__")?.to_string(), kind.getattr("__name__")?.to_string());
        if !TRANSPARENT.contains(&(&*module, &*name)) {
            return Ok(None);
        }
        file = file.getattr("file")?;
    }
    Ok(None)
}

fn measure(file: &Bound<'_, PyAny>) -> Option<(i32, i64, u64)> {
    // An error here (a closed file) comes again when it is iterated, and there it belongs.
    let fd: i32 = file.call_method0("fileno").ok()?.extract().ok()?;
    let offset: i64 = file.call_method0("tell").ok()?.extract().ok()?;
    // SAFETY: a zeroed stat is a valid place for the answer.
    let stat = unsafe {
        let mut stat: libc::stat = std::mem::zeroed();
        if libc::fstat(fd, &mut stat) < 0 {
            return None;
        }
        stat
    };
    // Files of /proc and /sys have no size until they are read.
    let is_regular = stat.st_mode & libc::S_IFMT == libc::S_IFREG && stat.st_size > 0;
    is_regular.then(|| (fd, offset, u64::try_from(stat.st_size - offset).unwrap_or(0)))
}
