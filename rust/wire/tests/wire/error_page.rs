//! The server's own answers.

use crate::frame::{read_records, FACTS};
use wire::{error_page, reason, Facts, Protocol, Version};

fn page(facts: &Facts, status: u16, text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    error_page(facts, status, text, &mut out);
    out
}

#[test]
fn each_protocol_has_its_page() {
    let http = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 16\r\n\
                Connection: close\r\n\r\n400 Bad Request\n";
    assert_eq!(page(&FACTS, 400, ""), http.as_bytes());
    let uwsgi = Facts { protocol: Protocol::Uwsgi, version: Version::Http10, ..FACTS };
    assert!(page(&uwsgi, 500, "").starts_with(b"HTTP/1.0 500 Internal Server Error\r\n"));
    assert!(!page(&uwsgi, 500, "").windows(11).any(|window| window == b"Connection:"));
    let scgi = Facts { protocol: Protocol::Scgi, ..FACTS };
    assert!(page(&scgi, 500, "").starts_with(b"Status: 500 Internal Server Error\r\n"));
    let fastcgi = Facts { protocol: Protocol::FastCgi, ..FACTS };
    let (text, _, _) = read_records(&page(&fastcgi, 431, "why"), 7);
    assert!(text.starts_with(b"Status: 431 Request Header Fields Too Large\r\n"));
    assert!(text.ends_with(b"\r\n\r\n431 Request Header Fields Too Large\nwhy\n"));
}

#[test]
fn head_gets_no_body() {
    let page = page(&Facts { head_only: true, ..FACTS }, 500, "");
    assert!(page.ends_with(b"\r\n\r\n"));
}

#[test]
fn a_fastcgi_connection_without_a_request_gets_nothing() {
    assert!(page(&Facts { protocol: Protocol::FastCgi, request_id: 0, ..FACTS }, 400, "").is_empty());
}

#[test]
fn every_status_of_a_refusal_has_a_reason() {
    for status in [400, 413, 414, 417, 431, 500, 501, 503, 505] {
        assert_ne!(reason(status), "Error");
    }
}
