//! The invariants of the fuzz targets, for a few seconds: inputs grown from pieces that matter, a number of them, always
//! the same. `make fuzz` looks for longer and by itself.

use crate::fastcgi::{begin, pair, record};
use crate::invariants;
use crate::random::{spoil, Dice};
use crate::uwsgi::packet;
use wire::Protocol;

fn pick<'a, T: ?Sized>(dice: &mut Dice, pieces: &[&'a T]) -> &'a T {
    pieces[dice.roll(pieces.len())]
}

/// Spoilt in one case of three.
fn perhaps_spoilt(bytes: Vec<u8>, dice: &mut Dice) -> Vec<u8> {
    if dice.roll(3) > 0 || bytes.is_empty() {
        return bytes;
    }
    spoil(&bytes, dice)
}

fn http_head(dice: &mut Dice) -> Vec<u8> {
    const METHODS: &[&[u8]] = &[b"GET", b"POST", b"HEAD", b"OPTIONS", b"CONNECT", b"get", b"M-S", b"", b"G ET"];
    const TARGETS: &[&[u8]] = &[
        b"/", b"/a/../b?c", b"*", b"http://b:8/x?y", b"https://b", b"/%2e%2E/%41", b"/%00", b"a:80", b"/ ", b"//", b"/\xff",
    ];
    const VERSIONS: &[&[u8]] =
        &[b"HTTP/1.1", b"HTTP/1.1", b"HTTP/1.1", b"HTTP/1.0", b"HTTP/1.0", b"HTTP/1.5", b"HTTP/2.0", b"http/1.1"];
    const NAMES: &[&[u8]] = &[
        b"Host", b"Content-Length", b"Transfer-Encoding", b"Connection", b"Expect", b"Cookie", b"X-A", b"X_A", b"host",
        b"content_length", b" X", b"A ", b"", b"A(",
    ];
    const VALUES: &[&[u8]] = &[
        b"a", b"[::1]:8", b"0", b"5", b"5, 5", b"+5", b"18446744073709551616", b"chunked", b"gzip, chunked", b"close",
        b"keep-alive, te", b"100-continue", b" \t", b"a\tb", b"\xff", b"", b"a\rb", b"\x0bchunked",
    ];
    const GOOD: &[&[u8]] = &[
        b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n", b"Connection: close\r\n", b"Expect: 100-continue\r\n",
        b"X-A:\t\xff \t\r\n", b"X_A: b\r\n", b"Cookie:\r\n",
    ];
    const ENDS: &[&[u8]] = &[b"\r\n", b"\r\n", b"\r\n", b"\r\n", b"\r\n", b"\r\n", b"\n", b"\r", b"\r\n "];
    // One thing wrong is more telling than five: mostly the first pieces, which are right.
    let some = |dice: &mut Dice, pieces: &'static [&'static [u8]], right: usize| {
        let count = if dice.roll(6) == 0 { pieces.len() } else { right };
        pieces[dice.roll(count)]
    };
    let mut head = [some(dice, METHODS, 4), b" ", some(dice, TARGETS, 2), b" ", some(dice, VERSIONS, 5), b"\r\n"].concat();
    if dice.roll(8) > 0 {
        head.extend_from_slice(b"Host: a\r\n");
    }
    for _ in 0..dice.roll(5) {
        if dice.roll(2) == 0 {
            head.extend_from_slice(pick(dice, GOOD));
            continue;
        }
        head.extend_from_slice(&[pick(dice, NAMES), pick::<[u8]>(dice, &[b": ", b":"]), pick(dice, VALUES)].concat());
        head.extend_from_slice(pick(dice, ENDS));
    }
    head.extend_from_slice(b"\r\n");
    perhaps_spoilt(head, dice)
}

fn vars(dice: &mut Dice) -> Vec<(&'static str, &'static str)> {
    const NAMES: &[&str] = &[
        "REQUEST_METHOD", "REQUEST_URI", "PATH_INFO", "QUERY_STRING", "SERVER_PROTOCOL", "CONTENT_LENGTH", "HTTP_HOST",
        "UWSGI_FILE", "A", "",
    ];
    const VALUES: &[&str] =
        &["GET", "HEAD", "/a", "", "0", "7", "-1", "HTTP/1.0", "HTTP/1.1", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"];
    (0..dice.roll(7)).map(|_| (pick(dice, NAMES), pick(dice, VALUES))).collect()
}

fn uwsgi_packet(dice: &mut Dice) -> Vec<u8> {
    let modifier = [0, 0, 0, 0, 30, 100, 5][dice.roll(7)];
    let bytes = packet(modifier, 0, &vars(dice));
    perhaps_spoilt(bytes, dice)
}

fn scgi_netstring(dice: &mut Dice) -> Vec<u8> {
    let block: String = vars(dice).iter().map(|(name, value)| format!("{name}\0{value}\0")).collect();
    perhaps_spoilt(format!("{}:{block},", block.len()).into_bytes(), dice)
}

fn fastcgi_records(dice: &mut Dice) -> Vec<u8> {
    let text: Vec<u8> = vars(dice).iter().flat_map(|(name, value)| pair(name, value, dice.roll(4) == 0)).collect();
    let mut bytes = Vec::new();
    let other = |dice: &mut Dice| match dice.roll(12) {
        0 => record(9, 0, &pair("FCGI_MPXS_CONNS", "", false), 1),
        1 => record(77, 0, b"x", 0),
        2 => begin(2, true),
        3 => record(4, 2, b"junk", 0),
        4 => record(2, 1, b"", 0),
        5 => record(8, 1, b"data", 3),
        _ => Vec::new(),
    };
    bytes.extend(other(dice));
    bytes.extend(begin(1, dice.roll(2) == 0));
    let mut rest = &text[..];
    while !rest.is_empty() {
        let (now, later) = rest.split_at(1 + dice.roll(rest.len()));
        bytes.extend(record(4, 1, now, dice.roll(9) as u8));
        bytes.extend(other(dice));
        rest = later;
    }
    bytes.extend(record(4, 1, b"", 0));
    perhaps_spoilt(bytes, dice)
}

fn a_body(dice: &mut Dice) -> Vec<u8> {
    const CHUNKS: &[&[u8]] = &[
        b"1\r\na\r\n", b"3;x=y\r\nabc\r\n", b"00002 \t;\r\n\r\n\r\n", b"A\r\n0123456789\r\n", b"f\r\n0123456789abcde\r\n",
        b"0\r\n\r\n", b"0;e\r\nX: y\r\n\r\n", b"FFFFFFFFFFFFFFFF\r\n", b"1\n", b"-1\r\n", b"2\r\nab",
    ];
    let mut bytes = vec![dice.roll(16) as u8, [0, 1, 5, 10, 200][dice.roll(5)]];
    for _ in 0..1 + dice.roll(6) {
        match bytes[0] & 3 {
            0 => bytes.extend_from_slice(b"abcde"),
            1 => bytes.extend_from_slice(pick(dice, CHUNKS)),
            _ => {
                let content = &b"0123456789"[..dice.roll(11)];
                let kind = [5, 5, 5, 5, 5, 8, 9, 2, 1][dice.roll(9)];
                let content = if kind == 9 { b"" } else { content };
                bytes.extend(record(kind, [1, 1, 1, 1, 2, 0][dice.roll(6)], content, dice.roll(5) as u8));
            }
        }
    }
    if bytes[0] & 2 != 0 {
        bytes.extend(record(5, 1, b"", 1));
    }
    let rest = bytes.split_off(2);
    [bytes, perhaps_spoilt(rest, dice)].concat()
}

fn try_all(count: u64, grow: impl Fn(&mut Dice) -> Vec<u8>, hold: impl Fn(&[u8])) {
    for seed in 0..count {
        hold(&grow(&mut Dice::new(seed)));
    }
}

#[test]
fn http_heads() {
    try_all(5_000, http_head, |data| invariants::head(Protocol::Http, data));
}

#[test]
fn uwsgi_packets() {
    try_all(5_000, uwsgi_packet, |data| invariants::head(Protocol::Uwsgi, data));
}

#[test]
fn fastcgi_streams() {
    try_all(5_000, fastcgi_records, |data| invariants::head(Protocol::FastCgi, data));
}

#[test]
fn scgi_netstrings() {
    try_all(5_000, scgi_netstring, |data| invariants::head(Protocol::Scgi, data));
}

#[test]
fn bodies() {
    try_all(15_000, a_body, invariants::body);
}

fn proxy_header(dice: &mut Dice) -> Vec<u8> {
    const LINES: &[&[u8]] = &[
        b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n", b"PROXY TCP6 ::1 ::2 65535 80\r\n", b"PROXY UNKNOWN\r\n", b"PROXY UNKNOWN x\r\n",
    ];
    let mut bytes = match dice.roll(2) {
        0 => pick(dice, LINES).to_vec(),
        _ => {
            let command = [0x20, 0x21, 0x21, 0x21, 0x11][dice.roll(5)];
            let family = [0x11, 0x11, 0x21, 0x31, 0x00, 0x41][dice.roll(6)];
            let length = [12, 12, 36, 216, 0, dice.roll(60)][dice.roll(6)];
            crate::proxy::binary(command, family, &vec![dice.roll(256) as u8; length])
        }
    };
    bytes.extend_from_slice(&b"GET / HTTP/1.1\r\n"[..dice.roll(17)]);
    perhaps_spoilt(bytes, dice)
}

#[test]
fn proxy_headers() {
    try_all(20_000, proxy_header, invariants::proxy);
    let found = |seed| matches!(wire::proxy_header(&proxy_header(&mut Dice::new(seed))), Ok(wire::Proxied::Header { .. }));
    assert!((0..1000).filter(|seed| found(*seed)).count() > 200);
}

#[test]
fn answers() {
    try_all(20_000, |dice| (0..8 + dice.roll(80)).map(|_| dice.roll(256) as u8).collect(), invariants::answer);
}

#[test]
fn the_trials_reach_what_they_are_for() {
    // A generator of nothing but refusals would prove nothing.
    let accepted = |protocol, grow: fn(&mut Dice) -> Vec<u8>| {
        let is_head = |bytes: Vec<u8>| {
            let got = wire::decode(protocol, &bytes, &wire::Limits::default(), &mut wire::Request::new());
            matches!(got, Ok(wire::Progress::Head { .. }))
        };
        (0..1000).filter(|seed| is_head(grow(&mut Dice::new(*seed)))).count()
    };
    for (protocol, grow) in [
        (Protocol::Http, http_head as fn(&mut Dice) -> Vec<u8>),
        (Protocol::Uwsgi, uwsgi_packet),
        (Protocol::FastCgi, fastcgi_records),
        (Protocol::Scgi, scgi_netstring),
    ] {
        let count = accepted(protocol, grow);
        assert!((50..950).contains(&count), "{protocol:?}: {count} of 1000");
    }
}
