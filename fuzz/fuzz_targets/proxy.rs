//! Invariant: a PROXY header is found as soon as its last byte is there and not before, whatever follows, and no verdict
//! is taken back.
#![no_main]

#[path = "../../rust/wire/tests/wire/invariants.rs"]
#[allow(dead_code)] // each target holds one of them
mod invariants;

libfuzzer_sys::fuzz_target!(|data: &[u8]| invariants::proxy(data));
