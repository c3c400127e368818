//! Many at once, all starting together.

use std::sync::Arc;

use tokio::sync::Barrier;
use tokio::task::JoinSet;

use super::fixture::Fixture;
use crate::store::{Change, Changes, Guard, StoreError};

pub(super) const RACERS: usize = 32;

/// Runs all of them at once and answers in their order.
pub(super) async fn race<T, F>(runs: impl IntoIterator<Item = F>) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let runs: Vec<F> = runs.into_iter().collect();
    let start = Arc::new(Barrier::new(runs.len()));
    let mut tasks = JoinSet::new();
    for (number, run) in runs.into_iter().enumerate() {
        let start = Arc::clone(&start);
        tasks.spawn(async move {
            start.wait().await;
            (number, run.await)
        });
    }
    let mut answers = tasks.join_all().await;
    answers.sort_by_key(|(number, _)| *number);
    answers.into_iter().map(|(_, answer)| answer).collect()
}

pub(super) async fn race_lists(
    fixture: &Fixture,
    lists: Vec<Changes>,
) -> Vec<Result<(), StoreError>> {
    race(lists.into_iter().map(|changes| {
        let store = Arc::clone(&fixture.store);
        async move { store.apply(&changes).await }
    }))
    .await
}

/// Exactly one was applied, all others failed with this guard.
#[track_caller]
pub(super) fn one_winner(what: &str, answers: &[Result<(), StoreError>], guard: Guard) -> usize {
    for answer in answers {
        let expected = match answer {
            Ok(()) => true,
            Err(error) => error.guard() == Some(guard),
        };
        assert!(expected, "{what}: expected {guard:?}, found {answer:?}");
    }
    let winners: Vec<usize> = (0..answers.len()).filter(|n| answers[*n].is_ok()).collect();
    match winners[..] {
        [winner] => winner,
        _ => panic!("{what}: won by {winners:?}"),
    }
}

/// All of them come at once with one change: alone, where it is one statement,
/// or in a list, where it is part of a transaction. One wins.
pub(super) async fn one_wins(
    fixture: &Fixture,
    guard: Guard,
    alone: bool,
    change: impl Fn(usize) -> Change,
) -> usize {
    let lists = (0..RACERS)
        .map(|number| {
            let mut list = vec![change(number)];
            if !alone {
                list.push(Change::InsertAudit(fixture.audit_entry(None, "race")));
            }
            fixture.list(list)
        })
        .collect();
    let what = format!("{:?}, alone: {alone}", change(0));
    one_winner(&what, &race_lists(fixture, lists).await, guard)
}
