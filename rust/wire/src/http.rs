//! The decoder of HTTP/1.0 and HTTP/1.1 request heads.
//!
//! Source: RFC 9112 (message syntax) and RFC 9110 (fields); sections are named beside the code.
//!
//! The idea: one pass over the bytes. The end of a line is the first control character other than a tab, so the search
//! for it is also the check that a value has none, eight bytes at a time. A complete line is taken in at once and never
//! looked at again; of an incomplete one the request remembers how far it was searched. The first fault ends it.
//!
//! Where RFC 9112 allows a recipient to be lenient, this decoder is not: bare LF, folded lines, white space before a
//! colon, equal duplicates of Content-Length, and Content-Length beside Transfer-Encoding are refused, because what two
//! recipients read differently is how requests are smuggled. It is lenient where nothing is at stake and browsers are:
//! bytes such as `|` or `{` and raw UTF-8 are let through in a target, and an escape is checked only in the path.
//!
//! Fields whose name has an underscore are dropped, since `X_Real_IP` and `X-Real-IP` would be the same variable.
//!
//! What it does not do: join repeated fields, decode the path, map names to environ keys.

use crate::request::{content_length, Span};
use crate::{BodyFraming, Known, Limits, Progress, Refusal, Request, Var, Version};

const REQUEST_LINE: u8 = 0;
const FIELDS: u8 = 1;

/// Bits of [`crate::request::Scan::facts`].
const HOST: u32 = 1;
const LENGTH: u32 = 2;
const CHUNKED: u32 = 4;
const CLOSE: u32 = 8;
const KEEP_ALIVE: u32 = 16;
const EXPECT_CONTINUE: u32 = 32;
const EXPECT_OTHER: u32 = 64;

const TLS_HANDSHAKE: u8 = 0x16;

pub(crate) fn decode(buf: &[u8], limits: &Limits, request: &mut Request) -> Result<Progress, Refusal> {
    let limit = limits.head_bytes;
    loop {
        let too_large = |size: usize, stage: u8| match stage {
            REQUEST_LINE => Refusal::TargetTooLong { limit },
            _ => Refusal::HeadTooLarge { size, limit },
        };
        let stage = request.scan.stage;
        let Some(end) = control(buf, request.scan.seen) else {
            request.scan.seen = buf.len();
            return match buf.len() > limit {
                true => Err(too_large(buf.len(), stage)),
                false => Ok(Progress::Partial),
            };
        };
        request.scan.seen = end;
        // The order of these three makes the verdict the same wherever the bytes were cut.
        if end >= limit {
            return Err(too_large(end + 1, stage));
        }
        if buf.get(end) != Some(&b'\r') {
            return Err(unexpected(buf, end, stage));
        }
        if end + 2 > limit {
            return match buf.len() > limit {
                true => Err(too_large(end + 2, stage)),
                false => Ok(Progress::Partial),
            };
        }
        match buf.get(end + 1) {
            None => return Ok(Progress::Partial),
            Some(b'\n') => {}
            Some(_) => return Err(Refusal::BareCr),
        }
        let start = request.scan.at;
        let next = end + 2;
        request.scan.at = next;
        request.scan.seen = next;
        if stage == REQUEST_LINE {
            // 2.2: an empty line before the request line is ignored; one, not any number.
            if start == end && start == 0 {
                continue;
            }
            request_line(buf, start, end, request)?;
            request.scan.stage = FIELDS;
        } else if start == end {
            request.head_size = next;
            finish(limits, request)?;
            return Ok(Progress::Head { used: next });
        } else {
            field(buf, start, end, limits, request)?;
        }
    }
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// The first control character at or after `from`, tabs excepted.
#[inline]
fn control(buf: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    let mut rest = buf.get(from..)?;
    // Sixteen at a time while there is nothing: the compiler makes a few vector instructions of this.
    while let Some((many, after)) = rest.split_first_chunk::<16>() {
        if many.iter().fold(false, |met, byte| met | is_control(*byte)) {
            break;
        }
        at += 16;
        rest = after;
    }
    // Then eight, to find the place. The lowest mark is always right; those above it may come from the borrow, so after
    // a tab the search starts again.
    while let Some((eight, after)) = rest.split_first_chunk::<8>() {
        let word = u64::from_le_bytes(*eight);
        let below_space = word.wrapping_sub(ONES * 0x20) & !word & HIGH;
        let marks = below_space | equal(word, 0x7F);
        if marks == 0 {
            at += 8;
            rest = after;
            continue;
        }
        let first = (marks.trailing_zeros() / 8) as usize;
        if eight.get(first) != Some(&b'\t') {
            return Some(at + first);
        }
        at += first + 1;
        rest = buf.get(at..)?;
    }
    rest.iter().position(|byte| is_control(*byte)).map(|found| at + found)
}

#[inline]
fn is_control(byte: u8) -> bool {
    (byte < b' ' && byte != b'\t') | (byte == 0x7F)
}

/// A control character where none may be.
#[cold]
fn unexpected(buf: &[u8], at: usize, stage: u8) -> Refusal {
    match buf.get(at) {
        Some(b'\n') => Refusal::BareLf,
        Some(&TLS_HANDSHAKE) if at == 0 => Refusal::TlsOnPlainSocket,
        _ if stage == REQUEST_LINE => Refusal::RequestLine,
        _ => Refusal::HeaderValue,
    }
}

/// 3: `method SP request-target SP HTTP-version`, with single spaces.
fn request_line(buf: &[u8], start: usize, end: usize, request: &mut Request) -> Result<(), Refusal> {
    let line = buf.get(start..end).unwrap_or(&[]);
    let space = line.iter().position(|byte| *byte == b' ').ok_or(Refusal::RequestLine)?;
    let (method, rest) = line.split_at(space);
    // The version is at the end, so a target with a space in it is a bad target and not a bad version.
    let (rest, version) = rest.get(1..).and_then(|rest| rest.split_last_chunk::<9>()).ok_or(Refusal::RequestLine)?;
    let target = Span::new(start + space + 1, start + space + 1 + rest.len());
    if method.is_empty() || target.is_empty() {
        return Err(Refusal::RequestLine);
    }
    if method.iter().any(|byte| class(*byte) == NOT_TOKEN) {
        return Err(Refusal::Method);
    }
    request.version = match version {
        b" HTTP/1.0" => Version::Http10,
        // 2.3: a later minor version is answered with the highest that we speak.
        [b' ', b'H', b'T', b'T', b'P', b'/', b'1', b'.', b'1'..=b'9'] => Version::Http11,
        b" HTTP/2.0" if method == b"PRI" => return Err(Refusal::Http2),
        [b' ', b'H', b'T', b'T', b'P', b'/', b'0'..=b'9', b'.', b'0'..=b'9'] => return Err(Refusal::Version),
        _ => return Err(Refusal::RequestLine),
    };
    request.method = Span::new(start, start + space);
    request.head_only = method == b"HEAD";
    request.target = target;
    match rest {
        b"*" if method == b"OPTIONS" => {
            request.path = target;
            request.query = Span::new(target.end as usize, target.end as usize);
            Ok(())
        }
        _ if method == b"CONNECT" => Err(Refusal::ConnectMethod),
        [b'/', ..] => origin(buf, target, request),
        _ => absolute(buf, target, request),
    }
}

/// 3.2.1: a path and perhaps a query.
fn origin(buf: &[u8], span: Span, request: &mut Request) -> Result<(), Refusal> {
    let text = span.of(buf);
    let path = escaped_path(text)?;
    let middle = span.start as usize + path;
    request.path = Span::new(span.start as usize, middle);
    request.query = match text.get(path + 1..) {
        Some(query) if query.iter().any(|byte| is_no_target(*byte)) => return Err(Refusal::Target),
        Some(_) => Span::new(middle + 1, span.end as usize),
        None => Span::new(middle, middle),
    };
    Ok(())
}

/// The length of the path at the start of `text`, all of its escapes whole.
fn escaped_path(text: &[u8]) -> Result<usize, Refusal> {
    for (at, byte) in text.iter().enumerate() {
        match byte {
            b'?' => return Ok(at),
            b'%' => match (text.get(at + 1), text.get(at + 2)) {
                (Some(b'0'), Some(b'0')) => return Err(Refusal::PathEscape),
                (Some(high), Some(low)) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {}
                _ => return Err(Refusal::PathEscape),
            },
            byte if is_no_target(*byte) => return Err(Refusal::Target),
            _ => {}
        }
    }
    Ok(text.len())
}

/// No part of a target: spaces and tabs (other controls never come here), and `#`, which no client may send.
#[inline]
fn is_no_target(byte: u8) -> bool {
    byte <= b' ' || byte == b'#'
}

/// 3.2.2: a whole URI. Its host takes the place of the Host field.
fn absolute(buf: &[u8], target: Span, request: &mut Request) -> Result<(), Refusal> {
    let text = target.of(buf);
    let scheme = [7, 8].into_iter().find(|length| {
        text.get(..*length)
            .is_some_and(|head| head.eq_ignore_ascii_case(b"http://") || head.eq_ignore_ascii_case(b"https://"))
    });
    let scheme = scheme.ok_or(Refusal::Target)?;
    let start = target.start as usize + scheme;
    let after = text.get(scheme..).unwrap_or(&[]);
    let length = after.iter().position(|byte| matches!(byte, b'/' | b'?')).unwrap_or(after.len());
    let host = Span::new(start, start + length);
    if host.is_empty() || !is_host(host.of(buf)) {
        return Err(Refusal::Host);
    }
    request.scan.kept = Some(host);
    let end = target.end as usize;
    if after.get(length) == Some(&b'/') {
        return origin(buf, Span::new(start + length, end), request);
    }
    // No path: it is "/" (RFC 9110 4.2.3), and there is one just before the host.
    request.path = Span::new(start - 1, start);
    request.query = match after.get(length + 1..) {
        Some(query) if query.iter().any(|byte| is_no_target(*byte)) => return Err(Refusal::Target),
        Some(_) => Span::new(start + length + 1, end),
        None => Span::new(end, end),
    };
    Ok(())
}

/// 5: `name ":" OWS value OWS`.
fn field(buf: &[u8], start: usize, end: usize, limits: &Limits, request: &mut Request) -> Result<(), Refusal> {
    let line = buf.get(start..end).unwrap_or(&[]);
    let colon = colon(line);
    let name = line.get(..colon).unwrap_or(line);
    // A usual name is a valid name; only of the others every byte must be looked at.
    let known = match colon < line.len() {
        true => Known::of_header(name),
        false => Known::Other,
    };
    let met = match known {
        Known::Other => check_name(line)?,
        _ => 0,
    };
    if request.vars.len() + request.dropped_headers as usize >= limits.max_vars {
        return Err(Refusal::TooManyVars { limit: limits.max_vars });
    }
    if met & UNDERSCORE != 0 {
        request.dropped_headers += 1;
        return Ok(());
    }
    let name = Span::new(start, start + colon);
    let value = trimmed(buf, start + colon + 1, end);
    let facts = &mut request.scan.facts;
    match known {
        Known::HttpHost => {
            if *facts & HOST != 0 {
                return Err(Refusal::TwoHosts);
            }
            *facts |= HOST;
            if !is_host(value.of(buf)) {
                return Err(Refusal::Host);
            }
        }
        Known::ContentLength => {
            if *facts & LENGTH != 0 {
                return Err(Refusal::TwoContentLengths);
            }
            *facts |= LENGTH;
            let length = content_length(value.of(buf))?.ok_or(Refusal::ContentLength)?;
            request.scan.length = Some(length);
        }
        Known::HttpTransferEncoding => {
            if *facts & CHUNKED != 0 {
                return Err(Refusal::TransferEncoding);
            }
            transfer_encoding(value.of(buf))?;
            *facts |= CHUNKED;
        }
        Known::HttpConnection => {
            for option in elements(value.of(buf)) {
                if option.eq_ignore_ascii_case(b"close") {
                    *facts |= CLOSE;
                } else if option.eq_ignore_ascii_case(b"keep-alive") {
                    *facts |= KEEP_ALIVE;
                }
            }
        }
        Known::HttpExpect => {
            *facts |= match value.of(buf).eq_ignore_ascii_case(b"100-continue") {
                true => EXPECT_CONTINUE,
                false => EXPECT_OTHER,
            }
        }
        _ => {}
    }
    request.vars.push(Var { name, value, known });
    Ok(())
}

/// Where the first colon is, or the length of the line.
#[inline]
fn colon(line: &[u8]) -> usize {
    let mut at = 0;
    let mut rest = line;
    while let Some((eight, after)) = rest.split_first_chunk::<8>() {
        let marks = equal(u64::from_le_bytes(*eight), b':');
        if marks != 0 {
            return at + (marks.trailing_zeros() / 8) as usize;
        }
        at += 8;
        rest = after;
    }
    rest.iter().position(|byte| *byte == b':').map_or(line.len(), |found| at + found)
}

/// The highest bit of every byte that is `byte`; of those above the first one it may be wrong.
#[inline]
fn equal(word: u64, byte: u8) -> u64 {
    let zeros = word ^ (ONES * byte as u64);
    zeros.wrapping_sub(ONES) & !zeros & HIGH
}

/// The name that a line starts with: one token, right before a colon. Answers the classes of its bytes.
fn check_name(line: &[u8]) -> Result<u8, Refusal> {
    let mut met = 0;
    for (at, byte) in line.iter().enumerate() {
        let class = class(*byte);
        met |= class;
        if class != NOT_TOKEN {
            continue;
        }
        return match byte {
            b' ' | b'\t' if at == 0 => Err(Refusal::Fold),
            b' ' | b'\t' => Err(Refusal::SpaceBeforeColon),
            b':' if at > 0 => Ok(met),
            _ => Err(Refusal::HeaderName),
        };
    }
    Err(Refusal::HeaderName)
}

/// The empty line was met: the facts together decide.
fn finish(limits: &Limits, request: &mut Request) -> Result<(), Refusal> {
    let facts = request.scan.facts;
    let has = |fact: u32| facts & fact != 0;
    let modern = request.version == Version::Http11;
    if modern && !has(HOST) {
        return Err(Refusal::NoHost); // 3.2
    }
    if has(LENGTH) && has(CHUNKED) {
        return Err(Refusal::LengthAndEncoding); // 6.1
    }
    if has(CHUNKED) && !modern {
        return Err(Refusal::TransferEncoding); // 6.1
    }
    if modern && has(EXPECT_OTHER) {
        return Err(Refusal::Expectation); // RFC 9110 10.1.1
    }
    if let Some(value) = request.scan.kept {
        let count = request.vars.len();
        match request.vars.iter_mut().find(|var| var.known == Known::HttpHost) {
            Some(host) => host.value = value, // 3.2.2
            None if count >= limits.max_vars => return Err(Refusal::TooManyVars { limit: limits.max_vars }),
            None => request.vars.push(Var { name: Span::default(), value, known: Known::HttpHost }),
        }
    }
    if has(CHUNKED) {
        request.body = BodyFraming::Chunked;
    } else {
        request.body_by_length();
    }
    request.persistent = !has(CLOSE) && (modern || has(KEEP_ALIVE)); // 9.3
    request.expects_continue = modern && has(EXPECT_CONTINUE) && request.body != BodyFraming::Empty;
    Ok(())
}

/// 6.1 and 6.3: only `chunked` alone is served; what does not end with it once has no end at all.
fn transfer_encoding(value: &[u8]) -> Result<(), Refusal> {
    let is_chunked = |coding: &[u8]| coding.eq_ignore_ascii_case(b"chunked");
    if is_chunked(value) {
        return Ok(());
    }
    let last = elements(value).last().is_some_and(is_chunked);
    let once = elements(value).filter(|coding| is_chunked(coding)).count() == 1;
    let others = elements(value).any(|coding| !coding.is_empty() && !is_chunked(coding));
    match last && once && others {
        true => Err(Refusal::UnknownEncoding),
        false => Err(Refusal::TransferEncoding),
    }
}

/// The elements of a comma separated list.
fn elements(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii)
}

/// Without the spaces and tabs around it.
#[inline]
fn trimmed(buf: &[u8], mut start: usize, mut end: usize) -> Span {
    let is_blank = |at: usize| matches!(buf.get(at), Some(b' ' | b'\t'));
    while start < end && is_blank(start) {
        start += 1;
    }
    while start < end && is_blank(end - 1) {
        end -= 1;
    }
    Span::new(start, end)
}

/// `uri-host [":" port]` (RFC 9110 7.2), or nothing. The letters of a host are checked, not their grammar.
fn is_host(value: &[u8]) -> bool {
    let (host, port) = match value {
        [b'[', ..] => {
            let Some(close) = value.iter().position(|byte| *byte == b']') else {
                return false;
            };
            let (host, port) = value.split_at(close + 1);
            let inside = host.get(1..close).unwrap_or(&[]);
            if inside.is_empty() || !inside.iter().all(|byte| is_host_byte(*byte) || *byte == b':') {
                return false;
            }
            (&[][..], port)
        }
        _ => value.split_at(value.iter().position(|byte| *byte == b':').unwrap_or(value.len())),
    };
    let port_fits = match port {
        [] => true,
        [b':', digits @ ..] => digits.len() <= 5 && digits.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    port_fits && host.iter().all(|byte| is_host_byte(*byte))
}

/// unreserved, sub-delims and `%` of RFC 3986.
fn is_host_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=".contains(&byte)
}

/// Not part of a token (RFC 9110 5.6.2).
pub(crate) const NOT_TOKEN: u8 = 0;
const TOKEN: u8 = 1;
const UNDERSCORE: u8 = 2;

static CLASSES: [u8; 256] = {
    let mut classes = [NOT_TOKEN; 256];
    let mut byte = 0;
    while byte < 256 {
        let is_token = (byte as u8).is_ascii_alphanumeric()
            || matches!(
                byte as u8,
                b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'`' | b'|' | b'~'
            );
        if is_token {
            classes[byte] = TOKEN;
        }
        byte += 1;
    }
    classes[b'_' as usize] = UNDERSCORE;
    classes
};

/// What a byte may be in a name.
#[inline]
pub(crate) fn class(byte: u8) -> u8 {
    CLASSES.get(usize::from(byte)).copied().unwrap_or(NOT_TOKEN)
}
