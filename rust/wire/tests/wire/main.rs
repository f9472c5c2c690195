//! The tests of `wire`, one module per file of `src`. They use the public surface only.
// A test may unwrap: a panic is how it fails.
#![allow(clippy::unwrap_used)]

mod cuts;

mod body;
mod error_page;
mod fastcgi;
mod frame;
mod http;
mod known;
mod path;
mod protocol;
mod random;
mod refusal;
mod request;
mod response;
mod scgi;
mod uwsgi;
