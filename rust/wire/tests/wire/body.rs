//! Request bodies: length, chunks, records.

use crate::fastcgi::{begin, pair, record};
use wire::{decode, Body, Limits, Progress, Protocol, Refusal, Request};

const LIMITS: Limits = Limits { head_bytes: 4096, max_vars: 16, body_bytes: 0 };

fn body(protocol: Protocol, head: &[u8], limits: &Limits) -> Result<Body, Refusal> {
    let mut request = Request::new();
    let Ok(Progress::Head { used }) = decode(protocol, head, limits, &mut request) else {
        panic!("no head");
    };
    assert_eq!(used, head.len());
    Body::new(&request, limits)
}

fn http(framing: &str) -> Body {
    let head = format!("POST / HTTP/1.1\r\nHost: a\r\n{framing}\r\n\r\n");
    body(Protocol::Http, head.as_bytes(), &LIMITS).unwrap()
}

fn records(length: &str) -> Body {
    let head = [begin(1, true), record(4, 1, &pair("CONTENT_LENGTH", length, false), 0), record(4, 1, b"", 0)].concat();
    body(Protocol::FastCgi, &head, &LIMITS).unwrap()
}

/// What came out, how much of the input it used, and whether it is the end; or the refusal.
type Outcome = Result<(Vec<u8>, usize, bool), Refusal>;

/// Feed `input` in pieces of `step` bytes, keeping what was not used, and take at most `max` bytes at a time.
fn drive(mut body: Body, input: &[u8], step: usize, max: usize) -> Outcome {
    let (mut out, mut used, mut end) = (Vec::new(), 0, 0);
    loop {
        let before = (used, out.len());
        used += body.feed(&input[used..end], max, &mut out)?;
        if body.is_done() {
            break;
        }
        if before == (used, out.len()) {
            if end == input.len() {
                break;
            }
            end = (end + step).min(input.len());
        }
    }
    Ok((out, used, body.is_done()))
}

/// Whole, in every size of piece, in small takes, and with trailing bytes: all must agree.
fn run(make: impl Fn() -> Body, input: &[u8]) -> Outcome {
    // The target wants to know which framing; a seed of the wrong one is a seed, too.
    for framing in 0..4 {
        crate::seeds::keep("body", &[&[framing, 5], input].concat());
    }
    let whole = drive(make(), input, input.len().max(1), usize::MAX);
    for step in 1..=input.len() {
        for max in [1, 3, usize::MAX] {
            assert_eq!(drive(make(), input, step, max), whole, "{step} {max}: {}", input.escape_ascii());
        }
    }
    if matches!(whole, Ok((_, _, true)) | Err(_)) {
        let longer = [input, b"GET / HTTP/1.1\r\n"].concat();
        assert_eq!(drive(make(), &longer, longer.len(), usize::MAX), whole, "{}", input.escape_ascii());
    }
    whole
}

#[test]
fn a_length_is_counted() {
    let make = || http("Content-Length: 5");
    assert_eq!(run(make, b"hello"), Ok((b"hello".to_vec(), 5, true)));
    assert_eq!(run(make, b"hell"), Ok((b"hell".to_vec(), 4, false)));
    let mut body = make();
    assert_eq!(body.remaining(), Some(5));
    let step = body.step(b"hello more", 2).unwrap();
    assert_eq!((step.skip, step.data, body.remaining()), (0, 2, Some(3)));
    body.took(3);
    assert!(body.is_done());
    assert_eq!(body.step(b"more", 9).unwrap(), wire::Step::default());
}

#[test]
fn no_body_is_done_at_once() {
    let body = http("X: y");
    assert!(body.is_done());
    assert_eq!(body.remaining(), Some(0));
}

#[test]
fn chunks_are_joined() {
    let make = || http("Transfer-Encoding: chunked");
    let good: &[(&[u8], &[u8])] = &[
        (b"0\r\n\r\n", b""),
        (b"5\r\nhello\r\n0\r\n\r\n", b"hello"),
        (b"1\r\na\r\n00a\r\nbbbbbbbbbb\r\n000\r\n\r\n", b"abbbbbbbbbb"),
        (b"A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n", b"01234567890123456789"),
        (b"3;ext=1\r\nabc\r\n0;x\r\n\r\n", b"abc"),
        (b"3 \t;ext=\"q\"\r\nabc\r\n0\r\n\r\n", b"abc"),
        (b"3;\r\nabc\r\n0\r\n\r\n", b"abc"),
        (b"2\r\n\r\n\r\n0\r\n\r\n", b"\r\n"),
        (b"1\r\na\r\n0\r\nX-Sum: 1\r\nY:\tz \r\n\r\n", b"a"),
    ];
    for (input, want) in good {
        assert_eq!(run(make, input), Ok((want.to_vec(), input.len(), true)), "{}", input.escape_ascii());
    }
    assert_eq!(run(make, b"5\r\nhel"), Ok((b"hel".to_vec(), 6, false)));
    assert_eq!(run(make, b"0\r\n"), Ok((vec![], 3, false)));
}

#[test]
fn broken_chunks_are_refused() {
    // RFC 9112 7.1, and the tricks of request smuggling.
    let bad: &[&[u8]] = &[
        b"zz\r\n", b"\r\n", b";\r\n", b"-1\r\n", b"+1\r\n", b"0x1\r\n", b" 1\r\n", b"1 \r\n", b"1 1\r\n", b"1\n",
        b"1\r\r\n", b"1;a\n", b"1;a\rb", b"1;\0", b"3\r\nabcd", b"3\r\nabc\n", b"3\r\nabc\rX", b"0\r\n\n", b"0\r\n\rX",
        b"0\r\nX\r\n", b"0\r\nX : y\r\n", b"0\r\n: y\r\n", b"0\r\n X: y\r\n", b"0\r\nX: y\n", b"0\r\nX: \0",
        b"0\r\nX: y\rz", b"00000000000000001\r\n", b"1_0\r\n", b"1,\r\n",
    ];
    for input in bad {
        assert_eq!(run(|| http("Transfer-Encoding: chunked"), input), Err(Refusal::Chunk), "{}", input.escape_ascii());
    }
}

#[test]
fn framing_without_data_is_bounded() {
    let feed = |input: &[u8]| drive(http("Transfer-Encoding: chunked"), input, input.len(), usize::MAX);
    let extension = [b"1;", &[b'x'; 20_000][..]].concat();
    assert_eq!(feed(&extension), Err(Refusal::ChunkOverhead));
    assert_eq!(feed(&[b"0\r\n", &b"X: y\r\n".repeat(4000)[..]].concat()), Err(Refusal::ChunkOverhead));
    assert_eq!(feed(&[b"1;", &[b'x'; 60][..], b"\r\na\r\n"].concat().repeat(1000)), Err(Refusal::ChunkOverhead));
    // Signatures on chunks of a useful size are not an attack.
    let signed = [b"400;chunk-signature=", &[b'f'; 64][..], b"\r\n", &[b'd'; 1024], b"\r\n"].concat().repeat(1000);
    assert_eq!(feed(&signed).unwrap().0.len(), 1_024_000);
    // Nor are small chunks.
    assert_eq!(feed(&b"1\r\na\r\n".repeat(50_000)).unwrap().0.len(), 50_000);
}

/// CONTENT_LENGTH, the records, the body.
type RecordCase<'a> = (&'a str, Vec<Vec<u8>>, &'a [u8]);

#[test]
fn records_are_joined() {
    let end = record(5, 1, b"", 0);
    let cases: &[RecordCase] = &[
        ("", vec![end.clone()], b""),
        ("0", vec![record(5, 1, b"", 9)], b""),
        ("5", vec![record(5, 1, b"hello", 3), end.clone()], b"hello"),
        ("5", vec![record(5, 1, b"he", 0), record(5, 1, b"llo", 255), end.clone()], b"hello"),
        ("", vec![record(5, 1, b"hello", 0), end.clone()], b"hello"),
        // More than CONTENT_LENGTH is not the application's to see.
        ("2", vec![record(5, 1, b"hello", 0), record(5, 1, b"more", 2), end.clone()], b"he"),
        // Strangers and DATA are dropped.
        ("1", vec![record(5, 7, b"zz", 1), record(8, 1, b"data", 2), record(5, 1, b"a", 0), end.clone()], b"a"),
    ];
    for (length, input, want) in cases {
        let input = input.concat();
        assert_eq!(run(|| records(length), &input), Ok((want.to_vec(), input.len(), true)));
    }
}

#[test]
fn broken_records_are_refused() {
    let end = record(5, 1, b"", 0);
    assert_eq!(run(|| records("9"), &[record(5, 1, b"ab", 0), end].concat()), Err(Refusal::BodyShort { missing: 7 }));
    assert_eq!(run(|| records("9"), &record(2, 1, b"", 0)), Err(Refusal::Aborted));
    assert_eq!(run(|| records("9"), b"\x02\x05"), Err(Refusal::Record));
    assert_eq!(run(|| records("9"), &begin(1, true)), Err(Refusal::Record));
    assert_eq!(run(|| records("9"), &record(4, 1, b"ab", 0)), Err(Refusal::Record));
    assert_eq!(run(|| records("9"), &record(5, 0, b"ab", 0)), Err(Refusal::Record));
    assert_eq!(run(|| records("9"), &record(9, 0, &[0; 2000], 0)), Err(Refusal::Record));
}

#[test]
fn the_protocol_is_served_in_the_middle_of_a_body() {
    let input = [
        record(5, 1, b"a", 0),
        record(9, 0, &pair("FCGI_MPXS_CONNS", "", false), 4),
        begin(2, true),
        record(5, 1, b"b", 0),
        record(5, 1, b"", 0),
    ]
    .concat();
    let want = [record(10, 0, &pair("FCGI_MPXS_CONNS", "0", false), 0), record(3, 2, &[0, 0, 0, 0, 1, 0, 0, 0], 0)];
    assert_eq!(run(|| records("2"), &input), Ok((b"ab".to_vec(), input.len(), true)));
    let mut body = records("2");
    body.feed(&input, usize::MAX, &mut Vec::new()).unwrap();
    assert_eq!(body.reply(), want.concat());
    body.clear_reply();
    assert!(body.reply().is_empty());
}

#[test]
fn limit_post_bounds_every_framing() {
    let limits = Limits { body_bytes: 4, ..LIMITS };
    let head = b"POST / HTTP/1.0\r\nContent-Length: 5\r\n\r\n";
    assert_eq!(body(Protocol::Http, head, &limits).unwrap_err(), Refusal::BodyTooLarge { size: 5, limit: 4 });
    let head = b"POST / HTTP/1.0\r\nContent-Length: 4\r\n\r\n";
    assert!(body(Protocol::Http, head, &limits).is_ok());
    let head = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    let make = || body(Protocol::Http, head, &limits).unwrap();
    assert_eq!(run(make, b"2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n").unwrap().0, b"abcd");
    assert_eq!(run(make, b"2\r\nab\r\n3\r\n"), Err(Refusal::BodyTooLarge { size: 5, limit: 4 }));
    assert!(matches!(run(make, b"ffffffffffffffff\r\n"), Err(Refusal::BodyTooLarge { .. })));
    let head = [begin(1, true), record(4, 1, &pair("A", "b", false), 0), record(4, 1, b"", 0)].concat();
    let mut stream = body(Protocol::FastCgi, &head, &limits).unwrap();
    let input = record(5, 1, b"hello", 0);
    assert!(matches!(stream.feed(&input, usize::MAX, &mut Vec::new()), Err(Refusal::BodyTooLarge { .. })));
}
