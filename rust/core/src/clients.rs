//! What clients may send and how long they may take: the settings of the options about them, read once.

use std::ffi::{CString, OsString};
use std::os::unix::ffi::OsStringExt;

use pyo3::prelude::*;
use wire::Limits;

use crate::patience::Patience;
use crate::sys;

/// See `ClientSettings` in `_core.pyi` for the meaning of each. Times are milliseconds.
#[derive(Debug)]
pub struct Clients {
    /// `max-vars`.
    pub max_vars: usize,
    /// `limit-post`; 0: no limit.
    pub limit_post: u64,
    /// From the first byte of a head to its end.
    pub head_timeout: u64,
    /// Between two requests of a connection.
    pub keepalive_timeout: u64,
    /// For bodies and answers.
    pub patience: Patience,
    /// Connections of this worker.
    pub most: usize,
    /// `post-buffering`: the directory for bodies that are too large for memory.
    pub body_directory: Option<CString>,
    /// A client that leaves before it has its answer is not logged.
    pub silent: bool,
    /// Writes that may fail before the application is told.
    pub tolerated: u64,
}

/// Bytes per second that a client must send or take.
const RATE: u64 = 500;

impl Clients {
    /// Read them. An attribute that is missing or None stands for its default.
    pub fn read(settings: &Bound<'_, PyAny>, socket_timeout: u64) -> PyResult<Clients> {
        let given = settings.getattr_opt("clients")?.filter(|given| !given.is_none());
        let attribute = |name: &str| match &given {
            Some(given) => Ok(given.getattr_opt(name)?.filter(|value| !value.is_none())),
            None => Ok::<_, PyErr>(None),
        };
        let whole = |name: &str, default: u64| attribute(name)?.map_or(Ok(default), |value| value.extract());
        let millis = |name: &str, default: u64| match attribute(name)? {
            // `as` saturates: a negative or huge number of seconds is no reason to fail.
            Some(value) => Ok::<_, PyErr>((value.extract::<f64>()? * 1000.0) as u64),
            None => Ok(default),
        };
        let flag = |name: &str| attribute(name)?.map_or(Ok(false), |value| value.extract());
        let head_timeout = millis("header_timeout", socket_timeout.saturating_mul(3))?.max(1);
        let most = usize::try_from(whole("max_connections", 0)?).unwrap_or(0);
        Ok(Clients {
            max_vars: usize::try_from(whole("max_vars", Limits::default().max_vars as u64)?).unwrap_or(usize::MAX),
            limit_post: whole("limit_post", 0)?,
            head_timeout,
            keepalive_timeout: millis("keepalive_timeout", 75_000)?,
            patience: Patience {
                each: socket_timeout,
                start: head_timeout.max(socket_timeout),
                rate: whole("min_rate", RATE)?,
            },
            most: if most > 0 { most } else { room() },
            body_directory: flag("post_buffering")?.then(directory),
            silent: flag("ignore_write_errors")?,
            tolerated: whole("write_errors_tolerance", 0)?,
        })
    }
}

/// Where files go that nobody else shall see.
fn directory() -> CString {
    let named = std::env::var_os("TMPDIR").filter(|named| !named.is_empty()).map(OsString::into_vec);
    named.and_then(|named| CString::new(named).ok()).unwrap_or_else(|| c"/tmp".to_owned())
}

/// As many connections as leave a quarter of the open files to the application.
fn room() -> usize {
    let limit = sys::open_files();
    limit - limit / 4
}
