//! Whole connections through the real engine: the driver, and what it drives.

pub mod play;
pub mod trials;
