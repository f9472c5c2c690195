//! Invariant: a body read at once, in pieces of any size and in takes of any size is the same body of the same bytes,
//! within limit-post and within its input, and a naive reader agrees.
#![no_main]

#[path = "../../rust/wire/tests/wire/invariants.rs"]
#[allow(dead_code)] // each target holds one of them
mod invariants;

libfuzzer_sys::fuzz_target!(|data: &[u8]| invariants::body(data));
