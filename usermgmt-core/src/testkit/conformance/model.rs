//! Random lists of changes, on the store and on the one in memory: both answer
//! the same and hold the same.

use std::sync::Arc;

use super::fixture::{EARLY, NOW, read, readable};
use super::random_changes::RandomChanges;
use super::scope::Scope;
use super::show::{numbered, same};
use super::snapshot::{same_reads, snapshot};
use crate::model::mail::OutboxMail;
use crate::store::{Changes, Guard, MemoryStore, Store, StoreError};

const LISTS: usize = 300;
/// How many lists run between two comparisons of all that can be read.
const STRIDE: usize = 20;

/// The guard that failed, where one did; any other failure ends the test.
fn outcome(answer: Result<(), StoreError>) -> Option<Guard> {
    match answer {
        Ok(()) => None,
        Err(StoreError::Conflict(guard)) => Some(guard),
        Err(error) => panic!("a list failed: {error:?}"),
    }
}

fn by_id(mut mails: Vec<OutboxMail>) -> Vec<OutboxMail> {
    mails.sort_by(|a, b| a.id.cmp(&b.id));
    mails
}

struct Pair {
    store: Arc<dyn Store>,
    model: Arc<dyn Store>,
    random_changes: RandomChanges,
    scope: Scope,
    applied: usize,
    refused: usize,
}

impl Pair {
    async fn apply(&mut self, what: &str, changes: &Changes) {
        self.scope.extend(changes.list());
        let found = outcome(self.store.apply(changes).await);
        let expected = outcome(self.model.apply(changes).await);
        assert!(
            found == expected,
            "{what}: the guard that failed, or none: {found:?}, expected {expected:?}, for\n{}",
            numbered(changes.list())
        );
        match expected {
            None => self.applied += 1,
            Some(_) => self.refused += 1,
        }
    }

    async fn other_calls(&self, what: &str) {
        let now = self.random_changes.time();
        match self.random_changes.below(8) {
            0 => {
                let (lease, until) = (self.random_changes.lease(), self.random_changes.time());
                let found = readable(self.store.claim_mail(lease, now, until, 100).await);
                let expected = readable(self.model.claim_mail(lease, now, until, 100).await);
                same(&format!("{what}: claimed mail"), &by_id(found), &by_id(expected));
            }
            1 => {
                let hits = self.random_changes.hits();
                let found = read(self.store.hit(&hits, now).await);
                let expected = read(self.model.hit(&hits, now).await);
                same(&format!("{what}: counters"), &found, &expected);
            }
            2 => {
                let keys: Vec<String> =
                    self.random_changes.hits().into_iter().map(|hit| hit.key).collect();
                read(self.store.give_back(&keys).await);
                read(self.model.give_back(&keys).await);
            }
            3 if self.random_changes.below(4) == 0 => {
                read(self.store.purge(now, 10_000).await);
                read(self.model.purge(now, 10_000).await);
            }
            _ => {}
        }
    }

    async fn compare(&self, what: &str) {
        for now in [EARLY, self.random_changes.time()] {
            let found = snapshot(self.store.as_ref(), &self.scope, now).await;
            let expected = snapshot(self.model.as_ref(), &self.scope, now).await;
            same_reads(&format!("{what}: read at {now}"), &found, &expected);
        }
    }

    async fn run(&mut self) {
        let rng = self.random_changes.rng().clone();
        for number in 1..=LISTS {
            let what = format!("{rng:?}, list {number}");
            let list = self.random_changes.list(self.model.as_ref()).await;
            let changes = Changes::new(list, NOW, &rng);
            self.apply(&what, &changes).await;
            if self.random_changes.below(6) == 0 {
                self.apply(&format!("{what}, again"), &changes).await;
            }
            self.other_calls(&what).await;
            if number % STRIDE == 0 {
                self.compare(&what).await;
            }
        }
        assert!(
            self.applied > LISTS / 6 && self.refused > LISTS / 6,
            "the random changes were drawn badly: {} lists applied, {} refused",
            self.applied,
            self.refused
        );
    }
}

async fn random_lists(store: Arc<dyn Store>, seed: u64) {
    let mut pair = Pair {
        store,
        model: Arc::new(MemoryStore::new()),
        random_changes: RandomChanges::new(seed),
        scope: Scope::default(),
        applied: 0,
        refused: 0,
    };
    pair.run().await;
}

pub async fn random_lists_do_what_they_do_to_the_model(store: Arc<dyn Store>) {
    random_lists(store, 1).await;
}

pub async fn other_random_lists_do_what_they_do_to_the_model(store: Arc<dyn Store>) {
    random_lists(store, 2).await;
}
