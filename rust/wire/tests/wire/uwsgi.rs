//! uwsgi packets.

use crate::cuts::{refusal, run, table, LIMITS};
use wire::{Limits, Protocol, Refusal};

/// A packet as a front-end writes it.
pub fn packet(modifier1: u8, modifier2: u8, vars: &[(&str, &str)]) -> Vec<u8> {
    let mut block = Vec::new();
    for text in vars.iter().flat_map(|(name, value)| [name, value]) {
        block.extend_from_slice(&(text.len() as u16).to_le_bytes());
        block.extend_from_slice(text.as_bytes());
    }
    let size = (block.len() as u16).to_le_bytes();
    [&[modifier1, size[0], size[1], modifier2][..], &block].concat()
}

#[test]
fn packets_are_understood() {
    let case = |modifiers: (u8, u8), vars: &[(&str, &str)], want: &str| {
        table(Protocol::Uwsgi, &[(&packet(modifiers.0, modifiers.1, vars), want)])
    };
    case((0, 0), &[("REQUEST_METHOD", "GET")], "GET   ? 1.0 close empty REQUEST_METHOD=GET");
    case((0, 0), &[("A", "")], "   ? 1.0 close empty A=");
    case((30, 0), &[("SCRIPT_NAME", "/a")], "   ? 1.0 close empty modifiers:(30, 0) SCRIPT_NAME=/a");
    case(
        (0, 0),
        &[("REQUEST_METHOD", "POST"), ("REQUEST_URI", "/a%20b?c"), ("PATH_INFO", "/a b"), ("QUERY_STRING", "c"),
          ("SERVER_PROTOCOL", "HTTP/1.1"), ("CONTENT_LENGTH", "7"), ("HTTP_HOST", "x")],
        "POST /a%20b?c /a b ?c 1.1 close length:7 REQUEST_METHOD=POST REQUEST_URI=/a%20b?c PATH_INFO=/a b \
         QUERY_STRING=c SERVER_PROTOCOL=HTTP/1.1 CONTENT_LENGTH=7 HTTP_HOST=x",
    );
    case((0, 0), &[("CONTENT_LENGTH", "")], "   ? 1.0 close empty CONTENT_LENGTH=");
    case((0, 0), &[("CONTENT_LENGTH", "0")], "   ? 1.0 close empty CONTENT_LENGTH=0");
    case((0, 0), &[("REQUEST_METHOD", "HEAD")], "HEAD   ? 1.0 close empty head-only REQUEST_METHOD=HEAD");
    case((0, 0), &[("SERVER_PROTOCOL", "HTTP/2.0")], "   ? 1.1 close empty SERVER_PROTOCOL=HTTP/2.0");
    case((0, 0), &[("SERVER_PROTOCOL", "HTTP/1.0")], "   ? 1.0 close empty SERVER_PROTOCOL=HTTP/1.0");
    // Of equal names the last wins.
    case((0, 0), &[("PATH_INFO", "/a"), ("PATH_INFO", "/b")], "  /b ? 1.0 close empty PATH_INFO=/a PATH_INFO=/b");
}

#[test]
fn a_ping_is_answered() {
    table(Protocol::Uwsgi, &[(b"\x64\0\0\0", "answered close d\\x00\\x00\\x01")]);
    table(Protocol::Uwsgi, &[(b"\x64\x02\0\0xy", "answered close d\\x00\\x00\\x01")]);
}

#[test]
fn malformed_packets_are_refused() {
    let cases: &[(&[u8], &str)] = &[
        (b"\0\0\0\0", "no-variables"),
        (b"\0\x01\0\0\x01", "variables"),
        (b"\0\x02\0\0\0\0", "variables"),
        (b"\0\x04\0\0\0\0\0\0", "variables"),
        (b"\0\x03\0\0\x01\0A", "variables"),
        (b"\0\x05\0\0\x01\0A\x01\0", "variables"),
        (b"\0\x06\0\0\x09\0A\x01\0B", "variables"),
        (b"\0\x06\0\0\x01\0A\xff\xffB", "variables"),
        (b"\0\x01\x10\0", "head-too-large"),
        (b"GET / HTTP/1.1\r\n", "http-on-uwsgi-socket"),
        (b"\x05\0\0\0", "modifier"),
        (b"\x11\0\0\0", "modifier"),
        (b"\x6e\0\0\x01", "modifier"),
        (b"\x6f\0\0\0", "modifier"),
        (b"\xad\x04\0\0\0\0\0\0", "modifier"),
        (b"\xff\0\0\0", "modifier"),
    ];
    for (input, code) in cases {
        assert_eq!(run(Protocol::Uwsgi, input, &LIMITS).0, format!("refused {code}"), "{}", input.escape_ascii());
    }
    for length in ["3x", "-1", " 1", "18446744073709551616"] {
        let input = packet(0, 0, &[("CONTENT_LENGTH", length)]);
        assert_eq!(run(Protocol::Uwsgi, &input, &LIMITS).0, "refused content-length");
    }
}

#[test]
fn limits_are_exact_and_named() {
    let input = packet(0, 0, &[("A", "1"), ("B", "2")]);
    let size = input.len() - 4;
    assert!(run(Protocol::Uwsgi, &input, &Limits { head_bytes: size, max_vars: 2, body_bytes: 0 }).0.contains("B=2"));
    let small = Limits { head_bytes: size - 1, ..LIMITS };
    assert_eq!(refusal(Protocol::Uwsgi, &input, &small), Refusal::HeadTooLarge { size, limit: size - 1 });
    let few = Limits { max_vars: 1, ..LIMITS };
    assert_eq!(refusal(Protocol::Uwsgi, &input, &few), Refusal::TooManyVars { limit: 1 });
}

#[test]
fn a_refused_modifier_is_told_in_words() {
    let text = refusal(Protocol::Uwsgi, b"\x6e\0\0\x07", &LIMITS).to_string();
    assert!(text.contains("modifier 110 (modifier2 7)"), "{text}");
}
