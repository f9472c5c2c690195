//! What is read of an X.509 certificate: its key, its time, its subject. Trusts nothing of it, verifies nothing: that is
//! rustls's part. Any bytes are answered, at worst with `None`.

/// The parts of a certificate that somebody asks for.
#[derive(Debug, PartialEq, Eq)]
pub struct Certificate<'a> {
    /// Seconds since the epoch between which it is valid.
    pub not_before: i64,
    pub not_after: i64,
    /// The Name, a sequence of sets.
    subject: &'a [u8],
    /// SubjectPublicKeyInfo, as it stands.
    pub public_key: &'a [u8],
}

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const OID: u8 = 0x06;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const VERSION: u8 = 0xa0;

/// The names that OpenSSL shortens, by their OIDs.
const SHORT: [(&[u8], &str); 13] = [
    (&[0x55, 4, 3], "CN"),
    (&[0x55, 4, 4], "SN"),
    (&[0x55, 4, 5], "serialNumber"),
    (&[0x55, 4, 6], "C"),
    (&[0x55, 4, 7], "L"),
    (&[0x55, 4, 8], "ST"),
    (&[0x55, 4, 9], "street"),
    (&[0x55, 4, 10], "O"),
    (&[0x55, 4, 11], "OU"),
    (&[0x55, 4, 12], "title"),
    (&[0x55, 4, 42], "GN"),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1], "emailAddress"),
    (&[0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 25], "DC"),
];

/// One element: tag, content, the whole of it, and what follows.
struct Element<'a> {
    tag: u8,
    content: &'a [u8],
    whole: &'a [u8],
    rest: &'a [u8],
}

fn element(bytes: &[u8]) -> Option<Element<'_>> {
    let (&tag, after) = bytes.split_first()?;
    let (&first, after) = after.split_first()?;
    let (length, after) = if first < 0x80 {
        (usize::from(first), after)
    } else {
        let (digits, after) = after.split_at_checked(usize::from(first & 0x7f))?;
        if digits.is_empty() || digits.len() > 4 {
            return None;
        }
        (digits.iter().fold(0, |length, &digit| (length << 8) | usize::from(digit)), after)
    };
    let (content, rest) = after.split_at_checked(length)?;
    let whole = bytes.get(..bytes.len() - rest.len())?;
    Some(Element { tag, content, whole, rest })
}

fn tagged(bytes: &[u8], tag: u8) -> Option<Element<'_>> {
    element(bytes).filter(|element| element.tag == tag)
}

impl<'a> Certificate<'a> {
    /// Look at a certificate in DER.
    pub fn read(der: &'a [u8]) -> Option<Certificate<'a>> {
        let signed = tagged(der, SEQUENCE)?.content;
        let mut at = tagged(signed, SEQUENCE)?.content;
        if let Some(version) = tagged(at, VERSION) {
            at = version.rest;
        }
        // The serial number, the algorithm of the signature, the issuer.
        for _ in 0..3 {
            at = element(at)?.rest;
        }
        let validity = tagged(at, SEQUENCE)?;
        let subject = tagged(validity.rest, SEQUENCE)?;
        let public_key = tagged(subject.rest, SEQUENCE)?;
        let not_before = element(validity.content)?;
        let not_after = element(not_before.rest)?;
        Some(Certificate {
            not_before: time(&not_before)?,
            not_after: time(&not_after)?,
            subject: subject.content,
            public_key: public_key.whole,
        })
    }

    /// The subject in OpenSSL's one-line form, `/C=IT/O=Example/CN=name`. What is not plain ASCII is an escape, and a
    /// slash in a value has a backslash before it, so that no value looks like another part of the name.
    pub fn subject(&self) -> String {
        let mut text = String::new();
        let mut sets = self.subject;
        while let Some(set) = tagged(sets, SET) {
            sets = set.rest;
            let mut pairs = set.content;
            while let Some(pair) = tagged(pairs, SEQUENCE) {
                pairs = pair.rest;
                let Some(kind) = tagged(pair.content, OID) else { continue };
                let Some(value) = element(kind.rest) else { continue };
                text.push('/');
                text.push_str(&name(kind.content));
                text.push('=');
                for &byte in value.content {
                    match byte {
                        b'/' | b'+' => text.extend(['\\', char::from(byte)]),
                        0x20..0x7f => text.push(char::from(byte)),
                        _ => text.push_str(&format!("\\x{byte:02X}")),
                    }
                }
            }
        }
        text
    }
}

fn name(oid: &[u8]) -> String {
    if let Some((_, short)) = SHORT.iter().find(|(known, _)| *known == oid) {
        return (*short).to_string();
    }
    let mut text = String::new();
    let mut value = 0u64;
    for &byte in oid {
        value = (value << 7) | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            if text.is_empty() {
                let first = (value / 40).min(2);
                text = format!("{first}.{}", value - first * 40);
            } else {
                text.push_str(&format!(".{value}"));
            }
            value = 0;
        }
    }
    text
}

/// Seconds since the epoch.
fn time(element: &Element<'_>) -> Option<i64> {
    let text = std::str::from_utf8(element.content).ok()?.strip_suffix('Z')?;
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (year, rest) = match element.tag {
        UTC_TIME => {
            let (year, rest) = text.split_at_checked(2)?;
            let year: i64 = year.parse().ok()?;
            (if year < 50 { year + 2000 } else { year + 1900 }, rest)
        }
        GENERALIZED_TIME => {
            let (year, rest) = text.split_at_checked(4)?;
            (year.parse().ok()?, rest)
        }
        _ => return None,
    };
    let part = |index: usize| -> Option<i64> { rest.get(index * 2..index * 2 + 2)?.parse().ok() };
    let (month, day) = (part(0)?, part(1)?);
    let (hour, minute, second) = (part(2)?, part(3)?, part(4)?);
    // Days from civil: years begin in March, so that the odd day is the last.
    let shifted = if month > 2 { year } else { year - 1 };
    let era = shifted.div_euclid(400);
    let year_of_era = shifted.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468;
    Some(((days * 24 + hour) * 60 + minute) * 60 + second)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn wrap(tag: u8, content: &[u8]) -> Vec<u8> {
        assert!(content.len() < 0x10000);
        let mut bytes = vec![tag, 0x82, (content.len() >> 8) as u8, content.len() as u8];
        bytes.extend_from_slice(content);
        bytes
    }

    fn certificate(common_name: &[u8]) -> Vec<u8> {
        let validity =
            wrap(SEQUENCE, &[wrap(UTC_TIME, b"700101000000Z"), wrap(GENERALIZED_TIME, b"20500301000001Z")].concat());
        let part = |oid: &[u8], value: &[u8]| wrap(SET, &wrap(SEQUENCE, &[wrap(OID, oid), wrap(0x0c, value)].concat()));
        let subject = wrap(SEQUENCE, &[part(&[0x55, 4, 6], b"IT"), part(&[0x55, 4, 3], common_name)].concat());
        let empty = wrap(SEQUENCE, b"");
        let parts = [wrap(VERSION, b"\x02\x01\x02"), wrap(2, b"\x01"), empty.clone(), empty, validity, subject];
        let tbs = wrap(SEQUENCE, &[parts.concat(), wrap(SEQUENCE, b"key")].concat());
        wrap(SEQUENCE, &tbs)
    }

    #[test]
    fn the_parts_are_found() {
        let der = certificate("b\u{e9}/O=x\n".as_bytes());
        let found = Certificate::read(&der).unwrap();
        assert_eq!(found.not_before, 0);
        assert_eq!(found.not_after, 2_529_705_601);
        assert_eq!(found.subject(), "/C=IT/CN=b\\xC3\\xA9\\/O=x\\x0A");
        assert_eq!(found.public_key, wrap(SEQUENCE, b"key"));
    }

    #[test]
    fn an_unknown_part_has_its_number() {
        assert_eq!(name(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 2]), "1.2.840.113549.1.9.2");
        assert_eq!(name(&[0x88, 0x37, 3]), "2.999.3");
    }

    #[test]
    fn a_certificate_that_was_cut_is_none() {
        let der = certificate(b"x");
        for end in 0..der.len() {
            assert_eq!(Certificate::read(&der[..end]), None, "{end}");
        }
    }

    #[test]
    fn any_change_is_answered() {
        let der = certificate(b"x");
        for at in 0..der.len() {
            for value in [0, 0x7f, 0x80, 0x84, 0xff] {
                let mut changed = der.clone();
                changed[at] = value;
                if let Some(found) = Certificate::read(&changed) {
                    assert!(found.subject().is_ascii());
                }
            }
        }
    }
}
