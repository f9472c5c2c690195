//! The PROXY protocol.

use crate::{invariants, seeds};
use wire::{proxy_header, Proxied, Refusal, PROXY_BYTES};

/// A header of version 2 with this command, this family and these addresses.
pub fn binary(command: u8, family: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = b"\r\n\r\n\0\r\nQUIT\n".to_vec();
    bytes.extend([command, family]);
    bytes.extend((body.len() as u16).to_be_bytes());
    bytes.extend(body);
    bytes
}

fn told(bytes: &[u8]) -> String {
    match proxy_header(bytes) {
        Ok(Proxied::Partial) => "partial".into(),
        Ok(Proxied::Absent) => "absent".into(),
        Ok(Proxied::Header { used, addresses: None }) => format!("{used}"),
        Ok(Proxied::Header { used, addresses: Some((from, to)) }) => format!("{used} {} {} > {} {}", from.0, from.1, to.0, to.1),
        Err(refusal) => refusal.code().into(),
    }
}

fn table(cases: &[(Vec<u8>, &str)]) {
    for (bytes, expected) in cases {
        seeds::keep("proxy", bytes);
        invariants::proxy(bytes);
        assert_eq!(told(bytes), *expected, "{}", bytes.escape_ascii());
        if !matches!(*expected, "partial" | "absent" | "proxy-header") {
            assert_eq!(told(&[bytes, &b"GET / HTTP/1.1\r\n"[..]].concat()), *expected, "with a request behind it");
            for end in 0..bytes.len() {
                assert_eq!(told(&bytes[..end]), "partial", "{end} of {}", bytes.escape_ascii());
            }
        }
    }
}

#[test]
fn lines() {
    // The first seven are the examples of the specification.
    table(&[
        (b"PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n".to_vec(), "56 255.255.255.255 65535 > 255.255.255.255 65535"),
        (b"PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n".to_vec(),
         "104 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 > ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535"),
        (b"PROXY UNKNOWN\r\n".to_vec(), "15"),
        (b"PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n".to_vec(), "107"),
        (b"PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n".to_vec(), "47 192.168.0.1 56324 > 192.168.0.11 443"),
        (b"PROXY TCP6 2001:db8::1 ::1 1111 80\r\n".to_vec(), "36 2001:db8::1 1111 > ::1 80"),
        (b"PROXY TCP6 ::ffff:1.2.3.4 ::1 1111 0\r\n".to_vec(), "38 1.2.3.4 1111 > ::1 0"),
    ]);
}

#[test]
fn packets() {
    let four = [1, 2, 3, 4, 5, 6, 7, 8, 0x04, 0x57, 0x01, 0xbb];
    let mut six = [0; 36];
    (six[0], six[1], six[15], six[31], six[33], six[35]) = (0x20, 0x01, 1, 1, 80, 81);
    let tlv = [3, 0, 4, 1, 2, 3, 4];
    table(&[
        (binary(0x21, 0x11, &four), "28 1.2.3.4 1111 > 5.6.7.8 443"),
        (binary(0x21, 0x12, &four), "28 1.2.3.4 1111 > 5.6.7.8 443"),
        (binary(0x21, 0x11, &[&four[..], &tlv].concat()), "35 1.2.3.4 1111 > 5.6.7.8 443"),
        (binary(0x21, 0x21, &six), "52 2001::1 80 > ::1 81"),
        (binary(0x21, 0x31, &[0; 216]), "232"),
        (binary(0x21, 0x00, b""), "16"),
        (binary(0x20, 0x00, b""), "16"),
        (binary(0x20, 0x11, &four), "28"),
        (binary(0x20, 0xff, &tlv), "23"),
        (binary(0x21, 0x11, &[&four[..], &[0; PROXY_BYTES - 28]].concat()), "4096 1.2.3.4 1111 > 5.6.7.8 443"),
    ]);
}

#[test]
fn what_is_no_header_is_told_at_once() {
    let cases: &[&[u8]] = &[b"GET", b"POST / HTTP/1.1\r\n", b"PUT", b"PROXX", b"PROXY\r\n", b"\r\n\r\nGET", b"\r\nG", b"\x16\x03\x01", b"\0", b"proxy "];
    for case in cases {
        seeds::keep("proxy", case);
        assert_eq!(told(case), "absent", "{}", case.escape_ascii());
    }
}

#[test]
fn malformed_headers_are_refused() {
    let lines: &[&[u8]] = &[
        b"PROXY \r\n", b"PROXY TCP4\r\n", b"PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n", b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2 3\r\n",
        b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2 \r\n", b"PROXY  TCP4 1.2.3.4 5.6.7.8 1 2\r\n", b"PROXY TCP4 ::1 ::1 1 2\r\n",
        b"PROXY TCP6 1.2.3.4 5.6.7.8 1 2\r\n", b"PROXY TCP4 1.2.3.4 5.6.7.8 65536 2\r\n", b"PROXY TCP4 1.2.3.4 5.6.7.8 +1 2\r\n",
        b"PROXY TCP4 1.2.3.4 5.6.7.8 01 2\r\n", b"PROXY TCP4 1.2.3.4 5.6.7.8  2\r\n", b"PROXY TCP4 1.2.3 5.6.7.8 1 2\r\n",
        b"PROXY TCP4 01.2.3.4 5.6.7.8 1 2\r\n", b"PROXY UDP4 1.2.3.4 5.6.7.8 1 2\r\n", b"PROXY UNKNOWNX\r\n",
        b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\n\r\n", b"PROXY TCP4 1.2.3.4\xff 5.6.7.8 1 2\r\n", b"PROXY tcp4 1.2.3.4 5.6.7.8 1 2\r\n",
    ];
    let long = [&b"PROXY UNKNOWN "[..], &[b'x'; 120]].concat();
    let packets = [
        binary(0x11, 0x11, &[0; 12]), binary(0x22, 0x11, &[0; 12]), binary(0x21, 0x11, &[0; 11]), binary(0x21, 0x21, &[0; 35]),
        binary(0x21, 0x41, &[0; 36]), binary(0x21, 0x13, &[0; 12]), binary(0x21, 0x11, &[0; PROXY_BYTES - 15]),
    ];
    for bytes in lines.iter().map(|line| line.to_vec()).chain([long]).chain(packets) {
        seeds::keep("proxy", &bytes);
        invariants::proxy(&bytes);
        assert_eq!(proxy_header(&bytes), Err(Refusal::ProxyHeader), "{}", bytes.escape_ascii());
    }
}
