//! What an application may give to `start_response`.

use wire::{check_header, check_status, is_hop_by_hop, Flaw};

#[test]
fn statuses() {
    let good: &[(&[u8], u16)] =
        &[(b"200 OK", 200), (b"404 Not Found", 404), (b"999 X\xe9\ty", 999), (b"204 ", 204), (b"200", 200)];
    for (status, number) in good {
        assert_eq!(check_status(status), Ok(*number), "{}", status.escape_ascii());
    }
    let bad: &[&[u8]] = &[
        b"", b"2", b"20", b"20 OK", b"2000 OK", b"abc", b"099 X", b"200\tOK", b" 200 OK", b"200OK", b"2\xb20 OK",
        b"200 OK\r\nX: y", b"200 OK\n", b"200 \0", b"200 \x7f",
    ];
    for status in bad {
        assert_eq!(check_status(status), Err(Flaw::Status), "{}", status.escape_ascii());
    }
}

/// Name, value, verdict.
type HeaderCase<'a> = (&'a [u8], &'a [u8], Result<(), Flaw>);

#[test]
fn headers() {
    let cases: &[HeaderCase] = &[
        (b"Content-Type", b"text/html; charset=utf-8", Ok(())),
        (b"X_y!", b"", Ok(())),
        (b"X", b"\xff\t\x1b", Ok(())),
        (b"Content-Length", b"10", Ok(())),
        (b"content-length", b"", Err(Flaw::ContentLength)),
        (b"Content-Length", b"-1", Err(Flaw::ContentLength)),
        (b"Content-Length", b"1, 1", Err(Flaw::ContentLength)),
        (b"", b"a", Err(Flaw::HeaderName)),
        (b"a b", b"a", Err(Flaw::HeaderName)),
        (b"a:", b"a", Err(Flaw::HeaderName)),
        (b"a\r\nb", b"a", Err(Flaw::HeaderName)),
        (b"caf\xe9", b"a", Err(Flaw::HeaderName)),
        (b"a", b"a\r\nSet-Cookie: b", Err(Flaw::HeaderValue)),
        (b"a", b"a\nb", Err(Flaw::HeaderValue)),
        (b"a", b"\r", Err(Flaw::HeaderValue)),
        (b"a", b"\0", Err(Flaw::HeaderValue)),
        (b"Connection", b"close", Err(Flaw::HopByHop)),
    ];
    for (name, value, want) in cases {
        assert_eq!(check_header(name, value), *want, "{} {}", name.escape_ascii(), value.escape_ascii());
    }
}

#[test]
fn hop_by_hop_names() {
    // As Python's wsgiref.util lists them.
    for name in [
        "connection", "Keep-Alive", "proxy-authenticate", "proxy-authorization", "te", "trailers", "Transfer-Encoding",
        "upgrade",
    ] {
        assert!(is_hop_by_hop(name.as_bytes()), "{name}");
    }
    for name in ["", "connections", "content-length", "date", "te2"] {
        assert!(!is_hop_by_hop(name.as_bytes()), "{name}");
    }
}

#[test]
fn a_flaw_is_told_in_words() {
    assert!(Flaw::HeaderValue.to_string().contains("CR, LF or NUL"));
}
