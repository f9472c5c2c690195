//! What the engine is told, read once from Python's settings object. Judges only what it could not run with.

use std::os::raw::c_int;
use std::sync::Arc;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use wire::{Limits, Protocol};

use crate::announced::Announcers;
use crate::clients::Clients;
use crate::contexts::Tls;
use crate::error_pages::ErrorPages;
use crate::headers::Headers;
use crate::listener::{Listener, Network};
use crate::mounts::Mounts;
use crate::request_log::RequestLog;
use crate::routing::Routing;
use crate::statics::Statics;
use crate::wsgi::Wsgi;

/// Frozen copy of `WorkerSettings`; see `_core.pyi` for the meaning of each. Durations are milliseconds.
#[derive(Debug)]
pub struct Settings {
    pub listeners: Vec<Listener>,
    pub worker_id: usize,
    /// Its row of the scoreboard.
    pub seat: usize,
    /// Requests after which the generation is told; 0: never.
    pub max_requests: u64,
    pub threads: usize,
    /// Bytes of the stack of each core but the first, which has that of the process; 0: as many as std gives.
    pub stack: usize,
    pub workers: usize,
    pub control_fd: c_int,
    pub scoreboard_fd: c_int,
    pub limits: Limits,
    pub trusted: Vec<Network>,
    pub socket_timeout: u64,
    pub clients: Clients,
    pub mercy: u64,
    pub request_log: RequestLog,
    pub hostname: String,
    pub statics: Option<Statics>,
    pub mounts: Option<Mounts>,
    pub headers: Option<Headers>,
    pub routing: Option<Routing>,
    pub error_pages: Option<ErrorPages>,
    pub wsgi: Wsgi,
    /// Where applications note what the log asks for, if it asks.
    pub log_variables: Option<Py<PyAny>>,
}

fn millis(seconds: f64) -> u64 {
    // `as` saturates: a negative or huge number of seconds is no reason to fail.
    (seconds * 1000.0) as u64
}

/// An attribute that older settings objects do not have.
fn optional<'py, T: for<'a> FromPyObject<'a, 'py, Error = PyErr>>(
    settings: &Bound<'py, PyAny>,
    name: &str,
    default: T,
) -> PyResult<T> {
    match settings.getattr_opt(name)? {
        Some(value) if !value.is_none() => value.extract(),
        _ => Ok(default),
    }
}

impl Settings {
    /// Read all of them.
    pub fn read(settings: &Bound<'_, PyAny>) -> PyResult<Settings> {
        let tls = Tls::read(settings)?;
        let mut listeners = Vec::new();
        for listener in settings.getattr("listeners")?.try_iter()? {
            let listener = listener?;
            let name: String = listener.getattr("protocol")?.extract()?;
            let protocol = match name.as_str() {
                "uwsgi" => Protocol::Uwsgi,
                "http" => Protocol::Http,
                "fastcgi" => Protocol::FastCgi,
                "scgi" => Protocol::Scgi,
                other => return Err(PyValueError::new_err(format!("unknown protocol of a listener: {other:?}"))),
            };
            let mut opened = Listener::new(listener.getattr("fd")?.extract()?, protocol)?;
            if let (Some(tls), Some(index)) = (&tls, optional(&listener, "tls", None::<usize>)?) {
                opened.tls = Some(Arc::new(tls.contexts(index, protocol == Protocol::Http)?));
            }
            opened.is_routers = optional(&listener, "router", false)?;
            opened.https_port = optional(&listener, "https_port", None::<String>)?;
            opened.announcers = Announcers::parse(&optional(&listener, "announcers", String::new())?);
            listeners.push(opened);
        }
        let mut trusted = Vec::new();
        for network in settings.getattr("trusted")?.try_iter()? {
            let text: String = network?.extract()?;
            let network = Network::parse(&text)
                .ok_or_else(|| PyValueError::new_err(format!("not a network that could be trusted: {text:?}")))?;
            trusted.push(network);
        }
        let worker_id = settings.getattr("worker_id")?.extract()?;
        let socket_timeout = millis(settings.getattr("socket_timeout")?.extract()?).max(1);
        let clients = Clients::read(settings, socket_timeout)?;
        let redirects = listeners.iter().any(|listener| listener.https_port.is_some());
        let routing = Routing::read(settings)?.or_else(|| redirects.then(Routing::default));
        let mut request_log = RequestLog::read(settings)?;
        // The end of every request is told then, and only some of them get a line.
        request_log.any |= routing.as_ref().is_some_and(Routing::has_end);
        Ok(Settings {
            listeners,
            worker_id,
            seat: optional(settings, "seat", worker_id)?,
            max_requests: optional(settings, "max_requests", 0)?,
            threads: settings.getattr("threads")?.extract::<usize>()?.max(1),
            stack: optional(settings, "stack", 0)?,
            workers: settings.getattr("workers")?.extract()?,
            control_fd: settings.getattr("control_fd")?.extract()?,
            scoreboard_fd: settings.getattr("scoreboard_fd")?.extract()?,
            limits: Limits {
                head_bytes: settings.getattr("buffer_size")?.extract()?,
                max_vars: clients.max_vars,
                body_bytes: clients.limit_post,
            },
            trusted,
            socket_timeout,
            clients,
            mercy: millis(settings.getattr("mercy")?.extract()?),
            log_variables: settings
                .getattr_opt("log_variables")?
                .filter(|variables| !variables.is_none())
                .filter(|_| request_log.format.as_ref().is_some_and(|format| format.asks_noted))
                .map(Bound::unbind),
            request_log,
            hostname: settings.getattr("hostname")?.extract()?,
            statics: Statics::read(settings)?,
            mounts: Mounts::read(settings)?,
            headers: Headers::read(settings)?,
            routing,
            error_pages: ErrorPages::read(settings)?,
            wsgi: Wsgi::read(settings)?,
        })
    }
}
