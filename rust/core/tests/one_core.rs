//! A worker with one core keeps the GIL, and calls for all requests at hand before it answers.
#![allow(clippy::unwrap_used)] // a panic is how a test fails

mod connection;

#[test]
fn connections_come_to_the_same_however_they_are_cut() {
    connection::trials::hold(1);
}
