//! What is over.

use super::state::{State, UserRow};
use crate::clock::Timestamp;
use crate::model::audit::AuditEntry;
use crate::model::ids::UserId;
use crate::store::{COMMIT_ID_LIFE, DEVICE_LIFE, EXPIRED_TOKEN_LIFE};

impl State {
    /// Deletes what is over, at most `limit` rows, and says how many.
    pub(super) fn purge(&mut self, now: Timestamp, limit: u64) -> u64 {
        let mut left = limit;
        left -= self.sessions.sweep(left, |row| row.expires_at <= now);
        left -= self.counters.sweep(left, |row| row.resets_at <= now);
        left -= self.identifiers.sweep(left, |row| !row.is_held(now));
        left -= self.commits.sweep(left, |row| row.at + COMMIT_ID_LIFE <= now);
        left -= self.tokens.sweep(left, |row| row.expires_at + EXPIRED_TOKEN_LIFE <= now);
        left -= self.devices.sweep(left, |row| row.used_at + DEVICE_LIFE <= now);
        left -= self.purge_deleted_users(left);
        self.commit();
        limit - left
    }

    /// Deletes entries of the audit log, at most `limit`, and says how many.
    pub(super) fn purge_audit(&mut self, before: Timestamp, limit: u64) -> u64 {
        let gone = self.audit.sweep(limit, |entry| entry.at < before);
        self.commit();
        gone
    }

    /// Clears where the user was from entries, at most `limit`, and says how many.
    fn clear_origins(&mut self, id: &UserId, limit: u64) -> u64 {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let cleared: Vec<AuditEntry> =
            self.audit.rows().filter_map(|entry| entry.without_traces(id)).take(limit).collect();
        let count = cleared.len();
        cleared.into_iter().for_each(|entry| self.audit.put(entry));
        u64::try_from(count).unwrap_or(u64::MAX)
    }

    fn purge_deleted_users(&mut self, limit: u64) -> u64 {
        let deleted: Vec<UserId> = self
            .users
            .rows()
            .filter_map(|row| match row {
                UserRow::Tombstone(id) => Some(id.clone()),
                UserRow::Present(_) => None,
            })
            .take(usize::try_from(limit).unwrap_or(usize::MAX))
            .collect();
        let mut left = limit;
        for id in &deleted {
            left -= self.identifiers.sweep_of(id, left);
            left -= self.tokens.sweep_of(id, left);
            left -= self.sessions.sweep_of(id, left);
            left -= self.factors.sweep_of(id, left);
            left -= self.recovery_codes.sweep_of(id, left);
            left -= self.identities.sweep_of(id, left);
            left -= self.passkeys.sweep_of(id, left);
            left -= self.devices.sweep_of(id, left);
            left -= self.mails.sweep_of(id, left);
            left -= self.clear_origins(id, left);
            // The tombstone goes last: it is what the rest is found by.
            if left == 0 {
                break;
            }
            left -= u64::from(self.users.remove(id));
        }
        limit - left
    }
}
