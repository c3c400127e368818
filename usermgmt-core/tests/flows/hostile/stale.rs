//! What a thief has under way when the owner takes the account back.

use usermgmt_core::flows::{DeleteError, MfaError};

use crate::fixture::*;

#[tokio::test]
async fn a_request_that_was_let_in_before_all_sessions_ended_does_nothing_lasting() {
    let world = World::unlimited().await;
    let (_, thief) = world.signed_in_member("ann").await;
    let enrolment = world.auth.enrol_totp(&thief, None, None).await.unwrap();
    world.auth.sign_out_all(&thief.user.id, &home()).await.unwrap();

    let code = totp_code(&enrolment, world.now());
    let confirmed = world.auth.confirm_totp(&thief, &code).await.unwrap_err();
    assert!(matches!(confirmed, MfaError::Reauthentication(_)), "{confirmed:?}");
    let enrolled = world.auth.enrol_totp(&thief, None, None).await.unwrap_err();
    assert!(matches!(enrolled, MfaError::Reauthentication(_)), "{enrolled:?}");
    for password in [None, Some(typed(PASSWORD))] {
        let deleted = world.auth.delete_account(&thief, password.as_ref()).await.unwrap_err();
        assert!(matches!(deleted, DeleteError::Reauthentication(_)), "{deleted:?}");
    }
    assert!(world.signs_in("ann", PASSWORD).await);
}
