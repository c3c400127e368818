-- A passkey counts as a second factor.
UPDATE usermgmt_users SET mfa = 1
WHERE mfa = 0 AND deleted_at IS NULL AND id IN (SELECT user_id FROM usermgmt_passkeys);
