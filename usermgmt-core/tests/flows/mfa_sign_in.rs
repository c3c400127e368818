//! Signing in with the second factor; a code counts once, wherever it is used.

use std::sync::Arc;

use usermgmt_core::Client;
use usermgmt_core::flows::{Current, MfaError, MfaSignInError, SignInOutcome, SignedIn};
use usermgmt_core::mail::MailKind;
use usermgmt_core::metrics::SignInResult;
use usermgmt_core::secret::PlaintextPassword;

use crate::fixture::*;

/// Somebody with a confirmed factor whose first code was used a minute ago.
async fn careful(world: &World) -> (Current, Factor) {
    let (signed_in, current) = world.signed_in_member("ann").await;
    let factor = world.enrol(&current).await;
    world.mail().await;
    world.later(MINUTE);
    (world.current(&signed_in).await, factor)
}

async fn ticket(world: &World) -> PlaintextPassword {
    match world.try_sign_in("ann", PASSWORD, &home()).await.unwrap() {
        SignInOutcome::MfaRequired { ticket, .. } => ticket,
        other => panic!("{other:?}"),
    }
}

async fn answer(
    world: &World,
    ticket: &PlaintextPassword,
    code: &PlaintextPassword,
) -> Result<SignedIn, MfaSignInError> {
    world.auth.sign_in_mfa(ticket, code, &home()).await
}

fn is_invalid(answer: &Result<SignedIn, MfaSignInError>) -> bool {
    matches!(answer, Err(MfaSignInError::InvalidCode))
}

fn code(world: &World, factor: &Factor) -> PlaintextPassword {
    totp_code(&factor.enrolment, world.now())
}

#[tokio::test]
async fn password_and_code_open_a_session() {
    let world = World::new().await;
    let (current, factor) = careful(&world).await;
    let ticket = ticket(&world).await;
    assert_eq!(world.auth.sessions(&current.user.id).await.unwrap().len(), 1);
    let signed_in = answer(&world, &ticket, &code(&world, &factor)).await.unwrap();
    assert_eq!(signed_in.session.amr, ["pwd", "otp", "mfa"]);
    assert_eq!(world.current(&signed_in).await.session, signed_in.session);
    let claims = world.auth.access_claims(signed_in.tokens.access_token.expose()).unwrap();
    assert_eq!(claims.amr, ["pwd", "otp", "mfa"]);
    assert!(claims.is_multi_factor());
    assert!(is_invalid(&answer(&world, &ticket, &factor.codes[0]).await));
}

#[tokio::test]
async fn codes_of_one_step_before_and_after_are_good_and_no_others() {
    for (off, good) in [(-2_i64, false), (-1, true), (0, true), (1, true), (2, false)] {
        let world = World::new().await;
        let (_, factor) = careful(&world).await;
        world.later(HOUR);
        let at = world.now().as_millis() + off * 30_000;
        let at = usermgmt_core::clock::Timestamp::from_millis(at);
        let code = totp_code(&factor.enrolment, at);
        let ticket = ticket(&world).await;
        assert_eq!(answer(&world, &ticket, &code).await.is_ok(), good, "{off}");
    }
}

#[tokio::test]
async fn a_step_counts_once_at_sign_in_and_for_services_together() {
    let world = World::new().await;
    let (current, factor) = careful(&world).await;
    let id = &current.user.id;
    let used = code(&world, &factor);
    answer(&world, &ticket(&world).await, &used).await.unwrap();
    assert!(matches!(world.auth.verify_mfa(id, &used, &home()).await, Err(MfaError::InvalidCode)));
    assert!(is_invalid(&answer(&world, &ticket(&world).await, &used).await));
    world.later(30 * SECOND);
    let used = code(&world, &factor);
    world.auth.verify_mfa(id, &used, &home()).await.unwrap();
    assert!(is_invalid(&answer(&world, &ticket(&world).await, &used).await));
    // Nor one of an earlier step, although the clock still allows it.
    let before = totp_code(&factor.enrolment, world.now() - 30 * SECOND);
    assert!(is_invalid(&answer(&world, &ticket(&world).await, &before).await));
    world.later(30 * SECOND);
    answer(&world, &ticket(&world).await, &code(&world, &factor)).await.unwrap();
}

#[tokio::test]
async fn a_second_factor_that_is_refused_counts_as_a_wrong_code() {
    let counts = Counts::default();
    let world = World::built(|builder| builder.metrics(Arc::new(counts.clone()))).await;
    let (_, factor) = careful(&world).await;
    let wrong_codes = || counts.sign_ins(SignInResult::WrongCode);
    let first = ticket(&world).await;
    assert!(is_invalid(&answer(&world, &first, &typed("000000")).await));
    assert_eq!(wrong_codes(), 1);
    answer(&world, &first, &factor.codes[0]).await.unwrap();
    assert_eq!(wrong_codes(), 1);
    // A recovery code that was used is none any more.
    let second = ticket(&world).await;
    assert!(is_invalid(&answer(&world, &second, &factor.codes[0]).await));
    assert_eq!(wrong_codes(), 2);
    // Nobody's ticket is nobody's wrong code.
    assert!(is_invalid(&answer(&world, &typed("umt_none"), &factor.codes[1]).await));
    assert_eq!(wrong_codes(), 2);
}

#[tokio::test]
async fn a_code_may_be_typed_with_spaces() {
    let world = World::new().await;
    let (_, factor) = careful(&world).await;
    let code = code(&world, &factor);
    let spaced = typed(&format!(" {} {} ", &code.expose()[..3], &code.expose()[3..]));
    answer(&world, &ticket(&world).await, &spaced).await.unwrap();
}

#[tokio::test]
async fn a_ticket_takes_five_tries_even_without_limits() {
    for world in [World::new().await, World::unlimited().await] {
        let (_, factor) = careful(&world).await;
        let first = ticket(&world).await;
        for _ in 0..5 {
            assert!(is_invalid(&answer(&world, &first, &typed("000000")).await));
        }
        assert!(is_invalid(&answer(&world, &first, &code(&world, &factor)).await));
        let second = ticket(&world).await;
        for _ in 0..4 {
            assert!(is_invalid(&answer(&world, &second, &typed("000000")).await));
        }
        answer(&world, &second, &code(&world, &factor)).await.unwrap();
    }
}

#[tokio::test]
async fn codes_are_not_guessed_across_tickets() {
    let world = World::new().await;
    let (_, factor) = careful(&world).await;
    for _ in 0..2 {
        let ticket = ticket(&world).await;
        for _ in 0..5 {
            assert!(is_invalid(&answer(&world, &ticket, &typed("000000")).await));
        }
    }
    let last = ticket(&world).await;
    let refused = answer(&world, &last, &code(&world, &factor)).await.unwrap_err();
    assert!(
        matches!(refused, MfaSignInError::Service(service_error) if is_limited(&service_error))
    );
    world.later(15 * MINUTE);
    answer(&world, &ticket(&world).await, &code(&world, &factor)).await.unwrap();
}

#[tokio::test]
async fn a_wrong_recovery_code_is_one_try() {
    let world = World::new().await;
    let (_, factor) = careful(&world).await;
    let first = ticket(&world).await;
    let wrong = typed("000000-000000-000000-000000");
    for _ in 0..4 {
        assert!(is_invalid(&answer(&world, &first, &wrong).await));
    }
    answer(&world, &first, &factor.codes[0]).await.unwrap();
}

#[tokio::test]
async fn a_ticket_lives_five_minutes() {
    for (after, good) in [(5 * MINUTE - MILLISECOND, true), (5 * MINUTE, false)] {
        let world = World::new().await;
        let (_, factor) = careful(&world).await;
        let ticket = ticket(&world).await;
        world.later(after);
        let answer = answer(&world, &ticket, &code(&world, &factor)).await;
        assert_eq!((answer.is_ok(), is_invalid(&answer)), (good, !good));
    }
}

#[tokio::test]
async fn a_ticket_stands_for_the_account_as_it_was() {
    for change in ["password", "sign-out", "disabled", "factor off", "deleted"] {
        let world = World::unlimited().await;
        let (current, factor) = careful(&world).await;
        let id = &current.user.id;
        let ticket = ticket(&world).await;
        match change {
            "password" => {
                let (old, new) = (typed(PASSWORD), typed(OTHER));
                world.auth.change_password(&current, &old, &new).await.unwrap();
            }
            "sign-out" => world.auth.sign_out_all(id, &home()).await.unwrap(),
            "disabled" => world.disable(id).await,
            "factor off" => drop(world.auth.reset_mfa(id).await.unwrap()),
            _ => world.auth.delete_user(id).await.unwrap(),
        }
        for code in [code(&world, &factor), factor.codes[0].clone()] {
            assert!(is_invalid(&answer(&world, &ticket, &code).await), "{change}");
        }
    }
}

#[tokio::test]
async fn what_is_no_ticket_opens_nothing() {
    let world = World::new().await;
    let (_, factor) = careful(&world).await;
    world.auth.forgot_password("ann", &home()).await.unwrap();
    let link = link_token(&world.mailed(MailKind::PasswordReset).await);
    for ticket in ["", "umt_", &link] {
        assert!(is_invalid(&answer(&world, &typed(ticket), &code(&world, &factor)).await));
    }
    let ticket = ticket(&world).await;
    assert!(world.auth.reset_password(ticket.expose(), &typed(OTHER), &home()).await.is_err());
}

#[tokio::test]
async fn a_recovery_code_counts_once_however_it_is_typed_and_is_told() {
    let world = World::new().await;
    let (current, factor) = careful(&world).await;
    let shown = factor.codes[0].expose();
    let sloppy = shown.to_lowercase().replace('-', " ").replace('0', "o").replace('1', "l");
    let signed_in = answer(&world, &ticket(&world).await, &typed(&sloppy)).await.unwrap();
    assert_eq!(signed_in.session.amr, ["pwd", "mfa"]);
    let mail = world.mailed(MailKind::RecoveryCodeUsed).await;
    assert_eq!(mail.recipient.as_str(), "ann@example.com");
    assert!(is_invalid(&answer(&world, &ticket(&world).await, &factor.codes[0]).await));
    let again = world.auth.verify_mfa(&current.user.id, &factor.codes[0], &home()).await;
    assert!(matches!(again, Err(MfaError::InvalidCode)));
    assert!(world.mail().await.is_empty());
    for code in &factor.codes[1..] {
        world.auth.verify_mfa(&current.user.id, code, &home()).await.unwrap();
    }
    let asked = world.try_sign_in("ann", PASSWORD, &home()).await.unwrap();
    assert!(matches!(asked, SignInOutcome::MfaRequired { methods, .. } if methods == ["totp"]));
}

#[tokio::test]
async fn somebody_elses_recovery_code_is_none() {
    let world = World::new().await;
    let (_, _) = careful(&world).await;
    let (_, bob) = world.signed_in_member("bob").await;
    let bobs = world.enrol(&bob).await;
    assert!(is_invalid(&answer(&world, &ticket(&world).await, &bobs.codes[0]).await));
    world.auth.verify_mfa(&bob.user.id, &bobs.codes[0], &home()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_twelve_who_race_with_one_code_one_gets_in() {
    for recovery in [false, true] {
        let world = Arc::new(World::unlimited().await);
        let (current, factor) = careful(&world).await;
        let code = if recovery { factor.codes[0].clone() } else { code(&world, &factor) };
        let mut racing = tokio::task::JoinSet::new();
        for n in 0..12 {
            let (world, code, id) = (Arc::clone(&world), code.clone(), current.user.id.clone());
            let ticket = ticket(&world).await;
            racing.spawn(async move {
                match n % 2 {
                    0 => answer(&world, &ticket, &code).await.is_ok(),
                    _ => world.auth.verify_mfa(&id, &code, &home()).await.is_ok(),
                }
            });
        }
        let won = racing.join_all().await.into_iter().filter(|won| *won).count();
        assert_eq!(won, 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_twelve_who_race_with_one_ticket_one_gets_in() {
    let world = Arc::new(World::unlimited().await);
    let (current, factor) = careful(&world).await;
    let ticket = ticket(&world).await;
    let mut racing = tokio::task::JoinSet::new();
    for n in 0..5 {
        let (world, ticket) = (Arc::clone(&world), ticket.clone());
        let code = factor.codes[n].clone();
        racing.spawn(async move { answer(&world, &ticket, &code).await.is_ok() });
    }
    let won = racing.join_all().await.into_iter().filter(|won| *won).count();
    assert_eq!(won, 1);
    // What the others presented is not used up.
    let mut left = 0;
    for code in &factor.codes {
        left += usize::from(world.auth.verify_mfa(&current.user.id, code, &home()).await.is_ok());
    }
    assert_eq!(left, 9);
}

#[tokio::test]
async fn a_reset_does_not_skip_the_second_factor() {
    let world = World::unlimited().await;
    let (_, factor) = careful(&world).await;
    world.auth.forgot_password("ann", &home()).await.unwrap();
    let link = link_token(&world.mailed(MailKind::PasswordReset).await);
    world.auth.reset_password(&link, &typed(OTHER), &home()).await.unwrap();
    let asked = world.try_sign_in("ann", OTHER, &home()).await.unwrap();
    let SignInOutcome::MfaRequired { ticket, .. } = asked else { panic!("{asked:?}") };
    answer(&world, &ticket, &code(&world, &factor)).await.unwrap();
}

#[tokio::test]
async fn undoing_a_change_of_address_removes_what_was_enrolled_since_shortly_before_it_was_asked_for()
 {
    use usermgmt_core::flows::UpdateProfile;
    for kind in [MailKind::EmailChangeRequested, MailKind::EmailChanged] {
        for (earlier, stays) in
            [(Some(15 * MINUTE + MILLISECOND), true), (Some(15 * MINUTE), false), (None, false)]
        {
            let world = World::unlimited().await;
            let (_, mut current) = world.signed_in_member("ann").await;
            if let Some(earlier) = earlier {
                world.enrol(&current).await;
                world.mail().await;
                world.later(earlier);
                current = world.again(&current).await;
            }
            let update = UpdateProfile {
                email: Some(email("eve@evil.example")),
                current_password: Some(typed(PASSWORD)),
                ..Default::default()
            };
            world.auth.update_profile(&current, &update).await.unwrap();
            let mut mails = world.mail().await;
            world.later(MINUTE);
            if earlier.is_none() {
                world.enrol(&current).await;
            }
            world.later(MINUTE);
            let there =
                mails.iter().find(|mail| mail.kind == MailKind::EmailChangeConfirm).unwrap();
            world.auth.confirm_email_change(&link_token(there), &home()).await.unwrap();
            mails.extend(world.mail().await);
            let undo = mails.iter().find(|mail| mail.kind == kind).unwrap();
            world.auth.undo_email_change(&link_token(undo), &home()).await.unwrap();
            let status = world.auth.mfa_status(&current.user.id).await.unwrap();
            assert_eq!(status.enabled, stays, "{kind:?}, enrolled {earlier:?} before");
        }
    }
}

#[tokio::test]
async fn a_new_device_is_told_after_the_second_factor_and_not_before() {
    let world = World::new().await;
    let (_, factor) = careful(&world).await;
    let elsewhere = client(7);
    let asked = world.try_sign_in("ann", PASSWORD, &elsewhere).await.unwrap();
    let SignInOutcome::MfaRequired { ticket, .. } = asked else { panic!("{asked:?}") };
    assert!(world.mail().await.is_empty());
    world.auth.sign_in_mfa(&ticket, &code(&world, &factor), &elsewhere).await.unwrap();
    world.mailed(MailKind::NewDevice).await;
}

#[tokio::test]
async fn the_owner_is_told_of_five_wrong_codes_in_a_day() {
    let world = World::new().await;
    careful(&world).await;
    world.mail().await;
    let ticket = ticket(&world).await;
    for n in 1..=5 {
        assert!(is_invalid(&answer(&world, &ticket, &typed("000000")).await));
        let told: Vec<_> = world.mail().await.into_iter().map(|mail| mail.kind).collect();
        assert_eq!(told.contains(&MailKind::MfaFailures), n == 5, "{n} {told:?}");
    }
}

#[tokio::test]
async fn strangers_who_fail_at_the_second_factor_keep_neither_known_devices_nor_the_owner_out() {
    let world = World::with(|config| config.limits.mfa_account.first.max = 3).await;
    let (signed_in, current) = world.signed_in_member("ann").await;
    let factor = world.enrol(&current).await;
    let current = world.again(&current).await;
    world.later(MINUTE);
    let ticket_for = async |client: &Client| match world.try_sign_in("ann", PASSWORD, client).await
    {
        Ok(SignInOutcome::MfaRequired { ticket, .. }) => typed(ticket.expose()),
        other => panic!("{other:?}"),
    };
    for n in 10..20 {
        let ticket = ticket_for(&client(n)).await;
        let _ = world.auth.sign_in_mfa(&ticket, &typed("000000"), &client(n)).await;
    }
    let ticket = ticket_for(&client(20)).await;
    let refused = world.auth.sign_in_mfa(&ticket, &code(&world, &factor), &client(20)).await;
    assert!(matches!(refused, Err(MfaSignInError::Service(error)) if is_limited(&error)));
    let known = device(21, &signed_in);
    let ticket = ticket_for(&known).await;
    world.auth.sign_in_mfa(&ticket, &code(&world, &factor), &known).await.unwrap();
    // Nor what a signed-in owner does.
    world.later(MINUTE);
    world.auth.new_recovery_codes(&current, Some(&code(&world, &factor))).await.unwrap();
    // And a reset gives strangers their tries back.
    world.mail().await;
    world.auth.forgot_password("ann", &home()).await.unwrap();
    let link = link_token(&world.mailed(MailKind::PasswordReset).await);
    world.auth.reset_password(&link, &typed(PASSWORD), &home()).await.unwrap();
    world.later(MINUTE);
    let ticket = ticket_for(&client(22)).await;
    world.auth.sign_in_mfa(&ticket, &code(&world, &factor), &client(22)).await.unwrap();
}
