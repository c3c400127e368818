//! Accounts from elsewhere.

use usermgmt_core::flows::{ImportOutcome, ImportRefusal};
use usermgmt_core::model::record::{AccountRecord, RecordedIdentity, RecordedPassword};
use usermgmt_core::model::user::{PasswordHash, Role};
use usermgmt_core::store::{Change, UserPatch};

use crate::fixture::*;

/// [`PASSWORD`] as Werkzeug hashes it, with few rounds.
const OLD_HASH: &str = "pbkdf2:sha256:1000$saltSALT$\
    d0f3ea73e53908f12b2d1f294701acc159fdc820f5d8b1992a36afcae41c9cd6";

fn record(world: &World, name: &str) -> AccountRecord {
    AccountRecord {
        id: format!("id-{name}").parse().unwrap(),
        username: username(name),
        email: email(&format!("{name}@example.com")),
        is_email_confirmed: true,
        is_disabled: false,
        role: Role::User,
        first_name: None,
        last_name: None,
        gender: None,
        locale: None,
        created_at: world.now(),
        updated_at: world.now(),
        password: RecordedPassword::Hash(PasswordHash::from_stored(OLD_HASH.to_owned())),
        totp: None,
        recovery_codes: Vec::new(),
        identities: Vec::new(),
        passkeys: Vec::new(),
    }
}

async fn import(world: &World, records: &[AccountRecord]) -> Vec<ImportOutcome> {
    world.auth.import_accounts(records.to_vec()).await.unwrap()
}

#[tokio::test]
async fn who_came_over_signs_in_and_their_hash_is_replaced_once() {
    let world = World::unlimited().await;
    let ann = record(&world, "ann");
    assert_eq!(import(&world, &[ann]).await, [ImportOutcome::Imported]);
    assert!(!world.signs_in("ann", OTHER).await);
    let hash = async || {
        world.account(&"id-ann".parse().unwrap()).await.password.unwrap().expose().to_owned()
    };
    assert_eq!(hash().await, OLD_HASH);
    world.sign_in("ann").await;
    let replaced = hash().await;
    assert!(replaced.starts_with("$argon2id$"), "{replaced}");
    world.sign_in("ann").await;
    assert_eq!(hash().await, replaced);
}

#[tokio::test]
async fn one_record_in_the_way_keeps_nobody_else_out() {
    let world = World::unlimited().await;
    world.member("bob").await;
    let mut records: Vec<_> =
        ["ann", "bob", "cid", "dan", "eve"].map(|name| record(&world, name)).into();
    records[1].email = email("robert@example.com");
    records[3].email = email("BOB@example.com");
    let refused = |why| ImportOutcome::Refused(why);
    let first = [
        ImportOutcome::Imported,
        refused(ImportRefusal::UsernameTaken),
        ImportOutcome::Imported,
        refused(ImportRefusal::EmailTaken),
        ImportOutcome::Imported,
    ];
    assert_eq!(world.auth.preview_import(&records).await.unwrap(), first);
    assert_eq!(world.users().await, 1);
    assert_eq!(import(&world, &records).await, first);
    let again = first.map(|outcome| match outcome {
        ImportOutcome::Imported => ImportOutcome::Already,
        other => other,
    });
    assert_eq!(import(&world, &records).await, again);
    assert_eq!(world.users().await, 4);
    // Nothing was kept of those who stayed out.
    assert!(world.find("robert@example.com").await.is_none());
    assert_eq!(world.find("bob@example.com").await.unwrap().username.as_str(), "bob");
}

#[tokio::test]
async fn who_brings_an_identity_that_another_account_has_stays_out() {
    let world = World::unlimited().await;
    let [mut ann, mut bob] = ["ann", "bob"].map(|name| record(&world, name));
    ann.identities.push(RecordedIdentity {
        issuer: "https://login.example.com".to_owned(),
        subject: "42".to_owned(),
        provider: "example".to_owned(),
        email: None,
        created_at: world.now(),
    });
    bob.identities.clone_from(&ann.identities);
    assert_eq!(import(&world, &[ann]).await, [ImportOutcome::Imported]);
    let taken = [ImportOutcome::Refused(ImportRefusal::IdentityTaken)];
    assert_eq!(world.auth.preview_import(std::slice::from_ref(&bob)).await.unwrap(), taken);
    assert_eq!(import(&world, &[bob]).await, taken);
    assert!(world.find("bob@example.com").await.is_none());
}

#[tokio::test]
async fn people_whose_names_look_alike_keep_them() {
    let world = World::unlimited().await;
    let mut records = [record(&world, "paypal"), record(&world, "other")];
    records[1].username = username("paypa1");
    assert_eq!(import(&world, &records).await, [ImportOutcome::Imported; 2]);
    assert_eq!(world.find("paypa1").await.unwrap().id.as_str(), "id-other");
}

#[tokio::test]
async fn who_was_deleted_here_is_not_brought_back() {
    let world = World::unlimited().await;
    let ann = record(&world, "ann");
    import(&world, std::slice::from_ref(&ann)).await;
    let current = world.current(&world.sign_in("ann").await).await;
    world.auth.delete_account(&current, Some(&typed(PASSWORD))).await.unwrap();
    assert_eq!(import(&world, &[ann]).await, [ImportOutcome::Refused(ImportRefusal::Deleted)]);
    assert!(world.find("ann").await.is_none());
}

#[tokio::test]
async fn an_import_whose_answer_was_lost_is_done_by_the_next() {
    let world = World::unlimited().await;
    let records = ["ann", "bob"].map(|name| record(&world, name));
    // Reads who is there, and commits.
    world.store.lose_replies_after(1, 1);
    let lost = world.auth.import_accounts(records.to_vec()).await;
    world.store.heal();
    let outcomes = import(&world, &records).await;
    assert!(lost.is_err() || outcomes == [ImportOutcome::Already; 2], "{lost:?} {outcomes:?}");
    assert_eq!(world.users().await, 2);
    assert!(world.signs_in("bob", PASSWORD).await);
}

#[tokio::test(flavor = "current_thread")]
async fn a_password_that_was_changed_while_the_old_one_was_verified_stays() {
    let world = World::unlimited().await;
    // A million rounds: time enough for the change.
    let slow = "pbkdf2:sha512:1000000$saltSALT$\
        335cad38f7c970861d2fcc05296b100b09fe23f4af2ef244f945aa261227ff72\
        4963833907e62f2b2bac79cfe9609a1e2d055de4e0230cabe73e05579bb99e00";
    let mut ann = record(&world, "ann");
    ann.password = RecordedPassword::Hash(PasswordHash::from_stored(slow.to_owned()));
    let id = ann.id.clone();
    import(&world, &[ann]).await;

    let auth = world.auth.clone();
    let command = credentials("ann", PASSWORD);
    let verifying = tokio::spawn(async move { auth.sign_in(&command, &home()).await });
    tokio::task::yield_now().await;
    assert!(!verifying.is_finished(), "not slow enough for this test");
    let set = UserPatch {
        password: Some(Some(PasswordHash::from_stored(OLD_HASH.to_owned()))),
        ..UserPatch::default()
    };
    let epoch = world.account(&id).await.user.epoch;
    let at = world.now();
    let change =
        Change::UpdateUser { id: id.clone(), epoch, raise_epoch: true, at, set: Box::new(set) };
    world.apply(vec![change]).await;

    assert!(verifying.await.unwrap().is_err());
    assert_eq!(world.account(&id).await.password.unwrap().expose(), OLD_HASH);
}
