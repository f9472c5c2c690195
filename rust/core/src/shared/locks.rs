//! Locks of all processes of an instance, in memory of their own, so that nothing that is written by mistake into what
//! they guard can hurt them.
//!
//! A lock is a robust mutex of the C library: if its holder dies, however it dies, the kernel says so to whoever is next,
//! who then holds it and has to look at what the dead one left. A thread that asks for what it has is told so.
//!
//! The memory begins with a row that tells what it is; lock `n` is row `n + 1`. Rows can be added, never taken away.

use std::cell::UnsafeCell;
use std::io;
use std::os::raw::c_int;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

const MAGIC: u32 = u32::from_le_bytes(*b"ILCK");
const LAYOUT: u32 = 1;
/// What a mutex may take of a row.
const ROOM: usize = 112;
const PTHREAD_MUTEX_ROBUST: c_int = 1;

extern "C" {
    fn pthread_mutexattr_setrobust(attributes: *mut libc::pthread_mutexattr_t, robustness: c_int) -> c_int;
    fn pthread_mutex_consistent(mutex: *mut libc::pthread_mutex_t) -> c_int;
}

#[repr(C, align(64))]
struct Row {
    magic: AtomicU32,
    layout: AtomicU32,
    /// The process that holds it.
    holder: AtomicU32,
    unused: u32,
    mutex: UnsafeCell<[u64; ROOM / 8]>,
}

const _: () = assert!(size_of::<libc::pthread_mutex_t>() <= ROOM && size_of::<Row>() == 128);

/// How an attempt to lock ended.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub enum Taken {
    /// Another one has it.
    Busy = 0,
    /// It is ours.
    Ours = 1,
    /// It is ours, and its last holder died with it.
    FromTheDead = 2,
    /// This thread had it already.
    Already = 3,
}

/// The mapped locks. The memory stays mapped as long as the process lives: the kernel has pointers into it.
pub struct Table {
    rows: *const Row,
    count: usize,
}

// SAFETY: rows are reached through atomics and the C library's mutexes only, which are made for that.
unsafe impl Send for Table {}
// SAFETY: as above.
unsafe impl Sync for Table {}

impl Table {
    /// Make `count` locks; answers their descriptor.
    pub fn create(count: usize) -> io::Result<c_int> {
        // SAFETY: the name is a C string.
        let fd =
            unsafe { libc::memfd_create(c"imperator-locks".as_ptr(), libc::MFD_CLOEXEC | libc::MFD_ALLOW_SEALING) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // Memory that became shorter would kill whoever looks at its end.
        // SAFETY: plain call on a descriptor.
        if unsafe { libc::fcntl(fd, libc::F_ADD_SEALS, libc::F_SEAL_SHRINK) } < 0 {
            let error = io::Error::last_os_error();
            crate::sys::close(fd);
            return Err(error);
        }
        Table::grow(fd, count).inspect_err(|_| crate::sys::close(fd))?;
        Ok(fd)
    }

    /// See to it that there are at least `count`.
    pub fn grow(fd: c_int, count: usize) -> io::Result<()> {
        let size = (count + 1).checked_mul(size_of::<Row>()).ok_or(io::ErrorKind::InvalidInput)?;
        // SAFETY: plain calls on a descriptor; a zeroed stat is a valid place for the answer.
        let before = unsafe {
            let mut stat: libc::stat = std::mem::zeroed();
            if libc::fstat(fd, &mut stat) < 0 {
                return Err(io::Error::last_os_error());
            }
            let before = usize::try_from(stat.st_size).unwrap_or(0);
            if before < size && libc::ftruncate(fd, size as libc::off_t) < 0 {
                return Err(io::Error::last_os_error());
            }
            before / size_of::<Row>()
        };
        let table = Table::mapped(fd)?;
        for index in before..=count {
            let Some(row) = table.row(index) else { break };
            row.prepare()?;
        }
        Ok(())
    }

    /// Map those behind `fd`; `Ok(None)` if there are none that this code understands.
    pub fn map(fd: c_int) -> io::Result<Option<Table>> {
        let table = Table::mapped(fd)?;
        Ok(table.row(0).is_some_and(Row::is_sound).then_some(table))
    }

    fn mapped(fd: c_int) -> io::Result<Table> {
        // SAFETY: a zeroed stat is a valid place for the answer; then a fresh mapping of that size.
        unsafe {
            let mut stat: libc::stat = std::mem::zeroed();
            if libc::fstat(fd, &mut stat) < 0 {
                return Err(io::Error::last_os_error());
            }
            let size = usize::try_from(stat.st_size).unwrap_or(0);
            let flags = libc::PROT_READ | libc::PROT_WRITE;
            let base = libc::mmap(std::ptr::null_mut(), size.max(1), flags, libc::MAP_SHARED, fd, 0);
            if base == libc::MAP_FAILED {
                return Err(io::Error::last_os_error());
            }
            Ok(Table { rows: base.cast(), count: size / size_of::<Row>() })
        }
    }

    fn row(&self, index: usize) -> Option<&Row> {
        // SAFETY: inside the mapping, which is page-aligned and is never unmapped.
        (index < self.count).then(|| unsafe { &*self.rows.add(index) })
    }

    fn lock_row(&self, number: usize) -> Option<&Row> {
        self.row(number.checked_add(1)?).filter(|row| row.is_sound())
    }

    /// Take a lock if nobody has it.
    pub fn attempt(&self, number: usize) -> io::Result<Taken> {
        let row = self.lock_row(number).ok_or(io::ErrorKind::NotFound)?;
        // SAFETY: a mutex that `prepare` made.
        row.taken(unsafe { libc::pthread_mutex_trylock(row.mutex()) })
    }

    /// Take a lock, and wait for it if need be.
    pub fn wait(&self, number: usize) -> io::Result<Taken> {
        let row = self.lock_row(number).ok_or(io::ErrorKind::NotFound)?;
        // SAFETY: a mutex that `prepare` made.
        row.taken(unsafe { libc::pthread_mutex_lock(row.mutex()) })
    }

    /// Give a lock back; false if this thread does not have it.
    pub fn release(&self, number: usize) -> bool {
        let Some(row) = self.lock_row(number) else { return false };
        let holder = row.holder.swap(0, Relaxed);
        // SAFETY: a mutex that `prepare` made; one that is not ours stays as it is.
        let done = unsafe { libc::pthread_mutex_unlock(row.mutex()) } == 0;
        if !done {
            row.holder.store(holder, Relaxed);
        }
        done
    }

    /// The process that has a lock; 0: nobody.
    pub fn holder(&self, number: usize) -> u32 {
        self.lock_row(number).map_or(0, |row| row.holder.load(Relaxed))
    }
}

impl Row {
    fn is_sound(&self) -> bool {
        self.magic.load(Relaxed) == MAGIC && self.layout.load(Relaxed) == LAYOUT
    }

    fn mutex(&self) -> *mut libc::pthread_mutex_t {
        self.mutex.get().cast()
    }

    fn prepare(&self) -> io::Result<()> {
        // SAFETY: the row is ours alone until its magic is written, and has room for a mutex.
        let failed = unsafe {
            let mut attributes: libc::pthread_mutexattr_t = std::mem::zeroed();
            libc::pthread_mutexattr_init(&mut attributes);
            let failed = [
                libc::pthread_mutexattr_settype(&mut attributes, libc::PTHREAD_MUTEX_ERRORCHECK),
                libc::pthread_mutexattr_setpshared(&mut attributes, libc::PTHREAD_PROCESS_SHARED),
                pthread_mutexattr_setrobust(&mut attributes, PTHREAD_MUTEX_ROBUST),
                libc::pthread_mutex_init(self.mutex(), &attributes),
            ];
            libc::pthread_mutexattr_destroy(&mut attributes);
            failed.into_iter().find(|&error| error != 0)
        };
        if let Some(error) = failed {
            return Err(io::Error::from_raw_os_error(error));
        }
        self.layout.store(LAYOUT, Relaxed);
        self.magic.store(MAGIC, std::sync::atomic::Ordering::Release);
        Ok(())
    }

    fn taken(&self, answer: c_int) -> io::Result<Taken> {
        let taken = match answer {
            0 => Taken::Ours,
            libc::EBUSY => return Ok(if self.is_mine() { Taken::Already } else { Taken::Busy }),
            libc::EDEADLK => return Ok(Taken::Already),
            libc::EOWNERDEAD => {
                // SAFETY: we hold it.
                unsafe { pthread_mutex_consistent(self.mutex()) };
                Taken::FromTheDead
            }
            error => return Err(io::Error::from_raw_os_error(error)),
        };
        self.holder.store(std::process::id(), Relaxed);
        Ok(taken)
    }

    /// A thread that has the lock is told so at once when it waits for it; asking whether one can have it does not tell.
    fn is_mine(&self) -> bool {
        if self.holder.load(Relaxed) != std::process::id() {
            return false;
        }
        // SAFETY: as in `wait`; a time that has passed makes it answer at once.
        let answer = unsafe {
            let past = libc::timespec { tv_sec: 0, tv_nsec: 0 };
            libc::pthread_mutex_timedlock(self.mutex(), &past)
        };
        if answer == 0 || answer == libc::EOWNERDEAD {
            // SAFETY: it came free just now: give it back, the caller asks again.
            unsafe {
                pthread_mutex_consistent(self.mutex());
                libc::pthread_mutex_unlock(self.mutex());
            }
        }
        answer == libc::EDEADLK
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_lock_is_had_by_one_thread_and_can_be_added() {
        let fd = Table::create(2).unwrap();
        let table = Table::map(fd).unwrap().unwrap();
        assert_eq!(table.wait(1).unwrap(), Taken::Ours);
        assert_eq!(table.attempt(1).unwrap(), Taken::Already);
        assert_eq!(table.wait(1).unwrap(), Taken::Already);
        assert_eq!(table.holder(1), std::process::id());
        let other = std::thread::scope(|scope| scope.spawn(|| table.attempt(1).unwrap()).join().unwrap());
        assert_eq!(other, Taken::Busy);
        assert!(!std::thread::scope(|scope| scope.spawn(|| table.release(1)).join().unwrap()));
        assert!(table.attempt(2).is_err());
        Table::grow(fd, 5).unwrap();
        // SAFETY: plain call on a descriptor.
        assert!(unsafe { libc::ftruncate(fd, 0) } < 0, "nobody can take the memory away under others");
        let larger = Table::map(fd).unwrap().unwrap();
        assert_eq!(larger.attempt(1).unwrap(), Taken::Already);
        assert_eq!(larger.attempt(4).unwrap(), Taken::Ours);
        assert!(table.release(1) && !table.release(1));
    }

    #[test]
    fn a_lock_outlives_its_holder() {
        let table = Table::map(Table::create(1).unwrap()).unwrap().unwrap();
        std::thread::scope(|scope| scope.spawn(|| table.wait(0).unwrap()).join().unwrap());
        assert_eq!(table.attempt(0).unwrap(), Taken::FromTheDead);
        assert!(table.release(0));
        assert_eq!(table.attempt(0).unwrap(), Taken::Ours);
    }
}
