//! Which file a path may mean: prefixes against PATH_INFO. Pure; whether there is such a file is `beneath.rs`.

use super::beneath::Links;

/// One `static-map`, `static-map2` or `check-static`.
#[derive(Debug)]
pub struct Map {
    /// What the path must begin with; empty: anything.
    pub prefix: Vec<u8>,
    /// Directory or file, absolute.
    pub root: Vec<u8>,
    /// The prefix stays a part of what is looked for (`static-map2`).
    pub keeps_prefix: bool,
    /// Whether symbolic links are there.
    pub links: Links,
}

impl Map {
    /// The path below `root` (empty: `root` itself), if this map is meant. A prefix ends where a segment ends: `/static`
    /// is not the beginning of `/static-secret`.
    pub fn relative<'a>(&self, path: &'a [u8]) -> Option<&'a [u8]> {
        let rest = path.strip_prefix(self.prefix.as_slice())?;
        let ends = self.prefix.is_empty() || self.prefix.ends_with(b"/") || rest.is_empty() || rest.starts_with(b"/");
        if !ends {
            return None;
        }
        let below = if self.keeps_prefix { path } else { rest };
        let start = below.iter().position(|&byte| byte != b'/').unwrap_or(below.len());
        below.get(start..).filter(|below| is_plain(below))
    }
}

/// Names only: nothing that leads upwards, nothing that ends a C string.
fn is_plain(path: &[u8]) -> bool {
    !path.contains(&0) && path.split(|&byte| byte == b'/').all(|segment| segment != b"..")
}

/// An escaped slash, which a front-end took for a part of a name when it judged the path.
pub fn has_escaped_slash(raw: &[u8]) -> bool {
    raw.windows(3).any(|three| three.eq_ignore_ascii_case(b"%2f"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn relative<'a>(prefix: &str, keeps_prefix: bool, path: &'a str) -> Option<&'a str> {
        let map = Map { prefix: prefix.into(), root: b"/srv".to_vec(), keeps_prefix, links: Links::default() };
        map.relative(path.as_bytes()).map(|rest| std::str::from_utf8(rest).unwrap_or("?"))
    }

    #[test]
    fn a_prefix_is_whole_segments() {
        let cases = [
            ("/static", "/static/a.css", Some("a.css")),
            ("/static", "/static/a/b", Some("a/b")),
            ("/static", "/static", Some("")),
            ("/static", "/static/", Some("")),
            ("/static", "/static//a", Some("a")),
            ("/static", "/static-secret/a", None),
            ("/static", "/staticone.txt", None),
            ("/static", "/stat", None),
            ("/static", "//static/a", None),
            ("/static", "", None),
            ("/static/", "/static/a", Some("a")),
            ("/static/", "/static", None),
            ("/", "/a", Some("a")),
            ("", "/a/b", Some("a/b")),
            ("", "//etc/passwd", Some("etc/passwd")),
            ("", "", Some("")),
            ("/favicon.ico", "/favicon.ico", Some("")),
            ("/favicon.ico", "/favicon.icon", None),
        ];
        for (prefix, path, expected) in cases {
            assert_eq!(relative(prefix, false, path), expected, "{prefix} {path}");
        }
    }

    #[test]
    fn a_prefix_can_stay() {
        assert_eq!(relative("/static", true, "/static/a"), Some("static/a"));
        assert_eq!(relative("/static", true, "/static-secret"), None);
    }

    #[test]
    fn nothing_leads_upwards() {
        for path in ["/s/..", "/s/../x", "/s/a/../../x", "/s/a/..", "/s/a\0.txt", "/s/\0"] {
            assert_eq!(relative("/s", false, path), None, "{path:?}");
        }
        for path in ["/s/..a", "/s/a..", "/s/...", "/s/."] {
            assert!(relative("/s", false, path).is_some(), "{path:?}");
        }
    }

    #[test]
    fn escaped_slashes_are_found() {
        assert!(has_escaped_slash(b"/a%2Fb") && has_escaped_slash(b"/a%2fb"));
        assert!(!has_escaped_slash(b"/a%20b%2") && !has_escaped_slash(b"%2"));
    }
}
