//! Which files expire when, and which have a compressed sibling: `static-expires*` and `static-gzip*`. Pure.

use regex_lite::Regex;

use super::beneath::is_below;

/// What a rule looks at.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The file's path as the configuration and the request have it.
    pub file: &'a [u8],
    /// Its content type.
    pub kind: &'a [u8],
    /// PATH_INFO.
    pub path_info: &'a [u8],
    /// REQUEST_URI.
    pub uri: &'a [u8],
}

/// When a rule applies.
#[derive(Debug)]
pub enum Pattern {
    /// Always.
    All,
    /// The content type is this one.
    Type(Vec<u8>),
    /// The file is in this directory.
    Directory(Vec<u8>),
    /// The file's name ends so.
    Ending(Vec<u8>),
    /// The expression is found in the file's path.
    File(Regex),
    /// … in PATH_INFO.
    PathInfo(Regex),
    /// … in REQUEST_URI.
    Uri(Regex),
}

impl Pattern {
    /// The pattern of a rule as the configuration says it; the error is for people.
    pub fn read(kind: &str, text: &[u8]) -> Result<Pattern, String> {
        let regex = |make: fn(Regex) -> Pattern| {
            let text = String::from_utf8_lossy(text);
            Regex::new(&text).map(make).map_err(|error| format!("{text:?} is no regular expression: {error}"))
        };
        match kind {
            "all" => Ok(Pattern::All),
            "type" => Ok(Pattern::Type(text.to_vec())),
            "directory" => Ok(Pattern::Directory(text.to_vec())),
            "ending" => Ok(Pattern::Ending(text.to_vec())),
            "file" => regex(Pattern::File),
            "path-info" => regex(Pattern::PathInfo),
            "uri" => regex(Pattern::Uri),
            other => Err(format!("{other:?} is no kind of rule")),
        }
    }

    /// Does it apply?
    pub fn matches(&self, subject: &Subject<'_>) -> bool {
        let found = |regex: &Regex, text: &[u8]| regex.is_match(&String::from_utf8_lossy(text));
        match self {
            Pattern::All => true,
            Pattern::Type(kind) => subject.kind == kind.as_slice(),
            Pattern::Directory(directory) => is_below(subject.file, directory),
            Pattern::Ending(ending) => subject.file.ends_with(ending),
            Pattern::File(regex) => found(regex, subject.file),
            Pattern::PathInfo(regex) => found(regex, subject.path_info),
            Pattern::Uri(regex) => found(regex, subject.uri),
        }
    }
}

/// One `static-expires*`.
#[derive(Debug)]
pub struct Expiry {
    /// When it applies.
    pub pattern: Pattern,
    /// Seconds.
    pub seconds: i64,
    /// After the last modification of the file; otherwise after now.
    pub from_mtime: bool,
}

/// When the answer expires, in seconds since the epoch; the first rule that applies decides.
pub fn expiry(rules: &[Expiry], subject: &Subject<'_>, now: i64, modified: i64) -> Option<i64> {
    let rule = rules.iter().find(|rule| rule.pattern.matches(subject))?;
    Some(if rule.from_mtime { modified } else { now }.saturating_add(rule.seconds))
}

/// Does this Accept-Encoding accept a coding of this name?
pub fn accepts(header: &[u8], coding: &[u8]) -> bool {
    let mut any = false;
    for item in header.split(|&byte| byte == b',') {
        let mut parts = item.split(|&byte| byte == b';');
        let name = parts.next().unwrap_or(&[]).trim_ascii();
        let is_none = parts.any(|part| {
            let part = part.trim_ascii();
            let value = part.strip_prefix(b"q=").or_else(|| part.strip_prefix(b"Q="));
            value.is_some_and(|value| value.iter().all(|&byte| byte == b'0' || byte == b'.'))
        });
        if name.eq_ignore_ascii_case(coding) {
            return !is_none;
        }
        any |= name == b"*" && !is_none;
    }
    any
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const SUBJECT: Subject<'_> = Subject {
        file: b"/srv/s/app.1a2b.js",
        kind: b"text/javascript",
        path_info: b"/s/app.1a2b.js",
        uri: b"/s/a?v=1",
    };

    #[test]
    fn patterns() {
        let cases = [
            ("all", "", true),
            ("type", "text/javascript", true),
            ("type", "text", false),
            ("directory", "/srv/s", true),
            ("directory", "/srv", true),
            ("directory", "/srv/s/app", false),
            ("ending", ".js", true),
            ("ending", ".css", false),
            ("file", r"\.[0-9a-f]{4}\.js$", true),
            ("file", r"^/s/", false),
            ("path-info", r"^/s/", true),
            ("uri", r"\?v=\d", true),
            ("uri", r"(?i)/S/", true),
        ];
        for (kind, text, expected) in cases {
            let pattern = Pattern::read(kind, text.as_bytes()).unwrap();
            assert_eq!(pattern.matches(&SUBJECT), expected, "{kind} {text}");
        }
        assert!(Pattern::read("file", b"(").is_err() && Pattern::read("other", b"").is_err());
    }

    #[test]
    fn the_first_rule_decides() {
        let rule = |kind, text: &str, seconds, from_mtime| Expiry {
            pattern: Pattern::read(kind, text.as_bytes()).unwrap(),
            seconds,
            from_mtime,
        };
        let rules = [rule("type", "text/css", 1, false), rule("ending", ".js", 10, false), rule("all", "", 100, true)];
        assert_eq!(expiry(&rules, &SUBJECT, 1000, 500), Some(1010));
        assert_eq!(expiry(&rules, &Subject { file: b"/x", ..SUBJECT }, 1000, 500), Some(600));
        assert_eq!(expiry(&[], &SUBJECT, 1000, 500), None);
    }

    #[test]
    fn a_coding_is_accepted_as_the_rfc_says() {
        let cases = [
            ("gzip", true),
            ("deflate, GZIP ;q=0.5", true),
            ("gzip;q=0", false),
            ("gzip; q=0.000", false),
            ("gzip;q=0.001", true),
            ("*", true),
            ("*;q=0", false),
            ("gzip;q=0, *", false),
            ("identity", false),
            ("xgzip", false),
            ("", false),
        ];
        for (header, expected) in cases {
            assert_eq!(accepts(header.as_bytes(), b"gzip"), expected, "{header}");
        }
    }
}
