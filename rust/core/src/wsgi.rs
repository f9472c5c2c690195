//! What the configuration changes in how an application is called: liberties beyond PEP 3333 and reactions to its
//! failures. Holds the choices; whoever they concern asks.

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

/// The choices. Without any of the options they are the default.
#[derive(Debug)]
pub struct Wsgi {
    /// Not `wsgi-disable-file-wrapper`.
    pub file_wrapper: bool,
    /// `wsgi-accept-buffer`.
    pub accept_buffers: bool,
    /// `environ-waited`: the application is told how long a request waited.
    pub tells_waited: bool,
    reload: Option<Reload>,
}

/// The exceptions after which a worker is replaced.
#[derive(Debug)]
struct Reload {
    any: bool,
    types: Vec<String>,
    values: Vec<String>,
    reprs: Vec<String>,
}

impl Default for Wsgi {
    fn default() -> Wsgi {
        Wsgi { file_wrapper: true, accept_buffers: false, tells_waited: false, reload: None }
    }
}

impl Wsgi {
    /// Read those of a settings object.
    pub fn read(settings: &Bound<'_, PyAny>) -> PyResult<Wsgi> {
        let Some(told) = settings.getattr_opt("wsgi")?.filter(|told| !told.is_none()) else {
            return Ok(Wsgi::default());
        };
        let reload = Reload {
            any: told.getattr("reload_on_exception")?.extract()?,
            types: told.getattr("reload_on_types")?.extract()?,
            values: told.getattr("reload_on_values")?.extract()?,
            reprs: told.getattr("reload_on_reprs")?.extract()?,
        };
        Ok(Wsgi {
            file_wrapper: told.getattr("file_wrapper")?.extract()?,
            accept_buffers: told.getattr("accept_buffers")?.extract()?,
            tells_waited: told.getattr("tells_waited")?.extract()?,
            reload: reload.is_wanted().then_some(reload),
        })
    }

    /// The worker shall be replaced after this exception.
    #[cold]
    pub fn is_fatal(&self, py: Python<'_>, error: &PyErr) -> bool {
        self.reload.as_ref().is_some_and(|reload| reload.matches(py, error))
    }
}

impl Reload {
    fn is_wanted(&self) -> bool {
        self.any || !(self.types.is_empty() && self.values.is_empty() && self.reprs.is_empty())
    }

    fn matches(&self, py: Python<'_>, error: &PyErr) -> bool {
        if self.any {
            return true;
        }
        let has = |list: &[String], text: PyResult<String>| text.is_ok_and(|text| list.contains(&text));
        let kind = error.get_type(py);
        let name = || -> PyResult<String> { kind.qualname()?.extract() };
        let full = || -> PyResult<String> { Ok(format!("{}.{}", kind.module()?, kind.qualname()?)) };
        let text = |shown: PyResult<Bound<'_, PyString>>| shown.and_then(|shown| shown.extract());
        has(&self.types, full())
            || has(&self.types, name())
            || has(&self.values, text(error.value(py).str()))
            || has(&self.reprs, text(error.value(py).repr()))
    }
}

/// The bytes of an object that is none but has some: a bytearray, a memoryview, an array.
#[cold]
pub fn bytes_of_buffer<'py>(object: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyBytes>> {
    let py = object.py();
    let view = py.import("builtins")?.getattr("memoryview")?.call1((object,))?;
    Ok(view.call_method0("tobytes")?.cast_into::<PyBytes>()?)
}
