//! Values as databases and files write them.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use usermgmt_core::clock::Timestamp;

/// A time: RFC 3339, with a blank for the `T` and without an offset too (UTC
/// then), or a number of seconds or milliseconds since 1970.
pub(crate) fn parse_time(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        let number: i64 = text.parse().ok()?;
        // In seconds the year 5138, in milliseconds 1973.
        let is_seconds = number < 100_000_000_000;
        return Some(Timestamp::from_millis(if is_seconds { number * 1000 } else { number }));
    }
    let mut whole = text.replacen(' ', "T", 1);
    let time_of_day = whole.split_once('T').map_or("", |(_, time)| time);
    if time_of_day.is_empty() {
        whole.push_str("T00:00:00Z");
    } else {
        match time_of_day.rfind(['+', '-']).map(|at| time_of_day.len() - at) {
            // PostgreSQL leaves minutes out that are none.
            Some(3) => whole.push_str(":00"),
            Some(5) => whole.insert(whole.len() - 2, ':'),
            Some(_) => {}
            None if !whole.ends_with(['Z', 'z']) => whole.push('Z'),
            None => {}
        }
    }
    let time = OffsetDateTime::parse(&whole, &Rfc3339).ok()?;
    let millis = time.unix_timestamp_nanos().div_euclid(1_000_000);
    Some(Timestamp::from_millis(i64::try_from(millis).ok()?))
}

/// What databases write for true.
pub(super) fn parse_truth(text: Option<&str>) -> bool {
    matches!(text, Some("1" | "t" | "true" | "TRUE" | "True"))
}

/// `None` for what is empty.
pub(super) fn filled(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_every_source_writes_them() {
        let at = |text| parse_time(text).map(Timestamp::as_millis);
        let expected = Some(1_767_323_045_000);
        for text in [
            "2026-01-02T03:04:05Z",
            "2026-01-02T03:04:05.000Z",
            "2026-01-02 03:04:05",
            "2026-01-02 03:04:05.000999",
            "2026-01-02 03:04:05+00",
            "2026-01-02 04:04:05+01",
            "2026-01-02T04:04:05+0100",
            "2026-01-02T02:04:05-01:00",
            "1767323045",
            "1767323045000",
        ] {
            assert_eq!(at(text), expected, "{text}");
        }
        assert_eq!(at("2026-01-02"), Some(1_767_312_000_000));
        for text in
            ["", "0000-00-00 00:00:00", "yesterday", "2026-13-01", "-1", "99999999999999999999"]
        {
            assert_eq!(at(text), None, "{text}");
        }
    }
}
