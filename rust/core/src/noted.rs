//! What an application notes of a request for its line in the log, by `uwsgi.set_logvar`: a dictionary of bytes in a
//! `ContextVar`. Read when the application has ended, and only if the format of the log asks for it.

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

/// Names and values.
pub type Noted = Vec<(Vec<u8>, Vec<u8>)>;

/// Take what this request has noted. What is there that is not of the right kind was not put there by us.
#[cold]
pub fn take(py: Python<'_>, variable: &Py<PyAny>) -> Noted {
    let Ok(found) = variable.bind(py).call_method0("get") else { return Noted::new() };
    let Ok(dict) = found.cast::<PyDict>() else { return Noted::new() };
    let bytes = |object: Bound<'_, PyAny>| Some(object.cast::<PyBytes>().ok()?.as_bytes().to_vec());
    let noted = dict.iter().filter_map(|(name, value)| Some((bytes(name)?, bytes(value)?))).collect();
    // Where requests have no context of their own, the next one would find it.
    dict.clear();
    noted
}
