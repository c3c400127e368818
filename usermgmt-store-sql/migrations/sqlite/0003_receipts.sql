-- Which generation of a session its client has received, and which were replayed.
ALTER TABLE usermgmt_sessions ADD COLUMN received INTEGER;
ALTER TABLE usermgmt_sessions ADD COLUMN received_at INTEGER;
ALTER TABLE usermgmt_sessions ADD COLUMN replayed INTEGER;
ALTER TABLE usermgmt_sessions ADD COLUMN replays INTEGER NOT NULL DEFAULT 0;
