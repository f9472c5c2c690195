//! What of an answer waits for a slow client behind `out`: the application's own bytes objects, by reference, and the
//! framing between them. Nothing large is copied, and no core waits for it.
//!
//! References are taken and given back with the GIL only; in between they are sent without it, which the bytes of an
//! object that never changes allow. What was sent is kept until somebody who holds the GIL buries it.

use std::collections::VecDeque;
use std::io;

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::transport::Transport;

/// Pieces sent with one call.
const GATHERED: usize = 4;

enum Piece {
    Own { data: Vec<u8>, sent: usize },
    Held { object: *mut ffi::PyObject, next: *const u8, left: usize },
}

/// The pieces, in order.
#[derive(Default)]
pub struct Rest {
    pieces: VecDeque<Piece>,
    /// References that are needed no longer.
    done: Vec<*mut ffi::PyObject>,
}

// SAFETY: the pointers are to objects that this owns references to and whose bytes never change; reference counts are
// touched with the GIL only, by contract of `hold`, `bury` and `take_references`.
unsafe impl Send for Rest {}

impl Piece {
    fn bytes(&self) -> &[u8] {
        match self {
            Piece::Own { data, sent } => data.get(*sent..).unwrap_or(&[]),
            // SAFETY: inside the bytes of an object that lives as long as the reference we own.
            Piece::Held { next, left, .. } => unsafe { std::slice::from_raw_parts(*next, *left) },
        }
    }

    fn advance(&mut self, count: usize) {
        match self {
            Piece::Own { sent, .. } => *sent += count,
            Piece::Held { next, left, .. } => {
                // SAFETY: `count` is at most `left`: that much of `bytes` was sent.
                *next = unsafe { next.add(count) };
                *left -= count;
            }
        }
    }
}

impl Rest {
    /// Nothing was put behind `out`.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// As after it was made: nothing waits, and no reference is held.
    #[inline]
    pub fn is_clean(&self) -> bool {
        self.pieces.is_empty() && self.done.is_empty()
    }

    /// Bytes that are not yet sent.
    pub fn waiting(&self) -> usize {
        self.pieces.iter().map(|piece| piece.bytes().len()).sum()
    }

    /// Where framing and small pieces go.
    pub fn tail(&mut self) -> &mut Vec<u8> {
        if !matches!(self.pieces.back(), Some(Piece::Own { .. })) {
            self.pieces.push_back(Piece::Own { data: Vec::new(), sent: 0 });
        }
        match self.pieces.back_mut() {
            Some(Piece::Own { data, .. }) => data,
            // One was pushed if there was none.
            _ => unreachable!("the last piece is our own"),
        }
    }

    /// Append a part of an object's bytes: by reference if it is worth it and the object is nothing but bytes.
    pub fn append(&mut self, chunk: &Bound<'_, PyBytes>, part: &[u8], least: usize) {
        // SAFETY: a live object and a static type. A subclass might do something when its last reference goes.
        let is_plain = unsafe { ffi::Py_TYPE(chunk.as_ptr()) == &raw mut ffi::PyBytes_Type };
        if part.len() < least || !is_plain {
            self.tail().extend_from_slice(part);
            return;
        }
        self.pieces.push_back(Piece::Held { object: chunk.clone().into_ptr(), next: part.as_ptr(), left: part.len() });
    }

    /// Send as far as the socket takes it; true when nothing is left.
    pub fn send(&mut self, to: &Transport) -> io::Result<bool> {
        while !self.pieces.is_empty() {
            let mut gathered: [&[u8]; GATHERED] = [&[]; GATHERED];
            for (place, piece) in gathered.iter_mut().zip(&self.pieces) {
                *place = piece.bytes();
            }
            let mut gone = match to.send_pieces(&gathered) {
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error),
            };
            while let Some(piece) = self.pieces.front_mut() {
                let part = gone.min(piece.bytes().len());
                piece.advance(part);
                gone -= part;
                if !piece.bytes().is_empty() {
                    break;
                }
                if let Some(Piece::Held { object, .. }) = self.pieces.pop_front() {
                    self.done.push(object);
                }
            }
        }
        to.flush()
    }

    /// Give back the references of what was sent.
    pub fn bury(&mut self, _py: Python<'_>) {
        bury(&mut self.done);
    }

    /// Nobody wants the rest.
    pub fn give_up(&mut self, py: Python<'_>) {
        let mut references = Vec::new();
        self.take_references(&mut references);
        self.bury(py);
        bury(&mut references);
    }

    /// Hand all references over to somebody who will have the GIL, and forget the rest.
    pub fn take_references(&mut self, graves: &mut Vec<*mut ffi::PyObject>) {
        graves.append(&mut self.done);
        graves.extend(self.pieces.drain(..).filter_map(|piece| match piece {
            Piece::Held { object, .. } => Some(object),
            Piece::Own { .. } => None,
        }));
    }
}

/// Give references back. The caller holds the GIL.
pub fn bury(graves: &mut Vec<*mut ffi::PyObject>) {
    for object in graves.drain(..) {
        // SAFETY: our reference; plain bytes run nothing of the application when they go.
        unsafe { ffi::Py_DECREF(object) };
    }
}
