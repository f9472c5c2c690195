//! Invariant: decoding a Uwsgi head in pieces, cut anywhere, or with anything after it, never differs from decoding it at
//! once; and what was understood, encoded again, is understood the same.
#![no_main]

#[path = "../../rust/wire/tests/wire/invariants.rs"]
#[allow(dead_code)] // each target holds one of them
mod invariants;

libfuzzer_sys::fuzz_target!(|data: &[u8]| invariants::head(wire::Protocol::Uwsgi, data));
