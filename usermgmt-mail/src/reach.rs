//! Which addresses a transport can reach.

use usermgmt_core::mail::Unreachable;
use usermgmt_core::model::identifier::Email;

/// Of a transport without SMTPUTF8 (RFC 6531).
pub(crate) const ASCII_ONLY: Unreachable =
    Unreachable { reason: "the mail service takes no letters other than a to z before the @" };

/// Whether any transport takes it: the domain travels in ASCII.
pub(crate) fn is_ascii_local(address: &Email) -> bool {
    address.as_str().rsplit_once('@').is_none_or(|(local, _)| local.is_ascii())
}
