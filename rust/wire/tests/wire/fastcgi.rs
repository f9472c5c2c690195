//! FastCGI records up to the end of PARAMS.

use crate::cuts::{refusal, run, table, LIMITS};
use wire::{decode, Limits, Progress, Protocol, Refusal, Request};

/// One record, with padding.
pub fn record(kind: u8, id: u16, content: &[u8], padding: u8) -> Vec<u8> {
    let (id, length) = (id.to_be_bytes(), (content.len() as u16).to_be_bytes());
    let header = [1, kind, id[0], id[1], length[0], length[1], padding, 0];
    [&header[..], content, &vec![0xee; padding.into()]].concat()
}

/// BEGIN_REQUEST as a responder.
pub fn begin(id: u16, keep: bool) -> Vec<u8> {
    record(1, id, &[0, 1, u8::from(keep), 0, 0, 0, 0, 0], 0)
}

/// A name-value pair; lengths in the long form if asked.
pub fn pair(name: &str, value: &str, long: bool) -> Vec<u8> {
    let mut out = Vec::new();
    for text in [name, value] {
        if long || text.len() > 127 {
            out.extend_from_slice(&(text.len() as u32 | 0x8000_0000).to_be_bytes());
        } else {
            out.push(text.len() as u8);
        }
    }
    [out, name.into(), value.into()].concat()
}

fn case(records: &[Vec<u8>], want: &str) {
    table(Protocol::FastCgi, &[(&records.concat(), want)]);
}

#[test]
fn requests_are_understood() {
    let text = [pair("REQUEST_METHOD", "POST", false), pair("CONTENT_LENGTH", "3", true)].concat();
    let want = "POST   ? 1.0 close records:Some(3) id:1 REQUEST_METHOD=POST CONTENT_LENGTH=3";
    case(&[begin(1, false), record(4, 1, &text, 0), record(4, 1, b"", 0)], want);
    case(&[begin(1, false), record(4, 1, &text, 7), record(4, 1, b"", 255)], want);
    // In two records, wherever the text is cut; and in as many as it has bytes.
    for cut in 1..text.len() {
        let (first, second) = text.split_at(cut);
        case(&[begin(1, false), record(4, 1, first, 3), record(4, 1, second, 0), record(4, 1, b"", 0)], want);
    }
    let bytes: Vec<u8> = text.iter().flat_map(|byte| record(4, 1, &[*byte], 0)).collect();
    case(&[begin(1, false), bytes, record(4, 1, b"", 0)], want);

    let get = pair("REQUEST_METHOD", "HEAD", false);
    case(
        &[begin(0x1234, true), record(4, 0x1234, &get, 0), record(4, 0x1234, b"", 0)],
        "HEAD   ? 1.0 keep records:None head-only id:4660 REQUEST_METHOD=HEAD",
    );
    // Only the lowest flag means that the connection stays.
    case(
        &[record(1, 1, &[0, 1, 0xfe, 0, 0, 0, 0, 0], 0), record(4, 1, &get, 0), record(4, 1, b"", 0)],
        "HEAD   ? 1.0 close records:None head-only id:1 REQUEST_METHOD=HEAD",
    );
    // nginx sends an empty CONTENT_LENGTH; the records tell the end.
    let empty = pair("CONTENT_LENGTH", "", false);
    case(
        &[begin(1, false), record(4, 1, &empty, 0), record(4, 1, b"", 0)],
        "   ? 1.0 close records:None id:1 CONTENT_LENGTH=",
    );
    case(&[begin(1, false)], "partial");
}

#[test]
fn long_values_use_four_bytes() {
    let long = "x".repeat(300);
    let input = [begin(1, false), record(4, 1, &pair("A", &long, false), 0), record(4, 1, b"", 0)].concat();
    assert!(run(Protocol::FastCgi, &input, &LIMITS).0.ends_with(&format!(" A={long}")));
}

#[test]
fn management_records_are_answered_between_requests_and_within() {
    let ask = [pair("FCGI_MAX_CONNS", "", false), pair("FCGI_MPXS_CONNS", "", false)].concat();
    let answer = record(10, 0, &pair("FCGI_MPXS_CONNS", "0", false), 0).escape_ascii().to_string();
    case(&[record(9, 0, &ask, 5)], &format!("answered go on {answer}"));
    case(&[record(9, 0, b"", 0)], &format!("answered go on {}", record(10, 0, b"", 0).escape_ascii()));
    let unknown = record(11, 0, &[77, 0, 0, 0, 0, 0, 0, 0], 0).escape_ascii().to_string();
    case(&[record(77, 0, b"what", 0)], &format!("answered go on {unknown}"));
    case(
        &[begin(1, false), record(9, 0, &ask, 0), record(4, 1, &pair("A", "b", false), 0), record(4, 1, b"", 0)],
        &format!("   ? 1.0 close records:None id:1 reply:{answer} A=b"),
    );
}

#[test]
fn a_second_request_is_turned_away() {
    let cannot = record(3, 2, &[0, 0, 0, 0, 1, 0, 0, 0], 0).escape_ascii().to_string();
    case(
        &[begin(1, true), begin(2, true), record(4, 2, b"junk", 0), record(5, 2, b"junk", 0),
          record(4, 1, &pair("A", "b", false), 0), record(4, 1, b"", 0)],
        &format!("   ? 1.0 keep records:None id:1 reply:{cannot} A=b"),
    );
}

#[test]
fn an_aborted_request_is_ended() {
    let done = record(3, 9, &[0; 8], 0).escape_ascii().to_string();
    case(&[begin(9, true), record(2, 9, b"", 0)], &format!("answered go on {done}"));
    case(&[begin(9, false), record(4, 9, b"ab", 0), record(2, 9, b"", 0)], &format!("answered close {done}"));
}

#[test]
fn records_of_requests_that_are_over_are_dropped() {
    case(&[record(5, 1, b"left over", 3)], "answered go on ");
    case(&[record(2, 1, b"", 0)], "answered go on ");
}

#[test]
fn malformed_streams_are_refused() {
    let refused = |records: &[Vec<u8>], code: &str| {
        assert_eq!(run(Protocol::FastCgi, &records.concat(), &LIMITS).0, format!("refused {code}"));
    };
    let end = record(4, 1, b"", 0);
    refused(&[b"\x02\x01\0\x01\0\x08\0\0".to_vec()], "record");
    refused(&[begin(0, false)], "record");
    refused(&[record(1, 1, &[0, 1], 0)], "record");
    refused(&[begin(1, false), begin(1, false)], "record");
    refused(&[begin(1, false), record(5, 1, b"", 0)], "record");
    refused(&[record(4, 0, b"x", 0)], "record");
    refused(&[record(9, 0, b"\x05\0ab", 0)], "record");
    refused(&[begin(1, false), end.clone()], "no-variables");
    for text in [&b"\x01"[..], b"\x01\x01A", b"\0\x01B", b"\x80\0\0", b"\xff\xff\xff\xff\xff\xff\xff\xffA", b"\x01\x02Ab"] {
        refused(&[begin(1, false), record(4, 1, text, 0), end.clone()], "variables");
    }
    refused(&[begin(1, false), record(4, 1, &pair("CONTENT_LENGTH", "x", false), 0), end], "content-length");
}

#[test]
fn limits_are_exact() {
    let text = [pair("A", "1", false), pair("B", "2", false)].concat();
    let input =
        [begin(1, false), record(4, 1, &text[..3], 0), record(4, 1, &text[3..], 0), record(4, 1, b"", 0)].concat();
    let limits = |head_bytes, max_vars| Limits { head_bytes, max_vars, body_bytes: 0 };
    assert!(run(Protocol::FastCgi, &input, &limits(8, 2)).0.contains("B=2"));
    assert_eq!(refusal(Protocol::FastCgi, &input, &limits(7, 2)), Refusal::HeadTooLarge { size: 8, limit: 7 });
    assert_eq!(refusal(Protocol::FastCgi, &input, &limits(8, 1)), Refusal::TooManyVars { limit: 1 });
}

#[test]
fn records_that_never_come_to_a_request_are_bounded() {
    let mut input = begin(1, false);
    let bound = LIMITS.buffer_bytes(Protocol::FastCgi);
    while input.len() <= bound {
        input.extend(record(9, 0, &pair("FCGI_MPXS_CONNS", "", false), 255));
    }
    assert!(matches!(refusal(Protocol::FastCgi, &input, &LIMITS), Refusal::HeadTooLarge { .. }));
}

#[test]
fn records_that_fill_the_buffer_to_the_byte_are_refused_at_once() {
    // A caller whose buffer is full, as large as it need ever be, must not be told to wait for more.
    let bound = LIMITS.buffer_bytes(Protocol::FastCgi);
    for short in 0..8 {
        let mut input = begin(1, false);
        while input.len() + 8 + 60_000 < bound - 8 {
            input.extend(record(8, 1, &[0; 60_000], 0));
        }
        let left = bound - input.len() - short - 8;
        input.extend(record(8, 1, &vec![0; left], 0));
        assert_eq!(input.len(), bound - short);
        assert!(matches!(refusal(Protocol::FastCgi, &input, &LIMITS), Refusal::HeadTooLarge { .. }), "{short}");
    }
}

#[test]
fn one_record_of_the_largest_size_fits_the_bound_of_the_buffer() {
    let input = record(9, 0, &vec![0u8; 65534], 255);
    let limits = Limits { head_bytes: 100, ..LIMITS };
    assert!(input.len() <= limits.buffer_bytes(Protocol::FastCgi));
    let got = decode(Protocol::FastCgi, &input, &limits, &mut Request::new());
    assert_eq!(got, Ok(Progress::Answered { used: input.len(), close: false }));
}
