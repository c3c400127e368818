//! Lists of changes: whole or not at all, and once however often they arrive.

use std::sync::Arc;

use super::fixture::{
    DAY, EARLY, Fixture, NOW, audit_twice, claim, insert_user, read, readable, username_id,
};
use super::show::{numbered, same};
use super::snapshot::same_reads;
use super::world::World;
use crate::model::identifier::IdentifierKind;
use crate::model::ids::LeaseId;
use crate::model::mail::OutboxMail;
use crate::store::{Change, Changes, Guard, MemoryStore, Store, StoreError, UserPatch};

/// All mail that is still tried, taken by one worker long after everything is due.
async fn all_mail(fixture: &Fixture) -> Vec<OutboxMail> {
    let lease = LeaseId::from_bytes([7; 16]);
    let now = NOW + DAY;
    let mut mails = readable(fixture.store.claim_mail(lease, now, now + DAY, 100).await);
    mails.sort_by(|a, b| a.id.cmp(&b.id));
    mails
}

#[track_caller]
fn applied(answer: Result<(), StoreError>) {
    if let Err(error) = answer {
        panic!("all guards of this list hold, but the store answered {error:?}");
    }
}

pub async fn one_of_every_change_in_one_list_does_what_the_model_does(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let model = Fixture::new(Arc::new(MemoryStore::new()));
    for fixture in [&fixture, &model] {
        let world = World::build(fixture).await;
        let changes = world.every_change(fixture);
        fixture.applied(changes.into_iter().map(|(c, _)| c).collect::<Vec<_>>()).await;
    }
    for now in [EARLY, NOW, NOW + DAY] {
        let (found, expected) = (fixture.everything(now).await, model.everything(now).await);
        same_reads(&format!("read at {now}"), &found, &expected);
    }
    same("all mail", &all_mail(&fixture).await, &all_mail(&model).await);
}

pub async fn every_change_alone_does_what_the_model_does(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let model = Fixture::new(Arc::new(MemoryStore::new()));
    let mut lists = Vec::new();
    for fixture in [&fixture, &model] {
        let world = World::build(fixture).await;
        lists.push(world.every_change(fixture));
    }
    let steps = lists.remove(0).into_iter().zip(lists.remove(0));
    for ((change, again), (same_change, _)) in steps {
        let after = format!("read after {change:?}");
        fixture.applied([change.clone()]).await;
        model.applied([same_change]).await;
        if let Some(guard) = again {
            fixture.refused(guard, [change]).await;
        }
        let (found, expected) = (fixture.everything(NOW).await, model.everything(NOW).await);
        same_reads(&after, &found, &expected);
    }
    same("all mail", &all_mail(&fixture).await, &all_mail(&model).await);
}

pub async fn a_list_whose_last_change_fails_leaves_nothing_of_the_others(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let world = World::build(&fixture).await;
    let changes: Vec<Change> =
        world.every_change(&fixture).into_iter().map(|(change, _)| change).collect();
    // Entries of the audit log run last, and this one is there already.
    let fails = Change::InsertAudit(world.entry.clone());
    let mut lists: Vec<Vec<Change>> =
        changes.iter().map(|change| vec![change.clone(), fails.clone()]).collect();
    let mut all = changes.clone();
    all.push(fails);
    lists.push(all);
    for list in lists {
        let changes = fixture.list(list);
        match fixture.store.apply(&changes).await {
            Err(StoreError::Conflict(Guard::Exists)) => {}
            other => panic!(
                "the last change of this list fails with Err(Conflict(Exists)), but the store \
                 answered\n  {other:?}\nto\n{}",
                numbered(changes.list())
            ),
        }
    }
    // The same world, to which none of it was done, read for the same rows.
    let clean = Fixture::new(Arc::new(MemoryStore::new()));
    let same_world = World::build(&clean).await;
    clean.list(
        same_world.every_change(&clean).into_iter().map(|(change, _)| change).collect::<Vec<_>>(),
    );
    let after = fixture.everything(EARLY).await;
    same_reads("after all of the lists", &after, &clean.everything(EARLY).await);
    same("all mail", &all_mail(&fixture).await, &all_mail(&clean).await);
}

pub async fn the_first_guard_that_fails_is_named(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let world = World::build(&fixture).await;
    let stale_user = Change::TouchUser { id: world.ann.id.clone(), active: true, epoch: 5 };
    let taken = claim(&username_id("bob"), Some(&world.ann.id), None);
    let exists = Change::InsertAudit(world.entry.clone());
    let kind = IdentifierKind::Username;
    fixture.refused(Guard::User, [exists.clone(), taken.clone(), stale_user.clone()]).await;
    fixture.refused(Guard::Taken(kind), [exists.clone(), taken]).await;
    fixture.refused(Guard::Exists, [exists.clone(), exists]).await;
}

pub async fn an_empty_list_is_applied(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    fixture.applied([]).await;
}

pub async fn a_list_that_arrives_again_is_not_applied_again(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let ann = fixture.add_user("ann").await;
    let bob = fixture.user("bob");
    let named = |name: &str| {
        Box::new(UserPatch { first_name: Some(Some(name.to_owned())), ..UserPatch::default() })
    };
    let first = fixture.list([
        insert_user(&bob, None),
        Change::UpdateUser {
            id: ann.id.clone(),
            epoch: 0,
            raise_epoch: true,
            at: NOW,
            set: named("first"),
        },
        Change::EndSessions { user_id: ann.id.clone(), except: None },
    ]);
    applied(fixture.store.apply(&first).await);
    applied(fixture.store.apply(&first).await);
    let second = Change::UpdateUser {
        id: ann.id.clone(),
        epoch: 1,
        raise_epoch: true,
        at: NOW,
        set: named("second"),
    };
    let session = fixture.session(&ann.id);
    fixture.applied([second, Change::InsertSession(Box::new(session.clone()))]).await;
    applied(fixture.store.apply(&first).await);

    let user = fixture.account(&ann.id).await.user;
    assert_eq!(user.first_name.as_deref(), Some("second"));
    assert_eq!(user.epoch, 2);
    fixture.session_is(&session).await;
}

pub async fn the_same_changes_in_a_list_of_their_own_are_applied_again(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let ann = fixture.add_user("ann").await;
    let list = [
        insert_user(&fixture.user("bob"), None),
        Change::EndSessions { user_id: ann.id.clone(), except: None },
    ];
    fixture.applied(list.clone()).await;
    fixture.refused(Guard::Exists, list).await;
}

pub async fn a_single_change_that_arrives_again_meets_its_guard(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let changes = fixture.list([insert_user(&fixture.user("ann"), None)]);
    applied(fixture.store.apply(&changes).await);
    match fixture.store.apply(&changes).await {
        Err(StoreError::Conflict(Guard::Exists)) => {}
        other => panic!("expected Conflict(Exists), found {other:?}"),
    }
}

pub async fn a_list_that_failed_is_applied_when_its_guards_hold_later(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let (ann, bob) = (fixture.add_user("ann").await, fixture.add_user("bob").await);
    let name = username_id("ann");
    let changes = fixture.list([
        claim(&name, Some(&bob.id), None),
        Change::EndSessions { user_id: bob.id.clone(), except: None },
    ]);
    match fixture.store.apply(&changes).await {
        Err(StoreError::Conflict(Guard::Taken(_))) => {}
        other => panic!("expected Conflict(Taken), found {other:?}"),
    }
    fixture.applied([Change::ReleaseIdentifiers { user_id: ann.id }]).await;
    applied(fixture.store.apply(&changes).await);
    assert!(read(fixture.store.is_taken(&name, None, NOW).await));
}

pub async fn two_lists_are_told_apart_by_their_commit_ids(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let ann = fixture.add_user("ann").await;
    let lists: Vec<Changes> = (0..3)
        .map(|n| {
            fixture.list([
                Change::InsertAudit(fixture.audit_entry(Some(&ann.id), &format!("first {n}"))),
                Change::InsertAudit(fixture.audit_entry(Some(&ann.id), &format!("second {n}"))),
            ])
        })
        .collect();
    for changes in lists.iter().chain(&lists) {
        applied(fixture.store.apply(changes).await);
    }
    let entries = read(fixture.store.audit(&ann.id, None, 100).await);
    assert_eq!(entries.len(), 6, "{entries:#?}");
    fixture
        .refused(
            Guard::Exists,
            audit_twice(&fixture.audit_entry(Some(&ann.id), "twice in one list")),
        )
        .await;
}
