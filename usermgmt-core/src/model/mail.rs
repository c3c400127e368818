//! Mail: what is waiting to be sent, and what a mailer is given to send.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::identifier::Email;
use super::ids::{LeaseId, MailId, TokenId, UserId};
use super::token::Purpose;
use crate::clock::Timestamp;
use crate::secret::Redacted;

/// Every kind of mail there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailKind {
    /// Confirm your address: link, short code, not-me link.
    Confirmation,
    /// Activate the account another service made for you: activation code, and a
    /// link to the page that takes it.
    Activation,
    /// You already have an account.
    AlreadyRegistered,
    /// Somebody registered your unconfirmed address again with another
    /// password: choose one.
    ChoosePassword,
    /// Choose a new password.
    PasswordReset,
    /// Your password was changed.
    PasswordChanged,
    /// Confirm your new address.
    EmailChangeConfirm,
    /// To the old address: a change was asked for; with an undo link.
    EmailChangeRequested,
    /// To the old address: the change took effect; with an undo link.
    EmailChanged,
    /// Somebody tried to make your address theirs.
    EmailTaken,
    /// Sign-ins fail again and again.
    RepeatedFailures,
    /// A refresh token was used twice; the session was ended.
    RefreshReuse,
    /// A sign-in from a device not seen before.
    NewDevice,
    /// The second factor was turned on.
    MfaEnabled,
    /// The second factor was turned off; its parameter `second_factor` says which one
    /// is left, where one is.
    MfaDisabled,
    /// A recovery code was used.
    RecoveryCodeUsed,
    /// An administrator made an account for you: choose a password.
    Invitation,
    /// Somebody who knows the password fails at the second factor again and again.
    MfaFailures,
    /// The second factor was replaced by another one.
    MfaReplaced,
    /// Somebody registered your address, for which a service made an account
    /// that is still to be activated.
    RegisteredAgain,
    /// Sign in: link, and a short code for where it was asked for.
    EmailSignIn,
    /// To both addresses: an administrator made another one the account's.
    AddressChanged,
    /// An identity at a provider signs in from now on.
    IdentityLinked,
    /// And does no more.
    IdentityUnlinked,
    /// A passkey signs in from now on.
    PasskeyAdded,
    /// A passkey was removed.
    PasskeyRemoved,
    /// New recovery codes were made; the old ones are void.
    RecoveryCodesReplaced,
}

impl MailKind {
    /// All of them.
    pub const ALL: [Self; 27] = [
        Self::Confirmation,
        Self::Activation,
        Self::AlreadyRegistered,
        Self::ChoosePassword,
        Self::PasswordReset,
        Self::PasswordChanged,
        Self::EmailChangeConfirm,
        Self::EmailChangeRequested,
        Self::EmailChanged,
        Self::EmailTaken,
        Self::RepeatedFailures,
        Self::RefreshReuse,
        Self::NewDevice,
        Self::MfaEnabled,
        Self::MfaDisabled,
        Self::RecoveryCodeUsed,
        Self::Invitation,
        Self::MfaFailures,
        Self::MfaReplaced,
        Self::RegisteredAgain,
        Self::EmailSignIn,
        Self::AddressChanged,
        Self::IdentityLinked,
        Self::IdentityUnlinked,
        Self::PasskeyAdded,
        Self::PasskeyRemoved,
        Self::RecoveryCodesReplaced,
    ];

    /// The name under which stores and templates know it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Confirmation => "confirmation",
            Self::Activation => "activation",
            Self::AlreadyRegistered => "already_registered",
            Self::ChoosePassword => "choose_password",
            Self::PasswordReset => "password_reset",
            Self::PasswordChanged => "password_changed",
            Self::EmailChangeConfirm => "email_change_confirm",
            Self::EmailChangeRequested => "email_change_requested",
            Self::EmailChanged => "email_changed",
            Self::EmailTaken => "email_taken",
            Self::RepeatedFailures => "repeated_failures",
            Self::RefreshReuse => "refresh_reuse",
            Self::NewDevice => "new_device",
            Self::MfaEnabled => "mfa_enabled",
            Self::MfaDisabled => "mfa_disabled",
            Self::RecoveryCodeUsed => "recovery_code_used",
            Self::Invitation => "invitation",
            Self::MfaFailures => "mfa_failures",
            Self::MfaReplaced => "mfa_replaced",
            Self::RegisteredAgain => "registered_again",
            Self::EmailSignIn => "email_sign_in",
            Self::AddressChanged => "address_changed",
            Self::IdentityLinked => "identity_linked",
            Self::IdentityUnlinked => "identity_unlinked",
            Self::PasskeyAdded => "passkey_added",
            Self::PasskeyRemoved => "passkey_removed",
            Self::RecoveryCodesReplaced => "recovery_codes_replaced",
        }
    }

    /// Whether somebody waits for it, with a link or code that is good for a
    /// short time: it goes before the others that wait to be sent.
    pub const fn is_awaited(self) -> bool {
        matches!(
            self,
            Self::Confirmation
                | Self::ChoosePassword
                | Self::PasswordReset
                | Self::EmailChangeConfirm
                | Self::EmailSignIn
        )
    }

    /// Reads the name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// A token that a mail carries: named by id, derived only when the mail is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailToken {
    /// What the token is good for.
    pub purpose: Purpose,
    /// Its row.
    pub id: TokenId,
    /// Which short code goes beside it, where one does.
    pub code_issue: Option<i64>,
}

/// A mail in the outbox: never a secret, and erased once sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboxMail {
    /// Also the stable part of its Message-ID.
    pub id: MailId,
    /// Which mail.
    pub kind: MailKind,
    /// To whom; their queued mail goes when they do.
    pub user_id: Option<UserId>,
    /// To where, as it is written in the header.
    pub recipient: Email,
    /// In which language (BCP 47), where known.
    pub locale: Option<String>,
    /// The tokens it carries. A mail whose first token is used, void, expired or was
    /// never written is handled like any other, and dropped where it would be sent.
    pub tokens: Vec<MailToken>,
    /// What else its template shows.
    pub params: BTreeMap<String, String>,
    /// When it was queued.
    pub created_at: Timestamp,
    /// When it may be tried next.
    pub next_attempt_at: Timestamp,
    /// How often it was tried.
    pub attempts: i64,
    /// Why the last try failed.
    pub last_error: Option<String>,
    /// When it was given up; `None` while it is tried.
    pub dead_at: Option<Timestamp>,
    /// The worker that has it, or that had it when its lease ran out.
    pub lease: Option<LeaseId>,
    /// Until when that worker has it, or had it.
    pub leased_until: Option<Timestamp>,
}

/// A mail of the outbox that this version cannot read: of a kind or with a token
/// that a newer one knows, or damaged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadableMail {
    /// Also the stable part of its Message-ID.
    pub id: MailId,
    /// When it was queued.
    pub created_at: Timestamp,
    /// How often it was tried.
    pub attempts: i64,
    /// When it was given up; `None` while it is tried.
    pub dead_at: Option<Timestamp>,
    /// What about it cannot be read; not what stands there, which may be personal.
    pub why: String,
}

/// A mail as a store finds it: one that cannot be read must not hide the others.
pub type StoredMail = Result<OutboxMail, UnreadableMail>;

/// The id, which every one has.
pub fn id_of(mail: &StoredMail) -> &MailId {
    match mail {
        Ok(mail) => &mail.id,
        Err(mail) => &mail.id,
    }
}

/// A mail about to be sent: everything its template shows, secrets included.
/// It exists only in memory.
#[derive(Clone, Debug)]
pub struct Message {
    /// Stable across retries.
    pub id: MailId,
    /// Which mail.
    pub kind: MailKind,
    /// To where.
    pub recipient: Email,
    /// In which language (BCP 47), where known.
    pub locale: Option<String>,
    /// The product's name, from the settings.
    pub product_name: String,
    /// When it was queued, for the Date header.
    pub created_at: Timestamp,
    /// What the template shows, such as `username`, `device`, `time`.
    pub params: BTreeMap<String, String>,
    /// The link to follow, where there is one.
    pub link: Option<Redacted<String>>,
    /// The link for "this was not me", where there is one.
    pub not_me_link: Option<Redacted<String>>,
    /// The code to type, where there is one.
    pub code: Option<Redacted<String>>,
    /// How long link or code are good from the time of queueing, in words-ready minutes.
    pub valid_minutes: Option<i64>,
}
