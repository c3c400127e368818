//! Finishing the change from the new address.

use crate::auth::{Auth, Client, ServiceError};
use crate::clock::Timestamp;
use crate::config::EMAIL_UNDO_TTL;
use crate::flows::link::LinkError;
use crate::model::identifier::{Email, Identifier, IdentifierKind};
use crate::model::ids::UserId;
use crate::model::mail::MailKind;
use crate::model::token::Purpose;
use crate::store::{Change, Guard, UserPatch};

impl Auth {
    /// Makes the new address the account's, by the link that was mailed to it.
    /// The old one stays reserved for seven days, in which it can undo this.
    ///
    /// # Errors
    /// [`LinkError`]; `Invalid` too where the address is somebody else's by now.
    pub async fn confirm_email_change(
        &self,
        link_token: &str,
        client: &Client,
    ) -> Result<(), LinkError> {
        self.attempt_token(client, self.now()).await?;
        let mut rounds = self.rounds();
        loop {
            let now = rounds.next().await?;
            let link = self.open_link(link_token, &[Purpose::EmailChange], now).await?;
            let email = link.email()?;
            let (user, row) = (link.account.user, link.token);
            let undo_until = now + EMAIL_UNDO_TTL;
            let id = &user.id;
            let mut list = vec![
                Change::UpdateUser {
                    id: id.clone(),
                    epoch: user.epoch,
                    raise_epoch: true,
                    at: now,
                    set: Box::new(UserPatch {
                        email: Some(email.clone()),
                        email_confirmed_at: Some(Some(now)),
                        ..UserPatch::default()
                    }),
                },
                Change::ClaimIdentifier {
                    identifier: Identifier::email(&email),
                    user_id: Some(id.clone()),
                    until: None,
                    now,
                },
                Change::UseToken { id: row.id, now },
                Change::VoidTokens {
                    user_id: id.clone(),
                    purpose: Some(Purpose::EmailChange),
                    since: None,
                    now,
                },
                // Mailed to the old address; it must not set the new one's password.
                Change::VoidTokens {
                    user_id: id.clone(),
                    purpose: Some(Purpose::Reset),
                    since: None,
                    now,
                },
                Change::VoidTokens {
                    user_id: id.clone(),
                    purpose: Some(Purpose::ChoosePassword),
                    since: None,
                    now,
                },
                self.audit(id, "email.changed", &["email"], now),
            ];
            // Another spelling of one address is one identifier, held for good.
            let moves = email.canonical() != user.email.canonical();
            if moves {
                list.push(Change::HoldIdentifier {
                    identifier: Identifier::email(&user.email),
                    user_id: id.clone(),
                    until: Some(undo_until),
                });
            }
            let kind = MailKind::EmailChanged;
            let notice = if moves && self.is_reserved_for(&email, id, now).await? {
                // Back to an address that could still undo the change to this one: that
                // is an undo, and this one gets no say in it.
                let purpose = Some(Purpose::EmailUndo);
                list.push(Change::VoidTokens { user_id: id.clone(), purpose, since: None, now });
                self.mail_user(kind, &user, vec![], &[("new_email", email.as_str())], now)
            } else {
                self.undo_mail(kind, &user, &email, row.created_at, &mut list, now)
            };
            list.push(notice);
            match self.commit_from(client, list, now).await? {
                Ok(()) => return Ok(()),
                Err(Guard::Taken(IdentifierKind::Email)) => return Err(LinkError::Invalid),
                Err(_) => {}
            }
        }
    }

    /// Whether the user holds this address, and nobody else does.
    async fn is_reserved_for(
        &self,
        email: &Email,
        user: &UserId,
        now: Timestamp,
    ) -> Result<bool, ServiceError> {
        let address = Identifier::email(email);
        let held = self.read(self.0.store.is_taken(&address, None, now)).await?;
        Ok(held && !self.read(self.0.store.is_taken(&address, Some(user), now)).await?)
    }
}
