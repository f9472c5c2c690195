//! Should a lone core that has nothing to do stay awake for a moment? To sleep and to be woken costs tens of
//! microseconds, of the core and of the client that wakes it, and the caches; a client that has just got its answer
//! often asks again sooner. Experience decides, and time: nobody stays awake longer than a sleep would have cost.
//!
//! Whoever stays awake gives way to others who need the processor. Where there are such others, giving way costs more than
//! sleeping: a sleeper is woken when something comes, and goes before those who work all the time.

/// How long to stay awake, in microseconds.
pub const VIGIL: u64 = 50;
/// A sleep that was shorter, from lying down to being up again, would have been a vigil.
const NAP: u64 = 100;
/// A vigil that was longer was none: somebody else had the processor.
const LOST: u64 = 2 * VIGIL;
/// Good experiences before the core stays awake.
const TRUST: u32 = 4;
const MOST: u32 = 8;

/// What was experienced lately.
#[derive(Default)]
pub struct Vigil {
    score: u32,
}

impl Vigil {
    /// Something is likely to come soon.
    #[inline]
    pub fn is_worth_it(&self) -> bool {
        self.score >= TRUST
    }

    /// The core stayed awake for so many microseconds; did something come?
    #[inline]
    pub fn kept(&mut self, came: bool, micros: u64) {
        self.score = match came {
            _ if micros > LOST => 0,
            true => MOST.min(self.score + 1),
            false => self.score.saturating_sub(2),
        };
    }

    /// The core slept for so many microseconds.
    #[inline]
    pub fn slept(&mut self, micros: u64) {
        self.score = if micros < NAP { MOST.min(self.score + 1) } else { self.score.saturating_sub(1) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_that_asks_again_at_once_is_waited_for() {
        let mut vigil = Vigil::default();
        assert!(!vigil.is_worth_it());
        (0..TRUST).for_each(|_| vigil.slept(NAP - 1));
        assert!(vigil.is_worth_it());
        (0..100).for_each(|_| vigil.kept(true, 1));
        assert!(vigil.is_worth_it());
    }

    #[test]
    fn a_core_that_waits_in_vain_goes_to_sleep_soon() {
        let mut vigil = Vigil { score: MOST };
        (0..3).for_each(|_| vigil.kept(false, VIGIL));
        assert!(!vigil.is_worth_it());
    }

    #[test]
    fn a_core_that_has_to_give_way_sleeps() {
        let mut vigil = Vigil { score: MOST };
        vigil.kept(true, LOST + 1);
        assert!(!vigil.is_worth_it());
    }

    #[test]
    fn long_sleeps_are_no_reason_to_stay_awake() {
        let mut vigil = Vigil::default();
        for _ in 0..1000 {
            vigil.slept(NAP - 1);
            vigil.slept(NAP);
            assert!(!vigil.is_worth_it());
        }
    }
}
