-- Every statement can be run again: MySQL commits each, and a migration that was
-- cut off begins anew.

-- Who did what the audit log tells of, and from where.
SET @usermgmt = IF(
    EXISTS (SELECT 1 FROM information_schema.columns
        WHERE table_schema = DATABASE() AND table_name = 'usermgmt_audit' AND column_name = 'actor'),
    'DO 0',
    'ALTER TABLE usermgmt_audit
        ADD COLUMN actor VARBINARY(16) NOT NULL DEFAULT ''user'',
        ADD COLUMN actor_id VARBINARY(64),
        ADD COLUMN ip TEXT,
        ADD COLUMN user_agent TEXT,
        ADD COLUMN request_id TEXT'
);
PREPARE usermgmt FROM @usermgmt;
EXECUTE usermgmt;
DEALLOCATE PREPARE usermgmt;

-- Lists that must follow one another write the row of their kind.
CREATE TABLE IF NOT EXISTS usermgmt_turns (
    name VARBINARY(32) NOT NULL PRIMARY KEY,
    turn BIGINT NOT NULL
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
INSERT IGNORE INTO usermgmt_turns (name, turn) VALUES ('admins', 0);

-- Few users are administrators: they are found, and missed, at once.
SET @usermgmt = IF(
    EXISTS (SELECT 1 FROM information_schema.statistics
        WHERE table_schema = DATABASE() AND table_name = 'usermgmt_users'
        AND index_name = 'usermgmt_users_role'),
    'DO 0',
    'CREATE INDEX usermgmt_users_role ON usermgmt_users (role, id)'
);
PREPARE usermgmt FROM @usermgmt;
EXECUTE usermgmt;
DEALLOCATE PREPARE usermgmt;
