//! Mails that anybody can ask for: how often, and at what cost whoever is asked for.

use tokio::time::Sleep;

use crate::auth::{Auth, Client, Limit, LimitName, Networks, ServiceError};
use crate::clock::Timestamp;
use crate::config::EMAIL_SIGN_IN_TTL;
use crate::model::identifier::Identifier;
use crate::model::mail::MailKind;
use crate::model::token::Purpose;
use crate::model::user::User;
use crate::store::Change;

impl Auth {
    /// Begins a request whose answer must not tell who has an account; its end is
    /// awaited before the answer.
    pub(super) fn least_time(&self) -> Sleep {
        tokio::time::sleep(self.0.config.least_request_time)
    }

    /// Counts a request that makes us send mail, by client alone: what strangers
    /// ask for an address is no reason to refuse its owner.
    pub(super) async fn attempt_mail(
        &self,
        client: &Client,
        now: Timestamp,
    ) -> Result<(), ServiceError> {
        let (limits, networks) = (&self.0.config.limits, Networks::of(client));
        let (rate, sites) = (limits.mail_client, limits.ipv6_site);
        let counted = Limit::of_client(LimitName::MailClient, rate, sites, client, &networks);
        self.attempt(&counted, now).await?;
        Ok(())
    }

    /// Counts a mail of this kind that is about to be queued for a user, or would
    /// be for whoever was asked for in vain. Says whether there were enough: then
    /// another one is queued only where the mailbox has no link that is good.
    pub(super) async fn mailed_enough(
        &self,
        kind: MailKind,
        user: Option<&User>,
        asked: &Identifier,
        now: Timestamp,
    ) -> Result<bool, ServiceError> {
        let by = match user {
            Some(user) => ["id", user.id.as_str(), kind.as_str()],
            None => ["typed", asked.canonical(), kind.as_str()],
        };
        let mut rate = self.0.config.limits.mail_identifier;
        if user.is_none() && kind == MailKind::EmailSignIn {
            // The mailbox of somebody new: its last link must not end before the window.
            rate.window = rate.window.min(EMAIL_SIGN_IN_TTL / 2);
        }
        let queued = self.count(&[Limit::new(LimitName::MailQueued, rate, &by)], now).await?;
        Ok(!queued.is_within(LimitName::MailQueued))
    }
}

/// Whether this list makes a new link of a registration, so that no mail with it was sent.
pub(super) fn has_new_link(list: &[Change]) -> bool {
    let is_link = |purpose| matches!(purpose, Purpose::Confirm | Purpose::ChoosePassword);
    list.iter().any(|change| {
        matches!(change, Change::InsertToken(token)
            if token.user_id.is_some() && is_link(token.purpose))
    })
}

/// Whether this change makes a new token, so that no mail with it was sent.
pub(super) fn is_new(change: &Change) -> bool {
    matches!(change, Change::InsertToken(token) if token.user_id.is_some())
}
