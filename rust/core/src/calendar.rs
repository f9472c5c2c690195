//! Times as text. The locale plays no part: logs are read by programs.

use std::os::raw::c_int;

use crate::sys;

const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

fn name<'a>(names: &[&'a str], index: c_int) -> &'a str {
    usize::try_from(index).ok().and_then(|index| names.get(index)).copied().unwrap_or("")
}

/// `Sun Nov 22 16:17:45 2026`, local time.
pub fn ctime(second: i64) -> String {
    let t = sys::local_time(second);
    let (day, month) = (name(&DAYS, t.tm_wday), name(&MONTHS, t.tm_mon));
    let year = t.tm_year + 1900;
    format!("{day} {month} {:2} {:02}:{:02}:{:02} {year}", t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec)
}

/// `22/Nov/2026:16:30:39 +0000`, local time: what access logs have.
pub fn access_time(second: i64) -> String {
    let t = sys::local_time(second);
    let (month, year) = (name(&MONTHS, t.tm_mon), t.tm_year + 1900);
    let (sign, hours, minutes) = offset(&t);
    let (hour, min, sec) = (t.tm_hour, t.tm_min, t.tm_sec);
    format!("{:02}/{month}/{year}:{hour:02}:{min:02}:{sec:02} {sign}{hours:02}{minutes:02}", t.tm_mday)
}

/// `2026-11-22T16:30:39.250+01:00`, local time.
pub fn iso_time(micros: u64) -> String {
    let t = sys::local_time((micros / 1_000_000) as i64);
    let (sign, hours, minutes) = offset(&t);
    format!(
        "{}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}{sign}{hours:02}:{minutes:02}",
        t.tm_year + 1900,
        t.tm_mon + 1,
        t.tm_mday,
        t.tm_hour,
        t.tm_min,
        t.tm_sec,
        micros / 1000 % 1000
    )
}

fn offset(t: &libc::tm) -> (char, libc::c_long, libc::c_long) {
    let east = t.tm_gmtoff;
    (if east < 0 { '-' } else { '+' }, east.abs() / 3600, east.abs() / 60 % 60)
}

/// The value of a Date field.
pub fn http_date(second: i64) -> String {
    let t = sys::utc_time(second);
    let (day, month) = (name(&DAYS, t.tm_wday), name(&MONTHS, t.tm_mon));
    let year = t.tm_year + 1900;
    format!("{day}, {:02} {month} {year} {:02}:{:02}:{:02} GMT", t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_in_every_writing() {
        assert_eq!(http_date(784_111_777), "Sun, 06 Nov 1994 08:49:37 GMT");
        let t = sys::local_time(784_111_777);
        if t.tm_gmtoff == 0 {
            assert_eq!(ctime(784_111_777), "Sun Nov  6 08:49:37 1994");
            assert_eq!(access_time(784_111_777), "06/Nov/1994:08:49:37 +0000");
            assert_eq!(iso_time(784_111_777_250_999), "1994-11-06T08:49:37.250+00:00");
        }
    }
}
