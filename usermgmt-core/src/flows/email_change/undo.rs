//! Undoing the change from the old address.

use std::time::Duration;

use crate::auth::{Auth, Client, ServiceError};
use crate::clock::Timestamp;
use crate::config::REAUTHENTICATION_WINDOW;
use crate::flows::link::LinkError;
use crate::model::identifier::Identifier;
use crate::model::ids::{AuditId, UserId};
use crate::model::mail::{MailKind, MailToken};
use crate::model::token::Purpose;
use crate::store::{Change, Guard, UserPatch};

/// How many pages of the audit log are looked through; beyond that the password goes.
const PAGES: usize = 20;
const PAGE: usize = 100;

impl Auth {
    /// Gives the account its old address back, by the link that was mailed
    /// there: whoever changed it may not be its owner. Ends all sessions, voids every
    /// token and the recovery codes, and mails a link to set a new password. A password
    /// that was set since the change was asked for goes, and what was enrolled or linked
    /// since 15 minutes before. Before the change took effect it is called off.
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
            let link = self.open_link(link_token, &[Purpose::EmailUndo], now).await?;
            let old = link.email()?;
            let (account, row) = (link.account, link.token);
            let user = &account.user;
            let id = &user.id;
            // Whoever asks has signed in within that time, and may have prepared for losing the
            // address again first.
            let since = row.created_at - REAUTHENTICATION_WINDOW;
            let mut set = UserPatch::default();
            if self.may_have_set_password_since(id, row.created_at, now).await? {
                set.password = Some(None);
            }
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
                Change::ForgetDevices { user_id: id.clone() },
                Change::UnlinkIdentities { user_id: id.clone(), since: Some(since) },
                self.audit(id, "email.change_undone", &["email"], now),
            ];
            if old.as_str() != user.email.as_str() {
                set.email = Some(old.clone());
                set.email_confirmed_at = Some(Some(now));
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
            list.push(Change::RemovePasskeys { user_id: id.clone(), since: Some(since) });
            // When they were made is not known: whoever changed the address may have had
            // new ones, by a passkey that is gone since.
            list.push(Change::ReplaceRecoveryCodes { user_id: id.clone(), hashes: vec![] });
            if let Some(totp) = &account.totp {
                if totp.confirmed.as_ref().is_some_and(|factor| factor.created_at >= since) {
                    list.push(Change::RemoveTotp { user_id: id.clone() });
                } else {
                    list.push(Change::DropPendingTotp { user_id: id.clone() });
                }
            }
            let reset = self.new_token(
                Some(id),
                Purpose::Reset,
                Some(old.as_str().to_owned()),
                self.token_life(Purpose::Reset),
                now,
            );
            let mailed = MailToken { purpose: Purpose::Reset, id: reset.id, code_issue: None };
            list.push(Change::InsertToken(reset));
            list.push(self.mail(MailKind::PasswordReset, &old, Some(user), vec![mailed], &[], now));
            match self.commit_from(client, list, now).await? {
                Ok(()) => return Ok(()),
                // The old address is not reserved for this account any more.
                Err(Guard::Identifier) => return Err(LinkError::Invalid),
                Err(_) => {}
            }
        }
    }

    /// Whether a password was set since then, by the new address or for the first time.
    /// The epoch guards what is found here.
    async fn may_have_set_password_since(
        &self,
        user: &UserId,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<bool, ServiceError> {
        if now.since(since) >= self.0.config.audit_ttl {
            return Ok(true);
        }
        let field = "password".to_owned();
        let mut after = AuditId::generate(since - Duration::from_millis(1), &*self.0.rng);
        for _ in 0..PAGES {
            let page = self.read(self.0.store.audit(user, Some(&after), PAGE)).await?;
            if page.iter().any(|entry| entry.at >= since && entry.detail.contains(&field)) {
                return Ok(true);
            }
            match page.last() {
                Some(last) if page.len() == PAGE => after = last.id.clone(),
                _ => return Ok(false),
            }
        }
        Ok(true)
    }
}
