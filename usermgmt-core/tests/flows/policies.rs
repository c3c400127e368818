//! Policies whose effect no flow of its own shows.

use std::sync::Arc;
use std::time::Duration;

use usermgmt_core::config::{Budget, Rate};
use usermgmt_core::flows::{
    CodeError, CreateUser, Invite, LinkError, MfaError, MfaSignInError, SignInError, SignInOutcome,
};
use usermgmt_core::mail::MailKind;
use usermgmt_core::model::user::Role;
use usermgmt_core::password::PasswordFormat;
use usermgmt_core::secret::PlaintextPassword;
use usermgmt_core::{Client, Config, ServiceError};

use crate::fixture::*;

const THREE: Budget = Budget { first: Rate::per_minutes(3, 15), per_day: 50, in_a_row: 100 };

#[tokio::test(start_paused = true)]
#[expect(clippy::disallowed_methods, reason = "how long a request takes")]
async fn a_request_that_must_not_tell_takes_as_long_as_the_policy_says() {
    for least in [Duration::from_millis(70), Duration::from_secs(7)] {
        let world = World::with(|config| config.least_request_time = least).await;
        world.member("ann").await;
        for name in ["ann", "nobody"] {
            let began = tokio::time::Instant::now();
            world.auth.forgot_password(name, &home()).await.unwrap();
            let took = began.elapsed();
            assert!(least <= took && took < least * 2, "{name}: {took:?}");
        }
        for name in ["ann", "nobody"] {
            let began = tokio::time::Instant::now();
            world.try_sign_in(name, "green walrus sings", &home()).await.unwrap_err();
            assert!(least <= began.elapsed(), "{name}");
        }
        for (name, whose) in [("ben", "ann"), ("cid", "cid")] {
            let began = tokio::time::Instant::now();
            let command = registration(name, &address(whose), PASSWORD);
            world.auth.register(&command, &home()).await.unwrap();
            assert!(least <= began.elapsed(), "{name}");
        }
    }
}

/// A password that takes long to verify.
#[derive(Debug)]
struct Slow(Duration);

impl PasswordFormat for Slow {
    fn name(&self) -> &'static str {
        "slow"
    }
    fn recognises(&self, stored: &str) -> bool {
        stored == "slow"
    }
    #[expect(clippy::disallowed_methods, reason = "it is what makes it slow")]
    fn verify(&self, _: &str, _: &str) -> bool {
        std::thread::sleep(self.0);
        false
    }
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "how long a request takes")]
async fn a_slow_hash_leaves_the_least_time_of_a_failed_sign_in_as_it_is() {
    let [least, hash] = [50, 60].map(Duration::from_millis);
    let world = World::with(|config| {
        config.least_request_time = least;
        config.hasher.formats = vec![Arc::new(Slow(hash))];
    })
    .await;
    let ann = world.member("ann").await;
    set_hash(&world, &ann.id, "slow").await;
    let began = tokio::time::Instant::now();
    world.try_sign_in("ann", PASSWORD, &home()).await.unwrap_err();
    assert!(least + hash <= began.elapsed());
}

#[tokio::test]
async fn entries_of_the_audit_log_go_when_the_policy_says() {
    let world = World::with(|config| config.audit_ttl = 30 * DAY).await;
    let ann = world.member("ann").await;
    let written = world.audited(&ann.id).await.len();
    assert!(written > 0);
    world.later(30 * DAY - MINUTE);
    world.auth.purge().await.unwrap();
    assert_eq!(world.audited(&ann.id).await.len(), written);
    world.later(2 * MINUTE);
    world.auth.purge().await.unwrap();
    assert!(world.audited(&ann.id).await.is_empty());
}

#[tokio::test]
async fn one_client_asks_for_mail_so_often_and_no_more() {
    let world = World::with(|config| config.limits.mail_client = Rate::per_minutes(3, 60)).await;
    let ask = async |n: u8, client: &Client| {
        world.auth.forgot_password(&format!("nobody{n}"), client).await
    };
    for n in 0..3 {
        ask(n, &home()).await.unwrap();
    }
    let refused = ask(3, &home()).await.unwrap_err();
    assert!(matches!(refused, ServiceError::RateLimited { retry_after } if retry_after == HOUR));
    ask(4, &client(2)).await.unwrap();
    world.later(HOUR);
    ask(5, &home()).await.unwrap();
}

/// Racers over one address decide again and again.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_request_that_is_decided_again_is_counted_once() {
    const RACERS: u8 = 16;
    let world = World::with(|config| {
        config.limits.register_client = Rate::per_minutes(2, 60);
        config.limits.mail_client = Rate::per_minutes(2, 60);
    })
    .await;
    let world = std::sync::Arc::new(world);
    let register = async |world: &World, n: u8, name: &str, email: &str| {
        world.auth.register(&registration(name, email, PASSWORD), &client(n)).await.is_ok()
    };
    let mut racing = tokio::task::JoinSet::new();
    for n in 0..RACERS {
        let world = std::sync::Arc::clone(&world);
        racing.spawn(async move {
            assert!(register(&world, n, &format!("ann{n}"), "ann@example.com").await);
            assert!(world.auth.forgot_password("ann@example.com", &client(n)).await.is_ok());
        });
    }
    racing.join_all().await;
    let lists = world.store.take_applied().len();
    assert!(lists > 2 * usize::from(RACERS), "{lists} lists: nobody had to decide again");
    for n in 0..RACERS {
        for is_left in [true, false] {
            // The names of those who raced are held for a while.
            let name = format!("other{n}{is_left}");
            assert_eq!(register(&world, n, &name, &address(&name)).await, is_left, "{n}");
            let asked = world.auth.forgot_password("ann@example.com", &client(n)).await;
            assert_eq!(asked.is_ok(), is_left, "{n}");
        }
    }
}

#[tokio::test]
async fn one_client_tries_links_so_often_and_no_more() {
    let world = World::with(|config| config.limits.token_client = Rate::per_minutes(3, 15)).await;
    let guess = async |client: &Client| world.auth.confirm("umt_guessed", client).await;
    for _ in 0..3 {
        assert!(matches!(guess(&home()).await, Err(LinkError::Invalid)));
    }
    let refused = guess(&home()).await.unwrap_err();
    assert!(matches!(refused, LinkError::Service(error) if is_limited(&error)));
    assert!(matches!(guess(&client(2)).await, Err(LinkError::Invalid)));
}

#[tokio::test]
async fn a_device_that_was_used_before_has_a_budget_of_its_own() {
    let world = World::with(|config| config.limits.sign_in_device = THREE).await;
    world.member("ann").await;
    let first = world.sign_in("ann").await;
    for _ in 0..3 {
        world.try_sign_in("ann", OTHER, &device(7, &first)).await.unwrap_err();
    }
    // Strangers have another one.
    world.try_sign_in("ann", PASSWORD, &device(7, &first)).await.unwrap_err();
    world.try_sign_in("ann", PASSWORD, &client(8)).await.unwrap();
    world.later(15 * MINUTE);
    world.try_sign_in("ann", PASSWORD, &device(7, &first)).await.unwrap();
}

#[tokio::test]
async fn a_device_that_was_used_before_has_a_budget_at_the_second_factor() {
    let world = World::with(|config| config.limits.mfa_device = THREE).await;
    let (signed_in, current) = world.signed_in_member("ann").await;
    let factor = world.enrol(&current).await;
    world.later(MINUTE);
    let answer = async |code: &PlaintextPassword, client: &Client| {
        let begun = world.try_sign_in("ann", PASSWORD, client).await.unwrap();
        let SignInOutcome::MfaRequired { ticket, .. } = begun else { panic!("{begun:?}") };
        let ticket = typed(ticket.expose());
        world.auth.sign_in_mfa(&ticket, code, client).await
    };
    let right = || totp_code(&factor.enrolment, world.now());
    let known = Client { device_token: Some(signed_in.device_token.clone()), ..client(7) };
    for _ in 0..3 {
        let wrong = answer(&typed("000000"), &known).await.unwrap_err();
        assert!(matches!(wrong, MfaSignInError::InvalidCode));
    }
    let refused = answer(&right(), &known).await.unwrap_err();
    assert!(matches!(refused, MfaSignInError::Service(error) if is_limited(&error)));
    answer(&right(), &client(8)).await.unwrap();
}

/// Limits failures in a row and, in a test, nothing else.
const FIVE_IN_A_ROW: Budget =
    Budget { first: Rate::per_minutes(1000, 15), per_day: 1000, in_a_row: 5 };

#[tokio::test]
async fn a_success_ends_the_row_of_failures_of_a_device() {
    let world = World::with(|config| {
        config.limits.sign_in_device = FIVE_IN_A_ROW;
        config.limits.mfa_device = FIVE_IN_A_ROW;
    })
    .await;
    let (signed_in, current) = world.signed_in_member("ann").await;
    for _ in 0..4 {
        for n in 0..4 {
            world.try_sign_in("ann", OTHER, &device(n, &signed_in)).await.unwrap_err();
        }
        world.try_sign_in("ann", PASSWORD, &device(4, &signed_in)).await.unwrap();
    }

    let factor = world.enrol(&current).await;
    for _ in 0..4 {
        world.later(MINUTE);
        let begun = world.try_sign_in("ann", PASSWORD, &device(4, &signed_in)).await.unwrap();
        let SignInOutcome::MfaRequired { ticket, .. } = begun else { panic!("{begun:?}") };
        let ticket = typed(ticket.expose());
        for _ in 0..4 {
            let known = device(4, &signed_in);
            let wrong = world.auth.sign_in_mfa(&ticket, &typed("000000"), &known).await;
            assert!(matches!(wrong, Err(MfaSignInError::InvalidCode)));
        }
        let right = totp_code(&factor.enrolment, world.now());
        world.auth.sign_in_mfa(&ticket, &right, &device(4, &signed_in)).await.unwrap();
    }
}

#[tokio::test]
async fn a_success_ends_the_row_of_failures_of_a_session_and_of_a_service() {
    let world = World::with(|config| config.limits.user_secret = FIVE_IN_A_ROW).await;
    let (_, mut current) = world.signed_in_member("ann").await;
    for (old, new) in [(PASSWORD, OTHER), (OTHER, PASSWORD), (PASSWORD, OTHER)] {
        for _ in 0..4 {
            let wrong = world.auth.change_password(&current, &typed(THIRD), &typed(new)).await;
            assert!(format!("{wrong:?}").contains("WrongPassword"), "{wrong:?}");
        }
        world.auth.change_password(&current, &typed(old), &typed(new)).await.unwrap();
        current = world.again(&current).await;
    }

    let factor = world.enrol(&current).await;
    for _ in 0..4 {
        world.later(MINUTE);
        for _ in 0..4 {
            let wrong = world.auth.verify_mfa(&current.user.id, &typed("000000"), &home()).await;
            assert!(matches!(wrong, Err(MfaError::InvalidCode)), "{wrong:?}");
        }
        let right = totp_code(&factor.enrolment, world.now());
        world.auth.verify_mfa(&current.user.id, &right, &home()).await.unwrap();
    }
}

/// How long something has here: the default of none of them.
const LIFE: Duration = Duration::from_secs(7 * 60);

/// Something that ends, and the policy that says when.
#[derive(Clone, Copy, Debug)]
enum Ends {
    Activation,
    Reset,
    Invitation,
    IdleSession,
    Session,
}

impl Ends {
    fn after_a_life(self, config: &mut Config) {
        match self {
            Self::Activation => config.activation_ttl = LIFE,
            Self::Reset => config.reset_ttl = LIFE,
            Self::Invitation => config.invitation_ttl = LIFE,
            Self::IdleSession => config.refresh_token_ttl = LIFE,
            Self::Session => config.session_max_ttl = LIFE,
        }
    }

    /// Whether it is still good so long after it began.
    async fn is_good(self, world: &World, after: Duration) -> bool {
        match self {
            Self::Activation => {
                let command =
                    CreateUser::new(username("ann"), email(&address("ann")), typed(PASSWORD));
                world.auth.create_user(&command).await.unwrap();
                let code = code(&world.mailed(MailKind::Activation).await);
                world.later(after);
                world.auth.activate(code.expose(), &home()).await.is_ok()
            }
            Self::Reset => {
                world.member("ann").await;
                world.auth.forgot_password("ann", &home()).await.unwrap();
                let token = link_token(&world.mailed(MailKind::PasswordReset).await);
                world.later(after);
                world.auth.reset_password(&token, &typed(OTHER), &home()).await.is_ok()
            }
            Self::Invitation => {
                let invite = Invite {
                    username: username("ann"),
                    email: email(&address("ann")),
                    role: Role::User,
                    first_name: None,
                    last_name: None,
                    gender: None,
                    locale: None,
                    password: None,
                    mail: false,
                    life: DAY,
                };
                let ann = world.auth.invite(&by(), &invite).await.unwrap().user;
                world.auth.send_reset(&by(), &ann.id).await.unwrap();
                let token = link_token(&world.mailed(MailKind::Invitation).await);
                world.later(after);
                world.auth.reset_password(&token, &typed(OTHER), &home()).await.is_ok()
            }
            Self::IdleSession => {
                let (signed_in, _) = world.signed_in_member("ann").await;
                world.later(after);
                let token = signed_in.tokens.refresh_token;
                world.auth.refresh(token.expose(), &home()).await.is_ok()
            }
            Self::Session => {
                let (signed_in, _) = world.signed_in_member("ann").await;
                world.later(MINUTE);
                let token = signed_in.tokens.refresh_token;
                let token = world.auth.refresh(token.expose(), &home()).await.unwrap();
                world.later(after - MINUTE);
                world.auth.refresh(token.refresh_token.expose(), &home()).await.is_ok()
            }
        }
    }
}

#[tokio::test]
async fn what_ends_does_so_when_the_policy_says() {
    for what in [Ends::Activation, Ends::Reset, Ends::Invitation, Ends::IdleSession, Ends::Session]
    {
        for (after, good) in [(LIFE - MILLISECOND, true), (LIFE, false)] {
            let world = World::with(|config| what.after_a_life(config)).await;
            assert_eq!(what.is_good(&world, after).await, good, "{what:?} after {after:?}");
        }
    }
}

#[tokio::test]
async fn one_client_fails_with_one_name_as_often_as_the_policy_says() {
    let world = World::with(|config| config.limits.sign_in_pair = Rate::per_minutes(3, 7)).await;
    for _ in 0..3 {
        let answer = world.try_sign_in("ann", OTHER, &home()).await.unwrap_err();
        assert!(matches!(answer, SignInError::InvalidCredentials));
    }
    let is_refused = async || {
        let answer = world.try_sign_in("ann", OTHER, &home()).await.unwrap_err();
        matches!(answer, SignInError::Service(error) if is_limited(&error))
    };
    assert!(is_refused().await);
    world.later(7 * MINUTE - MILLISECOND);
    assert!(is_refused().await);
    world.later(MILLISECOND);
    assert!(!is_refused().await);
}

#[tokio::test]
async fn codes_are_tried_with_an_address_as_often_as_the_policy_says() {
    let world = World::with(|config| config.limits.code_identifier = Rate::per_minutes(3, 7)).await;
    world.register("ann").await;
    let is_refused = async |n: u8| {
        let guess = typed("12345678");
        let answer = world.auth.confirm_by_code(&address("ann"), &guess, &client(n)).await;
        matches!(answer.unwrap_err(), CodeError::Service(error) if is_limited(&error))
    };
    for n in 0..3 {
        assert!(!is_refused(n).await);
    }
    assert!(is_refused(3).await);
    world.later(7 * MINUTE);
    assert!(!is_refused(4).await);
}

#[tokio::test]
async fn the_owner_is_told_after_as_many_failures_as_the_policy_says() {
    let world = World::with(|config| {
        config.limits.notify_after = 3;
        config.limits.notify_after_mfa = 2;
    })
    .await;
    let (_, current) = world.signed_in_member("ann").await;
    world.enrol(&current).await;
    world.mail().await;
    let told = async |kind| world.mail().await.iter().any(|mail| mail.kind == kind);
    for n in 1..=3 {
        world.try_sign_in("ann", OTHER, &client(n)).await.unwrap_err();
        assert_eq!(told(MailKind::RepeatedFailures).await, n == 3, "{n}");
    }
    for n in 1..=2 {
        let begun = world.try_sign_in("ann", PASSWORD, &client(10 + n)).await.unwrap();
        let SignInOutcome::MfaRequired { ticket, .. } = begun else { panic!("{begun:?}") };
        let wrong = world.auth.sign_in_mfa(&ticket, &typed("000000"), &client(10 + n)).await;
        assert!(matches!(wrong, Err(MfaSignInError::InvalidCode)));
        assert_eq!(told(MailKind::MfaFailures).await, n == 2, "{n}");
    }
}
