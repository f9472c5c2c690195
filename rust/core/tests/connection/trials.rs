//! The invariant of the fuzz target `connection`, for a few seconds: connections grown from requests that matter, a
//! number of them, always the same. `make fuzz` looks for longer and by itself.

use std::fs::OpenOptions;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::fd::AsRawFd;

use super::play;

/// xorshift64*, seeded by the case, so that a failure can be repeated.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % below
    }

    fn pick<'a>(&mut self, pieces: &[&'a str]) -> &'a str {
        pieces[self.roll(pieces.len())]
    }
}

const PATHS: &[&str] = &["/a", "/h", "/l", "/n", "/s", "/x", "/f", "/n?q", "/%2e%2e/s", "/\u{e4}"];

fn http(dice: &mut Dice) -> Vec<u8> {
    let path = dice.pick(PATHS);
    let version = dice.pick(&["HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.0"]);
    let host = dice.pick(&["Host: a\r\n", "Host: a\r\n", "Host: a\r\n", "host:a\r\nX_Y: z\r\n"]);
    let more =
        dice.pick(&["", "", "", "Connection: close\r\n", "Expect: 100-continue\r\n", "Connection: keep-alive\r\n"]);
    match dice.roll(6) {
        0 | 1 => format!("GET {path} {version}\r\n{host}{more}\r\n"),
        2 => format!("HEAD {path} {version}\r\n{host}{more}\r\n"),
        3 => {
            let size = [0, 1, 5, 300, 2_000_000, 4_000_000][dice.roll(6)];
            let body = "b\n".repeat(size.min(300) / 2 + 1);
            format!("POST {path} {version}\r\n{host}{more}Content-Length: {size}\r\n\r\n{}", &body[..size.min(300)])
        }
        _ => {
            let chunks = dice.pick(&[
                "0\r\n\r\n",
                "3\r\nabc\r\n0\r\n\r\n",
                "3;x=y\r\na\nc\r\n1\r\nd\r\n0\r\nT: u\r\n\r\n",
                "z\r\n",
            ]);
            format!("POST {path} HTTP/1.1\r\n{host}{more}Transfer-Encoding: chunked\r\n\r\n{chunks}")
        }
    }
    .into_bytes()
}

fn vars(dice: &mut Dice, length: usize) -> Vec<(String, String)> {
    let method = dice.pick(&["GET", "POST", "HEAD"]);
    let path = dice.pick(PATHS);
    [("CONTENT_LENGTH", &*length.to_string()), ("REQUEST_METHOD", method), ("PATH_INFO", path), ("SCGI", "1")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec()
}

fn uwsgi(dice: &mut Dice) -> Vec<u8> {
    let length = dice.roll(9);
    let mut block = Vec::new();
    for text in vars(dice, length).iter().flat_map(|(name, value)| [name, value]) {
        block.extend_from_slice(&(text.len() as u16).to_le_bytes());
        block.extend_from_slice(text.as_bytes());
    }
    let size = (block.len() as u16).to_le_bytes();
    let modifier = [0, 0, 0, 0, 30, 100, 7][dice.roll(7)];
    [&[modifier, size[0], size[1], 0][..], &block, &b"0123456789"[..length]].concat()
}

fn scgi(dice: &mut Dice) -> Vec<u8> {
    let length = dice.roll(9);
    let block: String = vars(dice, length).iter().map(|(name, value)| format!("{name}\0{value}\0")).collect();
    format!("{}:{block},{}", block.len(), &"0123456789"[..length]).into_bytes()
}

fn record(kind: u8, id: u8, content: &[u8], padding: u8) -> Vec<u8> {
    let size = (content.len() as u16).to_be_bytes();
    [&[1, kind, 0, id, size[0], size[1], padding, 0][..], content, &vec![0; padding.into()]].concat()
}

fn fastcgi(dice: &mut Dice) -> Vec<u8> {
    let length = dice.roll(9);
    let mut text = Vec::new();
    for (name, value) in vars(dice, length) {
        text.extend_from_slice(&[name.len() as u8, value.len() as u8]);
        text.extend_from_slice(&[name.as_bytes(), value.as_bytes()].concat());
    }
    let keep = u8::from(dice.roll(4) > 0);
    let values = record(9, 0, b"\x0f\x00FCGI_MPXS_CONNS", 1);
    let other = |dice: &mut Dice| if dice.roll(4) == 0 { values.clone() } else { Vec::new() };
    let cut = dice.roll(text.len());
    let body = &b"0123456789"[..length];
    let half = dice.roll(length + 1);
    let mut bytes = other(dice);
    bytes.extend(record(1, 1, &[0, 1, keep, 0, 0, 0, 0, 0], 0));
    bytes.extend(record(4, 1, &text[..cut], dice.roll(9) as u8).into_iter().filter(|_| cut > 0));
    bytes.extend(record(4, 1, &text[cut..], 0));
    bytes.extend(other(dice));
    bytes.extend(record(4, 1, b"", 3));
    for piece in [&body[..half], &body[half..]] {
        bytes.extend(record(5, 1, piece, dice.roll(3) as u8).into_iter().filter(|_| !piece.is_empty()));
        bytes.extend(other(dice));
    }
    bytes.extend(record(if dice.roll(9) == 0 { 2 } else { 5 }, 1, b"", 0));
    bytes
}

/// Nothing that would end a connection, where a protocol has more than one request on it.
fn plain(door: usize, dice: &mut Dice) -> Vec<u8> {
    let path = dice.pick(&["/a", "/s", "/x"]);
    match (door, dice.roll(3)) {
        (0, 0) => format!("HEAD {path} HTTP/1.1\r\nHost: a\r\n\r\n").into_bytes(),
        (0, 1) => format!("POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc").into_bytes(),
        (0, _) => format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n").into_bytes(),
        (1, _) => uwsgi(dice),
        (2, _) => fastcgi(dice),
        _ => scgi(dice),
    }
}

/// A connection: a few requests, sometimes many, sometimes spoilt.
fn grow(seed: u64) -> Vec<u8> {
    let dice = &mut Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let door = dice.roll(4);
    let request = [http, uwsgi, fastcgi, scgi][door];
    let count = [1, 1, 2, 3, 5, 80][dice.roll(6)];
    let calm = dice.roll(2) == 0;
    let mut bytes: Vec<u8> = (0..count).flat_map(|_| if calm { plain(door, dice) } else { request(dice) }).collect();
    match dice.roll(6) {
        0 => bytes.truncate(dice.roll(bytes.len())),
        1 => {
            let at = dice.roll(bytes.len());
            bytes[at] = b"\0\r\n \x7f1aZ"[dice.roll(8)];
        }
        _ => {}
    }
    // Mostly on its own socket.
    let door = if dice.roll(8) == 0 { dice.roll(4) } else { door };
    [vec![door as u8, dice.roll(256) as u8], bytes].concat()
}

/// Keep an input for the fuzz target to begin with, if `FUZZ_SEEDS` names a directory.
fn keep(data: &[u8]) {
    let Some(root) = std::env::var_os("FUZZ_SEEDS").map(std::path::PathBuf::from) else { return };
    let mut hasher = DefaultHasher::new();
    data.hash(&mut hasher);
    let directory = root.join("connection");
    std::fs::create_dir_all(&directory).unwrap();
    std::fs::write(directory.join(format!("{:016x}", hasher.finish())), data).unwrap();
}

/// Try all of them on an engine with so many cores. One call in a process: the engine is the process's.
pub fn hold(cores: usize) {
    // The engine tells its log of every refusal.
    let log = OpenOptions::new().append(true).open("/dev/null").unwrap();
    // SAFETY: both descriptors are open.
    assert_eq!(unsafe { libc::dup2(log.as_raw_fd(), 2) }, 2);
    let mut requests = 0;
    for seed in 0..1000 {
        let data = grow(seed);
        keep(&data);
        requests += play::hold(&data, cores).map_or(0, |outcome| outcome.requests.len());
    }
    // Connections of nothing but refusals would prove nothing.
    assert!(requests > 2500, "{requests}");
}
