//! Static files: what is configured, and which file a request means. Nothing here touches Python but `read`, once.
//!
//! ```text
//!   request ──► mapping ──► beneath ──► conditions ──► respond ──► transfer
//!               which path   the file    which part     the head    the body
//! ```
//!
//! A request that means no file goes on to the application, as if nothing had been asked.

pub mod beneath;
mod conditions;
mod dates;
mod mapping;
mod mime;
mod respond;
pub mod rules;

use std::ffi::{CString, OsString};
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use beneath::{Below, File, Found, Links};
use mapping::Map;
use mime::Types;
pub use respond::outside_text;
use rules::{accepts, Expiry, Pattern, Subject};

/// Who sends the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// This worker.
    Direct,
    /// The front-end, told by this header.
    Header(&'static str),
}

/// Everything about static files that is configured.
#[derive(Debug)]
pub struct Statics {
    maps: Vec<Map>,
    docroot: bool,
    indexes: Vec<Vec<u8>>,
    skipped: Vec<Vec<u8>>,
    safe: Vec<CString>,
    types: Types,
    expires: Vec<Expiry>,
    gzip: Vec<Pattern>,
    mode: Mode,
    reads: bool,
    /// What was wrong, to be logged once there is a log.
    pub problems: Vec<String>,
}

/// A file that answers a request.
struct Chosen<'a> {
    file: File,
    /// Its path, as configured and asked for.
    path: Vec<u8>,
    kind: &'a [u8],
    encoding: Option<&'static str>,
    /// Another client might get another file.
    varies: bool,
}

fn bytes(text: OsString) -> Vec<u8> {
    text.into_vec()
}

fn c_string(path: &[u8]) -> Option<CString> {
    CString::new(path).ok()
}

impl Statics {
    /// From the attribute `statics` of the settings; `None`: nothing is served.
    pub fn read(settings: &Bound<'_, PyAny>) -> PyResult<Option<Statics>> {
        let Some(statics) = settings.getattr_opt("statics")?.filter(|statics| !statics.is_none()) else {
            return Ok(None);
        };
        let list = |name: &str| -> PyResult<Vec<Vec<u8>>> {
            Ok(statics.getattr(name)?.extract::<Vec<OsString>>()?.into_iter().map(bytes).collect())
        };
        let mut maps = Vec::new();
        for (prefix, root, keeps_prefix) in statics.getattr("maps")?.extract::<Vec<(OsString, OsString, bool)>>()? {
            maps.push(Map { prefix: bytes(prefix), root: bytes(root), keeps_prefix, links: Links::default() });
        }
        let (types, mut problems) = Types::read(&statics.getattr("mime_files")?.extract::<Vec<PathBuf>>()?);
        let mut expires = Vec::new();
        for (kind, text, seconds, from_mtime) in
            statics.getattr("expires")?.extract::<Vec<(String, OsString, i64, bool)>>()?
        {
            match Pattern::read(&kind, &bytes(text)) {
                Ok(pattern) => expires.push(Expiry { pattern, seconds, from_mtime }),
                Err(problem) => problems.push(format!("a static-expires rule is left out: {problem}")),
            }
        }
        let mut gzip = Vec::new();
        for (kind, text) in statics.getattr("gzip")?.extract::<Vec<(String, OsString)>>()? {
            match Pattern::read(&kind, &bytes(text)) {
                Ok(pattern) => gzip.push(pattern),
                Err(problem) => problems.push(format!("a static-gzip rule is left out: {problem}")),
            }
        }
        let mode = match statics.getattr("mode")?.extract::<String>()?.as_str() {
            "direct" => Mode::Direct,
            "nginx" => Mode::Header("X-Accel-Redirect"),
            "apache" => Mode::Header("X-Sendfile"),
            other => return Err(PyValueError::new_err(format!("unknown way to serve files: {other:?}"))),
        };
        Ok(Some(Statics {
            maps,
            docroot: statics.getattr("docroot")?.extract()?,
            indexes: list("indexes")?,
            skipped: list("skipped")?,
            safe: list("safe")?.iter().filter_map(|path| c_string(path)).collect(),
            types,
            expires,
            gzip,
            mode,
            reads: !statics.getattr("sendfile")?.extract::<bool>()?,
            problems,
        }))
    }

    /// `disable-sendfile`: files are read and sent.
    pub fn reads(&self) -> bool {
        self.reads
    }

    /// Could this path mean a file at all? Without a system call.
    fn might_have(&self, path: &[u8], docroot: Option<&[u8]>) -> bool {
        (docroot.is_some() || self.maps.iter().any(|map| map.relative(path).is_some()))
            && !self.skipped.iter().any(|ending| path.ends_with(ending))
    }

    /// The file that this path means. `outside` gets what lies where it must not.
    fn find(
        &self,
        path: &[u8],
        docroot: Option<&[u8]>,
        accepted: &[u8],
        uri: &[u8],
        outside: &mut Vec<(Vec<u8>, Vec<u8>)>,
    ) -> Option<Chosen<'_>> {
        for map in &self.maps {
            if let Some(chosen) = self.find_in(map, path, accepted, uri, outside) {
                return Some(chosen);
            }
        }
        let map = Map { prefix: Vec::new(), root: docroot?.to_vec(), keeps_prefix: false, links: Links::default() };
        self.find_in(&map, path, accepted, uri, outside)
    }

    fn find_in(
        &self,
        map: &Map,
        path: &[u8],
        accepted: &[u8],
        uri: &[u8],
        outside: &mut Vec<(Vec<u8>, Vec<u8>)>,
    ) -> Option<Chosen<'_>> {
        let relative = map.relative(path)?;
        let below = Below::new(&map.root, &map.links);
        let mut look = |below: &Below<'_>, name: &[u8]| match below.find(name, &self.safe) {
            Found::Outside(here) => {
                outside.push((here, map.root.clone()));
                Found::Nothing
            }
            found => found,
        };
        if let Some((file, name)) = self.index_plainly(&below, relative) {
            let full = below.path_of(&name);
            return Some(
                self.choose(file, full, path, accepted, uri, |suffix| look(&below, &[&name, suffix].concat())),
            );
        }
        if relative.is_empty() && !below.is_directory() {
            // The map may name a single file.
            let Found::File(file) = beneath::file(&c_string(&map.root)?) else { return None };
            let (directory, name) = split(&map.root);
            let below = Below::new(directory, &map.links);
            let sibling = |suffix: &[u8]| look(&below, &[name, suffix].concat());
            return Some(self.choose(file, map.root.clone(), path, accepted, uri, sibling));
        }
        let mut name = if relative.is_empty() { b".".to_vec() } else { relative.to_vec() };
        let mut found = look(&below, &name);
        if matches!(found, Found::Directory) {
            for index in &self.indexes {
                name = index_of(relative, index);
                found = look(&below, &name);
                if matches!(found, Found::File(_)) {
                    break;
                }
            }
        }
        let Found::File(file) = found else { return None };
        let full = below.path_of(&name);
        Some(self.choose(file, full, path, accepted, uri, |suffix| look(&below, &[name.as_slice(), suffix].concat())))
    }

    /// The index of what can only be a directory, if it is found without looking at the directory first.
    fn index_plainly(&self, below: &Below<'_>, relative: &[u8]) -> Option<(File, Vec<u8>)> {
        if !relative.is_empty() && !relative.ends_with(b"/") {
            return None;
        }
        for index in &self.indexes {
            let name = index_of(relative, index);
            match below.find_plainly(&name)? {
                Found::File(file) => return Some((file, name)),
                Found::Nothing => {}
                Found::Directory | Found::Outside(_) => return None,
            }
        }
        None
    }

    /// The file itself, or its compressed sibling if the client takes that.
    fn choose(
        &self,
        file: File,
        full: Vec<u8>,
        path_info: &[u8],
        accepted: &[u8],
        uri: &[u8],
        mut sibling: impl FnMut(&[u8]) -> Found,
    ) -> Chosen<'_> {
        let kind = self.types.of(&full);
        let subject = Subject { file: &full, kind, path_info, uri };
        let varies = self.gzip.iter().any(|pattern| pattern.matches(&subject));
        let mut chosen = Chosen { file, path: full, kind, encoding: None, varies };
        if varies {
            for (coding, suffix) in [("br", b".br".as_slice()), ("gzip", b".gz")] {
                if !accepts(accepted, coding.as_bytes()) {
                    continue;
                }
                if let Found::File(file) = sibling(suffix) {
                    chosen.file = file;
                    chosen.path.extend_from_slice(suffix);
                    chosen.encoding = Some(coding);
                    break;
                }
            }
        }
        chosen
    }
}

/// The name of a directory's index.
fn index_of(directory: &[u8], index: &[u8]) -> Vec<u8> {
    [directory, index].join(if directory.is_empty() || directory.ends_with(b"/") { &b""[..] } else { b"/" })
}

/// A path before and after its last slash.
fn split(path: &[u8]) -> (&[u8], &[u8]) {
    match path.iter().rposition(|&byte| byte == b'/') {
        Some(0) => (b"/", path.get(1..).unwrap_or(&[])),
        Some(slash) => (path.get(..slash).unwrap_or(&[]), path.get(slash + 1..).unwrap_or(&[])),
        None => (b".", path),
    }
}
