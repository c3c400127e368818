-- Public keys by which people sign in. The id follows from the authenticator's own,
-- so that no two accounts have one passkey.
CREATE TABLE usermgmt_passkeys (
    id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL,
    handle TEXT NOT NULL,
    name TEXT NOT NULL,
    credential TEXT NOT NULL,
    counter INTEGER NOT NULL,
    backed_up INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    last_used_at INTEGER
) STRICT;
CREATE INDEX usermgmt_passkeys_user ON usermgmt_passkeys (user_id, created_at, id);
