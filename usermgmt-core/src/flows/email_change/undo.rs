//! Undoing the change from the old address.

use crate::auth::{Auth, Client};
use crate::clock::Timestamp;
use crate::flows::link::LinkError;
use crate::model::identifier::Identifier;
use crate::model::mail::{MailKind, MailToken};
use crate::model::token::Purpose;
use crate::store::{Change, Guard, UserPatch};

impl Auth {
    /// Gives the account its old address back, by the link that was mailed
    /// there: whoever changed it may not be its owner. Ends all sessions, voids
    /// every token, the recovery codes, what was enrolled as second factor and who was linked
    /// since, and mails a link to set a new password. Before the change took effect it is called off.
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
                Change::ForgetDevices { user_id: id.clone() },
                Change::UnlinkIdentities { user_id: id.clone(), since: Some(row.created_at) },
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
            let since = |at: Timestamp| at >= row.created_at;
            list.push(Change::RemovePasskeys { user_id: id.clone(), since: Some(row.created_at) });
            // When they were made is not known: whoever changed the address may have had
            // new ones, by a passkey that is gone since.
            list.push(Change::ReplaceRecoveryCodes { user_id: id.clone(), hashes: vec![] });
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
}
