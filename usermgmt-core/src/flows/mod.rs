//! What people and services do with accounts: one operation a file, with its
//! command, outcome, error and logic. The operations are methods of
//! [`Auth`](crate::Auth); here are the types they take and answer with.
//!
//! Each `client` below says where a request came from: [`Client`](crate::Client).
//!
//! # Registering
//!
//! The answer is the same whether or not the address has an account; the mail is
//! not. A link confirms, or the code beside it.
//!
//! ```
//! # use usermgmt_core::model::token::Purpose;
//! # use usermgmt_core::{Auth, Client, Email, PlaintextPassword, Username, flows::*};
//! # async fn example(auth: &Auth, client: &Client) -> Result<(), Box<dyn std::error::Error>> {
//! # let (token, typed, other) = ("umt_…", PlaintextPassword::from("12345678"), "umt_…");
//! let command = Register::new(
//!     Username::parse("ada", Username::MAX_OWN)?,
//!     Email::parse("ada@example.org")?,
//!     PlaintextPassword::from("analytical engine no. 1"),
//! );
//! auth.register(&command, client).await?;
//! auth.resend_confirmation("ada@example.org", client).await?; // the same link again
//! let ada = auth.inspect_link(token, &[Purpose::Confirm], client).await?; // uses nothing up
//! let ada = auth.confirm(token, client).await?;
//! let ada = auth.confirm_by_code("ada@example.org", &typed, client).await?; // or so
//! auth.not_me_link(other, client).await?; // "this was not me": the registration goes
//! # Ok(())
//! # }
//! ```
//!
//! # Signing in
//!
//! ```
//! # use usermgmt_core::{Auth, Client, PlaintextPassword, flows::*};
//! # async fn example(auth: &Auth, client: &Client) -> Result<(), Box<dyn std::error::Error>> {
//! # let typed = PlaintextPassword::from("123456");
//! let command = SignIn::new("ada", PlaintextPassword::from("analytical engine no. 1"));
//! let tokens = match auth.sign_in(&command, client).await? {
//!     SignInOutcome::SignedIn(signed_in) => signed_in.tokens,
//!     // The password was right. The ticket stands for it, for five minutes.
//!     SignInOutcome::MfaRequired { ticket, .. } => {
//!         let ticket = PlaintextPassword::from(ticket.expose().as_str());
//!         auth.sign_in_mfa(&ticket, &typed, client).await?.tokens
//!     }
//! };
//! // A quarter of an hour later:
//! let tokens = auth.refresh(tokens.refresh_token.expose(), client).await?;
//! # drop(tokens);
//! # Ok(())
//! # }
//! ```
//!
//! Or by what is mailed, where [`SignInMethods::email`](crate::config::SignInMethods::email)
//! is on: the code where it was asked for, or the link anywhere.
//!
//! ```
//! # use usermgmt_core::{Auth, Client, PlaintextPassword, flows::*};
//! # async fn example(auth: &Auth, client: &Client) -> Result<(), Box<dyn std::error::Error>> {
//! # let (code, token) = (PlaintextPassword::from("12345678"), "umt_…");
//! let request = auth.mail_sign_in("ada@example.org", client).await?;
//! let outcome = auth.sign_in_by_code("ada@example.org", &code, request.expose(), client).await?;
//! let whom = auth.inspect_mail_sign_in(token, client).await?; // to be shown before
//! let outcome = auth.sign_in_by_link(token, client).await?;
//! # drop((whom, outcome));
//! # Ok(())
//! # }
//! ```
//!
//! Or by a provider, with the feature `oidc`: the browser goes there and comes back
//! to the application, which keeps a cookie for the time between.
//!
//! ```
//! # #[cfg(feature = "oidc")]
//! # use usermgmt_core::{Auth, Client, PlaintextPassword, flows::*};
//! # #[cfg(feature = "oidc")]
//! # async fn example(auth: &Auth, client: &Client) -> Result<(), Box<dyn std::error::Error>> {
//! # let (cookie, state, code) = ("…", "umt_…", "…");
//! let back = "https://accounts.example.org/signed-in-by/google";
//! let ProviderRedirect { url, browser, .. } =
//!     auth.begin_provider_sign_in(&ProviderRequest::new("google", back), client).await?;
//! let answer = ProviderAnswer { state, code: Some(code), ..ProviderAnswer::default() };
//! let outcome = auth.finish_provider_sign_in("google", &answer, Some(cookie), client).await?;
//! // A front end of its own gets a code in place of a session:
//! if let ProviderOutcome::Code(code) = &outcome {
//!     let code = PlaintextPassword::from(code.expose().as_str());
//!     let outcome = auth.exchange_sign_in(&code, Some(cookie), client).await?;
//! #   drop(outcome);
//! }
//! # drop((url, browser, outcome));
//! # Ok(())
//! # }
//! ```
//!
//! A user who is signed in links an identity to their account in the same way, and
//! takes it away again. Its owner is told of both.
//!
//! ```
//! # #[cfg(feature = "oidc")]
//! # use usermgmt_core::{Auth, Client, PlaintextPassword, flows::*};
//! # #[cfg(feature = "oidc")]
//! # async fn example(auth: &Auth, current: &Current, client: &Client) -> Result<(), Box<dyn std::error::Error>> {
//! # let (cookie, answer) = ("…", ProviderAnswer::default());
//! let back = "https://accounts.example.org/signed-in-by/google";
//! let request = ProviderRequest::new("google", back);
//! // Signed in long ago? Then with the current password.
//! let password = PlaintextPassword::from("analytical engine no. 1");
//! let redirect = auth.begin_identity_link(current, &request, Some(&password)).await?;
//! // The browser goes to redirect.url and comes back:
//! let linked = auth.finish_provider_sign_in("google", &answer, Some(cookie), client).await?;
//! assert!(matches!(linked, ProviderOutcome::Linked { .. }));
//! // And some day; the last way in stays:
//! for identity in auth.identities(&current.user.id).await? {
//!     auth.unlink_identity(current, &identity.id, None).await?;
//! }
//! # drop(redirect);
//! # Ok(())
//! # }
//! ```
//!
//! Or by a passkey, with the feature `passkeys`: the browser is asked, and what its
//! authenticator answers is brought back.
//!
//! ```
//! # #[cfg(feature = "passkeys")]
//! # use usermgmt_core::{Auth, Client, PlaintextPassword, flows::*};
//! # #[cfg(feature = "passkeys")]
//! # async fn example(auth: &Auth, current: &Current, ticket: &PlaintextPassword, client: &Client) -> Result<(), Box<dyn std::error::Error>> {
//! # let credential = serde_json::Value::Null;
//! // Signed in already: one is added.
//! let asked = auth.passkey_options(current).await?; // asked.options is for the browser
//! let added = auth.add_passkey(current, &asked.request, &credential, Some("Laptop")).await?;
//! // From then on it signs in, without a username.
//! let asked = auth.passkey_sign_in_options()?;
//! let signed_in = auth.sign_in_by_passkey(&asked.request, &credential, client).await?;
//! // After a password, by the ticket that stands for it:
//! let options = auth.mfa_passkey_options(ticket, client).await?;
//! let signed_in = auth.sign_in_mfa_by_passkey(ticket, &credential, client).await?;
//! auth.rename_passkey(current, &added.passkey.id, "Old laptop").await?;
//! // And some day:
//! for passkey in auth.passkeys(&current.user.id).await? {
//!     auth.remove_passkey(current, &passkey.id).await?;
//! }
//! # drop((options, signed_in));
//! # Ok(())
//! # }
//! ```
//!
//! # Who is asking, and signing out
//!
//! ```
//! # use usermgmt_core::{Auth, Client, flows::*};
//! # async fn example(auth: &Auth, bearer: &str, client: &Client) -> Result<(), Box<dyn std::error::Error>> {
//! let claims = auth.access_claims(bearer)?; // asks no store
//! let current = auth.current(bearer).await?; // the user and session as they are now
//! assert_eq!(claims.sub, current.user.id);
//! for session in auth.sessions(&current.user.id).await? {
//!     if session.id != current.session.id {
//!         auth.end_session(&current.user.id, session.id, client).await?;
//!     }
//! }
//! auth.sign_out(&current).await?;
//! auth.sign_out_all(&current.user.id, client).await?;
//! # Ok(())
//! # }
//! ```
//!
//! A browser without an application of its own keeps a cookie in place of tokens:
//!
//! ```
//! # use usermgmt_core::{Auth, Client, flows::*};
//! # async fn example(auth: &Auth, signed_in: SignedIn, client: &Client) -> Result<(), Box<dyn std::error::Error>> {
//! let cookie = auth.browser_cookie(&signed_in.session);
//! let current = auth.current_in_browser(cookie.expose(), client).await?;
//! let token = auth.form_token(&current.session); // in each of its forms
//! assert!(auth.is_form_token(&current.session, token.expose()));
//! // After a change of what it may do, under another cookie:
//! let session = auth.renew_session(&current).await?;
//! # drop(session);
//! # Ok(())
//! # }
//! ```
//!
//! A service without sessions of its own only asks whether the credentials are right;
//! what is worth more than a session asks for a recent sign-in or a second factor:
//!
//! ```
//! # use std::time::Duration;
//! # use usermgmt_core::{Auth, Client, flows::*};
//! # async fn example(auth: &Auth, command: &SignIn, current: &Current, client: &Client) -> Result<(), Box<dyn std::error::Error>> {
//! let user = auth.check_credentials(command, client).await?.user;
//! auth.require(current, StepUp::new().within(Duration::from_secs(300)))?;
//! # drop(user);
//! # Ok(())
//! # }
//! ```
//!
//! # Passwords and profiles
//!
//! ```
//! # use usermgmt_core::{Auth, Client, Email, PlaintextPassword, flows::*};
//! # async fn example(auth: &Auth, client: &Client, current: &Current) -> Result<(), Box<dyn std::error::Error>> {
//! # let (token, confirmation, undo) = ("umt_…", "umt_…", "umt_…");
//! // Forgotten: mails a link, whoever is asked for.
//! auth.forgot_password("ada", client).await?;
//! auth.reset_password(token, &PlaintextPassword::from("difference engine no. 2"), client).await?;
//!
//! // Signed in. A new password ends all other sessions; a new address waits for its link.
//! let update = UpdateProfile {
//!     email: Some(Email::parse("ada@example.net")?),
//!     current_password: Some(PlaintextPassword::from("difference engine no. 2")),
//!     ..UpdateProfile::default()
//! };
//! auth.update_profile(current, &update).await?;
//! let (old, new) = ("difference engine no. 2".into(), "store, mill and barrels".into());
//! auth.change_password(current, &old, &new).await?;
//! if !auth.ways_in(&current.user.id).await?.password {
//!     auth.set_first_password(current, &new).await?; // for who came in another way
//! }
//! auth.confirm_email_change(confirmation, client).await?;
//! auth.undo_email_change(undo, client).await?; // by the owner of the old address
//!
//! auth.delete_account(current, Some(&PlaintextPassword::from("difference engine no. 2"))).await?;
//! # Ok(())
//! # }
//! ```
//!
//! # The second factor
//!
//! ```
//! # use usermgmt_core::{Auth, PlaintextPassword, flows::*};
//! # async fn example(auth: &Auth, current: &Current, typed: PlaintextPassword) -> Result<(), Box<dyn std::error::Error>> {
//! let enrolment = auth.enrol_totp(current, None, None).await?;
//! let qr = enrolment.qr_svg()?; // for the authenticator app
//! let codes = auth.confirm_totp(current, &typed).await?; // shown once
//! let status = auth.mfa_status(&current.user.id).await?;
//! let codes = auth.new_recovery_codes(current, Some(&typed)).await?;
//! auth.disable_totp(current, &typed, None).await?;
//! # drop((qr, codes, status));
//! # Ok(())
//! # }
//! ```
//!
//! # For services and operators
//!
//! ```
//! # use usermgmt_core::{Actor, Auth, Client, Email, Origin, PlaintextPassword, Username, flows::*};
//! # async fn example(auth: &Auth, client: &Client) -> Result<(), Box<dyn std::error::Error>> {
//! # let (code, typed) = ("…", PlaintextPassword::from("123456"));
//! let by = Origin::of(Actor::Operator); // for the audit log
//! let (row, key) = auth.create_service_key(&by, "billing", false).await?; // shown once
//! let keys = auth.service_keys(None, 100).await?;
//! let service = auth.authenticate_service(key.expose()).await?;
//! auth.revoke_service_key(&by, &row.id).await?;
//!
//! let command = CreateUser::new(
//!     Username::parse("bob", Username::MAX)?,
//!     Email::parse("bob@example.org")?,
//!     PlaintextPassword::from("analytical engine no. 1"),
//! );
//! let bob = auth.create_user(&command).await?; // inactive until
//! auth.resend_activation("bob", client).await?; // where the code is lost
//! let bob = auth.activate(code, client).await?;
//! let found = auth.find_user("bob@example.org").await?;
//! let page = auth.list_users(None, 100).await?;
//! // A second factor that the service shows and asks for itself:
//! let enrolment = auth.begin_totp(&bob.id).await?;
//! auth.verify_mfa(&bob.id, &typed, client).await?; // the first code turns it on
//! auth.reset_mfa(&bob.id).await?;
//! auth.delete_user(&bob.id).await?;
//! # drop((keys, service, found, page, enrolment));
//! # Ok(())
//! # }
//! ```
//!
//! # Administering
//!
//! `by` goes to the audit log. The last administrator stays one.
//!
//! ```
//! # use std::time::Duration;
//! # use usermgmt_core::model::user::Role;
//! # use usermgmt_core::store::directory::{AuditFilter, UserFilter};
//! # use usermgmt_core::{Auth, Email, Origin, UserId, Username, flows::*};
//! # async fn example(auth: &Auth, by: &Origin, id: &UserId) -> Result<(), Box<dyn std::error::Error>> {
//! let page = auth.admin_users(&UserFilter::default(), 50, None).await?;
//! let user = auth.admin_user(id).await?;
//! let invite = Invite::new(
//!     Username::parse("cid", Username::MAX)?,
//!     Email::parse("cid@example.org")?,
//!     auth.config().invitation_ttl,
//! );
//! let cid = auth.invite(by, &invite).await?.user;
//! auth.confirm_user(by, &cid.id).await?; // its address counts as confirmed
//! let change = ChangeUser {
//!     email: Some(Email::parse("ada@example.net")?),
//!     email_confirmed: true,
//!     ..ChangeUser::default()
//! };
//! auth.change_user(by, id, &change).await?;
//! auth.set_role(by, id, Role::Admin).await?;
//! auth.disable_user(by, id).await?; // signed out everywhere, at once
//! auth.enable_user(by, id).await?;
//! auth.sign_out_user(by, id).await?;
//! auth.reset_user_mfa(by, id).await?; // for who lost their second factor
//! auth.send_reset(by, id).await?;
//! let all = auth.export_user(id).await?; // what is kept about them
//! auth.remove_user(by, id).await?;
//! let outcome = auth.bulk(by, BulkAction::Disable, &[cid.id, id.clone()]).await;
//! assert_eq!(outcome.failed.len(), 1); // there is no such user any more
//! let log = auth.admin_audit(&AuditFilter::default(), 50, None).await?;
//! let counts = auth.admin_summary().await?; // users, sessions, sign-ins by day
//! # drop((page, user, all, log, counts));
//! # Ok(())
//! # }
//! ```
//!
//! A mail that was given up waits for somebody to decide.
//!
//! ```
//! # use usermgmt_core::{Auth, Origin, flows::*, model::ids::MailId};
//! # async fn example(auth: &Auth, by: &Origin, refused: &MailId, wrong: &MailId) -> Result<(), Box<dyn std::error::Error>> {
//! let given_up = auth.admin_dead_mail(50, None).await?;
//! auth.retry_mail(by, refused).await?; // at once, and from then on as a new one
//! auth.drop_mail(by, wrong).await?;
//! # drop(given_up);
//! # Ok(())
//! # }
//! ```
//!
//! # Other root secrets
//!
//! ```
//! # use usermgmt_core::{Auth, KeyRing, flows::*};
//! # async fn example(auth: &Auth, ring: KeyRing) -> Result<(), Box<dyn std::error::Error>> {
//! auth.take_over(ring).await?; // while requests are served
//! // Second factors are sealed anew, so that an old secret may go.
//! let mut done = auth.reseal(&Resealed::default()).await?;
//! while done.after.is_some() {
//!     done = auth.reseal(&done).await?;
//! }
//! let uses = auth.root_secrets().await?; // each, and whether it still seals something
//! # drop(uses);
//! # Ok(())
//! # }
//! ```
//!
//! # Accounts of another system
//!
//! ```
//! # use usermgmt_core::{Auth, flows::*};
//! # use usermgmt_core::model::record::AccountRecord;
//! # async fn example(auth: &Auth, records: Vec<AccountRecord>) -> Result<(), Box<dyn std::error::Error>> {
//! let would_be = auth.preview_import(&records).await?; // writes nothing
//! let outcomes = auth.import_accounts(records).await?; // passwords and all
//! let out = auth.export_accounts(None, 100, false).await?;
//! # drop((would_be, outcomes, out));
//! # Ok(())
//! # }
//! ```

mod activate;
mod admin;
mod amr;
mod authenticate;
mod browser;
mod change_password;
mod compose;
mod confirm;
mod confirm_code;
mod create_user;
mod credentials;
mod delete;
mod devices;
mod email_change;
mod find_users;
mod forgot;
#[cfg(feature = "oidc")]
mod identities;
mod legacy_tokens;
mod link;
mod mail_request;
mod mail_sign_in;
mod mfa;
mod not_me;
mod open_session;
#[cfg(feature = "passkeys")]
mod passkeys;
mod purge;
mod reauthenticate;
mod refresh;
mod register;
mod resend;
mod reset;
mod service_key;
mod sessions;
mod sign_in;
mod skeletons;
mod step_up;
mod transfer;
mod update_profile;
mod ways_in;

pub use self::activate::ActivationError;
pub(crate) use self::admin::LastCount;
pub use self::admin::{
    AdminAccess, AdminAccessError, AdminError, BulkAction, BulkOutcome, ChangeUser,
    ChangeUserError, Counted, Invite, InviteError, Invited, Listing, ListingError, MAX_PAGE,
    MOST_SORTED, OutboxError, Resealed, RootUse,
};
pub use self::authenticate::{AuthenticationError, Current};
pub use self::confirm_code::CodeError;
pub use self::create_user::{CreateUser, CreateUserError};
pub use self::credentials::{Checked, SignIn, SignInError};
pub use self::delete::DeleteError;
#[cfg(feature = "oidc")]
pub use self::identities::{
    IdentityError, MAX_IDENTITIES, ProviderAnswer, ProviderOutcome, ProviderRedirect,
    ProviderRequest, ProviderSignInError,
};
pub use self::link::LinkError;
pub use self::mail_sign_in::{MailSignInError, MailSignInLink, MailSignInRequestError};
pub use self::mfa::{MfaError, MfaSignInError, MfaStatus, RecoveryCodes, TotpEnrolment};
pub use self::open_session::SignedIn;
#[cfg(feature = "passkeys")]
pub use self::passkeys::{
    AddedPasskey, MAX_PASSKEY_NAME, PasskeyError, PasskeyRequest, PasskeySignInError,
};
pub use self::reauthenticate::ReauthenticationError;
pub use self::refresh::RefreshError;
pub use self::register::{PreparedRegistration, Register, RegisterError};
pub use self::resend::ResendError;
pub use self::reset::ResetError;
pub use self::service_key::{SERVICE_KEY_PREFIX, ServiceKeyError};
pub use self::sessions::SessionError;
pub use self::sign_in::SignInOutcome;
pub use self::step_up::{StepUp, StepUpError};
pub use self::transfer::{ImportOutcome, ImportRefusal, InvalidPasskey};
pub use self::update_profile::{ProfileError, UpdateProfile};
pub use self::ways_in::WaysIn;
pub use crate::qr::QrError;
