-- What the lists for administrators are read by.
--
-- The keys of names, `mfa` and `last_sign_in_at` are written with the user, by
-- this version on; `indexed_at` is the `updated_at` that they are of. Rows that
-- another version has written since are `behind`, and purge fills them in.
-- `facets` is what users are filtered by, as bits: 1 confirmed, 2 disabled,
-- 4 second factor, 8 administrator; of a tombstone it is NULL.
ALTER TABLE usermgmt_users ADD COLUMN mfa INTEGER NOT NULL DEFAULT 0;
ALTER TABLE usermgmt_users ADD COLUMN last_sign_in_at INTEGER;
ALTER TABLE usermgmt_users ADD COLUMN first_name_key TEXT NOT NULL DEFAULT '';
ALTER TABLE usermgmt_users ADD COLUMN last_name_key TEXT NOT NULL DEFAULT '';
ALTER TABLE usermgmt_users ADD COLUMN indexed_at INTEGER;
ALTER TABLE usermgmt_users ADD COLUMN full_name_key TEXT GENERATED ALWAYS AS (
    CASE WHEN first_name_key = '' OR last_name_key = '' THEN first_name_key
    ELSE first_name_key || ' ' || last_name_key END) VIRTUAL;
ALTER TABLE usermgmt_users ADD COLUMN facets INTEGER GENERATED ALWAYS AS (
    CASE WHEN deleted_at IS NULL THEN
        CASE WHEN email_confirmed_at IS NULL THEN 0 ELSE 1 END
        + CASE WHEN disabled_at IS NULL THEN 0 ELSE 2 END
        + CASE WHEN mfa = 0 THEN 0 ELSE 4 END
        + CASE WHEN role = 'admin' THEN 8 ELSE 0 END
    END) VIRTUAL;
ALTER TABLE usermgmt_users ADD COLUMN behind INTEGER GENERATED ALWAYS AS (
    CASE WHEN deleted_at IS NULL AND (indexed_at IS NULL OR indexed_at <> updated_at)
    THEN 1 END) VIRTUAL;

CREATE INDEX usermgmt_users_by_created ON usermgmt_users (facets, created_at, id);
CREATE INDEX usermgmt_users_by_username ON usermgmt_users (facets, username_canonical, id);
CREATE INDEX usermgmt_users_by_email ON usermgmt_users (facets, email_canonical, id);
CREATE INDEX usermgmt_users_by_full_name ON usermgmt_users (facets, full_name_key, id);
CREATE INDEX usermgmt_users_by_last_name ON usermgmt_users (facets, last_name_key, id);
CREATE INDEX usermgmt_users_behind ON usermgmt_users (behind) WHERE behind IS NOT NULL;

CREATE INDEX usermgmt_audit_by_time ON usermgmt_audit (at, id);
CREATE INDEX usermgmt_audit_by_user ON usermgmt_audit (user_id, at, id);
CREATE INDEX usermgmt_audit_by_actor ON usermgmt_audit (actor_id, at, id);
CREATE INDEX usermgmt_audit_by_action ON usermgmt_audit (action, at, id);
