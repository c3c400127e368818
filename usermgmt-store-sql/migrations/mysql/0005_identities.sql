-- Who users are to providers that sign them in. Issuer and subject are one user's.
CREATE TABLE IF NOT EXISTS usermgmt_identities (
    issuer VARBINARY(255) NOT NULL,
    subject VARBINARY(255) NOT NULL,
    id VARBINARY(36) NOT NULL,
    user_id VARBINARY(36) NOT NULL,
    provider TEXT NOT NULL,
    email TEXT,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT,
    PRIMARY KEY (issuer, subject),
    KEY usermgmt_identities_user (user_id, id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
