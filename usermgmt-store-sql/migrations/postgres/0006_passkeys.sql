-- Public keys by which people sign in. The id follows from the authenticator's own,
-- so that no two accounts have one passkey.
CREATE TABLE usermgmt_passkeys (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    user_id TEXT COLLATE "C" NOT NULL,
    handle TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    credential TEXT COLLATE "C" NOT NULL,
    counter BIGINT NOT NULL,
    backed_up BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT
);
CREATE INDEX usermgmt_passkeys_user ON usermgmt_passkeys (user_id, created_at, id);
