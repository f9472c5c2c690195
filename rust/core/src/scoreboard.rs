//! Counters of all workers of a generation, in shared anonymous memory. Written by the workers with relaxed atomics,
//! read by the master at any time. Does not format, judge or reset anything.
//!
//! Layout, in units of one cache line or more, all integers native: header, `2 * workers` worker rows, `cores` core rows
//! for each of those. The header names the version of the layout: master and generation may come from different
//! installations.
//!
//! Each worker has two rows, its *seats*: while it is replaced, its successor serves beside it. Worker `n` of `N` sits
//! on seat `n` or `n + N`.

use std::io;
use std::os::raw::c_int;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicU8, Ordering::Relaxed, Ordering::SeqCst};

const MAGIC: u64 = u64::from_le_bytes(*b"IMPBOARD");
const LAYOUT: u32 = 3;
const SEATS: usize = 2;
const TEXT: usize = 160;

/// First row.
#[repr(C, align(64))]
pub struct Header {
    magic: u64,
    layout: u32,
    workers: u32,
    cores: u32,
    /// Requests of all workers, for the request log.
    pub requests: AtomicU64,
}

/// A worker's row.
#[repr(C, align(64))]
#[derive(Default)]
pub struct WorkerRow {
    pub pid: AtomicU32,
    pub accepting: AtomicU32,
    pub respawns: AtomicU32,
    /// 0 runs, 1 drained, 2 ended at once, 3 ran out of mercy.
    pub exit: AtomicU32,
    pub last_spawn: AtomicU64,
    pub avg_rt: AtomicU64,
    /// Microseconds that requests waited for a core, the moving average of samples.
    pub avg_wait: AtomicU64,
    /// Requests of this life of the worker, for the request log.
    pub requests: AtomicU64,
    /// How often a request of this worker took too long and it was killed.
    pub harakiris: AtomicU32,
}

/// A core's row. Only its core writes to it.
#[repr(C, align(64))]
pub struct CoreRow {
    pub requests: AtomicU64,
    pub exceptions: AtomicU64,
    pub read_errors: AtomicU64,
    pub write_errors: AtomicU64,
    pub tx: AtomicU64,
    pub running_time: AtomicU64,
    pub request_start: AtomicU64,
    /// The same in microseconds of the monotonic clock.
    pub began: AtomicU64,
    pub in_request: AtomicU32,
    /// Odd while `text` changes.
    sequence: AtomicU32,
    length: AtomicU32,
    text: [AtomicU8; TEXT],
}

impl CoreRow {
    /// A row that nobody reads.
    pub fn nowhere() -> Box<CoreRow> {
        // SAFETY: all fields are atomic integers, for which zero is a value.
        Box::new(unsafe { std::mem::zeroed() })
    }

    /// A request begins.
    #[inline]
    pub fn begin(&self, method: &[u8], path: &[u8], wall_seconds: u64, monotonic: u64) {
        self.sequence.store(self.sequence.load(Relaxed).wrapping_add(1), SeqCst);
        let separator: &[u8] = b" ";
        let mut length = 0;
        for part in [method, separator, path] {
            let take = part.len().min(TEXT - length);
            // SAFETY: `length + take <= TEXT`; only this core writes here, and readers check `sequence`.
            unsafe {
                let to = self.text.as_ptr().cast::<u8>().cast_mut().add(length);
                std::ptr::copy_nonoverlapping(part.as_ptr(), to, take);
            }
            length += take;
        }
        self.length.store(length as u32, Relaxed);
        self.request_start.store(wall_seconds, Relaxed);
        self.began.store(monotonic, Relaxed);
        self.in_request.store(1, Relaxed);
        self.sequence.store(self.sequence.load(Relaxed).wrapping_add(1), SeqCst);
    }

    /// A request ended.
    #[inline]
    pub fn end(&self, microseconds: u64, bytes: u64) {
        self.count(microseconds, bytes);
        self.in_request.store(0, Relaxed);
    }

    /// A request was answered while another one may run here.
    #[inline]
    pub fn count(&self, microseconds: u64, bytes: u64) {
        add(&self.requests, 1);
        add(&self.tx, bytes);
        add(&self.running_time, microseconds);
    }

    /// Method and path of the request, if one runs. Empty when the core changes it all the while.
    pub fn request(&self) -> String {
        for _ in 0..100 {
            let before = self.sequence.load(SeqCst);
            let length = (self.length.load(Relaxed) as usize).min(TEXT);
            let bytes: Vec<u8> = self.text.iter().take(length).map(|byte| byte.load(Relaxed)).collect();
            if before % 2 == 0 && self.sequence.load(SeqCst) == before {
                return bytes.iter().map(|&byte| char::from(byte)).collect();
            }
        }
        String::new()
    }
}

/// Add to a counter that one thread writes: no locked instruction.
#[inline]
pub fn add(counter: &AtomicU64, amount: u64) {
    counter.store(counter.load(Relaxed).wrapping_add(amount), Relaxed);
}

/// The mapped memory.
pub struct Board {
    base: *mut u8,
    size: usize,
    workers: usize,
    cores: usize,
}

// SAFETY: the memory is only reached through atomics (and the text of a core, see `CoreRow::begin`).
unsafe impl Send for Board {}
// SAFETY: as above.
unsafe impl Sync for Board {}

fn size_of_board(workers: usize, cores: usize) -> usize {
    size_of::<Header>() + workers * SEATS * (size_of::<WorkerRow>() + cores * size_of::<CoreRow>())
}

impl Board {
    /// Make one; answers its descriptor.
    pub fn create(workers: usize, cores: usize) -> io::Result<c_int> {
        // SAFETY: the name is a C string.
        let fd = unsafe { libc::memfd_create(c"imperator-scoreboard".as_ptr(), libc::MFD_CLOEXEC) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        let header = Header {
            magic: MAGIC,
            layout: LAYOUT,
            workers: workers as u32,
            cores: cores as u32,
            requests: AtomicU64::new(0),
        };
        // SAFETY: the descriptor is ours; the header is plain integers of the announced size.
        let failed = unsafe {
            libc::ftruncate(fd, size_of_board(workers, cores) as libc::off_t) < 0
                || libc::pwrite(fd, (&raw const header).cast(), size_of::<Header>(), 0) != size_of::<Header>() as isize
        };
        if failed {
            let error = io::Error::last_os_error();
            crate::sys::close(fd);
            return Err(error);
        }
        Ok(fd)
    }

    /// Map the one behind `fd`; `Ok(None)` if it is none that this code understands.
    pub fn map(fd: c_int) -> io::Result<Option<Board>> {
        // SAFETY: a zeroed stat is a valid place for the answer.
        let size = unsafe {
            let mut stat: libc::stat = std::mem::zeroed();
            if libc::fstat(fd, &mut stat) < 0 {
                return Err(io::Error::last_os_error());
            }
            stat.st_size as usize
        };
        if size < size_of::<Header>() {
            return Ok(None);
        }
        // SAFETY: a fresh mapping, checked below.
        let base = unsafe {
            libc::mmap(std::ptr::null_mut(), size, libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED, fd, 0)
        };
        if base == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let mut board = Board { base: base.cast(), size, workers: 0, cores: 0 };
        let header = board.header();
        let (workers, cores) = (header.workers as usize, header.cores as usize);
        if header.magic != MAGIC || header.layout != LAYOUT || size < size_of_board(workers, cores) {
            return Ok(None);
        }
        (board.workers, board.cores) = (workers, cores);
        Ok(Some(board))
    }

    /// The first row.
    pub fn header(&self) -> &Header {
        // SAFETY: the mapping is at least a header long, page-aligned, and lives as long as `self`.
        unsafe { &*self.base.cast::<Header>() }
    }

    /// The row of a seat (1 is the first).
    pub fn worker(&self, seat: usize) -> Option<&WorkerRow> {
        let index = seat.checked_sub(1).filter(|&index| index < self.workers * SEATS)?;
        // SAFETY: the index is inside the size that `map` checked; rows are whole cache lines.
        Some(unsafe { &*self.base.add(size_of::<Header>()).cast::<WorkerRow>().add(index) })
    }

    /// The row of a core on a seat.
    pub fn core(&self, seat: usize, core: usize) -> Option<&CoreRow> {
        let index = seat.checked_sub(1).filter(|&index| index < self.workers * SEATS && core < self.cores)?;
        let offset = size_of::<Header>() + self.workers * SEATS * size_of::<WorkerRow>();
        // SAFETY: as in `worker`.
        Some(unsafe { &*self.base.add(offset).cast::<CoreRow>().add(index * self.cores + core) })
    }

    /// The seats of worker `id` that somebody sits or sat on, the present one first.
    pub fn seats(&self, id: usize) -> [usize; SEATS] {
        let other = id + self.workers;
        let rank = |seat| {
            self.worker(seat).map(|row: &WorkerRow| {
                (row.pid.load(Relaxed) != 0, row.accepting.load(Relaxed) != 0, row.last_spawn.load(Relaxed))
            })
        };
        if rank(other) > rank(id) {
            [other, id]
        } else {
            [id, other]
        }
    }

    /// How many seats there are.
    pub fn all_seats(&self) -> usize {
        self.workers * SEATS
    }

    /// How many workers it has.
    pub fn workers(&self) -> usize {
        self.workers
    }

    /// How many cores each has.
    pub fn cores(&self) -> usize {
        self.cores
    }

    /// Note a new life on a seat; pid 0 notes its death.
    pub fn spawned(&self, seat: usize, pid: u32) -> bool {
        let Some(row) = self.worker(seat) else { return false };
        row.pid.store(pid, Relaxed);
        row.accepting.store(0, Relaxed);
        if pid != 0 {
            row.respawns.fetch_add(1, Relaxed);
            row.last_spawn.store(crate::sys::wall_us() / 1_000_000, Relaxed);
            row.requests.store(0, Relaxed);
            row.exit.store(0, Relaxed);
        }
        for core in 0..self.cores {
            if let Some(row) = self.core(seat, core) {
                row.in_request.store(0, Relaxed);
            }
        }
        true
    }
}

impl Drop for Board {
    fn drop(&mut self) {
        // SAFETY: this mapping was made by `map`, and references to it cannot outlive `self`.
        unsafe { libc::munmap(self.base.cast(), self.size) };
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_a_core_writes_is_read_elsewhere() {
        let fd = Board::create(2, 3).unwrap();
        let (one, other) = (Board::map(fd).unwrap().unwrap(), Board::map(fd).unwrap().unwrap());
        crate::sys::close(fd);
        one.core(2, 2).unwrap().begin(b"GET", &[b'x'; 500], 7, 8);
        assert!(other.core(2, 2).unwrap().request().starts_with("GET xxx"));
        assert!(other.core(2, 3).is_none() && other.core(4, 2).is_some() && other.core(5, 0).is_none());
        assert!(other.worker(0).is_none() && other.worker(5).is_none());
    }

    #[test]
    fn the_present_seat_is_the_one_that_accepts() {
        let fd = Board::create(2, 1).unwrap();
        let board = Board::map(fd).unwrap().unwrap();
        crate::sys::close(fd);
        assert_eq!(board.seats(2), [2, 4]);
        board.spawned(2, 70);
        board.worker(2).unwrap().accepting.store(1, Relaxed);
        board.spawned(4, 71);
        assert_eq!(board.seats(2), [2, 4]);
        board.worker(2).unwrap().accepting.store(0, Relaxed);
        board.worker(4).unwrap().accepting.store(1, Relaxed);
        assert_eq!(board.seats(2), [4, 2]);
        board.spawned(2, 0);
        assert_eq!(board.seats(2), [4, 2]);
    }
}
