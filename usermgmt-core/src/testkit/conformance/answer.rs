//! What a store answers to a read.

use crate::model::mail::{OutboxMail, StoredMail};
use crate::store::StoreError;

/// The answer of a read, which the store owes.
#[track_caller]
pub(super) fn read<T>(answer: Result<T, StoreError>) -> T {
    answer.unwrap_or_else(|error| panic!("a read failed: {error:?}"))
}

/// The mails, all of which can be read.
#[track_caller]
pub(super) fn readable(answer: Result<Vec<StoredMail>, StoreError>) -> Vec<OutboxMail> {
    let readable = |mail: StoredMail| mail.unwrap_or_else(|mail| panic!("unreadable: {mail:?}"));
    read(answer).into_iter().map(readable).collect()
}
