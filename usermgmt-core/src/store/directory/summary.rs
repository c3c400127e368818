//! How much there is.

use std::time::Duration;

use crate::clock::Timestamp;

/// How many days a [`Summary`] counts, the present one included.
pub const SUMMARY_DAYS: usize = 14;

/// A day, without the seconds that are put in now and then.
pub const DAY: Duration = Duration::from_secs(86_400);

/// The audit log's action that is counted as a sign-in.
pub const SIGNED_IN: &str = "session.opened";

/// How much there is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Users.
    pub users: u64,
    /// Of these, those whose address is not confirmed.
    pub unconfirmed: u64,
    /// Those who are disabled.
    pub disabled: u64,
    /// Those who are administrators.
    pub admins: u64,
    /// Those who have a second factor, as
    /// [`ListedUser::mfa_enabled`](super::ListedUser::mfa_enabled) says.
    pub mfa_enabled: u64,
    /// Sessions that have not expired.
    pub sessions: u64,
    /// How many of the users registered on each of the last [`SUMMARY_DAYS`]
    /// days, the oldest first.
    pub registered: Vec<DayCount>,
    /// How often somebody signed in on each of these.
    pub signed_in: Vec<DayCount>,
    /// Queued mails that failed at least once and are still tried.
    pub mails_retried: u64,
}

/// What was counted on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayCount {
    /// When the day began, in UTC.
    pub day: Timestamp,
    /// How many.
    pub count: u64,
}

/// The days of a summary, with nothing counted yet.
pub fn summary_days(now: Timestamp) -> Vec<DayCount> {
    let length = i64::try_from(DAY.as_millis()).unwrap_or(i64::MAX);
    let today = now.as_millis().div_euclid(length);
    let days = i64::try_from(SUMMARY_DAYS).unwrap_or(0);
    (today - days + 1..=today)
        .map(|day| DayCount { day: Timestamp::from_millis(day * length), count: 0 })
        .collect()
}

impl Summary {
    /// Counts what happened then, where it is one of the days.
    pub fn count(days: &mut [DayCount], at: Timestamp, count: u64) {
        let day = days.iter_mut().rev().find(|day| day.day <= at);
        if let Some(day) = day.filter(|day| at < day.day + DAY) {
            day.count += count;
        }
    }
}
