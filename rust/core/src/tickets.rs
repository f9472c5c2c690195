//! Tickets of TLS sessions: what a client keeps to shorten its next handshake, with whichever worker. Keeps nothing of a
//! session itself.
//!
//! All workers of a generation are told one secret, and derive the key of the moment from it: a key is used for one
//! lifetime of a ticket and understood for one more. A context has keys of its own, because what a ticket says of its
//! client (such as its certificate) was verified by the rules of that context.

use ring::aead::{Aad, LessSafeKey, Nonce, UnboundKey, CHACHA20_POLY1305, NONCE_LEN};
use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};
use rustls::server::ProducesTickets;

use crate::sys;

/// No ticket of ours is longer: a certificate of a client and a few numbers.
const LONGEST: usize = 32 * 1024;
/// The number of the key, in front of the ticket.
const NUMBER: usize = 8;

/// Makes and understands the tickets of one context.
#[derive(Debug)]
pub struct Tickets {
    secret: hmac::Key,
    /// In seconds.
    lifetime: u32,
    random: SystemRandom,
}

impl Tickets {
    /// From the secret of the generation and what identifies the context.
    pub fn new(secret: &[u8], context: &[u8], lifetime: u32) -> Tickets {
        let own = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), context);
        let secret = hmac::Key::new(hmac::HMAC_SHA256, own.as_ref());
        Tickets { secret, lifetime: lifetime.max(1), random: SystemRandom::new() }
    }

    fn number(&self) -> u64 {
        sys::wall_us() / 1_000_000 / u64::from(self.lifetime)
    }

    fn key(&self, number: [u8; NUMBER]) -> Option<LessSafeKey> {
        let bytes = hmac::sign(&self.secret, &number);
        UnboundKey::new(&CHACHA20_POLY1305, bytes.as_ref()).ok().map(LessSafeKey::new)
    }

    fn seal(&self, number: u64, plain: &[u8]) -> Option<Vec<u8>> {
        let number = number.to_be_bytes();
        let mut nonce = [0; NONCE_LEN];
        self.random.fill(&mut nonce).ok()?;
        let mut sealed = plain.to_vec();
        let key = self.key(number)?;
        key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(number), &mut sealed).ok()?;
        let mut ticket = Vec::with_capacity(NUMBER + NONCE_LEN + sealed.len());
        ticket.extend_from_slice(&number);
        ticket.extend_from_slice(&nonce);
        ticket.extend_from_slice(&sealed);
        Some(ticket).filter(|ticket| ticket.len() <= LONGEST)
    }

    fn open(&self, now: u64, ticket: &[u8]) -> Option<Vec<u8>> {
        if ticket.len() > LONGEST {
            return None;
        }
        let (number, rest) = ticket.split_first_chunk::<NUMBER>()?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE_LEN>()?;
        let told = u64::from_be_bytes(*number);
        if told != now && told.checked_add(1) != Some(now) {
            return None;
        }
        let mut bytes = sealed.to_vec();
        let key = self.key(*number)?;
        let plain = key.open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(*number), &mut bytes).ok()?.len();
        bytes.truncate(plain);
        Some(bytes)
    }
}

impl ProducesTickets for Tickets {
    fn enabled(&self) -> bool {
        true
    }

    fn lifetime(&self) -> u32 {
        self.lifetime
    }

    fn encrypt(&self, plain: &[u8]) -> Option<Vec<u8>> {
        self.seal(self.number(), plain)
    }

    fn decrypt(&self, ticket: &[u8]) -> Option<Vec<u8>> {
        self.open(self.number(), ticket)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn whoever_has_the_secret_understands_the_ticket_for_two_lifetimes() {
        let (one, other) = (Tickets::new(b"secret", b"a", 300), Tickets::new(b"secret", b"a", 300));
        let ticket = one.seal(7, b"session").unwrap();
        assert_eq!(other.open(7, &ticket).unwrap(), b"session");
        assert_eq!(other.open(8, &ticket).unwrap(), b"session");
        assert_eq!(other.open(9, &ticket), None);
        assert_eq!(other.open(6, &ticket), None);
    }

    #[test]
    fn nobody_else_does() {
        let ticket = Tickets::new(b"secret", b"a", 300).seal(7, b"session").unwrap();
        assert_eq!(Tickets::new(b"secret", b"b", 300).open(7, &ticket), None);
        assert_eq!(Tickets::new(b"other", b"a", 300).open(7, &ticket), None);
    }

    #[test]
    fn a_ticket_that_was_changed_or_cut_is_none() {
        let tickets = Tickets::new(b"secret", b"a", 300);
        let ticket = tickets.seal(7, b"session").unwrap();
        for at in 0..ticket.len() {
            let mut changed = ticket.clone();
            changed[at] ^= 1;
            assert_eq!(tickets.open(7, &changed), None, "{at}");
            assert_eq!(tickets.open(7, &ticket[..at]), None, "{at}");
        }
    }
}
