//! The reusable request.

use crate::uwsgi::packet;
use wire::{decode, BodyFraming, Known, Limits, Protocol, Request, Span};

#[test]
fn clearing_forgets_all_but_the_memory() {
    let mut request = Request::new();
    let big = packet(0, 7, &[("REQUEST_METHOD", "HEAD"), ("CONTENT_LENGTH", "5"), ("SERVER_PROTOCOL", "HTTP/1.1")]);
    decode(Protocol::Uwsgi, &big, &Limits::default(), &mut request).unwrap();
    let memory = request.vars().as_ptr();
    request.clear();
    assert_eq!(format!("{request:?}"), format!("{:?}", Request::new()));
    decode(Protocol::Uwsgi, &packet(0, 0, &[("A", "b")]), &Limits::default(), &mut request).unwrap();
    assert_eq!(request.vars().as_ptr(), memory);
    assert_eq!(request.body(), BodyFraming::Empty);
}

#[test]
fn the_last_variable_and_the_first_field_are_found() {
    let mut request = Request::new();
    let input = packet(0, 0, &[("HTTP_HOST", "a"), ("HTTP_HOST", "b")]);
    decode(Protocol::Uwsgi, &input, &Limits::default(), &mut request).unwrap();
    assert_eq!(request.find(Known::HttpHost).unwrap().of(request.text(&input)), b"b");
    assert_eq!(request.find(Known::HttpCookie), None);
    request.clear();
    let input = b"GET / HTTP/1.0\r\nAccept: a\r\nAccept: b\r\n\r\n";
    decode(Protocol::Http, input, &Limits::default(), &mut request).unwrap();
    assert_eq!(request.find(Known::HttpAccept).unwrap().of(input), b"a");
}

#[test]
fn a_span_of_another_text_is_empty_and_no_panic() {
    assert_eq!(Span { start: 3, end: 9 }.of(b"abc"), b"");
}
