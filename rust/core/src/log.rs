//! The log of a worker: request lines, collected and written in batches, and complaints, written at once. Writes to
//! descriptor 2 and nowhere else; rotating and dating lines is the business of whoever reads the other end.

use std::io::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::sys;

const BATCH: usize = 4096;
const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// What a request line tells.
pub struct Line<'a> {
    pub pid: u32,
    pub app: i32,
    pub number: u64,
    pub total: u64,
    pub address: &'a [u8],
    pub user: &'a [u8],
    pub vars: usize,
    pub head_bytes: usize,
    pub started: i64,
    pub method: &'a [u8],
    pub uri: &'a [u8],
    pub body_bytes: u64,
    pub millis: u64,
    pub protocol: &'a [u8],
    pub status: u16,
    pub headers: usize,
    pub header_bytes: usize,
    pub core: usize,
}

#[derive(Default)]
struct Pending {
    text: Vec<u8>,
    second: i64,
    ctime: String,
}

/// The log of this worker.
#[derive(Default)]
pub struct Log {
    pending: Mutex<Pending>,
}

/// Append with control characters as escapes, so that no client can forge a line.
fn escape(bytes: &[u8], out: &mut Vec<u8>) {
    if bytes.iter().all(|&byte| byte >= 0x20 && byte != 0x7f) {
        out.extend_from_slice(bytes);
        return;
    }
    for &byte in bytes {
        match byte {
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0..=0x1f | 0x7f => {
                let _ = write!(out, "\\x{byte:02x}");
            }
            _ => out.push(byte),
        }
    }
}

fn name<'a>(names: &[&'a str], index: i32) -> &'a str {
    usize::try_from(index).ok().and_then(|index| names.get(index)).copied().unwrap_or("")
}

fn ctime(second: i64) -> String {
    let t = sys::local_time(second);
    let (day, month) = (name(&DAYS, t.tm_wday), name(&MONTHS, t.tm_mon));
    let year = t.tm_year + 1900;
    format!("{day} {month} {:2} {:02}:{:02}:{:02} {year}", t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec)
}

/// The value of a Date field.
pub fn http_date(second: i64) -> String {
    let t = sys::utc_time(second);
    let (day, month) = (name(&DAYS, t.tm_wday), name(&MONTHS, t.tm_mon));
    let year = t.tm_year + 1900;
    format!("{day}, {:02} {month} {year} {:02}:{:02}:{:02} GMT", t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec)
}

fn append(line: &Line<'_>, ctime: &str, out: &mut Vec<u8>) {
    // Writing to a vector does not fail.
    let _ = write!(out, "[pid: {}|app: {}|req: {}/{}] ", line.pid, line.app, line.number, line.total);
    escape(line.address, out);
    out.extend_from_slice(b" (");
    escape(line.user, out);
    let _ = write!(out, ") {{{} vars in {} bytes}} [{ctime}] ", line.vars, line.head_bytes);
    escape(line.method, out);
    out.push(b' ');
    escape(line.uri, out);
    let _ = write!(out, " => generated {} bytes in {} msecs (", line.body_bytes, line.millis);
    escape(line.protocol, out);
    let _ = writeln!(
        out,
        " {}) {} headers in {} bytes (1 switches on core {})",
        line.status, line.headers, line.header_bytes, line.core
    );
}

impl Log {
    fn lock(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Note a served request.
    pub fn request(&self, line: &Line<'_>) {
        let mut pending = self.lock();
        let Pending { text, second, ctime: date } = &mut *pending;
        if *second != line.started || date.is_empty() {
            *date = ctime(line.started);
            *second = line.started;
        }
        append(line, date, text);
        if text.len() >= BATCH {
            sys::write_log(text);
            text.clear();
        }
    }

    /// Write what was noted.
    pub fn flush(&self) {
        let mut pending = self.lock();
        if !pending.text.is_empty() {
            sys::write_log(&pending.text);
            pending.text.clear();
        }
    }

    /// As `flush`, for a process that ends without waiting for anybody.
    pub fn flush_if_free(&self) {
        if let Ok(mut pending) = self.pending.try_lock() {
            sys::write_log(&pending.text);
            pending.text.clear();
        }
    }

    /// Write a text of several lines now, after the requests before it.
    pub fn write(&self, text: &[u8]) {
        let mut pending = self.lock();
        pending.text.extend_from_slice(text);
        sys::write_log(&pending.text);
        pending.text.clear();
    }

    /// Say something now, on a line of its own, after the requests before it.
    pub fn say(&self, text: &str) {
        let mut pending = self.lock();
        let mut out = std::mem::take(&mut pending.text);
        escape(text.as_bytes(), &mut out);
        out.push(b'\n');
        sys::write_log(&out);
        out.clear();
        pending.text = out;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_uwsgis() {
        let line = Line {
            pid: 10407,
            app: 0,
            number: 1,
            total: 2,
            address: b"127.0.0.1",
            user: b"",
            vars: 26,
            head_bytes: 258,
            started: 0,
            method: b"GET",
            uri: b"/env?a=1\n",
            body_bytes: 850,
            millis: 0,
            protocol: b"HTTP/1.1",
            status: 200,
            headers: 1,
            header_bytes: 45,
            core: 0,
        };
        let mut out = Vec::new();
        append(&line, "Sun Nov 22 16:17:45 2026", &mut out);
        let expected = "[pid: 10407|app: 0|req: 1/2] 127.0.0.1 () {26 vars in 258 bytes} [Sun Nov 22 16:17:45 2026] \
                        GET /env?a=1\\n => generated 850 bytes in 0 msecs (HTTP/1.1 200) 1 headers in 45 bytes \
                        (1 switches on core 0)\n";
        assert_eq!(String::from_utf8_lossy(&out), expected);
    }
}
