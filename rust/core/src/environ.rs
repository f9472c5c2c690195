//! The environ of a request: a copy of the listener's template, then what the request says. Does not call anything of
//! the application; keys are made once and shared by all requests of a core.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyString};
use wire::{Known, Protocol, Refusal, Request};

use crate::announced::Destination;
use crate::conn::Conn;
use crate::cores::Engine;
use crate::tls::Session;

type Object = *mut ffi::PyObject;

/// Header names kept; an attacker's inventions beyond that are made anew each time.
const NAMES: usize = 1024;
/// Cores of one worker that may keep so many; where there are more, each keeps less, but never less than this.
const FULL_CORES: usize = 16;
const LEAST: usize = 64;

/// FNV-1a, eight bytes at a time: the keys are a few bytes long and their number is bounded.
#[derive(Default)]
struct Fnv(u64);

impl Hasher for Fnv {
    fn write(&mut self, bytes: &[u8]) {
        for part in bytes.chunks(8) {
            let mut word = [0u8; 8];
            for (to, from) in word.iter_mut().zip(part) {
                *to = *from;
            }
            self.0 = (self.0 ^ u64::from_le_bytes(word)).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(23);
        }
    }

    fn finish(&self) -> u64 {
        self.0.wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}

type Names = HashMap<Box<[u8]>, Object, BuildHasherDefault<Fnv>>;

/// Ready-made Python objects. Belongs to one core; references are kept for the life of the process.
pub struct Vocabulary {
    keys: Vec<Object>,
    /// Names kept of each kind.
    most: usize,
    fields: Names,
    variables: Names,
    templates: Vec<Object>,
    methods: Vec<(&'static [u8], Object)>,
    versions: [Object; 2],
    empty: Object,
    https: Object,
    input: Object,
    scheme: Object,
    scratch: Vec<u8>,
    path: Vec<u8>,
}

/// Why there is no environ.
pub enum Failure {
    /// The request is at fault.
    Refused(Refusal),
    /// Python is (out of memory).
    Python(PyErr),
}

impl From<PyErr> for Failure {
    fn from(error: PyErr) -> Failure {
        Failure::Python(error)
    }
}

fn interned(py: Python<'_>, text: &str) -> Object {
    PyString::intern(py, text).into_ptr()
}

/// A str of these bytes, as PEP 3333 has it; a new reference.
#[inline]
fn latin1(py: Python<'_>, bytes: &[u8]) -> PyResult<Object> {
    // SAFETY: pointer and length are those of a slice; no error handler is needed, latin-1 has every byte.
    let object =
        unsafe { ffi::PyUnicode_DecodeLatin1(bytes.as_ptr().cast(), bytes.len() as ffi::Py_ssize_t, std::ptr::null()) };
    if object.is_null() {
        return Err(PyErr::fetch(py));
    }
    Ok(object)
}

/// Set a key to a borrowed value.
#[inline]
fn set(py: Python<'_>, dict: Object, key: Object, value: Object) -> PyResult<()> {
    // SAFETY: live objects; the dict is ours.
    if unsafe { ffi::PyDict_SetItem(dict, key, value) } < 0 {
        return Err(PyErr::fetch(py));
    }
    Ok(())
}

/// Set a key to a str of these bytes.
#[inline]
fn set_text(py: Python<'_>, dict: Object, key: Object, bytes: &[u8]) -> PyResult<()> {
    let value = latin1(py, bytes)?;
    let result = set(py, dict, key, value);
    // SAFETY: `value` is our reference.
    unsafe { ffi::Py_DECREF(value) };
    result
}

/// An HTTP field that came before: its values are joined.
fn join(py: Python<'_>, dict: Object, key: Object, joiner: &str, bytes: &[u8]) -> PyResult<()> {
    // SAFETY: live objects; `before` is borrowed from the dict and kept by `Bound`.
    let before = unsafe { Bound::from_borrowed_ptr_or_opt(py, ffi::PyDict_GetItemWithError(dict, key)) };
    let Some(before) = before else { return set_text(py, dict, key, bytes) };
    // SAFETY: `latin1` answers a new reference to a str.
    let after = unsafe { Bound::from_owned_ptr(py, latin1(py, bytes)?) };
    let joined = before.call_method1("__add__", (joiner,))?.call_method1("__add__", (after,))?;
    set(py, dict, key, joined.as_ptr())
}

impl Vocabulary {
    /// Make the objects for one core.
    pub fn new(py: Python<'_>, engine: &Engine, core: usize) -> PyResult<Vocabulary> {
        let keys: Vec<Object> = Known::ALL.iter().map(|(_, name)| interned(py, name)).collect();
        let settings = &engine.settings;
        let mut templates = Vec::new();
        for listener in &settings.listeners {
            let dict = PyDict::new(py);
            dict.set_item("SCRIPT_NAME", "")?;
            dict.set_item("SERVER_NAME", &settings.hostname)?;
            dict.set_item("SERVER_PORT", &listener.port)?;
            dict.set_item("PATH_INFO", "")?;
            dict.set_item("QUERY_STRING", "")?;
            dict.set_item("wsgi.version", (1, 0))?;
            let is_https = listener.tls.is_some() && listener.protocol == Protocol::Http;
            dict.set_item("wsgi.url_scheme", PyString::intern(py, if is_https { "https" } else { "http" }))?;
            if is_https {
                dict.set_item("HTTPS", "on")?;
            }
            dict.set_item("wsgi.input", py.None())?;
            dict.set_item("wsgi.errors", Py::new(py, crate::errors::Errors)?)?;
            dict.set_item("wsgi.multithread", settings.threads > 1 && !engine.green)?;
            dict.set_item("wsgi.multiprocess", settings.workers > 1)?;
            dict.set_item("wsgi.run_once", false)?;
            dict.set_item("wsgi.input_terminated", true)?;
            if settings.wsgi.file_wrapper {
                dict.set_item("wsgi.file_wrapper", py.get_type::<crate::filewrapper::FileWrapper>())?;
            }
            dict.set_item("uwsgi.version", PyBytes::new(py, env!("CARGO_PKG_VERSION").as_bytes()))?;
            dict.set_item("uwsgi.node", PyBytes::new(py, settings.hostname.as_bytes()))?;
            if settings.threads > 1 {
                dict.set_item("uwsgi.core", core)?;
            }
            templates.push(dict.into_ptr());
        }
        const METHODS: [&str; 7] = ["GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"];
        let methods = METHODS.iter().map(|name| (name.as_bytes(), interned(py, name))).collect();
        Ok(Vocabulary {
            keys,
            most: NAMES.min((NAMES * FULL_CORES / settings.threads.max(1)).max(LEAST)),
            fields: Names::default(),
            variables: Names::default(),
            templates,
            methods,
            versions: [interned(py, "HTTP/1.0"), interned(py, "HTTP/1.1")],
            empty: interned(py, ""),
            https: interned(py, "https"),
            input: interned(py, "wsgi.input"),
            scheme: interned(py, "wsgi.url_scheme"),
            scratch: Vec::new(),
            path: Vec::new(),
        })
    }

    #[inline]
    fn key(&self, known: Known) -> Object {
        // There is one for each.
        self.keys.get(known as usize).copied().unwrap_or(self.empty)
    }

    /// The environ key for a name that is not among the known ones; a borrowed reference if true, else a new one.
    fn other(&mut self, py: Python<'_>, name: &[u8], is_field: bool) -> PyResult<(Object, bool)> {
        let names = if is_field { &mut self.fields } else { &mut self.variables };
        if let Some(&key) = names.get(name) {
            return Ok((key, true));
        }
        self.scratch.clear();
        if is_field {
            self.scratch.extend_from_slice(b"HTTP_");
            let mapped = name.iter().map(|byte| if *byte == b'-' { b'_' } else { byte.to_ascii_uppercase() });
            self.scratch.extend(mapped);
        } else {
            self.scratch.extend_from_slice(name);
        }
        let mut key = latin1(py, &self.scratch)?;
        if names.len() >= self.most {
            return Ok((key, false));
        }
        // SAFETY: `key` is our reference to a str; interning may replace it by an equal one.
        unsafe { ffi::PyUnicode_InternInPlace(&mut key) };
        names.insert(name.into(), key);
        Ok((key, true))
    }

    fn method(&self, py: Python<'_>, bytes: &[u8]) -> PyResult<Object> {
        match self.methods.iter().find(|(name, _)| *name == bytes) {
            Some(&(_, object)) => {
                // SAFETY: a live object.
                unsafe { ffi::Py_INCREF(object) };
                Ok(object)
            }
            None => latin1(py, bytes),
        }
    }

    /// A new dict for this request.
    pub fn build(
        &mut self,
        py: Python<'_>,
        engine: &Engine,
        conn: &Conn,
        input: Object,
        collected: Option<u64>,
    ) -> Result<Py<PyAny>, Failure> {
        let template = self.templates.get(conn.listener).copied().unwrap_or(std::ptr::null_mut());
        // SAFETY: the template is a dict that lives as long as the process.
        let environ = unsafe { Bound::from_owned_ptr_or_err(py, ffi::PyDict_Copy(template))? };
        let dict = environ.as_ptr();
        set(py, dict, self.input, input)?;
        let is_http = conn.request.protocol() == Some(Protocol::Http);
        let text = conn.request.text(conn.head());
        if is_http {
            self.set_http(py, dict, conn, text)?;
        } else {
            self.set_variables(py, dict, engine, &conn.request, text)?;
        }
        if let Some(length) = collected {
            set_text(py, dict, self.key(Known::ContentLength), length.to_string().as_bytes())?;
        }
        if is_https(&conn.request, text, conn.trusted) {
            set(py, dict, self.scheme, self.https)?;
        }
        if let Some(session) = conn.io.session() {
            set_client(py, dict, session)?;
        }
        Ok(environ.unbind())
    }

    fn set_http(&mut self, py: Python<'_>, dict: Object, conn: &Conn, text: &[u8]) -> Result<(), Failure> {
        let request = &conn.request;
        let method = self.method(py, request.method().of(text))?;
        let result = set(py, dict, self.key(Known::RequestMethod), method);
        // SAFETY: `method` answered our reference.
        unsafe { ffi::Py_DECREF(method) };
        result?;
        set_text(py, dict, self.key(Known::RequestUri), request.target().of(text))?;
        let mut scratch = std::mem::take(&mut self.path);
        let path = wire::decode_path(request.path().of(text), &mut scratch);
        let result = path
            .map_err(Failure::Refused)
            .and_then(|path| set_text(py, dict, self.key(Known::PathInfo), path).map_err(Failure::Python));
        self.path = scratch;
        result?;
        let query = request.query().of(text);
        if !query.is_empty() {
            set_text(py, dict, self.key(Known::QueryString), query)?;
        }
        let [http10, http11] = self.versions;
        let version = if request.version() == wire::Version::Http10 { http10 } else { http11 };
        set(py, dict, self.key(Known::ServerProtocol), version)?;
        set_text(py, dict, self.key(Known::RemoteAddr), &conn.address)?;
        if !conn.port.is_empty() {
            set_text(py, dict, self.key(Known::RemotePort), &conn.port)?;
        }
        if let Some(to) = &conn.destination {
            self.set_destination(py, dict, to)?;
        }
        let mut seen = [false; 256];
        for var in request.vars() {
            let value = var.value.of(text);
            match var.known {
                // Taken for the variable HTTP_PROXY by CGI programs and their libraries.
                Known::HttpProxy => {}
                Known::Other => {
                    let (key, borrowed) = self.other(py, var.name.of(text), true)?;
                    let result = join(py, dict, key, ", ", value);
                    if !borrowed {
                        // SAFETY: `other` says that this reference is ours.
                        unsafe { ffi::Py_DECREF(key) };
                    }
                    result?;
                }
                known => {
                    let key = self.key(known);
                    if std::mem::replace(&mut seen[usize::from(known as u8)], true) {
                        join(py, dict, key, known.joiner(), value)?;
                    } else {
                        set_text(py, dict, key, value)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn set_variables(
        &mut self,
        py: Python<'_>,
        dict: Object,
        engine: &Engine,
        request: &Request,
        text: &[u8],
    ) -> Result<(), Failure> {
        for var in request.vars() {
            let value = var.value.of(text);
            match var.known {
                Known::HttpProxy => {}
                Known::RequestMethod => {
                    let method = self.method(py, value)?;
                    let result = set(py, dict, self.key(Known::RequestMethod), method);
                    // SAFETY: `method` answered our reference.
                    unsafe { ffi::Py_DECREF(method) };
                    result?;
                }
                Known::Other => {
                    let (key, borrowed) = self.other(py, var.name.of(text), false)?;
                    let result = set_text(py, dict, key, value);
                    if !borrowed {
                        // SAFETY: `other` says that this reference is ours.
                        unsafe { ffi::Py_DECREF(key) };
                    }
                    result?;
                }
                known if wire::is_control_variable(known) => engine.ignored(known),
                // Neither may be empty (PEP 3333); a front-end without a name for itself says so all the same.
                Known::ServerName | Known::ServerPort if value.is_empty() => {}
                known if value.is_empty() => set(py, dict, self.key(known), self.empty)?,
                known => set_text(py, dict, self.key(known), value)?,
            }
        }
        if request.protocol() != Some(Protocol::Uwsgi) && request.find(Known::PathInfo).is_none() {
            self.set_path(py, dict, request, text)?;
        }
        if request.modifiers().0 == 30 {
            let script = request.find(Known::ScriptName).map_or(&b""[..], |span| span.of(text));
            let script = script.strip_suffix(b"/").unwrap_or(script);
            let path = request.path().of(text);
            if let Some(rest) = path.strip_prefix(script).filter(|rest| rest.is_empty() || rest.starts_with(b"/")) {
                set_text(py, dict, self.key(Known::PathInfo), rest)?;
            }
        }
        Ok(())
    }
}

/// The certificate that the client showed, and that was found good, under uWSGI's names.
#[cold]
fn set_client(py: Python<'_>, dict: Object, session: &Session) -> Result<(), Failure> {
    let Some(client) = session.client() else { return Ok(()) };
    let text = client.text.as_ref().map(String::as_bytes);
    for (name, value) in [
        ("HTTPS_DN", Some(client.subject.as_bytes())),
        ("HTTPS_CLIENT_CERTIFICATE", Some(&client.certificate[..])),
        ("HTTPS_CC", text),
    ] {
        if let Some(value) = value {
            // SAFETY: `interned` answers a new reference, which `Bound` takes.
            let key = unsafe { Bound::from_owned_ptr(py, interned(py, name)) };
            set_text(py, dict, key.as_ptr(), value)?;
        }
    }
    Ok(())
}

impl Vocabulary {
    /// What the client knows as the server, where a load balancer told it.
    #[cold]
    fn set_destination(&self, py: Python<'_>, dict: Object, to: &Destination) -> Result<(), Failure> {
        set_text(py, dict, self.key(Known::ServerPort), to.port.as_bytes())?;
        set_text(py, dict, self.key(Known::ServerAddr), to.address.as_bytes())?;
        Ok(())
    }

    /// The path for a FastCGI or SCGI front-end that does not tell PATH_INFO. nginx's stock parameters name the whole path
    /// SCRIPT_NAME (FastCGI) or DOCUMENT_URI, as for files on disk; here it is the application's.
    fn set_path(&self, py: Python<'_>, dict: Object, request: &Request, text: &[u8]) -> Result<(), Failure> {
        let Some((path, is_mounted)) = path_elsewhere(request, text) else { return Ok(()) };
        set_text(py, dict, self.key(Known::PathInfo), path)?;
        if !is_mounted {
            set(py, dict, self.key(Known::ScriptName), self.empty)?;
        }
        Ok(())
    }
}

/// The path of a request without PATH_INFO, and whether SCRIPT_NAME is the part before it (else it is empty).
pub fn path_elsewhere<'a>(request: &Request, text: &'a [u8]) -> Option<(&'a [u8], bool)> {
    let find = |known| request.find(known).map(|span| span.of(text)).filter(|value| !value.is_empty());
    let script = find(Known::ScriptName);
    let path = find(Known::DocumentUri).or(script)?;
    match script.and_then(|script| path.strip_prefix(script)) {
        Some(rest) if rest.starts_with(b"/") => Some((rest, true)),
        _ => Some((path, false)),
    }
}

/// The scheme, from whoever may say it: a binary protocol is spoken by a front-end, which knows; `X-Forwarded-*` may
/// come from anybody and is believed only if the peer is trusted.
fn is_https(request: &Request, text: &[u8], trusted: bool) -> bool {
    let is_http = request.protocol() == Some(Protocol::Http);
    if is_http && !trusted {
        return false;
    }
    let (mut told, mut forwarded, mut hints) = (None, None, false);
    for var in request.vars() {
        let value = || var.value.of(text);
        match var.known {
            Known::UwsgiScheme if !is_http => told = Some(value().eq_ignore_ascii_case(b"https")),
            Known::HttpXForwardedProto if trusted => {
                if value().eq_ignore_ascii_case(b"https") {
                    forwarded = Some(true);
                } else if value().eq_ignore_ascii_case(b"http") {
                    forwarded = Some(false);
                }
            }
            Known::HttpXForwardedSsl if trusted => hints |= value().eq_ignore_ascii_case(b"on"),
            Known::Https if !is_http => hints |= value().eq_ignore_ascii_case(b"on") || value() == b"1",
            Known::RequestScheme if !is_http => hints |= value().eq_ignore_ascii_case(b"https"),
            _ => {}
        }
    }
    told.or(forwarded).unwrap_or(hints)
}
