//! Turning the second factor on and off.

use usermgmt_core::ServiceError;
use usermgmt_core::flows::{
    Current, MfaError, MfaStatus, ReauthenticationError, SignInOutcome, TotpEnrolment,
};
use usermgmt_core::keys::{KeyRing, RootSecret, RootState};
use usermgmt_core::mail::MailKind;
use usermgmt_core::model::factor::{TotpAlgorithm, TotpSecret};
use usermgmt_core::store::Change;

use crate::fixture::*;

fn is_invalid<T>(answer: &Result<T, MfaError>) -> bool {
    matches!(answer, Err(MfaError::InvalidCode))
}

fn is_off<T>(answer: &Result<T, MfaError>) -> bool {
    matches!(answer, Err(MfaError::NotEnabled))
}

async fn status(world: &World, current: &Current) -> MfaStatus {
    world.auth.mfa_status(&current.user.id).await.unwrap()
}

const OFF: MfaStatus = MfaStatus { enabled: false, pending: false };
const PENDING: MfaStatus = MfaStatus { enabled: false, pending: true };
const ON: MfaStatus = MfaStatus { enabled: true, pending: false };
const REPLACING: MfaStatus = MfaStatus { enabled: true, pending: true };

/// What a phone reads in the PNG.
fn scanned(enrolment: &TotpEnrolment) -> String {
    let png = enrolment.qr_png().unwrap();
    let mut reader = png::Decoder::new(std::io::Cursor::new(png)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    let (width, height) = (info.width as usize, info.height as usize);
    // White all around, as wide as four modules.
    assert!(pixels[..width * 24].iter().all(|pixel| *pixel == 255));
    let mut image =
        rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| pixels[y * width + x]);
    let grids = image.detect_grids();
    assert_eq!(grids.len(), 1);
    grids[0].decode().unwrap().1
}

#[tokio::test]
async fn an_enrolment_is_a_secret_a_link_and_a_picture_of_it() {
    let world = World::with(|config| config.mfa_issuer = Some("Otter & Söhne".to_owned())).await;
    let (_, current) = world.signed_in_member("ann").await;
    let enrolment = world.auth.enrol_totp(&current, None, None).await.unwrap();
    // 160 bits in base32.
    let secret = enrolment.secret.expose();
    assert_eq!(secret.len(), 32);
    assert!(secret.bytes().all(|b| b.is_ascii_uppercase() || (b'2'..=b'7').contains(&b)));
    let uri = enrolment.provisioning_uri.expose();
    let url = url::Url::parse(uri).unwrap();
    assert_eq!((url.scheme(), url.host_str()), ("otpauth", Some("totp")));
    assert_eq!(url.path(), "/Otter%20%26%20S%C3%B6hne:ann%40example.com", "{uri}");
    let query: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    assert!(query.contains(&("secret".to_owned(), secret.clone())), "{uri}");
    assert!(query.contains(&("issuer".to_owned(), "Otter & Söhne".to_owned())), "{uri}");
    assert_eq!(&scanned(&enrolment), uri);
    let svg = enrolment.qr_svg().unwrap();
    let document = roxmltree::Document::parse(&svg).unwrap();
    assert_eq!(document.root_element().tag_name().name(), "svg");
    assert!(!svg.contains(secret.as_str()));
    assert!(!format!("{enrolment:?}").contains(secret.as_str()));
}

#[tokio::test]
async fn every_length_of_address_fits_a_picture() {
    let world = World::unlimited().await;
    let long = format!("{}@{}.example.com", "a".repeat(60), "b".repeat(60));
    for address in ["a@b.example", "jösé+tag@bücher.example", &long] {
        world.try_register("ann", address, PASSWORD).await.unwrap();
        let ann = world.find("ann").await.unwrap();
        let enrolment = world.auth.begin_totp(&ann.id).await.unwrap();
        assert_eq!(&scanned(&enrolment), enrolment.provisioning_uri.expose());
        world.auth.delete_user(&ann.id).await.unwrap();
    }
}

#[tokio::test]
async fn the_first_code_turns_the_factor_on() {
    let world = World::new().await;
    let (signed_in, current) = world.signed_in_member("ann").await;
    assert_eq!(status(&world, &current).await, OFF);
    let enrolment = world.auth.enrol_totp(&current, None, None).await.unwrap();
    assert_eq!(status(&world, &current).await, PENDING);
    // Until then nothing asks for it.
    world.sign_in("ann").await;
    assert!(is_invalid(&world.auth.confirm_totp(&current, &typed("000000")).await));
    let code = totp_code(&enrolment, world.now());
    let codes = world.auth.confirm_totp(&current, &code).await.unwrap();
    assert_eq!(codes.len(), 10);
    assert_eq!(status(&world, &current).await, ON);
    let asked = world.try_sign_in("ann", PASSWORD, &home()).await.unwrap();
    let SignInOutcome::MfaRequired { ticket, methods } = asked else {
        panic!("not asked for the second factor");
    };
    assert!(ticket.expose().starts_with("umt_"));
    assert_eq!(methods, ["totp", "recovery_code"]);
    let mail = world.mailed(MailKind::MfaEnabled).await;
    assert_eq!(mail.recipient.as_str(), "ann@example.com");
    world.current(&signed_in).await;
}

#[tokio::test]
async fn the_first_code_is_used_up_by_turning_the_factor_on() {
    let world = World::new().await;
    let (_, current) = world.signed_in_member("ann").await;
    let enrolment = world.auth.enrol_totp(&current, None, None).await.unwrap();
    let code = totp_code(&enrolment, world.now());
    world.auth.confirm_totp(&current, &code).await.unwrap();
    assert!(is_invalid(&world.auth.verify_mfa(&current.user.id, &code, &home()).await));
    assert!(is_off(&world.auth.confirm_totp(&current, &code).await));
}

#[tokio::test]
async fn recovery_codes_are_readable_and_hard_to_guess() {
    let world = World::new().await;
    let mut all = std::collections::BTreeSet::new();
    for name in ["ann", "bob"] {
        let (_, current) = world.signed_in_member(name).await;
        for code in world.enrol(&current).await.codes {
            let groups: Vec<&str> = code.expose().split('-').collect();
            assert_eq!(groups.len(), 4);
            // Five bits a character, without letters that look like digits.
            let alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
            assert!(groups.iter().all(|g| g.len() == 6 && g.chars().all(|c| alphabet.contains(c))));
            assert!(groups.concat().len() * 5 >= 112);
            all.insert(code.expose().clone());
        }
    }
    assert_eq!(all.len(), 20);
}

#[tokio::test]
async fn beginning_again_makes_another_secret_and_shows_it_as_often_as_asked() {
    let world = World::new().await;
    let (_, current) = world.signed_in_member("ann").await;
    let id = &current.user.id;
    assert!(is_off(&world.auth.pending_totp(id).await));
    let first = world.auth.begin_totp(id).await.unwrap();
    let second = world.auth.begin_totp(id).await.unwrap();
    assert_ne!(first.secret, second.secret);
    let shown = world.auth.pending_totp(id).await.unwrap();
    assert_eq!(shown.provisioning_uri, second.provisioning_uri);
    let old = totp_code(&first, world.now());
    assert!(is_invalid(&world.auth.confirm_totp(&current, &old).await));
    let new = totp_code(&second, world.now());
    world.auth.confirm_totp(&current, &new).await.unwrap();
    assert!(is_off(&world.auth.pending_totp(id).await));
}

#[tokio::test]
async fn a_confirmed_factor_holds_until_the_next_ones_first_code() {
    let world = World::new().await;
    let (_, current) = world.signed_in_member("ann").await;
    let old = world.enrol(&current).await;
    let current = world.again(&current).await;
    let without = world.auth.enrol_totp(&current, None, None).await;
    assert!(matches!(without, Err(MfaError::CodeRequired)));
    let wrong = world.auth.enrol_totp(&current, None, Some(&typed("000000"))).await;
    assert!(matches!(wrong, Err(MfaError::InvalidCode)));
    world.later(MINUTE);
    let code = totp_code(&old.enrolment, world.now());
    let new = world.auth.enrol_totp(&current, None, Some(&code)).await.unwrap();
    assert_eq!(status(&world, &current).await, REPLACING);
    world.later(MINUTE);
    let id = &current.user.id;
    world.auth.verify_mfa(id, &totp_code(&old.enrolment, world.now()), &home()).await.unwrap();
    world.later(MINUTE);
    world.mail().await;
    let codes = world.auth.confirm_totp(&current, &totp_code(&new, world.now())).await.unwrap();
    world.mailed(MailKind::MfaReplaced).await;
    assert_eq!(status(&world, &current).await, ON);
    world.later(MINUTE);
    let answer = world.auth.verify_mfa(id, &totp_code(&old.enrolment, world.now()), &home()).await;
    assert!(is_invalid(&answer));
    assert!(is_invalid(&world.auth.verify_mfa(id, &old.codes[0], &home()).await));
    world.auth.verify_mfa(id, &codes[0], &home()).await.unwrap();
    world.auth.verify_mfa(id, &totp_code(&new, world.now()), &home()).await.unwrap();
}

#[tokio::test]
async fn a_service_turns_the_factor_on_without_recovery_codes() {
    let world = World::new().await;
    let ann = world.member("ann").await;
    let enrolment = world.auth.begin_totp(&ann.id).await.unwrap();
    assert!(is_invalid(&world.auth.verify_mfa(&ann.id, &typed("000000"), &home()).await));
    world.auth.verify_mfa(&ann.id, &totp_code(&enrolment, world.now()), &home()).await.unwrap();
    let asked = world.try_sign_in("ann", PASSWORD, &home()).await.unwrap();
    assert!(matches!(asked, SignInOutcome::MfaRequired { methods, .. } if methods == ["totp"]));
}

#[tokio::test]
async fn turning_it_off_takes_a_code() {
    let world = World::new().await;
    let (_, current) = world.signed_in_member("ann").await;
    let factor = world.enrol(&current).await;
    let current = world.again(&current).await;
    world.later(MINUTE);
    world.mail().await;
    let wrong = world.auth.disable_totp(&current, &typed("000000"), None).await;
    assert!(is_invalid(&wrong));
    let code = totp_code(&factor.enrolment, world.now());
    world.auth.disable_totp(&current, &code, None).await.unwrap();
    assert_eq!(status(&world, &current).await, OFF);
    let mail = world.mailed(MailKind::MfaDisabled).await;
    assert_eq!(mail.params.get("second_factor"), None);
    world.sign_in("ann").await;
    let current = world.again(&current).await;
    assert!(is_off(&world.auth.disable_totp(&current, &code, None).await));
}

#[tokio::test]
async fn whoever_lost_the_phone_turns_it_off_by_a_recovery_code() {
    let world = World::new().await;
    let (_, current) = world.signed_in_member("ann").await;
    let factor = world.enrol(&current).await;
    let current = world.again(&current).await;
    world.auth.disable_totp(&current, &factor.codes[3], None).await.unwrap();
    assert_eq!(status(&world, &current).await, OFF);
    world.sign_in("ann").await;
}

#[tokio::test]
async fn enrolling_and_turning_off_need_a_recent_sign_in_or_the_password() {
    let world = World::new().await;
    let (_, current) = world.signed_in_member("ann").await;
    let factor = world.enrol(&current).await;
    let current = world.again(&current).await;
    world.later(15 * MINUTE + MILLISECOND);
    let code = totp_code(&factor.enrolment, world.now());
    for answer in [
        world.auth.enrol_totp(&current, None, None).await.map(|_| ()),
        world.auth.disable_totp(&current, &code, None).await,
    ] {
        assert!(matches!(
            answer.unwrap_err(),
            MfaError::Reauthentication(ReauthenticationError::Required(_))
        ));
    }
    let wrong = world.auth.enrol_totp(&current, Some(&typed(OTHER)), None).await.unwrap_err();
    assert!(matches!(wrong, MfaError::Reauthentication(ReauthenticationError::WrongPassword)));
    let recovery = Some(&factor.codes[0]);
    world.auth.enrol_totp(&current, Some(&typed(PASSWORD)), recovery).await.unwrap();
    world.auth.disable_totp(&current, &code, Some(&typed(PASSWORD))).await.unwrap();
}

#[tokio::test]
async fn new_recovery_codes_void_the_old_ones() {
    let world = World::new().await;
    let (_, current) = world.signed_in_member("ann").await;
    let factor = world.enrol(&current).await;
    let current = world.again(&current).await;
    let wrong = world.auth.new_recovery_codes(&current, Some(&typed("000000"))).await;
    assert!(is_invalid(&wrong));
    let new = world.auth.new_recovery_codes(&current, Some(&factor.codes[0])).await.unwrap();
    assert_eq!(new.len(), 10);
    let id = &current.user.id;
    assert!(is_invalid(&world.auth.verify_mfa(id, &factor.codes[1], &home()).await));
    world.auth.verify_mfa(id, &new[0], &home()).await.unwrap();
}

#[tokio::test]
async fn an_owner_is_told_of_new_recovery_codes() {
    let world = World::new().await;
    let (_, current) = world.signed_in_member("ann").await;
    let factor = world.enrol(&current).await;
    let current = world.again(&current).await;
    world.later(MINUTE);
    world.mail().await;
    let wrong = world.auth.new_recovery_codes(&current, Some(&typed("000000"))).await;
    assert!(is_invalid(&wrong));
    let code = totp_code(&factor.enrolment, world.now());
    world.auth.new_recovery_codes(&current, Some(&code)).await.unwrap();
    let told = (MailKind::RecoveryCodesReplaced, address("ann"));
    assert_eq!(world.mailed_kinds().await, [told]);
}

#[tokio::test]
async fn an_operator_resets_the_factor_without_a_code() {
    let world = World::new().await;
    let (_, current) = world.signed_in_member("ann").await;
    let id = &current.user.id;
    assert!(is_off(&world.auth.reset_mfa(id).await));
    // One that only waits goes quietly.
    world.auth.begin_totp(id).await.unwrap();
    world.auth.reset_mfa(id).await.unwrap();
    assert!(world.mail().await.is_empty());
    world.enrol(&current).await;
    world.mail().await;
    world.auth.reset_mfa(id).await.unwrap();
    assert_eq!(status(&world, &current).await, OFF);
    world.mailed(MailKind::MfaDisabled).await;
    world.sign_in("ann").await;
}

#[tokio::test]
async fn who_is_not_there_has_no_factor() {
    let world = World::new().await;
    let (_, current) = world.signed_in_member("ann").await;
    let id = &current.user.id;
    world.auth.delete_user(id).await.unwrap();
    let code = typed("123456");
    for answer in [
        world.auth.begin_totp(id).await.map(|_| ()),
        world.auth.mfa_status(id).await.map(|_| ()),
        world.auth.verify_mfa(id, &code, &home()).await.map(drop),
        world.auth.confirm_totp(&current, &code).await.map(|_| ()),
        world.auth.reset_mfa(id).await.map(|_| ()),
    ] {
        assert!(matches!(answer.unwrap_err(), MfaError::NotFound));
    }
}

#[tokio::test]
async fn a_sealed_secret_opens_for_nobody_else() {
    let world = World::new().await;
    let (_, ann) = world.signed_in_member("ann").await;
    let (_, bob) = world.signed_in_member("bob").await;
    let anns = world.auth.begin_totp(&ann.user.id).await.unwrap();
    world.auth.begin_totp(&bob.user.id).await.unwrap();
    let row = world.account(&ann.user.id).await.totp.unwrap().pending.unwrap();
    world
        .apply(vec![Change::SetPendingTotp { user_id: bob.user.id.clone(), secret: row.clone() }])
        .await;
    let code = totp_code(&anns, world.now());
    let shown = world.auth.pending_totp(&bob.user.id).await.map(|_| ());
    assert!(matches!(shown, Err(MfaError::Service(ServiceError::Internal(_)))));
    // It is no try, however often.
    for _ in 0..20 {
        let answer = world.auth.confirm_totp(&bob, &code).await;
        assert!(matches!(answer, Err(MfaError::Service(ServiceError::Internal(_)))));
    }
    assert_eq!(status(&world, &bob).await, PENDING);
    // Nor is the secret anywhere in the row.
    let secret = totp_rs::Secret::try_from_base32(anns.secret.expose()).unwrap();
    assert!(!row.sealed.windows(20).any(|window| window == secret.as_ref()));
}

#[tokio::test]
async fn a_secret_sealed_under_a_replaced_root_still_opens() {
    let world = World::new().await;
    let (_, current) = world.signed_in_member("ann").await;
    let factor = world.enrol(&current).await;
    let ring = KeyRing::new(&[
        RootSecret::new((8..40).collect(), RootState::Sign).unwrap(),
        RootSecret::new(SECRET.to_vec(), RootState::UnsealOnly).unwrap(),
    ])
    .unwrap();
    let auth = world.another(ring, config()).await;
    world.later(MINUTE);
    let code = totp_code(&factor.enrolment, world.now());
    auth.verify_mfa(&current.user.id, &code, &home()).await.unwrap();
}

#[tokio::test]
async fn a_factor_that_was_enrolled_elsewhere_goes_on_with_its_own_parameters() {
    let world = World::new().await;
    let (_, ann) = world.signed_in_member("ann").await;
    let (_, bob) = world.signed_in_member("bob").await;
    let user_id = ann.user.id.clone();
    // 48 bits, which no new secret may have.
    let secret = TotpSecret::from_base32("MFRGGZDFMY", TotpAlgorithm::Sha256, 8, 60).unwrap();
    let sealed = world.auth.seal_totp(&user_id, &secret);
    assert_eq!(world.auth.unseal_totp(&user_id, &sealed).unwrap(), secret);
    assert!(world.auth.unseal_totp(&bob.user.id, &sealed).is_err());
    let factor_id = sealed.factor_id.clone();
    world.apply(vec![Change::SetPendingTotp { user_id: user_id.clone(), secret: sealed }]).await;
    world.apply(vec![Change::ConfirmTotp { user_id: user_id.clone(), factor_id, step: 0 }]).await;
    assert_eq!(status(&world, &ann).await, ON);

    let app = totp_rs::Builder::new()
        .with_algorithm(totp_rs::Algorithm::SHA256)
        .with_digits(8)
        .with_step_duration(60)
        .with_secret(b"abcdef".to_vec())
        .build_noncompliant();
    let code = app.generate(u64::try_from(world.now().as_secs()).unwrap()).to_string();
    assert_eq!(code.len(), 8);
    let six = world.auth.verify_mfa(&user_id, &code[2..].into(), &home()).await;
    assert!(is_invalid(&six));
    world.auth.verify_mfa(&user_id, &code.as_str().into(), &home()).await.unwrap();
    assert!(is_invalid(&world.auth.verify_mfa(&user_id, &code.as_str().into(), &home()).await));
}

#[tokio::test]
async fn a_request_that_a_new_password_overtook_changes_no_second_factor() {
    let world = World::unlimited().await;
    let (_, current) = world.signed_in_member("ann").await;
    let factor = world.enrol(&current).await;
    let late = world.again(&current).await;
    world.auth.forgot_password("ann", &home()).await.unwrap();
    let link = link_token(&world.mailed(MailKind::PasswordReset).await);
    world.auth.reset_password(&link, &typed(OTHER), &home()).await.unwrap();
    world.later(MINUTE);
    let code = totp_code(&factor.enrolment, world.now());
    let codes = world.auth.new_recovery_codes(&late, Some(&code)).await.unwrap_err();
    let off = world.auth.disable_totp(&late, &code, None).await.unwrap_err();
    for refused in [codes, off] {
        let MfaError::Reauthentication(ReauthenticationError::Required(_)) = refused else {
            panic!("{refused:?}")
        };
    }
    assert_eq!(status(&world, &current).await, ON);
}
