//! Telling protocols apart.

use wire::{sniff, Protocol, Version};

#[test]
fn the_first_byte_tells_the_protocol() {
    for byte in 0..=255u8 {
        let want = match byte {
            0 | 30 => Some(Protocol::Uwsgi),
            1 => Some(Protocol::FastCgi),
            b'0'..=b'9' => Some(Protocol::Scgi),
            _ if byte.is_ascii_alphabetic() => Some(Protocol::Http),
            _ => None,
        };
        assert_eq!(sniff(byte), want, "{byte}");
    }
}

#[test]
fn versions_have_an_order() {
    assert!(Version::Http10 < Version::Http11);
    assert_eq!(Version::Http10.text(), "HTTP/1.0");
}
