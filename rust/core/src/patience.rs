//! How long a client may take to send a body or to read an answer. Reads no clock.
//!
//! Two bounds hold at once: each wait ends after `each`, and all of them together after `start` and then a second for
//! every `rate` bytes. The first finds those who are gone, the second those who stay for ever with a byte a second.

/// The bounds; times are milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// Longest wait without a byte.
    pub each: u64,
    /// What all waits may take before the rate counts.
    pub start: u64,
    /// Bytes per second; 0: no such bound.
    pub rate: u64,
}

impl Patience {
    /// What all waits may take once so many bytes have moved.
    pub fn total(&self, bytes: u64) -> u64 {
        match bytes.saturating_mul(1000).checked_div(self.rate) {
            Some(earned) => self.start.saturating_add(earned),
            None => u64::MAX,
        }
    }

    /// When a parked transfer that began at `began` must have gone on.
    pub fn until(&self, now: u64, began: u64, bytes: u64) -> u64 {
        now.saturating_add(self.each).min(began.saturating_add(self.total(bytes)))
    }

    /// How long the next wait may be after `waited`; 0: no longer at all.
    pub fn next(&self, waited: u64, bytes: u64) -> u64 {
        self.each.min(self.total(bytes).saturating_sub(waited))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Patience = Patience { each: 4000, start: 12_000, rate: 500 };

    #[test]
    fn each_wait_is_bounded() {
        assert_eq!(PATIENCE.until(1000, 1000, 0), 5000);
        assert_eq!(PATIENCE.next(0, 0), 4000);
    }

    #[test]
    fn all_waits_together_are_bounded_by_what_they_bring() {
        assert_eq!(PATIENCE.until(12_900, 1000, 0), 13_000);
        assert_eq!(PATIENCE.until(12_900, 1000, 1000), 15_000);
        assert_eq!(PATIENCE.next(11_999, 0), 1);
        assert_eq!(PATIENCE.next(12_001, 0), 0);
        assert_eq!(PATIENCE.next(12_001, 500), 999);
    }

    #[test]
    fn without_a_rate_only_each_wait_is_bounded() {
        let patience = Patience { rate: 0, ..PATIENCE };
        assert_eq!(patience.until(u64::MAX / 2, 0, 0), u64::MAX / 2 + 4000);
        assert_eq!(patience.next(u64::MAX / 2, 0), 4000);
    }

    #[test]
    fn a_huge_transfer_does_not_overflow() {
        assert!(PATIENCE.until(u64::MAX, u64::MAX, u64::MAX) >= u64::MAX / 1000);
    }
}
