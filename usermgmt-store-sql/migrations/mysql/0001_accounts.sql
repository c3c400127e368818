-- Times are milliseconds since the epoch in UTC; ids of tokens, sessions,
-- commits and leases are 16 random bytes.
--
-- Whatever is compared is VARBINARY: with the text collations that MySQL and
-- MariaDB have in common, a trailing space makes no difference.
--
-- A statement of this kind commits by itself, so each can be run again.

CREATE TABLE IF NOT EXISTS usermgmt_users (
    id VARBINARY(36) NOT NULL PRIMARY KEY,
    username TEXT NOT NULL,
    username_canonical VARBINARY(320) NOT NULL,
    email TEXT NOT NULL,
    email_canonical VARBINARY(320) NOT NULL,
    email_confirmed_at BIGINT,
    unconfirmed_until BIGINT,
    first_name TEXT,
    last_name TEXT,
    gender TEXT,
    role VARBINARY(16) NOT NULL,
    locale TEXT,
    disabled_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    epoch BIGINT NOT NULL,
    password_hash TEXT,
    deleted_at BIGINT,
    KEY usermgmt_users_unconfirmed (unconfirmed_until, id),
    KEY usermgmt_users_deleted (deleted_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- The one place where addresses and names are unique.
CREATE TABLE IF NOT EXISTS usermgmt_identifiers (
    kind VARBINARY(16) NOT NULL,
    canonical VARBINARY(320) NOT NULL,
    user_id VARBINARY(36),
    held_until BIGINT,
    PRIMARY KEY (kind, canonical),
    KEY usermgmt_identifiers_user (user_id),
    KEY usermgmt_identifiers_over (held_until)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE IF NOT EXISTS usermgmt_tokens (
    id BINARY(16) NOT NULL PRIMARY KEY,
    user_id VARBINARY(36),
    purpose BIGINT NOT NULL,
    binding TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT,
    code_issue BIGINT NOT NULL,
    code_expires_at BIGINT,
    KEY usermgmt_tokens_user (user_id, purpose, created_at, id),
    KEY usermgmt_tokens_over (expires_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE IF NOT EXISTS usermgmt_sessions (
    id BINARY(16) NOT NULL PRIMARY KEY,
    user_id VARBINARY(36) NOT NULL,
    generation BIGINT NOT NULL,
    rotated_at BIGINT,
    created_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    max_expires_at BIGINT NOT NULL,
    auth_time BIGINT NOT NULL,
    amr TEXT NOT NULL,
    ip VARBINARY(45),
    user_agent TEXT,
    KEY usermgmt_sessions_user (user_id),
    KEY usermgmt_sessions_over (expires_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE IF NOT EXISTS usermgmt_totp (
    user_id VARBINARY(36) NOT NULL PRIMARY KEY,
    confirmed_id VARBINARY(36),
    confirmed_sealed BLOB,
    confirmed_at BIGINT,
    pending_id VARBINARY(36),
    pending_sealed BLOB,
    pending_at BIGINT,
    last_step BIGINT NOT NULL
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE IF NOT EXISTS usermgmt_recovery_codes (
    user_id VARBINARY(36) NOT NULL,
    hash VARBINARY(64) NOT NULL,
    PRIMARY KEY (user_id, hash)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE IF NOT EXISTS usermgmt_devices (
    user_id VARBINARY(36) NOT NULL,
    device VARBINARY(64) NOT NULL,
    used_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, device),
    KEY usermgmt_devices_over (used_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE IF NOT EXISTS usermgmt_service_keys (
    id VARBINARY(36) NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    hash VARBINARY(64) NOT NULL,
    allow_admin BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT,
    revoked_at BIGINT
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE IF NOT EXISTS usermgmt_root_keys (
    id VARBINARY(64) NOT NULL PRIMARY KEY,
    fingerprint TEXT NOT NULL,
    created_at BIGINT NOT NULL
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE IF NOT EXISTS usermgmt_outbox (
    id VARBINARY(36) NOT NULL PRIMARY KEY,
    kind VARBINARY(32) NOT NULL,
    user_id VARBINARY(36),
    recipient TEXT NOT NULL,
    recipient_canonical VARBINARY(320) NOT NULL,
    locale TEXT,
    tokens TEXT NOT NULL,
    params MEDIUMTEXT NOT NULL,
    created_at BIGINT NOT NULL,
    next_attempt_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    last_error MEDIUMTEXT,
    dead_at BIGINT,
    lease BINARY(16),
    leased_until BIGINT,
    KEY usermgmt_outbox_due (dead_at, next_attempt_at, id),
    KEY usermgmt_outbox_leased (leased_until),
    KEY usermgmt_outbox_user (user_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE IF NOT EXISTS usermgmt_audit (
    id VARBINARY(36) NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    user_id VARBINARY(36),
    action TEXT NOT NULL,
    detail TEXT NOT NULL,
    KEY usermgmt_audit_user (user_id, id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE IF NOT EXISTS usermgmt_counters (
    name VARBINARY(64) NOT NULL PRIMARY KEY,
    hits BIGINT NOT NULL,
    resets_at BIGINT NOT NULL,
    KEY usermgmt_counters_over (resets_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE IF NOT EXISTS usermgmt_commits (
    id BINARY(16) NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    KEY usermgmt_commits_over (at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
