//! The log of a worker: request lines, collected and written in batches, and complaints, written at once.
//!
//! Nobody who serves ever waits for the log. What its reader does not take now (a slow pipe, a full disk) is kept, up
//! to `MOST`; then lines are dropped, counted, and their number is told once the log takes bytes again. A batch ends
//! with a line, and is small enough for a pipe to keep it in one piece. Rotating the file and dating lines is the
//! business of whoever reads the other end.

use std::os::raw::c_int;
use std::sync::{Mutex, MutexGuard, PoisonError};

pub use crate::calendar::http_date;
use crate::escape;
use crate::request_log::RequestLog;
use crate::served::{Dated, Served};
use crate::sys;

/// A pipe takes so much in one piece.
const BATCH: usize = libc::PIPE_BUF;
/// What is collected for a file, which takes anything in one piece: a busy worker does so in a few milliseconds.
const FILE_BATCH: usize = 16 * 1024;
/// What is kept for a log that takes nothing.
const MOST: usize = 256 * 1024;
/// How long the end of the process waits for the log, in milliseconds.
const LAST: u64 = 1000;
/// How often an idle worker writes what it noted, in milliseconds: one that is idle a thousand times a second is busy.
const PAUSE: u64 = 50;
/// Standard error.
const MAIN: c_int = 2;

/// How bytes get to a log without waiting.
#[derive(Clone, Copy, Debug)]
enum Door {
    /// A file: it takes all or fails.
    File(c_int),
    /// A socket, or a pipe or terminal that was opened again so that only we do not wait for it.
    Stream(c_int),
    Socket(c_int),
    /// A pipe or terminal that may not be opened again.
    Waiting(c_int),
}

impl Door {
    fn to(fd: c_int) -> Door {
        match sys::file_type(fd) {
            libc::S_IFREG => Door::File(fd),
            libc::S_IFSOCK => Door::Socket(fd),
            _ => sys::open_again(fd).map_or(Door::Waiting(fd), Door::Stream),
        }
    }

    fn fd(self) -> c_int {
        match self {
            Door::File(fd) | Door::Stream(fd) | Door::Socket(fd) | Door::Waiting(fd) => fd,
        }
    }

    /// Write what goes in now.
    fn put(self, data: &[u8]) -> std::io::Result<usize> {
        match self {
            Door::File(fd) | Door::Stream(fd) => sys::write(fd, data),
            Door::Socket(fd) => sys::send(fd, data, false),
            Door::Waiting(fd) if sys::wait(fd, libc::POLLOUT, 0)? => sys::write(fd, data),
            Door::Waiting(_) => Err(std::io::ErrorKind::WouldBlock.into()),
        }
    }

    /// How much is collected before it is written.
    fn batch(self) -> usize {
        if matches!(self, Door::File(_)) {
            FILE_BATCH
        } else {
            BATCH
        }
    }

    /// How much of `text` to write at once: whole lines, as many as stay in one piece.
    fn piece(self, text: &[u8]) -> &[u8] {
        if matches!(self, Door::File(_)) || text.len() <= BATCH {
            return text;
        }
        let is_end = |byte: &u8| *byte == b'\n';
        let fits = text.get(..BATCH).and_then(|part| part.iter().rposition(is_end));
        let end = fits.or_else(|| text.iter().position(is_end)).map_or(text.len(), |end| end + 1);
        text.get(..end).unwrap_or(text)
    }
}

/// Lines that wait, and where to.
struct Outlet {
    door: Door,
    text: Vec<u8>,
    /// Bytes of `text` that are written.
    gone: usize,
    lost: u64,
    /// When it was last written to while idle, in milliseconds.
    written: u64,
    dated: Dated,
}

impl Outlet {
    fn new(fd: c_int) -> Outlet {
        Outlet { door: Door::to(fd), text: Vec::new(), gone: 0, lost: 0, written: 0, dated: Dated::default() }
    }

    /// Room for another line; if there is none, it is counted.
    fn has_room(&mut self) -> bool {
        let fits = self.text.len() - self.gone < MOST;
        self.lost += u64::from(!fits);
        fits
    }

    /// Write what the log takes now; true when nothing is left.
    fn flush(&mut self) -> bool {
        while self.gone < self.text.len() {
            let waiting = self.text.get(self.gone..).unwrap_or(&[]);
            match self.door.put(self.door.piece(waiting)) {
                Ok(count) => self.gone += count,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return self.keep(&error),
            }
        }
        self.text.clear();
        self.gone = 0;
        if self.lost > 0 {
            self.tell_lost();
        }
        true
    }

    /// The log does not take it. True if it never will.
    #[cold]
    fn keep(&mut self, error: &std::io::Error) -> bool {
        let is_over =
            matches!(error.raw_os_error(), Some(libc::EPIPE | libc::EBADF | libc::ECONNRESET | libc::ENOTCONN));
        if is_over {
            // Nobody will ever read it, and there is nobody to tell.
            self.text.clear();
            self.gone = 0;
        } else if self.gone > MOST / 2 {
            self.text.drain(..self.gone);
            self.gone = 0;
        }
        is_over
    }

    #[cold]
    fn tell_lost(&mut self) {
        let lost = std::mem::take(&mut self.lost);
        self.text.extend_from_slice(
            format!(
                "warning: {lost} lines of the log were lost, because it did not take them: is the disk full, or what \
                 reads the log slow?\n"
            )
            .as_bytes(),
        );
        self.flush();
    }

    /// As `flush`, if it was not done a moment ago; answers in how many milliseconds to come again, if at all.
    fn flush_idle(&mut self, now: u64) -> Option<u64> {
        if self.text.is_empty() {
            return None;
        }
        let since = now.saturating_sub(self.written);
        if since < PAUSE {
            return Some(PAUSE - since);
        }
        self.written = now;
        (!self.flush()).then_some(PAUSE)
    }

    /// As `flush`, and wait a little for a reader that is slow.
    fn flush_at_the_end(&mut self) {
        let until = sys::now_ms() + LAST;
        while !self.flush() {
            let left = until.saturating_sub(sys::now_ms());
            let is_file = matches!(self.door, Door::File(_));
            if left == 0 || is_file || !matches!(sys::wait(self.door.fd(), libc::POLLOUT, left), Ok(true)) {
                return;
            }
        }
    }
}

/// The log of this worker.
pub struct Log {
    main: Mutex<Outlet>,
    /// For the lines of requests, if they go elsewhere.
    requests: Option<Mutex<Outlet>>,
    /// For `strftime`: what `say` begins with.
    date: String,
}

fn lock(outlet: &Mutex<Outlet>) -> MutexGuard<'_, Outlet> {
    outlet.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Log {
    /// Write to standard error, and the lines of requests to `requests`.
    pub fn new(requests: c_int, date: String) -> Log {
        Log {
            date,
            main: Mutex::new(Outlet::new(MAIN)),
            requests: (requests != MAIN).then(|| Mutex::new(Outlet::new(requests))),
        }
    }

    fn outlets(&self) -> impl Iterator<Item = &Mutex<Outlet>> {
        std::iter::once(&self.main).chain(&self.requests)
    }

    /// Note a served request.
    pub fn request(&self, served: &Served<'_>, how: &RequestLog) {
        let mut outlet = lock(self.requests.as_ref().unwrap_or(&self.main));
        if !outlet.has_room() {
            outlet.flush();
            return;
        }
        let before = outlet.text.len();
        let Outlet { text, dated, .. } = &mut *outlet;
        match &how.format {
            None => served.append(dated.ctime(served.started_second()), how.style, text),
            Some(format) => format.append(served, text),
        }
        if text.len() - outlet.gone < outlet.door.batch() {
            return;
        }
        // The lines before this one fill a batch.
        if before > outlet.gone && !matches!(outlet.door, Door::File(_)) {
            let last = outlet.text.split_off(before);
            if outlet.flush() {
                outlet.text.extend_from_slice(&last);
                return;
            }
            outlet.text.extend_from_slice(&last);
            return;
        }
        outlet.flush();
    }

    /// Write what was noted, unless something was written a moment ago. Answers in how many milliseconds to come
    /// again, if something is left. `now`: milliseconds.
    pub fn flush(&self, now: u64) -> Option<u64> {
        self.outlets().filter_map(|outlet| lock(outlet).flush_idle(now)).min()
    }

    /// As `flush`, and wait a little for a reader that is slow.
    pub fn flush_at_the_end(&self) {
        for outlet in self.outlets() {
            lock(outlet).flush_at_the_end();
        }
    }

    /// As `flush_at_the_end`, for a process that ends without waiting for anybody, after `words` of its own.
    pub fn last_words(&self, words: &str) {
        if let Ok(mut main) = self.main.try_lock() {
            if !words.is_empty() {
                self.begin(&mut main.text);
                escape::plain(words.as_bytes(), &mut main.text);
                main.text.push(b'\n');
            }
        }
        for outlet in self.outlets() {
            if let Ok(mut outlet) = outlet.try_lock() {
                outlet.flush_at_the_end();
            }
        }
    }

    fn begin(&self, out: &mut Vec<u8>) {
        if !self.date.is_empty() {
            out.extend_from_slice(&sys::strftime(self.date.as_bytes(), (sys::wall_us() / 1_000_000) as i64));
            out.extend_from_slice(b" - ");
        }
    }

    /// Write a text of several lines now, after the requests before it.
    pub fn write(&self, text: &[u8]) {
        let mut main = lock(&self.main);
        if main.has_room() {
            main.text.extend_from_slice(text);
        }
        main.flush();
    }

    /// Say something now, on a line of its own, after the requests before it.
    pub fn say(&self, text: &str) {
        let mut main = lock(&self.main);
        if main.has_room() {
            self.begin(&mut main.text);
            escape::plain(text.as_bytes(), &mut main.text);
            main.text.push(b'\n');
        }
        main.flush();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipe_gets_whole_lines_that_stay_in_one_piece() {
        let text: Vec<u8> = [b'x'; 99].iter().copied().chain([b'\n']).collect::<Vec<u8>>().repeat(100);
        let pipe = Door::Stream(-1);
        assert_eq!(pipe.piece(&text).len(), 4000);
        assert_eq!(Door::File(-1).piece(&text).len(), 10_000);
        let long = [&[b'y'; 5000][..], b"\nshort\n"].concat();
        assert_eq!(pipe.piece(&long).len(), 5001);
        assert_eq!(pipe.piece(&long[5001..]), b"short\n");
    }
}
