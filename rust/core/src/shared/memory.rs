//! Memory behind a descriptor, which other processes change too. Every access is checked against its size, because what
//! lies there may have been written by anybody; nobody gets a reference into it.

use std::io;
use std::os::raw::c_int;
use std::sync::atomic::{compiler_fence, Ordering::SeqCst};

/// What is read or written lies outside of the memory.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub struct Outside;

/// The mapped memory.
pub struct Memory {
    base: *mut u8,
    size: usize,
}

// SAFETY: the memory is only reached through copies of plain bytes; whoever needs more order than that takes a lock.
unsafe impl Send for Memory {}
// SAFETY: as above.
unsafe impl Sync for Memory {}

impl Memory {
    /// Map the whole of what is behind `fd`.
    pub fn map(fd: c_int) -> io::Result<Memory> {
        // SAFETY: a zeroed stat is a valid place for the answer.
        let size = unsafe {
            let mut stat: libc::stat = std::mem::zeroed();
            if libc::fstat(fd, &mut stat) < 0 {
                return Err(io::Error::last_os_error());
            }
            usize::try_from(stat.st_size).unwrap_or(0)
        };
        // SAFETY: a fresh mapping of that size.
        let base = unsafe {
            libc::mmap(std::ptr::null_mut(), size, libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED, fd, 0)
        };
        if base == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        Ok(Memory { base: base.cast(), size })
    }

    /// Bytes of it.
    pub fn size(&self) -> usize {
        self.size
    }

    fn place(&self, at: usize, length: usize) -> Result<*mut u8, Outside> {
        if at.checked_add(length).is_none_or(|end| end > self.size) {
            return Err(Outside);
        }
        // SAFETY: inside the mapping, as was just checked.
        Ok(unsafe { self.base.add(at) })
    }

    /// An aligned number.
    pub fn u32(&self, at: usize) -> Result<u32, Outside> {
        // SAFETY: `place` checked four bytes; unaligned is allowed.
        Ok(unsafe { self.place(at, 4)?.cast::<u32>().read_unaligned() })
    }

    /// A number.
    pub fn u64(&self, at: usize) -> Result<u64, Outside> {
        // SAFETY: `place` checked eight bytes; unaligned is allowed.
        Ok(unsafe { self.place(at, 8)?.cast::<u64>().read_unaligned() })
    }

    /// Write a number.
    pub fn put_u32(&self, at: usize, value: u32) -> Result<(), Outside> {
        // SAFETY: as in `u32`.
        unsafe { self.place(at, 4)?.cast::<u32>().write_unaligned(value) };
        Ok(())
    }

    /// Write a number.
    pub fn put_u64(&self, at: usize, value: u64) -> Result<(), Outside> {
        // SAFETY: as in `u64`.
        unsafe { self.place(at, 8)?.cast::<u64>().write_unaligned(value) };
        Ok(())
    }

    /// Write a number after everything that stands before it in the program, and before what stands behind it: a process
    /// that is killed has done all of the former or nothing of the latter.
    pub fn commit(&self, at: usize, value: u32) -> Result<(), Outside> {
        compiler_fence(SeqCst);
        self.put_u32(at, value)?;
        compiler_fence(SeqCst);
        Ok(())
    }

    /// Append `length` bytes to `to`.
    pub fn append(&self, at: usize, length: usize, to: &mut Vec<u8>) -> Result<(), Outside> {
        let from = self.place(at, length)?;
        to.reserve(length);
        // SAFETY: `length` bytes lie inside the mapping, and the vector has room for them behind its end.
        unsafe {
            std::ptr::copy_nonoverlapping(from, to.as_mut_ptr().add(to.len()), length);
            to.set_len(to.len() + length);
        }
        Ok(())
    }

    /// Write bytes.
    pub fn put(&self, at: usize, bytes: &[u8]) -> Result<(), Outside> {
        let to = self.place(at, bytes.len())?;
        // SAFETY: inside the mapping; `bytes` is memory of this process and does not overlap.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), to, bytes.len()) };
        Ok(())
    }

    /// Write zeros.
    pub fn clear(&self, at: usize, length: usize) -> Result<(), Outside> {
        let to = self.place(at, length)?;
        // SAFETY: inside the mapping.
        unsafe { std::ptr::write_bytes(to, 0, length) };
        Ok(())
    }

    /// Whether these bytes stand there.
    pub fn equals(&self, at: usize, bytes: &[u8]) -> Result<bool, Outside> {
        let from = self.place(at, bytes.len())?;
        // SAFETY: both have that many bytes; `memcmp` makes no reference to memory that others may change.
        Ok(unsafe { libc::memcmp(from.cast(), bytes.as_ptr().cast(), bytes.len()) == 0 })
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        // SAFETY: made by `map`; nobody has a pointer into it.
        unsafe { libc::munmap(self.base.cast(), self.size) };
    }
}
