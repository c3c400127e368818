//! What happened, for the application around it: typed events, each told after
//! the commit that made it true and never before.
//!
//! Events are read off the changes that were committed, so a flow cannot forget
//! one, and one that was rolled back is not told. Failed sign-ins change nothing
//! and are told when they are answered.
//!
//! They are a hint to act on, not a record: a process that ends between commit
//! and event tells nobody. What must not be lost belongs into the same commit;
//! what is to be looked up later is in the audit log.

use crate::clock::Timestamp;
use crate::model::audit::AuditEntry;
use crate::model::ids::{MailId, SessionId, UserId};
use crate::store::directory::SIGNED_IN;
use crate::store::{Change, Changes, UserChange};

/// Is told what happened.
///
/// Called in the request, after the commit and before the answer: it must not
/// block. Hand the event over, to a channel for instance, and return. A closure
/// will do:
///
/// ```
/// # use usermgmt_core::event::Event;
/// # fn builder(builder: usermgmt_core::AuthBuilder) -> usermgmt_core::AuthBuilder {
/// let (sender, mut events) = tokio::sync::mpsc::channel::<Event>(1024);
/// let builder = builder.events(move |event: &Event| {
///     if sender.try_send(event.clone()).is_err() {
///         tracing::warn!("an event was lost");
///     }
/// });
/// # drop(events.try_recv());
/// # builder
/// # }
/// ```
pub trait EventSink: Send + Sync + 'static {
    /// Takes an event. A panic is logged and changes nothing.
    fn tell(&self, event: &Event);
}

impl<F: Fn(&Event) + Send + Sync + 'static> EventSink for F {
    fn tell(&self, event: &Event) {
        self(event);
    }
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// To whom; `None` where no user is concerned or known.
    pub user_id: Option<UserId>,
    /// What happened.
    pub kind: EventKind,
}

/// What happened. More kinds will come: take what you know and ignore the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventKind {
    /// Somebody registered; the address is not confirmed yet.
    Registered,
    /// A service or an operator created the account.
    Created,
    /// The address was confirmed: from now on the user can sign in.
    Confirmed,
    /// Signed in: there is a new session.
    SignedIn {
        /// The session.
        session: SessionId,
        /// What proved who it is (RFC 8176): `pwd`, `otp`, `mfa`.
        methods: Vec<String>,
    },
    /// A sign-in was refused.
    SignInFailed {
        /// Why. The answer to the client does not say.
        reason: SignInFailure,
    },
    /// So many sign-ins failed that the owner was mailed.
    RepeatedFailures,
    /// Somebody asked for a link to set a new password.
    PasswordResetRequested,
    /// There is a new password.
    PasswordChanged {
        /// By a mailed link, and not by somebody who is signed in.
        by_reset: bool,
    },
    /// Names, locale, role or other fields of the account changed.
    ProfileChanged {
        /// Which, without their values.
        fields: Vec<String>,
    },
    /// A new address waits to be confirmed.
    EmailChangeRequested,
    /// The address changed.
    EmailChanged,
    /// The owner of the old address took the change back.
    EmailChangeUndone,
    /// What has to do with the second factor changed.
    FactorChanged(FactorChange),
    /// An identity at this provider signs in from now on.
    IdentityLinked {
        /// The provider, as the settings name it.
        provider: String,
    },
    /// And does no more.
    IdentityUnlinked {
        /// The provider, as the settings name it.
        provider: String,
    },
    /// An operator disabled the account.
    Disabled,
    /// And enabled it again.
    Enabled,
    /// The account is gone.
    Deleted {
        /// Why.
        reason: DeletionReason,
    },
    /// The user ended one session.
    SessionEnded {
        /// The session.
        session: SessionId,
    },
    /// Another session took the place of one, with the same sign-in behind it: the
    /// browser has another cookie.
    SessionRenewed {
        /// The session that ended.
        old: SessionId,
        /// The one that goes on.
        new: SessionId,
    },
    /// All of the user's sessions ended: the user or an administrator signed them out
    /// everywhere. Their ids are not told.
    ///
    /// All of them end with these as well, without this event:
    /// [`PasswordChanged`](Self::PasswordChanged) (but for the one that a user who is
    /// signed in changed it in), [`EmailChangeUndone`](Self::EmailChangeUndone),
    /// [`Disabled`](Self::Disabled), [`Deleted`](Self::Deleted), and where an
    /// administrator gave the account an address that is not confirmed yet, with
    /// [`EmailChanged`](Self::EmailChanged).
    AllSessionsEnded,
    /// A refresh token came back after its successor was used: somebody has a
    /// copy, and the session was ended.
    RefreshReused {
        /// The session.
        session: SessionId,
    },
    /// A mail was given up.
    MailGivenUp {
        /// Which: it stays in the outbox, to be looked at.
        mail: MailId,
        /// What the mail server said last.
        error: String,
    },
}

/// Why a sign-in was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignInFailure {
    /// No such account, not its password, or an account that is not active.
    Credentials,
    /// Not the second factor's code.
    Code,
    /// Not a passkey of anybody who may sign in, or not an answer to what was asked.
    Passkey,
    /// Not what a provider said, or it was not said to this browser.
    Provider,
}

/// How a second factor changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FactorChange {
    /// It is on.
    Enabled,
    /// The user turned it off.
    Disabled,
    /// An operator or a service took it away.
    Reset,
    /// A recovery code was used up.
    RecoveryCodeUsed,
    /// There are new recovery codes.
    RecoveryCodesReplaced,
    /// There is another passkey.
    PasskeyAdded,
    /// A passkey was removed.
    PasskeyRemoved,
}

/// Why an account was deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeletionReason {
    /// The user, an operator or a service asked for it.
    Requested,
    /// The address was not confirmed in time.
    Expired,
    /// The owner of the address said that it was not them who registered.
    NotMe,
}

impl Event {
    pub(crate) fn new(at: Timestamp, user_id: Option<UserId>, kind: EventKind) -> Self {
        Self { at, user_id, kind }
    }

    /// What a list of changes tells, now that it is committed.
    pub(crate) fn of(changes: &Changes) -> Vec<Self> {
        let list = changes.list();
        let sessions = Sessions::of(list);
        let mut events = Vec::new();
        let mut confirmed = confirmed(list);
        for change in list {
            match change {
                Change::InsertAudit(entry) => {
                    for kind in audited(entry, sessions) {
                        if kind == EventKind::Confirmed {
                            confirmed = None;
                        }
                        events.push(Self::new(entry.at, entry.user_id.clone(), kind));
                    }
                }
                Change::BuryMail { id, at, error, .. } => {
                    let kind = EventKind::MailGivenUp { mail: id.clone(), error: error.clone() };
                    events.push(Self::new(*at, None, kind));
                }
                _ => {}
            }
        }
        if let Some((id, at)) = confirmed {
            events.push(Self::new(at, Some(id.clone()), EventKind::Confirmed));
        }
        events
    }
}

/// Whose address a list confirms for the first time, and when: also one whose entry
/// in the audit log is called something else, as a reset's.
fn confirmed(list: &[Change]) -> Option<(&UserId, Timestamp)> {
    list.iter().find_map(|change| match (UserChange::of(change), change) {
        (Some(UserChange::Confirmed { id }), Change::UpdateUser { at, .. }) => Some((id, *at)),
        _ => None,
    })
}

/// The session that a list opens, and the one that it ends: entries of the audit log
/// do not name them.
#[derive(Clone, Copy)]
struct Sessions {
    opened: Option<SessionId>,
    ended: Option<SessionId>,
}

impl Sessions {
    fn of(list: &[Change]) -> Self {
        let opened = list.iter().find_map(|change| match change {
            Change::InsertSession(session) => Some(session.id),
            _ => None,
        });
        let ended = list.iter().find_map(|change| match change {
            Change::EndSession { id, .. } => Some(*id),
            _ => None,
        });
        Self { opened, ended }
    }
}

/// What an entry of the audit log tells.
fn audited(entry: &AuditEntry, sessions: Sessions) -> Vec<EventKind> {
    if let Some(kind) = of_session(entry, sessions) {
        return vec![kind];
    }
    let kind = match entry.action.as_str() {
        "user.registered" => EventKind::Registered,
        "user.created" | "user.invited" => EventKind::Created,
        "user.confirmed"
        | "user.confirmed_by_code"
        | "user.confirmed_by_sign_in"
        | "user.activated" => EventKind::Confirmed,
        "sign_in.repeated_failures" => EventKind::RepeatedFailures,
        "password.reset_requested" => EventKind::PasswordResetRequested,
        "password.reset" => EventKind::PasswordChanged { by_reset: true },
        "user.updated" => return updated(&entry.detail),
        "email.change_requested" => EventKind::EmailChangeRequested,
        "email.changed" => EventKind::EmailChanged,
        "email.change_undone" => EventKind::EmailChangeUndone,
        "mfa.enabled" => EventKind::FactorChanged(FactorChange::Enabled),
        "mfa.disabled" => EventKind::FactorChanged(FactorChange::Disabled),
        "mfa.reset" => EventKind::FactorChanged(FactorChange::Reset),
        "mfa.recovery_code_used" => EventKind::FactorChanged(FactorChange::RecoveryCodeUsed),
        "mfa.recovery_codes_replaced" => {
            EventKind::FactorChanged(FactorChange::RecoveryCodesReplaced)
        }
        "identity.linked" => EventKind::IdentityLinked { provider: entry.detail.concat() },
        "identity.unlinked" => EventKind::IdentityUnlinked { provider: entry.detail.concat() },
        "passkey.added" => EventKind::FactorChanged(FactorChange::PasskeyAdded),
        "passkey.removed" => EventKind::FactorChanged(FactorChange::PasskeyRemoved),
        "user.disabled" => EventKind::Disabled,
        "user.enabled" => EventKind::Enabled,
        "user.deleted" => EventKind::Deleted { reason: DeletionReason::Requested },
        "user.expired" => EventKind::Deleted { reason: DeletionReason::Expired },
        "user.not_me" => EventKind::Deleted { reason: DeletionReason::NotMe },
        "session.all_ended" => EventKind::AllSessionsEnded,
        _ => return vec![],
    };
    vec![kind]
}

/// What an entry tells that concerns one session.
fn of_session(entry: &AuditEntry, Sessions { opened, ended }: Sessions) -> Option<EventKind> {
    Some(match entry.action.as_str() {
        SIGNED_IN => EventKind::SignedIn { session: opened?, methods: entry.detail.clone() },
        "session.renewed" => EventKind::SessionRenewed { old: ended?, new: opened? },
        "session.ended" => EventKind::SessionEnded { session: ended? },
        "session.refresh_reused" => EventKind::RefreshReused { session: ended? },
        _ => return None,
    })
}

/// One request can change the password, the address and other fields.
fn updated(fields: &[String]) -> Vec<EventKind> {
    let mut kinds = Vec::new();
    let mut others = Vec::new();
    for field in fields {
        match field.as_str() {
            "password" => kinds.push(EventKind::PasswordChanged { by_reset: false }),
            "email" => kinds.push(EventKind::EmailChanged),
            // Goes with an address that changed or was confirmed, which is told.
            "email_confirmed_at" => {}
            _ => others.push(field.clone()),
        }
    }
    if !others.is_empty() {
        kinds.push(EventKind::ProfileChanged { fields: others });
    }
    kinds
}
