//! Passkeys of accounts from elsewhere.

use serde_json::{Value, json};
use usermgmt_core::flows::{ImportOutcome, ImportRefusal, InvalidPasskey};
use usermgmt_core::model::record::{AccountRecord, RecordedPasskey};

use super::device::Device;
use super::{ask, member, try_in, world};

/// The record of somebody with a passkey at another service.
async fn recorded_elsewhere(name: &str) -> (AccountRecord, Device) {
    let there = world().await;
    let (_, device, _) = member(&there, name).await;
    let mut records = there.auth.export_accounts(None, 1, true).await.unwrap();
    (records.remove(0), device)
}

#[tokio::test]
async fn a_passkey_that_came_over_signs_in() {
    let world = world().await;
    let (ann, mut device) = recorded_elsewhere("ann").await;
    let id = ann.id.clone();
    assert_eq!(world.auth.import_accounts(vec![ann]).await.unwrap(), [ImportOutcome::Imported]);
    let asked = ask(&world).await;
    let answer = device.sign(&asked.options).await;
    assert_eq!(try_in(&world, &asked, &answer).await.unwrap().user.id, id);
}

#[tokio::test]
async fn who_brings_a_passkey_that_could_never_sign_in_stays_out() {
    let world = world().await;
    let (ann, _) = recorded_elsewhere("ann").await;
    let (bob, _) = recorded_elsewhere("bob").await;
    let (key, other) = (&ann.passkeys[0], &bob.passkeys[0]);
    let altered = |change: fn(&mut Value)| {
        let mut credential: Value = serde_json::from_str(&key.credential).unwrap();
        change(&mut credential);
        RecordedPasskey { credential: credential.to_string(), ..key.clone() }
    };
    let named = |name: &str| RecordedPasskey { name: name.to_owned(), ..key.clone() };
    let handled = |handle: &str| RecordedPasskey { handle: handle.to_owned(), ..key.clone() };
    let simple = key.handle.replace('-', "");
    for (passkey, why) in [
        (named(""), InvalidPasskey::Name),
        (named(" Phone"), InvalidPasskey::Name),
        (named("a\nb"), InvalidPasskey::Name),
        (named(&"x".repeat(65)), InvalidPasskey::Name),
        (handled(&"x".repeat(36)), InvalidPasskey::Handle),
        (handled(&simple), InvalidPasskey::Handle),
        (altered(|key| *key = json!({ "cred_id": "x" })), InvalidPasskey::Credential),
        (altered(|key| key["padding"] = "x".repeat(20_000).into()), InvalidPasskey::Credential),
        (altered(|key| key["cred"]["type_"] = "ES384".into()), InvalidPasskey::Credential),
        // No point of the curve.
        (
            altered(|key| key["cred"]["key"]["EC_EC2"]["x"] = "A".repeat(43).into()),
            InvalidPasskey::Credential,
        ),
        (RecordedPasskey { id: other.id.clone(), ..key.clone() }, InvalidPasskey::Id),
        (RecordedPasskey { counter: -1, ..key.clone() }, InvalidPasskey::Counter),
        (RecordedPasskey { counter: 1 << 32, ..key.clone() }, InvalidPasskey::Counter),
    ] {
        let records = vec![AccountRecord { passkeys: vec![passkey], ..ann.clone() }, bob.clone()];
        let refused = ImportOutcome::Refused(ImportRefusal::Passkey(why));
        let outcomes = world.auth.preview_import(&records).await.unwrap();
        assert_eq!(outcomes[0], refused);
        let outcomes = world.auth.import_accounts(records).await.unwrap();
        assert_eq!(outcomes[0], refused);
        assert_ne!(outcomes[1], refused);
    }
    assert!(world.find("ann").await.is_none());
    assert!(world.find("bob").await.is_some());
}

#[tokio::test]
async fn who_brings_a_passkey_that_another_account_has_stays_out() {
    let world = world().await;
    let (ann, _) = recorded_elsewhere("ann").await;
    let (mut bob, _) = recorded_elsewhere("bob").await;
    let (cid, _) = recorded_elsewhere("cid").await;
    bob.passkeys.extend(ann.passkeys.clone());
    let records = [&ann, &bob, &cid].map(AccountRecord::clone).to_vec();
    let taken = ImportOutcome::Refused(ImportRefusal::PasskeyTaken);
    let expected = [ImportOutcome::Imported, taken, ImportOutcome::Imported];
    assert_eq!(world.auth.import_accounts(records.clone()).await.unwrap(), expected);
    // Asked beforehand, it would have said so.
    assert_eq!(world.auth.preview_import(&records[1..2]).await.unwrap(), [taken]);
    // Nothing was kept of them, the other passkey neither.
    assert!(world.find("bob").await.is_none());
    let records = world.auth.export_accounts(None, 10, true).await.unwrap();
    let keys = |mut records: Vec<AccountRecord>| {
        records.sort_by_key(|record| record.username.as_str().to_owned());
        records.into_iter().flat_map(|record| record.passkeys).collect::<Vec<_>>()
    };
    assert_eq!(keys(records), keys(vec![ann, cid]));
}
