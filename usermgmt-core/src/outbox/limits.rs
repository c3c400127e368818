//! How much mail one address gets, so that nobody can be flooded through us.

use super::OutboxWorker;
use crate::auth::{Attempt, Limit, LimitName, ServiceError};
use crate::clock::Timestamp;
use crate::config::{EMAIL_SIGN_IN_TTL, Rate};
use crate::model::mail::{MailKind, OutboxMail};

/// Why a recipient gets no more for now.
pub(super) struct Full {
    /// When the window ends.
    pub(super) until: Timestamp,
    pub(super) why: String,
}

impl OutboxWorker {
    /// Counts a mail that is about to be sent; what is not sent after all is
    /// given back. One that is not wanted any more costs the same counts and
    /// takes none away from those that are.
    pub(super) async fn count_mail(
        &self,
        mail: &OutboxMail,
        wanted: bool,
    ) -> Result<Result<Attempt, Full>, ServiceError> {
        let limits = &self.auth.0.config.limits;
        let (recipient, kind) = (mail.recipient.canonical(), mail.kind.as_str());
        let by_kind = [recipient, kind];
        let by_address = [recipient];
        let mut rate = limits.mail_recipient_kind;
        if mail.kind == MailKind::PasswordReset {
            // Whose link is put off has a live one in the mailbox already. In a longer
            // window strangers could see to it that none arrives in time.
            rate.window = rate.window.min(self.auth.0.config.reset_ttl);
        }
        if mail.kind == MailKind::EmailSignIn {
            // The same of a link to sign in.
            rate.window = rate.window.min(EMAIL_SIGN_IN_TTL);
        }
        let [of_kind, of_any] = if wanted {
            [LimitName::RecipientKind, LimitName::Recipient]
        } else {
            [LimitName::UnwantedKind, LimitName::Unwanted]
        };
        let mut counted = vec![Limit::new(of_kind, rate, &by_kind)];
        if can_be_caused_by_strangers(mail.kind) {
            let rate = limits.mail_recipient;
            counted.push(Limit::new(of_any, rate, &by_address));
        }
        let now = self.auth.now();
        let attempt = self.auth.count(&counted, now).await?;
        let Some((name, until)) = attempt.first_exceeded() else { return Ok(Ok(attempt)) };
        self.auth.give_back(&attempt).await;
        let limit = counted.iter().find(|limit| limit.name == name);
        Ok(Err(Full { until, why: limit.map(why).unwrap_or_default() }))
    }
}

fn why(limit: &Limit<'_>) -> String {
    let Rate { max, window } = limit.rate;
    let minutes = window.as_secs() / 60;
    match limit.by.as_slice() {
        [_, kind] => {
            format!("more than {max} mails of kind {kind} to this address in {minutes} minutes")
        }
        _ => format!("more than {max} mails to this address in {minutes} minutes"),
    }
}

/// Whether somebody who only knows the address can have such a mail sent to it.
/// These share one limit. The others have a link that is waited for, tell of what
/// happened in the account, or are of no use later: so that no stranger can hold
/// them up, they do not count there.
fn can_be_caused_by_strangers(kind: MailKind) -> bool {
    match kind {
        MailKind::AlreadyRegistered
        | MailKind::EmailChangeConfirm
        | MailKind::EmailTaken
        | MailKind::RegisteredAgain => true,
        // Their owner waits for these: each is limited by its own kind alone.
        MailKind::Confirmation
        | MailKind::Activation
        | MailKind::ChoosePassword
        | MailKind::AddressChanged
        | MailKind::PasswordReset
        | MailKind::PasswordChanged
        | MailKind::EmailChangeRequested
        | MailKind::EmailChanged
        | MailKind::RepeatedFailures
        | MailKind::RefreshReuse
        | MailKind::NewDevice
        | MailKind::MfaEnabled
        | MailKind::MfaDisabled
        | MailKind::RecoveryCodeUsed
        | MailKind::Invitation
        | MailKind::MfaFailures
        | MailKind::MfaReplaced
        | MailKind::EmailSignIn
        | MailKind::IdentityLinked
        | MailKind::IdentityUnlinked
        | MailKind::PasskeyAdded
        | MailKind::PasskeyRemoved
        | MailKind::RecoveryCodesReplaced => false,
    }
}
