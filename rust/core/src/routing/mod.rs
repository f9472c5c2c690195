//! Internal routing: what the configuration says of single requests (`route`, `response-route`, `collect-header` …), and
//! what sockets of `http` do by themselves (`http-to-https`, `http-var`). An instance that has none of it never comes here.
//!
//! ```text
//!   request ──► vars ──► request chain ──► (static files, application) ──► error chain ──► response chain ──► sent
//!                             └─► reply ───────────────────────────────────────┘                               └─► final chain
//!
//!   chain: rules of a test (pattern, condition) and an action, both with templates; auth, statics where they need them
//!   asking: before the application            answering: between the application's head and its framing
//! ```
//!
//! Rules are compiled once, when the worker starts. A chain only goes forward, expressions match in linear time, and what
//! a client sends is never read as a template, a header's end or a way out of a directory.

mod action;
mod answering;
mod asking;
mod auth;
mod chain;
mod condition;
mod pattern;
pub mod reply;
mod template;
pub mod vars;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::cores::Engine;
use crate::sys;
pub use chain::Routed;
use chain::{Chain, Turn, Written};
use template::Facts;

/// Everything that is configured.
#[derive(Debug, Default)]
pub struct Routing {
    request: Chain,
    error: Chain,
    response: Chain,
    last: Chain,
    /// Names of headers, the variables they are copied to, and whether they are taken out of the answer.
    collected: Vec<(Vec<u8>, Vec<u8>, bool)>,
    /// Variables of requests that come by `http` and `https`.
    variables: Vec<(Vec<u8>, Vec<u8>)>,
    /// Those have the Host as their SERVER_NAME.
    names_by_host: bool,
    /// Their answers are compressed if the application asks for it.
    compresses: bool,
    /// A rule of the request chain looks at a disk or computes for long.
    is_slow: bool,
}

impl Routing {
    /// Read those of a settings object; None: nothing is configured.
    pub fn read(settings: &Bound<'_, PyAny>) -> PyResult<Option<Routing>> {
        let Some(told) = settings.getattr_opt("routing")?.filter(|told| !told.is_none()) else { return Ok(None) };
        let collected: Vec<(Vec<u8>, Vec<u8>, bool)> = told.getattr("collected")?.extract()?;
        let names: Vec<Vec<u8>> = collected.iter().map(|(_, variable, _)| variable.clone()).collect();
        let chain = |name: &str| -> PyResult<Chain> {
            let mut chain = Chain::default();
            for rule in told.getattr(name)?.try_iter()? {
                let (place, test, pattern, action, argument): (String, String, Vec<u8>, String, Vec<u8>) =
                    rule?.extract()?;
                let written = Written {
                    place: place.clone(),
                    test: &test,
                    pattern: &pattern,
                    action: &action,
                    argument: &argument,
                };
                chain.add(written, &names).map_err(|flaw| PyValueError::new_err(format!("{place}: {flaw}")))?;
            }
            Ok(chain)
        };
        let request = chain("request")?;
        Ok(Some(Routing {
            is_slow: request.is_slow(),
            request,
            error: chain("error")?,
            response: chain("response")?,
            last: chain("last")?,
            collected,
            variables: told.getattr("variables")?.extract()?,
            names_by_host: told.getattr("names_by_host")?.extract()?,
            compresses: told.getattr("compresses")?.extract()?,
        }))
    }
}

impl Routing {
    /// Something is done when an answer is on its way.
    pub fn has_end(&self) -> bool {
        !self.last.is_empty()
    }
}

/// One request before a chain.
fn turn<'a>(engine: &'static Engine, routed: &'a mut Routed, status: u16, is_answered: bool) -> Turn<'a> {
    let facts = Facts {
        worker: engine.settings.worker_id,
        pid: engine.pid,
        now: sys::wall_us(),
        began: routed.began,
        status,
        body_bytes: 0,
        is_answered,
    };
    Turn { routed, facts, statics: engine.settings.statics.as_ref(), log: &engine.log, head: None, sent: None }
}
