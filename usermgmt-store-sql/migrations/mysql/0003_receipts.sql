-- A statement of this kind commits by itself, so each can be run again: what is
-- there already is looked up, since MySQL has no ADD COLUMN IF NOT EXISTS.

-- Which generation of a session its client has received, and which were replayed.
SET @usermgmt_ddl = IF(
    (SELECT COUNT(*) FROM information_schema.columns
     WHERE table_schema = DATABASE() AND table_name = 'usermgmt_sessions' AND column_name = 'received') = 0,
    'ALTER TABLE usermgmt_sessions ADD COLUMN received BIGINT, ADD COLUMN received_at BIGINT, ADD COLUMN replayed BIGINT, ADD COLUMN replays BIGINT NOT NULL DEFAULT 0',
    'DO 0');
PREPARE usermgmt_ddl FROM @usermgmt_ddl;
EXECUTE usermgmt_ddl;
DEALLOCATE PREPARE usermgmt_ddl;
