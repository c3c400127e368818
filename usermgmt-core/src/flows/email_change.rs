//! A new address: finishing the change from there, undoing it from the old one.

use crate::auth::{Auth, Client, ServiceError};
use crate::clock::Timestamp;
use crate::config::EMAIL_UNDO_TTL;
use crate::flows::confirm::LinkError;
use crate::model::identifier::{Email, Identifier, IdentifierKind};
use crate::model::ids::{TokenId, UserId};
use crate::model::mail::{MailKind, MailToken};
use crate::model::token::{Purpose, Token};
use crate::model::user::Account;
use crate::store::{Change, Guard, UserPatch};
use crate::token;

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
            let (row, account) = self.email_link(link_token, Purpose::EmailChange, now).await?;
            let user = account.user;
            let email = bound_email(&row)?;
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
                        email_confirmed_at: Some(now),
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
            match self.commit(list, now).await? {
                Ok(()) => return Ok(()),
                Err(Guard::Taken(IdentifierKind::Email)) => return Err(LinkError::Invalid),
                Err(_) => {}
            }
        }
    }

    /// Gives the account its old address back, by the link that was mailed
    /// there: whoever changed it may not be its owner. Ends all sessions, voids
    /// every token and what was enrolled as second factor since, and mails a
    /// link to set a new password. Before the change took effect it is called off.
    ///
    /// # Errors
    /// [`LinkError`].
    pub async fn undo_email_change(
        &self,
        link_token: &str,
        client: &Client,
    ) -> Result<(), LinkError> {
        self.attempt_token(client, self.now()).await?;
        let mut rounds = self.rounds();
        loop {
            let now = rounds.next().await?;
            let (row, account) = self.email_link(link_token, Purpose::EmailUndo, now).await?;
            let user = &account.user;
            let id = &user.id;
            let old = bound_email(&row)?;
            let mut set = UserPatch::default();
            let mut list = vec![
                Change::UseToken { id: row.id, now },
                // Not the undo links of earlier changes: whoever changed the address twice
                // must not take the first owner's away with the second.
                Change::VoidTokens {
                    user_id: id.clone(),
                    purpose: None,
                    since: Some(row.created_at),
                    now,
                },
                Change::EndSessions { user_id: id.clone(), except: None },
                self.audit(id, "email.change_undone", &["email"], now),
            ];
            if old.as_str() != user.email.as_str() {
                set.email = Some(old.clone());
                set.email_confirmed_at = Some(now);
            }
            if old.canonical() != user.email.canonical() {
                list.push(Change::ReleaseIdentifier {
                    identifier: Identifier::email(&user.email),
                    user_id: id.clone(),
                });
                list.push(Change::HoldIdentifier {
                    identifier: Identifier::email(&old),
                    user_id: id.clone(),
                    until: None,
                });
            }
            list.push(Change::UpdateUser {
                id: id.clone(),
                epoch: user.epoch,
                raise_epoch: true,
                at: now,
                set: Box::new(set),
            });
            let since = |at: Timestamp| at >= row.created_at;
            if let Some(totp) = &account.totp {
                if totp.confirmed.as_ref().is_some_and(|factor| since(factor.created_at)) {
                    list.push(Change::RemoveTotp { user_id: id.clone() });
                } else {
                    list.push(Change::DropPendingTotp { user_id: id.clone() });
                }
            }
            let reset = self.new_token(
                Some(id),
                Purpose::Reset,
                Some(old.as_str().to_owned()),
                self.0.config.reset_ttl,
                now,
            );
            let mailed = MailToken { purpose: Purpose::Reset, id: reset.id, code_issue: None };
            list.push(Change::InsertToken(reset));
            list.push(self.mail(MailKind::PasswordReset, &old, Some(user), vec![mailed], &[], now));
            match self.commit(list, now).await? {
                Ok(()) => return Ok(()),
                // The old address is not reserved for this account any more.
                Err(Guard::Identifier) => return Err(LinkError::Invalid),
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

    async fn email_link(
        &self,
        link_token: &str,
        purpose: Purpose,
        now: Timestamp,
    ) -> Result<(Token, Account), LinkError> {
        let id: TokenId = match token::parse_one_time(&self.0.keys, link_token) {
            Some((of, id)) if of == purpose => id,
            _ => return Err(LinkError::Invalid),
        };
        let row = self.read(self.0.store.token(id)).await?.ok_or(LinkError::Invalid)?;
        let user_id = row.user_id.as_ref().ok_or(LinkError::Invalid)?;
        let account = self.read(self.0.store.account(user_id)).await?.ok_or(LinkError::Invalid)?;
        if row.used_at.is_some() {
            return Err(LinkError::Invalid);
        }
        if now >= row.expires_at {
            return Err(LinkError::Expired);
        }
        Ok((row, account))
    }
}

fn bound_email(row: &Token) -> Result<Email, LinkError> {
    row.binding.as_deref().and_then(|bound| Email::parse(bound).ok()).ok_or(LinkError::Invalid)
}
