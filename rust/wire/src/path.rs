//! The path of an HTTP request: percent-decoding and dot segments. Does not look at the file system.

use alloc::vec::Vec;

use crate::Refusal;

/// PATH_INFO from the raw path of an HTTP request: percent-decode **once**, then resolve `.` and `..` segments, never
/// above the root. Empty segments (`//`) stay. Answers `raw` itself when there was nothing to do; `scratch` is cleared
/// and used otherwise.
pub fn decode_path<'a>(_raw: &'a [u8], _scratch: &'a mut Vec<u8>) -> Result<&'a [u8], Refusal> {
    todo!()
}
