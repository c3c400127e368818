//! Counters: a window that begins with the first attempt, whatever else fails.

use std::sync::Arc;

use super::fixture::{DAY, Fixture, HOUR, MS, NOW, SECOND, audit_twice, read};
use super::show::same;
use crate::clock::Timestamp;
use crate::store::{Count, Guard, Hit, Store};

fn hit(key: &str) -> Hit {
    Hit { key: key.to_owned(), window: HOUR }
}

fn count(count: i64, resets_at: Timestamp) -> Count {
    Count { count, resets_at }
}

async fn hit_one(store: &dyn Store, key: &str, now: Timestamp) -> Count {
    let counts = read(store.hit(&[hit(key)], now).await);
    match counts[..] {
        [count] => count,
        _ => panic!("one hit was counted as {counts:?}"),
    }
}

pub async fn attempts_add_up_in_a_window_that_begins_with_the_first(store: Arc<dyn Store>) {
    let end = NOW + HOUR;
    let times = [NOW, NOW, NOW + SECOND, end - MS];
    for (number, now) in (1..).zip(times) {
        let found = hit_one(store.as_ref(), "key", now).await;
        same(&format!("attempt {number}"), &found, &count(number, end));
    }
    let found = hit_one(store.as_ref(), "key", end).await;
    same("at the end of the window", &found, &count(1, end + HOUR));
    let later = end + DAY;
    let found = hit_one(store.as_ref(), "key", later).await;
    same("long after", &found, &count(1, later + HOUR));
}

pub async fn several_counters_are_hit_at_once_each_with_its_window(store: Arc<dyn Store>) {
    let hits = [hit("a"), Hit { key: "b".to_owned(), window: DAY }, hit("c")];
    same("the first of b", &hit_one(store.as_ref(), "b", NOW).await, &count(1, NOW + HOUR));
    let later = NOW + 2 * HOUR;
    hit_one(store.as_ref(), "c", later).await;
    let found = read(store.hit(&hits, later).await);
    let expected = vec![count(1, later + HOUR), count(1, later + DAY), count(2, later + HOUR)];
    same("in the order asked", &found, &expected);
    let reversed: Vec<Hit> = hits.iter().rev().cloned().collect();
    let found = read(store.hit(&reversed, later).await);
    let expected = vec![count(3, later + HOUR), count(2, later + DAY), count(2, later + HOUR)];
    same("in the other order", &found, &expected);
    same("none", &read(store.hit(&[], later).await), &vec![]);
}

pub async fn counters_are_told_apart_byte_by_byte(store: Arc<dyn Store>) {
    let long = "k".repeat(64);
    for key in ["key", "KEY", "key ", &long, &long[1..]] {
        let found = hit_one(store.as_ref(), key, NOW).await;
        same(key, &found, &count(1, NOW + HOUR));
    }
}

pub async fn an_attempt_given_back_does_not_count(store: Arc<dyn Store>) {
    let keys = ["a", "b"].map(str::to_owned);
    for _ in 0..2 {
        read(store.hit(&[hit("a"), hit("b")], NOW).await);
    }
    read(store.give_back(&keys).await);
    for key in ["a", "b"] {
        let found = hit_one(store.as_ref(), key, NOW + SECOND).await;
        same(key, &found, &count(2, NOW + HOUR));
    }
}

pub async fn a_counter_never_goes_below_zero(store: Arc<dyn Store>) {
    let key = ["key".to_owned()];
    read(store.give_back(&key).await);
    hit_one(store.as_ref(), "key", NOW).await;
    for _ in 0..3 {
        read(store.give_back(&key).await);
    }
    let found = hit_one(store.as_ref(), "key", NOW).await;
    same("after three given back", &found, &count(1, NOW + HOUR));
}

pub async fn a_cleared_counter_starts_afresh(store: Arc<dyn Store>) {
    for key in ["cleared", "kept", "cleared", "kept"] {
        hit_one(store.as_ref(), key, NOW).await;
    }
    read(store.clear_count("cleared").await);
    read(store.clear_count("unknown").await);
    let later = NOW + SECOND;
    let found = hit_one(store.as_ref(), "cleared", later).await;
    same("cleared", &found, &count(1, later + HOUR));
    let found = hit_one(store.as_ref(), "kept", later).await;
    same("kept", &found, &count(3, NOW + HOUR));
}

pub async fn a_count_survives_a_list_that_fails(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    hit_one(fixture.store.as_ref(), "key", NOW).await;
    let entry = fixture.audit_entry(None, "suite");
    fixture.refused(Guard::Exists, audit_twice(&entry)).await;
    let found = hit_one(fixture.store.as_ref(), "key", NOW).await;
    same("the second attempt", &found, &count(2, NOW + HOUR));
}
