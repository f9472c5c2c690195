//! Answers, read back with small decoders of their own.

use wire::{frame_head, Ended, Facts, Protocol, Version};

pub const FACTS: Facts = Facts {
    protocol: Protocol::Http,
    version: Version::Http11,
    head_only: false,
    persistent: true,
    request_id: 7,
    nph: false,
};

type Headers<'a> = &'a [(&'a str, &'a str)];

fn head(facts: &Facts, status: &str, headers: Headers, length: Option<u64>, out: &mut Vec<u8>) -> wire::Framing {
    let headers = headers.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes()));
    frame_head(facts, status.as_bytes(), headers, length, None, out)
}

/// A whole answer.
fn answer(facts: &Facts, status: &str, headers: Headers, length: Option<u64>, body: &[&str]) -> (Vec<u8>, Ended) {
    let mut out = Vec::new();
    let mut framing = head(facts, status, headers, length, &mut out);
    for chunk in body {
        framing.chunk(chunk.as_bytes(), &mut out);
    }
    let ended = framing.end(&mut out);
    (out, ended)
}

/// Like `answer`, as text, with ` ~` when the connection stays.
fn shown(facts: &Facts, status: &str, headers: Headers, length: Option<u64>, body: &[&str]) -> String {
    let (out, ended) = answer(facts, status, headers, length, body);
    String::from_utf8(out).unwrap() + if ended.persistent { " ~" } else { "" }
}

#[test]
fn http_chooses_how_the_body_ends() {
    let new = FACTS;
    let old = Facts { version: Version::Http10, ..new };
    let last = Facts { persistent: false, ..new };
    let old_last = Facts { persistent: false, ..old };
    let cases: &[(&Facts, Headers, Option<u64>, &str)] = &[
        (&new, &[("A", "b")], Some(3), "HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 3\r\n\r\nabc ~"),
        (&new, &[("content-length", "3")], None, "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc ~"),
        (&new, &[("Content-Length", "3")], Some(9), "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc ~"),
        (&new, &[("Content-Length", "3"), ("Content-Length", "4")], None, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc ~"),
        (&new, &[], None, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n2\r\nbc\r\n0\r\n\r\n ~"),
        (&last, &[], None, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n1\r\na\r\n2\r\nbc\r\n0\r\n\r\n"),
        (&last, &[], Some(3), "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc"),
        (&old, &[], Some(3), "HTTP/1.0 200 OK\r\nContent-Length: 3\r\nConnection: keep-alive\r\n\r\nabc ~"),
        (&old, &[], None, "HTTP/1.0 200 OK\r\nConnection: close\r\n\r\nabc"),
        (&old_last, &[], Some(3), "HTTP/1.0 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc"),
        // What belongs to the server is left out.
        (&new, &[("Connection", "close"), ("Transfer-Encoding", "gzip"), ("X", "y")], Some(3), "HTTP/1.1 200 OK\r\nX: y\r\nContent-Length: 3\r\n\r\nabc ~"),
    ];
    for (facts, headers, length, want) in cases {
        assert_eq!(shown(facts, "200 OK", headers, *length, &["a", "", "bc"]), *want);
    }
}

#[test]
fn some_answers_have_no_body() {
    let head_only = Facts { head_only: true, ..FACTS };
    let cases: &[(&Facts, &str, Headers, Option<u64>, &str)] = &[
        (&head_only, "200 OK", &[("Content-Length", "3")], None, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n ~"),
        // The length of what HEAD brings is not the length of what GET would bring.
        (&head_only, "200 OK", &[], Some(0), "HTTP/1.1 200 OK\r\n\r\n ~"),
        (&FACTS, "204 No Content", &[("Content-Length", "3")], Some(3), "HTTP/1.1 204 No Content\r\n\r\n ~"),
        (&FACTS, "304 Not Modified", &[("Content-Length", "3")], None, "HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\n\r\n ~"),
        (&FACTS, "304", &[], Some(3), "HTTP/1.1 304 \r\n\r\n ~"),
        (&FACTS, "101 Switching", &[("Upgrade", "websocket"), ("Connection", "Upgrade")], None, "HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"),
    ];
    for (facts, status, headers, length, want) in cases {
        assert_eq!(shown(facts, status, headers, *length, &["abc"]), *want);
    }
    let mut framing = head(&head_only, "200 OK", &[("Content-Length", "3")], None, &mut Vec::new());
    assert!(!framing.has_body());
    assert_eq!((framing.remaining(), framing.status()), (Some(0), 200));
    assert_eq!(framing.piece(3).take, 0);
    assert_eq!(framing.end(&mut Vec::new()), Ended { persistent: true, missing: 0, excess: 0 });
}

#[test]
fn uwsgi_and_scgi_end_with_the_connection() {
    let uwsgi = Facts { protocol: Protocol::Uwsgi, ..FACTS };
    let old = Facts { version: Version::Http10, ..uwsgi };
    let scgi = Facts { protocol: Protocol::Scgi, ..FACTS };
    let nph = Facts { nph: true, ..scgi };
    let cases: &[(&Facts, Option<u64>, &str)] = &[
        (&uwsgi, None, "HTTP/1.1 200 OK\r\nA: b\r\n\r\nabc"),
        (&uwsgi, Some(3), "HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 3\r\n\r\nabc"),
        (&old, None, "HTTP/1.0 200 OK\r\nA: b\r\n\r\nabc"),
        (&scgi, None, "Status: 200 OK\r\nA: b\r\n\r\nabc"),
        (&nph, None, "HTTP/1.1 200 OK\r\nA: b\r\n\r\nabc"),
    ];
    for (facts, length, want) in cases {
        assert_eq!(shown(facts, "200 OK", &[("A", "b")], *length, &["abc"]), *want);
    }
}

/// An independent reader of an answer in records: (STDOUT, application status, protocol status).
pub fn read_records(mut bytes: &[u8], id: u16) -> (Vec<u8>, u32, u8) {
    let (mut out, mut closed) = (Vec::new(), false);
    loop {
        let (header, rest) = bytes.split_at(8);
        assert_eq!((header[0], u16::from_be_bytes([header[2], header[3]])), (1, id));
        let size = usize::from(u16::from_be_bytes([header[4], header[5]]));
        let content = &rest[..size];
        bytes = &rest[size + usize::from(header[6])..];
        match header[1] {
            6 => {
                assert!(!closed, "STDOUT after its end");
                closed = content.is_empty();
                out.extend_from_slice(content);
            }
            3 => {
                assert!(closed, "the stream was not closed");
                assert!(bytes.is_empty());
                return (out, u32::from_be_bytes(content[..4].try_into().unwrap()), content[4]);
            }
            kind => panic!("type {kind}"),
        }
    }
}

#[test]
fn fastcgi_answers_in_records() {
    let facts = Facts { protocol: Protocol::FastCgi, ..FACTS };
    let read = |facts: &Facts, headers: Headers, body: &[&str]| {
        let (out, ended) = answer(facts, "200 OK", headers, None, body);
        let (text, app, protocol) = read_records(&out, 7);
        assert_eq!((app, protocol), (0, 0));
        (String::from_utf8(text).unwrap(), ended.persistent)
    };
    assert_eq!(read(&facts, &[("A", "b")], &["a", "bc"]), ("Status: 200 OK\r\nA: b\r\n\r\nabc".into(), true));
    let closing = Facts { persistent: false, nph: true, ..facts };
    assert_eq!(read(&closing, &[], &[]), ("HTTP/1.1 200 OK\r\n\r\n".into(), false));
    let head_only = Facts { head_only: true, ..facts };
    assert_eq!(read(&head_only, &[], &["abc"]), ("Status: 200 OK\r\n\r\n".into(), true));
    // A head and a body that need more than one record.
    let long = "x".repeat(70_000);
    let big = "y".repeat(200_000);
    assert_eq!(read(&facts, &[("A", &long)], &[&big]).0, format!("Status: 200 OK\r\nA: {long}\r\n\r\n{big}"));
    for size in [65_534, 65_535, 65_536, 131_070, 131_071] {
        let body = "z".repeat(size);
        assert_eq!(read(&facts, &[], &[&body]).0.len(), size + 18);
        let value = "v".repeat(size - 23);
        assert_eq!(read(&facts, &[("A", &value)], &[]).0.len(), size);
    }
    // Something is in the buffer already.
    let mut out = b"before".to_vec();
    let mut framing = head(&facts, "200 OK", &[("A", &long)], None, &mut out);
    framing.end(&mut out);
    assert_eq!(&out[..6], b"before");
    assert_eq!(read_records(&out[6..], 7).0.len(), long.len() + 23);
}

#[test]
fn a_chunk_says_its_size_in_hexadecimal() {
    for size in [1, 9, 10, 15, 16, 255, 256, 65_535, 1 << 20] {
        let mut out = Vec::new();
        let mut framing = head(&FACTS, "200 OK", &[], None, &mut Vec::new());
        framing.chunk(&vec![b'x'; size], &mut out);
        assert!(out.starts_with(format!("{size:x}\r\nx").as_bytes()));
        assert!(out.ends_with(b"x\r\n"));
        assert_eq!(out.len(), format!("{size:x}").len() + size + 4);
    }
    let mut framing = head(&FACTS, "200 OK", &[], None, &mut Vec::new());
    assert_eq!(framing.piece(usize::MAX).before(), format!("{:x}\r\n", usize::MAX).as_bytes());
}

#[test]
fn pieces_and_chunks_say_the_same() {
    for protocol in [Protocol::Http, Protocol::Uwsgi, Protocol::FastCgi, Protocol::Scgi] {
        for length in [None, Some(100_000), Some(150_000), Some(50_000)] {
            let facts = Facts { protocol, ..FACTS };
            let data: Vec<u8> = (0..100_000u32).map(|number| number as u8).collect();
            let (mut one, mut two) = (Vec::new(), Vec::new());
            let mut framing = head(&facts, "200 OK", &[], length, &mut one);
            framing.chunk(&data, &mut one);
            let first = framing.end(&mut one);
            let mut framing = head(&facts, "200 OK", &[], length, &mut two);
            let mut left = &data[..];
            while !left.is_empty() {
                let piece = framing.piece(left.len());
                if piece.take == 0 {
                    break;
                }
                two.extend_from_slice(piece.before());
                two.extend_from_slice(&left[..piece.take]);
                two.extend_from_slice(piece.after);
                left = &left[piece.take..];
            }
            assert_eq!(framing.end(&mut two), first);
            assert_eq!(one, two);
        }
    }
}

#[test]
fn a_content_length_is_held() {
    let (out, ended) = answer(&FACTS, "200 OK", &[("Content-Length", "5")], None, &["abc"]);
    assert!(out.ends_with(b"\r\n\r\nabc"));
    assert_eq!(ended, Ended { persistent: false, missing: 2, excess: 0 });
    let (out, ended) = answer(&FACTS, "200 OK", &[("Content-Length", "2")], None, &["a", "bcd", "e"]);
    assert!(out.ends_with(b"\r\n\r\nab"));
    assert_eq!(ended, Ended { persistent: true, missing: 0, excess: 3 });
    let facts = Facts { protocol: Protocol::FastCgi, ..FACTS };
    let (out, ended) = answer(&facts, "200 OK", &[("Content-Length", "5")], None, &["abc"]);
    assert!(read_records(&out, 7).0.ends_with(b"\r\n\r\nabc"));
    assert_eq!(ended, Ended { persistent: true, missing: 2, excess: 0 });
}

#[test]
fn an_answer_cut_short_keeps_no_connection() {
    let mut out = Vec::new();
    let mut framing = head(&FACTS, "200 OK", &[], None, &mut out);
    let before = out.len();
    framing.abort(&mut out);
    assert_eq!(out.len(), before, "no last chunk: the client must see that something is missing");
}

#[test]
fn a_date_is_added_once_and_only_to_http() {
    let with_date = |protocol, headers: Headers| {
        let mut out = Vec::new();
        let headers = headers.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes()));
        let facts = Facts { protocol, ..FACTS };
        frame_head(&facts, b"200 OK", headers, Some(0), Some(b"now"), &mut out);
        String::from_utf8(out).unwrap()
    };
    assert!(with_date(Protocol::Http, &[]).contains("\r\nDate: now\r\n"));
    assert!(!with_date(Protocol::Http, &[("date", "mine")]).contains("now"));
    assert!(!with_date(Protocol::Uwsgi, &[]).contains("now"));
}
