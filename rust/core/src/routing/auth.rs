//! Who says who they are with HTTP's basic scheme: one user of the configuration, or those of a file as `htpasswd`
//! writes it. Compares in constant time; what a file holds besides passwords is left alone.

use std::ffi::{c_char, c_int, c_void, CStr, CString};
use std::sync::OnceLock;

use ring::digest;

use super::template::{base64, from_base64};

/// The most that is read of a file of users.
const MOST: u64 = 1024 * 1024;
/// Bytes for `struct crypt_data`, whose size differs between libraries: glibc's own is the largest.
const CRYPT_DATA: usize = 256 * 1024;

/// Whose word is taken.
#[derive(Debug)]
pub enum Users {
    /// This user and password, with a colon between them.
    One(Vec<u8>),
    /// Those of a file.
    File(CString),
}

/// What a file's password looks like if it is none that can be compared.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen {
    /// There is such a user, whose password is kept in a way that is not understood.
    pub strange: bool,
    /// The file cannot be read.
    pub unreadable: bool,
}

/// The same bytes? Takes as long for any two of equal length.
fn same(left: &[u8], right: &[u8]) -> bool {
    // Digests first, so that not even the length is told.
    let (left, right) = (digest::digest(&digest::SHA256, left), digest::digest(&digest::SHA256, right));
    let differences = left.as_ref().iter().zip(right.as_ref()).fold(0u8, |sum, (left, right)| sum | (left ^ right));
    std::hint::black_box(differences) == 0
}

/// User and password out of an Authorization header.
pub fn credentials(header: &[u8]) -> Option<Vec<u8>> {
    let (scheme, rest) = header.split_at_checked(6)?;
    if !scheme.eq_ignore_ascii_case(b"basic ") {
        return None;
    }
    let told = from_base64(rest)?;
    (told.contains(&b':') && !told.iter().any(|byte| matches!(byte, 0 | b'\r' | b'\n'))).then_some(told)
}

impl Users {
    /// The user's name, if user and password (with a colon between them) are right.
    pub fn admit<'a>(&self, told: &'a [u8], seen: &mut Seen) -> Option<&'a [u8]> {
        let colon = told.iter().position(|&byte| byte == b':')?;
        let (user, password) = (told.get(..colon)?, told.get(colon + 1..)?);
        let is_right = match self {
            Users::One(known) => same(told, known),
            Users::File(path) => admit_by_file(path, user, password, seen),
        };
        is_right.then_some(user)
    }
}

fn admit_by_file(path: &CStr, user: &[u8], password: &[u8], seen: &mut Seen) -> bool {
    use std::io::Read;
    use std::os::unix::ffi::OsStrExt;
    let mut text = Vec::new();
    let file = std::fs::File::open(std::ffi::OsStr::from_bytes(path.to_bytes()));
    if file.and_then(|file| file.take(MOST).read_to_end(&mut text)).is_err() {
        seen.unreadable = true;
        return false;
    }
    for line in text.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii) {
        let Some(colon) = line.iter().position(|&byte| byte == b':') else { continue };
        if line.get(..colon) != Some(user) {
            continue;
        }
        let kept = line.get(colon + 1..).unwrap_or(&[]);
        // A comment or more fields may follow.
        let kept = kept.split(|&byte| byte == b':').next().unwrap_or(&[]);
        match hashed(password, kept) {
            Some(hash) if same(&hash, kept) => return true,
            Some(_) => {}
            None => seen.strange = true,
        }
    }
    false
}

/// The password as it would be kept beside `kept`; `None`: in no way that is understood.
fn hashed(password: &[u8], kept: &[u8]) -> Option<Vec<u8>> {
    if kept.starts_with(b"{SHA}") {
        let mut out = b"{SHA}".to_vec();
        base64(digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, password).as_ref(), &mut out);
        return Some(out);
    }
    let hash = crypt(password, kept)?;
    // What the library does not understand it answers with a mark that no hash begins with.
    (hash.len() >= 13 && !hash.starts_with(b"*")).then_some(hash)
}

type CryptR = unsafe extern "C" fn(*const c_char, *const c_char, *mut c_void) -> *mut c_char;

/// The system's own library of password hashes, where there is one.
fn library() -> Option<CryptR> {
    static LIBRARY: OnceLock<Option<CryptR>> = OnceLock::new();
    *LIBRARY.get_or_init(|| {
        const LAZY: c_int = libc::RTLD_LAZY;
        // SAFETY: C strings; the library stays loaded, and `crypt_r` has had this signature wherever it exists.
        unsafe {
            let names = [c"libcrypt.so.1", c"libcrypt.so.2", c"libcrypt.so"];
            let handle = names.iter().map(|name| libc::dlopen(name.as_ptr(), LAZY)).find(|handle| !handle.is_null())?;
            let found = libc::dlsym(handle, c"crypt_r".as_ptr());
            (!found.is_null()).then(|| std::mem::transmute::<*mut c_void, CryptR>(found))
        }
    })
}

fn crypt(password: &[u8], salt: &[u8]) -> Option<Vec<u8>> {
    let crypt_r = library()?;
    let (password, salt) = (CString::new(password).ok()?, CString::new(salt).ok()?);
    // Of u64, so that it is aligned as the structure wants.
    let mut data = vec![0u64; CRYPT_DATA / 8];
    // SAFETY: C strings, and zeroed memory at least as large as the structure is anywhere; the answer is null or a C
    // string inside of it.
    unsafe {
        let hash = crypt_r(password.as_ptr(), salt.as_ptr(), data.as_mut_ptr().cast());
        (!hash.is_null()).then(|| CStr::from_ptr(hash).to_bytes().to_vec())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn one_user() {
        let users = Users::One(b"joe:se:cret".to_vec());
        let mut seen = Seen::default();
        assert_eq!(users.admit(b"joe:se:cret", &mut seen), Some(&b"joe"[..]));
        for wrong in [&b"joe:se"[..], b"joe:", b"joe", b":", b"", b"Joe:se:cret", b"joe:se:cret\0"] {
            assert_eq!(users.admit(wrong, &mut seen), None);
        }
    }

    #[test]
    fn a_file_of_users() {
        let path = std::env::temp_dir().join(format!("imperator-htpasswd-{}", std::process::id()));
        // Of `pw`: DES, SHA-1, SHA-512; the last is Apache's own.
        let text = "# users\nann:abzlUXK5ed5rs\nbob:{SHA}GKmkvLdXxtErNyxtvQxOEDUHNNQ=\n\
                    eve:$apr1$x$abcdefghijklmnopqrstuv\nnobody\n";
        std::fs::write(&path, text).unwrap();
        let users = Users::File(CString::new(path.to_str().unwrap()).unwrap());
        let admit = |told: &str| {
            let mut seen = Seen::default();
            (users.admit(told.as_bytes(), &mut seen).map(<[u8]>::to_vec), seen.strange)
        };
        let hash = crypt(b"pw", b"ab");
        if let Some(hash) = &hash {
            std::fs::write(&path, format!("{text}dan:{}\n", String::from_utf8_lossy(hash))).unwrap();
            assert_eq!(admit("dan:pw").0.as_deref(), Some(&b"dan"[..]));
            assert_eq!(admit("dan:PW"), (None, false));
        }
        let mut sha = b"cat:{SHA}".to_vec();
        base64(digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, b"pw").as_ref(), &mut sha);
        std::fs::write(&path, [text.as_bytes(), &sha, b"\n"].concat()).unwrap();
        assert_eq!(admit("cat:pw").0.as_deref(), Some(&b"cat"[..]));
        assert_eq!(admit("cat:no"), (None, false));
        assert_eq!(admit("eve:pw").0, None);
        assert_eq!(admit("nobody:"), (None, false));
        assert_eq!(admit("zoe:pw"), (None, false));
        std::fs::remove_file(&path).unwrap();
        let mut seen = Seen::default();
        assert_eq!(users.admit(b"ann:pw", &mut seen), None);
        assert!(seen.unreadable);
    }

    #[test]
    fn what_a_header_says() {
        assert_eq!(credentials(b"Basic am9lOnNlY3JldA==").as_deref(), Some(&b"joe:secret"[..]));
        assert_eq!(credentials(b"basic am9lOnNlY3JldA").as_deref(), Some(&b"joe:secret"[..]));
        for wrong in [&b""[..], b"Basic", b"Basic ", b"Bearer am9lOnNlY3JldA==", b"Basic am9l", b"Basic ???"] {
            assert_eq!(credentials(wrong), None);
        }
    }
}
