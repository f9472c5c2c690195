//! Pages that the configuration has for errors of our own: `error-page-403`, `-404`, `-500`. They are read when they are
//! needed, so that a changed one counts at once. What applications answer is left alone.

use std::io::Read;
use std::path::PathBuf;

use pyo3::prelude::*;
use wire::Facts;

use crate::cores::Engine;

/// The most that is read of one.
const MOST: u64 = 1024 * 1024;

/// The files, by the status they are for.
#[derive(Debug)]
pub struct ErrorPages {
    forbidden: Vec<PathBuf>,
    missing: Vec<PathBuf>,
    failed: Vec<PathBuf>,
}

impl ErrorPages {
    /// Read those of a settings object; None: there are none.
    pub fn read(settings: &Bound<'_, PyAny>) -> PyResult<Option<ErrorPages>> {
        let Some(told) = settings.getattr_opt("error_pages")?.filter(|told| !told.is_none()) else { return Ok(None) };
        Ok(Some(ErrorPages {
            forbidden: told.getattr("forbidden")?.extract()?,
            missing: told.getattr("missing")?.extract()?,
            failed: told.getattr("failed")?.extract()?,
        }))
    }

    /// The page for a status: the first that can be read.
    #[cold]
    pub fn find(&self, status: u16) -> Option<Vec<u8>> {
        let files = match status {
            403 | 405 => &self.forbidden,
            404 => &self.missing,
            500 => &self.failed,
            _ => return None,
        };
        files.iter().find_map(|file| {
            let mut page = Vec::new();
            let file =
                std::fs::File::open(file).ok().filter(|file| file.metadata().is_ok_and(|data| data.is_file()))?;
            file.take(MOST).read_to_end(&mut page).ok().map(|_| page)
        })
    }
}

impl Engine {
    /// Append a whole answer of our own that closes the connection: see `wire::error_page`.
    pub fn error_page(&self, facts: &Facts, status: u16, out: &mut Vec<u8>) {
        let page = self.settings.error_pages.as_ref().and_then(|pages| pages.find(status));
        let Some(page) = page.filter(|_| facts.protocol != wire::Protocol::FastCgi || facts.request_id != 0) else {
            return wire::error_page(facts, status, "", out);
        };
        let facts = Facts { persistent: false, ..*facts };
        let line = format!("{status} {}", wire::reason(status));
        let headers = [(&b"Content-Type"[..], &b"text/html"[..])];
        let length = Some(page.len() as u64);
        let mut framing = wire::frame_head(&facts, line.as_bytes(), headers.into_iter(), length, None, out);
        framing.chunk(&page, out);
        framing.end(out);
    }
}
