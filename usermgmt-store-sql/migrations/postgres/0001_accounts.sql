-- Times are milliseconds since the epoch in UTC; ids of tokens, sessions,
-- commits and leases are 16 random bytes. Whatever is compared is compared by
-- bytes, whatever the database's own collation is.

CREATE TABLE usermgmt_users (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    username TEXT NOT NULL,
    username_canonical TEXT COLLATE "C" NOT NULL,
    email TEXT NOT NULL,
    email_canonical TEXT COLLATE "C" NOT NULL,
    email_confirmed_at BIGINT,
    unconfirmed_until BIGINT,
    first_name TEXT,
    last_name TEXT,
    gender TEXT,
    role TEXT NOT NULL,
    locale TEXT,
    disabled_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    epoch BIGINT NOT NULL,
    password_hash TEXT,
    deleted_at BIGINT
);
CREATE INDEX usermgmt_users_unconfirmed ON usermgmt_users (unconfirmed_until, id)
    WHERE unconfirmed_until IS NOT NULL;
CREATE INDEX usermgmt_users_deleted ON usermgmt_users (deleted_at)
    WHERE deleted_at IS NOT NULL;

-- The one place where addresses and names are unique.
CREATE TABLE usermgmt_identifiers (
    kind TEXT COLLATE "C" NOT NULL,
    canonical TEXT COLLATE "C" NOT NULL,
    user_id TEXT COLLATE "C",
    held_until BIGINT,
    PRIMARY KEY (kind, canonical)
);
CREATE INDEX usermgmt_identifiers_user ON usermgmt_identifiers (user_id)
    WHERE user_id IS NOT NULL;
CREATE INDEX usermgmt_identifiers_over ON usermgmt_identifiers (held_until)
    WHERE held_until IS NOT NULL;

CREATE TABLE usermgmt_tokens (
    id BYTEA NOT NULL PRIMARY KEY,
    user_id TEXT COLLATE "C",
    purpose BIGINT NOT NULL,
    binding TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT,
    code_issue BIGINT NOT NULL,
    code_expires_at BIGINT
);
CREATE INDEX usermgmt_tokens_user ON usermgmt_tokens (user_id, purpose, created_at, id);
CREATE INDEX usermgmt_tokens_over ON usermgmt_tokens (expires_at);

CREATE TABLE usermgmt_sessions (
    id BYTEA NOT NULL PRIMARY KEY,
    user_id TEXT COLLATE "C" NOT NULL,
    generation BIGINT NOT NULL,
    rotated_at BIGINT,
    created_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    max_expires_at BIGINT NOT NULL,
    auth_time BIGINT NOT NULL,
    amr TEXT NOT NULL,
    ip TEXT,
    user_agent TEXT
);
CREATE INDEX usermgmt_sessions_user ON usermgmt_sessions (user_id);
CREATE INDEX usermgmt_sessions_over ON usermgmt_sessions (expires_at);

CREATE TABLE usermgmt_totp (
    user_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    confirmed_id TEXT COLLATE "C",
    confirmed_sealed BYTEA,
    confirmed_at BIGINT,
    pending_id TEXT COLLATE "C",
    pending_sealed BYTEA,
    pending_at BIGINT,
    last_step BIGINT NOT NULL
);

CREATE TABLE usermgmt_recovery_codes (
    user_id TEXT COLLATE "C" NOT NULL,
    hash TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (user_id, hash)
);

CREATE TABLE usermgmt_devices (
    user_id TEXT COLLATE "C" NOT NULL,
    device TEXT COLLATE "C" NOT NULL,
    used_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, device)
);
CREATE INDEX usermgmt_devices_over ON usermgmt_devices (used_at);

CREATE TABLE usermgmt_service_keys (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL,
    hash TEXT COLLATE "C" NOT NULL,
    allow_admin BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT,
    revoked_at BIGINT
);

CREATE TABLE usermgmt_root_keys (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    fingerprint TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE usermgmt_outbox (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    kind TEXT COLLATE "C" NOT NULL,
    user_id TEXT COLLATE "C",
    recipient TEXT NOT NULL,
    recipient_canonical TEXT NOT NULL,
    locale TEXT,
    tokens TEXT NOT NULL,
    params TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    next_attempt_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    last_error TEXT,
    dead_at BIGINT,
    lease BYTEA,
    leased_until BIGINT
);
CREATE INDEX usermgmt_outbox_due ON usermgmt_outbox (next_attempt_at, id)
    WHERE dead_at IS NULL;
CREATE INDEX usermgmt_outbox_leased ON usermgmt_outbox (leased_until)
    WHERE leased_until IS NOT NULL;
CREATE INDEX usermgmt_outbox_dead ON usermgmt_outbox (id)
    WHERE dead_at IS NOT NULL;
CREATE INDEX usermgmt_outbox_user ON usermgmt_outbox (user_id)
    WHERE user_id IS NOT NULL;

CREATE TABLE usermgmt_audit (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    user_id TEXT COLLATE "C",
    action TEXT NOT NULL,
    detail TEXT NOT NULL
);
CREATE INDEX usermgmt_audit_user ON usermgmt_audit (user_id, id);

CREATE TABLE usermgmt_counters (
    name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    hits BIGINT NOT NULL,
    resets_at BIGINT NOT NULL
);
CREATE INDEX usermgmt_counters_over ON usermgmt_counters (resets_at);

CREATE TABLE usermgmt_commits (
    id BYTEA NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL
);
CREATE INDEX usermgmt_commits_over ON usermgmt_commits (at);
