//! Rows in full, personal fields too: whoever reads a failure has to see what
//! differed, and the suite's people are made up.

use std::fmt::Debug;

use crate::model::audit::AuditEntry;
use crate::model::factor::Totp;
use crate::model::mail::OutboxMail;
use crate::model::service_key::ServiceKey;
use crate::model::session::Session;
use crate::model::token::Token;
use crate::model::user::{Account, User};
use crate::store::{Count, KnownDevice, OutboxDepth};

/// A row in full, one field a line.
pub(super) trait Show {
    fn show(&self) -> String;
}

macro_rules! show_debug {
    ($($type:ty),* $(,)?) => {$(
        impl Show for $type {
            fn show(&self) -> String {
                pretty(self)
            }
        }
    )*};
}

show_debug!(
    bool,
    u64,
    String,
    Token,
    Session,
    Totp,
    ServiceKey,
    AuditEntry,
    OutboxDepth,
    KnownDevice,
    Count,
    crate::clock::Timestamp,
);

fn pretty(value: &impl Debug) -> String {
    format!("{value:#?}")
}

impl Show for User {
    fn show(&self) -> String {
        format!(
            "{}\nemail: {:?}, canonical {:?}",
            pretty(self),
            self.email.as_str(),
            self.email.canonical()
        )
    }
}

impl Show for Account {
    fn show(&self) -> String {
        format!(
            "{}\npassword: {:?}\ntotp: {}",
            self.user.show(),
            self.password.as_ref().map(|password| password.expose()),
            pretty(&self.totp)
        )
    }
}

impl Show for OutboxMail {
    fn show(&self) -> String {
        format!(
            "{}\nrecipient: {:?}, canonical {:?}",
            pretty(self),
            self.recipient.as_str(),
            self.recipient.canonical()
        )
    }
}

impl<T: Show> Show for Option<T> {
    fn show(&self) -> String {
        self.as_ref().map_or_else(|| "None".to_owned(), T::show)
    }
}

impl<T: Show> Show for Vec<T> {
    fn show(&self) -> String {
        let rows: Vec<String> = self.iter().map(T::show).collect();
        format!("{} rows\n{}", rows.len(), rows.join("\n"))
    }
}

impl<A: Show, B: Show> Show for (A, B) {
    fn show(&self) -> String {
        format!("{}\n{}", self.0.show(), self.1.show())
    }
}

/// The two are equal, or what differs is shown.
#[track_caller]
pub(super) fn same<T: Show + PartialEq>(what: &str, found: &T, expected: &T) {
    if found != expected {
        panic!("{what}:\n{}", differences(&found.show(), &expected.show()));
    }
}

/// The lines that differ, where the texts have the same shape; both texts otherwise.
pub(super) fn differences(found: &str, expected: &str) -> String {
    if found.lines().count() != expected.lines().count() {
        return format!("found:\n{found}\nexpected:\n{expected}");
    }
    let pairs = found.lines().zip(expected.lines());
    pairs
        .filter(|(found, expected)| found != expected)
        .map(|(found, expected)| format!("  found    {found}\n  expected {expected}\n"))
        .collect()
}
