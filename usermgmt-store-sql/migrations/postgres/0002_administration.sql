-- Who did what the audit log tells of, and from where.
ALTER TABLE usermgmt_audit
    ADD COLUMN actor TEXT COLLATE "C" NOT NULL DEFAULT 'user',
    ADD COLUMN actor_id TEXT COLLATE "C",
    ADD COLUMN ip TEXT,
    ADD COLUMN user_agent TEXT,
    ADD COLUMN request_id TEXT;

-- Lists that must follow one another write the row of their kind.
CREATE TABLE usermgmt_turns (
    name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    turn BIGINT NOT NULL
);
INSERT INTO usermgmt_turns (name, turn) VALUES ('admins', 0);

-- Few users are administrators: they are found, and missed, at once.
CREATE INDEX usermgmt_users_role ON usermgmt_users (role, id);
