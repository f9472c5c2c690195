//! A listening socket: accepting, and what is known of a peer. Reads no byte of the connection.

use std::io;
use std::net::{IpAddr, Ipv6Addr};
use std::os::raw::c_int;
use std::sync::Arc;

use wire::Protocol;

use crate::announced::Announcers;
use crate::contexts::Contexts;
use crate::sys;
use crate::tls::Session;
use crate::transport::Transport;

/// A network whose peers may speak any of the four protocols, and whose word on the scheme counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

impl Network {
    /// `10.0.0.0/8`, `::1`; `None` if it is neither.
    pub fn parse(text: &str) -> Option<Network> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.trim().parse().ok()?;
        let widest = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            Some(text) => text.trim().parse().ok().filter(|&prefix| prefix <= widest)?,
            None => widest,
        };
        Some(Network { address, prefix })
    }

    /// Is this address in it?
    pub fn contains(&self, peer: IpAddr) -> bool {
        match (self.address, peer) {
            (IpAddr::V4(net), IpAddr::V4(peer)) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.prefix)).unwrap_or(0);
                (u32::from(net) ^ u32::from(peer)) & mask == 0
            }
            (IpAddr::V6(net), IpAddr::V6(peer)) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.prefix)).unwrap_or(0);
                (u128::from(net) ^ u128::from(peer)) & mask == 0
            }
            _ => false,
        }
    }
}

/// The other end of a connection.
#[derive(Clone, Copy, Debug)]
pub struct Peer {
    /// `None`: a unix socket.
    pub address: Option<(IpAddr, u16)>,
    /// It may speak any protocol.
    pub trusted: bool,
}

/// One listening socket.
#[derive(Debug)]
pub struct Listener {
    /// Its descriptor, which stays open.
    pub fd: c_int,
    /// What it was declared to speak.
    pub protocol: Protocol,
    /// The port, as text; a unix socket pretends to be 80.
    pub port: String,
    /// A unix socket.
    pub unix: bool,
    /// TLS is spoken here, and so.
    pub tls: Option<Arc<Contexts>>,
    /// Who may say in a PROXY header for whom it speaks; `None`: nobody is asked.
    pub announcers: Option<Announcers>,
    /// One of `http` and `https`, where uWSGI has a process of its own.
    pub is_routers: bool,
    /// Every request is sent away to the same place by TLS, on this port (empty: the usual one).
    pub https_port: Option<String>,
}

impl Listener {
    /// Look at a bound, listening socket.
    pub fn new(fd: c_int, protocol: Protocol) -> io::Result<Listener> {
        // SAFETY: a zeroed address is a valid place for the answer, and its size is told.
        let name = unsafe {
            let mut name: libc::sockaddr_storage = std::mem::zeroed();
            let mut size = size_of::<libc::sockaddr_storage>() as libc::socklen_t;
            if libc::getsockname(fd, (&raw mut name).cast(), &mut size) < 0 {
                return Err(io::Error::last_os_error());
            }
            name
        };
        let address = address_of(&name);
        if address.is_some() {
            // Accepted sockets inherit it, so that it costs nothing per connection.
            sys::set_option(fd, libc::IPPROTO_TCP, libc::TCP_NODELAY, 1);
        }
        // Shared with processes that may take the connection that we were woken for.
        sys::set_nonblocking(fd);
        let port = address.map_or(80, |(_, port)| port).to_string();
        Ok(Listener {
            fd,
            protocol,
            port,
            unix: address.is_none(),
            tls: None,
            announcers: None,
            is_routers: false,
            https_port: None,
        })
    }

    /// What a connection that was taken here reads from and writes to.
    pub fn transport(&self, fd: c_int) -> Transport {
        match &self.tls {
            None => Transport::plain(fd),
            Some(contexts) => Transport::secured(fd, Session::new(contexts.clone())),
        }
    }

    /// Take one connection, if there is one.
    pub fn accept(&self, trusted: &[Network]) -> io::Result<(c_int, Peer)> {
        // SAFETY: a zeroed address is a valid place for the answer, and its size is told.
        let (fd, name) = unsafe {
            let mut name: libc::sockaddr_storage = std::mem::zeroed();
            let mut size = size_of::<libc::sockaddr_storage>() as libc::socklen_t;
            let flags = libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC;
            (libc::accept4(self.fd, (&raw mut name).cast(), &mut size, flags), name)
        };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        let address = if self.unix { None } else { address_of(&name) };
        let trusted = match address {
            None => self.unix,
            Some((address, _)) => trusted.iter().any(|network| network.contains(address)),
        };
        Ok((fd, Peer { address, trusted }))
    }
}

/// IP address and port, IPv4 also where it comes as IPv6.
fn address_of(name: &libc::sockaddr_storage) -> Option<(IpAddr, u16)> {
    let base = std::ptr::from_ref(name);
    match c_int::from(name.ss_family) {
        libc::AF_INET => {
            // SAFETY: the family says that this is what the storage holds.
            let name = unsafe { &*base.cast::<libc::sockaddr_in>() };
            Some((IpAddr::from(name.sin_addr.s_addr.to_ne_bytes()), u16::from_be(name.sin_port)))
        }
        libc::AF_INET6 => {
            // SAFETY: as above.
            let name = unsafe { &*base.cast::<libc::sockaddr_in6>() };
            let address = Ipv6Addr::from(name.sin6_addr.s6_addr).to_canonical();
            Some((address, u16::from_be(name.sin6_port)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn networks_hold_their_addresses() {
        for (network, peer, inside) in [
            ("127.0.0.0/8", "127.9.9.9", true),
            ("127.0.0.0/8", "128.0.0.1", false),
            ("0.0.0.0/0", "8.8.8.8", true),
            ("0.0.0.0/0", "::1", false),
            ("::1", "::1", true),
            ("fd00::/8", "fdff::1", true),
            ("10.1.2.3", "10.1.2.4", false),
        ] {
            assert_eq!(Network::parse(network).unwrap().contains(peer.parse().unwrap()), inside, "{network} {peer}");
        }
        assert!(["", "x", "1.2.3.4/33", "1.2.3.4/x"].iter().all(|text| Network::parse(text).is_none()));
    }
}
