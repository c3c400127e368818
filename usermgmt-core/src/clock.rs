//! Time, injected. Everything stored is milliseconds since the epoch in UTC,
//! because that is the finest every store keeps (BSON has no finer).

use std::fmt;
use std::ops::{Add, Sub};
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A point in time: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From milliseconds since the epoch.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the epoch.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down, as JWT's `NumericDate` has it (RFC 7519, 2).
    pub const fn as_secs(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// How long after `earlier` this is; zero where it is not after it.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Year, month, day, hour, minute, second and millisecond in UTC.
    fn civil(self) -> (i64, u8, u8, u8, u8, u8, u16) {
        // Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms": civil_from_days.
        let days = self.0.div_euclid(86_400_000);
        let ms = self.0.rem_euclid(86_400_000);
        let z = days + 719_468;
        let era = z.div_euclid(146_097);
        let doe = z.rem_euclid(146_097);
        let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
        let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
        let mp = (5 * doy + 2) / 153;
        let day = doy - (153 * mp + 2) / 5 + 1;
        let month = if mp < 10 { mp + 3 } else { mp - 9 };
        let year = yoe + era * 400 + i64::from(month <= 2);
        let part = |value: i64| u8::try_from(value).unwrap_or(0);
        (
            year,
            part(month),
            part(day),
            part(ms / 3_600_000),
            part(ms / 60_000 % 60),
            part(ms / 1000 % 60),
            u16::try_from(ms % 1000).unwrap_or(0),
        )
    }
}

/// RFC 3339 in UTC with milliseconds: `2026-01-31T08:00:00.000Z`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day, hour, minute, second, millis) = self.civil();
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
    }
}

/// Not a point in time that is understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an RFC 3339 time, nor a date")]
pub struct InvalidTime;

/// RFC 3339, to the millisecond, or a date, which is its beginning in UTC.
impl FromStr for Timestamp {
    type Err = InvalidTime;

    fn from_str(text: &str) -> Result<Self, InvalidTime> {
        let (date, time) = match text.split_once(['T', 't', ' ']) {
            Some((date, time)) => (date, Some(time)),
            None => (text, None),
        };
        let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
        let lengths = [31, 28 + i64::from(is_leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        let length = usize::try_from(month - 1).ok().and_then(|at| lengths.get(at));
        if !length.is_some_and(|length| (1..=*length).contains(&day)) {
            return Err(InvalidTime);
        }
        // Howard Hinnant, as above: days_from_civil.
        let y = year - i64::from(month <= 2);
        let (era, yoe) = (y.div_euclid(400), y.rem_euclid(400));
        let doy = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
        let days = era * 146_097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719_468;
        let in_day = time.map_or(Ok(0), millis_of_day)?;
        Ok(Self(days * 86_400_000 + in_day))
    }
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// Milliseconds since midnight in UTC of a time with its offset.
fn millis_of_day(text: &str) -> Result<i64, InvalidTime> {
    let (clock, offset) = match text.strip_suffix(['Z', 'z']) {
        Some(clock) => (clock, 0),
        None => {
            let at = text.len().checked_sub(6).ok_or(InvalidTime)?;
            let (clock, offset) = text.split_at_checked(at).ok_or(InvalidTime)?;
            let (sign, offset) = offset.split_at_checked(1).ok_or(InvalidTime)?;
            let [hours, minutes] = numbers(offset, ':', [2, 2])?;
            let minutes = match (sign, hours < 24 && minutes < 60) {
                ("+", true) => hours * 60 + minutes,
                ("-", true) => -(hours * 60 + minutes),
                _ => return Err(InvalidTime),
            };
            (clock, minutes * 60_000)
        }
    };
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let [hour, minute, second] = numbers(clock, ':', [2, 2, 2])?;
    let digits = fraction.bytes().all(|byte| byte.is_ascii_digit());
    // 60 is a second that was put in (RFC 3339, 5.7).
    if hour > 23 || minute > 59 || second > 60 || !digits || fraction.is_empty() {
        return Err(InvalidTime);
    }
    let millis = format!("{fraction:0<3}");
    let millis = millis.get(..3).and_then(|millis| millis.parse::<i64>().ok());
    Ok(((hour * 60 + minute) * 60 + second) * 1000 + millis.ok_or(InvalidTime)? - offset)
}

/// Numbers of so many digits each.
fn numbers<const N: usize>(
    text: &str,
    between: char,
    digits: [usize; N],
) -> Result<[i64; N], InvalidTime> {
    let mut numbers = [0; N];
    let mut parts = text.split(between);
    for (number, digits) in numbers.iter_mut().zip(digits) {
        let part = parts.next().filter(|part| part.len() == digits).ok_or(InvalidTime)?;
        if !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(InvalidTime);
        }
        *number = part.parse().map_err(|_| InvalidTime)?;
    }
    match parts.next() {
        None => Ok(numbers),
        Some(_) => Err(InvalidTime),
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;
    fn add(self, by: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX)))
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Self;
    fn sub(self, by: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(by.as_millis()).unwrap_or(i64::MAX)))
    }
}

/// Where the time comes from.
pub trait Clock: fmt::Debug + Send + Sync + 'static {
    /// The present, in UTC.
    fn now(&self) -> Timestamp;
}

/// The system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the system's clock")]
    fn now(&self) -> Timestamp {
        let since =
            std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_rfc_3339() {
        for (millis, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_798_761_599_999, "2026-12-31T23:59:59.999Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(Timestamp::from_millis(millis).to_string(), text);
        }
    }

    #[test]
    fn what_is_printed_is_read() {
        for millis in [0, 951_782_400_000, 1_798_761_599_999, -1, 1_772_323_200_123] {
            let time = Timestamp::from_millis(millis);
            assert_eq!(time.to_string().parse(), Ok(time));
        }
    }

    #[test]
    fn offsets_fractions_and_dates_are_read() {
        for (text, same) in [
            ("2026-12-31T23:59:59Z", "2026-12-31T23:59:59.000Z"),
            ("2027-01-01t01:00:00.5+01:30", "2026-12-31T23:30:00.500Z"),
            ("2026-12-31T19:00:00.123456-05:00", "2027-01-01T00:00:00.123Z"),
            ("2024-02-29", "2024-02-29T00:00:00.000Z"),
        ] {
            assert_eq!(text.parse::<Timestamp>().unwrap().to_string(), same);
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "yesterday",
            "2026-02-29",
            "2026-13-01",
            "2026-00-10",
            "26-01-01",
            "2026-01-01T",
            "2026-01-01T00:00:00",
            "2026-01-01T24:00:00Z",
            "2026-01-01T00:00:00+24:00",
            "2026-01-01T00:00:00.Z",
            "2026-01-01T00:00:00.\u{661}Z",
            "+026-01-01",
            "2026-01-01T0é:00:00Z",
        ] {
            assert_eq!(text.parse::<Timestamp>(), Err(InvalidTime), "{text}");
        }
    }
}
