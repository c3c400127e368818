-- Which generation of a session its client has received, and which were replayed.
ALTER TABLE usermgmt_sessions
    ADD COLUMN received BIGINT,
    ADD COLUMN received_at BIGINT,
    ADD COLUMN replayed BIGINT,
    ADD COLUMN replays BIGINT NOT NULL DEFAULT 0;
