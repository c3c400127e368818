-- Times are milliseconds since the epoch in UTC; ids of tokens, sessions,
-- commits and leases are 16 random bytes.

CREATE TABLE usermgmt_users (
    id TEXT NOT NULL PRIMARY KEY,
    username TEXT NOT NULL,
    username_canonical TEXT NOT NULL,
    email TEXT NOT NULL,
    email_canonical TEXT NOT NULL,
    email_confirmed_at INTEGER,
    unconfirmed_until INTEGER,
    first_name TEXT,
    last_name TEXT,
    gender TEXT,
    role TEXT NOT NULL,
    locale TEXT,
    disabled_at INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    password_hash TEXT,
    deleted_at INTEGER
) STRICT;
CREATE INDEX usermgmt_users_unconfirmed ON usermgmt_users (unconfirmed_until, id)
    WHERE unconfirmed_until IS NOT NULL;
CREATE INDEX usermgmt_users_deleted ON usermgmt_users (deleted_at)
    WHERE deleted_at IS NOT NULL;

-- The one place where addresses and names are unique.
CREATE TABLE usermgmt_identifiers (
    kind TEXT NOT NULL,
    canonical TEXT NOT NULL,
    user_id TEXT,
    held_until INTEGER,
    PRIMARY KEY (kind, canonical)
) STRICT, WITHOUT ROWID;
CREATE INDEX usermgmt_identifiers_user ON usermgmt_identifiers (user_id)
    WHERE user_id IS NOT NULL;
CREATE INDEX usermgmt_identifiers_over ON usermgmt_identifiers (held_until)
    WHERE held_until IS NOT NULL;

CREATE TABLE usermgmt_tokens (
    id BLOB NOT NULL PRIMARY KEY,
    user_id TEXT,
    purpose INTEGER NOT NULL,
    binding TEXT,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at INTEGER,
    code_issue INTEGER NOT NULL,
    code_expires_at INTEGER
) STRICT;
CREATE INDEX usermgmt_tokens_user ON usermgmt_tokens (user_id, purpose, created_at, id);
CREATE INDEX usermgmt_tokens_over ON usermgmt_tokens (expires_at);

CREATE TABLE usermgmt_sessions (
    id BLOB NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL,
    generation INTEGER NOT NULL,
    rotated_at INTEGER,
    created_at INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    max_expires_at INTEGER NOT NULL,
    auth_time INTEGER NOT NULL,
    amr TEXT NOT NULL,
    ip TEXT,
    user_agent TEXT
) STRICT;
CREATE INDEX usermgmt_sessions_user ON usermgmt_sessions (user_id);
CREATE INDEX usermgmt_sessions_over ON usermgmt_sessions (expires_at);

CREATE TABLE usermgmt_totp (
    user_id TEXT NOT NULL PRIMARY KEY,
    confirmed_id TEXT,
    confirmed_sealed BLOB,
    confirmed_at INTEGER,
    pending_id TEXT,
    pending_sealed BLOB,
    pending_at INTEGER,
    last_step INTEGER NOT NULL
) STRICT;

CREATE TABLE usermgmt_recovery_codes (
    user_id TEXT NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (user_id, hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE usermgmt_devices (
    user_id TEXT NOT NULL,
    device TEXT NOT NULL,
    used_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, device)
) STRICT, WITHOUT ROWID;
CREATE INDEX usermgmt_devices_over ON usermgmt_devices (used_at);

CREATE TABLE usermgmt_service_keys (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    hash TEXT NOT NULL,
    allow_admin INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    last_used_at INTEGER,
    revoked_at INTEGER
) STRICT;

CREATE TABLE usermgmt_root_keys (
    id TEXT NOT NULL PRIMARY KEY,
    fingerprint TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE usermgmt_outbox (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    user_id TEXT,
    recipient TEXT NOT NULL,
    recipient_canonical TEXT NOT NULL,
    locale TEXT,
    tokens TEXT NOT NULL,
    params TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    next_attempt_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    last_error TEXT,
    dead_at INTEGER,
    lease BLOB,
    leased_until INTEGER
) STRICT;
CREATE INDEX usermgmt_outbox_due ON usermgmt_outbox (next_attempt_at, id)
    WHERE dead_at IS NULL;
CREATE INDEX usermgmt_outbox_leased ON usermgmt_outbox (leased_until)
    WHERE leased_until IS NOT NULL;
CREATE INDEX usermgmt_outbox_dead ON usermgmt_outbox (id)
    WHERE dead_at IS NOT NULL;
CREATE INDEX usermgmt_outbox_user ON usermgmt_outbox (user_id)
    WHERE user_id IS NOT NULL;

CREATE TABLE usermgmt_audit (
    id TEXT NOT NULL PRIMARY KEY,
    at INTEGER NOT NULL,
    user_id TEXT,
    action TEXT NOT NULL,
    detail TEXT NOT NULL
) STRICT;
CREATE INDEX usermgmt_audit_user ON usermgmt_audit (user_id, id);

CREATE TABLE usermgmt_counters (
    name TEXT NOT NULL PRIMARY KEY,
    hits INTEGER NOT NULL,
    resets_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX usermgmt_counters_over ON usermgmt_counters (resets_at);

CREATE TABLE usermgmt_commits (
    id BLOB NOT NULL PRIMARY KEY,
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX usermgmt_commits_over ON usermgmt_commits (at);
