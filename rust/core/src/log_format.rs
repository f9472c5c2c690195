//! A log format: `%(name)` and the text between, taken apart once at the start and filled in for each request.
//!
//! A format that begins with `{` is JSON, and its lines are JSON whatever a client sends: a value between quotes is
//! escaped as a string, one without quotes becomes a number, a string or null. In every other format, quotes inside a
//! value that stands between quotes are escaped. An empty value is `-`, as uWSGI prints it. Does not decide which
//! requests are logged.

use std::borrow::Cow;

use wire::Known;

use crate::calendar;
use crate::escape::{self, Place};
use crate::served::Served;
use crate::sys;

/// What `%(name)` stands for.
#[derive(Debug, PartialEq, Eq)]
enum Variable {
    Method,
    Uri,
    User,
    Address,
    Protocol,
    Request(Known),
    /// `var.NAME`, or a name in capitals.
    RequestNamed(Vec<u8>),
    Status,
    BodySize,
    HeadSize,
    Size,
    ContentLength,
    Headers,
    Vars,
    PacketSize,
    Modifier1,
    Modifier2,
    Time,
    AccessTime,
    FormattedTime,
    Ctime,
    IsoTime,
    Epoch,
    StartMillis,
    StartMicros,
    Millis,
    Micros,
    Seconds,
    Waited,
    WaitedMicros,
    Pid,
    Worker,
    Core,
    App,
    Switches,
    AddressSpace,
    Resident,
    AddressSpaceMega,
    ResidentMega,
    WriteErrors,
    ReadErrors,
    Errors,
    /// A metric, as long as there are none.
    Metric,
    /// What the application, or a rule (`logvar`), noted under this name, if anything did.
    Noted(Vec<u8>),
}

impl Variable {
    fn named(name: &[u8]) -> Variable {
        if let Some(name) = name.strip_prefix(b"var.") {
            return Variable::RequestNamed(name.to_vec());
        }
        match name {
            b"method" => Variable::Method,
            b"uri" => Variable::Uri,
            b"user" => Variable::User,
            b"addr" => Variable::Address,
            b"proto" => Variable::Protocol,
            b"host" => Variable::Request(Known::HttpHost),
            b"uagent" => Variable::Request(Known::HttpUserAgent),
            b"referer" => Variable::Request(Known::HttpReferer),
            b"status" => Variable::Status,
            b"rsize" => Variable::BodySize,
            b"hsize" => Variable::HeadSize,
            b"size" => Variable::Size,
            b"cl" => Variable::ContentLength,
            b"headers" => Variable::Headers,
            b"vars" => Variable::Vars,
            b"pktsize" => Variable::PacketSize,
            b"modifier1" => Variable::Modifier1,
            b"modifier2" => Variable::Modifier2,
            b"time" => Variable::Time,
            b"ltime" => Variable::AccessTime,
            b"ftime" => Variable::FormattedTime,
            b"ctime" => Variable::Ctime,
            b"isotime" => Variable::IsoTime,
            b"epoch" => Variable::Epoch,
            b"tmsecs" => Variable::StartMillis,
            b"tmicros" => Variable::StartMicros,
            b"msecs" => Variable::Millis,
            b"micros" => Variable::Micros,
            b"secs" => Variable::Seconds,
            b"waited" => Variable::Waited,
            b"waitedmicros" => Variable::WaitedMicros,
            b"pid" => Variable::Pid,
            b"wid" => Variable::Worker,
            b"core" => Variable::Core,
            b"app" => Variable::App,
            b"switches" => Variable::Switches,
            b"vsz" => Variable::AddressSpace,
            b"rss" => Variable::Resident,
            b"vszM" => Variable::AddressSpaceMega,
            b"rssM" => Variable::ResidentMega,
            b"werr" => Variable::WriteErrors,
            b"rerr" => Variable::ReadErrors,
            b"ioerr" => Variable::Errors,
            _ if name.starts_with(b"metric.") => Variable::Metric,
            _ if is_environ_key(name) => Variable::RequestNamed(name.to_vec()),
            _ => Variable::Noted(name.to_vec()),
        }
    }

    /// Whether it is a number by nature, which JSON writes without quotes.
    fn is_number(&self) -> bool {
        !matches!(
            self,
            Variable::Method
                | Variable::Uri
                | Variable::User
                | Variable::Address
                | Variable::Protocol
                | Variable::Request(_)
                | Variable::AccessTime
                | Variable::FormattedTime
                | Variable::Ctime
                | Variable::IsoTime
                | Variable::Noted(_)
        )
    }

    fn value<'a>(&self, served: &Served<'a>, format: &Format) -> Cow<'a, [u8]> {
        let number: u64 = match self {
            Variable::Method => return Cow::Borrowed(served.method()),
            Variable::Uri => return Cow::Borrowed(served.uri()),
            Variable::User => return Cow::Borrowed(served.user()),
            Variable::Address => return Cow::Borrowed(served.address(format.forwarded)),
            Variable::Protocol => return Cow::Borrowed(served.protocol()),
            Variable::Request(known) => return Cow::Borrowed(served.find(*known)),
            Variable::RequestNamed(name) => {
                return served.noted(name).map_or_else(|| served.named(name), Cow::Borrowed);
            }
            Variable::AccessTime => return text(calendar::access_time(served.started_second())),
            Variable::FormattedTime if !format.time.is_empty() => {
                return Cow::Owned(sys::strftime(&format.time, served.started_second()))
            }
            Variable::FormattedTime => return text(calendar::access_time(served.started_second())),
            Variable::Ctime => return text(calendar::ctime(served.started_second())),
            Variable::IsoTime => return text(calendar::iso_time(served.times.started)),
            Variable::Seconds => {
                return text(format!("{}.{:06}", served.times.micros / 1_000_000, served.times.micros % 1_000_000));
            }
            Variable::App => return text(served.app.to_string()),
            Variable::Noted(name) => return Cow::Borrowed(served.noted(name).unwrap_or(&[])),
            Variable::Status => served.outcome.status.into(),
            Variable::BodySize => served.outcome.body_bytes,
            Variable::HeadSize => served.outcome.head_bytes as u64,
            Variable::Size => served.outcome.body_bytes + served.outcome.head_bytes as u64,
            Variable::ContentLength => served.content_length(),
            Variable::Headers => served.outcome.headers as u64,
            Variable::Vars => served.vars() as u64,
            Variable::PacketSize => served.request.head_size() as u64,
            Variable::Modifier1 => served.request.modifiers().0.into(),
            Variable::Modifier2 => served.request.modifiers().1.into(),
            Variable::Time => served.times.started / 1_000_000,
            Variable::Epoch => sys::wall_us() / 1_000_000,
            Variable::StartMillis => served.times.started / 1000,
            Variable::StartMicros => served.times.started,
            Variable::Millis => served.times.micros / 1000,
            Variable::Micros => served.times.micros,
            Variable::Waited => served.times.waited / 1000,
            Variable::WaitedMicros => served.times.waited,
            Variable::Pid => served.pid.into(),
            Variable::Worker => served.worker as u64,
            Variable::Core => served.core as u64,
            Variable::Switches => 1,
            Variable::AddressSpace => sys::memory().0,
            Variable::Resident => sys::memory().1,
            Variable::AddressSpaceMega => sys::memory().0 >> 20,
            Variable::ResidentMega => sys::memory().1 >> 20,
            Variable::WriteErrors => served.outcome.write_errors,
            Variable::ReadErrors => served.outcome.read_errors,
            Variable::Errors => served.outcome.read_errors + served.outcome.write_errors,
            Variable::Metric => 0,
        };
        text(number.to_string())
    }
}

fn text<'a>(text: String) -> Cow<'a, [u8]> {
    Cow::Owned(text.into_bytes())
}

/// A name as the environ has it; all of uWSGI's own are in small letters.
fn is_environ_key(name: &[u8]) -> bool {
    name.first().is_some_and(u8::is_ascii_uppercase)
        && name.iter().all(|&byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}

#[derive(Debug, PartialEq, Eq)]
enum Part {
    Text(Vec<u8>),
    Value(Variable, Place),
}

/// A format, taken apart.
#[derive(Debug)]
pub struct Format {
    parts: Vec<Part>,
    /// For `%(ftime)`; empty: as `%(ltime)`.
    time: Vec<u8>,
    /// `%(addr)` is what X-Forwarded-For says.
    forwarded: bool,
    /// It asks how long requests waited.
    pub asks_waited: bool,
    /// It asks for what applications note.
    pub asks_noted: bool,
}

impl Format {
    /// Take `template` apart. `time` is how `%(ftime)` is written; empty: as `%(ltime)`.
    pub fn compile(template: &str, time: &str, forwarded: bool) -> Format {
        let is_json = template.trim_start().starts_with('{');
        let mut format =
            Format { parts: Vec::new(), time: time.into(), forwarded, asks_waited: false, asks_noted: false };
        let (mut rest, mut quoted) = (template.as_bytes(), false);
        while let Some((before, name, after)) = next_variable(rest) {
            format.push_text(before);
            quoted = is_quoted(before, quoted);
            let variable = Variable::named(name);
            format.asks_waited |= matches!(variable, Variable::Waited | Variable::WaitedMicros);
            format.asks_noted |= matches!(variable, Variable::Noted(_));
            let place = match (is_json, quoted) {
                (true, true) => Place::JsonString,
                (true, false) => Place::JsonValue,
                (false, true) => Place::Quoted,
                (false, false) => Place::Plain,
            };
            format.parts.push(Part::Value(variable, place));
            rest = after;
        }
        format.push_text(rest);
        format
    }

    fn push_text(&mut self, text: &[u8]) {
        if !text.is_empty() {
            self.parts.push(Part::Text(text.to_vec()));
        }
    }

    /// Append the line of a request, with its end.
    pub fn append(&self, served: &Served<'_>, out: &mut Vec<u8>) {
        for part in &self.parts {
            match part {
                Part::Text(text) => out.extend_from_slice(text),
                Part::Value(variable, place) => {
                    let value = variable.value(served, self);
                    if value.is_empty() && *place != Place::JsonValue {
                        out.push(b'-');
                    } else {
                        escape::append(&value, *place, variable.is_number(), out);
                    }
                }
            }
        }
        out.push(b'\n');
    }
}

/// The text before the next `%(name)`, the name, and the text behind it.
fn next_variable(text: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let start = text.windows(2).position(|two| two == b"%(")?;
    let name = text.get(start + 2..)?;
    let end = name.iter().position(|&byte| byte == b')')?;
    Some((text.get(..start)?, name.get(..end)?, name.get(end + 1..)?))
}

/// Whether what follows `text` stands between quotes.
fn is_quoted(text: &[u8], mut quoted: bool) -> bool {
    let mut escaped = false;
    for &byte in text {
        quoted ^= byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
    }
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(template: &str) -> Vec<Part> {
        Format::compile(template, "", false).parts
    }

    #[test]
    fn a_template_is_taken_apart() {
        assert_eq!(
            parts("a %(uri)%(nothing)"),
            [
                Part::Text(b"a ".to_vec()),
                Part::Value(Variable::Uri, Place::Plain),
                Part::Value(Variable::Noted(b"nothing".to_vec()), Place::Plain),
            ]
        );
        assert_eq!(parts("100% %(uri"), [Part::Text(b"100% %(uri".to_vec())]);
        assert_eq!(parts("%()"), [Part::Value(Variable::Noted(Vec::new()), Place::Plain)]);
        assert_eq!(
            parts("%(var.x)%(HTTP_X)"),
            [
                Part::Value(Variable::RequestNamed(b"x".to_vec()), Place::Plain),
                Part::Value(Variable::RequestNamed(b"HTTP_X".to_vec()), Place::Plain),
            ]
        );
    }

    #[test]
    fn the_place_of_a_value_is_known() {
        let places = |template: &str| -> Vec<Place> {
            let place = |part| if let Part::Value(_, place) = part { Some(place) } else { None };
            parts(template).into_iter().filter_map(place).collect()
        };
        assert_eq!(
            places(r#"%(uri) "%(uri) %(uri)" %(uri)"#),
            [Place::Plain, Place::Quoted, Place::Quoted, Place::Plain]
        );
        assert_eq!(
            places(r#" {"a\"%(uri)": %(uri), "b": "%(uri)"}"#),
            [Place::JsonString, Place::JsonValue, Place::JsonString]
        );
    }
}
