-- Who did what the audit log tells of, and from where.
ALTER TABLE usermgmt_audit ADD COLUMN actor TEXT NOT NULL DEFAULT 'user';
ALTER TABLE usermgmt_audit ADD COLUMN actor_id TEXT;
ALTER TABLE usermgmt_audit ADD COLUMN ip TEXT;
ALTER TABLE usermgmt_audit ADD COLUMN user_agent TEXT;
ALTER TABLE usermgmt_audit ADD COLUMN request_id TEXT;

-- Lists that must follow one another write the row of their kind.
CREATE TABLE usermgmt_turns (
    name TEXT NOT NULL PRIMARY KEY,
    turn INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO usermgmt_turns (name, turn) VALUES ('admins', 0);

-- Few users are administrators: they are found, and missed, at once.
CREATE INDEX usermgmt_users_role ON usermgmt_users (role, id);
