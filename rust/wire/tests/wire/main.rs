//! The tests of `wire`, one module per file of `src`. They use the public surface only.
// A test may unwrap: a panic is how it fails.
#![allow(clippy::unwrap_used)]

// Tables: a case a line, however long.
#[rustfmt::skip]
mod cuts;
#[rustfmt::skip]
mod body;
#[rustfmt::skip]
mod error_page;
#[rustfmt::skip]
mod fastcgi;
#[rustfmt::skip]
mod frame;
#[rustfmt::skip]
mod http;
mod invariants;
#[rustfmt::skip]
mod known;
#[rustfmt::skip]
mod path;
#[rustfmt::skip]
mod protocol;
#[rustfmt::skip]
mod proxy;
#[rustfmt::skip]
mod random;
#[rustfmt::skip]
mod refusal;
#[rustfmt::skip]
mod request;
#[rustfmt::skip]
mod response;
#[rustfmt::skip]
mod scgi;
mod seeds;
#[rustfmt::skip]
mod trials;
#[rustfmt::skip]
mod uwsgi;
