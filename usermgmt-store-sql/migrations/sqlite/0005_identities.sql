-- Who users are to providers that sign them in. Issuer and subject are one user's.
CREATE TABLE usermgmt_identities (
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    provider TEXT NOT NULL,
    email TEXT,
    created_at INTEGER NOT NULL,
    last_used_at INTEGER,
    PRIMARY KEY (issuer, subject)
) STRICT, WITHOUT ROWID;
CREATE INDEX usermgmt_identities_user ON usermgmt_identities (user_id, id);
