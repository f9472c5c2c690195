//! A body that is too large for memory, in a file without a name: `post-buffering`. The file goes with the last who has
//! it open, whatever becomes of the process. Knows nothing of requests.

use std::ffi::{CStr, CString};
use std::io;
use std::mem::MaybeUninit;
use std::os::raw::c_int;

use crate::sys;

/// The file. Written at its end, read anywhere.
#[derive(Debug)]
pub struct Spool {
    fd: c_int,
    length: u64,
}

impl Spool {
    /// An empty one on the file system of this directory.
    pub fn create(directory: &CStr) -> io::Result<Spool> {
        let fd = match sys::open_unnamed(directory) {
            // Some file systems know no files without a name.
            Err(error) if matches!(error.raw_os_error(), Some(libc::EOPNOTSUPP | libc::EISDIR | libc::EINVAL)) => {
                let mut template = directory.to_bytes().to_vec();
                template.extend_from_slice(b"/imperator-body-XXXXXX");
                // A C string with more behind it has no zero inside.
                let template = CString::new(template).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
                sys::open_and_unlink(template)?
            }
            opened => opened?,
        };
        Ok(Spool { fd, length: 0 })
    }

    /// Append all of it.
    pub fn append(&mut self, mut data: &[u8]) -> io::Result<()> {
        while !data.is_empty() {
            let count = sys::write_some(self.fd, data)?;
            if count == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            self.length += count as u64;
            data = data.get(count..).unwrap_or(&[]);
        }
        Ok(())
    }

    /// Bytes in it.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Fill a place from `offset` on; answers how much there was.
    pub fn read_at(&self, offset: u64, room: &mut [MaybeUninit<u8>]) -> io::Result<usize> {
        let mut done = 0;
        while let Some(place) = room.get_mut(done..).filter(|place| !place.is_empty()) {
            match sys::read_raw_at(self.fd, offset + done as u64, place)? {
                0 => break,
                count => done += count,
            }
        }
        Ok(done)
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        sys::close(self.fd);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(spool: &Spool, offset: u64, size: usize) -> Vec<u8> {
        let mut data = Vec::with_capacity(size);
        let room = data.spare_capacity_mut().get_mut(..size).expect("as much as was asked for");
        let count = spool.read_at(offset, room).expect("a file can be read");
        // SAFETY: so many were read.
        unsafe { data.set_len(count) };
        data
    }

    #[test]
    fn it_is_read_as_it_was_written() {
        let mut spool = Spool::create(c"/tmp").expect("a file in /tmp");
        spool.append(b"hello ").expect("room for a few bytes");
        spool.append(b"world").expect("room for a few bytes");
        assert_eq!(spool.length(), 11);
        assert_eq!(read(&spool, 6, 100), b"world");
        assert_eq!(read(&spool, 0, 5), b"hello");
        assert_eq!(read(&spool, 100, 5), b"");
    }

    #[test]
    fn a_directory_that_is_none_is_an_error() {
        assert!(Spool::create(c"/nonexistent").is_err());
        assert!(Spool::create(c"/dev/null").is_err());
    }
}
