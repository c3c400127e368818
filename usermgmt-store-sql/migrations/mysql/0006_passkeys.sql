-- A statement of this kind commits by itself, so it can be run again.

-- Public keys by which people sign in. The id follows from the authenticator's own,
-- so that no two accounts have one passkey.
CREATE TABLE IF NOT EXISTS usermgmt_passkeys (
    id VARBINARY(43) NOT NULL PRIMARY KEY,
    user_id VARBINARY(36) NOT NULL,
    handle VARBINARY(36) NOT NULL,
    name TEXT NOT NULL,
    credential TEXT NOT NULL,
    counter BIGINT NOT NULL,
    backed_up BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT,
    KEY usermgmt_passkeys_user (user_id, created_at, id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
