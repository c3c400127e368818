//! An application's captcha, at what strangers drive.

use std::sync::{Arc, Mutex};

use usermgmt_core::captcha::{Captcha, CaptchaAction, CaptchaError, CaptchaVerdict};
use usermgmt_core::flows::RegisterError;
use usermgmt_core::testkit::{FaultyStore, MockClock};
use usermgmt_core::{Client, Redacted, ServiceError};

use crate::fixture::*;

/// Takes the token `solved`, asks for it or not, and keeps what it was asked.
#[derive(Clone, Debug, Default)]
struct Widget(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    demands: bool,
    is_down: bool,
    asked: Vec<CaptchaAction>,
}

impl Widget {
    fn demand(&self) {
        self.0.lock().unwrap().demands = true;
    }

    fn go_down(&self) {
        self.0.lock().unwrap().is_down = true;
    }

    fn asked(&self) -> Vec<CaptchaAction> {
        std::mem::take(&mut self.0.lock().unwrap().asked)
    }
}

#[async_trait::async_trait]
impl Captcha for Widget {
    async fn check(
        &self,
        action: CaptchaAction,
        client: &Client,
    ) -> Result<CaptchaVerdict, CaptchaError> {
        let mut state = self.0.lock().unwrap();
        state.asked.push(action);
        if state.is_down {
            return Err("the provider does not answer".into());
        }
        Ok(match client.captcha_token.as_ref().map(Redacted::expose) {
            _ if !state.demands => CaptchaVerdict::Passed,
            None => CaptchaVerdict::Required,
            Some(token) if token == "solved" => CaptchaVerdict::Passed,
            Some(_) => CaptchaVerdict::Failed,
        })
    }
}

/// A world with ann in it, whose application begins to ask for a captcha.
async fn world() -> (World, Widget) {
    let widget = Widget::default();
    let given = widget.clone();
    let mut policies = config();
    policies.sign_in.email = true;
    let store = FaultyStore::new(Arc::new(usermgmt_core::store::MemoryStore::new()));
    let extend = |builder: usermgmt_core::AuthBuilder| builder.captcha(given);
    let world = World::extended(store, MockClock::default(), policies, SECRET, extend).await;
    world.member("ann").await;
    widget.demand();
    widget.asked();
    world.store.take_calls();
    (world, widget)
}

fn with(token: &str) -> Client {
    Client { captcha_token: Some(Redacted::new(token.to_owned())), ..home() }
}

/// What a stranger may drive, and how it went.
async fn everything(
    world: &World,
    client: &Client,
) -> Vec<(CaptchaAction, Result<(), ServiceError>)> {
    let auth = &world.auth;
    let bob = registration("bob", "bob@example.com", PASSWORD);
    let service = |error: RegisterError| match error {
        RegisterError::Service(error) => error,
        other => panic!("{other}"),
    };
    vec![
        (CaptchaAction::Register, auth.register(&bob, client).await.map_err(service)),
        (
            CaptchaAction::Register,
            auth.prepare_registration(&bob, client).await.map(drop).map_err(|error| match error {
                RegisterError::UsernameTaken => ServiceError::Internal("registered".to_owned()),
                other => service(other),
            }),
        ),
        (
            CaptchaAction::SignIn,
            auth.sign_in(&credentials("ann", PASSWORD), client).await.map(drop).map_err(|error| {
                match error {
                    usermgmt_core::flows::SignInError::Service(error) => error,
                    other => panic!("{other}"),
                }
            }),
        ),
        (
            CaptchaAction::MailSignIn,
            auth.mail_sign_in("ann@example.com", client).await.map(drop).map_err(
                |error| match error {
                    usermgmt_core::flows::MailSignInRequestError::Service(error) => error,
                    other => panic!("{other}"),
                },
            ),
        ),
        (CaptchaAction::ForgotPassword, auth.forgot_password("ann", client).await),
        (
            CaptchaAction::ResendConfirmation,
            auth.resend_confirmation("bob@example.com", client).await.map_err(
                |error| match error {
                    usermgmt_core::flows::ResendError::Service(error) => error,
                    other => panic!("{other}"),
                },
            ),
        ),
    ]
}

#[tokio::test]
async fn without_a_proof_nothing_that_strangers_drive_is_begun() {
    let (world, widget) = world().await;
    for (action, outcome) in everything(&world, &home()).await {
        assert!(matches!(outcome, Err(ServiceError::CaptchaRequired)), "{action:?}: {outcome:?}");
    }
    assert_eq!(
        widget.asked(),
        [
            CaptchaAction::Register,
            CaptchaAction::Register,
            CaptchaAction::SignIn,
            CaptchaAction::MailSignIn,
            CaptchaAction::ForgotPassword,
            CaptchaAction::ResendConfirmation,
        ]
    );
    assert_eq!(world.store.take_calls().statements(), 0, "the store was asked");
    assert!(world.mail().await.is_empty());
}

#[tokio::test]
async fn a_proof_that_is_wrong_is_refused_and_a_good_one_lets_everything_happen() {
    let (world, _) = world().await;
    for (action, outcome) in everything(&world, &with("guessed")).await {
        assert!(matches!(outcome, Err(ServiceError::CaptchaFailed)), "{action:?}: {outcome:?}");
    }
    assert!(world.mail().await.is_empty());
    for (action, outcome) in everything(&world, &with("solved")).await {
        let is_registered_before = matches!(&outcome, Err(ServiceError::Internal(_)));
        assert!(outcome.is_ok() || is_registered_before, "{action:?}: {outcome:?}");
    }
    assert!(world.find("bob@example.com").await.is_some());
}

#[tokio::test]
async fn where_nobody_can_check_it_nothing_is_begun() {
    let (world, widget) = world().await;
    widget.go_down();
    for (action, outcome) in everything(&world, &with("solved")).await {
        assert!(matches!(outcome, Err(ServiceError::Unavailable(_))), "{action:?}: {outcome:?}");
    }
    assert!(world.mail().await.is_empty());
}

#[tokio::test]
async fn a_client_that_fails_at_it_is_refused_in_the_end_without_its_being_asked() {
    let (world, widget) = world().await;
    let mut refused = 0;
    for _ in 0..305 {
        let outcome = world.auth.forgot_password("ann", &with("guessed")).await.unwrap_err();
        refused += usize::from(is_limited(&outcome));
    }
    assert_eq!((widget.asked().len(), refused), (300, 5));
    // Who solves it is not counted, and others have their own.
    let other = Client { captcha_token: with("solved").captcha_token, ..client(2) };
    for _ in 0..20 {
        world.auth.sign_in(&credentials("ann", PASSWORD), &other).await.unwrap();
    }
}

#[tokio::test]
async fn a_service_that_vouches_for_its_user_is_asked_for_none() {
    let (world, widget) = world().await;
    let vouched = Client { is_vouched_for: true, ..home() };
    world.auth.forgot_password("ann", &vouched).await.unwrap();
    assert!(widget.asked().is_empty());
}
