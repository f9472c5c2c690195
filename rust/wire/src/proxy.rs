//! The PROXY protocol, versions 1 and 2: the first bytes of a connection that a load balancer passes on, with the
//! addresses of the client it speaks for. Tells what they say; whether this peer may say it is the caller's to decide.
//!
//! <https://www.haproxy.org/download/2.9/doc/proxy-protocol.txt>

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::Refusal;

/// What follows the signature `"\r\n\r\n\0\r\nQUIT\n"` of version 2 begins here.
const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";
const FIXED: usize = 16;
const WORD: &[u8; 6] = b"PROXY ";
/// The longest line of version 1, with its CR LF.
const LONGEST_LINE: usize = 107;
/// The longest header that is understood: addresses, and what a load balancer adds to them.
pub const PROXY_BYTES: usize = 4096;

/// An address and a port.
pub type Socket = (IpAddr, u16);

/// What the first bytes of a connection are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proxied {
    /// The start of a header, or of something else. Ask again with more bytes.
    Partial,
    /// No header.
    Absent,
    /// A header of `used` bytes.
    Header {
        /// Its length; what follows is the client's.
        used: usize,
        /// From where and to where the client connected; `None` if the header says that this is unknown, or that the
        /// load balancer speaks for itself.
        addresses: Option<(Socket, Socket)>,
    },
}

/// Look at the first bytes of a connection. Complete with [`PROXY_BYTES`] of them, whatever they are.
pub fn proxy_header(buf: &[u8]) -> Result<Proxied, Refusal> {
    if starts_alike(buf, SIGNATURE) {
        return if buf.len() < FIXED { Ok(Proxied::Partial) } else { binary(buf) };
    }
    if starts_alike(buf, WORD) {
        return if buf.len() < WORD.len() { Ok(Proxied::Partial) } else { line(buf) };
    }
    Ok(Proxied::Absent)
}

/// One is the beginning of the other.
fn starts_alike(buf: &[u8], mark: &[u8]) -> bool {
    buf.iter().zip(mark).all(|(byte, wanted)| byte == wanted)
}

fn line(buf: &[u8]) -> Result<Proxied, Refusal> {
    let seen = buf.get(..LONGEST_LINE).unwrap_or(buf);
    let Some(end) = seen.windows(2).position(|pair| pair == b"\r\n") else {
        return if seen.len() == LONGEST_LINE { Err(Refusal::ProxyHeader) } else { Ok(Proxied::Partial) };
    };
    let text =
        seen.get(WORD.len()..end).and_then(|text| core::str::from_utf8(text).ok()).ok_or(Refusal::ProxyHeader)?;
    let used = end + 2;
    if text == "UNKNOWN" || text.starts_with("UNKNOWN ") {
        return Ok(Proxied::Header { used, addresses: None });
    }
    let mut words = text.split(' ');
    let mut word = || words.next().ok_or(Refusal::ProxyHeader);
    let (family, from, to, from_port, to_port) = (word()?, word()?, word()?, word()?, word()?);
    if word().is_ok() {
        return Err(Refusal::ProxyHeader);
    }
    let address = |text: &str| -> Result<IpAddr, Refusal> {
        let parsed = match family {
            "TCP4" => text.parse::<Ipv4Addr>().ok().map(IpAddr::V4),
            "TCP6" => text.parse::<Ipv6Addr>().ok().map(|address| address.to_canonical()),
            _ => None,
        };
        parsed.ok_or(Refusal::ProxyHeader)
    };
    let from = (address(from)?, port(from_port)?);
    let to = (address(to)?, port(to_port)?);
    Ok(Proxied::Header { used, addresses: Some((from, to)) })
}

fn port(text: &str) -> Result<u16, Refusal> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) || (text.len() > 1 && text.starts_with('0')) {
        return Err(Refusal::ProxyHeader);
    }
    text.parse().map_err(|_| Refusal::ProxyHeader)
}

fn binary(buf: &[u8]) -> Result<Proxied, Refusal> {
    let &[_, _, _, _, _, _, _, _, _, _, _, _, command, family, high, low, ref rest @ ..] = buf else {
        return Ok(Proxied::Partial);
    };
    let length = usize::from(u16::from_be_bytes([high, low]));
    let used = FIXED + length;
    let is_local = match command {
        0x20 => true,
        0x21 => false,
        _ => return Err(Refusal::ProxyHeader),
    };
    if used > PROXY_BYTES {
        return Err(Refusal::ProxyHeader);
    }
    let Some(body) = rest.get(..length) else { return Ok(Proxied::Partial) };
    if is_local {
        return Ok(Proxied::Header { used, addresses: None });
    }
    let addresses = match family >> 4 {
        1 => Some(four(body).ok_or(Refusal::ProxyHeader)?),
        2 => Some(six(body).ok_or(Refusal::ProxyHeader)?),
        // Unspecified, or two unix sockets.
        0 | 3 => None,
        _ => return Err(Refusal::ProxyHeader),
    };
    if family & 15 > 2 {
        return Err(Refusal::ProxyHeader);
    }
    Ok(Proxied::Header { used, addresses })
}

fn four(body: &[u8]) -> Option<(Socket, Socket)> {
    let (from, rest) = body.split_first_chunk::<4>()?;
    let (to, rest) = rest.split_first_chunk::<4>()?;
    let (from_port, to_port) = ports(rest)?;
    Some(((IpAddr::from(*from), from_port), (IpAddr::from(*to), to_port)))
}

fn six(body: &[u8]) -> Option<(Socket, Socket)> {
    let (from, rest) = body.split_first_chunk::<16>()?;
    let (to, rest) = rest.split_first_chunk::<16>()?;
    let (from_port, to_port) = ports(rest)?;
    let address = |bytes: &[u8; 16]| Ipv6Addr::from(*bytes).to_canonical();
    Some(((address(from), from_port), (address(to), to_port)))
}

fn ports(rest: &[u8]) -> Option<(u16, u16)> {
    let (from, rest) = rest.split_first_chunk::<2>()?;
    let (to, _) = rest.split_first_chunk::<2>()?;
    Some((u16::from_be_bytes(*from), u16::from_be_bytes(*to)))
}
