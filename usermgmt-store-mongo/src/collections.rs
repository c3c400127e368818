//! What the collections are called.

pub(crate) const USERS: &str = "usermgmt_users";
pub(crate) const IDENTIFIERS: &str = "usermgmt_identifiers";
pub(crate) const IDENTITIES: &str = "usermgmt_identities";
pub(crate) const DEVICES: &str = "usermgmt_devices";
pub(crate) const PASSKEYS: &str = "usermgmt_passkeys";
pub(crate) const TOKENS: &str = "usermgmt_tokens";
pub(crate) const SESSIONS: &str = "usermgmt_sessions";
pub(crate) const SERVICE_KEYS: &str = "usermgmt_service_keys";
pub(crate) const ROOT_KEYS: &str = "usermgmt_root_keys";
pub(crate) const OUTBOX: &str = "usermgmt_outbox";
pub(crate) const AUDIT: &str = "usermgmt_audit";
pub(crate) const COUNTERS: &str = "usermgmt_counters";
pub(crate) const COMMITS: &str = "usermgmt_commits";
pub(crate) const TURNS: &str = "usermgmt_turns";

/// The field of a user's document that what is left of a deleted user has not.
pub(crate) const IS_USER: &str = "username";
