//! Invariant: however the bytes of a connection are cut on their way, the application sees the same requests and the
//! client gets the same answers, and the connection ends. The real engine and a real Python run in this process.
#![no_main]

#[path = "../../rust/core/tests/connection/play.rs"]
mod play;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    play::hold(data, 1);
});
