//! The passkey as second factor, beside an app and recovery codes.

use std::sync::Arc;

use usermgmt_core::flows::{
    AddedPasskey, ChangeUser, Current, MfaError, MfaSignInError, ReauthenticationError,
    SignInOutcome, TotpEnrolment,
};
use usermgmt_core::mail::MailKind;
use usermgmt_core::metrics::SignInResult;
use usermgmt_core::secret::PlaintextPassword;
use usermgmt_core::store::{Change, Changes, MemoryStore};
use usermgmt_core::testkit::{FaultyStore, MockClock, SampleRows};

use super::device::Device;
use super::{Again, add, ask, member, try_in, world};
use crate::fixture::{
    Counts, MINUTE, OTHER, PASSWORD, SECOND, SECRET, World, by, code, config, email, home,
    link_token, totp_code, typed,
};

const MISTYPED: &str = "amn@example.com";

#[tokio::test]
async fn a_password_is_not_enough_for_whoever_has_a_passkey() {
    let world = world().await;
    let (current, mut device, added) = member(&world, "ann").await;
    let (_, mut bobs, _) = member(&world, "bob").await;
    let ticket = |outcome| match outcome {
        SignInOutcome::MfaRequired { ticket, methods } => {
            assert_eq!(methods, ["passkey", "recovery_code"]);
            PlaintextPassword::from(ticket.expose().as_str())
        }
        SignInOutcome::SignedIn(_) => panic!("the password alone signed in"),
    };
    let first = ticket(world.try_sign_in("ann", PASSWORD, &home()).await.unwrap());
    let options = world.auth.mfa_passkey_options(&first, &home()).await.unwrap();
    // Not somebody else's passkey, nor an answer to another ticket.
    let foreign = bobs.sign(&options).await;
    let refused = world.auth.sign_in_mfa_by_passkey(&first, &foreign, &home()).await;
    assert!(matches!(refused, Err(MfaSignInError::InvalidCode)), "{refused:?}");
    let second = ticket(world.try_sign_in("ann", PASSWORD, &home()).await.unwrap());
    let answer = device.sign(&options).await;
    let refused = world.auth.sign_in_mfa_by_passkey(&second, &answer, &home()).await;
    assert!(matches!(refused, Err(MfaSignInError::InvalidCode)), "{refused:?}");
    let signed_in = world.auth.sign_in_mfa_by_passkey(&first, &answer, &home()).await.unwrap();
    assert_eq!(signed_in.session.amr, ["pwd", "hwk", "user", "mfa"]);
    let again = world.auth.sign_in_mfa_by_passkey(&first, &answer, &home()).await;
    assert!(matches!(again, Err(MfaSignInError::InvalidCode)), "{again:?}");
    // Whoever has lost it has the codes.
    let codes = added.recovery_codes.unwrap();
    let code = PlaintextPassword::from(codes[0].expose().as_str());
    world.auth.sign_in_mfa(&second, &code, &home()).await.unwrap();
    assert!(world.auth.mfa_status(&current.user.id).await.unwrap().enabled);
}

#[tokio::test]
async fn a_passkey_that_is_refused_counts_as_a_wrong_code() {
    let counts = Counts::default();
    let mut config = config();
    config.sign_in.passkeys = true;
    let store = FaultyStore::new(Arc::new(MemoryStore::new()));
    let world = World::extended(store, MockClock::default(), config, SECRET, |builder| {
        builder.metrics(Arc::new(counts.clone()))
    })
    .await;
    member(&world, "ann").await;
    let (_, mut bobs, _) = member(&world, "bob").await;
    let SignInOutcome::MfaRequired { ticket, .. } =
        world.try_sign_in("ann", PASSWORD, &home()).await.unwrap()
    else {
        panic!("the password alone signed in")
    };
    let ticket = typed(ticket.expose());
    let options = world.auth.mfa_passkey_options(&ticket, &home()).await.unwrap();
    let foreign = bobs.sign(&options).await;
    world.auth.sign_in_mfa_by_passkey(&ticket, &foreign, &home()).await.unwrap_err();
    assert_eq!(counts.sign_ins(SignInResult::WrongCode), 1);
}

/// A member with an app and a passkey.
async fn member_with_app(world: &World) -> (Current, Device, AddedPasskey, TotpEnrolment) {
    world.member("ann").await;
    let current = world.current(&world.sign_in("ann").await).await;
    let app = world.auth.enrol_totp(&current, None, None).await.unwrap();
    world.auth.confirm_totp(&current, &totp_code(&app, world.now())).await.unwrap();
    let current = world.auth.current_of(&current).await;
    let mut device = Device::new();
    let added = add(world, &current, &mut device).await;
    assert!(added.recovery_codes.is_none(), "those of the app stand in for it too");
    world.later(MINUTE);
    (world.auth.current_of(&current).await, device, added, app)
}

#[tokio::test]
async fn recovery_codes_live_as_long_as_any_second_factor() {
    for app_first in [true, false] {
        let world = world().await;
        let (current, _, added, app) = member_with_app(&world).await;
        let (id, passkey) = (&current.user.id, &added.passkey.id);
        let left = async || world.auth.recovery_codes_left(id).await.unwrap();
        let code = || totp_code(&app, world.now());
        if app_first {
            world.auth.disable_totp(&current, &code(), None).await.unwrap();
        } else {
            world.auth.remove_passkey(&current, passkey).await.unwrap();
        }
        assert_eq!(left().await, 10, "{app_first}");
        let current = world.auth.current_of(&current).await;
        if app_first {
            world.auth.remove_passkey(&current, passkey).await.unwrap();
        } else {
            world.auth.disable_totp(&current, &code(), None).await.unwrap();
        }
        assert_eq!(left().await, 0, "{app_first}");
        world.sign_in("ann").await;
    }
}

#[tokio::test]
async fn the_mail_about_an_app_turned_off_says_whether_a_passkey_is_left() {
    for (asked_for, left) in [(true, Some("passkey")), (false, None)] {
        let world = world().await;
        let (current, .., app) = member_with_app(&world).await;
        world.mail().await;
        let mut config = world.auth.config().clone();
        config.sign_in.passkeys = asked_for;
        let keys = usermgmt_core::KeyRing::single(crate::fixture::SECRET.to_vec()).unwrap();
        let auth = world.another(keys, config).await;
        auth.disable_totp(&current, &totp_code(&app, world.now()), None).await.unwrap();
        let mail = world.mailed(MailKind::MfaDisabled).await;
        assert_eq!(mail.params.get("second_factor").map(String::as_str), left);
    }
}

#[tokio::test]
async fn an_operator_who_resets_the_second_factor_drops_the_recovery_codes() {
    let world = world().await;
    let (current, ..) = member_with_app(&world).await;
    world.auth.reset_mfa(&current.user.id).await.unwrap();
    assert_eq!(world.auth.recovery_codes_left(&current.user.id).await.unwrap(), 0);
}

#[tokio::test]
async fn whoever_lost_every_passkey_gets_in_after_a_reset_of_the_second_factor() {
    let world = world().await;
    let (current, _, _) = member(&world, "ann").await;
    world.auth.reset_user_mfa(&by(), &current.user.id).await.unwrap();
    assert!(world.auth.passkeys(&current.user.id).await.unwrap().is_empty());
    world.sign_in("ann").await;
}

#[tokio::test]
async fn a_passkey_that_is_added_while_the_second_factor_is_reset_goes_with_it() {
    let world = world().await;
    let ann = world.member("ann").await;
    let changes = vec![
        Change::UpdateUser {
            id: ann.id.clone(),
            epoch: ann.epoch,
            raise_epoch: true,
            at: world.now(),
            set: Box::default(),
        },
        Change::InsertPasskey(Box::new(SampleRows::new(1).passkey(&ann.id))),
    ];
    world.store.meanwhile(1, Changes::new(changes, world.now(), &world.rng));
    world.auth.reset_user_mfa(&by(), &ann.id).await.unwrap();
    assert!(world.auth.passkeys(&ann.id).await.unwrap().is_empty());
    world.mailed(MailKind::MfaDisabled).await;
}

#[tokio::test]
async fn who_has_passkeys_alone_gets_new_recovery_codes_by_one_or_by_a_code() {
    let world = world().await;
    let (current, mut device, added) = member(&world, "ann").await;
    let old = added.recovery_codes.unwrap();
    // Signed in by password alone, before there was a passkey.
    let refused = world.auth.new_recovery_codes(&current, None).await.unwrap_err();
    let MfaError::Reauthentication(ReauthenticationError::Required(ways)) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(ways.names(), ["password", "passkey"]);
    // Nor is there an app to turn off.
    let off = world.auth.disable_totp(&current, &old[0], None).await;
    assert!(matches!(off, Err(MfaError::NotEnabled)), "{off:?}");

    let asked = ask(&world).await;
    let answer = device.sign(&asked.options).await;
    let signed_in = try_in(&world, &asked, &answer).await.unwrap();
    let by_passkey = world.current(&signed_in).await;
    let codes = world.auth.new_recovery_codes(&by_passkey, None).await.unwrap();
    let by_passkey = world.auth.current_of(&by_passkey).await;
    let void = world.auth.new_recovery_codes(&by_passkey, Some(&old[0])).await;
    assert!(matches!(void, Err(MfaError::InvalidCode)), "{void:?}");
    let codes = world.auth.new_recovery_codes(&by_passkey, Some(&codes[0])).await.unwrap();
    assert_eq!(codes.len(), 10);

    world.later(15 * MINUTE + SECOND);
    let by_passkey = world.auth.current_of(&by_passkey).await;
    let late = world.auth.new_recovery_codes(&by_passkey, None).await;
    assert!(matches!(late, Err(MfaError::Reauthentication(_))), "{late:?}");
}

#[tokio::test]
async fn an_owner_is_told_of_new_recovery_codes_that_took_no_code() {
    let world = world().await;
    let (_, mut device, _) = member(&world, "ann").await;
    let asked = ask(&world).await;
    let answer = device.sign(&asked.options).await;
    let by_passkey = world.current(&try_in(&world, &asked, &answer).await.unwrap()).await;
    world.mail().await;
    world.auth.new_recovery_codes(&by_passkey, None).await.unwrap();
    let told = (MailKind::RecoveryCodesReplaced, "ann@example.com".to_owned());
    assert_eq!(world.mailed_kinds().await, [told]);
}

#[tokio::test]
async fn without_a_passkey_new_recovery_codes_need_a_code() {
    let world = world().await;
    world.member("ann").await;
    let current = world.current(&world.sign_in("ann").await).await;
    let none = world.auth.new_recovery_codes(&current, None).await;
    assert!(matches!(none, Err(MfaError::NotEnabled)), "{none:?}");
    let app = world.auth.enrol_totp(&current, None, None).await.unwrap();
    world.auth.confirm_totp(&current, &totp_code(&app, world.now())).await.unwrap();
    let current = world.auth.current_of(&current).await;
    let none = world.auth.new_recovery_codes(&current, None).await;
    assert!(matches!(none, Err(MfaError::CodeRequired)), "{none:?}");
}

/// A member with a passkey whose address an administrator has mistyped.
async fn moved(world: &World) -> Device {
    let (current, device, _) = member(world, "ann").await;
    let change = ChangeUser { email: Some(email(MISTYPED)), ..ChangeUser::default() };
    world.auth.change_user(&by(), &current.user.id, &change).await.unwrap();
    world.mail().await;
    device
}

#[tokio::test]
async fn whoever_reads_the_address_that_an_administrator_mistyped_still_needs_the_passkey() {
    let world = world().await;
    moved(&world).await;
    world.auth.forgot_password(MISTYPED, &home()).await.unwrap();
    let link = link_token(&world.mail().await[0]);
    world.auth.reset_password(&link, &typed(OTHER), &home()).await.unwrap();
    let asked = world.try_sign_in(MISTYPED, OTHER, &home()).await.unwrap();
    let SignInOutcome::MfaRequired { methods, .. } = asked else { panic!("{asked:?}") };
    assert_eq!(methods, ["passkey", "recovery_code"]);
}

#[tokio::test]
async fn a_mailed_code_asks_for_no_passkey_but_one_that_answers() {
    let world = World::with(|config| {
        config.sign_in.passkeys = true;
        config.sign_in.email = true;
        config.limits.enabled = false;
    })
    .await;
    let mut device = moved(&world).await;
    let request = world.auth.mail_sign_in(MISTYPED, &home()).await.unwrap();
    let code = code(&world.mailed(MailKind::EmailSignIn).await);
    let asked = world.auth.sign_in_by_code(MISTYPED, &code, request.expose(), &home()).await;
    let SignInOutcome::MfaRequired { ticket, .. } = asked.unwrap() else { panic!("signed in") };
    let ticket = typed(ticket.expose());
    let options = world.auth.mfa_passkey_options(&ticket, &home()).await.unwrap();
    let answer = device.sign(&options).await;
    world.auth.sign_in_mfa_by_passkey(&ticket, &answer, &home()).await.unwrap();
}
