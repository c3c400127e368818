//! A table that can take back what was written since the last commit.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use crate::model::ids::UserId;

/// A row, found by its key and by the user it belongs to.
pub(super) trait Row: 'static {
    /// What it is found by.
    type Key: Clone + Ord + 'static;

    /// Its key.
    fn key(&self) -> Self::Key;

    /// Whose it is.
    fn owner(&self) -> Option<&UserId>;
}

/// Rows in the order of their keys.
pub(super) struct Table<R: Row> {
    rows: BTreeMap<R::Key, R>,
    by_owner: BTreeMap<UserId, BTreeSet<R::Key>>,
    journal: Vec<(R::Key, Option<R>)>,
}

impl<R: Row> Default for Table<R> {
    fn default() -> Self {
        Self { rows: BTreeMap::new(), by_owner: BTreeMap::new(), journal: Vec::new() }
    }
}

impl<R: Row> Table<R> {
    pub(super) fn get(&self, key: &R::Key) -> Option<&R> {
        self.rows.get(key)
    }

    pub(super) fn contains(&self, key: &R::Key) -> bool {
        self.rows.contains_key(key)
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = &R> {
        self.rows.values()
    }

    /// Rows after the key, in the order of their keys.
    pub(super) fn after(&self, key: Option<&R::Key>) -> impl Iterator<Item = &R> {
        let from = key.map_or(Bound::Unbounded, Bound::Excluded);
        self.rows.range((from, Bound::Unbounded)).map(|(_, row)| row)
    }

    /// The user's rows, in the order of their keys.
    pub(super) fn of(&self, owner: &UserId) -> impl Iterator<Item = &R> {
        self.of_after(owner, None)
    }

    /// The user's rows after the key, in the order of their keys.
    pub(super) fn of_after(
        &self,
        owner: &UserId,
        key: Option<&R::Key>,
    ) -> impl Iterator<Item = &R> {
        let from = key.map_or(Bound::Unbounded, Bound::Excluded);
        self.by_owner
            .get(owner)
            .into_iter()
            .flat_map(move |keys| keys.range((from, Bound::Unbounded)))
            .filter_map(|key| self.rows.get(key))
    }

    /// Writes a row, in place of one with the same key.
    pub(super) fn put(&mut self, row: R) {
        let key = row.key();
        let before = self.replace(&key, Some(row));
        self.journal.push((key, before));
    }

    /// Removes a row.
    pub(super) fn remove(&mut self, key: &R::Key) -> bool {
        let before = self.replace(key, None);
        let found = before.is_some();
        if found {
            self.journal.push((key.clone(), before));
        }
        found
    }

    /// Removes at most `limit` rows that are `over`, and says how many.
    pub(super) fn sweep(&mut self, limit: u64, over: impl Fn(&R) -> bool) -> u64 {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let keys: Vec<R::Key> =
            self.rows().filter(|row| over(row)).take(limit).map(Row::key).collect();
        keys.iter().map(|key| u64::from(self.remove(key))).sum()
    }

    /// Removes at most `limit` of the user's rows, and says how many.
    pub(super) fn sweep_of(&mut self, owner: &UserId, limit: u64) -> u64 {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let keys: Vec<R::Key> = self.of(owner).take(limit).map(Row::key).collect();
        keys.iter().map(|key| u64::from(self.remove(key))).sum()
    }

    fn replace(&mut self, key: &R::Key, row: Option<R>) -> Option<R> {
        let owner = row.as_ref().and_then(|row| row.owner().cloned());
        let before = match row {
            Some(row) => self.rows.insert(key.clone(), row),
            None => self.rows.remove(key),
        };
        if let Some(owner) = before.as_ref().and_then(Row::owner)
            && let Some(keys) = self.by_owner.get_mut(owner)
        {
            keys.remove(key);
            if keys.is_empty() {
                self.by_owner.remove(owner);
            }
        }
        if let Some(owner) = owner {
            self.by_owner.entry(owner).or_default().insert(key.clone());
        }
        before
    }
}

/// What ends a list of changes, one way or the other.
pub(super) trait Journal {
    /// What was written stays.
    fn commit(&mut self);

    /// What was written since the last commit is taken back.
    fn roll_back(&mut self);
}

impl<R: Row> Journal for Table<R> {
    fn commit(&mut self) {
        self.journal.clear();
    }

    fn roll_back(&mut self) {
        while let Some((key, before)) = self.journal.pop() {
            self.replace(&key, before);
        }
    }
}
