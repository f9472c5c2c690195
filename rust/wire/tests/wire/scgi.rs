//! SCGI netstrings.

use crate::cuts::{refusal, run, table, LIMITS};
use wire::{Limits, Protocol, Refusal};

#[test]
fn netstrings_are_understood() {
    table(
        Protocol::Scgi,
        &[
            // The example of the specification.
            (
                b"70:CONTENT_LENGTH\x0027\0SCGI\x001\0REQUEST_METHOD\0POST\0REQUEST_URI\0/deepthought\0,",
                "POST /deepthought  ? 1.0 close length:27 CONTENT_LENGTH=27 SCGI=1 REQUEST_METHOD=POST REQUEST_URI=/deepthought",
            ),
            (b"4:A\x00B\0,", "   ? 1.0 close empty A=B"),
            (b"3:A\0\0,", "   ? 1.0 close empty A="),
            (b"17:CONTENT_LENGTH\x000\0,", "   ? 1.0 close empty CONTENT_LENGTH=0"),
            (b"16:CONTENT_LENGTH\0\0,", "   ? 1.0 close empty CONTENT_LENGTH="),
            (b"8:A\x001\0A\x002\0,", "   ? 1.0 close empty A=1 A=2"),
            (b"9", "partial"),
            (b"4:A\0B\0", "partial"),
        ],
    );
}

#[test]
fn malformed_netstrings_are_refused() {
    let cases: &[(&[u8], &str)] = &[
        (b"0:,", "no-variables"),
        (b":A\0B\0,", "netstring"),
        (b"04:A\0B\0,", "netstring"),
        (b"4A\0B\0,", "netstring"),
        (b"-4:A\0B\0,", "netstring"),
        (b"4:A\0B\0;", "netstring"),
        (b"4 :A\0B\0,", "netstring"),
        (b"1234567890:", "netstring"),
        (b"99999999999999999999999", "netstring"),
        (b"5000:", "head-too-large"),
        (b"999999999:", "head-too-large"),
        (b"3:A\0B,", "variables"),
        (b"2:A\0,", "variables"),
        (b"1:A,", "variables"),
        (b"3:\0B\0,", "variables"),
        (b"6:A\0B\0C\0,", "variables"),
        (b"18:CONTENT_LENGTH\0-1\0,", "content-length"),
    ];
    for (input, code) in cases {
        assert_eq!(run(Protocol::Scgi, input, &LIMITS).0, format!("refused {code}"), "{}", input.escape_ascii());
    }
}

#[test]
fn limits_are_exact() {
    let input = b"8:A\x001\0B\x002\0,";
    assert!(run(Protocol::Scgi, input, &Limits { head_bytes: 8, max_vars: 2, body_bytes: 0 }).0.contains("B=2"));
    let small = Limits { head_bytes: 7, ..LIMITS };
    assert_eq!(refusal(Protocol::Scgi, input, &small), Refusal::HeadTooLarge { size: 8, limit: 7 });
    let few = Limits { max_vars: 1, ..LIMITS };
    assert_eq!(refusal(Protocol::Scgi, input, &few), Refusal::TooManyVars { limit: 1 });
}
