//! Second factor, recovery codes, devices.

use std::sync::Arc;

use super::fixture::{DAY, Fixture, NOW, SECOND, read};
use super::show::same;
use crate::clock::Timestamp;
use crate::keys::KeyId;
use crate::model::factor::{SealedSecret, Totp};
use crate::model::ids::{FactorId, UserId};
use crate::store::{Change, Credentials, Guard, KnownDevice, Store};

fn pend(user: &UserId, secret: &SealedSecret) -> Change {
    Change::SetPendingTotp { user_id: user.clone(), secret: secret.clone() }
}

fn confirm(user: &UserId, secret: &SealedSecret, step: i64) -> Change {
    Change::ConfirmTotp { user_id: user.clone(), factor_id: secret.factor_id.clone(), step }
}

fn use_step(user: &UserId, secret: &SealedSecret, step: i64) -> Change {
    Change::UseTotpStep { user_id: user.clone(), factor_id: secret.factor_id.clone(), step }
}

fn drop_pending(user: &UserId) -> Change {
    Change::DropPendingTotp { user_id: user.clone() }
}

fn remove(user: &UserId) -> Change {
    Change::RemoveTotp { user_id: user.clone() }
}

fn codes(user: &UserId, hashes: &[&str]) -> Change {
    Change::ReplaceRecoveryCodes {
        user_id: user.clone(),
        hashes: hashes.iter().map(|&hash| hash.to_owned()).collect(),
    }
}

fn use_code(user: &UserId, hash: &str) -> Change {
    Change::UseRecoveryCode { user_id: user.clone(), hash: hash.to_owned() }
}

fn remember(user: &UserId, device: &str, at: Timestamp) -> Change {
    Change::RememberDevice { user_id: user.clone(), device: device.to_owned(), at }
}

#[track_caller]
fn factor_is(
    fixture: &Fixture,
    user: &UserId,
    confirmed: Option<(&SealedSecret, i64)>,
    pending: Option<&SealedSecret>,
) -> impl Future<Output = ()> {
    let any = confirmed.is_some() || pending.is_some();
    let expected = any.then(|| Totp {
        confirmed: confirmed.map(|(secret, _)| secret.clone()),
        pending: pending.cloned(),
        last_step: confirmed.map_or(0, |(_, step)| step),
    });
    let at = std::panic::Location::caller();
    let account = fixture.account(user);
    async move { same(&format!("{at}: the factor"), &account.await.totp, &expected) }
}

pub async fn a_sealed_secret_round_trips(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let ann = fixture.add_user("ann").await.id;
    let every_byte: Vec<u8> = (0..=u8::MAX).collect();
    for sealed in [every_byte, vec![0; 90], Vec::new()] {
        let secret = SealedSecret {
            sealed,
            created_at: NOW - DAY,
            factor_id: FactorId::generate(NOW, &fixture.rng),
        };
        fixture.applied([pend(&ann, &secret)]).await;
        factor_is(&fixture, &ann, None, Some(&secret)).await;
        fixture.applied([confirm(&ann, &secret, i64::MAX)]).await;
        factor_is(&fixture, &ann, Some((&secret, i64::MAX)), None).await;
        fixture.applied([remove(&ann)]).await;
    }
}

pub async fn a_waiting_secret_takes_the_place_of_the_one_before(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let (ann, bob) = (fixture.add_user("ann").await.id, fixture.add_user("bob").await.id);
    let [first, second] = [0; 2].map(|_| fixture.secret());
    factor_is(&fixture, &ann, None, None).await;
    fixture.applied([pend(&ann, &first)]).await;
    fixture.applied([pend(&ann, &second)]).await;
    factor_is(&fixture, &ann, None, Some(&second)).await;
    factor_is(&fixture, &bob, None, None).await;
    fixture.refused(Guard::Factor, [confirm(&ann, &first, 1)]).await;
}

pub async fn the_waiting_secret_is_confirmed_once(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let (ann, bob) = (fixture.add_user("ann").await.id, fixture.add_user("bob").await.id);
    let secret = fixture.secret();
    fixture.refused(Guard::Factor, [confirm(&ann, &secret, 7)]).await;
    fixture.applied([pend(&ann, &secret)]).await;
    fixture.refused(Guard::Factor, [confirm(&ann, &fixture.secret(), 7)]).await;
    fixture.refused(Guard::Factor, [confirm(&bob, &secret, 7)]).await;
    fixture.refused(Guard::Factor, [use_step(&ann, &secret, 7)]).await;
    fixture.applied([confirm(&ann, &secret, 7)]).await;
    factor_is(&fixture, &ann, Some((&secret, 7)), None).await;
    fixture.refused(Guard::Factor, [confirm(&ann, &secret, 8)]).await;
}

pub async fn the_confirmed_secret_holds_until_its_successor_is_confirmed(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let ann = fixture.add_user("ann").await.id;
    let [old, new] = [0; 2].map(|_| fixture.secret());
    fixture.applied([pend(&ann, &old)]).await;
    fixture.applied([confirm(&ann, &old, 10)]).await;
    fixture.applied([pend(&ann, &new)]).await;
    factor_is(&fixture, &ann, Some((&old, 10)), Some(&new)).await;
    fixture.refused(Guard::Factor, [use_step(&ann, &new, 11)]).await;
    fixture.applied([use_step(&ann, &old, 11)]).await;
    factor_is(&fixture, &ann, Some((&old, 11)), Some(&new)).await;
    // Its own step counts, earlier or not: the secret is another one.
    fixture.applied([confirm(&ann, &new, 9)]).await;
    factor_is(&fixture, &ann, Some((&new, 9)), None).await;
    fixture.refused(Guard::Factor, [use_step(&ann, &old, 12)]).await;
    fixture.applied([use_step(&ann, &new, 12)]).await;
}

pub async fn sealing_the_confirmed_secret_anew_leaves_its_last_step(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let ann = fixture.add_user("ann").await.id;
    let secret = fixture.secret();
    let set = Change::SetPendingTotp { user_id: ann.clone(), secret: secret.clone() };
    fixture.applied([set]).await;
    let anew = SealedSecret { sealed: b"another seal".to_vec(), ..secret.clone() };
    let reseal = Change::ResealTotp { user_id: ann.clone(), secret: anew.clone() };
    fixture.refused(Guard::Factor, [reseal.clone()]).await;
    let factor_id = secret.factor_id.clone();
    fixture.applied([Change::ConfirmTotp { user_id: ann.clone(), factor_id, step: 7 }]).await;
    fixture.applied([reseal]).await;
    let totp = fixture.account(&ann).await.totp;
    let found = totp.map(|totp| (totp.confirmed, totp.last_step));
    assert_eq!(found, Some((Some(anew), 7)));
    let other = Change::ResealTotp { user_id: ann.clone(), secret: fixture.secret() };
    fixture.refused(Guard::Factor, [other]).await;
}

pub async fn only_later_time_steps_are_accepted(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let (ann, bob) = (fixture.add_user("ann").await.id, fixture.add_user("bob").await.id);
    let secret = fixture.secret();
    fixture.applied([pend(&ann, &secret)]).await;
    fixture.applied([confirm(&ann, &secret, 100)]).await;
    for step in [100, 99, -1] {
        fixture.refused(Guard::Factor, [use_step(&ann, &secret, step)]).await;
    }
    for step in [101, 105] {
        fixture.applied([use_step(&ann, &secret, step)]).await;
        fixture.refused(Guard::Factor, [use_step(&ann, &secret, step)]).await;
    }
    fixture.refused(Guard::Factor, [use_step(&ann, &secret, 104)]).await;
    fixture.refused(Guard::Factor, [use_step(&ann, &fixture.secret(), 106)]).await;
    fixture.refused(Guard::Factor, [use_step(&bob, &secret, 106)]).await;
    factor_is(&fixture, &ann, Some((&secret, 105)), None).await;
}

pub async fn dropping_the_waiting_secret_leaves_the_confirmed_one(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let ann = fixture.add_user("ann").await.id;
    let [old, new] = [0; 2].map(|_| fixture.secret());
    fixture.applied([drop_pending(&ann)]).await;
    fixture.applied([pend(&ann, &old)]).await;
    fixture.applied([drop_pending(&ann)]).await;
    factor_is(&fixture, &ann, None, None).await;
    fixture.refused(Guard::Factor, [confirm(&ann, &old, 1)]).await;

    fixture.applied([pend(&ann, &old)]).await;
    fixture.applied([confirm(&ann, &old, 3)]).await;
    fixture.applied([pend(&ann, &new)]).await;
    fixture.applied([drop_pending(&ann)]).await;
    factor_is(&fixture, &ann, Some((&old, 3)), None).await;
    fixture.applied([drop_pending(&ann)]).await;
    factor_is(&fixture, &ann, Some((&old, 3)), None).await;
}

pub async fn a_root_secret_seals_as_long_as_a_confirmed_factor_is_sealed_under_it(
    store: Arc<dyn Store>,
) {
    let fixture = Fixture::new(store);
    let ann = fixture.add_user("ann").await.id;
    let (old, new) = (KeyId::from_bytes([0, 1, 0xff, b'%']), KeyId::from_bytes([0, 1, 0xff, 0]));
    let sealed = |key: KeyId| {
        let sealed = [key.as_bytes().as_slice(), &[7; 60]].concat();
        SealedSecret { sealed, ..fixture.secret() }
    };
    let seals = async |key| read(fixture.store.has_factors_sealed_under(key).await);
    let (first, second) = (sealed(old), sealed(new));
    fixture.applied([pend(&ann, &first)]).await;
    assert!(!seals(old).await, "one that waits can be set up again");
    fixture.applied([confirm(&ann, &first, 1)]).await;
    assert!(seals(old).await);
    assert!(!seals(new).await);
    fixture.applied([pend(&ann, &second)]).await;
    fixture.applied([confirm(&ann, &second, 2)]).await;
    assert!(!seals(old).await);
    assert!(seals(new).await);
    fixture.applied([remove(&ann)]).await;
    assert!(!seals(new).await);
}

pub async fn removing_the_factor_leaves_the_recovery_codes(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let (ann, bob) = (fixture.add_user("ann").await.id, fixture.add_user("bob").await.id);
    let [anns, bobs, waiting] = [0; 3].map(|_| fixture.secret());
    for (user, secret) in [(&ann, &anns), (&bob, &bobs)] {
        fixture.applied([pend(user, secret)]).await;
        fixture.applied([confirm(user, secret, 1), codes(user, &["c1", "c2"])]).await;
    }
    fixture.applied([pend(&ann, &waiting)]).await;
    fixture.applied([remove(&ann)]).await;
    factor_is(&fixture, &ann, None, None).await;
    assert_eq!(read(fixture.store.recovery_codes_left(&ann).await), 2);
    fixture.applied([use_code(&ann, "c1")]).await;
    fixture.refused(Guard::Factor, [confirm(&ann, &waiting, 2)]).await;
    factor_is(&fixture, &bob, Some((&bobs, 1)), None).await;
    assert_eq!(read(fixture.store.recovery_codes_left(&bob).await), 2);
    // With the last second factor a list drops both.
    fixture.applied([codes(&ann, &[]), remove(&ann)]).await;
    assert_eq!(read(fixture.store.recovery_codes_left(&ann).await), 0);
    fixture.refused(Guard::RecoveryCode, [use_code(&ann, "c2")]).await;
    fixture.applied([pend(&ann, &waiting)]).await;
    factor_is(&fixture, &ann, None, Some(&waiting)).await;
}

pub async fn a_recovery_code_is_used_once_by_its_own_user(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let (ann, bob) = (fixture.add_user("ann").await.id, fixture.add_user("bob").await.id);
    let long = "f".repeat(64);
    fixture.applied([codes(&ann, &["shared", "Case", "case", &long])]).await;
    fixture.applied([codes(&bob, &["shared"])]).await;
    assert_eq!(read(fixture.store.recovery_codes_left(&ann).await), 4);

    fixture.refused(Guard::RecoveryCode, [use_code(&bob, "case")]).await;
    fixture.refused(Guard::RecoveryCode, [use_code(&ann, "CASE")]).await;
    fixture.refused(Guard::RecoveryCode, [use_code(&ann, "case ")]).await;
    fixture.refused(Guard::RecoveryCode, [use_code(&ann, &long[1..])]).await;
    for (number, hash) in ["case", "Case", "shared", &long].into_iter().enumerate() {
        fixture.applied([use_code(&ann, hash)]).await;
        fixture.refused(Guard::RecoveryCode, [use_code(&ann, hash)]).await;
        let left = read(fixture.store.recovery_codes_left(&ann).await);
        assert_eq!(left, 3 - u64::try_from(number).unwrap_or(0));
    }
    assert_eq!(read(fixture.store.recovery_codes_left(&bob).await), 1);
}

pub async fn new_recovery_codes_void_all_earlier_ones(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let (ann, bob) = (fixture.add_user("ann").await.id, fixture.add_user("bob").await.id);
    fixture.applied([codes(&bob, &["other"])]).await;
    fixture.applied([codes(&ann, &["old", "both"])]).await;
    fixture.applied([use_code(&ann, "both")]).await;
    fixture.applied([codes(&ann, &["both", "new"])]).await;
    assert_eq!(read(fixture.store.recovery_codes_left(&ann).await), 2);
    fixture.refused(Guard::RecoveryCode, [use_code(&ann, "old")]).await;
    fixture.applied([use_code(&ann, "both")]).await;
    fixture.applied([codes(&ann, &[])]).await;
    assert_eq!(read(fixture.store.recovery_codes_left(&ann).await), 0);
    assert_eq!(read(fixture.store.recovery_codes_left(&bob).await), 1);
}

pub async fn the_credentials_of_many_users_are_read_at_once(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let mut users = Vec::new();
    for name in ["ann", "bob", "cid", "dan"] {
        users.push(fixture.add_user(name).await);
    }
    users.sort_by(|one, other| one.id.cmp(&other.id));
    let ids: Vec<UserId> = users.iter().map(|user| user.id.clone()).collect();
    let (secret, waiting) = (fixture.secret(), fixture.secret());
    fixture.applied([pend(&ids[0], &secret)]).await;
    fixture.applied([confirm(&ids[0], &secret, 7), codes(&ids[0], &["b", "B", "a"])]).await;
    fixture.applied([pend(&ids[1], &waiting), codes(&ids[2], &["c"])]).await;
    let linked = [(&ids[0], "1"), (&ids[0], "0"), (&ids[2], "2")];
    let linked = linked.map(|(id, subject)| fixture.identity(id, subject));
    let list = linked.map(|identity| Change::LinkIdentity(Box::new(identity)));
    fixture.applied(list).await;
    let gone = &users[3];
    let delete = Change::DeleteUser { id: gone.id.clone(), epoch: gone.epoch, at: NOW };
    fixture.applied([delete]).await;

    let mut expected = Vec::new();
    for (id, hashes) in ids.iter().zip([vec!["B", "a", "b"], vec![], vec!["c"]]) {
        let account = fixture.account(id).await;
        expected.push(Credentials {
            user_id: id.clone(),
            password: account.password,
            totp: account.totp,
            recovery_codes: hashes.into_iter().map(str::to_owned).collect(),
            identities: read(fixture.store.identities(id).await),
        });
    }
    assert!(expected[0].totp.is_some() && expected[1].totp.is_some());
    assert_eq!(expected[0].identities.len(), 2);
    // In another order than theirs, one of them twice, with some who are not there.
    let nobody: UserId = "nobody".parse().expect("an id");
    let asked: Vec<UserId> = ids.iter().rev().chain([&nobody, &ids[1]]).cloned().collect();
    let credentials = |ids: Vec<UserId>| {
        let store = Arc::clone(&fixture.store);
        async move { read(store.credentials(&ids).await) }
    };
    same("all", &credentials(asked).await, &expected);
    same("one", &credentials(vec![ids[2].clone()]).await, &expected[2..].to_vec());
    same("none", &credentials(vec![nobody]).await, &Vec::new());
    same("nothing", &credentials(Vec::new()).await, &Vec::new());
}

pub async fn a_device_is_known_to_the_user_who_used_it(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let (ann, bob) = (fixture.add_user("ann").await.id, fixture.add_user("bob").await.id);
    let long = "d".repeat(64);
    let knows = |user: &UserId, device: &str| {
        let (store, user, device) = (Arc::clone(&fixture.store), user.clone(), device.to_owned());
        async move { read(store.knows_device(&user, &device).await) }
    };
    let known = |this, any| KnownDevice { this, any };
    same("none", &knows(&ann, "Phone").await, &known(false, false));
    fixture.applied([remember(&ann, "Phone", NOW)]).await;
    fixture.applied([remember(&ann, "Phone", NOW + SECOND)]).await;
    fixture.applied([remember(&ann, &long, NOW)]).await;
    same("this", &knows(&ann, "Phone").await, &known(true, true));
    same("long", &knows(&ann, &long).await, &known(true, true));
    same("other", &knows(&ann, "phone").await, &known(false, true));
    same("cut", &knows(&ann, &long[1..]).await, &known(false, true));
    same("bob", &knows(&bob, "Phone").await, &known(false, false));
    let used = read(fixture.store.devices_used(&ann).await);
    same("when Ann's were used", &used, &vec![NOW + SECOND, NOW]);
    same("when Bob's were", &read(fixture.store.devices_used(&bob).await), &vec![]);
}

pub async fn all_of_a_users_devices_are_forgotten_at_once(store: Arc<dyn Store>) {
    let fixture = Fixture::new(store);
    let (ann, bob) = (fixture.add_user("ann").await.id, fixture.add_user("bob").await.id);
    for user in [&ann, &bob] {
        fixture.applied([remember(user, "phone", NOW)]).await;
        fixture.applied([remember(user, "laptop", NOW)]).await;
    }
    let forget = || Change::ForgetDevices { user_id: ann.clone() };
    fixture.applied([forget()]).await;
    fixture.applied([forget()]).await;
    let known = |user: UserId| {
        let store = Arc::clone(&fixture.store);
        async move { read(store.knows_device(&user, "phone").await) }
    };
    same("ann", &known(ann.clone()).await, &KnownDevice { this: false, any: false });
    same("bob", &known(bob).await, &KnownDevice { this: true, any: true });
    // A list forgets the old ones and keeps the one it adds.
    fixture.applied([remember(&ann, "phone", NOW)]).await;
    fixture.applied([remember(&ann, "tablet", NOW), forget()]).await;
    let phone = known(ann.clone()).await;
    same("the added one", &phone, &KnownDevice { this: false, any: true });
}
