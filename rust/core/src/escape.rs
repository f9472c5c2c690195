//! What comes from outside, made harmless for a line of the log: no byte of a client ends a line, moves a cursor or
//! leaves the quotes it stands in. Bytes in, bytes out; knows nothing of requests.

use std::io::Write;

/// Where a value stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Text without quotes.
    Plain,
    /// Text between double quotes.
    Quoted,
    /// A string of JSON: between its quotes.
    JsonString,
    /// A value of JSON, without quotes around it.
    JsonValue,
}

/// Append with control characters as escapes.
pub fn plain(bytes: &[u8], out: &mut Vec<u8>) {
    if bytes.iter().all(|&byte| (0x20..0x7f).contains(&byte)) {
        out.extend_from_slice(bytes);
        return;
    }
    with_escapes(bytes, false, out);
}

/// Append `bytes` as they may stand at `place`. `number`: the variable is one by nature.
pub fn append(bytes: &[u8], place: Place, number: bool, out: &mut Vec<u8>) {
    match place {
        Place::Plain => plain(bytes, out),
        Place::Quoted => with_escapes(bytes, true, out),
        Place::JsonString => json(bytes, out),
        Place::JsonValue if bytes.is_empty() => out.extend_from_slice(b"null"),
        Place::JsonValue if number && is_json_number(bytes) => out.extend_from_slice(bytes),
        Place::JsonValue => {
            out.push(b'"');
            json(bytes, out);
            out.push(b'"');
        }
    }
}

/// Append with control characters as escapes; `quotes`: also what would end the quotes around it.
fn with_escapes(bytes: &[u8], quotes: bool, out: &mut Vec<u8>) {
    // Each chunk is a run of good UTF-8 and what spoils it.
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\n' => out.extend_from_slice(b"\\n"),
                '\r' => out.extend_from_slice(b"\\r"),
                '\t' => out.extend_from_slice(b"\\t"),
                '"' | '\\' if quotes => out.extend_from_slice(&[b'\\', c as u8]),
                // The second range is that of the other control characters, which some terminals obey too.
                '\0'..='\x1f' | '\x7f'..='\u{9f}' => escape_bytes(c.encode_utf8(&mut [0; 4]).as_bytes(), out),
                c => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
        escape_bytes(chunk.invalid(), out);
    }
}

fn escape_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    for byte in bytes {
        // Writing to a vector does not fail.
        let _ = write!(out, "\\x{byte:02x}");
    }
}

/// Append as the inside of a JSON string. A byte that is no UTF-8 becomes the character of its number.
fn json(bytes: &[u8], out: &mut Vec<u8>) {
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '"' | '\\' => out.extend_from_slice(&[b'\\', c as u8]),
                '\n' => out.extend_from_slice(b"\\n"),
                '\r' => out.extend_from_slice(b"\\r"),
                '\t' => out.extend_from_slice(b"\\t"),
                // Line separators too: some readers of lines take them for the end of one.
                '\0'..='\x1f' | '\x7f'..='\u{9f}' | '\u{2028}' | '\u{2029}' => {
                    let _ = write!(out, "\\u{:04x}", u32::from(c));
                }
                c => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
        for byte in chunk.invalid() {
            let _ = write!(out, "\\u{byte:04x}");
        }
    }
}

/// Is it a number as JSON writes it?
fn is_json_number(bytes: &[u8]) -> bool {
    let digits = bytes.strip_prefix(b"-").unwrap_or(bytes);
    let (whole, fraction) = match digits.iter().position(|&byte| byte == b'.') {
        Some(dot) => (digits.get(..dot).unwrap_or(&[]), digits.get(dot + 1..)),
        None => (digits, None),
    };
    let are_digits = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_digit);
    are_digits(whole) && (whole.len() == 1 || !whole.starts_with(b"0")) && fraction.is_none_or(are_digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(place: Place, bytes: &[u8]) -> String {
        let mut out = Vec::new();
        append(bytes, place, true, &mut out);
        String::from_utf8_lossy(&out).into_owned()
    }

    #[test]
    fn nothing_ends_the_line_or_the_quotes() {
        let hostile = "a\"b\\\n\x1b[2J\u{85}è".as_bytes();
        assert_eq!(at(Place::Plain, hostile), "a\"b\\\\n\\x1b[2J\\xc2\\x85è");
        assert_eq!(at(Place::Quoted, hostile), "a\\\"b\\\\\\n\\x1b[2J\\xc2\\x85è");
        assert_eq!(at(Place::JsonString, hostile), "a\\\"b\\\\\\n\\u001b[2J\\u0085è");
        assert_eq!(at(Place::JsonString, b"\xff\xc3"), "\\u00ff\\u00c3");
        assert_eq!(at(Place::Plain, b"\xff"), "\\xff");
    }

    #[test]
    fn a_bare_value_is_json_whatever_it_is() {
        for number in ["0", "-1", "10", "0.000188"] {
            assert_eq!(at(Place::JsonValue, number.as_bytes()), number);
        }
        for text in ["01", "1.", ".5", "-", "1e5", "+1", "12,\"x\":1", "NaN", "١"] {
            assert!(at(Place::JsonValue, text.as_bytes()).starts_with('"'), "{text}");
        }
        assert_eq!(at(Place::JsonValue, b""), "null");
    }
}
