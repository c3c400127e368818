//! How somebody proved who they are, as tokens say it.

/// The first factors (RFC 8176, and `email` for what was mailed, `fed` for what a
/// provider said).
pub(super) const PASSWORD: &str = "pwd";
pub(super) const MAIL: &str = "email";
pub(super) const PROVIDER: &str = "fed";

/// A passkey, whatever was before it.
pub(super) const PASSKEY: &str = "hwk";
