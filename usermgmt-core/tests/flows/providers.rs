//! Signing in by a provider, and linking identities there to accounts.

use std::sync::Arc;

use usermgmt_core::config::Config;
use usermgmt_core::event::EventKind;
use usermgmt_core::flows::{
    IdentityError, ProviderAnswer, ProviderOutcome, ProviderRequest, ProviderSignInError,
    ReauthenticationError, SignInOutcome, SignedIn,
};
use usermgmt_core::keys::KeyRing;
use usermgmt_core::mail::MailKind;
use usermgmt_core::model::token::Purpose;
use usermgmt_core::model::user::User;
use usermgmt_core::store::{CredentialStore as _, MemoryStore};
use usermgmt_core::testkit::{FakeProvider, FaultyStore, MockClock, ProviderAccount};
use usermgmt_core::{Auth, AuthBuilder};

use crate::fixture::*;

const ISSUER: &str = "https://id.example.com";
const BACK: &str = "https://accounts.example.com/back";

/// A world in which a provider signs in.
pub(crate) struct Provided {
    pub(crate) world: World,
    pub(crate) fake: FakeProvider,
}

/// What a browser keeps of it.
#[derive(Clone, Default)]
pub(crate) struct Browser(Option<String>);

/// What a provider sends it back with.
struct Back {
    state: String,
    code: String,
}

type Finished = Result<ProviderOutcome, ProviderSignInError>;

impl Provided {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        Self::built(change, |builder| builder).await
    }

    async fn built(
        change: impl FnOnce(&mut Config),
        extend: impl FnOnce(AuthBuilder) -> AuthBuilder,
    ) -> Self {
        let clock = MockClock::default();
        let fake = FakeProvider::new(ISSUER, clock.clone());
        let mut config = config();
        config.limits.enabled = false;
        config.providers = vec![fake.settings("example"), fake.settings("other")];
        change(&mut config);
        let store = FaultyStore::new(Arc::new(MemoryStore::new()));
        let http = Arc::new(fake.clone());
        let extended = |builder: AuthBuilder| extend(builder.http_client(http));
        let world = World::extended(store, clock, config, SECRET, extended).await;
        Self { world, fake }
    }

    fn auth(&self) -> &Auth {
        &self.world.auth
    }

    async fn begin(&self, browser: &mut Browser) -> String {
        let mut request = ProviderRequest::new("example", BACK);
        request.browser = browser.0.as_deref();
        request.return_to = self.world.auth.config().frontend_url.is_none().then(|| "/x".into());
        let to = self.auth().begin_provider_sign_in(&request, &home()).await.unwrap();
        browser.0 = Some(to.browser.expose().clone());
        to.url.into()
    }

    fn sign_in_there(&self, url: &str, account: &ProviderAccount) -> Back {
        let back = self.fake.sign_in(url, account);
        let of = |wanted: &str| {
            back.query_pairs().find(|(name, _)| name == wanted).unwrap().1.into_owned()
        };
        Back { state: of("state"), code: of("code") }
    }

    async fn finish(&self, back: &Back, browser: &Browser) -> Finished {
        self.finish_at("example", back, browser).await
    }

    async fn finish_at(&self, provider: &str, back: &Back, browser: &Browser) -> Finished {
        let answer = ProviderAnswer {
            state: &back.state,
            code: Some(&back.code),
            issuer: Some(ISSUER),
            ..ProviderAnswer::default()
        };
        let browser = browser.0.as_deref();
        self.auth().finish_provider_sign_in(provider, &answer, browser, &home()).await
    }

    /// All of it, in a browser of its own.
    pub(crate) async fn go(&self, account: &ProviderAccount) -> Finished {
        let mut browser = Browser::default();
        let url = self.begin(&mut browser).await;
        self.finish(&self.sign_in_there(&url, account), &browser).await
    }

    async fn enter(&self, account: &ProviderAccount) -> SignedIn {
        entered(self.go(account).await)
    }

    async fn link(&self, signed_in: &SignedIn, account: &ProviderAccount) -> Finished {
        let (mut browser, current) = (Browser::default(), self.world.current(signed_in).await);
        let request = ProviderRequest::new("example", BACK);
        let to = self.auth().begin_identity_link(&current, &request, None).await?;
        browser.0 = Some(to.browser.expose().clone());
        self.finish(&self.sign_in_there(to.url.as_str(), account), &browser).await
    }

    async fn subjects(&self, user: &User) -> Vec<String> {
        let identities = self.world.store.identities(&user.id).await.unwrap();
        identities.into_iter().map(|identity| identity.subject).collect()
    }
}

fn entered(finished: Finished) -> SignedIn {
    match finished.unwrap() {
        ProviderOutcome::SignedIn { outcome, .. } => signed_in(outcome),
        other => panic!("{other:?}"),
    }
}

fn ann() -> ProviderAccount {
    ProviderAccount::verified("1", "ann@example.com")
}

#[tokio::test]
async fn an_identity_that_nobody_has_makes_an_account_that_is_confirmed() {
    let provided = Provided::new().await;
    let signed_in = provided.enter(&ann()).await;
    assert_eq!(signed_in.session.amr, ["fed"]);
    let account = provided.world.account(&signed_in.user.id).await;
    assert!(account.user.is_active() && account.password.is_none());
    assert_eq!(account.user.email.as_str(), "ann@example.com");
    assert_eq!(provided.subjects(&account.user).await, ["1"]);
    let audited = provided.world.audited(&account.user.id).await;
    let expected =
        ["identity.linked", "session.opened", "user.confirmed_by_sign_in", "user.registered"];
    assert_eq!(audited, expected);
    assert!(provided.world.mail().await.is_empty());
}

#[tokio::test]
async fn an_identity_signs_in_whatever_its_address_is_now() {
    let provided = Provided::new().await;
    let first = provided.enter(&ann()).await;
    provided.world.later(DAY);
    for account in [
        ProviderAccount::verified("1", "moved@example.com"),
        ProviderAccount::unverified("1", "bob@example.com"),
        ProviderAccount { email: None, ..ann() },
    ] {
        let again = provided.enter(&account).await;
        assert_eq!(again.user.id, first.user.id);
        assert_eq!(again.user.email.as_str(), "ann@example.com");
    }
    assert_eq!(provided.world.users().await, 1);
    let identities = provided.world.store.identities(&first.user.id).await.unwrap();
    assert_eq!(identities[0].last_used_at, Some(provided.world.now()));
}

#[tokio::test]
async fn an_address_that_has_an_account_is_not_enough() {
    let provided = Provided::new().await;
    let user = provided.world.member("ann").await;
    provided.world.try_register("bob", "bob@example.com", PASSWORD).await.unwrap();
    provided.world.mail().await;
    for email in ["ann@example.com", "ANN@example.com", "bob@example.com"] {
        let finished = provided.go(&ProviderAccount::verified("1", email)).await;
        assert!(matches!(finished, Err(ProviderSignInError::AccountExists)), "{email}");
    }
    assert!(provided.subjects(&user).await.is_empty());
    assert_eq!(provided.world.users().await, 2);
    assert!(provided.world.signs_in("ann", PASSWORD).await);
}

fn trusting(config: &mut Config) {
    for provider in &mut config.providers {
        provider.trust_email = true;
    }
}

#[tokio::test]
async fn a_trusted_provider_links_to_a_confirmed_address_and_its_owner_is_told() {
    let provided = Provided::with(trusting).await;
    let user = provided.world.member("ann").await;
    let signed_in = provided.enter(&ann()).await;
    assert_eq!(signed_in.user.id, user.id);
    assert_eq!(provided.subjects(&user).await, ["1"]);
    assert!(provided.world.signs_in("ann", PASSWORD).await, "the password stays");
    let mail = provided.world.mailed(MailKind::IdentityLinked).await;
    assert_eq!(mail.params["provider"], "example");
    // An address that the provider does not vouch for is no reason, trusted or not.
    let other = ProviderAccount::unverified("2", "ann@example.com");
    let finished = provided.go(&other).await;
    assert!(matches!(finished, Err(ProviderSignInError::ConfirmationRequired)));
    assert_eq!(provided.subjects(&user).await, ["1"]);
}

#[tokio::test]
async fn a_trusted_provider_drops_an_unconfirmed_registration_password_and_all() {
    let provided = Provided::with(trusting).await;
    provided.world.try_register("stranger", "ann@example.com", OTHER).await.unwrap();
    let link = link_token(&provided.world.mailed(MailKind::Confirmation).await);
    let signed_in = provided.enter(&ann()).await;
    assert_ne!(signed_in.user.username.as_str(), "stranger");
    assert!(!provided.world.signs_in("ann@example.com", OTHER).await);
    assert!(!provided.world.signs_in("stranger", OTHER).await);
    assert!(provided.auth().confirm(&link, &home()).await.is_err());
    assert_eq!(provided.world.users().await, 1);
}

#[tokio::test]
async fn an_address_that_the_provider_does_not_vouch_for_is_confirmed_first() {
    let provided = Provided::new().await;
    let account = ProviderAccount::unverified("1", "ann@example.com");
    for _ in 0..2 {
        let finished = provided.go(&account).await;
        assert!(matches!(finished, Err(ProviderSignInError::ConfirmationRequired)));
    }
    let user = provided.world.find("ann@example.com").await.unwrap();
    assert!(!user.is_email_confirmed() && user.unconfirmed_until.is_some());
    let mails = provided.world.mail().await;
    assert!(mails.iter().all(|mail| mail.kind == MailKind::Confirmation), "{mails:?}");
    let mail = mails.last().unwrap();
    assert!(mail.not_me_link.is_some() || mails.iter().any(|mail| mail.not_me_link.is_some()));
    provided.auth().confirm(&link_token(mail), &home()).await.unwrap();
    assert_eq!(provided.enter(&account).await.user.id, user.id);
}

#[tokio::test]
async fn whose_an_address_is_that_the_provider_does_not_vouch_for_shows_at_no_cost() {
    let provided = Provided::new().await;
    provided.world.member("ann").await;
    provided.world.try_register("bob", "bob@example.com", PASSWORD).await.unwrap();
    provided.world.mail().await;
    let mut costs = Vec::new();
    for (subject, email) in
        [("1", "ann@example.com"), ("2", "bob@example.com"), ("3", "nobody@example.com")]
    {
        let (mut browser, account) =
            (Browser::default(), ProviderAccount::unverified(subject, email));
        let url = provided.begin(&mut browser).await;
        let back = provided.sign_in_there(&url, &account);
        provided.world.store.take_calls();
        let finished = provided.finish(&back, &browser).await;
        assert!(matches!(finished, Err(ProviderSignInError::ConfirmationRequired)), "{email}");
        costs.push(provided.world.store.take_calls().statements());
    }
    assert!(costs.iter().all(|cost| *cost == costs[0]), "{costs:?}");
    let kinds = provided.world.mailed_kinds().await;
    let to = |name: &str| format!("{name}@example.com");
    let expected = [
        (MailKind::Confirmation, to("nobody")),
        (MailKind::AlreadyRegistered, to("ann")),
        (MailKind::ChoosePassword, to("bob")),
    ];
    assert_eq!(kinds, expected);
}

#[tokio::test]
async fn registrations_that_nobody_vouches_for_flood_no_mailbox_and_leave_its_owner_a_link() {
    let provided = Provided::with(|config| config.limits.enabled = true).await;
    provided.world.member("ann").await;
    let (mut notices, mut newest) = (0, None);
    for n in 0..30 {
        let subject = n.to_string();
        for email in ["ann@example.com", "bob@example.com"] {
            let finished = provided.go(&ProviderAccount::unverified(&subject, email)).await;
            assert!(matches!(finished, Err(ProviderSignInError::ConfirmationRequired)), "{n}");
        }
        for mail in provided.world.mail().await {
            match mail.kind {
                MailKind::AlreadyRegistered => notices += 1,
                MailKind::Confirmation | MailKind::ChoosePassword => newest = Some(mail),
                kind => panic!("{kind:?}"),
            }
        }
        // The first one's confirmation, then a link to choose a password by.
        let link = link_token(newest.as_ref().unwrap());
        let purposes = [Purpose::Confirm, Purpose::ChoosePassword];
        provided.auth().inspect_link(&link, &purposes, &home()).await.unwrap();
    }
    // Her own registration was the first of seven.
    assert_eq!(notices, 6);
}

#[tokio::test]
async fn somebody_without_an_address_gets_no_account() {
    let provided = Provided::new().await;
    for email in [None, Some("no address".to_owned()), Some(String::new())] {
        let finished = provided.go(&ProviderAccount { email, ..ann() }).await;
        assert!(matches!(finished, Err(ProviderSignInError::NoEmail)), "{finished:?}");
    }
    assert_eq!(provided.world.users().await, 0);
}

#[tokio::test]
async fn the_accounts_second_factor_is_asked_for() {
    let provided = Provided::new().await;
    let first = provided.enter(&ann()).await;
    let factor = provided.world.enrol(&provided.world.current(&first).await).await;
    provided.world.later(MINUTE);
    let Ok(ProviderOutcome::SignedIn { outcome, .. }) = provided.go(&ann()).await else { panic!() };
    let SignInOutcome::MfaRequired { ticket, .. } = outcome else { panic!("{outcome:?}") };
    let code = totp_code(&factor.enrolment, provided.world.now());
    let ticket = typed(ticket.expose());
    let signed_in = provided.auth().sign_in_mfa(&ticket, &code, &home()).await.unwrap();
    assert_eq!(signed_in.session.amr[0], "fed");
    assert!(signed_in.session.amr.contains(&"otp".to_owned()), "{:?}", signed_in.session.amr);
}

#[tokio::test]
async fn an_account_that_is_not_active_is_not_entered() {
    let provided = Provided::new().await;
    let user = provided.enter(&ann()).await.user;
    provided.world.disable(&user.id).await;
    assert!(matches!(provided.go(&ann()).await, Err(ProviderSignInError::NotActive)));
    provided.auth().delete_user(&user.id).await.unwrap();
    // Whoever was deleted begins anew.
    assert_ne!(provided.enter(&ann()).await.user.id, user.id);
}

#[tokio::test]
async fn an_answer_counts_once_in_the_browser_that_began_and_for_its_provider() {
    let provided = Provided::new().await;
    let (mut browser, mut other) = (Browser::default(), Browser::default());
    provided.begin(&mut other).await;
    let url = provided.begin(&mut browser).await;
    let back = provided.sign_in_there(&url, &ann());
    let is_refused = |finished: Finished, what: &str| {
        assert!(matches!(finished, Err(ProviderSignInError::InvalidState)), "{what}: {finished:?}");
    };
    is_refused(provided.finish(&back, &other).await, "another browser");
    is_refused(provided.finish(&back, &Browser::default()).await, "no cookie");
    is_refused(provided.finish_at("other", &back, &browser).await, "another provider's path");
    let forged = Back { state: "umt_x".to_owned(), code: back.code.clone() };
    is_refused(provided.finish(&forged, &browser).await, "a state of nobody's");
    // A second tab does not disturb the first.
    provided.begin(&mut browser).await;
    provided.finish(&back, &browser).await.unwrap();
    is_refused(provided.finish(&back, &browser).await, "replayed");
    let url = provided.begin(&mut browser).await;
    let back = provided.sign_in_there(&url, &ann());
    provided.world.later(10 * MINUTE);
    is_refused(provided.finish(&back, &browser).await, "too late");
    assert_eq!(provided.world.users().await, 1);
}

#[tokio::test]
async fn what_a_provider_says_wrongly_or_not_at_all_changes_nothing() {
    let provided = Provided::new().await;
    provided.fake.tamper(|said| drop(said.insert("nonce".into(), "another".into())));
    assert!(matches!(provided.go(&ann()).await, Err(ProviderSignInError::Refused)));
    let mut browser = Browser::default();
    let url = provided.begin(&mut browser).await;
    let back = provided.sign_in_there(&url, &ann());
    let denied = ProviderAnswer {
        state: &back.state,
        issuer: Some(ISSUER),
        error: Some("access_denied"),
        code: None,
    };
    let cookie = browser.0.as_deref();
    let client = home();
    let finish = provided.auth().finish_provider_sign_in("example", &denied, cookie, &client);
    assert!(matches!(finish.await, Err(ProviderSignInError::Denied)));
    provided.fake.answer_with("/token", 503, "");
    assert!(matches!(provided.go(&ann()).await, Err(ProviderSignInError::Unavailable)));
    assert_eq!(provided.world.users().await, 0);
}

#[tokio::test]
async fn a_provider_that_is_down_leaves_nothing_behind() {
    let provided = Provided::new().await;
    provided.fake.answer_with("/.well-known/openid-configuration", 503, "");
    provided.world.store.take_calls();
    let request = ProviderRequest::new("example", BACK);
    let begun = provided.auth().begin_provider_sign_in(&request, &home()).await;
    assert!(matches!(begun, Err(ProviderSignInError::Unavailable)));
    assert_eq!(provided.world.store.take_calls().changes, 0);
    let unknown = ProviderRequest::new("nobody", BACK);
    let begun = provided.auth().begin_provider_sign_in(&unknown, &home()).await;
    assert!(matches!(begun, Err(ProviderSignInError::UnknownProvider)));
}

#[tokio::test]
async fn another_replica_finishes_what_one_began() {
    let provided = Provided::new().await;
    let mut browser = Browser::default();
    let url = provided.begin(&mut browser).await;
    let back = provided.sign_in_there(&url, &ann());
    let keys = KeyRing::single(SECRET.to_vec()).unwrap();
    let other = Auth::builder(provided.world.store.clone(), keys, provided.auth().config().clone())
        .clock(provided.world.clock.clone())
        .http_client(Arc::new(provided.fake.clone()))
        .build()
        .await
        .unwrap();
    let answer = ProviderAnswer {
        state: &back.state,
        code: Some(&back.code),
        issuer: Some(ISSUER),
        error: None,
    };
    let cookie = browser.0.as_deref();
    let finished = other.finish_provider_sign_in("example", &answer, cookie, &home()).await;
    assert_eq!(entered(finished).user.email.as_str(), "ann@example.com");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_that_bring_one_answer_one_is_signed_in() {
    let provided = Arc::new(Provided::new().await);
    let mut browser = Browser::default();
    let url = provided.begin(&mut browser).await;
    let back = Arc::new(provided.sign_in_there(&url, &ann()));
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..32 {
        let (provided, back, browser) = (Arc::clone(&provided), Arc::clone(&back), browser.clone());
        tasks.spawn(async move { provided.finish(&back, &browser).await.is_ok() });
    }
    assert_eq!(tasks.join_all().await.into_iter().filter(|won| *won).count(), 1);
    let user = provided.world.find("ann@example.com").await.unwrap();
    assert_eq!(provided.auth().sessions(&user.id).await.unwrap().len(), 1);
}

fn with_front_end(config: &mut Config) {
    config.frontend_url = Some("https://app.example.com".parse().unwrap());
}

async fn code_for(provided: &Provided, browser: &mut Browser) -> String {
    let url = provided.begin(browser).await;
    let back = provided.sign_in_there(&url, &ann());
    match provided.finish(&back, browser).await.unwrap() {
        ProviderOutcome::Code(code) => code.expose().clone(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_front_end_exchanges_its_code_once_within_a_minute_in_the_same_browser() {
    let provided = Provided::with(with_front_end).await;
    let mut browser = Browser::default();
    let exchange = async |code: &str, browser: Option<&str>| {
        provided.auth().exchange_sign_in(&typed(code), browser, &home()).await
    };
    let code = code_for(&provided, &mut browser).await;
    let cookie = browser.0.clone();
    let mut stranger = Browser::default();
    provided.begin(&mut stranger).await;
    for other in [None, stranger.0.as_deref()] {
        assert!(matches!(exchange(&code, other).await, Err(ProviderSignInError::InvalidState)));
    }
    let signed_in = signed_in(exchange(&code, cookie.as_deref()).await.unwrap());
    assert_eq!(signed_in.session.amr, ["fed"]);
    assert!(exchange(&code, cookie.as_deref()).await.is_err(), "once");

    let code = code_for(&provided, &mut browser).await;
    provided.world.later(MINUTE);
    assert!(exchange(&code, cookie.as_deref()).await.is_err(), "too late");

    let code = code_for(&provided, &mut browser).await;
    provided.auth().sign_out_all(&signed_in.user.id, &home()).await.unwrap();
    assert!(exchange(&code, cookie.as_deref()).await.is_err(), "signed out everywhere since");
}

#[tokio::test]
async fn a_user_links_an_identity_and_takes_it_away_again() {
    let provided = Provided::new().await;
    let (signed_in, _) = provided.world.signed_in_member("bob").await;
    provided.world.mail().await;
    let linked = provided.link(&signed_in, &ann()).await.unwrap();
    assert!(matches!(linked, ProviderOutcome::Linked { .. }), "{linked:?}");
    provided.world.mailed(MailKind::IdentityLinked).await;
    // Again is what was asked for, and tells nobody.
    provided.link(&signed_in, &ann()).await.unwrap();
    assert!(provided.world.mail().await.is_empty());
    assert_eq!(provided.enter(&ann()).await.user.id, signed_in.user.id);

    let current = provided.world.current(&signed_in).await;
    let identities = provided.auth().identities(&signed_in.user.id).await.unwrap();
    provided.auth().unlink_identity(&current, &identities[0].id, None).await.unwrap();
    let mail = provided.world.mailed(MailKind::IdentityUnlinked).await;
    assert_eq!(mail.params["provider"], "example");
    let current = provided.world.current(&signed_in).await;
    let gone = provided.auth().unlink_identity(&current, &identities[0].id, None).await;
    assert!(matches!(gone, Err(IdentityError::NotFound)));
    assert_ne!(provided.enter(&ann()).await.user.id, signed_in.user.id);
}

#[tokio::test]
async fn an_identity_is_linked_to_one_account() {
    let provided = Provided::new().await;
    let first = provided.enter(&ann()).await;
    let (bob, _) = provided.world.signed_in_member("bob").await;
    let linked = provided.link(&bob, &ann()).await;
    assert!(matches!(linked, Err(ProviderSignInError::IdentityTaken)), "{linked:?}");
    let current = provided.world.current(&bob).await;
    let anns = provided.auth().identities(&first.user.id).await.unwrap();
    let unlinked = provided.auth().unlink_identity(&current, &anns[0].id, None).await;
    assert!(matches!(unlinked, Err(IdentityError::NotFound)));
    assert_eq!(provided.subjects(&first.user).await, ["1"]);
}

#[tokio::test]
async fn linking_and_unlinking_need_a_recent_sign_in_or_the_password() {
    let provided = Provided::new().await;
    let (signed_in, _) = provided.world.signed_in_member("bob").await;
    provided.link(&signed_in, &ann()).await.unwrap();
    provided.world.later(14 * MINUTE);
    let refreshed =
        provided.auth().refresh(signed_in.tokens.refresh_token.expose(), &home()).await.unwrap();
    provided.world.later(2 * MINUTE);
    let current = provided.auth().current(refreshed.access_token.expose()).await.unwrap();
    let id = provided.auth().identities(&current.user.id).await.unwrap()[0].id.clone();
    let required = provided.auth().unlink_identity(&current, &id, None).await;
    assert!(matches!(
        required,
        Err(IdentityError::Reauthentication(ReauthenticationError::Required(_)))
    ));
    let request = ProviderRequest::new("example", BACK);
    let required = provided.auth().begin_identity_link(&current, &request, None).await;
    assert!(matches!(
        required,
        Err(ProviderSignInError::Reauthentication(ReauthenticationError::Required(_)))
    ));
    let password = typed(PASSWORD);
    provided.auth().unlink_identity(&current, &id, Some(&password)).await.unwrap();
}

#[tokio::test]
async fn nothing_is_linked_to_a_session_that_has_ended_meanwhile() {
    let provided = Provided::new().await;
    let (signed_in, current) = provided.world.signed_in_member("bob").await;
    let request = ProviderRequest::new("example", BACK);
    let to = provided.auth().begin_identity_link(&current, &request, None).await.unwrap();
    let browser = Browser(Some(to.browser.expose().clone()));
    let back = provided.sign_in_there(to.url.as_str(), &ann());
    provided.auth().sign_out(&current).await.unwrap();
    let finished = provided.finish(&back, &browser).await;
    assert!(matches!(finished, Err(ProviderSignInError::InvalidState)), "{finished:?}");
    assert!(provided.subjects(&signed_in.user).await.is_empty());
}

#[tokio::test]
async fn the_last_way_in_is_never_taken_away() {
    let provided = Provided::new().await;
    let signed_in = provided.enter(&ann()).await;
    let id = provided.auth().identities(&signed_in.user.id).await.unwrap()[0].id.clone();
    let unlink = async |provided: &Provided| {
        let current = provided.world.current(&signed_in).await;
        provided.auth().unlink_identity(&current, &id, None).await
    };
    assert!(matches!(unlink(&provided).await, Err(IdentityError::LastSignInMethod)));
    provided.link(&signed_in, &ProviderAccount::verified("2", "two@example.com")).await.unwrap();
    unlink(&provided).await.unwrap();
    assert_eq!(provided.subjects(&signed_in.user).await, ["2"]);
}

#[tokio::test]
async fn an_identity_is_a_way_in_where_its_issuer_is_whatever_the_settings_call_that() {
    let provided = Provided::new().await;
    let signed_in = provided.enter(&ann()).await;
    let two = ProviderAccount::verified("2", "two@example.com");
    provided.link(&signed_in, &two).await.unwrap();
    let first = provided.auth().identities(&signed_in.user.id).await.unwrap()[0].id.clone();
    let world = &provided.world;
    let again = async |providers| {
        let mut config = config();
        config.providers = providers;
        let keys = KeyRing::single(SECRET.to_vec()).unwrap();
        let builder = Auth::builder(world.store.clone(), keys, config);
        let http = Arc::new(provided.fake.clone());
        builder.clock(world.clock.clone()).http_client(http).build().await.unwrap()
    };
    let unlink = async |auth: &Auth| {
        let current = world.current(&signed_in).await;
        auth.unlink_identity(&current, &first, None).await
    };

    let mut elsewhere = provided.fake.settings("example");
    elsewhere.issuer = "https://elsewhere.example.com".to_owned();
    let moved = again(vec![elsewhere]).await;
    assert!(!moved.ways_in(&signed_in.user.id).await.unwrap().oidc);
    assert!(matches!(unlink(&moved).await, Err(IdentityError::LastSignInMethod)));

    let renamed = again(vec![provided.fake.settings("renamed")]).await;
    assert!(renamed.ways_in(&signed_in.user.id).await.unwrap().oidc);
    unlink(&renamed).await.unwrap();
    assert_eq!(provided.subjects(&signed_in.user).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_ways_in_that_go_at_once_one_stays() {
    for _ in 0..20 {
        let provided = Arc::new(Provided::new().await);
        let signed_in = provided.enter(&ann()).await;
        let two = ProviderAccount::verified("2", "two@example.com");
        provided.link(&signed_in, &two).await.unwrap();
        let current = provided.world.current(&signed_in).await;
        let identities = provided.auth().identities(&signed_in.user.id).await.unwrap();
        let mut tasks = tokio::task::JoinSet::new();
        for identity in identities {
            let (provided, current) = (Arc::clone(&provided), current.clone());
            tasks.spawn(async move {
                provided.auth().unlink_identity(&current, &identity.id, None).await.is_ok()
            });
        }
        tasks.join_all().await;
        assert_eq!(provided.subjects(&signed_in.user).await.len(), 1);
    }
}

#[tokio::test]
async fn undoing_a_change_of_address_takes_what_was_linked_since() {
    let provided = Provided::new().await;
    let (signed_in, _) = provided.world.signed_in_member("bob").await;
    provided.link(&signed_in, &ann()).await.unwrap();
    provided.world.later(2 * DAY);
    provided.world.mail().await;
    let signed_in = provided.world.sign_in("bob").await;
    let current = provided.world.current(&signed_in).await;
    let mails = change_email(&provided.world, &current, "thief@example.com").await;
    let thiefs = ProviderAccount::verified("666", "thief@example.net");
    provided.link(&signed_in, &thiefs).await.unwrap();
    let undo = mails.iter().find(|mail| mail.kind == MailKind::EmailChangeRequested).unwrap();
    provided.auth().undo_email_change(&link_token(undo), &home()).await.unwrap();
    assert_eq!(provided.subjects(&signed_in.user).await, ["1"]);
}

#[tokio::test]
async fn the_application_is_told_of_links() {
    let (sender, mut events) = tokio::sync::mpsc::unbounded_channel();
    let told = move |event: &usermgmt_core::event::Event| drop(sender.send(event.kind.clone()));
    let provided = Provided::built(|_| {}, |builder| builder.events(told)).await;
    provided.enter(&ann()).await;
    let mut kinds = Vec::new();
    while let Ok(kind) = events.try_recv() {
        kinds.push(kind);
    }
    let linked = EventKind::IdentityLinked { provider: "example".to_owned() };
    assert!(kinds.contains(&linked), "{kinds:?}");
}

#[tokio::test]
async fn providers_need_an_http_client() {
    let fake = FakeProvider::new(ISSUER, MockClock::default());
    let mut config = config();
    config.providers = vec![fake.settings("example")];
    let keys = || KeyRing::single(SECRET.to_vec()).unwrap();
    let built = Auth::builder(MemoryStore::new(), keys(), config.clone()).build().await;
    assert!(built.unwrap_err().to_string().starts_with("providers: "));
    config.providers.push(fake.settings("example"));
    let builder = Auth::builder(MemoryStore::new(), keys(), config).http_client(Arc::new(fake));
    assert_eq!(builder.build().await.unwrap_err().to_string(), "providers: example is there twice");
}

#[tokio::test]
async fn no_secret_of_a_sign_in_is_in_the_store() {
    let provided = Provided::new().await;
    let mut browser = Browser::default();
    let url = provided.begin(&mut browser).await;
    let applied = provided.world.store.take_applied();
    let (written, rows) = (format!("{applied:?}"), serde_json::to_string(&applied).unwrap());
    let state = url.split("state=").nth(1).unwrap().split('&').next().unwrap();
    for secret in [state, browser.0.as_deref().unwrap(), "nonce"] {
        assert!(!written.contains(secret) && !rows.contains(secret), "{secret}");
    }
}
