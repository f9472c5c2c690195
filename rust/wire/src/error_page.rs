//! The server's own answers: a status, a line of text, the end of the connection.

use alloc::vec::Vec;

use crate::Facts;

/// The reason phrase of a status that this server sends by itself.
pub fn reason(_status: u16) -> &'static str {
    todo!()
}

/// Append a whole answer of `text/plain` that closes the connection: the status and its reason, then `text` if it is
/// not empty. `text` goes to the client: no path, no traceback.
pub fn error_page(_facts: &Facts, _status: u16, _text: &str, _out: &mut Vec<u8>) {
    todo!()
}
