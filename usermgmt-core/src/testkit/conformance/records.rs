//! Service keys, root keys, the audit log.

use std::sync::Arc;

use super::fixture::{DAY, Fixture, MS, NOW, SECOND, read};
use super::show::same;
use crate::clock::Timestamp;
use crate::model::audit::{Actor, AuditEntry, Origin};
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
fn key_is(fixture: &Fixture, expected: &ServiceKey) -> impl Future<Output = ()> {
    let at = std::panic::Location::caller();
    let (store, expected) = (Arc::clone(&fixture.store), expected.clone());
    async move {
        let found = read(store.service_key(&expected.id).await);
        same(&format!("{at}: the key"), &found, &Some(expected));
    }
}

pub async fn every_field_of_a_service_key_round_trips(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let full = ServiceKey {
        allow_admin: true,
        created_at: NOW - DAY,
        last_used_at: Some(NOW - SECOND),
        revoked_at: Some(NOW - MS),
        ..fixture.service_key("Faktura–Dienst 😀 \"1\"")
    };
    let empty = fixture.service_key("");
    for key in [full, empty] {
        fixture.applied([Change::InsertServiceKey(key.clone())]).await;
        key_is(&fixture, &key).await;
    }
    let unknown = ServiceKeyId::generate(NOW, &fixture.rng);
    let found = read(fixture.store.service_key(&unknown).await);
    same("an unknown key", &found, &None);
}

pub async fn a_service_key_id_is_taken_once_and_a_name_may_repeat(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let key = fixture.service_key("billing");
    fixture.applied([Change::InsertServiceKey(key.clone())]).await;
    let other = ServiceKey { id: key.id.clone(), ..fixture.service_key("other") };
    fixture.refused(Guard::Exists, [Change::InsertServiceKey(other)]).await;
    let namesake = fixture.service_key("billing");
    fixture.applied([Change::InsertServiceKey(namesake)]).await;
}

pub async fn a_service_key_is_revoked_once(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let key = fixture.service_key("billing");
    let other = fixture.service_key("other");
    fixture.applied([&key, &other].map(|key| Change::InsertServiceKey(key.clone()))).await;
    fixture.applied([revoke(&key, NOW + SECOND)]).await;
    let revoked = ServiceKey { revoked_at: Some(NOW + SECOND), ..key.clone() };
    key_is(&fixture, &revoked).await;
    key_is(&fixture, &other).await;
    fixture.refused(Guard::ServiceKey, [revoke(&key, NOW + SECOND)]).await;
    let unknown = fixture.service_key("unknown");
    fixture.refused(Guard::ServiceKey, [revoke(&unknown, NOW)]).await;
}

pub async fn the_last_use_of_a_service_key_is_kept(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let key = fixture.service_key("billing");
    fixture.applied([Change::InsertServiceKey(key.clone())]).await;
    for at in [NOW, NOW, NOW + SECOND] {
        fixture.applied([touch(&key, at)]).await;
        let used = ServiceKey { last_used_at: Some(at), ..key.clone() };
        key_is(&fixture, &used).await;
    }
    fixture.applied([touch(&fixture.service_key("unknown"), NOW)]).await;
}

pub async fn service_keys_are_paged_by_id(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let mut keys: Vec<ServiceKey> = (0..7u32)
        .map(|n| ServiceKey {
            id: ServiceKeyId::generate(NOW + (n * 5 % 7) * SECOND, &fixture.rng),
            revoked_at: (n % 2 == 0).then_some(NOW),
            ..fixture.service_key(&format!("key {n}"))
        })
        .collect();
    let list: Vec<Change> = keys.iter().cloned().map(Change::InsertServiceKey).collect();
    fixture.applied(list).await;
    keys.sort_by(|a, b| a.id.cmp(&b.id));
    let mut seen = Vec::new();
    let mut after: Option<ServiceKeyId> = None;
    loop {
        let page = read(fixture.store.service_keys(after.as_ref(), 3).await);
        let Some(last) = page.last() else { break };
        assert!(page.len() <= 3, "a page of {}", page.len());
        after = Some(last.id.clone());
        seen.extend(page);
        assert!(seen.len() <= keys.len(), "the pages never end");
    }
    same("all pages", &seen, &keys);
}

pub async fn a_root_key_is_recorded_once(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    same("none", &read(fixture.store.root_keys().await), &vec![]);
    fixture.applied([root_key("k1", "f1")]).await;
    fixture.applied([root_key("K1", "f2")]).await;
    fixture.refused(Guard::Exists, [root_key("k1", "f3")]).await;
    let mut keys = read(fixture.store.root_keys().await);
    keys.sort();
    let expected = [("K1", "f2"), ("k1", "f1")]
        .map(|(id, fingerprint)| (id.to_owned(), fingerprint.to_owned()))
        .to_vec();
    same("the root keys", &keys, &expected);
}

pub async fn every_field_of_an_audit_entry_round_trips(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let ann = fixture.add_user("ann").await.id;
    let empty = fixture.audit_entry(Some(&ann), "user.registered");
    let full = AuditEntry {
        id: AuditId::generate(NOW + SECOND, &fixture.rng),
        at: NOW + SECOND,
        detail: ["first_name", "", "a,b", "\"😀\""].map(str::to_owned).to_vec(),
        origin: Origin {
            actor: Actor::Admin,
            actor_id: Some("an id".to_owned()),
            ip: Some([192, 0, 2, 1].into()),
            user_agent: Some("a browser \"😀\"".to_owned()),
            request_id: Some("01890a5d-ac96-774b-bcce-b302099a8057".to_owned()),
        },
        ..fixture.audit_entry(Some(&ann), "user.updated")
    };
    let list = [&empty, &full].map(|entry| Change::InsertAudit(entry.clone()));
    fixture.applied(list).await;
    let found = read(fixture.store.audit(&ann, None, 9).await);
    same("the entries", &found, &vec![empty, full]);
}

pub async fn an_audit_id_is_taken_once(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let (ann, bob) = (fixture.add_user("ann").await.id, fixture.add_user("bob").await.id);
    let entry = fixture.audit_entry(Some(&ann), "user.registered");
    fixture.applied([Change::InsertAudit(entry.clone())]).await;
    let other = AuditEntry { id: entry.id, ..fixture.audit_entry(Some(&bob), "user.deleted") };
    fixture.refused(Guard::Exists, [Change::InsertAudit(other)]).await;
}

pub async fn a_users_audit_log_is_paged_by_id(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let (ann, bob) = (fixture.add_user("ann").await.id, fixture.add_user("bob").await.id);
    let entry = |n: u32, user| AuditEntry {
        id: AuditId::generate(NOW + (n * 5 % 7) * SECOND, &fixture.rng),
        ..fixture.audit_entry(user, &format!("action {n}"))
    };
    let mut anns: Vec<AuditEntry> = (0..7).map(|n| entry(n, Some(&ann))).collect();
    let others = (0..7).map(|n| entry(n, if n % 2 == 0 { Some(&bob) } else { None }));
    let list: Vec<Change> = anns.iter().cloned().chain(others).map(Change::InsertAudit).collect();
    fixture.applied(list).await;
    anns.sort_by(|a, b| a.id.cmp(&b.id));
    let mut seen = Vec::new();
    let mut after: Option<AuditId> = None;
    loop {
        let page = read(fixture.store.audit(&ann, after.as_ref(), 3).await);
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
