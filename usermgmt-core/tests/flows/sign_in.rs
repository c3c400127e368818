//! Signing in with a password.

use std::sync::Arc;

use usermgmt_core::ServiceError;
use usermgmt_core::flows::{SignInError, SignInOutcome};
use usermgmt_core::mail::MailKind;
use usermgmt_core::model::user::PasswordHash;

use crate::fixture::*;

fn is_invalid(answer: &Result<SignInOutcome, SignInError>) -> bool {
    matches!(answer, Err(SignInError::InvalidCredentials))
}

fn is_refused(answer: &Result<SignInOutcome, SignInError>) -> bool {
    matches!(answer, Err(SignInError::Service(service_error)) if is_limited(service_error))
}

#[tokio::test]
async fn address_and_username_sign_in_in_any_case() {
    let world = World::new().await;
    let ann = world.member("ann").await;
    for typed in ["ann", " ANN ", "ann@example.com", "Ann@EXAMPLE.com", "ａｎｎ"] {
        let signed_in = world.sign_in(typed).await;
        assert_eq!(signed_in.user.id, ann.id);
        let current = world.current(&signed_in).await;
        assert_eq!(current.session, signed_in.session);
        assert_eq!(current.user, ann);
        assert_eq!(signed_in.session.amr, ["pwd"]);
        assert_eq!(signed_in.session.auth_time, world.now());
        assert_eq!(signed_in.tokens.expires_in, 15 * MINUTE);
    }
}

/// Makes every kind of account that does not sign in with that password.
async fn refused_everywhere(world: &World) -> [(&'static str, &'static str); 7] {
    world.member("wrong").await;
    world.register("unconfirmed").await;
    let disabled = world.member("disabled").await;
    world.disable(&disabled.id).await;
    world.register("contested").await;
    world.try_register("other", &address("contested"), OTHER).await.unwrap();
    [
        ("unknown", PASSWORD),
        ("nobody@example.com", PASSWORD),
        ("not an @ddress", PASSWORD),
        ("wrong", OTHER),
        ("unconfirmed", PASSWORD),
        ("disabled", PASSWORD),
        ("contested", PASSWORD),
    ]
}

#[tokio::test]
async fn every_failure_is_one_answer_at_one_cost() {
    let world = World::new().await;
    let mut costs = Vec::new();
    for (identifier, password) in refused_everywhere(&world).await {
        world.store.take_calls();
        assert!(is_invalid(&world.try_sign_in(identifier, password, &home()).await));
        costs.push((identifier, world.store.take_calls()));
    }
    for (identifier, cost) in &costs[1..] {
        assert_eq!(cost, &costs[0].1, "{identifier}");
    }
}

#[tokio::test]
async fn checking_credentials_fails_alike_and_opens_no_session() {
    let world = World::new().await;
    for (identifier, password) in refused_everywhere(&world).await {
        let answer =
            world.auth.check_credentials(&credentials(identifier, password), &home()).await;
        assert!(matches!(answer.unwrap_err(), SignInError::InvalidCredentials));
    }
    let ann = world.member("ann").await;
    let checked = world.auth.check_credentials(&credentials("ANN", PASSWORD), &home()).await;
    assert_eq!(checked.unwrap().user.id, ann.id);
    assert!(world.auth.sessions(&ann.id).await.unwrap().is_empty());
}

/// While the only thread that hashes is busy, whoever hashes waits for it.
#[tokio::test(flavor = "current_thread")]
async fn every_failure_costs_a_hash() {
    let world = World::with(|config| {
        config.limits.enabled = false;
        config.hasher.workers = 1;
    })
    .await;
    let refused = refused_everywhere(&world).await;
    let slow = world.member("slow").await;
    let hash = format!("pbkdf2:sha512:2000000$salt${}", "00".repeat(64));
    set_hash(&world, &slow.id, &hash).await;
    let try_one = |identifier: &str, password| {
        let (auth, command) = (world.auth.clone(), credentials(identifier, password));
        tokio::spawn(async move { auth.sign_in(&command, &home()).await })
    };
    let busy = try_one("slow", PASSWORD);
    tokio::task::yield_now().await;
    let tries = refused.map(|(identifier, password)| (identifier, try_one(identifier, password)));
    tokio::task::yield_now().await;
    for (identifier, answer) in tries {
        assert!(!answer.is_finished(), "{identifier} was refused without a hash");
    }
    assert!(!busy.is_finished(), "not slow enough for this test");
}

#[tokio::test]
async fn ten_failures_with_one_name_from_one_client_are_enough_known_or_not() {
    let world = World::new().await;
    world.member("ann").await;
    for name in ["ann", "nobody"] {
        for n in 0..10 {
            let typed = if n % 2 == 0 { name.to_owned() } else { name.to_uppercase() };
            assert!(is_invalid(&world.try_sign_in(&typed, OTHER, &home()).await));
        }
        assert!(is_refused(&world.try_sign_in(name, OTHER, &home()).await));
        world.later(15 * MINUTE - MILLISECOND);
        assert!(is_refused(&world.try_sign_in(name, OTHER, &home()).await));
        world.later(MILLISECOND);
        assert!(is_invalid(&world.try_sign_in(name, OTHER, &home()).await));
    }
}

#[tokio::test]
async fn no_limit_by_client_refuses_a_right_password() {
    let world = World::new().await;
    world.member("ann").await;
    for n in 0..100 {
        let _ = world.try_sign_in(&format!("name{n}"), OTHER, &home()).await;
    }
    for _ in 0..20 {
        assert!(is_refused(&world.try_sign_in("ann", OTHER, &home()).await));
    }
    world.sign_in("ann").await;
}

#[tokio::test]
async fn a_refusal_says_when_the_next_attempt_may_be_made() {
    let world = World::new().await;
    for _ in 0..10 {
        world.try_sign_in("nobody", OTHER, &home()).await.unwrap_err();
    }
    world.later(MINUTE);
    let refused = world.try_sign_in("nobody", OTHER, &home()).await.unwrap_err();
    let SignInError::Service(ServiceError::RateLimited { retry_after }) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(retry_after, 14 * MINUTE);
}

#[tokio::test]
async fn one_client_fails_a_hundred_times_with_any_names() {
    let world = World::new().await;
    world.member("ann").await;
    for n in 0..100 {
        assert!(is_invalid(&world.try_sign_in(&format!("name{n}"), OTHER, &home()).await));
    }
    assert!(is_refused(&world.try_sign_in("name", OTHER, &home()).await));
    assert!(is_invalid(&world.try_sign_in("name", OTHER, &client(2)).await));
}

#[tokio::test]
async fn clients_whose_address_is_not_known_share_no_limit() {
    let world = World::new().await;
    world.member("ann").await;
    let unknown = usermgmt_core::Client::default();
    for n in 0..120 {
        assert!(is_invalid(&world.try_sign_in(&format!("name{n}"), OTHER, &unknown).await));
    }
    assert!(world.try_sign_in("ann", PASSWORD, &unknown).await.is_ok());
}

#[tokio::test]
async fn beyond_the_accounts_cap_only_known_devices_get_in_and_nobody_is_told() {
    let world = World::with(|config| config.limits.sign_in_account.first.max = 5).await;
    world.member("ann").await;
    let signed_in = world.sign_in("ann").await;
    let mut costs = Vec::new();
    for name in ["ann", "nobody"] {
        for n in 10..15 {
            assert!(is_invalid(&world.try_sign_in(name, OTHER, &client(n)).await));
        }
        // The right password from a stranger's device, and the same answer.
        world.store.take_calls();
        assert!(is_invalid(&world.try_sign_in(name, PASSWORD, &client(20)).await));
        costs.push(world.store.take_calls());
    }
    assert_eq!(costs[0], costs[1]);
    // The same place and agent is a stranger; the device is known wherever it is.
    assert!(is_invalid(&world.try_sign_in("ann", PASSWORD, &home()).await));
    assert!(world.try_sign_in("ann", PASSWORD, &device(99, &signed_in)).await.is_ok());
    world.later(HOUR);
    assert!(world.try_sign_in("ann", PASSWORD, &client(20)).await.is_ok());
}

#[tokio::test]
async fn an_account_takes_a_hundred_failures_in_a_row_whatever_it_is_called_by() {
    let world = World::new().await;
    world.member("ann").await;
    let signed_in = world.sign_in("ann").await;
    for day in 0..10 {
        for n in 0..60 {
            let name = if n % 2 == 0 { "ann" } else { "ANN@example.com" };
            let _ = world.try_sign_in(name, OTHER, &client(n)).await;
        }
        world.mail().await;
        world.later(DAY);
        // Sixty on the first day, and the rest on the second.
        if day > 0 {
            let stranger = world.try_sign_in("ann", PASSWORD, &client(200)).await;
            assert!(is_invalid(&stranger), "day {day}");
        }
    }
    assert!(world.try_sign_in("ann", PASSWORD, &device(7, &signed_in)).await.is_ok());
    // That does not help strangers; a reset by mail does.
    assert!(is_invalid(&world.try_sign_in("ann", PASSWORD, &client(200)).await));
    world.auth.forgot_password("ann", &client(3)).await.unwrap();
    let link = link_token(&world.mailed(MailKind::PasswordReset).await);
    world.auth.reset_password(&link, &typed(THIRD), &client(3)).await.unwrap();
    assert!(world.try_sign_in("ann", THIRD, &client(200)).await.is_ok());
}

#[tokio::test]
async fn a_success_ends_the_row_of_failures() {
    let world = World::with(|config| {
        config.limits.sign_in_account.in_a_row = 5;
    })
    .await;
    world.member("ann").await;
    for round in 0..4 {
        for n in 0..4 {
            assert!(is_invalid(&world.try_sign_in("ann", OTHER, &client(n)).await));
        }
        assert!(world.try_sign_in("ann", PASSWORD, &client(9)).await.is_ok(), "{round}");
    }
}

#[tokio::test]
async fn a_reset_clears_the_accounts_cap_and_the_clients_own_failures() {
    let world = World::with(|config| config.limits.sign_in_account.first.max = 10).await;
    let ann = world.member("ann").await;
    for name in ["ann", "ann@example.com"] {
        for _ in 0..11 {
            world.try_sign_in(name, OTHER, &client(9)).await.unwrap_err();
        }
        assert!(is_invalid(&world.try_sign_in(name, PASSWORD, &client(8)).await));
    }
    world.mail().await;
    world.auth.forgot_password("ann", &client(9)).await.unwrap();
    let link = link_token(&world.mailed(MailKind::PasswordReset).await);
    world.auth.reset_password(&link, &typed(THIRD), &client(9)).await.unwrap();
    for name in ["ann", "ann@example.com"] {
        for client in [client(8), client(9)] {
            let answer = world.try_sign_in(name, THIRD, &client).await;
            assert!(answer.is_ok(), "{name} {answer:?}");
        }
    }
    assert_eq!(world.auth.sessions(&ann.id).await.unwrap().len(), 4);
}

#[tokio::test]
async fn success_gives_the_attempt_back() {
    let world = World::new().await;
    world.member("ann").await;
    for _ in 0..9 {
        world.try_sign_in("ann", OTHER, &home()).await.unwrap_err();
    }
    for _ in 0..20 {
        world.sign_in("ann").await;
    }
    assert!(is_invalid(&world.try_sign_in("ann", OTHER, &home()).await));
    assert!(is_refused(&world.try_sign_in("ann", OTHER, &home()).await));
}

#[tokio::test]
async fn without_limits_nothing_is_refused_and_nothing_counted() {
    let world = World::unlimited().await;
    world.member("ann").await;
    world.store.take_calls();
    for _ in 0..120 {
        assert!(is_invalid(&world.try_sign_in("ann", OTHER, &home()).await));
    }
    assert_eq!(world.store.take_calls().counters, 0);
    world.sign_in("ann").await;
    assert!(world.mail().await.is_empty());
}

#[tokio::test]
async fn the_owner_is_told_of_repeated_failures_once_a_day() {
    let world = World::new().await;
    world.member("ann").await;
    let mut kinds = Vec::new();
    for hour in 0..30 {
        for n in 0..12 {
            let _ = world.try_sign_in("ann", OTHER, &client(n)).await;
        }
        for mail in world.mail().await {
            kinds.push((hour, mail.kind, mail.recipient.to_string()));
        }
        world.later(HOUR);
    }
    let told = |hour| (hour, MailKind::RepeatedFailures, address("ann"));
    assert_eq!(kinds, [told(0), told(24)]);
}

#[tokio::test]
async fn the_failure_that_is_told_costs_the_same_for_an_account_that_nobody_has() {
    let world = World::new().await;
    world.member("ann").await;
    let mut costs = Vec::new();
    for name in ["ann", "nobody"] {
        for n in 0..9 {
            world.try_sign_in(name, OTHER, &client(n)).await.unwrap_err();
        }
        world.store.take_calls();
        world.try_sign_in(name, OTHER, &home()).await.unwrap_err();
        costs.push(world.store.take_calls());
    }
    assert_eq!(costs[0], costs[1]);
}

#[tokio::test]
async fn a_sign_in_from_a_new_device_is_mailed_from_the_second_device_on() {
    let world = World::new().await;
    world.member("ann").await;
    world.sign_in("ann").await;
    world.sign_in("ann").await;
    assert!(world.mail().await.is_empty());
    world.try_sign_in("ann", PASSWORD, &client(2)).await.unwrap();
    let mail = world.mailed(MailKind::NewDevice).await;
    assert_eq!(mail.recipient.as_str(), "ann@example.com");
    assert_eq!(mail.params["device"], "Browser 2");
    assert_eq!(mail.params["ip"], "192.0.2.2");
    assert_eq!(mail.params["time"], world.now().to_string());
    world.try_sign_in("ann", PASSWORD, &client(2)).await.unwrap();
    world.sign_in("ann").await;
    assert!(world.mail().await.is_empty());
}

#[tokio::test]
async fn a_hash_of_the_old_service_signs_in_and_is_replaced() {
    let world = World::new().await;
    let ann = world.member("ann").await;
    let old = "scrypt:32768:8:1$EEimSseABpF2dakM$e41eeb869e882372a451182050947b1367f251e3e2fc64b1036\
               c5dcbdbd0ff1586a84b1ee933dd04c09339362d6e96974d659688b46afeb583d4324b35baa253";
    set_hash(&world, &ann.id, old).await;
    assert!(is_invalid(&world.try_sign_in("ann", PASSWORD, &home()).await));
    assert_eq!(world.account(&ann.id).await.password.unwrap().expose(), old);
    world.sign_in_with("ann", "xxxxxxxx").await;
    let account = world.account(&ann.id).await;
    let new = account.password.unwrap();
    assert!(new.expose().starts_with("$argon2id$v=19$m=8,t=1,p=1$"), "{}", new.expose());
    // Nothing that anybody would call a change happened.
    assert_eq!((account.user.epoch, account.user.updated_at), (ann.epoch, ann.updated_at));
    world.sign_in_with("ann", "xxxxxxxx").await;
    assert_eq!(world.account(&ann.id).await.password.unwrap(), new);
}

/// A hash of the password with other parameters than the present ones.
async fn dearer_hash(world: &World) -> PasswordHash {
    let mut dearer = config();
    dearer.hasher.memory_kib = 16;
    let rng = Arc::new(world.rng.clone());
    let hasher = usermgmt_core::password::PasswordHasher::new(dearer.hasher, rng).unwrap();
    hasher.hash(&typed(PASSWORD)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hash_with_other_parameters_is_replaced_once_for_all_who_race() {
    let world = Arc::new(World::unlimited().await);
    let ann = world.member("ann").await;
    let hash = dearer_hash(&world).await;
    assert!(hash.expose().starts_with("$argon2id$v=19$m=16,t=1,p=1$"));
    set_hash(&world, &ann.id, hash.expose()).await;
    let mut racing = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let world = Arc::clone(&world);
        racing.spawn(async move { world.sign_in("ann").await });
    }
    assert_eq!(racing.join_all().await.len(), 16);
    let new = world.account(&ann.id).await.password.unwrap();
    assert!(new.expose().starts_with("$argon2id$v=19$m=8,t=1,p=1$"));
    world.sign_in("ann").await;
}

#[tokio::test]
async fn a_right_password_whose_hash_cannot_be_replaced_signs_in() {
    let world = World::unlimited().await;
    let ann = world.member("ann").await;
    let hash = dearer_hash(&world).await;
    let mut kept = 0;
    for skip in 0..10 {
        set_hash(&world, &ann.id, hash.expose()).await;
        world.store.fail_after(skip, 1);
        let answer = world.try_sign_in("ann", PASSWORD, &home()).await;
        world.store.heal();
        let is_kept = world.account(&ann.id).await.password.unwrap() == hash;
        kept += u32::from(answer.is_ok() && is_kept);
    }
    assert_eq!(kept, 1, "one of the calls replaces the hash");
}

#[tokio::test]
async fn a_hash_that_cannot_be_verified_is_nobodys_password() {
    let world = World::unlimited().await;
    let ann = world.member("ann").await;
    for hash in [PASSWORD, "", "scrypt:1048576:8:1$salt$00", "$argon2id$v=19$m=4194304,t=1,p=1$a$b"]
    {
        set_hash(&world, &ann.id, hash).await;
        assert!(is_invalid(&world.try_sign_in("ann", PASSWORD, &home()).await), "{hash}");
        assert!(is_invalid(&world.try_sign_in("ann", hash, &home()).await), "{hash}");
    }
}
