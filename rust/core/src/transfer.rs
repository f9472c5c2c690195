//! An answer whose body is (the rest of) a file: sent piece by piece, as far as the client takes it, by whichever core
//! has time. Owns the descriptor of the file; does not wait, does not log, and knows no Python.
//!
//! The kernel copies (`sendfile`) where it can. A file that it cannot copy from, or an instance with `disable-sendfile`,
//! is read in blocks instead, never more than one at a time.

use std::io::ErrorKind;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::raw::c_int;

use wire::{Ended, Framing};

use crate::sys;
use crate::transport::Transport;

/// Files up to this size are read into the answer: two system calls less than handing them to the kernel.
pub const SMALL: u64 = 32 * 1024;
/// What is read at once where the kernel does not copy.
const BLOCK: usize = 64 * 1024;
/// Bytes of one connection before others have their turn.
const TURN: usize = 1024 * 1024;

/// Why `advance` came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// All of the file is sent; what ends the body is in `out`.
    Done(Ended),
    /// The client does not take more now.
    Blocked,
    /// Others first.
    Turn,
    /// The file ended before it should have.
    Short,
}

/// A file on its way.
pub struct Transfer {
    file: OwnedFd,
    offset: i64,
    /// Bytes of the file that are in no piece yet.
    left: u64,
    /// Bytes of the current piece that are still to go, and what follows it.
    piece: usize,
    after: &'static [u8],
    framing: Framing,
    /// Read and send, instead of `sendfile`.
    reads: bool,
    /// Body bytes that the kernel took.
    pub gone: u64,
    /// What the kernel still had for the client when it took no more.
    pub untaken: usize,
    /// When its request began, in microseconds of the monotonic clock; for the log.
    pub began: u64,
}

impl Transfer {
    /// Send `left` bytes of `file` from `offset` on, framed by `framing`, whose head is in `out` already.
    pub fn new(file: OwnedFd, offset: i64, left: u64, framing: Framing, reads: bool) -> Transfer {
        Transfer { file, offset, left, piece: 0, after: b"", framing, reads, gone: 0, untaken: 0, began: 0 }
    }

    /// Send what waits in `out`, then of the file as much as the client takes.
    pub fn advance(&mut self, io: &Transport, out: &mut Vec<u8>, sent: &mut usize) -> std::io::Result<Step> {
        let mut turn = TURN;
        loop {
            if self.piece == 0 && !self.begin_piece(out) {
                return Ok(Step::Done(self.framing.end(out)));
            }
            while *sent < out.len() {
                let more = self.piece > 0 || self.left > 0;
                match io.send_before(out.get(*sent..).unwrap_or(&[]), more) {
                    Ok(count) => *sent += count,
                    Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(Step::Blocked),
                    Err(error) => return Err(error),
                }
            }
            out.clear();
            *sent = 0;
            if turn == 0 {
                return Ok(Step::Turn);
            }
            if self.piece == 0 {
                continue;
            }
            let most = self.piece.min(turn);
            let count = if self.reads {
                sys::read_append(self.file.as_raw_fd(), out, self.offset, most.min(BLOCK)).inspect(|&count| {
                    self.offset += count as i64;
                })
            } else {
                io.send_file(self.file.as_raw_fd(), &mut self.offset, most)
            };
            match count {
                Ok(0) => return Ok(Step::Short),
                Ok(count) => {
                    self.piece -= count.min(self.piece);
                    turn -= count.min(turn);
                    self.gone += count as u64;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock && !self.reads => return Ok(Step::Blocked),
                Err(error) if matches!(error.raw_os_error(), Some(libc::EINVAL | libc::ENOSYS)) && !self.reads => {
                    self.reads = true;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Frame what comes next; false: nothing does.
    fn begin_piece(&mut self, out: &mut Vec<u8>) -> bool {
        out.extend_from_slice(std::mem::take(&mut self.after));
        // No piece is larger than what the kernel counts in.
        let piece = self.framing.piece(usize::try_from(self.left).unwrap_or(usize::MAX));
        if piece.take == 0 {
            self.left = 0;
            return false;
        }
        out.extend_from_slice(piece.before());
        self.piece = piece.take;
        self.left -= (piece.take as u64).min(self.left);
        self.after = piece.after;
        true
    }
}

/// Append a file that is `SMALL` at most to `out`, framed. False: it is shorter than it should be, and `out` is cut in
/// the middle.
pub fn append(file: c_int, offset: i64, length: u64, framing: &mut Framing, out: &mut Vec<u8>) -> bool {
    let mut left = usize::try_from(length.min(SMALL)).unwrap_or(0);
    let mut at = offset;
    while left > 0 {
        let piece = framing.piece(left);
        if piece.take == 0 {
            return true;
        }
        out.extend_from_slice(piece.before());
        let mut missing = piece.take;
        while missing > 0 {
            match sys::read_append(file, out, at, missing) {
                Ok(0) => return false,
                Ok(count) => {
                    missing -= count;
                    at += count as i64;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return false,
            }
        }
        out.extend_from_slice(piece.after);
        left -= piece.take;
    }
    true
}
