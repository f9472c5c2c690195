//! The four protocols of a WSGI server, and nothing else: bytes in, requests out; responses in, bytes out.
//!
//! ```text
//!  bytes of a connection ──► sniff ──► decode ──► Request ──► Body::step / feed    (what the client says)
//!                                        │
//!                                        └─► Refusal ──► error_page                (why not, and the answer)
//!
//!  status, headers ──► check_* ──► frame_head ──► Framing ──► piece / chunk ──► end (what the application says)
//! ```
//!
//! The rules of the house:
//!
//! - Nothing here owns a socket, a clock, a log or a Python object. A decoder takes bytes and says how many it used;
//!   *partial* is a value, not an error.
//! - All decoders fill the same [`Request`], which the caller clears and uses again: after the first requests of a
//!   connection nothing is allocated. A request holds [`Span`]s, not copies.
//! - A decoder called again with a longer buffer goes on where it stopped. A client that sends one byte at a time
//!   costs as much as one that sends everything at once.
//! - Whatever the peer sends, the answer is a [`Progress`] or a [`Refusal`], never a panic.
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used))]

extern crate alloc;

mod body;
mod decode;
mod error_page;
mod fastcgi;
mod frame;
mod http;
mod known;
mod limits;
mod path;
mod protocol;
mod proxy;
mod refusal;
mod request;
mod response;
mod scgi;
mod uwsgi;

pub use body::{Body, Step};
pub use decode::{decode, Progress};
pub use error_page::{error_page, reason};
pub use frame::{frame_head, Ended, Framing, Piece, CONTINUE};
pub use known::{is_control_variable, Known};
pub use limits::Limits;
pub use path::decode_path;
pub use protocol::{sniff, Protocol, Version};
pub use proxy::{proxy_header, Proxied, PROXY_BYTES};
pub use refusal::{Fault, Refusal};
pub use request::{BodyFraming, Facts, Request, Span, Var};
pub use response::{check_header, check_status, is_hop_by_hop, Flaw};
