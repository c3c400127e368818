//! How many attempts there may be.

use std::time::Duration;

use super::error::ConfigError;

/// Limits on attempts. Attempts that succeed are given back. No limit by address
/// refuses a right password, or a device that the owner has used. Write the limits that
/// differ and `..Limits::default()`: there will be more.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Whether any limit holds. Off for tests, and for embedders with limits of
    /// their own; the tries of a short code and of a second factor's ticket
    /// hold even then.
    pub enabled: bool,
    /// Failed sign-ins with one identifier from one client address, after which
    /// further ones are answered with a refusal; a right password gets in all the
    /// same. Default 10 in 15 minutes.
    pub sign_in_pair: Rate,
    /// The same from one client address with any identifier. Default 100 in 15 minutes.
    pub sign_in_client: Rate,
    /// Failed sign-ins with one account from anywhere, by whatever name. Beyond
    /// them only devices that the owner has used sign in. Default 50 in an hour,
    /// 75 a day, 100 in a row.
    pub sign_in_account: Budget,
    /// Failed sign-ins from one device that the owner has used. Default 20 in 15
    /// minutes, 50 a day, 100 in a row.
    pub sign_in_device: Budget,
    /// Wrong second factors at sign-in with one account. Beyond them only devices
    /// that the owner has used get past it, until the password is reset by mail.
    /// Default 10 in 15 minutes, 30 a day, 100 in a row.
    pub mfa_account: Budget,
    /// The same from one device that the owner has used.
    pub mfa_device: Budget,
    /// Wrong current passwords of one session, wrong second factors of one session,
    /// and wrong second factors that services verify for one user: each by itself.
    /// Default 10 in 15 minutes, 50 a day, 100 in a row.
    pub user_secret: Budget,
    /// After how many failed sign-ins the owner is told, once a day. Default 10.
    pub notify_after: i64,
    /// After how many wrong second factors in a day the owner is told that
    /// somebody knows the password. Default 5.
    pub notify_after_mfa: i64,
    /// Mails of one kind that are queued for one address on request. Beyond them
    /// another request queues none where the mailbox has a link that is good, and
    /// is answered as ever. Default 7 in 15 minutes.
    pub mail_identifier: Rate,
    /// Mails asked for from one client address. Default 120 in an hour.
    pub mail_client: Rate,
    /// Mails sent to one address that strangers who know it can cause; more
    /// are put off until the window ends. Default 20 in an hour.
    pub mail_recipient: Rate,
    /// Mails of one kind sent to one address; more are put off until the window
    /// ends, which for reset links is no longer than they live. Default 10 in an
    /// hour.
    pub mail_recipient_kind: Rate,
    /// Registrations from one client address. Default 120 in an hour.
    pub register_client: Rate,
    /// Tries of short codes with one address. Default 20 a day.
    pub code_identifier: Rate,
    /// Tries of tokens and codes from one client address. Default 300 in 15 minutes.
    pub token_client: Rate,
    /// How many times as much as one client all clients of an IPv6 /48 may do
    /// together; a client is a /64. Default 10.
    pub ipv6_site: i64,
}

/// So many in a window that begins with the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many are let through.
    pub max: i64,
    /// How long the window is.
    pub window: Duration,
}

impl Rate {
    /// So many in so many minutes.
    pub const fn per_minutes(max: i64, minutes: u64) -> Self {
        Self { max, window: Duration::from_secs(minutes * 60) }
    }
}

/// A budget of failures that grows slower the longer they go on (NIST SP 800-63B,
/// 3.2.2): so many at once, so many a day, so many in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// At once.
    pub first: Rate,
    /// In a day.
    pub per_day: i64,
    /// In a row, however long that takes: until a success, or a reset by mail.
    pub in_a_row: i64,
}

/// The most failures in a row that a budget may have (NIST SP 800-63B, 3.2.2).
const MOST_IN_A_ROW: i64 = 100;

const SECOND_FACTOR: Budget =
    Budget { first: Rate::per_minutes(10, 15), per_day: 30, in_a_row: 100 };

impl Limits {
    /// Checks that each lets something through, and that no budget is beyond what
    /// NIST SP 800-63B (3.2.2) allows: 100 failures in a row.
    pub(super) fn validate(&self) -> Result<(), ConfigError> {
        let wrong = |setting, problem: &str| Err(ConfigError::new(setting, problem));
        let day = Duration::from_secs(86_400);
        let rate_is_wrong =
            |rate: Rate| rate.max < 1 || rate.window < Duration::from_secs(1) || rate.window > day;
        for (setting, rate) in [
            ("limits.sign_in_pair", self.sign_in_pair),
            ("limits.sign_in_client", self.sign_in_client),
            ("limits.mail_identifier", self.mail_identifier),
            ("limits.mail_client", self.mail_client),
            ("limits.mail_recipient", self.mail_recipient),
            ("limits.mail_recipient_kind", self.mail_recipient_kind),
            ("limits.register_client", self.register_client),
            ("limits.code_identifier", self.code_identifier),
            ("limits.token_client", self.token_client),
        ] {
            if rate_is_wrong(rate) {
                return wrong(setting, "must be 1 or more in a window from 1s to 1d");
            }
        }
        for (setting, budget) in [
            ("limits.sign_in_account", self.sign_in_account),
            ("limits.sign_in_device", self.sign_in_device),
            ("limits.mfa_account", self.mfa_account),
            ("limits.mfa_device", self.mfa_device),
            ("limits.user_secret", self.user_secret),
        ] {
            if rate_is_wrong(budget.first) || budget.per_day < 1 {
                return wrong(setting, "must be 1 or more in a window from 1s to 1d");
            }
            if !(1..=MOST_IN_A_ROW).contains(&budget.in_a_row) {
                return wrong(setting, "must be 1 to 100 in a row (NIST SP 800-63B, 3.2.2)");
            }
        }
        if self.ipv6_site < 1 {
            return wrong("limits.ipv6_site", "must be 1 or more");
        }
        Ok(())
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            enabled: true,
            sign_in_pair: Rate::per_minutes(10, 15),
            sign_in_client: Rate::per_minutes(100, 15),
            sign_in_account: Budget {
                first: Rate::per_minutes(50, 60),
                per_day: 75,
                in_a_row: 100,
            },
            sign_in_device: Budget { first: Rate::per_minutes(20, 15), per_day: 50, in_a_row: 100 },
            mfa_account: SECOND_FACTOR,
            mfa_device: SECOND_FACTOR,
            user_secret: Budget { first: Rate::per_minutes(10, 15), per_day: 50, in_a_row: 100 },
            notify_after: 10,
            notify_after_mfa: 5,
            mail_identifier: Rate::per_minutes(7, 15),
            mail_client: Rate::per_minutes(120, 60),
            mail_recipient: Rate::per_minutes(20, 60),
            mail_recipient_kind: Rate::per_minutes(10, 60),
            register_client: Rate::per_minutes(120, 60),
            code_identifier: Rate::per_minutes(20, 24 * 60),
            token_client: Rate::per_minutes(300, 15),
            ipv6_site: 10,
        }
    }
}
