//! A text with variables, `$1` for what the rule's expression found and `${NAME}` for a variable of the request, taken
//! apart once and filled in for each request. What is filled in is never read as a template again, so no client can put
//! a variable into it.
//!
//! | written | stands for |
//! |---|---|
//! | `$0` … `$9` | what the expression found, and its groups |
//! | `${NAME}` | a variable of the request, by its key in the environ; nothing if there is none |
//! | `${cookie[name]}` `${qs[name]}` | a cookie, a parameter of the query string, as they came |
//! | `${uwsgi[what]}` | `wid` `pid` `uuid` `status` `rtime` `rsize` `sor` `lq` |
//! | `${time[unix]}` `${time[micros]}` `${httptime[seconds]}` | now; a date of HTTP so many seconds from now |
//! | `${mime[NAME]}` `${base64[NAME]}` `${hex[NAME]}` | made of the value of a variable |

use super::pattern::Groups;
use super::vars::Vars;
use crate::log::http_date;
use crate::statics::Statics;

/// What a template may tell of.
pub struct Scene<'a> {
    pub vars: &'a Vars,
    pub groups: &'a Groups,
    pub facts: &'a Facts,
    /// For content types.
    pub statics: Option<&'a Statics>,
}

/// What is known besides the variables.
#[derive(Clone, Copy, Debug, Default)]
pub struct Facts {
    pub worker: usize,
    pub pid: u32,
    /// Microseconds since the epoch: now, and when the request began.
    pub now: u64,
    pub began: u64,
    /// Of the answer, as far as there is one.
    pub status: u16,
    pub body_bytes: u64,
    /// Somebody has answered already.
    pub is_answered: bool,
}

/// A function of variables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Function {
    Cookie,
    Query,
    Uwsgi,
    Time,
    HttpTime,
    Mime,
    Base64,
    Hex,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(Vec<u8>),
    Group(u8),
    /// Of a variable whose name may hold groups.
    Variable(Vec<Part>),
    Call(Function, Vec<Part>),
}

/// A template, taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template(Vec<Part>);

fn function(name: &[u8]) -> Option<Function> {
    Some(match name {
        b"cookie" => Function::Cookie,
        b"qs" => Function::Query,
        b"uwsgi" => Function::Uwsgi,
        b"time" => Function::Time,
        b"httptime" => Function::HttpTime,
        b"mime" => Function::Mime,
        b"base64" => Function::Base64,
        b"hex" => Function::Hex,
        _ => return None,
    })
}

fn push(parts: &mut Vec<Part>, bytes: &[u8]) {
    match parts.last_mut() {
        Some(Part::Text(text)) => text.extend_from_slice(bytes),
        _ if bytes.is_empty() => {}
        _ => parts.push(Part::Text(bytes.to_vec())),
    }
}

/// Text and groups; a `$` that means nothing is itself.
fn with_groups(text: &[u8]) -> Vec<Part> {
    let (mut parts, mut rest) = (Vec::new(), text);
    while let [first, behind @ ..] = rest {
        match (first, behind) {
            (b'$', [digit @ b'0'..=b'9', after @ ..]) => {
                parts.push(Part::Group(digit - b'0'));
                rest = after;
            }
            // The second of two may not begin anything.
            (b'$', [b'$', after @ ..]) => {
                push(&mut parts, b"$$");
                rest = after;
            }
            _ => {
                push(&mut parts, &[*first]);
                rest = behind;
            }
        }
    }
    parts
}

impl Template {
    /// Take a text apart. Every text is a template.
    pub fn compile(text: &[u8]) -> Template {
        let (mut parts, mut rest) = (Vec::new(), text);
        while let Some(start) = rest.windows(2).position(|two| two == b"${") {
            let (before, inner) = (rest.get(..start).unwrap_or(&[]), rest.get(start + 2..).unwrap_or(&[]));
            let Some(end) = inner.iter().position(|&byte| byte == b'}') else { break };
            let name = inner.get(..end).unwrap_or(&[]);
            parts.extend(with_groups(before));
            let bracket = name.iter().position(|&byte| byte == b'[').filter(|_| name.ends_with(b"]"));
            let called = bracket.and_then(|at| {
                let argument = name.get(at + 1..name.len() - 1)?;
                Some(Part::Call(function(name.get(..at)?)?, with_groups(argument)))
            });
            parts.push(called.unwrap_or_else(|| Part::Variable(with_groups(name))));
            rest = inner.get(end + 1..).unwrap_or(&[]);
        }
        parts.extend(with_groups(rest));
        Template(parts)
    }

    /// How many bytes of what comes of it no client can choose, from the beginning.
    pub fn own(&self, scene: &Scene<'_>) -> usize {
        match self.0.first() {
            Some(Part::Text(text)) => text.len(),
            Some(Part::Variable(name)) => scene.vars.own(&named(name, scene)),
            _ => 0,
        }
    }

    /// Nothing is filled in.
    pub fn is_text(&self) -> bool {
        matches!(&self.0[..], [] | [Part::Text(_)])
    }

    /// The variable that this is the value of, if it is nothing else.
    pub fn only_variable(&self) -> Option<&[u8]> {
        match &self.0[..] {
            [Part::Variable(name)] => match &name[..] {
                [Part::Text(name)] => Some(name),
                _ => None,
            },
            _ => None,
        }
    }

    /// The text of a request.
    pub fn render(&self, scene: &Scene<'_>) -> Vec<u8> {
        let mut out = Vec::new();
        fill(&self.0, scene, &mut out);
        out
    }
}

fn fill(parts: &[Part], scene: &Scene<'_>, out: &mut Vec<u8>) {
    for part in parts {
        match part {
            Part::Text(text) => out.extend_from_slice(text),
            Part::Group(number) => out.extend_from_slice(scene.groups.get(*number)),
            Part::Variable(name) => out.extend_from_slice(scene.vars.get(&named(name, scene))),
            Part::Call(function, argument) => call(*function, &named(argument, scene), scene, out),
        }
    }
}

fn named(parts: &[Part], scene: &Scene<'_>) -> Vec<u8> {
    let mut name = Vec::new();
    fill(parts, scene, &mut name);
    name
}

fn call(function: Function, argument: &[u8], scene: &Scene<'_>, out: &mut Vec<u8>) {
    let of = |name: &[u8]| scene.vars.get(name);
    match function {
        Function::Cookie => {
            let cookies = of(b"HTTP_COOKIE").split(|&byte| byte == b';').map(<[u8]>::trim_ascii);
            out.extend_from_slice(value_of(cookies, argument));
        }
        Function::Query => {
            out.extend_from_slice(value_of(of(b"QUERY_STRING").split(|&byte| byte == b'&'), argument));
        }
        Function::Uwsgi => tell(argument, scene.facts, out),
        Function::Time => match argument {
            b"unix" => put(scene.facts.now / 1_000_000, out),
            b"micros" => put(scene.facts.now, out),
            _ => {}
        },
        Function::HttpTime => {
            let second = i64::try_from(scene.facts.now / 1_000_000).unwrap_or(0);
            out.extend_from_slice(http_date(second.saturating_add(number(argument).clamp(0, 1 << 32))).as_bytes());
        }
        Function::Mime => {
            let value = of(argument);
            if let Some(statics) = scene.statics.filter(|_| !value.is_empty()) {
                out.extend_from_slice(statics.kind(value));
            }
        }
        Function::Base64 => base64(of(argument), out),
        Function::Hex => out.extend(of(argument).iter().flat_map(|byte| format!("{byte:02X}").into_bytes())),
    }
}

fn tell(what: &[u8], facts: &Facts, out: &mut Vec<u8>) {
    match what {
        b"wid" => put(facts.worker as u64, out),
        b"pid" => put(facts.pid.into(), out),
        b"status" => put(facts.status.into(), out),
        b"rtime" => put(facts.now.saturating_sub(facts.began), out),
        b"rsize" => put(facts.body_bytes, out),
        b"sor" => put(facts.began, out),
        b"lq" => put(0, out),
        b"uuid" => {
            let uuid = std::fs::read("/proc/sys/kernel/random/uuid").unwrap_or_default();
            out.extend_from_slice(uuid.trim_ascii());
        }
        _ => {}
    }
}

fn put(number: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(number.to_string().as_bytes());
}

/// The value of `name=value` among these.
fn value_of<'a>(mut items: impl Iterator<Item = &'a [u8]>, name: &[u8]) -> &'a [u8] {
    let found = items.find_map(|item| {
        let equals = item.iter().position(|&byte| byte == b'=')?;
        (item.get(..equals)? == name).then(|| item.get(equals + 1..)).flatten().filter(|value| !value.is_empty())
    });
    found.unwrap_or(&[])
}

/// The number that a text begins with, as C reads it; 0 without one.
pub fn number(text: &[u8]) -> i64 {
    let text = text.trim_ascii_start();
    let (sign, digits) = match text {
        [b'-', digits @ ..] => (-1, digits),
        [b'+', digits @ ..] => (1, digits),
        digits => (1, digits),
    };
    let digits = digits.iter().take_while(|byte| byte.is_ascii_digit());
    digits.fold(0i64, |sum, &digit| sum.saturating_mul(10).saturating_add(sign * i64::from(digit - b'0')))
}

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Append `data` in base64.
pub fn base64(data: &[u8], out: &mut Vec<u8>) {
    for three in data.chunks(3) {
        let byte = |index: usize| u32::from(three.get(index).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for index in 0..4 {
            let digit = BASE64.get((bits >> (18 - 6 * index) & 63) as usize).copied().unwrap_or(b'=');
            out.push(if index <= three.len() { digit } else { b'=' });
        }
    }
}

/// What base64 stands for; `None`: it is none. Padding may be missing.
pub fn from_base64(text: &[u8]) -> Option<Vec<u8>> {
    let text = text.trim_ascii();
    let end = text.iter().position(|&byte| byte == b'=').unwrap_or(text.len());
    let (digits, padding) = text.split_at(end);
    if padding.len() > 2 || padding.iter().any(|&byte| byte != b'=') || digits.len() % 4 == 1 {
        return None;
    }
    let mut out = Vec::with_capacity(digits.len() / 4 * 3 + 2);
    for four in digits.chunks(4) {
        let mut bits = 0u32;
        for &digit in four {
            bits = bits << 6 | u32::try_from(BASE64.iter().position(|&known| known == digit)?).ok()?;
        }
        bits <<= 6 * (4 - four.len());
        let bytes = bits.to_be_bytes();
        out.extend(bytes.iter().skip(1).take(four.len() - 1));
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::pattern::Pattern;
    use super::*;

    fn vars() -> Vars {
        let mut vars = Vars::default();
        for (name, value) in [
            ("PATH_INFO", "/a/b.txt"),
            ("HTTP_HOST", "h"),
            ("QUERY_STRING", "x=1&y=&z=3=4&${HTTP_HOST}"),
            ("HTTP_COOKIE", "a=1;  b=2 ; c=3"),
        ] {
            vars.set(name.as_bytes(), value.as_bytes());
        }
        vars
    }

    fn rendered(template: &str) -> String {
        let groups = Pattern::new(b"^/(a)/(.*)").unwrap().find(b"/a/HOST").unwrap();
        let facts = Facts { worker: 2, pid: 7, now: 1_000_000_000, status: 404, ..Facts::default() };
        let scene = Scene { vars: &vars(), groups: &groups, facts: &facts, statics: None };
        String::from_utf8(Template::compile(template.as_bytes()).render(&scene)).unwrap()
    }

    #[test]
    fn what_is_written_and_what_comes_of_it() {
        for (template, expected) in [
            ("", ""),
            ("plain", "plain"),
            ("/x$0/$1-$2-$3", "/x/a/HOST/a-HOST-"),
            ("$a$", "$a$"),
            ("$$1", "$$1"),
            ("$${HTTP_HOST}", "$h"),
            ("${HTTP_HOST}${NOPE}:${HTTP_HOST", "h:${HTTP_HOST"),
            ("${HTTP_$2}", "h"),
            ("${QUERY_STRING}", "x=1&y=&z=3=4&${HTTP_HOST}"),
            ("${qs[x]}|${qs[y]}|${qs[z]}|${qs[n]}", "1||3=4|"),
            ("${cookie[a]}${cookie[b]}${cookie[c]}${cookie[d]}", "123"),
            ("${base64[HTTP_HOST]}${hex[HTTP_HOST]}", "aA==68"),
            ("${uwsgi[wid]}${uwsgi[pid]}${uwsgi[status]}${uwsgi[x]}", "27404"),
            ("${time[unix]}${time[no]}", "1000"),
            ("${httptime[1]}", "Thu, 01 Jan 1970 00:16:41 GMT"),
            ("${other[x]}${}", ""),
            ("{}[]}", "{}[]}"),
        ] {
            assert_eq!(rendered(template), expected, "{template}");
        }
        assert_eq!(rendered("${uwsgi[uuid]}").len(), 36);
    }

    #[test]
    fn base64_both_ways() {
        for text in ["", "f", "fo", "foo", "foob", "joe:secret", "\u{0}\u{ff}"] {
            let mut out = Vec::new();
            base64(text.as_bytes(), &mut out);
            assert_eq!(from_base64(&out).unwrap(), text.as_bytes());
        }
        assert_eq!(from_base64(b"Zm8").unwrap(), b"fo");
        assert!(from_base64(b"Zm9v!").is_none() && from_base64(b"Z").is_none() && from_base64(b"Zm=9").is_none());
    }

    #[test]
    fn numbers_are_read_as_c_reads_them() {
        for (text, expected) in
            [("", 0), ("12x", 12), (" -3", -3), ("+4", 4), ("x", 0), ("9999999999999999999", i64::MAX)]
        {
            assert_eq!(number(text.as_bytes()), expected, "{text}");
        }
    }

    /// Whatever bytes there are, taking apart and filling in ends, and text without a dollar stays as it is.
    #[test]
    fn any_bytes_are_a_template() {
        let alphabet = b"${}[]0a$cookieqs;\xff\0\r\n";
        let mut seed = 1u64;
        for _ in 0..20_000 {
            let mut text = Vec::new();
            for _ in 0..seed % 24 {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                text.push(alphabet[(seed >> 33) as usize % alphabet.len()]);
            }
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let (vars, facts) = (vars(), Facts::default());
            let scene = Scene { vars: &vars, groups: &Groups::default(), facts: &facts, statics: None };
            let out = Template::compile(&text).render(&scene);
            if !text.contains(&b'$') {
                assert_eq!(out, text);
            }
        }
    }
}
