//! Dates of HTTP headers, read. Writing them is `log.rs`; the clock is asked by the callers.
//!
//! Source: RFC 9110 section 5.6.7. All three forms are accepted, as it demands; the weekday is not checked.

const MONTHS: [&[u8; 3]; 12] =
    [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];

/// Seconds since the epoch; `None` if it is no date.
pub fn parse(text: &[u8]) -> Option<i64> {
    let words: Vec<&[u8]> = text.trim_ascii().split(|&byte| byte == b' ').filter(|word| !word.is_empty()).collect();
    match words[..] {
        // Sun, 06 Nov 1994 08:49:37 GMT
        [_, day, month, year, time, b"GMT"] if year.len() == 4 => seconds(number(year)?, month, day, time),
        // Sunday, 06-Nov-94 08:49:37 GMT
        [_, date, time, b"GMT"] => {
            let parts: Vec<&[u8]> = date.split(|&byte| byte == b'-').collect();
            let [day, month, year] = parts[..] else { return None };
            let year = number(year).filter(|_| year.len() == 2)?;
            seconds(if year < 70 { 2000 + year } else { 1900 + year }, month, day, time)
        }
        // Sun Nov  6 08:49:37 1994
        [_, month, day, time, year] if year.len() == 4 => seconds(number(year)?, month, day, time),
        _ => None,
    }
}

fn number(digits: &[u8]) -> Option<i64> {
    if digits.is_empty() || digits.len() > 4 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(digits.iter().fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0')))
}

fn seconds(year: i64, month: &[u8], day: &[u8], time: &[u8]) -> Option<i64> {
    let month = MONTHS.iter().position(|name| name.as_slice() == month)? as i64 + 1;
    let day = number(day).filter(|day| (1..=31).contains(day))?;
    let parts: Vec<&[u8]> = time.split(|&byte| byte == b':').collect();
    let [hour, minute, second] = parts[..] else { return None };
    let hour = number(hour).filter(|&hour| hour < 24)?;
    let minute = number(minute).filter(|&minute| minute < 60)?;
    let second = number(second).filter(|&second| second < 61)?;
    Some(days(year, month, day) * 86400 + hour * 3600 + minute * 60 + second)
}

/// Days since the epoch of a date of the Gregorian calendar, whose years begin in March here: leap days come last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_forms_name_one_moment() {
        for text in ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"] {
            assert_eq!(parse(text.as_bytes()), Some(784_111_777), "{text}");
        }
    }

    #[test]
    fn what_the_engine_writes_it_reads() {
        for second in [0, 1, 68_169_600, 951_782_400, 951_868_799, 1_709_164_800, 1_795_000_000, 4_102_444_799] {
            assert_eq!(parse(crate::log::http_date(second).as_bytes()), Some(second));
        }
    }

    #[test]
    fn what_is_no_date_is_none() {
        let bad = [
            "",
            "0",
            "tomorrow",
            "Sun, 06 Nov 1994 08:49:37",
            "Sun, 06 Nov 1994 08:49:37 CET",
            "Sun, 06 Foo 1994 08:49:37 GMT",
            "Sun, 00 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 24:49:37 GMT",
            "Sun, 06 Nov 1994 08:49 GMT",
            "Sun, 06 Nov 19940 08:49:37 GMT",
            "Sun, -6 Nov 1994 08:49:37 GMT",
            "Sun, 06-Nov-1994 08:49:37 GMT",
        ];
        for text in bad {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
    }
}
