//! Several applications in one worker: which of them is a request for? Answers that, and writes SCRIPT_NAME and PATH_INFO
//! of the environ when the path decides. Loads nothing and calls nothing; a worker with one application never comes here.
//!
//! A front-end may name the mount by the variable UWSGI_APPID. If it does not, the longest mount counts that is a whole
//! number of the path's segments (`manage-script-name`), else the one that SCRIPT_NAME names exactly (unless
//! `ignore-script-name`). What is for none of them is for the default, if there is one.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

/// One application and its place.
#[derive(Debug)]
struct Mount {
    /// In lower case, without port; empty: any.
    host: String,
    /// Without the last slash: empty for the root.
    prefix: String,
    /// None: it could not be loaded.
    app: Option<Py<PyAny>>,
}

/// All of them; the place in the list is the number of the application.
#[derive(Debug)]
pub struct Mounts {
    list: Vec<Mount>,
    default: Option<usize>,
    /// `manage-script-name`.
    by_path: bool,
    /// Not `ignore-script-name`.
    by_name: bool,
    /// `vhost`.
    by_host: bool,
    script_name: Py<PyString>,
    path_info: Py<PyString>,
    http_host: Py<PyString>,
}

/// The application for a request.
pub struct Found<'a> {
    /// Its number, for the log.
    pub id: i32,
    /// None: it could not be loaded.
    pub app: Option<&'a Py<PyAny>>,
}

fn text<'py>(environ: &Bound<'py, PyDict>, key: &Py<PyString>) -> PyResult<Option<Bound<'py, PyString>>> {
    Ok(environ.get_item(key)?.map(|value| value.cast_into::<PyString>()).transpose()?)
}

/// What is behind `prefix`, if that is a whole number of segments of `path`.
fn behind<'a>(path: &'a str, prefix: &str) -> Option<&'a str> {
    path.strip_prefix(prefix).filter(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn host_of(value: &str) -> String {
    let name = match value.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => value,
    };
    name.to_ascii_lowercase()
}

impl Mounts {
    /// Read those of a settings object; None: there is one application, for everything.
    pub fn read(settings: &Bound<'_, PyAny>) -> PyResult<Option<Mounts>> {
        let Some(told) = settings.getattr_opt("mounts")?.filter(|told| !told.is_none()) else { return Ok(None) };
        let py = settings.py();
        let mut list = Vec::new();
        for mount in told.getattr("list")?.try_iter()? {
            let mount = mount?;
            let app = mount.getattr("app")?;
            list.push(Mount {
                host: host_of(&mount.getattr("host")?.extract::<String>()?),
                prefix: mount.getattr("prefix")?.extract()?,
                app: (!app.is_none()).then(|| app.unbind()),
            });
        }
        let default: isize = told.getattr("default")?.extract()?;
        Ok(Some(Mounts {
            default: usize::try_from(default).ok().filter(|&index| index < list.len()),
            list,
            by_path: told.getattr("by_path")?.extract()?,
            by_name: told.getattr("by_name")?.extract()?,
            by_host: told.getattr("by_host")?.extract()?,
            script_name: PyString::intern(py, "SCRIPT_NAME").unbind(),
            path_info: PyString::intern(py, "PATH_INFO").unbind(),
            http_host: PyString::intern(py, "HTTP_HOST").unbind(),
        }))
    }

    /// The application for the request of this environ. `named`: its UWSGI_APPID. None: it is for nobody.
    #[cold]
    pub fn choose(&self, environ: &Bound<'_, PyAny>, named: Option<&[u8]>) -> PyResult<Option<Found<'_>>> {
        let environ = environ.cast::<PyDict>()?;
        let host = match text(environ, &self.http_host)? {
            Some(host) if self.by_host => host_of(host.to_str()?),
            _ => String::new(),
        };
        let by_path = if self.by_path { self.by_longest_path(environ, &host)? } else { None };
        let chosen = match named.filter(|name| !name.is_empty()) {
            Some(name) => self.find(&host, &name.iter().copied().map(char::from).collect::<String>()),
            None if !self.by_name => None,
            None if by_path.is_some() => by_path,
            None => match text(environ, &self.script_name)? {
                Some(name) => self.find(&host, name.to_str()?),
                None => self.find(&host, ""),
            },
        };
        let Some(index) = chosen.or(self.default) else { return Ok(None) };
        let app = self.list.get(index).and_then(|mount| mount.app.as_ref());
        Ok(Some(Found { id: i32::try_from(index).unwrap_or(-1), app }))
    }

    fn is_for(&self, mount: &Mount, host: &str) -> bool {
        mount.host.is_empty() || (self.by_host && mount.host == host)
    }

    fn find(&self, host: &str, name: &str) -> Option<usize> {
        let is_it = |mount: &&Mount| mount.prefix == name && self.is_for(mount, host);
        let place = |found: &Mount| self.list.iter().position(|mount| std::ptr::eq(mount, found));
        // One that names the host goes before one for any.
        let named = self.list.iter().filter(is_it).find(|mount| !mount.host.is_empty());
        named.or_else(|| self.list.iter().find(is_it)).and_then(place)
    }

    fn by_longest_path(&self, environ: &Bound<'_, PyDict>, host: &str) -> PyResult<Option<usize>> {
        let Some(path) = text(environ, &self.path_info)? else { return Ok(None) };
        let path = path.to_str()?;
        let fitting = self.list.iter().enumerate().filter(|(_, mount)| self.is_for(mount, host));
        let mut best: Option<(usize, &Mount, &str)> = None;
        for (index, mount) in fitting.filter(|(_, mount)| !mount.prefix.is_empty()) {
            let weight = |mount: &Mount| (mount.prefix.len(), !mount.host.is_empty());
            if let Some(rest) = behind(path, &mount.prefix) {
                if best.is_none_or(|(_, other, _)| weight(mount) > weight(other)) {
                    best = Some((index, mount, rest));
                }
            }
        }
        let Some((index, mount, rest)) = best else { return Ok(None) };
        environ.set_item(&self.script_name, &mount.prefix)?;
        environ.set_item(&self.path_info, rest)?;
        Ok(Some(index))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mount_is_whole_segments() {
        assert_eq!(behind("/a", "/a"), Some(""));
        assert_eq!(behind("/a/", "/a"), Some("/"));
        assert_eq!(behind("/a/b", "/a"), Some("/b"));
        assert_eq!(behind("/ab", "/a"), None);
        assert_eq!(behind("//a", "/a"), None);
        assert_eq!(behind("/é/x", "/é"), Some("/x"));
    }

    #[test]
    fn a_host_has_no_port_and_no_capitals() {
        assert_eq!(host_of("H.com:80"), "h.com");
        assert_eq!(host_of("h.com"), "h.com");
        assert_eq!(host_of("[::1]:80"), "[::1]");
        assert_eq!(host_of("[::1]"), "[::1]");
    }
}
