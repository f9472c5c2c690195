//! Which certificate, keys and rules a TLS client meets. Knows no sockets.

use std::sync::Arc;

use rustls::server::ClientHello;
use rustls::ServerConfig;

/// What one listening socket offers.
#[derive(Debug)]
pub struct Contexts {
    default: Arc<ServerConfig>,
}

impl Contexts {
    /// The rules for a client that introduced itself so.
    pub fn choose(&self, _hello: &ClientHello<'_>) -> Arc<ServerConfig> {
        self.default.clone()
    }
}
