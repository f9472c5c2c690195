//! What a conditional request or a range makes of an answer. Pure: header values and facts of the file in, a verdict out.
//!
//! Sources: RFC 9110 sections 13.1, 13.2.2 (the order) and 14. One range is served; a request for several gets the whole
//! file, which the RFC allows and which costs no more than it should.

use super::dates;

/// The conditional headers of a request; of a list that came in several lines, the lines are joined by commas.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// `If-Match`.
    pub if_match: Option<Vec<u8>>,
    /// `If-None-Match`.
    pub if_none_match: Option<Vec<u8>>,
    /// `If-Modified-Since`.
    pub if_modified_since: Option<Vec<u8>>,
    /// `If-Unmodified-Since`.
    pub if_unmodified_since: Option<Vec<u8>>,
    /// `If-Range`.
    pub if_range: Option<Vec<u8>>,
    /// `Range`.
    pub range: Option<Vec<u8>>,
}

/// The file.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// With its quotes; strong.
    pub etag: &'a [u8],
    /// Seconds since the epoch.
    pub modified: i64,
    /// Bytes.
    pub size: u64,
}

/// What to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// 200: all of it.
    Whole,
    /// 206: so many bytes from this one on.
    Part { first: u64, length: u64 },
    /// 304.
    NotModified,
    /// 412.
    Failed,
    /// 416.
    Unsatisfiable,
}

/// Judge a GET (or HEAD, for which ranges mean nothing).
pub fn judge(asked: &Asked, file: Facts<'_>, is_get: bool) -> Verdict {
    let date = |text: &Option<Vec<u8>>| text.as_deref().and_then(dates::parse);
    if let Some(list) = &asked.if_match {
        if !lists(list, file.etag, false) {
            return Verdict::Failed;
        }
    } else if date(&asked.if_unmodified_since).is_some_and(|since| file.modified > since) {
        return Verdict::Failed;
    }
    if let Some(list) = &asked.if_none_match {
        if lists(list, file.etag, true) {
            return Verdict::NotModified;
        }
    } else if date(&asked.if_modified_since).is_some_and(|since| file.modified <= since) {
        return Verdict::NotModified;
    }
    let Some(range) = asked.range.as_deref().filter(|_| is_get) else { return Verdict::Whole };
    if let Some(validator) = asked.if_range.as_deref().map(<[u8]>::trim_ascii) {
        let is_same = if validator.starts_with(b"\"") || validator.starts_with(b"W/") {
            validator == file.etag
        } else {
            dates::parse(validator) == Some(file.modified)
        };
        if !is_same {
            return Verdict::Whole;
        }
    }
    part(range, file.size)
}

/// Does a list of entity tags have this one? Weak comparison looks past `W/`.
fn lists(list: &[u8], etag: &[u8], weakly: bool) -> bool {
    let mut rest = list.trim_ascii();
    if rest == b"*" {
        return true;
    }
    while !rest.is_empty() {
        let (weak, opaque) = match rest.strip_prefix(b"W/") {
            Some(opaque) => (true, opaque),
            None => (false, rest),
        };
        let Some(inner) = opaque.strip_prefix(b"\"") else {
            // Not a tag: go on behind the next comma.
            match rest.iter().position(|&byte| byte == b',') {
                Some(comma) => rest = rest.get(comma + 1..).unwrap_or(&[]).trim_ascii_start(),
                None => return false,
            }
            continue;
        };
        let Some(end) = inner.iter().position(|&byte| byte == b'"') else { return false };
        let tag = opaque.get(..end + 2).unwrap_or(&[]);
        if tag == etag && (weakly || !weak) {
            return true;
        }
        rest = opaque.get(end + 2..).unwrap_or(&[]).trim_ascii_start();
        rest = rest.strip_prefix(b",").unwrap_or(rest).trim_ascii_start();
    }
    false
}

fn part(range: &[u8], size: u64) -> Verdict {
    let Some((unit, spec)) = range.split_once_byte(b'=') else { return Verdict::Whole };
    if !unit.trim_ascii().eq_ignore_ascii_case(b"bytes") || spec.contains(&b',') {
        return Verdict::Whole;
    }
    let Some((first, last)) = spec.trim_ascii().split_once_byte(b'-') else { return Verdict::Whole };
    match (number(first), number(last)) {
        (Number::Is(first), last) => {
            let last = match last {
                Number::Is(last) if last < first => return Verdict::Whole,
                Number::Is(last) => last,
                Number::Missing => u64::MAX,
                Number::Bad => return Verdict::Whole,
            };
            if first >= size {
                return Verdict::Unsatisfiable;
            }
            Verdict::Part { first, length: last.min(size - 1) - first + 1 }
        }
        (Number::Missing, Number::Is(0)) => Verdict::Unsatisfiable,
        (Number::Missing, Number::Is(_)) if size == 0 => Verdict::Unsatisfiable,
        (Number::Missing, Number::Is(suffix)) => {
            let length = suffix.min(size);
            Verdict::Part { first: size - length, length }
        }
        _ => Verdict::Whole,
    }
}

enum Number {
    Missing,
    Is(u64),
    Bad,
}

fn number(digits: &[u8]) -> Number {
    if digits.is_empty() {
        return Number::Missing;
    }
    if !digits.iter().all(u8::is_ascii_digit) {
        return Number::Bad;
    }
    // A number too large for us is behind every file.
    Number::Is(digits.iter().fold(0u64, |sum, digit| sum.saturating_mul(10).saturating_add(u64::from(digit - b'0'))))
}

trait SplitOnce {
    fn split_once_byte(&self, byte: u8) -> Option<(&[u8], &[u8])>;
}

impl SplitOnce for [u8] {
    fn split_once_byte(&self, byte: u8) -> Option<(&[u8], &[u8])> {
        let at = self.iter().position(|&here| here == byte)?;
        Some((self.get(..at)?, self.get(at + 1..)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
    const EARLIER: &str = "Sun, 06 Nov 1994 08:49:36 GMT";
    const LATER: &str = "Sun, 06 Nov 1994 08:49:38 GMT";

    fn asked(headers: &[(&str, &str)]) -> Asked {
        let mut asked = Asked::default();
        for (name, value) in headers {
            let value = Some(value.as_bytes().to_vec());
            match *name {
                "If-Match" => asked.if_match = value,
                "If-None-Match" => asked.if_none_match = value,
                "If-Modified-Since" => asked.if_modified_since = value,
                "If-Unmodified-Since" => asked.if_unmodified_since = value,
                "If-Range" => asked.if_range = value,
                "Range" => asked.range = value,
                other => panic!("{other}"),
            }
        }
        asked
    }

    fn verdict(headers: &[(&str, &str)]) -> Verdict {
        judge(&asked(headers), Facts { etag: b"\"a-b\"", modified: 784_111_777, size: 100 }, true)
    }

    #[test]
    fn conditions_in_the_order_of_the_rfc() {
        use Verdict::{Failed, NotModified, Whole};
        let cases: &[(&[(&str, &str)], Verdict)] = &[
            (&[], Whole),
            (&[("If-None-Match", "\"a-b\"")], NotModified),
            (&[("If-None-Match", "W/\"a-b\"")], NotModified),
            (&[("If-None-Match", "\"x\", W/\"a-b\" ,\"y\"")], NotModified),
            (&[("If-None-Match", "\"x,\", \"a-b\"")], NotModified),
            (&[("If-None-Match", "\"x\\\", \"a-b\"")], NotModified),
            (&[("If-None-Match", "*")], NotModified),
            (&[("If-None-Match", "\"other\"")], Whole),
            (&[("If-None-Match", "a-b")], Whole),
            (&[("If-None-Match", "junk, \"a-b\"")], NotModified),
            (&[("If-None-Match", "\"a-b")], Whole),
            (&[("If-None-Match", "")], Whole),
            (&[("If-Modified-Since", DATE)], NotModified),
            (&[("If-Modified-Since", LATER)], NotModified),
            (&[("If-Modified-Since", EARLIER)], Whole),
            (&[("If-Modified-Since", "yesterday")], Whole),
            // The tag decides, the date is not asked.
            (&[("If-None-Match", "\"x\""), ("If-Modified-Since", LATER)], Whole),
            (&[("If-Match", "\"a-b\"")], Whole),
            (&[("If-Match", "*")], Whole),
            (&[("If-Match", "W/\"a-b\"")], Failed),
            (&[("If-Match", "\"x\"")], Failed),
            (&[("If-Unmodified-Since", EARLIER)], Failed),
            (&[("If-Unmodified-Since", DATE)], Whole),
            (&[("If-Match", "\"a-b\""), ("If-Unmodified-Since", EARLIER)], Whole),
            (&[("If-Match", "\"x\""), ("If-None-Match", "\"a-b\"")], Failed),
            (&[("Range", "bytes=0-1"), ("If-None-Match", "\"a-b\"")], NotModified),
        ];
        for (headers, expected) in cases {
            assert_eq!(verdict(headers), *expected, "{headers:?}");
        }
    }

    #[test]
    fn ranges() {
        use Verdict::{Part, Unsatisfiable, Whole};
        let cases = [
            ("bytes=0-0", Part { first: 0, length: 1 }),
            ("bytes=0-", Part { first: 0, length: 100 }),
            ("bytes=10-19", Part { first: 10, length: 10 }),
            ("Bytes=10-1000", Part { first: 10, length: 90 }),
            ("bytes=99-", Part { first: 99, length: 1 }),
            ("bytes=-1", Part { first: 99, length: 1 }),
            ("bytes=-1000", Part { first: 0, length: 100 }),
            ("bytes=0-99999999999999999999999999", Part { first: 0, length: 100 }),
            ("bytes=100-", Unsatisfiable),
            ("bytes=99999999999999999999999999-", Unsatisfiable),
            ("bytes=-0", Unsatisfiable),
            ("bytes=5-4", Whole),
            ("bytes=-", Whole),
            ("bytes=", Whole),
            ("bytes", Whole),
            ("bytes=a-b", Whole),
            ("bytes=1-b", Whole),
            ("bytes=--1", Whole),
            ("bytes=+1-2", Whole),
            ("lines=0-1", Whole),
            ("bytes=0-1,5-6", Whole),
            ("", Whole),
        ];
        for (range, expected) in cases {
            assert_eq!(verdict(&[("Range", range)]), expected, "{range}");
        }
    }

    #[test]
    fn an_empty_file_has_no_range() {
        let empty = Facts { etag: b"\"\"", modified: 0, size: 0 };
        for range in ["bytes=0-", "bytes=-1", "bytes=0-0"] {
            assert_eq!(judge(&asked(&[("Range", range)]), empty, true), Verdict::Unsatisfiable);
        }
    }

    #[test]
    fn a_range_of_something_else_is_the_whole() {
        let part = Verdict::Part { first: 0, length: 1 };
        let cases = [
            ("\"a-b\"", part),
            (DATE, part),
            ("W/\"a-b\"", Verdict::Whole),
            ("\"x\"", Verdict::Whole),
            (EARLIER, Verdict::Whole),
            (LATER, Verdict::Whole),
            ("junk", Verdict::Whole),
        ];
        for (validator, expected) in cases {
            assert_eq!(verdict(&[("Range", "bytes=0-0"), ("If-Range", validator)]), expected, "{validator}");
        }
    }

    #[test]
    fn head_knows_no_range() {
        let file = Facts { etag: b"\"\"", modified: 0, size: 9 };
        assert_eq!(judge(&asked(&[("Range", "bytes=0-0")]), file, false), Verdict::Whole);
    }
}
