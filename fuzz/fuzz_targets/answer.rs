//! Invariant: an independent reader finds in a framed answer the application's status, headers and body and nothing
//! else, and where the connection goes on the answer ends exactly at its last byte.
#![no_main]

#[path = "../../rust/wire/tests/wire/invariants.rs"]
#[allow(dead_code)] // each target holds one of them
mod invariants;

libfuzzer_sys::fuzz_target!(|data: &[u8]| invariants::answer(data));
