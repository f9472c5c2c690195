//! The variables of one request, as rules see and change them: a copy, so that nothing depends on the buffer of the
//! connection any more. Of equal names the last wins. Decides nothing.

use std::borrow::Cow;

use wire::{Known, Protocol, Request};

use crate::conn::Conn;
use crate::cores::Engine;

/// The most that one variable may hold; rules can make them longer and longer.
pub const MOST: usize = 64 * 1024;

/// All of them, in one piece of memory.
#[derive(Debug, Default)]
pub struct Vars {
    text: Vec<u8>,
    /// Where a name begins, where its value does, and where that ends.
    list: Vec<(u32, u32, u32)>,
    /// How many the request brought; the others were set by rules.
    came: usize,
    /// Of those, how much of the value the rule's own text is.
    own: Vec<usize>,
}

impl Vars {
    /// Those of the request of this connection; `None`: its path is malformed, and it will be refused.
    pub fn of(engine: &Engine, conn: &Conn) -> Option<Vars> {
        let mut vars = Vars::default();
        let (request, text) = (&conn.request, conn.request.text(conn.head()));
        let listener = engine.settings.listeners.get(conn.listener);
        vars.set(b"SCRIPT_NAME", b"");
        vars.set(b"SERVER_NAME", engine.settings.hostname.as_bytes());
        vars.set(b"SERVER_PORT", listener.map_or("", |listener| listener.port.as_str()).as_bytes());
        if request.protocol() == Some(Protocol::Http) {
            vars.set_http(request, text)?;
            vars.set(b"REMOTE_ADDR", &conn.address);
            if !conn.port.is_empty() {
                vars.set(b"REMOTE_PORT", &conn.port);
            }
            if listener.is_some_and(|listener| listener.tls.is_some()) {
                vars.set(b"HTTPS", b"on");
            }
            if let Some(to) = &conn.destination {
                vars.set(b"SERVER_PORT", to.port.as_bytes());
                vars.set(b"SERVER_ADDR", to.address.as_bytes());
            }
        } else {
            vars.set_told(request, text);
        }
        vars.came = vars.list.len();
        Some(vars)
    }

    fn set_http(&mut self, request: &Request, text: &[u8]) -> Option<()> {
        let mut scratch = Vec::new();
        self.set(b"REQUEST_METHOD", request.method().of(text));
        self.set(b"REQUEST_URI", request.target().of(text));
        self.set(b"PATH_INFO", wire::decode_path(request.path().of(text), &mut scratch).ok()?);
        self.set(b"QUERY_STRING", request.query().of(text));
        self.set(b"SERVER_PROTOCOL", request.version().text().as_bytes());
        for var in request.vars().iter().filter(|var| var.known != Known::HttpProxy) {
            let name: Cow<'_, [u8]> = match var.known {
                Known::Other => {
                    let name = var.name.of(text).iter();
                    let name = name.map(|&byte| if byte == b'-' { b'_' } else { byte.to_ascii_uppercase() });
                    Cow::Owned(b"HTTP_".iter().copied().chain(name).collect())
                }
                known => Cow::Borrowed(known.key().as_bytes()),
            };
            let value = var.value.of(text);
            match self.last(&name) {
                Some(before) => {
                    let joined = [before, value].join(var.known.joiner().as_bytes());
                    self.set(&name, &joined);
                }
                None => self.set(&name, value),
            }
        }
        Some(())
    }

    /// What a front-end says of its request.
    fn set_told(&mut self, request: &Request, text: &[u8]) {
        for var in request.vars() {
            if var.known != Known::HttpProxy
                && (var.known == Known::UwsgiAppid || !wire::is_control_variable(var.known))
            {
                self.set(var.name.of(text), var.value.of(text));
            }
        }
        if request.protocol() != Some(Protocol::Uwsgi) && request.find(Known::PathInfo).is_none() {
            if let Some((path, is_mounted)) = crate::environ::path_elsewhere(request, text) {
                self.set(b"PATH_INFO", path);
                if !is_mounted {
                    self.set(b"SCRIPT_NAME", b"");
                }
            }
        }
        if request.modifiers().0 == 30 {
            let script = self.get(b"SCRIPT_NAME");
            let script = script.strip_suffix(b"/").unwrap_or(script);
            let rest = self.get(b"PATH_INFO").strip_prefix(script);
            if let Some(rest) = rest.filter(|rest| rest.is_empty() || rest.starts_with(b"/")).map(<[u8]>::to_vec) {
                self.set(b"PATH_INFO", &rest);
            }
        }
    }

    fn name(&self, &(name, value, _): &(u32, u32, u32)) -> &[u8] {
        self.text.get(name as usize..value as usize).unwrap_or(&[])
    }

    fn value(&self, &(_, value, end): &(u32, u32, u32)) -> &[u8] {
        self.text.get(value as usize..end as usize).unwrap_or(&[])
    }

    fn last(&self, name: &[u8]) -> Option<&[u8]> {
        self.list.iter().rev().find(|place| self.name(place) == name).map(|place| self.value(place))
    }

    /// A variable by its key in the environ; empty if there is none.
    pub fn get(&self, name: &[u8]) -> &[u8] {
        self.last(name).unwrap_or(&[])
    }

    /// Set one. What is longer than can be kept is cut: see `MOST`, which callers check first.
    pub fn set(&mut self, name: &[u8], value: &[u8]) {
        let start = self.text.len();
        self.text.extend_from_slice(name);
        self.text.extend_from_slice(value);
        let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        self.list.push((place(start), place(start + name.len()), place(self.text.len())));
    }

    /// The same, by a rule: `own` bytes of the beginning are its text, not the client's.
    pub fn set_by_rule(&mut self, name: &[u8], value: &[u8], own: usize) {
        self.set(name, value);
        self.own.resize(self.list.len().saturating_sub(self.came), 0);
        if let Some(last) = self.own.last_mut() {
            *last = own;
        }
    }

    /// Forget what the request brought under this name.
    pub fn disown(&mut self, name: &[u8]) {
        if self.changed(name).is_none() && !self.get(name).is_empty() {
            self.set(name, b"");
        }
    }

    /// How many bytes of a value's beginning are a rule's text.
    pub fn own(&self, name: &[u8]) -> usize {
        let place = self.list.iter().rposition(|place| self.name(place) == name);
        place.and_then(|at| self.own.get(at.checked_sub(self.came)?)).copied().unwrap_or(0)
    }

    /// What rules have set, in their order.
    pub fn changes(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        let changes = self.list.get(self.came..).unwrap_or(&[]);
        changes.iter().map(|place| (self.name(place), self.value(place)))
    }

    /// The value that rules have given this variable, if one did.
    pub fn changed(&self, name: &[u8]) -> Option<&[u8]> {
        let changes = self.list.get(self.came..).unwrap_or(&[]);
        changes.iter().rev().find(|place| self.name(place) == name).map(|place| self.value(place))
    }

    /// From here on everything is a change.
    #[cfg(test)]
    pub fn settle(mut self) -> Vars {
        self.came = self.list.len();
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_of_a_name_wins_and_changes_are_known() {
        let mut vars = Vars::default();
        vars.set(b"A", b"1");
        vars.set(b"AB", b"2");
        let mut vars = vars.settle();
        assert_eq!((vars.get(b"A"), vars.get(b"AB"), vars.get(b"B")), (&b"1"[..], &b"2"[..], &b""[..]));
        assert_eq!(vars.changed(b"A"), None);
        vars.set(b"A", b"");
        assert_eq!((vars.get(b"A"), vars.changed(b"A")), (&b""[..], Some(&b""[..])));
        assert_eq!(vars.changes().collect::<Vec<_>>(), [(&b"A"[..], &b""[..])]);
        vars.set(b"C", b"3");
        for name in [b"AB", &b"C"[..], b"D"] {
            vars.disown(name);
        }
        assert_eq!((vars.get(b"AB"), vars.get(b"C"), vars.changes().count()), (&b""[..], &b"3"[..], 3));
    }
}
