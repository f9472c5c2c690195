//! RFC 9112 heads: what is understood, and a corpus of refusals named after the sections that are broken.

use crate::cuts::{refusal, run, table, LIMITS};
use wire::{decode, Fault, Known, Limits, Progress, Protocol, Refusal, Request};

#[test]
fn heads_are_understood() {
    table(
        Protocol::Http,
        &[
            (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / / ? 1.1 keep empty Host=a"),
            (b"GET /a/b?c=d?e HTTP/1.1\r\nHost: a\r\n\r\n", "GET /a/b?c=d?e /a/b ?c=d?e 1.1 keep empty Host=a"),
            (b"GET /? HTTP/1.0\r\n\r\n", "GET /? / ? 1.0 close empty"),
            (b"\r\nGET / HTTP/1.0\r\n\r\n", "GET / / ? 1.0 close empty"),
            (b"HEAD / HTTP/1.0\r\n\r\n", "HEAD / / ? 1.0 close empty head-only"),
            (b"GET / HTTP/1.7\r\nHost: a\r\n\r\n", "GET / / ? 1.1 keep empty Host=a"),
            (b"m-search / HTTP/1.0\r\n\r\n", "m-search / / ? 1.0 close empty"),
            (b"GET /%2F%c3%A9|{\xc3\xa9} HTTP/1.0\r\n\r\n", "GET /%2F%c3%A9|{\\xc3\\xa9} /%2F%c3%A9|{\\xc3\\xa9} ? 1.0 close empty"),
            (b"GET /a?100% HTTP/1.0\r\n\r\n", "GET /a?100% /a ?100% 1.0 close empty"),
            (b"GET //a//..?//b HTTP/1.0\r\n\r\n", "GET //a//..?//b //a//.. ?//b 1.0 close empty"),
            // fields
            (b"GET / HTTP/1.0\r\nA:\r\nB: \t \r\nC:\t x y\t \r\n\r\n", "GET / / ? 1.0 close empty A= B= C=x y"),
            (b"GET / HTTP/1.0\r\nX: a\tb\t\tcdefghijkl\xff\r\n\r\n", "GET / / ? 1.0 close empty X=a\\tb\\t\\tcdefghijkl\\xff"),
            (b"GET / HTTP/1.0\r\nCookie: a=1\r\nX: 1\r\ncookie: b=2\r\n\r\n", "GET / / ? 1.0 close empty Cookie=a=1 X=1 cookie=b=2"),
            (b"GET / HTTP/1.0\r\nX_Real_IP: 6\r\nX-A: 1\r\nContent_Length: 5\r\n\r\n", "GET / / ? 1.0 close empty dropped:2 X-A=1"),
            // Host
            (b"GET / HTTP/1.1\r\nHost:\r\n\r\n", "GET / / ? 1.1 keep empty Host="),
            (b"GET / HTTP/1.1\r\nhOST: [::1]:80\r\n\r\n", "GET / / ? 1.1 keep empty hOST=[::1]:80"),
            (b"GET / HTTP/1.1\r\nHost: a.example:8080\r\n\r\n", "GET / / ? 1.1 keep empty Host=a.example:8080"),
            (b"GET / HTTP/1.1\r\nHost: a_b.example:\r\n\r\n", "GET / / ? 1.1 keep empty Host=a_b.example:"),
            // 3.2.2: the host of the target wins
            (b"GET http://b:81/p?q HTTP/1.1\r\nHost: a\r\n\r\n", "GET http://b:81/p?q /p ?q 1.1 keep empty Host=b:81"),
            (b"GET HTTP://b HTTP/1.1\r\nHost: a\r\n\r\n", "GET HTTP://b / ? 1.1 keep empty Host=b"),
            (b"GET https://b?q/ HTTP/1.1\r\nHost: a\r\n\r\n", "GET https://b?q/ / ?q/ 1.1 keep empty Host=b"),
            (b"GET http://b/ HTTP/1.0\r\n\r\n", "GET http://b/ / ? 1.0 close empty (HTTP_HOST)=b"),
            // 3.2.4
            (b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS * * ? 1.1 keep empty Host=a"),
            // framing
            (b"POST / HTTP/1.0\r\nContent-Length: 0\r\n\r\n", "POST / / ? 1.0 close empty Content-Length=0"),
            (b"POST / HTTP/1.0\r\ncontent-length: 0018446744073709551615 \r\n\r\n", "POST / / ? 1.0 close length:18446744073709551615 content-length=0018446744073709551615"),
            (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n", "POST / / ? 1.1 keep chunked Host=a Transfer-Encoding=Chunked"),
            // persistence
            (b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Close\r\n\r\n", "GET / / ? 1.1 close empty Host=a Connection=Close"),
            (b"GET / HTTP/1.1\r\nHost: a\r\nConnection: te, ,close\r\n\r\n", "GET / / ? 1.1 close empty Host=a Connection=te, ,close"),
            (b"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", "GET / / ? 1.0 keep empty Connection=Keep-Alive"),
            (b"GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", "GET / / ? 1.0 close empty Connection=keep-alive, close"),
            // Expect
            (b"PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 1\r\n\r\n", "PUT / / ? 1.1 keep length:1 continue Host=a Expect=100-Continue Content-Length=1"),
            (b"PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n", "PUT / / ? 1.1 keep empty Host=a Expect=100-continue"),
            (b"PUT / HTTP/1.0\r\nExpect: what\r\nContent-Length: 1\r\n\r\n", "PUT / / ? 1.0 close length:1 Expect=what Content-Length=1"),
            // not yet
            (b"", "partial"),
            (b"\r", "partial"),
            (b"GET / HTTP/1.1\r\nHost: a\r\n", "partial"),
            (b"GET / HTTP/1.1\r\nHost: a\r\n\r", "partial"),
        ],
    );
}

/// (section of RFC 9112, or what else is broken; the head; the code of the refusal)
const REFUSED: &[(&str, &[u8], &str)] = &[
    ("2.2 bare LF", b"GET / HTTP/1.1\nHost: a\r\n\r\n", "bare-lf"),
    ("2.2 bare LF after a field", b"GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n", "bare-lf"),
    ("2.2 bare LF at the end", b"GET / HTTP/1.1\r\nHost: a\r\n\n", "bare-lf"),
    ("2.2 bare LF first", b"\nGET / HTTP/1.1\r\n", "bare-lf"),
    ("2.2 bare CR", b"GET / HTTP/1.1\r\nHost: a\rX: y\r\n\r\n", "bare-cr"),
    ("2.2 bare CR in the line", b"GET /\r HTTP/1.1\r\n", "bare-cr"),
    ("2.2 CR CR LF", b"GET / HTTP/1.1\r\r\n", "bare-cr"),
    ("2.2 white space before the first field", b"GET / HTTP/1.1\r\n Host: a\r\n\r\n", "fold"),
    ("2.2 two empty lines", b"\r\n\r\nGET / HTTP/1.0\r\n\r\n", "request-line"),
    ("2.3 HTTP/2.0", b"GET / HTTP/2.0\r\n\r\n", "version"),
    ("2.3 HTTP/0.9", b"GET / HTTP/0.9\r\n\r\n", "version"),
    ("2.3 two digits", b"GET / HTTP/1.10\r\n\r\n", "request-line"),
    ("2.3 lower case", b"GET / http/1.1\r\n\r\n", "request-line"),
    ("2.3 another protocol", b"GET / ICAP/1.0\r\n\r\n", "request-line"),
    ("3 one word", b"FOO\r\n", "request-line"),
    ("3 no version", b"GET /\r\n\r\n", "request-line"),
    ("3 no target", b"GET HTTP/1.1\r\n", "request-line"),
    ("3 empty target", b"GET  HTTP/1.1\r\n", "request-line"),
    ("3 empty method", b" / HTTP/1.1\r\n", "request-line"),
    ("3 two spaces", b"GET  / HTTP/1.1\r\n", "target"),
    ("3 space in the target", b"GET /a b HTTP/1.1\r\n", "target"),
    ("3 tab for a space", b"GET\t/\tHTTP/1.1\r\n", "request-line"),
    ("3 tab in the target", b"GET /a\tb HTTP/1.1\r\n", "target"),
    ("3 space at the end", b"GET / HTTP/1.1 \r\n", "request-line"),
    ("3 NUL", b"GET /\0 HTTP/1.1\r\n", "request-line"),
    ("3 DEL", b"GET /\x7f HTTP/1.1\r\n", "request-line"),
    ("3.1 method", b"G(T / HTTP/1.1\r\n", "method"),
    ("3.1 method with a colon", b"X: / HTTP/1.1\r\n", "method"),
    ("3.2 no slash", b"GET a HTTP/1.1\r\n", "target"),
    ("3.2 fragment", b"GET /a#b HTTP/1.1\r\n", "target"),
    ("3.2 fragment in the query", b"GET /a?b#c HTTP/1.1\r\n", "target"),
    ("3.2 space in the query", b"GET /a?b c HTTP/1.1\r\n", "target"),
    ("3.2 no Host", b"GET / HTTP/1.1\r\n\r\n", "no-host"),
    ("3.2 no Host, absolute", b"GET http://a/ HTTP/1.1\r\n\r\n", "no-host"),
    ("3.2 two Hosts", b"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", "two-hosts"),
    ("3.2 two Hosts in 1.0", b"GET / HTTP/1.0\r\nHost: a\r\nhost: b\r\n\r\n", "two-hosts"),
    ("3.2 Host with a path", b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", "host"),
    ("3.2 Host with a user", b"GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", "host"),
    ("3.2 Host with a space", b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", "host"),
    ("3.2 Host with a bad port", b"GET / HTTP/1.1\r\nHost: a:b\r\n\r\n", "host"),
    ("3.2 Host with a long port", b"GET / HTTP/1.1\r\nHost: a:123456\r\n\r\n", "host"),
    ("3.2 Host with an open bracket", b"GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", "host"),
    ("3.2 Host with text behind the bracket", b"GET / HTTP/1.1\r\nHost: [::1]a\r\n\r\n", "host"),
    ("3.2 Host with raw bytes", b"GET / HTTP/1.1\r\nHost: \xe9\r\n\r\n", "host"),
    ("3.2.2 no authority", b"GET http:///a HTTP/1.1\r\n", "host"),
    ("3.2.2 user", b"GET http://u@a/ HTTP/1.1\r\n", "host"),
    ("3.2.2 another scheme", b"GET ftp://a/ HTTP/1.1\r\n", "target"),
    ("3.2.3 authority", b"CONNECT a:80 HTTP/1.1\r\n", "connect-method"),
    ("3.2.3 CONNECT with a path", b"CONNECT / HTTP/1.1\r\n", "connect-method"),
    ("3.2.4 asterisk with GET", b"GET * HTTP/1.1\r\n", "target"),
    ("5 no colon", b"GET / HTTP/1.0\r\nHost\r\n\r\n", "header-name"),
    ("5 empty name", b"GET / HTTP/1.0\r\n: a\r\n\r\n", "header-name"),
    ("5 name with a parenthesis", b"GET / HTTP/1.0\r\nA(: a\r\n\r\n", "header-name"),
    ("5 name with raw bytes", b"GET / HTTP/1.0\r\nA\xe9: a\r\n\r\n", "header-name"),
    ("5.1 space before the colon", b"GET / HTTP/1.0\r\nA : a\r\n\r\n", "space-before-colon"),
    ("5.1 tab before the colon", b"GET / HTTP/1.0\r\nContent-Length\t: 1\r\n\r\n", "space-before-colon"),
    ("5.2 fold", b"GET / HTTP/1.0\r\nA: a\r\n b\r\n\r\n", "fold"),
    ("5.2 fold with a tab", b"GET / HTTP/1.0\r\nA: a\r\n\tb\r\n\r\n", "fold"),
    ("5.5 NUL in a value", b"GET / HTTP/1.0\r\nA: a\0b\r\n\r\n", "header-value"),
    ("5.5 control in a value", b"GET / HTTP/1.0\r\nA: \x1b[31m\r\n\r\n", "header-value"),
    ("5.5 DEL in a value", b"GET / HTTP/1.0\r\nA: a\x7f\r\n\r\n", "header-value"),
    ("6.1 both", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", "length-and-encoding"),
    ("6.1 both, turned round", b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n", "length-and-encoding"),
    ("6.1 HTTP/1.0", b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", "transfer-encoding"),
    ("6.1 gzip, chunked", b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "unknown-encoding"),
    ("6.1 chunked, gzip", b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked, gzip\r\n\r\n", "transfer-encoding"),
    ("6.1 chunked twice", b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked, chunked\r\n\r\n", "transfer-encoding"),
    ("6.1 chunked on two lines", b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", "transfer-encoding"),
    ("6.1 chunked, then another line", b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n", "transfer-encoding"),
    ("6.1 chunked, gzip, chunked", b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked, gzip, chunked\r\n\r\n", "transfer-encoding"),
    ("6.1 identity", b"POST / HTTP/1.1\r\nTransfer-Encoding: identity\r\n\r\n", "transfer-encoding"),
    ("6.1 empty", b"POST / HTTP/1.1\r\nTransfer-Encoding:\r\n\r\n", "transfer-encoding"),
    ("6.1 xchunked", b"POST / HTTP/1.1\r\nTransfer-Encoding: xchunked\r\n\r\n", "transfer-encoding"),
    ("6.1 quoted", b"POST / HTTP/1.1\r\nTransfer-Encoding: \"chunked\"\r\n\r\n", "transfer-encoding"),
    ("6.1 with a vertical tab", b"POST / HTTP/1.1\r\nTransfer-Encoding: \x0bchunked\r\n\r\n", "header-value"),
    ("11.2 a comma behind", b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked,\r\n\r\n", "transfer-encoding"),
    ("11.2 with a parameter", b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked;a=b\r\n\r\n", "transfer-encoding"),
    ("11.2 space before the colon", b"POST / HTTP/1.1\r\nTransfer-Encoding : chunked\r\n\r\n", "space-before-colon"),
    ("11.2 NUL in the name", b"POST / HTTP/1.1\r\nTransfer-Encoding\0: chunked\r\n\r\n", "header-value"),
    ("11.2 hidden by a fold", b"POST / HTTP/1.1\r\nX: y\r\n Transfer-Encoding: chunked\r\n\r\n", "fold"),
    ("11.2 hidden by a CR", b"POST / HTTP/1.1\r\nX: y\rTransfer-Encoding: chunked\r\n\r\n", "bare-cr"),
    ("11.2 value folded away", b"POST / HTTP/1.1\r\nTransfer-Encoding:\r\n chunked\r\n\r\n", "transfer-encoding"),
    ("11.2 two numbers", b"POST / HTTP/1.1\r\nContent-Length: 1 2\r\n\r\n", "content-length"),
    ("11.2 a number and a comma", b"POST / HTTP/1.1\r\nContent-Length: 5,\r\n\r\n", "content-length"),
    ("11.2 a number and a fraction", b"POST / HTTP/1.1\r\nContent-Length: 5.0\r\n\r\n", "content-length"),
    ("11.2 a line in the target", b"GET /a\nHost: b HTTP/1.1\r\n\r\n", "bare-lf"),
    ("6.2 negative", b"POST / HTTP/1.1\r\nContent-Length: -5\r\n\r\n", "content-length"),
    ("6.2 plus", b"POST / HTTP/1.1\r\nContent-Length: +3\r\n\r\n", "content-length"),
    ("6.2 the byte after 9", b"POST / HTTP/1.1\r\nContent-Length: 1:\r\n\r\n", "content-length"),
    ("6.2 letters", b"POST / HTTP/1.1\r\nContent-Length: 3x\r\n\r\n", "content-length"),
    ("6.2 hexadecimal", b"POST / HTTP/1.1\r\nContent-Length: 0x3\r\n\r\n", "content-length"),
    ("6.2 empty", b"POST / HTTP/1.1\r\nContent-Length:\r\n\r\n", "content-length"),
    ("6.2 too many digits", b"POST / HTTP/1.1\r\nContent-Length: 18446744073709551616\r\n\r\n", "content-length"),
    ("6.2 list", b"POST / HTTP/1.1\r\nContent-Length: 5, 5\r\n\r\n", "content-length"),
    ("6.3 equal duplicates", b"POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n", "two-content-lengths"),
    ("6.3 differing duplicates", b"POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", "two-content-lengths"),
    ("9110 10.1.1", b"PUT / HTTP/1.1\r\nHost: a\r\nExpect: 200-ok\r\n\r\n", "expectation"),
    ("9113 3.4 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "http2"),
    ("3986 2.1 no digits", b"GET /%zz HTTP/1.1\r\n", "path-escape"),
    ("3986 2.1 one digit", b"GET /%4 HTTP/1.1\r\n", "path-escape"),
    ("3986 2.1 cut by the query", b"GET /%4?1 HTTP/1.1\r\n", "path-escape"),
    ("3986 2.1 absolute", b"GET http://a/% HTTP/1.1\r\n", "path-escape"),
    ("3986 7.3 NUL", b"GET /a%00b HTTP/1.1\r\n", "path-escape"),
    ("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "tls-on-plain-socket"),
    ("a uwsgi packet", b"\0\x10\0\0\x0e\0REQUEST_METHOD\x03\0GET", "request-line"),
];

#[test]
fn what_the_rfc_forbids_is_refused() {
    for (section, input, code) in REFUSED {
        assert_eq!(run(Protocol::Http, input, &LIMITS).0, format!("refused {code}"), "{section}");
    }
}

#[test]
fn a_head_of_exactly_the_limit_passes_and_one_byte_more_does_not() {
    let head = b"GET / HTTP/1.1\r\nHost: a\r\nX: abcdefgh\r\n\r\n";
    let limits = |head_bytes| Limits { head_bytes, ..LIMITS };
    assert!(run(Protocol::Http, head, &limits(head.len())).0.starts_with("GET"));
    for head_bytes in 16..head.len() {
        assert_eq!(run(Protocol::Http, head, &limits(head_bytes)).0, "refused head-too-large", "{head_bytes}");
    }
    for head_bytes in 1..16 {
        assert_eq!(run(Protocol::Http, head, &limits(head_bytes)).0, "refused target-too-long", "{head_bytes}");
    }
    let refusal = refusal(Protocol::Http, head, &limits(20));
    assert_eq!(refusal.status(), Some(431));
    assert_eq!(refusal.fault(), Fault::Operator);
    assert!(refusal.to_string().contains("max 20") && refusal.to_string().contains("raise buffer-size"));
}

#[test]
fn a_limit_is_met_at_the_same_place_wherever_the_bytes_were_cut() {
    for tail in [&b"X: y\rz\r\n\r\n"[..], b"X: y\nz\r\n\r\n", b"X\r\n\r\n", b"\0", b" X: a\r\n\r\n"] {
        let head = [b"GET / HTTP/1.1\r\nHost: a\r\n", tail].concat();
        for head_bytes in 1..head.len() + 2 {
            run(Protocol::Http, &head, &Limits { head_bytes, ..LIMITS });
        }
    }
}

#[test]
fn fields_are_counted_dropped_ones_too() {
    let head = b"GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\nA_B: 2\r\n\r\n";
    assert!(run(Protocol::Http, head, &Limits { max_vars: 3, ..LIMITS }).0.starts_with("GET"));
    assert_eq!(run(Protocol::Http, head, &Limits { max_vars: 2, ..LIMITS }).0, "refused too-many-vars");
}

#[test]
fn every_control_character_is_found_at_every_place_of_a_word() {
    for byte in (0..0x20u8).chain([0x7f]).filter(|byte| !b"\t\r\n".contains(byte)) {
        for place in 0..24 {
            let mut value = [b'\x80'; 24];
            value[place] = byte;
            // A tab before it must not hide it.
            if place > 2 {
                value[place - 2] = b'\t';
            }
            let head = [b"GET / HTTP/1.0\r\nX: ", &value[..], b"\r\n\r\n"].concat();
            assert_eq!(refusal(Protocol::Http, &head, &LIMITS), Refusal::HeaderValue, "{byte:#x} at {place}");
        }
    }
}

#[test]
fn all_bytes_that_no_rule_names_pass_in_a_value() {
    let value: Vec<u8> = (0x21..0x7f).chain(0x80..=0xff).collect();
    let head = [b"GET / HTTP/1.0\r\nX: ", &value[..], b"\r\n\r\n"].concat();
    let mut request = Request::new();
    assert!(decode(Protocol::Http, &head, &LIMITS, &mut request).is_ok());
    assert_eq!(request.vars()[0].value.of(&head), value);
}

#[test]
fn pipelined_requests_are_taken_one_by_one_with_one_request() {
    let input = b"GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: b\r\nX: y\r\n\r\n";
    let mut request = Request::new();
    let mut at = 0;
    for (path, host) in [(&b"/1"[..], &b"a"[..]), (b"/2", b"b")] {
        request.clear();
        let Ok(Progress::Head { used }) = decode(Protocol::Http, &input[at..], &LIMITS, &mut request) else {
            panic!("not decoded");
        };
        assert_eq!(request.path().of(&input[at..]), path);
        assert_eq!(request.find(Known::HttpHost).unwrap().of(&input[at..]), host);
        at += used;
    }
    assert_eq!(at, input.len());
}

#[test]
fn the_facts_of_a_refused_request_are_what_was_understood() {
    let mut request = Request::new();
    decode(Protocol::Http, b"HEAD / HTTP/1.1\r\nA : b\r\n", &LIMITS, &mut request).unwrap_err();
    assert!(request.facts().head_only);
    assert_eq!(request.facts().version, wire::Version::Http11);
}
