//! The decoder of uwsgi packets.
//!
//! Source: the uwsgi protocol as uWSGI 2.0 and nginx's `ngx_http_uwsgi_module` speak it.
//!
//! ```text
//! modifier1  size (u16 LE)  modifier2  then exactly size bytes of:  (u16 LE length, name) (u16 LE length, value) …
//! ```
//!
//! The body follows, CONTENT_LENGTH bytes. Modifiers 0 and 30 are requests for the application, 100 is a ping; every
//! other one (spooler, signals, cache, RPC …) would let a peer act on the server and is refused. Does not interpret
//! variables beyond those that [`Request`] has a field for.

use crate::request::Span;
use crate::{Limits, Progress, Refusal, Request};

const WSGI: u8 = 0;
const WSGI_WITHOUT_SCRIPT_NAME: u8 = 30;
const PING: u8 = 100;
const PONG: [u8; 4] = [PING, 0, 0, 1];

pub(crate) fn decode(buf: &[u8], limits: &Limits, request: &mut Request) -> Result<Progress, Refusal> {
    if let Some(b'A'..=b'Z') = buf.first() {
        return Err(Refusal::HttpOnUwsgiSocket);
    }
    let Some((&[modifier1, low, high, modifier2], rest)) = buf.split_first_chunk::<4>() else {
        return Ok(Progress::Partial);
    };
    let size = usize::from(u16::from_le_bytes([low, high]));
    request.modifier1 = modifier1;
    request.modifier2 = modifier2;
    request.head_size = size;
    if !matches!(modifier1, WSGI | WSGI_WITHOUT_SCRIPT_NAME | PING) {
        return Err(Refusal::Modifier { modifier1, modifier2 });
    }
    if size > limits.head_bytes {
        return Err(Refusal::HeadTooLarge { size, limit: limits.head_bytes });
    }
    if size == 0 && modifier1 != PING {
        return Err(Refusal::NoVariables);
    }
    if rest.len() < size {
        return Ok(Progress::Partial);
    }
    let used = 4 + size;
    if modifier1 == PING {
        request.reply.extend_from_slice(&PONG);
        return Ok(Progress::Answered { used, close: true });
    }
    let text = buf.get(..used).unwrap_or(buf);
    let mut at = 4;
    while at < used {
        let name = string(text, at).ok_or(Refusal::Variables)?;
        let value = string(text, name.end as usize).ok_or(Refusal::Variables)?;
        if name.is_empty() {
            return Err(Refusal::Variables);
        }
        request.variable(text, name, value, limits)?;
        at = value.end as usize;
    }
    request.body_by_length();
    Ok(Progress::Head { used })
}

/// A length and as many bytes, if they are there.
#[inline]
fn string(text: &[u8], at: usize) -> Option<Span> {
    let (length, rest) = text.get(at..)?.split_first_chunk::<2>()?;
    let length = usize::from(u16::from_le_bytes(*length));
    (length <= rest.len()).then(|| Span::new(at + 2, at + 2 + length))
}
