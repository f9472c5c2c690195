//! The path of an HTTP request: percent-decoding and dot segments. Does not look at the file system.
//!
//! Source: RFC 3986 sections 2.1 and 5.2.4. The order matters: decoding comes first, so `%2e%2e` and `..%2f` are dot
//! segments like any other; and it comes once, so `%252e` stays `%2e`.

use alloc::vec::Vec;

use crate::Refusal;

/// PATH_INFO from the raw path of an HTTP request: percent-decode **once**, then resolve `.` and `..` segments, never
/// above the root. Empty segments (`//`) stay. Answers `raw` itself when there was nothing to do; `scratch` is cleared
/// and used otherwise.
pub fn decode_path<'a>(raw: &'a [u8], scratch: &'a mut Vec<u8>) -> Result<&'a [u8], Refusal> {
    if is_plain(raw) {
        return Ok(raw);
    }
    scratch.clear();
    unescape(raw, scratch)?;
    if scratch.first() == Some(&b'/') {
        resolve(scratch);
    }
    Ok(scratch)
}

/// No escape, and no segment that starts with a dot.
fn is_plain(raw: &[u8]) -> bool {
    let mut before = 0;
    for byte in raw {
        if *byte == b'%' || (*byte == b'.' && before == b'/') {
            return false;
        }
        before = *byte;
    }
    true
}

fn unescape(raw: &[u8], out: &mut Vec<u8>) -> Result<(), Refusal> {
    let mut pieces = raw.split(|byte| *byte == b'%');
    out.extend_from_slice(pieces.next().unwrap_or(&[]));
    for piece in pieces {
        let ([high, low], rest) = piece.split_first_chunk::<2>().ok_or(Refusal::PathEscape)?;
        match (digit(*high), digit(*low)) {
            (Some(0), Some(0)) | (None, _) | (_, None) => return Err(Refusal::PathEscape),
            (Some(high), Some(low)) => out.push(high << 4 | low),
        }
        out.extend_from_slice(rest);
    }
    Ok(())
}

fn digit(byte: u8) -> Option<u8> {
    (byte as char).to_digit(16).map(|value| value as u8)
}

/// Take the dot segments out of a path that starts with `/`, in place.
fn resolve(path: &mut Vec<u8>) {
    let mut kept = 0;
    let mut at = 0;
    // `at` is always at the slash before a segment, and never before `kept`.
    while at < path.len() {
        let start = at + 1;
        let end = path.iter().skip(start).position(|byte| *byte == b'/').map_or(path.len(), |length| start + length);
        let is_dots = match path.get(start..end) {
            Some(b"..") => {
                kept = path.iter().take(kept).rposition(|byte| *byte == b'/').unwrap_or(0);
                true
            }
            Some(b".") => true,
            _ => {
                path.copy_within(at..end, kept);
                kept += end - at;
                false
            }
        };
        // Dots at the end leave their slash.
        if is_dots && end == path.len() {
            if let Some(byte) = path.get_mut(kept) {
                *byte = b'/';
            }
            kept += 1;
        }
        at = end;
    }
    path.truncate(kept);
}
