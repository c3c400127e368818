//! From a queued mail to one that can be sent: the only place where its secrets come in.

use std::time::Duration;

use super::OutboxWorker;
use crate::clock::Timestamp;
use crate::model::mail::{MailToken, Message, OutboxMail};
use crate::model::token::{Purpose, Token};
use crate::store::StoreError;
use crate::token;

impl OutboxWorker {
    /// The mail with its secrets, and whether it is still wanted.
    pub(super) async fn message(
        &self,
        mail: &OutboxMail,
        now: Timestamp,
    ) -> Result<(Message, bool), StoreError> {
        let auth = &self.auth;
        let (mut primary, mut wanted) = (None, true);
        if let Some(first) = mail.tokens.first() {
            match auth.read_store(auth.0.store.token(first.id)).await? {
                Some(row) if row.is_live(now) => primary = Some(row),
                _ => wanted = false,
            }
        }
        // A later mail carries a newer code, and the link as well.
        let superseded =
            |row: &Token, mailed: &MailToken| mailed.code_issue.is_some_and(|n| n < row.code_issue);
        if let (Some(row), Some(mailed)) = (&primary, mail.tokens.first())
            && superseded(row, mailed)
        {
            wanted = false;
        }
        let mut message = Message {
            id: mail.id.clone(),
            kind: mail.kind,
            recipient: mail.recipient.clone(),
            locale: mail.locale.clone(),
            product_name: auth.0.config.product_name.clone(),
            created_at: mail.created_at,
            params: mail.params.clone(),
            link: None,
            not_me_link: None,
            code: None,
            valid_minutes: primary.as_ref().map(|row| minutes(row.expires_at.since(now))),
        };
        for mailed in &mail.tokens {
            let text = token::one_time(&auth.keys().ring, mailed.purpose, mailed.id);
            match mailed.purpose {
                Purpose::NotMe => {
                    message.not_me_link = Some(auth.0.config.link(mailed.purpose, &text))
                }
                Purpose::Activation => {
                    message.link = Some(auth.0.config.link(mailed.purpose, &text));
                    message.code = Some(text);
                }
                Purpose::MfaTicket
                | Purpose::LegacyRefresh
                | Purpose::PasskeyRegistration
                | Purpose::PasskeySignIn => {}
                _ => message.link = Some(auth.0.config.link(mailed.purpose, &text)),
            }
            let code_lives =
                primary.as_ref().and_then(|row| row.code_expires_at).is_some_and(|at| now < at);
            if let Some(issue) = mailed.code_issue
                && code_lives
            {
                message.code = Some(token::code(&auth.keys().ring, mailed.id, issue));
            }
        }
        Ok((message, wanted))
    }
}

fn minutes(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs().div_ceil(60)).unwrap_or(i64::MAX)
}
