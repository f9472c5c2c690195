//! How every decoder's case is run: whole, cut after every byte, and with trailing bytes. All must agree.

use wire::{decode, BodyFraming, Known, Limits, Progress, Protocol, Refusal, Request};

pub const LIMITS: Limits = Limits { head_bytes: 4096, max_vars: 16, body_bytes: 0 };

/// One verdict as one line.
pub fn verdict(protocol: Protocol, buf: &[u8], request: &mut Request, limits: &Limits) -> (String, Option<usize>) {
    match decode(protocol, buf, limits, request) {
        Ok(Progress::Partial) => ("partial".into(), None),
        Ok(Progress::Head { used }) => (line(request, buf), Some(used)),
        Ok(Progress::Answered { used, close }) => {
            let end = if close { "close" } else { "go on" };
            (format!("answered {end} {}", request.reply().escape_ascii()), Some(used))
        }
        Err(refusal) => (format!("refused {}", refusal.code()), None),
    }
}

/// `METHOD target path query version keep|close body name=value…`, and what is unusual.
fn line(request: &Request, buf: &[u8]) -> String {
    let text = request.text(buf);
    let show = |span: wire::Span| span.of(text).escape_ascii().to_string();
    let mut line = format!(
        "{} {} {} ?{} {} {} {}",
        show(request.method()),
        show(request.target()),
        show(request.path()),
        show(request.query()),
        request.version().text().trim_start_matches("HTTP/"),
        if request.persistent() { "keep" } else { "close" },
        match request.body() {
            BodyFraming::Empty => "empty".into(),
            BodyFraming::Length(length) => format!("length:{length}"),
            BodyFraming::Chunked => "chunked".into(),
            BodyFraming::Records(length) => format!("records:{length:?}"),
        }
    );
    if request.expects_continue() {
        line += " continue";
    }
    if request.facts().head_only {
        line += " head-only";
    }
    if request.dropped_headers() > 0 {
        line += &format!(" dropped:{}", request.dropped_headers());
    }
    if request.modifiers() != (0, 0) {
        line += &format!(" modifiers:{:?}", request.modifiers());
    }
    if request.request_id() != 0 {
        line += &format!(" id:{}", request.request_id());
    }
    if !request.reply().is_empty() {
        line += &format!(" reply:{}", request.reply().escape_ascii());
    }
    for var in request.vars() {
        let name = if var.name.is_empty() { format!("({})", var.known.key()) } else { show(var.name) };
        line += &format!(" {}={}", name, show(var.value));
        let by_name = match request.protocol() {
            Some(Protocol::Http) => Known::of_header(var.name.of(text)),
            _ => Known::of_variable(var.name.of(text)),
        };
        assert!(var.name.is_empty() || by_name == var.known);
    }
    line
}

/// Run one case in every way and answer its verdict and how many bytes it used.
pub fn run(protocol: Protocol, input: &[u8], limits: &Limits) -> (String, Option<usize>) {
    crate::seeds::keep(&format!("{protocol:?}").to_lowercase(), input);
    let mut request = Request::new();
    let whole = verdict(protocol, input, &mut request, limits);

    // Byte by byte, going on with one request. Also proves that a cleared request is as good as a new one.
    request.clear();
    let mut ended = None;
    for end in 0..=input.len() {
        let (line, used) = verdict(protocol, &input[..end], &mut request, limits);
        if line != "partial" {
            assert!(used.is_none_or(|used| used == end), "used {used:?} of {end}, more than was needed: {line}");
            ended = Some((line, used));
            break;
        }
    }
    assert_eq!(ended.unwrap_or(("partial".into(), None)), whole, "byte by byte: {}", input.escape_ascii());

    // One cut, wherever.
    for cut in 0..input.len() {
        request.clear();
        let first = verdict(protocol, &input[..cut], &mut request, limits);
        if first.0 == "partial" {
            let second = verdict(protocol, input, &mut request, limits);
            assert_eq!(second, whole, "cut at {cut}: {}", input.escape_ascii());
        } else {
            assert_eq!(first, whole, "decided at {cut}: {}", input.escape_ascii());
        }
    }

    // What comes after is nobody's business.
    if whole.0 != "partial" {
        for tail in [&b"\0"[..], b"\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"\x01\x01\0\0\0\0\0\0"] {
            request.clear();
            let longer = [input, tail].concat();
            assert_eq!(verdict(protocol, &longer, &mut request, limits), whole, "before {}", tail.escape_ascii());
        }
    }
    whole
}

/// A table of (input, verdict). A decoded head is all of its input.
pub fn table(protocol: Protocol, cases: &[(&[u8], &str)]) {
    for (input, want) in cases {
        let (have, used) = run(protocol, input, &LIMITS);
        assert_eq!(have, *want, "input: {}", input.escape_ascii());
        if let Some(used) = used {
            assert_eq!(used, input.len(), "input: {}", input.escape_ascii());
        }
    }
}

/// The refusal of an input, for its numbers.
pub fn refusal(protocol: Protocol, input: &[u8], limits: &Limits) -> Refusal {
    decode(protocol, input, limits, &mut Request::new()).unwrap_err()
}
