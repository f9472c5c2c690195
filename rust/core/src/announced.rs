//! A connection that a load balancer passes on: the PROXY header before its first byte, and what follows from it. The
//! header itself is decoded in `wire`. It is looked at before it is taken, so that the bytes behind it stay where they
//! are, whether they are a request or a TLS handshake.

use std::io::{self, Write};

use wire::{Proxied, Refusal, PROXY_BYTES};

use crate::conn::{Conn, Next, Stage};
use crate::cores::Core;
use crate::sys;

/// Whose headers a listener believes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Announcers {
    /// Whoever can connect.
    Anybody,
    /// Peers that are trusted.
    Trusted,
}

impl Announcers {
    /// As Python names them; `None`: headers are not looked for.
    pub fn parse(name: &str) -> Option<Announcers> {
        match name {
            "anybody" => Some(Announcers::Anybody),
            "trusted" => Some(Announcers::Trusted),
            _ => None,
        }
    }
}

/// Where the client meant to go: SERVER_ADDR and SERVER_PORT.
#[derive(Debug)]
pub struct Destination {
    pub address: String,
    pub port: String,
}

impl Conn {
    /// Wait for a header, or for the first byte of something else. Nobody must send one.
    #[cold]
    pub fn drive_announced(&mut self, core: &mut Core) -> Option<Next> {
        let until = self.patience(core);
        let mut room = [0; PROXY_BYTES];
        let count = match sys::peek_into(self.io.fd(), &mut room) {
            Ok(0) => return Some(Next::Close),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Some(Next::Park(until)),
            Err(_) => return Some(Next::Close),
        };
        match wire::proxy_header(room.get(..count).unwrap_or(&[])) {
            Ok(Proxied::Partial) => return Some(Next::Park(until)),
            Ok(Proxied::Absent) => {}
            Ok(Proxied::Header { used, addresses }) => {
                let listener = core.engine.settings.listeners.get(self.listener);
                if !self.trusted && listener.is_none_or(|one| one.announcers != Some(Announcers::Anybody)) {
                    return self.refuse_announced(core, Refusal::ProxyUntrusted);
                }
                let header = room.get_mut(..used).unwrap_or(&mut []);
                if !matches!(sys::recv_into(self.io.fd(), header), Ok(took) if took == used) {
                    return Some(Next::Close);
                }
                // What follows is said by somebody else.
                self.distrust();
                if let Some((from, to)) = addresses {
                    self.address.clear();
                    self.port.clear();
                    // Writing to a vector does not fail.
                    let _ = write!(self.address, "{}", from.0).and_then(|()| write!(self.port, "{}", from.1));
                    let to = Destination { address: to.0.to_string(), port: to.1.to_string() };
                    self.destination = Some(Box::new(to));
                }
            }
            Err(refusal) => return self.refuse_announced(core, refusal),
        }
        self.stage = Stage::Head;
        None
    }

    fn refuse_announced(&mut self, core: &mut Core, refusal: Refusal) -> Option<Next> {
        self.distrust();
        self.refuse(core, refusal)
    }
}
