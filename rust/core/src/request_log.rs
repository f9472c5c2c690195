//! Which requests get a line, and of what kind: the settings of the request log. See `RequestLogSettings` in
//! `_core.pyi` for the meaning of each.

use std::os::raw::c_int;

use pyo3::prelude::*;

use crate::log_format::Format;
use crate::served::{Outcome, Style, Via};

/// Requests that get a line although the others do not.
#[derive(Debug, Default)]
struct Exceptions {
    empty: bool,
    client_errors: bool,
    server_errors: bool,
    sendfile: bool,
    io_errors: bool,
    /// From so many milliseconds on; 0: whatever it took.
    slow: u64,
    /// From so many bytes of body on; 0: whatever the size.
    big: u64,
}

/// How requests are logged.
#[derive(Debug, Default)]
pub struct RequestLog {
    every: bool,
    exceptions: Exceptions,
    /// Some requests may get a line.
    pub any: bool,
    /// How long a request waited must be known.
    pub asks_waited: bool,
    /// Where lines go.
    pub fd: c_int,
    /// For `strftime`: what our other lines begin with.
    pub date: String,
    pub style: Style,
    /// None: uWSGI's own line.
    pub format: Option<Format>,
}

/// What `log-json` writes.
const JSON: &str = r#"{"time":"%(isotime)","pid":%(pid),"worker":%(wid),"core":%(core),"address":%(addr),"user":%(user),"method":%(method),"uri":%(uri),"protocol":%(proto),"host":%(host),"referer":%(referer),"user_agent":%(uagent),"request_bytes":%(cl),"status":%(status),"header_bytes":%(hsize),"body_bytes":%(rsize),"micros":%(micros),"waited_micros":%(waitedmicros),"read_errors":%(rerr),"write_errors":%(werr)}"#;

impl RequestLog {
    /// Read `settings.request_log`, which tests and older settings need not have.
    pub fn read(settings: &Bound<'_, PyAny>) -> PyResult<RequestLog> {
        let every = settings.getattr("log_requests")?.extract()?;
        let plain = RequestLog { every, any: every, fd: 2, ..RequestLog::default() };
        let Some(told) = settings.getattr_opt("request_log")?.filter(|told| !told.is_none()) else { return Ok(plain) };
        let flag = |name: &str| told.getattr(name)?.extract::<bool>();
        let number = |name: &str| told.getattr(name)?.extract::<u64>();
        let exceptions = Exceptions {
            empty: flag("empty")?,
            client_errors: flag("client_errors")?,
            server_errors: flag("server_errors")?,
            sendfile: flag("sendfile")?,
            io_errors: flag("io_errors")?,
            slow: number("slow")?,
            big: number("big")?,
        };
        let Exceptions { empty, client_errors, server_errors, sendfile, io_errors, slow, big } = exceptions;
        let any = every || empty || client_errors || server_errors || sendfile || io_errors || slow > 0 || big > 0;
        let style = Style { micros: flag("micros")?, memory: flag("memory")?, forwarded: flag("forwarded")? };
        let template: String = told.getattr("format")?.extract()?;
        let template = if template.is_empty() && flag("json")? { JSON } else { &template };
        let time: String = told.getattr("time_format")?.extract()?;
        let format = (!template.is_empty()).then(|| Format::compile(template, &time, style.forwarded));
        let asks_waited = any && format.as_ref().is_some_and(|format| format.asks_waited);
        let (fd, date) = (told.getattr("fd")?.extract()?, told.getattr("date")?.extract()?);
        Ok(RequestLog { every, exceptions, any, asks_waited, fd, date, style, format })
    }

    /// Does this request get a line?
    pub fn wants(&self, outcome: &Outcome, micros: u64) -> bool {
        self.every || self.is_exception(outcome, micros)
    }

    fn is_exception(&self, outcome: &Outcome, micros: u64) -> bool {
        let Exceptions { empty, client_errors, server_errors, sendfile, io_errors, slow, big } = self.exceptions;
        (empty && outcome.body_bytes == 0)
            || (client_errors && (400..500).contains(&outcome.status))
            || (server_errors && (500..600).contains(&outcome.status))
            || (sendfile && outcome.via == Via::Sendfile)
            || (io_errors && outcome.read_errors + outcome.write_errors > 0)
            || (slow > 0 && micros / 1000 >= slow)
            || (big > 0 && outcome.body_bytes >= big)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exceptions_are_lines_of_their_own() {
        let chosen = |exceptions, outcome: Outcome, micros| {
            RequestLog { exceptions, any: true, ..RequestLog::default() }.wants(&outcome, micros)
        };
        let usual = Outcome { status: 200, body_bytes: 10, head_bytes: 90, ..Outcome::default() };
        assert!(!chosen(Exceptions::default(), usual, 1_000_000));
        assert!(chosen(Exceptions { slow: 5, ..Exceptions::default() }, usual, 5000));
        assert!(!chosen(Exceptions { slow: 5, ..Exceptions::default() }, usual, 4999));
        assert!(chosen(Exceptions { big: 10, ..Exceptions::default() }, usual, 0));
        assert!(!chosen(Exceptions { big: 11, ..Exceptions::default() }, usual, 0));
        assert!(chosen(
            Exceptions { client_errors: true, ..Exceptions::default() },
            Outcome { status: 499, ..usual },
            0
        ));
        assert!(!chosen(
            Exceptions { client_errors: true, ..Exceptions::default() },
            Outcome { status: 500, ..usual },
            0
        ));
        assert!(chosen(
            Exceptions { server_errors: true, ..Exceptions::default() },
            Outcome { status: 500, ..usual },
            0
        ));
        assert!(chosen(Exceptions { empty: true, ..Exceptions::default() }, Outcome { body_bytes: 0, ..usual }, 0));
        assert!(chosen(
            Exceptions { io_errors: true, ..Exceptions::default() },
            Outcome { write_errors: 1, ..usual },
            0
        ));
        assert!(chosen(
            Exceptions { sendfile: true, ..Exceptions::default() },
            Outcome { via: Via::Sendfile, ..usual },
            0
        ));
    }
}
