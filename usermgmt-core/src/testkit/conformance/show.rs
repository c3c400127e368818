//! Rows in full, personal fields too: whoever reads a failure has to see what
//! differed, and the suite's people are made up.

use std::fmt::Debug;

use crate::model::audit::AuditEntry;
use crate::model::factor::Totp;
use crate::model::identity::Identity;
use crate::model::mail::OutboxMail;
use crate::model::passkey::Passkey;
use crate::model::service_key::ServiceKey;
use crate::model::session::Session;
use crate::model::token::Token;
use crate::model::user::{Account, User};
use crate::store::{Change, Count, Credentials, KnownDevice, OutboxDepth};

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
    Passkey,
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

impl Show for Credentials {
    fn show(&self) -> String {
        let password = self.password.as_ref().map(|password| password.expose());
        let identities = self.identities.show();
        format!("{}\npassword: {password:?}\nidentities: {identities}", pretty(self))
    }
}

impl Show for Identity {
    fn show(&self) -> String {
        let Self { issuer, subject, email, .. } = self;
        format!("{}\nissuer: {issuer:?}\nsubject: {subject:?}\nemail: {email:?}", pretty(self))
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

/// What differs: line against line where the texts have the same shape, else the
/// lines between the common beginning and the common end.
pub(super) fn differences(found: &str, expected: &str) -> String {
    let found: Vec<&str> = found.lines().collect();
    let expected: Vec<&str> = expected.lines().collect();
    if found.len() == expected.len() {
        let pairs = found.iter().zip(&expected);
        return pairs
            .filter(|(found, expected)| found != expected)
            .map(|(found, expected)| format!("  found    {found}\n  expected {expected}\n"))
            .collect();
    }
    let same = |(a, b): &(&&str, &&str)| a == b;
    let begin = found.iter().zip(&expected).take_while(same).count();
    let rest = (found[begin..].iter().rev()).zip(expected[begin..].iter().rev());
    let end = rest.take_while(same).count();
    let part = |name: &str, lines: &[&str]| -> String {
        let lines = &lines[begin..lines.len() - end];
        match lines {
            [] => format!("  {name:8} nothing here\n"),
            lines => lines.iter().map(|line| format!("  {name:8} {line}\n")).collect(),
        }
    };
    let before = found[..begin].last().map(|line| format!("  after    {line}\n"));
    format!(
        "{}{}{}",
        before.unwrap_or_default(),
        part("found", &found),
        part("expected", &expected)
    )
}

/// A list of changes, one a line.
pub(super) fn numbered(list: &[Change]) -> String {
    list.iter().zip(1..).map(|(change, number)| format!("  {number}. {change:?}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::differences;

    #[test]
    fn fields_that_differ_are_shown_side_by_side() {
        let shown = differences("User\nid: 1\nname: ann", "User\nid: 1\nname: bob");
        assert_eq!(shown, "  found    name: ann\n  expected name: bob\n");
    }

    #[test]
    fn rows_too_few_or_too_many_are_shown_alone() {
        let shown = differences("2 rows\na\nc", "2 rows\na\nb\nc");
        assert_eq!(shown, "  after    a\n  found    nothing here\n  expected b\n");
    }
}
