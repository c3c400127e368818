//! Every flow that changes something: what it needs, and what it does.

use std::fmt::Debug;

use usermgmt_core::flows::{
    CreateUser, Current, Register, SignIn, SignInOutcome, SignedIn, UpdateProfile,
};
use usermgmt_core::mail::{MailKind, Message};
use usermgmt_core::model::audit::Origin;
use usermgmt_core::model::ids::{ServiceKeyId, UserId};
use usermgmt_core::model::profile::ProfileText;
use usermgmt_core::model::user::PasswordHash;
use usermgmt_core::rng::OsRng;
use usermgmt_core::secret::PlaintextPassword;
use usermgmt_core::store::{Change, Changes, UserPatch};
use usermgmt_core::{Auth, Client};
use usermgmt_test_support::totp;

use crate::world::{World, address, email, new_address, username};

pub(crate) const PASSWORD: &str = "purple otter swims";
const OTHER: &str = "green walrus sings";

/// An operation of the core's that commits something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    Register,
    RegisterAgain,
    RegisterWithAnotherPassword,
    RegisterAKnownAddress,
    ResendConfirmation,
    Confirm,
    ConfirmByCode,
    NotMe,
    SignIn,
    SignInWithAnOldHash,
    SignInWithASecondFactor,
    FinishWithASecondFactor,
    FinishWithARecoveryCode,
    Refresh,
    RefreshWithAnOldToken,
    SignOut,
    SignOutAll,
    UpdateProfile,
    ChangePassword,
    ForgotPassword,
    ResetPassword,
    ResetBeforeConfirming,
    RequestEmailChange,
    ConfirmEmailChange,
    UndoEmailChange,
    EnrolTotp,
    ConfirmTotp,
    VerifyMfa,
    NewRecoveryCodes,
    DisableTotp,
    ResetMfa,
    DeleteAccount,
    CreateUser,
    Activate,
    ResendActivation,
    CreateServiceKey,
    RevokeServiceKey,
}

impl Flow {
    pub(crate) const ALL: [Self; 37] = [
        Self::Register,
        Self::RegisterAgain,
        Self::RegisterWithAnotherPassword,
        Self::RegisterAKnownAddress,
        Self::ResendConfirmation,
        Self::Confirm,
        Self::ConfirmByCode,
        Self::NotMe,
        Self::SignIn,
        Self::SignInWithAnOldHash,
        Self::SignInWithASecondFactor,
        Self::FinishWithASecondFactor,
        Self::FinishWithARecoveryCode,
        Self::Refresh,
        Self::RefreshWithAnOldToken,
        Self::SignOut,
        Self::SignOutAll,
        Self::UpdateProfile,
        Self::ChangePassword,
        Self::ForgotPassword,
        Self::ResetPassword,
        Self::ResetBeforeConfirming,
        Self::RequestEmailChange,
        Self::ConfirmEmailChange,
        Self::UndoEmailChange,
        Self::EnrolTotp,
        Self::ConfirmTotp,
        Self::VerifyMfa,
        Self::NewRecoveryCodes,
        Self::DisableTotp,
        Self::ResetMfa,
        Self::DeleteAccount,
        Self::CreateUser,
        Self::Activate,
        Self::ResendActivation,
        Self::CreateServiceKey,
        Self::RevokeServiceKey,
    ];
}

/// What a flow is about to be run on.
pub(crate) struct Ready {
    pub(crate) name: String,
    pub(crate) user: Option<UserId>,
    current: Option<Current>,
    /// What was mailed or handed out for this flow: a link's token, a ticket, …
    secret: PlaintextPassword,
    code: PlaintextPassword,
}

impl Flow {
    /// Everything up to the flow, over connections that do not break.
    pub(crate) async fn prepare(self, world: &World, name: &str) -> Ready {
        let auth = &world.steady;
        let mut ready = Ready {
            name: name.to_owned(),
            user: None,
            current: None,
            secret: PlaintextPassword::from(""),
            code: PlaintextPassword::from(""),
        };
        match self {
            Self::Register | Self::CreateUser | Self::CreateServiceKey => {}
            Self::RegisterAgain
            | Self::RegisterWithAnotherPassword
            | Self::ResendConfirmation
            | Self::Confirm
            | Self::ConfirmByCode
            | Self::NotMe
            | Self::ResetBeforeConfirming => {
                auth.register(&registration(name, PASSWORD), &home()).await.unwrap();
                let mail = world.mailed(MailKind::Confirmation).await;
                ready.user = Some(auth.find_user(name).await.unwrap().unwrap().id);
                ready.code = mail.code.clone().unwrap();
                ready.secret = match self {
                    Self::NotMe => token(mail.not_me_link.as_ref()),
                    Self::ResetBeforeConfirming => {
                        auth.forgot_password(name, &home()).await.unwrap();
                        link(&world.mailed(MailKind::ChoosePassword).await)
                    }
                    _ => link(&mail),
                };
            }
            Self::Activate | Self::ResendActivation => {
                ready.user = Some(auth.create_user(&created(name)).await.unwrap().id);
                ready.secret = world.mailed(MailKind::Activation).await.code.unwrap();
            }
            Self::RevokeServiceKey => {
                let (key, _) =
                    auth.create_service_key(&Origin::default(), name, false).await.unwrap();
                ready.secret = PlaintextPassword::from(key.id.as_str());
            }
            _ => {
                let signed_in = member(world, name).await;
                let access = signed_in.tokens.access_token.expose();
                ready.current = Some(auth.current(access).await.unwrap());
                ready.user = Some(signed_in.user.id.clone());
                ready.secret = signed_in.tokens.refresh_token.clone();
                self.prepare_member(world, &mut ready).await;
            }
        }
        ready
    }

    /// What else a flow of somebody needs who is signed in.
    async fn prepare_member(self, world: &World, ready: &mut Ready) {
        let auth = &world.steady;
        let name = ready.name.as_str();
        match self {
            Self::RefreshWithAnOldToken => {
                let mut next = ready.secret.clone();
                for _ in 0..2 {
                    let tokens = auth.refresh(next.expose(), &home()).await.unwrap();
                    next = tokens.refresh_token;
                }
            }
            Self::SignInWithAnOldHash => {
                let (id, at) = (ready.user(), auth.now());
                let epoch = auth.user(&id).await.unwrap().unwrap().epoch;
                let hash = PasswordHash::from_stored(OLD_HASH.to_owned());
                let set = UserPatch { password: Some(Some(hash)), ..UserPatch::default() };
                let set = Box::new(set);
                let change = Change::UpdateUser { id, epoch, raise_epoch: false, at, set };
                let changes = Changes::new(vec![change], at, &OsRng);
                world.store.apply(&changes).await.unwrap();
            }
            Self::ResetPassword => {
                auth.forgot_password(name, &home()).await.unwrap();
                ready.secret = link(&world.mailed(MailKind::PasswordReset).await);
            }
            Self::ConfirmEmailChange => {
                auth.update_profile(ready.current(), &moving(name)).await.unwrap();
                ready.secret = link(&world.mailed(MailKind::EmailChangeConfirm).await);
            }
            Self::UndoEmailChange => {
                auth.update_profile(ready.current(), &moving(name)).await.unwrap();
                let mail = world.mailed(MailKind::EmailChangeConfirm).await;
                auth.confirm_email_change(link(&mail).expose(), &home()).await.unwrap();
                ready.secret = link(&world.mailed(MailKind::EmailChanged).await);
            }
            Self::ConfirmTotp => {
                world.begin_step();
                let enrolment = auth.enrol_totp(ready.current(), None, None).await.unwrap();
                ready.code = code(auth, &enrolment.secret, 0);
            }
            Self::SignInWithASecondFactor
            | Self::FinishWithASecondFactor
            | Self::FinishWithARecoveryCode
            | Self::VerifyMfa
            | Self::NewRecoveryCodes
            | Self::DisableTotp
            | Self::ResetMfa => {
                world.begin_step();
                let enrolment = auth.enrol_totp(ready.current(), None, None).await.unwrap();
                let before = code(auth, &enrolment.secret, -1);
                let recovery = auth.confirm_totp(ready.current(), &before).await.unwrap();
                if let Some(current) = &mut ready.current {
                    current.user = auth.user(&current.user.id).await.unwrap().unwrap();
                }
                ready.code = match self {
                    Self::FinishWithARecoveryCode => recovery[0].clone(),
                    _ => code(auth, &enrolment.secret, 0),
                };
                if self != Self::SignInWithASecondFactor
                    && let SignInOutcome::MfaRequired { ticket, .. } =
                        auth.sign_in(&credentials(name, PASSWORD), &home()).await.unwrap()
                {
                    ready.secret = ticket;
                }
            }
            _ => {}
        }
    }

    /// The flow itself. What it answers is dropped, how it fails is told.
    pub(crate) async fn run(self, auth: &Auth, ready: &Ready) -> Result<(), String> {
        let (name, secret, code) = (ready.name.as_str(), ready.secret.expose(), &ready.code);
        let home = home();
        let update = UpdateProfile {
            first_name: Some(Some(ProfileText::parse("Ada").unwrap())),
            username: Some(username(&format!("{name}.new"))),
            ..UpdateProfile::default()
        };
        match self {
            Self::Register => told(auth.register(&registration(name, PASSWORD), &home).await),
            Self::RegisterAgain => told(auth.register(&again(name, PASSWORD), &home).await),
            Self::RegisterWithAnotherPassword | Self::RegisterAKnownAddress => {
                told(auth.register(&again(name, OTHER), &home).await)
            }
            Self::ResendConfirmation => told(auth.resend_confirmation(&address(name), &home).await),
            Self::Confirm => told(auth.confirm(secret, &home).await),
            Self::ConfirmByCode => told(auth.confirm_by_code(&address(name), code, &home).await),
            Self::NotMe => told(auth.not_me_link(secret, &home).await),
            Self::SignIn | Self::SignInWithASecondFactor => {
                told(auth.sign_in(&credentials(name, PASSWORD), &home).await)
            }
            Self::SignInWithAnOldHash => {
                told(auth.sign_in(&credentials(name, OLD_PASSWORD), &home).await)
            }
            Self::FinishWithASecondFactor | Self::FinishWithARecoveryCode => {
                told(auth.sign_in_mfa(&ready.secret, code, &home).await)
            }
            Self::Refresh | Self::RefreshWithAnOldToken => {
                match told(auth.refresh(secret, &home).await) {
                    Err(told) if self == Self::RefreshWithAnOldToken && told == "Reused" => Ok(()),
                    told => told,
                }
            }
            Self::SignOut => told(auth.sign_out(ready.current()).await),
            Self::SignOutAll => told(auth.sign_out_all(&ready.user(), &home).await),
            Self::UpdateProfile => told(auth.update_profile(ready.current(), &update).await),
            Self::ChangePassword => {
                let (old, new) =
                    (PlaintextPassword::from(PASSWORD), PlaintextPassword::from(OTHER));
                told(auth.change_password(ready.current(), &old, &new).await)
            }
            Self::ForgotPassword => told(auth.forgot_password(name, &home).await),
            Self::ResetPassword | Self::ResetBeforeConfirming => {
                told(auth.reset_password(secret, &PlaintextPassword::from(OTHER), &home).await)
            }
            Self::RequestEmailChange => {
                told(auth.update_profile(ready.current(), &moving(name)).await)
            }
            Self::ConfirmEmailChange => told(auth.confirm_email_change(secret, &home).await),
            Self::UndoEmailChange => told(auth.undo_email_change(secret, &home).await),
            Self::EnrolTotp => told(auth.enrol_totp(ready.current(), None, None).await),
            Self::ConfirmTotp => told(auth.confirm_totp(ready.current(), code).await),
            Self::VerifyMfa => told(auth.verify_mfa(&ready.user(), code, &home).await),
            Self::NewRecoveryCodes => {
                told(auth.new_recovery_codes(ready.current(), Some(code)).await)
            }
            Self::DisableTotp => told(auth.disable_totp(ready.current(), code, None).await),
            Self::ResetMfa => told(auth.reset_mfa(&ready.user()).await),
            Self::DeleteAccount => told(auth.delete_account(ready.current(), None).await),
            Self::CreateUser => told(auth.create_user(&created(name)).await),
            Self::Activate => told(auth.activate(secret, &home).await),
            Self::ResendActivation => told(auth.resend_activation(name, &home).await),
            Self::CreateServiceKey => {
                told(auth.create_service_key(&Origin::default(), name, false).await)
            }
            Self::RevokeServiceKey => {
                let id: ServiceKeyId = secret.parse().unwrap();
                told(auth.revoke_service_key(&Origin::default(), &id).await)
            }
        }
    }
}

impl Ready {
    fn user(&self) -> UserId {
        self.user.clone().unwrap()
    }

    fn current(&self) -> &Current {
        self.current.as_ref().unwrap()
    }
}

fn told<T, E: Debug>(outcome: Result<T, E>) -> Result<(), String> {
    outcome.map(drop).map_err(|error| format!("{error:?}"))
}

/// A member of that name who has just signed in.
pub(crate) async fn member(world: &World, name: &str) -> SignedIn {
    let auth = &world.steady;
    auth.register(&registration(name, PASSWORD), &home()).await.unwrap();
    let mail = world.mailed(MailKind::Confirmation).await;
    auth.confirm(link(&mail).expose(), &home()).await.unwrap();
    match auth.sign_in(&credentials(name, PASSWORD), &home()).await.unwrap() {
        SignInOutcome::SignedIn(signed_in) => *signed_in,
        SignInOutcome::MfaRequired { .. } => panic!("there is no second factor"),
    }
}

/// The client that everybody uses.
pub(crate) fn home() -> Client {
    Client {
        address: Some([192, 0, 2, 1].into()),
        user_agent: Some("Browser".to_owned()),
        ..Client::default()
    }
}

pub(crate) fn registration(name: &str, password: &str) -> Register {
    Register::new(username(name), email(&address(name)), PlaintextPassword::from(password))
}

/// Another registration of the same address. Names are public, and that one is taken.
fn again(name: &str, password: &str) -> Register {
    let username = username(&format!("{name}.too"));
    Register::new(username, email(&address(name)), PlaintextPassword::from(password))
}

fn created(name: &str) -> CreateUser {
    CreateUser::new(username(name), email(&address(name)), PlaintextPassword::from(PASSWORD))
}

fn credentials(identifier: &str, password: &str) -> SignIn {
    SignIn::new(identifier.to_owned(), PlaintextPassword::from(password))
}

/// A move to another address.
fn moving(name: &str) -> UpdateProfile {
    UpdateProfile { email: Some(email(&new_address(name))), ..UpdateProfile::default() }
}

/// The token in a mail's link.
fn link(mail: &Message) -> PlaintextPassword {
    token(mail.link.as_ref())
}

fn token(link: Option<&PlaintextPassword>) -> PlaintextPassword {
    let link = link.unwrap().expose();
    PlaintextPassword::from(&link[link.find("umt_").unwrap()..])
}

/// What an authenticator app shows so many steps from now.
fn code(auth: &Auth, secret: &PlaintextPassword, steps: i64) -> PlaintextPassword {
    PlaintextPassword::from(totp::code(secret.expose(), auth.now().as_secs() + 30 * steps))
}

const OLD_PASSWORD: &str = "xxxxxxxx";
/// Of that password, as Werkzeug keeps it.
const OLD_HASH: &str = "scrypt:32768:8:1$EEimSseABpF2dakM$e41eeb869e882372a451182050947b1367f251e3e2fc64b1036c5dcbdbd0ff1586a84b1ee933dd04c09339362d6e96974d659688b46afeb583d4324b35baa253";
