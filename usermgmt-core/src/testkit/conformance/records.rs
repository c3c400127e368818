//! Service keys, root keys, the audit log.

use std::sync::Arc;

use super::kit::{DAY, Kit, MS, NOW, SECOND, read};
use super::show::same;
use crate::clock::Timestamp;
use crate::model::audit::AuditEntry;
use crate::model::ids::{AuditId, ServiceKeyId};
use crate::model::service_key::ServiceKey;
use crate::store::{Change, Guard, Store};

fn root_key(id: &str, fingerprint: &str) -> Change {
    Change::InsertRootKey { id: id.to_owned(), fingerprint: fingerprint.to_owned(), at: NOW }
}

fn revoke(key: &ServiceKey, at: Timestamp) -> Change {
    Change::RevokeServiceKey { id: key.id.clone(), at }
}

fn touch(key: &ServiceKey, at: Timestamp) -> Change {
    Change::TouchServiceKey { id: key.id.clone(), at }
}

#[track_caller]
fn key_is(kit: &Kit, expected: &ServiceKey) -> impl Future<Output = ()> {
    let at = std::panic::Location::caller();
    let (store, expected) = (Arc::clone(&kit.store), expected.clone());
    async move {
        let found = read(store.service_key(&expected.id).await);
        same(&format!("{at}: the key"), &found, &Some(expected));
    }
}

pub async fn every_field_of_a_service_key_round_trips(store: Arc<dyn Store>) {
    let kit = Kit::new(store);
    let full = ServiceKey {
        allow_admin: true,
        created_at: NOW - DAY,
        last_used_at: Some(NOW - SECOND),
        revoked_at: Some(NOW - MS),
        ..kit.service_key("Faktura–Dienst 😀 \"1\"")
    };
    let empty = kit.service_key("");
    for key in [full, empty] {
        kit.applied([Change::InsertServiceKey(key.clone())]).await;
        key_is(&kit, &key).await;
    }
    let unknown = ServiceKeyId::generate(NOW, &kit.rng);
    let found = read(kit.store.service_key(&unknown).await);
    same("an unknown key", &found, &None);
}

pub async fn a_service_key_id_is_taken_once_and_a_name_may_repeat(store: Arc<dyn Store>) {
    let kit = Kit::new(store);
    let key = kit.service_key("billing");
    kit.applied([Change::InsertServiceKey(key.clone())]).await;
    let other = ServiceKey { id: key.id.clone(), ..kit.service_key("other") };
    kit.refused(Guard::Exists, [Change::InsertServiceKey(other)]).await;
    let namesake = kit.service_key("billing");
    kit.applied([Change::InsertServiceKey(namesake)]).await;
}

pub async fn a_service_key_is_revoked_once(store: Arc<dyn Store>) {
    let kit = Kit::new(store);
    let key = kit.service_key("billing");
    let other = kit.service_key("other");
    kit.applied([&key, &other].map(|key| Change::InsertServiceKey(key.clone()))).await;
    kit.applied([revoke(&key, NOW + SECOND)]).await;
    let revoked = ServiceKey { revoked_at: Some(NOW + SECOND), ..key.clone() };
    key_is(&kit, &revoked).await;
    key_is(&kit, &other).await;
    kit.refused(Guard::ServiceKey, [revoke(&key, NOW + SECOND)]).await;
    let unknown = kit.service_key("unknown");
    kit.refused(Guard::ServiceKey, [revoke(&unknown, NOW)]).await;
}

pub async fn the_last_use_of_a_service_key_is_kept(store: Arc<dyn Store>) {
    let kit = Kit::new(store);
    let key = kit.service_key("billing");
    kit.applied([Change::InsertServiceKey(key.clone())]).await;
    for at in [NOW, NOW, NOW + SECOND] {
        kit.applied([touch(&key, at)]).await;
        let used = ServiceKey { last_used_at: Some(at), ..key.clone() };
        key_is(&kit, &used).await;
    }
    kit.applied([touch(&kit.service_key("unknown"), NOW)]).await;
}

pub async fn service_keys_are_paged_by_id(store: Arc<dyn Store>) {
    let kit = Kit::new(store);
    let mut keys: Vec<ServiceKey> = (0..7u32)
        .map(|n| ServiceKey {
            id: ServiceKeyId::generate(NOW + (n * 5 % 7) * SECOND, &kit.rng),
            revoked_at: (n % 2 == 0).then_some(NOW),
            ..kit.service_key(&format!("key {n}"))
        })
        .collect();
    let list: Vec<Change> = keys.iter().cloned().map(Change::InsertServiceKey).collect();
    kit.applied(list).await;
    keys.sort_by(|a, b| a.id.cmp(&b.id));
    let mut seen = Vec::new();
    let mut after: Option<ServiceKeyId> = None;
    loop {
        let page = read(kit.store.service_keys(after.as_ref(), 3).await);
        let Some(last) = page.last() else { break };
        assert!(page.len() <= 3, "a page of {}", page.len());
        after = Some(last.id.clone());
        seen.extend(page);
        assert!(seen.len() <= keys.len(), "the pages never end");
    }
    same("all pages", &seen, &keys);
}

pub async fn a_root_key_is_recorded_once(store: Arc<dyn Store>) {
    let kit = Kit::new(store);
    same("none", &read(kit.store.root_keys().await), &vec![]);
    kit.applied([root_key("k1", "f1")]).await;
    kit.applied([root_key("K1", "f2")]).await;
    kit.refused(Guard::Exists, [root_key("k1", "f3")]).await;
    let mut keys = read(kit.store.root_keys().await);
    keys.sort();
    let expected = [("K1", "f2"), ("k1", "f1")]
        .map(|(id, fingerprint)| (id.to_owned(), fingerprint.to_owned()))
        .to_vec();
    same("the root keys", &keys, &expected);
}

pub async fn every_field_of_an_audit_entry_round_trips(store: Arc<dyn Store>) {
    let kit = Kit::new(store);
    let ann = kit.add_user("ann").await.id;
    let empty = kit.audit_entry(Some(&ann), "user.registered");
    let full = AuditEntry {
        id: AuditId::generate(NOW + SECOND, &kit.rng),
        at: NOW + SECOND,
        detail: ["first_name", "", "a,b", "\"😀\""].map(str::to_owned).to_vec(),
        ..kit.audit_entry(Some(&ann), "user.updated")
    };
    let list = [&empty, &full].map(|entry| Change::InsertAudit(entry.clone()));
    kit.applied(list).await;
    let found = read(kit.store.audit(&ann, None, 9).await);
    same("the entries", &found, &vec![empty, full]);
}

pub async fn an_audit_id_is_taken_once(store: Arc<dyn Store>) {
    let kit = Kit::new(store);
    let (ann, bob) = (kit.add_user("ann").await.id, kit.add_user("bob").await.id);
    let entry = kit.audit_entry(Some(&ann), "user.registered");
    kit.applied([Change::InsertAudit(entry.clone())]).await;
    let other = AuditEntry { id: entry.id, ..kit.audit_entry(Some(&bob), "user.deleted") };
    kit.refused(Guard::Exists, [Change::InsertAudit(other)]).await;
}

pub async fn a_users_audit_log_is_paged_by_id(store: Arc<dyn Store>) {
    let kit = Kit::new(store);
    let (ann, bob) = (kit.add_user("ann").await.id, kit.add_user("bob").await.id);
    let entry = |n: u32, user| AuditEntry {
        id: AuditId::generate(NOW + (n * 5 % 7) * SECOND, &kit.rng),
        ..kit.audit_entry(user, &format!("action {n}"))
    };
    let mut anns: Vec<AuditEntry> = (0..7).map(|n| entry(n, Some(&ann))).collect();
    let others = (0..7).map(|n| entry(n, if n % 2 == 0 { Some(&bob) } else { None }));
    let list: Vec<Change> = anns.iter().cloned().chain(others).map(Change::InsertAudit).collect();
    kit.applied(list).await;
    anns.sort_by(|a, b| a.id.cmp(&b.id));
    let mut seen = Vec::new();
    let mut after: Option<AuditId> = None;
    loop {
        let page = read(kit.store.audit(&ann, after.as_ref(), 3).await);
        let Some(last) = page.last() else { break };
        assert!(page.len() <= 3, "a page of {}", page.len());
        after = Some(last.id.clone());
        seen.extend(page);
        assert!(seen.len() <= anns.len(), "the pages never end");
    }
    same("all pages", &seen, &anns);
}

pub async fn a_store_that_answers_says_so(store: Arc<dyn Store>) {
    read(store.ping().await);
}

pub async fn a_stores_own_clock_shows_milliseconds_and_goes_on(store: Arc<dyn Store>) {
    let Some(first) = read(store.clock().await) else {
        return;
    };
    let second = read(store.clock().await);
    assert!(Some(first) <= second, "{second:?} after {first}");
    // Between the years 2020 and 2100: neither seconds nor microseconds.
    let plausible = 1_577_836_800_000..4_102_444_800_000;
    assert!(plausible.contains(&first.as_millis()), "{first}");
}
