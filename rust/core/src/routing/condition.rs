//! Conditions of `route-if`: a name, a colon, templates between semicolons. Looks at files where it is told to, changes
//! nothing.

use std::ffi::CString;
use std::net::IpAddr;

use super::pattern::{Groups, Pattern};
use super::template::{number, Scene, Template};
use crate::listener::Network;

/// A kind of file.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// Whatever it is.
    Any,
    /// A file with content.
    Regular,
    /// A directory.
    Directory,
    /// A symbolic link.
    Link,
    /// Something that may be executed.
    Executable,
}

/// What is asked of two texts.
#[derive(Clone, Copy, Debug)]
pub enum Relation {
    /// The same bytes.
    Equal,
    /// The second begins the first.
    StartsWith,
    /// The second ends the first.
    EndsWith,
    /// The second is somewhere in the first.
    Contains,
    /// As numbers.
    Above,
    /// As numbers.
    AboveOrEqual,
    /// As numbers.
    Below,
    /// As numbers.
    BelowOrEqual,
    /// An address in a network.
    InNetwork,
}

/// A condition, compiled.
#[derive(Debug)]
pub enum Condition {
    /// There is such a file.
    File { kind: Kind, path: Template },
    /// The text is empty.
    Empty(Template),
    /// The expression is found in the text.
    Matches(Template, Pattern),
    /// The texts have this relation.
    Related { relation: Relation, left: Template, right: Template },
    /// Its semicolon is missing: uWSGI takes that for a no.
    Never,
}

fn relation(name: &str) -> Option<Relation> {
    Some(match name {
        "equal" | "isequal" | "eq" | "==" => Relation::Equal,
        "startswith" => Relation::StartsWith,
        "endswith" => Relation::EndsWith,
        "contains" | "contain" => Relation::Contains,
        "ishigher" | ">" => Relation::Above,
        "ishigherequal" | ">=" => Relation::AboveOrEqual,
        "islower" | "<" => Relation::Below,
        "islowerequal" | "<=" => Relation::BelowOrEqual,
        "ipv4in" | "ipv6in" => Relation::InNetwork,
        _ => return None,
    })
}

impl Condition {
    /// Compile one; the error is for people.
    pub fn compile(name: &str, arguments: &[u8]) -> Result<Condition, String> {
        let file = |kind| Ok(Condition::File { kind, path: Template::compile(arguments) });
        match name {
            "exists" => return file(Kind::Any),
            "isfile" => return file(Kind::Regular),
            "isdir" => return file(Kind::Directory),
            "islink" => return file(Kind::Link),
            "isexec" => return file(Kind::Executable),
            "empty" => return Ok(Condition::Empty(Template::compile(arguments))),
            _ => {}
        }
        let semicolon = arguments.iter().position(|&byte| byte == b';');
        let (left, right) = arguments.split_at(semicolon.unwrap_or(arguments.len()));
        let right = right.get(1..).unwrap_or(&[]);
        let relation = match name {
            "regexp" | "re" if semicolon.is_none() => return Ok(Condition::Never),
            "regexp" | "re" => return Ok(Condition::Matches(Template::compile(left), Pattern::new(right)?)),
            _ => relation(name).ok_or_else(|| format!("there is no condition {name}"))?,
        };
        if semicolon.is_none() {
            return Ok(Condition::Never);
        }
        let (left, right) = (Template::compile(left), Template::compile(right));
        Ok(Condition::Related { relation, left, right })
    }

    /// Does it hold? What an expression found is in the answer.
    pub fn holds(&self, scene: &Scene<'_>) -> Option<Groups> {
        let holds = match self {
            Condition::File { kind, path } => is_file(*kind, &path.render(scene), path.is_text()),
            Condition::Empty(text) => text.render(scene).is_empty(),
            Condition::Matches(text, pattern) => return pattern.find(&text.render(scene)),
            Condition::Related { relation, left, right } => {
                are_related(*relation, &left.render(scene), &right.render(scene))
            }
            Condition::Never => false,
        };
        holds.then(Groups::default)
    }

    /// It looks at a disk, which may be slow.
    pub fn is_slow(&self) -> bool {
        matches!(self, Condition::File { .. })
    }
}

/// A path that a request had a part in leads upwards nowhere.
pub fn leads_upwards(path: &[u8]) -> bool {
    path.split(|&byte| byte == b'/').any(|segment| segment == b"..")
}

fn is_file(kind: Kind, path: &[u8], is_literal: bool) -> bool {
    if !is_literal && leads_upwards(path) {
        return false;
    }
    let Ok(path) = CString::new(path) else { return false };
    if matches!(kind, Kind::Executable) {
        // SAFETY: a C string.
        return unsafe { libc::access(path.as_ptr(), libc::X_OK) } == 0;
    }
    // SAFETY: a C string, and a zeroed stat, which is a valid place for the answer.
    let (found, mode) = unsafe {
        let mut stat: libc::stat = std::mem::zeroed();
        let found = match kind {
            Kind::Link => libc::lstat(path.as_ptr(), &mut stat),
            _ => libc::stat(path.as_ptr(), &mut stat),
        };
        (found == 0, stat.st_mode & libc::S_IFMT)
    };
    found
        && match kind {
            Kind::Any | Kind::Executable => true,
            Kind::Regular => mode == libc::S_IFREG,
            Kind::Directory => mode == libc::S_IFDIR,
            Kind::Link => mode == libc::S_IFLNK,
        }
}

fn are_related(relation: Relation, left: &[u8], right: &[u8]) -> bool {
    match relation {
        Relation::Equal => left == right,
        Relation::StartsWith => left.starts_with(right),
        Relation::EndsWith => left.ends_with(right),
        Relation::Contains => right.is_empty() || left.windows(right.len()).any(|part| part == right),
        Relation::Above => number(left) > number(right),
        Relation::AboveOrEqual => number(left) >= number(right),
        Relation::Below => number(left) < number(right),
        Relation::BelowOrEqual => number(left) <= number(right),
        Relation::InNetwork => {
            let text = |bytes| std::str::from_utf8(bytes).ok();
            let address = text(left).and_then(|left| left.trim().parse::<IpAddr>().ok());
            let network = text(right).and_then(Network::parse);
            address.zip(network).is_some_and(|(address, network)| network.contains(address))
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::template::Facts;
    use super::super::vars::Vars;
    use super::*;

    fn holds(condition: &str) -> bool {
        let mut vars = Vars::default();
        vars.set(b"REMOTE_ADDR", b"127.0.0.9");
        vars.set(b"HTTP_HOST", b"h.example");
        vars.set(b"PATH_INFO", b"/../etc/passwd");
        vars.set(b"NUL", b"/etc\0");
        let (name, arguments) = condition.split_once(':').unwrap();
        let facts = Facts::default();
        let scene = Scene { vars: &vars, groups: &Groups::default(), facts: &facts, statics: None };
        Condition::compile(name, arguments.as_bytes()).unwrap().holds(&scene).is_some()
    }

    #[test]
    fn conditions() {
        for (condition, expected) in [
            ("exists:/etc/passwd", true),
            ("exists:/etc/../etc/passwd", true),
            ("exists:/tmp${PATH_INFO}", false),
            ("exists:${NUL}", false),
            ("isfile:/etc/passwd", true),
            ("isfile:/etc", false),
            ("isdir:/etc", true),
            ("islink:/proc/self", true),
            ("islink:/etc", false),
            ("isexec:/bin/sh", true),
            ("isexec:/etc/passwd", false),
            ("empty:${NOPE}", true),
            ("empty:${HTTP_HOST}", false),
            ("equal:${HTTP_HOST};h.example", true),
            ("equal:${HTTP_HOST}", false),
            ("==:a;a", true),
            ("startswith:${HTTP_HOST};h.", true),
            ("endswith:${HTTP_HOST};.example", true),
            ("endswith:a;aa", false),
            ("contains:${HTTP_HOST};.ex", true),
            ("contain:a;", true),
            ("contains:a;aa", false),
            ("regexp:${HTTP_HOST};^h\\.", true),
            ("re:${HTTP_HOST};;", false),
            ("ishigher:10;9", true),
            (">:9;10", false),
            (">=:9;9x", true),
            ("<:-1;", true),
            ("<=:;0", true),
            ("ipv4in:${REMOTE_ADDR};127.0.0.0/8", true),
            ("ipv4in:${REMOTE_ADDR};10.0.0.0/8", false),
            ("ipv4in:x;10.0.0.0/8", false),
            ("ipv6in:::1;::/0", true),
            ("ipv6in:::1;fe80::/10", false),
        ] {
            assert_eq!(holds(condition), expected, "{condition}");
        }
        assert!(Condition::compile("lord", b"x").is_err() && Condition::compile("re", b"a;(").is_err());
    }
}
