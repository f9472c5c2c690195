//! Bytes that nobody chose. The invariants: nothing panics; the verdict on the whole is the verdict on its pieces.

use crate::cuts::{run, verdict, LIMITS};
use crate::fastcgi::{begin, pair, record};
use crate::uwsgi::packet;
use wire::{decode_path, Body, Protocol, Request};

/// xorshift64*, seeded by the case, so that a failure can be repeated.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Dice {
        Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub fn roll(&mut self, below: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % below
    }
}

fn seeds() -> Vec<(Protocol, Vec<u8>)> {
    let text = [pair("REQUEST_METHOD", "GET", false), pair("CONTENT_LENGTH", "3", true)].concat();
    vec![
        (
            Protocol::Http,
            b"POST /a%20b/../c?d HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nConnection: close\r\nX-A: b\r\n\r\n".to_vec(),
        ),
        (Protocol::Http, b"POST http://a/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec()),
        (Protocol::Uwsgi, packet(0, 0, &[("REQUEST_METHOD", "GET"), ("CONTENT_LENGTH", "3"), ("A", "")])),
        (Protocol::Scgi, b"26:CONTENT_LENGTH\x0027\0SCGI\x001\0A\0B\0,".to_vec()),
        (
            Protocol::FastCgi,
            [begin(1, true), record(9, 0, b"", 0), record(4, 1, &text[..9], 1), record(4, 1, &text[9..], 0), record(4, 1, b"", 2)]
                .concat(),
        ),
    ]
}

/// Change, drop, repeat or insert a few bytes.
pub fn spoil(input: &[u8], dice: &mut Dice) -> Vec<u8> {
    const SPICE: &[u8] = b"\0\x01\x7f\x80\xff \t\r\n:;,%/._-0123456789aAzZ";
    let mut bytes = input.to_vec();
    for _ in 0..=dice.roll(3) {
        let at = dice.roll(bytes.len());
        let byte = if dice.roll(2) == 0 { SPICE[dice.roll(SPICE.len())] } else { dice.roll(256) as u8 };
        match dice.roll(4) {
            0 => bytes[at] = byte,
            1 => bytes.insert(at, byte),
            2 => drop(bytes.remove(at)),
            _ => bytes.truncate(at + 1),
        }
        if bytes.is_empty() {
            bytes.push(byte);
        }
    }
    bytes
}

#[test]
fn spoilt_heads_get_one_verdict_however_they_are_cut() {
    for (protocol, input) in seeds() {
        for seed in 0..400 {
            let bytes = spoil(&input, &mut Dice::new(seed));
            run(protocol, &bytes, &LIMITS);
        }
    }
}

#[test]
fn noise_gets_one_verdict_from_every_decoder() {
    for seed in 0..400 {
        let mut dice = Dice::new(seed);
        let bytes: Vec<u8> = (0..dice.roll(64)).map(|_| dice.roll(if seed % 2 == 0 { 256 } else { 8 }) as u8).collect();
        for protocol in [Protocol::Http, Protocol::Uwsgi, Protocol::FastCgi, Protocol::Scgi] {
            run(protocol, &bytes, &LIMITS);
        }
    }
}

#[test]
fn spoilt_bodies_end_alike_however_they_are_cut() {
    let bodies: &[(usize, Vec<u8>)] = &[
        (1, b"3;a=b\r\nabc\r\nA\r\n0123456789\r\n0\r\nX: y\r\n\r\n".to_vec()),
        (4, [record(5, 1, b"a", 3), record(9, 0, b"", 0), record(5, 1, b"bc", 0), record(5, 1, b"", 0)].concat()),
    ];
    for (index, input) in bodies {
        let (protocol, head) = &seeds()[*index];
        for seed in 0..2000 {
            let mut dice = Dice::new(seed);
            let bytes = spoil(input, &mut dice);
            let drive = |dice: &mut Dice, step: usize| {
                let mut request = Request::new();
                verdict(*protocol, head, &mut request, &LIMITS);
                let mut body = Body::new(&request, &LIMITS).unwrap();
                let (mut out, mut used, mut end) = (Vec::new(), 0, 0);
                while end < bytes.len() && !body.is_done() {
                    end = (end + 1 + dice.roll(step)).min(bytes.len());
                    match body.feed(&bytes[used..end], usize::MAX, &mut out) {
                        Ok(more) => used += more,
                        Err(refusal) => return (Vec::new(), Some(refusal.code())),
                    }
                }
                (out, None)
            };
            let whole = drive(&mut Dice::new(1), 1 << 20);
            assert_eq!(drive(&mut dice, 1), whole);
            assert_eq!(drive(&mut dice, 7), whole);
        }
    }
}

#[test]
fn spoilt_paths_never_leave_the_root() {
    for seed in 0..20_000 {
        let bytes = spoil(b"/a/%2e%2e/./..%2f//b/..", &mut Dice::new(seed));
        let mut scratch = Vec::new();
        let Ok(path) = decode_path(&bytes, &mut scratch) else {
            continue;
        };
        if path.first() == Some(&b'/') {
            assert!(!path.split(|byte| *byte == b'/').any(|segment| segment == b"." || segment == b".."));
        }
        assert!(bytes.first() != Some(&b'/') || path.first() == Some(&b'/'));
    }
}

#[test]
fn known_names_do_not_lose_themselves_in_noise() {
    for seed in 0..20_000 {
        let mut dice = Dice::new(seed);
        let name: Vec<u8> = (0..dice.roll(12)).map(|_| dice.roll(256) as u8).collect();
        let known = wire::Known::of_variable(&name);
        assert!(known == wire::Known::Other || known.key().as_bytes() == name);
        wire::Known::of_header(&name);
    }
}
