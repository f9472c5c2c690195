//! What holds for every input, whoever wrote it. One function for each reader and one for the writer; the fuzz targets
//! (`fuzz/`) and the bounded trials of `cargo test` (`trials.rs`) call the same ones. Chooses no input.
//!
//! Each function opens with its invariant in one sentence. Encoders and readers here share no code with `src`.

use wire::{
    check_header, check_status, decode, decode_path, frame_head, is_hop_by_hop, proxy_header, Proxied, PROXY_BYTES,
};
use wire::{Body, BodyFraming, Facts, Flaw, Known, Limits, Progress, Protocol, Request, Span, Version};

const USUAL: Limits = Limits { head_bytes: 4096, max_vars: 16, body_bytes: 0 };
/// So small that limits are met in the middle of everything.
const SMALL: Limits = Limits { head_bytes: 64, max_vars: 3, body_bytes: 0 };
/// For what was accepted once and is written again.
const ROOMY: Limits = Limits { head_bytes: 65535, max_vars: 128, body_bytes: 0 };

/// Everything that a decoded request says.
#[derive(Clone, Debug, PartialEq)]
struct Seen {
    method: Vec<u8>,
    target: Vec<u8>,
    path: Vec<u8>,
    query: Vec<u8>,
    version: Version,
    body: BodyFraming,
    persistent: bool,
    expects_continue: bool,
    head_only: bool,
    modifiers: (u8, u8),
    request_id: u16,
    head_size: usize,
    dropped_headers: u32,
    reply: Vec<u8>,
    vars: Vec<(Vec<u8>, Vec<u8>, Known)>,
}

#[derive(Debug, PartialEq)]
enum Verdict {
    Partial,
    Head { used: usize, seen: Box<Seen> },
    Answered { used: usize, close: bool, reply: Vec<u8> },
    Refused(&'static str),
}

/// Decode, and check what needs no second opinion: places are within the text, counts within the limits.
fn verdict(protocol: Protocol, buf: &[u8], limits: &Limits, request: &mut Request) -> Verdict {
    match decode(protocol, buf, limits, request) {
        Ok(Progress::Partial) => {
            let bound = limits.buffer_bytes(protocol);
            assert!(buf.len() < bound, "{} bytes, {bound} are said to be enough", buf.len());
            Verdict::Partial
        }
        Ok(Progress::Head { used }) => {
            assert!(used <= buf.len() && request.head_size() <= limits.head_bytes);
            assert!(request.vars().len() <= limits.max_vars);
            assert!(Body::new(request, limits).is_ok());
            Verdict::Head { used, seen: Box::new(seen(protocol, buf, request)) }
        }
        Ok(Progress::Answered { used, close }) => {
            assert!(used <= buf.len() && used > 0);
            Verdict::Answered { used, close, reply: request.reply().to_vec() }
        }
        Err(refusal) => {
            assert!(refusal.status().is_none_or(|status| (400..600).contains(&status)));
            Verdict::Refused(refusal.code())
        }
    }
}

fn seen(protocol: Protocol, buf: &[u8], request: &Request) -> Seen {
    let text = request.text(buf);
    let copy = |span: Span| {
        assert!(span.start <= span.end && span.end as usize <= text.len(), "{span:?} of {}", text.len());
        span.of(text).to_vec()
    };
    let path = copy(request.path());
    if protocol == Protocol::Http {
        let mut scratch = Vec::new();
        let info = decode_path(&path, &mut scratch).expect("a path that was accepted can be decoded");
        assert!(info == b"*" || info.first() == Some(&b'/'), "{}", info.escape_ascii());
        assert!(!info.contains(&0) && !info.split(|byte| *byte == b'/').any(|part| part == b"." || part == b".."));
    }
    Seen {
        method: copy(request.method()),
        target: copy(request.target()),
        path,
        query: copy(request.query()),
        version: request.version(),
        body: request.body(),
        persistent: request.persistent(),
        expects_continue: request.expects_continue(),
        head_only: request.facts().head_only,
        modifiers: request.modifiers(),
        request_id: request.request_id(),
        head_size: request.head_size(),
        dropped_headers: request.dropped_headers(),
        reply: request.reply().to_vec(),
        vars: request.vars().iter().map(|var| (copy(var.name), copy(var.value), var.known)).collect(),
    }
}

/// Decoding a head in pieces, cut anywhere, or with anything after it, never differs from decoding it at once; and
/// what was understood, encoded again in any protocol that can say it, is understood the same.
pub fn head(protocol: Protocol, data: &[u8]) {
    for limits in [&USUAL, &SMALL] {
        let mut request = Request::new();
        let whole = verdict(protocol, data, limits, &mut request);

        // Byte by byte with one request, which was used before. The head is known at its last byte, not later.
        request.clear();
        let mut end = 0;
        let slow = loop {
            let slow = verdict(protocol, &data[..end], limits, &mut request);
            if slow != Verdict::Partial || end == data.len() {
                break slow;
            }
            end += 1;
        };
        assert_eq!(slow, whole, "byte by byte: {}", data.escape_ascii());
        if let Verdict::Head { used, .. } | Verdict::Answered { used, .. } = &whole {
            assert_eq!(*used, end, "{}", data.escape_ascii());
        }

        // In two pieces: everywhere if that is cheap, else at places that the bytes choose.
        let chosen = data.iter().fold(1usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(usize::from(*byte)));
        for number in 0..data.len().min(64) {
            let cut = if data.len() <= 64 { number } else { chosen.wrapping_mul(number + 1) % data.len() };
            request.clear();
            let first = verdict(protocol, &data[..cut], limits, &mut request);
            let last = if first == Verdict::Partial { verdict(protocol, data, limits, &mut request) } else { first };
            assert_eq!(last, whole, "cut at {cut}: {}", data.escape_ascii());
        }

        if whole != Verdict::Partial {
            request.clear();
            let longer = [data, b"\r\n\r\nGET / HTTP/1.1\r\n\r\n\0\x01"].concat();
            assert_eq!(verdict(protocol, &longer, limits, &mut request), whole, "{}", data.escape_ascii());
        }
        if let Verdict::Head { seen, .. } = whole {
            again(protocol, &seen);
        }
    }
}

/// Encode what was seen and compare what is seen then.
fn again(protocol: Protocol, before: &Seen) {
    let compare = |protocol, bytes: &[u8]| {
        let mut request = Request::new();
        let Verdict::Head { used, seen: after } = verdict(protocol, bytes, &ROOMY, &mut request) else {
            panic!("not decoded again: {}", bytes.escape_ascii());
        };
        assert_eq!(used, bytes.len());
        after
    };
    if protocol == Protocol::Http {
        let mut bytes = [&before.method[..], b" ", &before.target, b" ", before.version.text().as_bytes()].concat();
        for (name, value, _) in before.vars.iter().filter(|var| !var.0.is_empty()) {
            bytes.extend_from_slice(&[b"\r\n", &name[..], b":", value].concat());
        }
        bytes.extend_from_slice(b"\r\n\r\n");
        let after = compare(protocol, &bytes);
        assert_eq!(Seen { head_size: before.head_size, dropped_headers: before.dropped_headers, ..*after }, *before);
        return;
    }
    for (other, bytes) in [
        (Protocol::Uwsgi, Some(uwsgi(&before.vars))),
        (Protocol::Scgi, scgi(&before.vars)),
        (Protocol::FastCgi, Some(fastcgi(&before.vars))),
    ] {
        let Some(bytes) = bytes else { continue };
        let after = compare(other, &bytes);
        assert_eq!(length(&after), length(before));
        let same = Seen {
            body: before.body,
            persistent: before.persistent,
            modifiers: before.modifiers,
            request_id: before.request_id,
            head_size: before.head_size,
            reply: before.reply.clone(),
            ..*after
        };
        assert_eq!(same, *before, "as {other:?}");
    }
}

fn length(seen: &Seen) -> u64 {
    match seen.body {
        BodyFraming::Empty | BodyFraming::Chunked => 0,
        BodyFraming::Length(length) => length,
        BodyFraming::Records(length) => length.unwrap_or(0),
    }
}

type Vars = [(Vec<u8>, Vec<u8>, Known)];

fn uwsgi(vars: &Vars) -> Vec<u8> {
    let mut block = Vec::new();
    for text in vars.iter().flat_map(|(name, value, _)| [name, value]) {
        block.extend_from_slice(&(text.len() as u16).to_le_bytes());
        block.extend_from_slice(text);
    }
    let size = (block.len() as u16).to_le_bytes();
    [&[0, size[0], size[1], 0][..], &block].concat()
}

/// `None` if there is a NUL somewhere, which SCGI cannot say.
fn scgi(vars: &Vars) -> Option<Vec<u8>> {
    let mut block = Vec::new();
    for text in vars.iter().flat_map(|(name, value, _)| [name, value]) {
        if text.contains(&0) {
            return None;
        }
        block.extend_from_slice(text);
        block.push(0);
    }
    Some([format!("{}:", block.len()).as_bytes(), &block, b","].concat())
}

/// In two records of PARAMS, with padding.
fn fastcgi(vars: &Vars) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value, _) in vars {
        for text in [name, value] {
            match text.len() {
                short @ 0..=127 => block.push(short as u8),
                long => block.extend_from_slice(&(long as u32 | 1 << 31).to_be_bytes()),
            }
        }
        block.extend_from_slice(&[&name[..], value].concat());
    }
    let (first, second) = block.split_at(block.len() / 2);
    let mut bytes = vec![1, 1, 0, 1, 0, 8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    for piece in [first, second, b""] {
        let size = (piece.len() as u16).to_be_bytes();
        // An empty record is the end of the stream.
        if !piece.is_empty() || bytes.len() > 16 + first.len() {
            bytes.extend_from_slice(&[1, 4, 0, 1, size[0], size[1], 3, 0]);
            bytes.extend_from_slice(&[piece, b"pad"].concat());
        }
    }
    bytes
}

/// A body read at once, in pieces of any size and in takes of any size is the same body of the same bytes, within
/// `limit-post` and within its input; and of a finished body a second, naive reader says the same.
///
/// The first byte of `data` chooses framing and limit, the second a length; the rest is the input.
pub fn body(data: &[u8]) {
    let Some((&[choice, length], input)) = data.split_first_chunk::<2>() else { return };
    let limits = Limits { body_bytes: if choice & 8 == 0 { 0 } else { 16 }, ..USUAL };
    let records = |length: &str| {
        let vars = [(b"CONTENT_LENGTH".to_vec(), length.as_bytes().to_vec(), Known::ContentLength)];
        (Protocol::FastCgi, fastcgi(&vars))
    };
    let (protocol, head) = match choice & 3 {
        0 => (Protocol::Http, format!("POST / HTTP/1.0\r\nContent-Length: {length}\r\n\r\n").into_bytes()),
        1 => (Protocol::Http, b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec()),
        2 => records(""),
        _ => records(&length.to_string()),
    };
    let mut request = Request::new();
    assert_eq!(decode(protocol, &head, &limits, &mut request), Ok(Progress::Head { used: head.len() }));
    let Ok(body) = Body::new(&request, &limits) else {
        assert!(limits.body_bytes > 0 && u64::from(length) > limits.body_bytes);
        return;
    };
    drop(body);
    let read = |input: &[u8], step, max| drive(Body::new(&request, &limits).ok()?, input, step, max);

    let whole = read(input, usize::MAX, usize::MAX);
    for (step, max) in [(1, usize::MAX), (1, 1), (3, 2), (7, usize::MAX), (usize::MAX, 1), (usize::MAX, 5)] {
        assert_eq!(read(input, step, max), whole, "step {step}, max {max}: {}", input.escape_ascii());
    }
    let Some((out, used, is_done, _)) = &whole else { return };
    assert!(*used <= input.len() && out.len() <= *used);
    assert!(limits.body_bytes == 0 || out.len() as u64 <= limits.body_bytes);
    if !is_done {
        return;
    }
    let input = &input[..*used];
    assert_eq!(read(input, usize::MAX, usize::MAX), whole, "nothing behind the end was needed");
    let naive = match choice & 3 {
        0 => input.to_vec(),
        1 => unchunk(input).expect("a chunked body that was accepted").0,
        2 => stdin(input),
        _ => stdin(input).into_iter().take(length.into()).collect(),
    };
    assert_eq!(*out, naive, "{}", input.escape_ascii());
}

/// What came out, how much of the input it took, whether it is the end, and what is owed to the peer; or a refusal.
type Outcome = Option<(Vec<u8>, usize, bool, Vec<u8>)>;

/// Feed `input` in pieces of `step` bytes, keeping what was not used, and take at most `max` bytes at a time.
fn drive(mut body: Body, input: &[u8], step: usize, max: usize) -> Outcome {
    let (mut out, mut used, mut end) = (Vec::new(), 0, 0);
    loop {
        let before = (used, out.len());
        used += body.feed(&input[used..end], max, &mut out).ok()?;
        assert!(used <= end && out.len() - before.1 <= max);
        if body.is_done() {
            break;
        }
        if before == (used, out.len()) {
            if end == input.len() {
                break;
            }
            end = end.saturating_add(step).min(input.len());
        }
    }
    Some((out, used, body.is_done(), body.reply().to_vec()))
}

/// A chunked body and what is behind it, read line by line.
fn unchunk(mut input: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut out = Vec::new();
    loop {
        let (line, rest) = line(input)?;
        let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
        let size = usize::from_str_radix(std::str::from_utf8(&line[..digits]).ok()?, 16).ok()?;
        input = rest;
        if size == 0 {
            while let (trailer @ [_, ..], rest) = self::line(input)? {
                assert!(trailer.contains(&b':'));
                input = rest;
            }
            return Some((out, &input[2..]));
        }
        out.extend_from_slice(input.get(..size)?);
        input = input[size..].strip_prefix(b"\r\n")?;
    }
}

/// A line and what is behind it.
fn line(input: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = input.windows(2).position(|two| two == b"\r\n")?;
    Some((&input[..end], &input[end + 2..]))
}

/// What the STDIN records of request 1 carry.
fn stdin(mut input: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    while let Some((&[1, kind, id1, id0, high, low, padding, _], rest)) = input.split_first_chunk::<8>() {
        let size = usize::from(u16::from_be_bytes([high, low]));
        if (kind, id1, id0) == (5, 0, 1) {
            out.extend_from_slice(&rest[..size]);
        }
        input = &rest[size + usize::from(padding)..];
    }
    assert!(input.is_empty());
    out
}

/// A client's own reader finds in a framed answer the status, the headers and the body of the application and nothing
/// else, whatever these hold; and where the connection goes on, the answer ends exactly at its last byte.
///
/// `data` is drawn from: choices, texts, sizes.
pub fn answer(data: &[u8]) {
    let draw = &mut Draw(data);
    let choice = draw.byte();
    let facts = Facts {
        protocol: [Protocol::Http, Protocol::Uwsgi, Protocol::FastCgi, Protocol::Scgi][usize::from(choice & 3)],
        version: if choice & 4 == 0 { Version::Http11 } else { Version::Http10 },
        head_only: choice & 8 != 0,
        persistent: choice & 16 == 0,
        request_id: 0x102,
        nph: choice & 32 != 0,
    };
    let scale = if choice & 64 == 0 { 1 } else { 700 };
    const STATUSES: &[&[u8]] = &[b"200 OK", b"204 No Content", b"304", b"404 Not Found", b"101 Switching", b"999 "];
    let status = match draw.byte() {
        0..=20 => draw.text(),
        other => STATUSES[usize::from(other) % STATUSES.len()],
    };
    let Ok(code) = check_status(status) else { return };
    const NAMES: &[&[u8]] =
        &[b"Content-Length", b"content-length", b"Connection", b"Transfer-Encoding", b"Date", b"X", b"Set-Cookie"];
    let mut headers: Vec<(&[u8], &[u8])> = Vec::new();
    for _ in 0..draw.byte() % 6 {
        let name = match draw.byte() {
            0..=40 => draw.text(),
            other => NAMES[usize::from(other) % NAMES.len()],
        };
        let value = draw.text();
        // The caller may let hop-by-hop headers through: framing leaves them out.
        if matches!(check_header(name, value), Ok(()) | Err(Flaw::HopByHop)) {
            headers.push((name, value));
        }
    }
    let known = draw.byte();
    let length = (known & 1 == 0).then(|| u64::from(known) * scale);
    let date = (known & 2 == 0).then_some(&b"now"[..]);

    let mut out = b"before".to_vec();
    let mut framing = frame_head(&facts, status, headers.iter().copied(), length, date, &mut out);
    let mut given = Vec::new();
    for number in 0..draw.byte() % 5 {
        let piece = vec![b'a' + number; usize::from(draw.byte()) * scale as usize];
        framing.chunk(&piece, &mut out);
        given.extend_from_slice(&piece);
    }
    let ended = framing.end(&mut out);
    let (before, out) = out.split_at(6);
    assert_eq!(before, b"before");

    let stream;
    let text = match facts.protocol {
        Protocol::FastCgi => {
            stream = stdout(out, facts.request_id);
            &stream[..]
        }
        _ => out,
    };
    let (first, mut rest) = line(text).expect("a first line");
    let start: &[u8] = match facts.protocol {
        Protocol::FastCgi | Protocol::Scgi if !facts.nph => b"Status: ",
        _ if facts.version == Version::Http11 => b"HTTP/1.1 ",
        _ => b"HTTP/1.0 ",
    };
    assert_eq!(first, [start, status, if status.len() == 3 { b" " } else { b"" }].concat());
    let mut fields: Vec<(&[u8], &[u8])> = Vec::new();
    loop {
        let (field, after) = line(rest).expect("an empty line");
        rest = after;
        if field.is_empty() {
            break;
        }
        let colon = field.windows(2).position(|two| two == b": ").expect("a colon");
        fields.push((&field[..colon], &field[colon + 2..]));
    }

    // The application's own fields are there, in order; of the others only the server's.
    let is = |name: &[u8], other: &str| name.eq_ignore_ascii_case(other.as_bytes());
    let dated = headers.iter().any(|(name, _)| is(name, "date"));
    let is_framing =
        |name: &[u8]| is(name, "content-length") || is_hop_by_hop(name) && code != 101 || is(name, "date") && !dated;
    let plain = |fields: &[(&[u8], &[u8])]| -> Vec<(Vec<u8>, Vec<u8>)> {
        fields
            .iter()
            .filter(|(name, _)| !is_framing(name))
            .map(|(name, value)| (name.to_vec(), value.to_vec()))
            .collect()
    };
    assert_eq!(plain(&fields), plain(&headers));
    let all =
        |wanted: &str| fields.iter().filter(|(name, _)| is(name, wanted)).map(|(_, value)| *value).collect::<Vec<_>>();
    let lengths = all("content-length");
    assert!(lengths.len() <= 1);
    let promised = lengths.first().map(|value| std::str::from_utf8(value).unwrap().trim().parse::<u64>().unwrap());

    let has_body = !facts.head_only && code >= 200 && code != 204 && code != 304;
    if code < 200 || code == 204 {
        assert_eq!(promised, None);
    }
    if !has_body {
        assert!(rest.is_empty() && (ended.missing, ended.excess) == (0, 0));
        return;
    }
    let is_http = facts.protocol == Protocol::Http;
    let chunked = is_http && all("transfer-encoding") == [b"chunked"];
    assert!(!chunked || promised.is_none());
    let body = match chunked {
        true => {
            let (body, behind) = unchunk(rest).expect("chunks");
            assert!(behind.is_empty());
            body
        }
        false => rest.to_vec(),
    };
    let allowed = promised.map_or(given.len(), |length| given.len().min(length as usize));
    assert_eq!(body, given[..allowed]);
    assert_eq!(ended.missing, promised.map_or(0, |length| length - allowed as u64));
    assert_eq!(ended.excess, (given.len() - allowed) as u64);
    if ended.persistent {
        assert!(facts.persistent && (facts.protocol == Protocol::FastCgi || is_http));
        assert!(facts.protocol == Protocol::FastCgi || chunked || promised == Some(body.len() as u64));
    }
    if is_http {
        let wants: &[&[u8]] = match (ended.persistent || ended.missing > 0, facts.version) {
            (true, Version::Http11) if facts.persistent => &[],
            (true, Version::Http10) if facts.persistent => &[b"keep-alive"],
            _ => &[b"close"],
        };
        assert_eq!(all("connection"), wants);
    }
}

/// The STDOUT of records that end with END_REQUEST.
fn stdout(mut input: &[u8], id: u16) -> Vec<u8> {
    let (mut out, mut closed) = (Vec::new(), false);
    while let Some((&[1, kind, id1, id0, high, low, padding, _], rest)) = input.split_first_chunk::<8>() {
        assert_eq!(u16::from_be_bytes([id1, id0]), id);
        let size = usize::from(u16::from_be_bytes([high, low]));
        let content = &rest[..size];
        input = &rest[size + usize::from(padding)..];
        match kind {
            6 => {
                assert!(!closed);
                closed = content.is_empty();
                out.extend_from_slice(content);
            }
            3 => {
                assert!(closed && input.is_empty());
                assert_eq!(content, [0; 8]);
                return out;
            }
            other => panic!("a record of type {other}"),
        }
    }
    panic!("END_REQUEST is missing");
}

/// Choices taken from bytes; zeros when they are used up.
struct Draw<'a>(&'a [u8]);

impl<'a> Draw<'a> {
    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    fn text(&mut self) -> &'a [u8] {
        let size = usize::from(self.byte() % 24).min(self.0.len());
        let (text, rest) = self.0.split_at(size);
        self.0 = rest;
        text
    }
}

/// Invariant: a PROXY header is found as soon as its last byte is there and not before, whatever follows; what it says
/// is no longer than what is looked at; and what is no header stays none.
pub fn proxy(data: &[u8]) {
    let whole = proxy_header(data);
    if let Ok(Proxied::Header { used, .. }) = whole {
        assert!(used <= data.len() && used <= PROXY_BYTES);
        assert_eq!(proxy_header(&data[..used]), whole);
        assert_eq!(proxy_header(&data[..used - 1]), Ok(Proxied::Partial));
    }
    if whole == Ok(Proxied::Partial) {
        assert!(data.len() < PROXY_BYTES);
    }
    for end in 0..data.len().min(300) {
        match proxy_header(&data[..end]) {
            Ok(Proxied::Partial) => {}
            verdict => assert_eq!(verdict, whole, "{end} bytes and all of them"),
        }
    }
}
