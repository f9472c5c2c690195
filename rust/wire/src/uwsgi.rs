//! The decoder of uwsgi.

use crate::{Limits, Progress, Refusal, Request};

pub(crate) fn decode(_buf: &[u8], _limits: &Limits, _request: &mut Request) -> Result<Progress, Refusal> {
    todo!()
}
