//! A new address: asking for it, finishing the change from there, undoing it
//! from the old one.

mod confirm;
mod request;
mod undo;

pub(super) use self::request::same_mailbox;
