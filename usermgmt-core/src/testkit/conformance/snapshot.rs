//! Everything that can be read about some rows, to compare two times or two stores.

use std::collections::BTreeMap;

use super::answer::{read, readable};
use super::scope::Scope;
use super::show::{Show, differences};
use crate::clock::Timestamp;
use crate::model::token::Purpose;
use crate::store::Store;

/// What each read answered.
pub(super) type Snapshot = BTreeMap<String, String>;

/// More than any test writes.
const ALL: usize = 1000;

/// Reads everything in the scope, changing nothing.
pub(super) async fn snapshot(store: &dyn Store, scope: &Scope, now: Timestamp) -> Snapshot {
    let mut reads = Snapshot::new();
    let mut add = |read: String, answer: &dyn Show| reads.insert(read, answer.show());

    add("users".into(), &read(store.users(None, ALL).await));
    let mut unconfirmed = read(store.unconfirmed_users(now, ALL).await);
    unconfirmed.sort_by(|a, b| a.id.cmp(&b.id));
    add("unconfirmed_users".into(), &unconfirmed);
    let mut root_keys = read(store.root_keys().await);
    root_keys.sort();
    add("root_keys".into(), &root_keys);
    add("service_keys".into(), &read(store.service_keys(None, ALL).await));
    add("dead_mail".into(), &readable(store.dead_mail(None, ALL).await));
    add("next_mail_at".into(), &read(store.next_mail_at().await));
    add("outbox_depth".into(), &read(store.outbox_depth().await));

    for user in &scope.users {
        let account = read(store.account(user).await);
        add(format!("account({user})"), &account);
        let entries = read(store.audit(user, None, ALL).await);
        add(format!("audit({user})"), &entries);
        // What a deleted user's remains look like until purge is the store's business.
        if account.is_none() {
            continue;
        }
        let left = read(store.recovery_codes_left(user).await);
        add(format!("recovery_codes_left({user})"), &left);
        let passkeys = read(store.passkeys(std::slice::from_ref(user)).await);
        add(format!("passkeys({user})"), &passkeys);
        for (_, device) in scope.devices.iter().filter(|(whose, _)| whose == user) {
            let known = read(store.knows_device(user, device).await);
            add(format!("knows_device({user}, {device})"), &known);
        }
        add(format!("devices_used({user})"), &read(store.devices_used(user).await));
        add(format!("mail_of({user})"), &readable(store.mail_of(user).await));
        add(format!("identities({user})"), &read(store.identities(user).await));
        let mut sessions = read(store.sessions(user, now).await);
        sessions.sort_by_key(|session| session.id);
        add(format!("sessions({user})"), &sessions);
        for purpose in Purpose::ALL {
            let token = read(store.live_token(user, purpose, now).await);
            add(format!("live_token({user}, {purpose:?})"), &token);
        }
    }
    for identifier in scope.identifiers() {
        let name = format!("{} {:?}", identifier.kind().as_str(), identifier.canonical());
        let account = read(store.account_by_identifier(&identifier, now).await);
        add(format!("account_by_identifier({name})"), &account);
        let taken = read(store.is_taken(&identifier, None, now).await);
        add(format!("is_taken({name})"), &taken);
        for user in &scope.users {
            let taken = read(store.is_taken(&identifier, Some(user), now).await);
            add(format!("is_taken({name}) but by {user}"), &taken);
        }
    }
    for (issuer, subject) in &scope.identities {
        let found = read(store.identity(issuer, subject).await);
        add(format!("identity({issuer:?}, {subject:?})"), &found);
    }
    for id in &scope.tokens {
        add(format!("token({id})"), &read(store.token(*id).await));
    }
    for id in &scope.sessions {
        let session = read(store.session(*id, now).await);
        add(format!("session({id})"), &session);
        for user in &scope.users {
            let found = read(store.user_with_session(user, *id, now).await);
            add(format!("user_with_session({user}, {id})"), &found);
        }
    }
    for id in &scope.service_keys {
        let key = read(store.service_key(id).await);
        add(format!("service_key({id})"), &key);
    }
    reads
}

/// The two are equal, or the reads that differ are shown.
#[track_caller]
pub(super) fn same_reads(when: &str, found: &Snapshot, expected: &Snapshot) {
    let keys = found.keys().chain(expected.keys());
    let differing: BTreeMap<&String, String> = keys
        .filter(|key| found.get(*key) != expected.get(*key))
        .map(|key| {
            let (found, expected) = (found.get(key), expected.get(key));
            (key, differences(&found.cloned().show(), &expected.cloned().show()))
        })
        .collect();
    if differing.is_empty() {
        return;
    }
    let report: String = differing.iter().map(|(key, lines)| format!("{key}:\n{lines}")).collect();
    panic!("{when}:\n{report}");
}
