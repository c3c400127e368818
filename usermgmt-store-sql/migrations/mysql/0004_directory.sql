-- Every statement can be run again: MySQL commits each, and a migration that was
-- cut off begins anew.

-- What the lists for administrators are read by.
--
-- The keys of names, `mfa` and `last_sign_in_at` are written with the user, by
-- this version on; `indexed_at` is the `updated_at` that they are of. Rows that
-- another version has written since are `behind`, and purge fills them in.
-- `facets` is what users are filtered by, as bits: 1 confirmed, 2 disabled,
-- 4 second factor, 8 administrator; of a tombstone it is NULL.
SET @usermgmt_ddl = IF(
    (SELECT COUNT(*) FROM information_schema.columns
     WHERE table_schema = DATABASE() AND table_name = 'usermgmt_users' AND column_name = 'facets') = 0,
    'ALTER TABLE usermgmt_users
        ADD COLUMN mfa BIGINT NOT NULL DEFAULT 0,
        ADD COLUMN last_sign_in_at BIGINT,
        ADD COLUMN first_name_key VARBINARY(255) NOT NULL DEFAULT '''',
        ADD COLUMN last_name_key VARBINARY(255) NOT NULL DEFAULT '''',
        ADD COLUMN indexed_at BIGINT,
        ADD COLUMN full_name_key VARBINARY(511) GENERATED ALWAYS AS (
            CASE WHEN first_name_key = '''' OR last_name_key = '''' THEN first_name_key
            ELSE CONCAT(first_name_key, '' '', last_name_key) END) VIRTUAL,
        ADD COLUMN facets BIGINT GENERATED ALWAYS AS (
            CASE WHEN deleted_at IS NULL THEN
                CASE WHEN email_confirmed_at IS NULL THEN 0 ELSE 1 END
                + CASE WHEN disabled_at IS NULL THEN 0 ELSE 2 END
                + CASE WHEN mfa = 0 THEN 0 ELSE 4 END
                + CASE WHEN role = ''admin'' THEN 8 ELSE 0 END
            END) VIRTUAL,
        ADD COLUMN behind BIGINT GENERATED ALWAYS AS (
            CASE WHEN deleted_at IS NULL AND (indexed_at IS NULL OR indexed_at <> updated_at)
            THEN 1 END) VIRTUAL',
    'DO 0');
PREPARE usermgmt_ddl FROM @usermgmt_ddl;
EXECUTE usermgmt_ddl;
DEALLOCATE PREPARE usermgmt_ddl;

SET @usermgmt_ddl = IF(
    (SELECT COUNT(*) FROM information_schema.statistics
     WHERE table_schema = DATABASE() AND table_name = 'usermgmt_users' AND index_name = 'usermgmt_users_by_created') = 0,
    'ALTER TABLE usermgmt_users
        ADD KEY usermgmt_users_by_created (facets, created_at, id),
        ADD KEY usermgmt_users_by_username (facets, username_canonical, id),
        ADD KEY usermgmt_users_by_email (facets, email_canonical, id),
        ADD KEY usermgmt_users_by_full_name (facets, full_name_key, id),
        ADD KEY usermgmt_users_by_last_name (facets, last_name_key, id),
        ADD KEY usermgmt_users_behind (behind)',
    'DO 0');
PREPARE usermgmt_ddl FROM @usermgmt_ddl;
EXECUTE usermgmt_ddl;
DEALLOCATE PREPARE usermgmt_ddl;

-- A text has no place in an index whole. Actions are short words.
SET @usermgmt_ddl = IF(
    (SELECT COUNT(*) FROM information_schema.statistics
     WHERE table_schema = DATABASE() AND table_name = 'usermgmt_audit' AND index_name = 'usermgmt_audit_by_time') = 0,
    'ALTER TABLE usermgmt_audit
        MODIFY COLUMN action VARBINARY(64) NOT NULL,
        ADD KEY usermgmt_audit_by_time (at, id),
        ADD KEY usermgmt_audit_by_user (user_id, at, id),
        ADD KEY usermgmt_audit_by_actor (actor_id, at, id),
        ADD KEY usermgmt_audit_by_action (action, at, id)',
    'DO 0');
PREPARE usermgmt_ddl FROM @usermgmt_ddl;
EXECUTE usermgmt_ddl;
DEALLOCATE PREPARE usermgmt_ddl;
