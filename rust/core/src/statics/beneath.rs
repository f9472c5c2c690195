//! Opening a file that must not lie outside of its directory, whatever symbolic links say. Decides nothing about names.
//!
//! The kernel judges, so nothing can change between the judgement and the opening. If no part of the whole path is a
//! symbolic link (RESOLVE_NO_SYMLINKS), and the names below the directory do not lead upwards, the file lies where its name
//! says: one call. Otherwise the directory is opened, and the file below it (RESOLVE_BENEATH). Links with an absolute target,
//! kernels before 5.6 and containers that forbid `openat2` take a longer way: the file is opened without access to its
//! content (O_PATH), the kernel is asked where *that* file lies, and only then it is opened to be read, through the same
//! descriptor. Nothing here waits for a pipe or a device.

use std::cell::OnceCell;
use std::ffi::{CStr, CString};
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::raw::c_int;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};

const READ: c_int = libc::O_RDONLY | libc::O_NONBLOCK | libc::O_NOCTTY | libc::O_CLOEXEC;
const LOOK: c_int = libc::O_PATH | libc::O_CLOEXEC;

/// The kernel does not do `openat2` here.
static LACKING: AtomicBool = AtomicBool::new(false);

/// `struct open_how` of the kernel.
#[repr(C)]
struct How {
    flags: u64,
    mode: u64,
    resolve: u64,
}

const RESOLVE_NO_MAGICLINKS: u64 = 0x02;
const RESOLVE_NO_SYMLINKS: u64 = 0x04;
const RESOLVE_BENEATH: u64 = 0x08;

/// A regular file, open.
#[derive(Debug)]
pub struct File {
    /// To read it.
    pub fd: OwnedFd,
    /// Bytes.
    pub size: u64,
    /// Seconds since the epoch, and nanoseconds beyond them.
    pub modified: (i64, i64),
}

/// What was found.
#[derive(Debug)]
pub enum Found {
    /// A file.
    File(File),
    /// A directory: not opened further.
    Directory,
    /// Nothing that could be served.
    Nothing,
    /// It lies there, outside.
    Outside(Vec<u8>),
}

/// A directory below which files are opened.
#[derive(Debug)]
pub struct Tree {
    fd: OwnedFd,
}

fn owned(rc: c_int) -> io::Result<OwnedFd> {
    if rc < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: a descriptor that the kernel has just made and nobody else knows.
    Ok(unsafe { OwnedFd::from_raw_fd(rc) })
}

fn open(at: c_int, path: &CStr, flags: c_int) -> io::Result<OwnedFd> {
    loop {
        // SAFETY: a C string; no mode is needed, nothing is created.
        match owned(unsafe { libc::openat(at, path.as_ptr(), flags) }) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

fn open_resolved(at: c_int, path: &CStr, resolve: u64) -> io::Result<OwnedFd> {
    let how = How { flags: READ as u64, mode: 0, resolve: resolve | RESOLVE_NO_MAGICLINKS };
    loop {
        // SAFETY: a C string, and a structure of the size that is told.
        let rc =
            unsafe { libc::syscall(libc::SYS_openat2, at, path.as_ptr(), &raw const how, std::mem::size_of::<How>()) };
        match owned(rc as c_int) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// What a descriptor is: a file, a directory, nothing.
fn look(fd: OwnedFd) -> Found {
    // SAFETY: a zeroed stat is a valid place for the answer.
    let stat = unsafe {
        let mut stat: libc::stat = std::mem::zeroed();
        if libc::fstat(fd.as_raw_fd(), &mut stat) < 0 {
            return Found::Nothing;
        }
        stat
    };
    match stat.st_mode & libc::S_IFMT {
        libc::S_IFREG => Found::File(File {
            fd,
            size: u64::try_from(stat.st_size).unwrap_or(0),
            modified: (stat.st_mtime, stat.st_mtime_nsec),
        }),
        libc::S_IFDIR => Found::Directory,
        _ => Found::Nothing,
    }
}

fn handle(fd: &OwnedFd) -> CString {
    // A number has no zero byte.
    CString::new(format!("/proc/self/fd/{}", fd.as_raw_fd())).unwrap_or_default()
}

/// Where an open file lies, every link resolved.
fn place(fd: &OwnedFd) -> Option<Vec<u8>> {
    let mut room = vec![0u8; libc::PATH_MAX as usize];
    // SAFETY: a C string, and room of the size that is told.
    let count = unsafe { libc::readlink(handle(fd).as_ptr(), room.as_mut_ptr().cast(), room.len()) };
    let count = usize::try_from(count).ok().filter(|&count| count < room.len())?;
    room.truncate(count);
    Some(room)
}

/// Is this path that directory, or below it?
pub fn is_below(path: &[u8], directory: &[u8]) -> bool {
    match path.strip_prefix(directory) {
        Some(rest) => rest.is_empty() || rest.starts_with(b"/") || directory.ends_with(b"/"),
        None => false,
    }
}

impl Tree {
    /// The directory of this name, as it is now: a link that was turned to a new release counts at once.
    pub fn open(path: &CStr) -> Option<Tree> {
        open(libc::AT_FDCWD, path, LOOK | libc::O_DIRECTORY).ok().map(|fd| Tree { fd })
    }

    /// Open a file below it, or below one of the directories that `safe` names.
    pub fn find(&self, relative: &[u8], safe: &[CString]) -> Found {
        let Ok(name) = CString::new(relative) else { return Found::Nothing };
        if !LACKING.load(Relaxed) {
            match open_resolved(self.fd.as_raw_fd(), &name, RESOLVE_BENEATH) {
                Ok(fd) => return look(fd),
                Err(error) => match error.raw_os_error() {
                    Some(libc::ENOSYS | libc::EPERM) => LACKING.store(true, Relaxed),
                    // Out of the directory, an absolute link, or a directory that is being moved.
                    Some(libc::EXDEV | libc::EAGAIN) => {}
                    _ => return Found::Nothing,
                },
            }
        }
        self.find_resolved(&name, safe)
    }

    fn find_resolved(&self, name: &CStr, safe: &[CString]) -> Found {
        let Ok(fd) = open(self.fd.as_raw_fd(), name, LOOK) else { return Found::Nothing };
        let (Some(here), Some(root)) = (place(&fd), place(&self.fd)) else { return Found::Nothing };
        let real = |path: &CString| open(libc::AT_FDCWD, path, LOOK).ok().as_ref().and_then(place);
        if !is_below(&here, &root) && !safe.iter().filter_map(real).any(|directory| is_below(&here, &directory)) {
            return Found::Outside(here);
        }
        match look(fd) {
            Found::File(file) => match open(libc::AT_FDCWD, &handle(&file.fd), READ) {
                Ok(fd) => look(fd),
                Err(_) => Found::Nothing,
            },
            other => other,
        }
    }
}

/// How many times a directory is not looked into the short way after a link was met: links are there to stay.
const LINKED: u32 = 1000;

/// What is remembered of a directory from one request to the next: for how many more of them links are expected.
#[derive(Debug, Default)]
pub struct Links(AtomicU32);

/// A directory by its name, opened once something needs it open.
#[derive(Debug)]
pub struct Below<'a> {
    root: &'a [u8],
    links: &'a Links,
    tree: OnceCell<Option<Tree>>,
}

impl<'a> Below<'a> {
    /// Look below `root`, as it is now.
    pub fn new(root: &'a [u8], links: &'a Links) -> Below<'a> {
        Below { root, links, tree: OnceCell::new() }
    }

    /// The path of what lies there under this name.
    pub fn path_of(&self, name: &[u8]) -> Vec<u8> {
        [self.root, name].join(if self.root.ends_with(b"/") { &b""[..] } else { b"/" })
    }

    /// Whether there is a directory of that name.
    pub fn is_directory(&self) -> bool {
        self.tree().is_some()
    }

    fn tree(&self) -> Option<&Tree> {
        self.tree.get_or_init(|| CString::new(self.root).ok().and_then(|path| Tree::open(&path))).as_ref()
    }

    /// What lies there under this name, which leads nowhere upwards, if no part of the whole path is a link. `None`: the
    /// short way does not tell.
    pub fn find_plainly(&self, name: &[u8]) -> Option<Found> {
        if LACKING.load(Relaxed) || self.expects_links() {
            return None;
        }
        let path = CString::new(self.path_of(name)).ok()?;
        match open_resolved(libc::AT_FDCWD, &path, RESOLVE_NO_SYMLINKS) {
            Ok(fd) => Some(look(fd)),
            Err(error) => match error.raw_os_error() {
                Some(libc::ENOENT) => Some(Found::Nothing),
                Some(libc::ELOOP) => {
                    self.links.0.store(LINKED, Relaxed);
                    None
                }
                _ => None,
            },
        }
    }

    fn expects_links(&self) -> bool {
        let left = self.links.0.load(Relaxed);
        if left > 0 {
            self.links.0.store(left - 1, Relaxed);
        }
        left > 0
    }

    /// What lies there under this name, or below one of the directories that `safe` names.
    pub fn find(&self, name: &[u8], safe: &[CString]) -> Found {
        match self.find_plainly(name) {
            Some(found) => found,
            None => self.tree().map_or(Found::Nothing, |tree| tree.find(name, safe)),
        }
    }
}

/// A file that a map names itself.
pub fn file(path: &CStr) -> Found {
    match open(libc::AT_FDCWD, path, READ) {
        Ok(fd) => look(fd),
        Err(_) => Found::Nothing,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;
    use std::path::Path;

    fn c(path: &Path) -> CString {
        CString::new(path.as_os_str().as_bytes()).unwrap()
    }

    /// What the short way leaves to the others: a link in the path, a file that is asked for as a directory.
    const LONG: [&str; 9] =
        ["sub/up", "absolute", "safe", "a/", "a/b", "loop", "leaves", "passwd", "parent/static-secret/s"];

    fn name(found: &Found) -> &'static str {
        match found {
            Found::File(_) => "file",
            Found::Directory => "directory",
            Found::Nothing => "nothing",
            Found::Outside(_) => "outside",
        }
    }

    #[test]
    fn both_ways_judge_alike() {
        let base = std::env::temp_dir().join(format!("imperator-beneath-{}", std::process::id()));
        let root = base.join("static");
        std::fs::create_dir_all(root.join("sub")).unwrap();
        std::fs::create_dir_all(base.join("static-secret")).unwrap();
        std::fs::create_dir_all(base.join("safe")).unwrap();
        for file in ["static/a", "static/sub/b", "static-secret/s", "safe/f"] {
            std::fs::write(base.join(file), b"content").unwrap();
        }
        symlink("../a", root.join("sub/up")).unwrap();
        symlink(root.join("a"), root.join("absolute")).unwrap();
        symlink("../static-secret/s", root.join("leaves")).unwrap();
        symlink("/etc/passwd", root.join("passwd")).unwrap();
        symlink("../safe/f", root.join("safe")).unwrap();
        symlink("loop", root.join("loop")).unwrap();
        symlink("..", root.join("parent")).unwrap();
        let fifo = c(&root.join("fifo"));
        // SAFETY: a C string.
        unsafe { libc::mkfifo(fifo.as_ptr(), 0o600) };
        let tree = Tree::open(&c(&root)).unwrap();
        let real = std::fs::canonicalize(&root).unwrap();
        let safe = [c(&base.join("safe")), c(&base.join("missing"))];
        let cases = [
            ("a", "file"),
            ("./a", "file"),
            ("sub/b", "file"),
            ("sub/up", "file"),
            ("absolute", "file"),
            ("safe", "file"),
            ("sub", "directory"),
            ("sub/", "directory"),
            ("a/", "nothing"),
            ("a/b", "nothing"),
            ("missing", "nothing"),
            ("loop", "nothing"),
            ("fifo", "nothing"),
            ("leaves", "outside"),
            ("passwd", "outside"),
            ("parent/static-secret/s", "outside"),
            ("../static-secret/s", "outside"),
        ];
        for (path, expected) in cases {
            assert_eq!(name(&tree.find(path.as_bytes(), &safe)), expected, "{path}");
            let resolved = tree.find_resolved(&CString::new(path).unwrap(), &safe);
            assert_eq!(name(&resolved), expected, "the longer way: {path}");
            let links = Links::default();
            let below = Below::new(real.as_os_str().as_bytes(), &links);
            if !path.contains("..") {
                let plainly = below.find_plainly(path.as_bytes());
                assert!(
                    plainly.as_ref().is_none_or(|found| name(found) == expected),
                    "the short way: {path}: {plainly:?}"
                );
                assert_eq!(plainly.is_some(), !LONG.contains(&path), "the short way: {path}");
                assert_eq!(name(&below.find(path.as_bytes(), &safe)), expected, "{path}");
            }
        }
        std::fs::remove_dir_all(&base).unwrap();
    }

    #[test]
    fn a_link_is_expected_for_a_while() {
        let base = std::env::temp_dir().join(format!("imperator-links-{}", std::process::id()));
        std::fs::create_dir_all(base.join("releases/1")).unwrap();
        std::fs::write(base.join("releases/1/a"), b"content").unwrap();
        symlink("releases/1", base.join("current")).unwrap();
        let base = std::fs::canonicalize(base).unwrap();
        let (links, root) = (Links::default(), base.join("current"));
        for turn in 0..LINKED + 2 {
            // A directory that is turned to a new release is looked at anew each time.
            let below = Below::new(root.as_os_str().as_bytes(), &links);
            assert_eq!(name(&below.find(b"a", &[])), "file");
            assert_eq!(links.0.load(Relaxed), if turn <= LINKED { LINKED - turn } else { LINKED });
        }
        std::fs::remove_dir_all(&base).unwrap();
    }

    #[test]
    fn a_directory_is_whole_segments() {
        assert!(is_below(b"/srv/static", b"/srv/static") && is_below(b"/srv/static/a", b"/srv/static"));
        assert!(is_below(b"/a", b"/") && !is_below(b"/srv/static-secret", b"/srv/static"));
    }
}
