//! What rules do. Each action looks at a request (and an answer, where there is one already), changes what it may and says
//! how to go on. Nothing is sent here.

use std::ffi::CString;

use super::auth::{self, Seen, Users};
use super::chain::{Flow, Turn};
use super::condition::leads_upwards;
use super::pattern::Groups;
use super::reply::{Body, Head, Reply};
use super::template::{number, Template};
use crate::log::http_date;
use crate::statics::beneath::File;
use crate::statics::outside_text;

/// A file that a rule names.
#[derive(Debug)]
pub struct Place {
    path: Template,
    /// It is what an application said, and nothing else: `..` in it is the application's own.
    is_answers: bool,
}

/// What `file`, `sendfile` and `fastfile` want to know.
#[derive(Debug)]
pub struct FileReply {
    place: Place,
    status: Template,
    kind: Vec<u8>,
    /// By the ending of its name, if that is known.
    by_name: bool,
}

/// An action, compiled.
#[derive(Debug)]
pub enum Action {
    Continue,
    Break(Vec<u8>),
    /// With the status' reason as its text.
    Return(u16),
    Redirect {
        status: &'static str,
        text: &'static str,
        to: Template,
    },
    Rewrite {
        to: Template,
        is_last: bool,
    },
    /// Give a variable a value.
    Set {
        name: Vec<u8>,
        value: Template,
    },
    /// The same up to the first colon.
    SetUser(Template),
    FixPathInfo,
    AddHeader(Template),
    RemoveHeader(Template),
    ClearHeaders(Template),
    Log(Template),
    LogVariable {
        name: Vec<u8>,
        value: Template,
    },
    DoNotLog,
    Goto {
        label: Template,
        position: usize,
    },
    Static {
        place: Place,
        is_next: bool,
    },
    File {
        file: FileReply,
        is_next: bool,
    },
    BasicAuth {
        realm: Vec<u8>,
        users: Users,
        is_next: bool,
    },
    Send {
        text: Template,
        end: &'static [u8],
    },
    Gzip,
    Expires {
        file: Option<Template>,
        unix: Option<Template>,
        value: Option<Template>,
    },
    /// Already so, or of no consequence here.
    Nothing,
}

/// `name=value` between commas.
fn items(text: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    text.split(|&byte| byte == b',').map(|item| {
        let equals = item.iter().position(|&byte| byte == b'=').unwrap_or(item.len());
        (item.get(..equals).unwrap_or(&[]), item.get(equals + 1..).unwrap_or(&[]))
    })
}

fn split(text: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let place = text.iter().position(|&byte| byte == at)?;
    Some((text.get(..place)?, text.get(place + 1..)?))
}

impl Action {
    /// Compile one; the error is for people. `collected`: variables that hold what an application answered.
    pub fn compile(name: &str, text: &[u8], collected: &[Vec<u8>]) -> Result<Action, String> {
        let template = || Template::compile(text);
        let set = |name: &str| Ok(Action::Set { name: name.into(), value: template() });
        let place = |text: &[u8]| {
            let path = Template::compile(text);
            let is_answers = path.only_variable().is_some_and(|name| collected.iter().any(|known| known == name));
            Place { path, is_answers }
        };
        let redirect = |status, text| Ok(Action::Redirect { status, text, to: template() });
        match name {
            "continue" | "last" => Ok(Action::Continue),
            "break" => Ok(Action::Break(text.trim_ascii().to_vec())),
            "return" | "break-with-status" => {
                let digits = text.trim_ascii().get(..3).unwrap_or(&[]);
                let status = wire::check_status(digits).map_err(|flaw| flaw.to_string())?;
                Ok(Action::Return(status))
            }
            "redirect" | "redirect-302" => redirect("302 Found", "Moved"),
            "redirect-permanent" | "redirect-301" => redirect("301 Moved Permanently", "Moved Permanently"),
            "rewrite" | "rewrite-last" => Ok(Action::Rewrite { to: template(), is_last: name == "rewrite-last" }),
            "addvar" | "logvar" => {
                let (key, value) = split(text, b'=').ok_or("it wants NAME=value")?;
                let (key, value) = (key.to_vec(), Template::compile(value));
                if name == "logvar" {
                    return Ok(Action::LogVariable { name: key, value });
                }
                if key.is_empty() || key.starts_with(b"wsgi.") {
                    return Err("this variable belongs to the server".to_owned());
                }
                Ok(Action::Set { name: key, value })
            }
            "setapp" => set("UWSGI_APPID"),
            "setscriptname" => set("SCRIPT_NAME"),
            "setmethod" => set("REQUEST_METHOD"),
            "seturi" => set("REQUEST_URI"),
            "setremoteaddr" => set("REMOTE_ADDR"),
            "setdocroot" => set("DOCUMENT_ROOT"),
            "setpathinfo" => set("PATH_INFO"),
            "setscheme" => set("UWSGI_SCHEME"),
            "setuser" => Ok(Action::SetUser(template())),
            "fixpathinfo" => Ok(Action::FixPathInfo),
            "addheader" => Ok(Action::AddHeader(template())),
            "delheader" | "remheader" => Ok(Action::RemoveHeader(template())),
            "clearheaders" | "resetheaders" => Ok(Action::ClearHeaders(template())),
            "log" => Ok(Action::Log(template())),
            "donotlog" => Ok(Action::DoNotLog),
            "goto" => {
                let position = usize::try_from(number(text)).unwrap_or(0);
                Ok(Action::Goto { label: template(), position })
            }
            "static" | "static-next" => Ok(Action::Static { place: place(text), is_next: name == "static-next" }),
            "file" | "file-next" | "sendfile" | "sendfile-next" | "fastfile" | "fastfile-next" => {
                let mut file = FileReply {
                    place: place(b""),
                    status: Template::compile(b"200 OK"),
                    kind: b"text/html".to_vec(),
                    by_name: false,
                };
                let mut is_named = false;
                for (key, value) in items(text) {
                    match key {
                        b"filename" => (file.place, is_named) = (place(value), true),
                        b"status" => file.status = Template::compile(value),
                        b"content_type" => file.kind = value.to_vec(),
                        b"mime" => file.by_name = true,
                        _ => {}
                    }
                }
                if !is_named {
                    return Err("it wants filename=".to_owned());
                }
                Ok(Action::File { file, is_next: name.ends_with("-next") })
            }
            "basicauth" | "basicauth-next" => {
                let (realm, who) = split(text, b',').ok_or("it wants a realm, a comma and user:password or a file")?;
                if wire::check_header(b"WWW-Authenticate", realm).is_err() || realm.contains(&b'"') {
                    return Err("a realm has no quotes and no line breaks".to_owned());
                }
                let users = if who.contains(&b':') {
                    Users::One(who.to_vec())
                } else {
                    Users::File(CString::new(who).map_err(|_| "the name of a file holds no zero byte")?)
                };
                Ok(Action::BasicAuth { realm: realm.to_vec(), users, is_next: name == "basicauth-next" })
            }
            "send" => Ok(Action::Send { text: template(), end: b"" }),
            "send-crnl" | "send-crlf" => Ok(Action::Send { text: template(), end: b"\r\n" }),
            "gzip" => Ok(Action::Gzip),
            "expires" => {
                let find = |names: [&[u8]; 2]| items(text).find(|(key, _)| names.contains(key)).map(|item| item.1);
                Ok(Action::Expires {
                    file: find([b"filename", b"file"]).map(Template::compile),
                    unix: find([b"unix", b"unix"]).map(Template::compile),
                    value: find([b"value", b"value"]).map(Template::compile),
                })
            }
            "donotoffload" | "flush" | "chunked" | "fixcl" | "forcecl" | "setmodifier2" => Ok(Action::Nothing),
            "setmodifier1" if matches!(number(text), 0 | 30) => Ok(Action::Nothing),
            _ => Err(format!("there is no action {name}")),
        }
    }

    /// It looks at a disk, which may be slow, or computes for long.
    pub fn is_slow(&self) -> bool {
        match self {
            Action::Static { .. } | Action::File { .. } | Action::Expires { .. } => true,
            Action::BasicAuth { users, .. } => matches!(users, Users::File(_)),
            _ => false,
        }
    }

    /// Do it.
    pub fn perform(&self, turn: &mut Turn<'_>, groups: &Groups) -> Flow {
        match self {
            Action::Nothing => Flow::Next,
            Action::Continue => Flow::Done,
            Action::Break(status) => turn.break_off(status),
            Action::Return(status) => {
                let text = phrase(*status);
                Flow::Reply(Reply { is_plain: true, ..Reply::text(format!("{status} {text}"), text) })
            }
            Action::Redirect { status, text, to } => {
                let to = turn.render(to, groups);
                if wire::check_header(b"Location", &to).is_err() {
                    return Flow::Fault("a redirection leads to a place with a line break in it");
                }
                let head = Head::new(*status).with("Location", to);
                Flow::Reply(Reply::new(head, *text))
            }
            Action::Rewrite { to, is_last } => {
                let to = turn.render(to, groups);
                match rewrite(&to, turn.routed.vars.get(b"QUERY_STRING")) {
                    Some((path, query)) => turn.set(b"PATH_INFO", &path).then(turn.set(b"QUERY_STRING", &query)),
                    None => Flow::Fault("a rewritten path holds a zero byte, or leads upwards by escapes"),
                }
                .then(if *is_last { Flow::Done } else { Flow::Next })
            }
            Action::Set { name, value } => turn.set_by_rule(name, value, groups),
            Action::SetUser(user) => {
                let user = turn.render(user, groups);
                turn.set(b"REMOTE_USER", user.split(|&byte| byte == b':').next().unwrap_or(&[]))
            }
            Action::FixPathInfo => {
                let script = turn.routed.vars.get(b"SCRIPT_NAME");
                let rest = turn.routed.vars.get(b"PATH_INFO").strip_prefix(script).map(<[u8]>::to_vec);
                match rest.filter(|rest| !script.is_empty() && (rest.is_empty() || rest.starts_with(b"/"))) {
                    Some(rest) => turn.set(b"PATH_INFO", &rest),
                    None => Flow::Next,
                }
            }
            Action::AddHeader(header) => {
                let header = turn.render(header, groups);
                let Some((name, value)) = split(&header, b':') else {
                    return Flow::Fault("a header to add has no colon");
                };
                turn.add_header(name.trim_ascii(), value.trim_ascii())
            }
            Action::RemoveHeader(name) => {
                let name = turn.render(name, groups).trim_ascii().to_vec();
                turn.routed.remove.push(name);
                Flow::Next
            }
            Action::ClearHeaders(status) => match status_line(turn.render(status, groups)) {
                Some(status) => {
                    turn.facts.status = wire::check_status(&status).unwrap_or(0);
                    turn.head = Some(Head::new(status));
                    Flow::Next
                }
                None => Flow::Fault("a status is not three digits and a reason"),
            },
            Action::Log(text) => {
                let text = turn.render(text, groups);
                turn.log.say(&String::from_utf8_lossy(&text));
                Flow::Next
            }
            Action::LogVariable { name, value } => {
                let value = turn.render(value, groups);
                turn.routed.noted.push((name.clone(), value));
                Flow::Next
            }
            Action::DoNotLog => {
                turn.routed.quiet = true;
                Flow::Next
            }
            Action::Goto { label, position } => Flow::Goto(turn.render(label, groups), *position),
            Action::Static { place, is_next } => {
                let found = turn.resolve(place, groups).and_then(|place| turn.find_file(&place));
                found_or_not(found, *is_next)
            }
            Action::File { file, is_next } => {
                let status = turn.render(&file.status, groups);
                let found = turn.resolve(&file.place, groups).and_then(|place| turn.open_file(&place));
                let Some(status) = status_line(status) else {
                    return Flow::Fault("a status is not three digits and a reason");
                };
                let reply = found.map(|found| {
                    let kind = if file.by_name { found.kind.to_vec() } else { file.kind.clone() };
                    let length = found.file.size;
                    let head = Head::new(status).with("Content-Type", kind);
                    let body = Body::File { file: found.file.fd, offset: 0, length };
                    Reply { body, ..Reply::new(head, "") }
                });
                found_or_not(reply, *is_next)
            }
            Action::BasicAuth { realm, users, is_next } => turn.authenticate(realm, users, *is_next),
            Action::Send { text, end } => {
                let text = turn.render(text, groups);
                let sent = turn.sent.get_or_insert_default();
                sent.extend_from_slice(&text);
                sent.extend_from_slice(end);
                Flow::Next
            }
            Action::Gzip => {
                turn.routed.gzip = true;
                Flow::Next
            }
            Action::Expires { file, unix, value } => {
                let mut second = match (file, unix) {
                    (Some(file), _) => {
                        let path = turn.render(file, groups);
                        match modified(&path) {
                            Some(second) => second,
                            None => return Flow::Next,
                        }
                    }
                    (None, Some(unix)) => number(&turn.render(unix, groups)),
                    (None, None) => 0,
                };
                if let Some(value) = value {
                    second = second.saturating_add(number(&turn.render(value, groups)));
                }
                turn.add_header(b"Expires", http_date(second.clamp(0, 1 << 36)).as_bytes())
            }
        }
    }
}

/// The reason phrase of a status.
fn phrase(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        204 => "No Content",
        206 => "Partial Content",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        401 => "Unauthorized",
        406 => "Not Acceptable",
        409 => "Conflict",
        410 => "Gone",
        411 => "Length Required",
        412 => "Precondition Failed",
        415 => "Unsupported Media Type",
        416 => "Range Not Satisfiable",
        418 => "I'm a teapot",
        422 => "Unprocessable Content",
        426 => "Upgrade Required",
        451 => "Unavailable For Legal Reasons",
        other => wire::reason(other),
    }
}

/// A status with its reason; a number alone gets one.
pub fn status_line(text: Vec<u8>) -> Option<Vec<u8>> {
    let text = text.trim_ascii();
    let number = wire::check_status(text).ok()?;
    if text.len() <= 4 {
        return Some(format!("{number} {}", phrase(number)).into_bytes());
    }
    Some(text.to_vec())
}

fn found_or_not(found: Option<Reply>, is_next: bool) -> Flow {
    match found {
        Some(reply) => Flow::Reply(reply),
        None if is_next => Flow::Next,
        None => Flow::Reply(Reply::error(404)),
    }
}

/// The last modification of a file, in seconds since the epoch.
fn modified(path: &[u8]) -> Option<i64> {
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(std::ffi::OsStr::from_bytes(path)).ok().map(|metadata| metadata.mtime())
}

fn is_directory(path: &[u8]) -> bool {
    use std::os::unix::ffi::OsStrExt;
    std::path::Path::new(std::ffi::OsStr::from_bytes(path)).is_dir()
}

/// Path and query string out of what a path was rewritten to. What the request asked for is kept behind what the rule
/// asks for. `None`: it cannot be used. Where escapes lead upwards, a client may have escaped twice to get behind rules that
/// have looked at the path before.
fn rewrite(to: &[u8], query: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let (path, query) = match split(to, b'?') {
        Some((path, asked)) if query.is_empty() => (path, asked.to_vec()),
        Some((path, asked)) => (path, [asked, query].join(&b'&')),
        None => (to, query.to_vec()),
    };
    // A percent sign that escapes nothing is itself: it came out of a path that was decoded before.
    let mut escaped = Vec::with_capacity(path.len());
    for (index, &byte) in path.iter().enumerate() {
        escaped.push(byte);
        let digits = path.get(index + 1..index + 3);
        if byte == b'%' && !digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)) {
            escaped.extend_from_slice(b"25");
        }
    }
    let mut scratch = Vec::new();
    // Without a slash in front it is only unescaped; with one, segments of dots are taken out of it.
    let mut plain = b"x".to_vec();
    plain.extend_from_slice(&escaped);
    let upwards = |path: &[u8]| path.split(|&byte| byte == b'/').filter(|&segment| segment == b"..").count();
    if upwards(wire::decode_path(&plain, &mut scratch).ok()?.get(1..)?) > upwards(path) {
        return None;
    }
    wire::decode_path(&escaped, &mut scratch).ok().map(|path| (path.to_vec(), query))
}

/// A directory or file, and what is looked for below it.
struct Resolved {
    root: Vec<u8>,
    below: Vec<u8>,
}

/// A file and its content type.
struct Opened<'a> {
    file: File,
    kind: &'a [u8],
}

impl Turn<'_> {
    /// Which file this means. What the rules' own text begins the path with is the directory that nothing leads out of.
    fn resolve(&mut self, place: &Place, groups: &Groups) -> Option<Resolved> {
        let path = self.render(&place.path, groups);
        if path.is_empty() || path.contains(&0) {
            return None;
        }
        if place.path.is_text() || place.is_answers {
            return Some(Resolved { root: path, below: Vec::new() });
        }
        let own = self.own(&place.path, groups);
        let (beginning, rest) = path.split_at_checked(own)?;
        if leads_upwards(rest) {
            return None;
        }
        let end = if rest.starts_with(b"/") && !beginning.is_empty() {
            own
        } else if !beginning.is_empty() && !beginning.ends_with(b"/") && is_directory(beginning) {
            // A name that begins like that directory's is another's.
            return None;
        } else {
            beginning.iter().rposition(|&byte| byte == b'/').map_or(0, |at| at + 1)
        };
        let (root, below) = path.split_at_checked(end)?;
        if leads_upwards(below) {
            // A dot of the rule's and one of the client's.
            return None;
        }
        let root = match root {
            [] if below.starts_with(b"/") => b"/",
            [] => b".",
            root => root,
        };
        Some(Resolved { root: root.to_vec(), below: below.to_vec() })
    }

    /// The answer with that file, as with any static file.
    fn find_file(&self, place: &Resolved) -> Option<Reply> {
        let statics = self.statics?;
        let mut outside = Vec::new();
        let now = i64::try_from(self.facts.now / 1_000_000).unwrap_or(0);
        let found = statics.reply((&place.root, &place.below), &self.routed.vars, now, &mut outside);
        self.complain_of_links(&outside);
        found
    }

    /// The file itself.
    fn open_file(&self, place: &Resolved) -> Option<Opened<'_>> {
        let statics = self.statics?;
        let mut outside = Vec::new();
        let found = statics.open((&place.root, &place.below), &mut outside);
        self.complain_of_links(&outside);
        found.map(|(file, kind)| Opened { file, kind })
    }

    fn complain_of_links(&self, outside: &[(Vec<u8>, Vec<u8>)]) {
        for (here, root) in outside {
            self.log.say(&outside_text(here, root));
        }
    }

    fn authenticate(&mut self, realm: &[u8], users: &Users, is_next: bool) -> Flow {
        if !self.routed.vars.get(b"REMOTE_USER").is_empty() {
            return Flow::Next;
        }
        let mut seen = Seen::default();
        let told = auth::credentials(self.routed.vars.get(b"HTTP_AUTHORIZATION"));
        let admitted = told.as_deref().and_then(|told| users.admit(told, &mut seen)).map(<[u8]>::to_vec);
        if seen.unreadable || seen.strange {
            self.complain_of_users(users, seen);
        }
        match admitted {
            Some(user) => self.set(b"REMOTE_USER", &user),
            // Somebody else may know them.
            None if is_next && told.is_some() => Flow::Next,
            None => {
                let realm = [b"Basic realm=\"", realm, b"\""].concat();
                let head = Head::new("401 Authorization Required").with("WWW-Authenticate", realm);
                Flow::Reply(Reply::new(head, "Unauthorized"))
            }
        }
    }

    #[cold]
    fn complain_of_users(&self, users: &Users, seen: Seen) {
        let Users::File(path) = users else { return };
        let path = path.to_string_lossy();
        self.log.say(&if seen.unreadable {
            format!(
                "warning: basicauth: cannot read {path}, so nobody is let in: let the user of this instance read it"
            )
        } else {
            format!(
                "warning: basicauth: a password in {path} is kept in a way that this system's libcrypt does not know: \
                 write it with htpasswd -B"
            )
        });
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn paths_are_rewritten() {
        for (to, query, path, after) in [
            ("/y/a", "", "/y/a", ""),
            ("/y/a", "b=c", "/y/a", "b=c"),
            ("/y?z=1", "b=c", "/y", "z=1&b=c"),
            ("/y?z=1", "", "/y", "z=1"),
            ("/y/%20b", "", "/y/ b", ""),
            ("/y/100%", "", "/y/100%", ""),
            ("/y/%zz/%4", "", "/y/%zz/%4", ""),
            ("/y/./x", "", "/y/x", ""),
            ("/y/../../x", "", "/x", ""),
            ("/y/..x/x..", "", "/y/..x/x..", ""),
        ] {
            let (rewritten, query) = rewrite(to.as_bytes(), query.as_bytes()).unwrap();
            assert_eq!(
                (String::from_utf8(rewritten).unwrap().as_str(), String::from_utf8(query).unwrap().as_str()),
                (path, after)
            );
        }
        for refused in ["/a%00", "/y/%2e%2e/x", "/y/.%2E%2fx", "/y/..%2fx", "%2e."] {
            assert!(rewrite(refused.as_bytes(), b"").is_none(), "{refused}");
        }
    }

    #[test]
    fn a_status_gets_its_reason() {
        assert_eq!(status_line(b" 404 ".to_vec()).unwrap(), b"404 Not Found");
        assert_eq!(status_line(b"404 Gone fishing".to_vec()).unwrap(), b"404 Gone fishing");
        assert!(status_line(b"4".to_vec()).is_none() && status_line(b"404 a\r\nb".to_vec()).is_none());
    }

    #[test]
    fn what_cannot_be_done_is_said() {
        for (name, text) in [
            ("nothing", ""),
            ("addvar", "A"),
            ("file", "status=404"),
            ("basicauth", "realm"),
            ("return", "x"),
            ("addvar", "wsgi.input=1"),
        ] {
            assert!(Action::compile(name, text.as_bytes(), &[]).is_err(), "{name}");
        }
    }
}
