//! The bounds of a request, named as the administrator names them.

use crate::Protocol;

/// How large a request may be. Each field is one option of the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// `buffer-size`: bytes of a request's head. For uwsgi and SCGI the block of variables, for FastCGI the text of
    /// its PARAMS, for HTTP everything up to and including the empty line. uwsgi's own bound of 65535 stays.
    pub head_bytes: usize,
    /// `max-vars`: variables of a request, or header fields for HTTP. uWSGI counts names and values one by one and
    /// doubles its option: its default of 64 is 128 here.
    pub max_vars: usize,
    /// `limit-post`: bytes of a request's body; 0 is no limit.
    pub body_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { head_bytes: 32 * 1024, max_vars: 128, body_bytes: 0 }
    }
}

impl Limits {
    /// The largest buffer that a head of this protocol can need before [`crate::decode`] answers something other than
    /// `Partial`. A caller may start smaller and grow up to this.
    pub fn buffer_bytes(&self, protocol: Protocol) -> usize {
        match protocol {
            Protocol::Uwsgi => self.head_bytes.saturating_add(4),
            // Room for the records around the text, and always for one record of the largest size.
            Protocol::FastCgi => self.head_bytes.saturating_mul(2).saturating_add(1024).max(8 + 65535 + 255),
            Protocol::Scgi => self.head_bytes.saturating_add(24),
            Protocol::Http => self.head_bytes.saturating_add(1),
        }
    }
}
