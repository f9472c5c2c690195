//! The body of a request: takes the framing off. Does not wait, buffer or count time.

use alloc::vec::Vec;

use crate::{Limits, Refusal, Request};

/// What a call of [`Body::step`] found at the start of the input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// Bytes of framing to drop first.
    pub skip: usize,
    /// Bytes of body after them: `input[skip..skip + data]`.
    pub data: usize,
}

/// The state of one body.
#[derive(Debug)]
pub struct Body {}

impl Body {
    /// The body of this request. [`Refusal::BodyTooLarge`] if its declared length is above `limit-post`.
    pub fn new(_request: &Request, _limits: &Limits) -> Result<Body, Refusal> {
        todo!()
    }

    /// Look at `input` (whatever has arrived) and find up to `max` bytes of body in it. The caller takes
    /// `skip + data` bytes off its input. Nothing found and not [`Body::is_done`]: more bytes are needed.
    /// `max` = 0 takes framing only.
    pub fn step(&mut self, _input: &[u8], _max: usize) -> Result<Step, Refusal> {
        todo!()
    }

    /// Append up to `max` bytes of body to `out`; answers how many bytes of `input` were used.
    pub fn feed(&mut self, _input: &[u8], _max: usize, _out: &mut Vec<u8>) -> Result<usize, Refusal> {
        todo!()
    }

    /// The end was seen: the next byte of the connection belongs to the next request.
    pub fn is_done(&self) -> bool {
        todo!()
    }

    /// Bytes still to come, if that is known now. `Some(n)` for a body by length means that the next `n` bytes of the
    /// connection are body and nothing else: they may be read straight to where they are wanted, then [`Body::took`].
    pub fn remaining(&self) -> Option<u64> {
        todo!()
    }

    /// `n` bytes were read past [`Body::step`] by a caller that asked [`Body::remaining`]. Only for a body by length.
    pub fn took(&mut self, _n: u64) {
        todo!()
    }

    /// Bytes that the protocol itself owes the peer (FastCGI only). Send them before anything else.
    pub fn reply(&self) -> &[u8] {
        todo!()
    }

    /// The reply was taken.
    pub fn clear_reply(&mut self) {
        todo!()
    }
}
