//! Signing in whoever has shown a mailed code or link.

use super::open::Mailed;
use crate::auth::{Auth, Client, ServiceError};
use crate::clock::Timestamp;
use crate::flows::amr::MAIL;
use crate::flows::mfa::PASSKEY;
use crate::flows::sign_in::SignInOutcome;
use crate::model::token::Purpose;
use crate::model::user::{Account, User};
use crate::store::{Change, UserPatch};

impl Auth {
    /// Uses the row up and signs in, in one commit. `None`: something changed in
    /// between, and nothing was written.
    pub(super) async fn enter(
        &self,
        mailed: &Mailed,
        client: &Client,
        now: Timestamp,
    ) -> Result<Option<SignInOutcome>, ServiceError> {
        let mut earned_by = vec![Change::UseToken { id: mailed.row.id, now }];
        let mut passkeys_go = false;
        let account = match &mailed.account {
            Some(account) if account.user.is_email_confirmed() => {
                earned_by.push(self.void(&account.user.id, Some(Purpose::EmailSignIn), now));
                account.clone()
            }
            Some(account) => {
                earned_by.extend(self.taken_over(&account.user, now));
                passkeys_go = account.user.may_have_strangers_passkeys();
                let user = User {
                    email_confirmed_at: Some(now),
                    unconfirmed_until: None,
                    updated_at: now,
                    epoch: account.user.epoch + 1,
                    ..account.user.clone()
                };
                Account { user, password: None, totp: account.totp.clone() }
            }
            None => {
                let (user, list) = self.first_user(&mailed.email, client, now)?;
                earned_by.extend(list);
                Account { user, password: None, totp: None }
            }
        };
        client.mark(&mut earned_by);
        let mut methods = self.second_factors(&account).await?;
        // Those that the same commit removes can answer nothing.
        if passkeys_go {
            match account.mfa_enabled() {
                true => methods.retain(|method| *method != PASSKEY),
                false => methods.clear(),
            }
        }
        if !methods.is_empty() {
            return self.issue_mfa_ticket(&account, MAIL, methods, earned_by, now).await;
        }
        let opened = self.open_session(&account.user, &[MAIL], earned_by, client, now).await?;
        Ok(opened.ok().map(|signed_in| SignInOutcome::SignedIn(Box::new(signed_in))))
    }

    /// What makes an unconfirmed account its mailbox's owner's: confirmed, and
    /// rid of all that whoever registered it may hold of it.
    fn taken_over(&self, user: &User, now: Timestamp) -> Vec<Change> {
        let id = &user.id;
        let mut list = vec![
            Change::UpdateUser {
                id: id.clone(),
                epoch: user.epoch,
                raise_epoch: true,
                at: now,
                set: Box::new(UserPatch {
                    email_confirmed_at: Some(Some(now)),
                    unconfirmed_until: Some(None),
                    password: Some(None),
                    ..UserPatch::default()
                }),
            },
            self.void(id, None, now),
            Change::EndSessions { user_id: id.clone(), except: None },
            Change::ForgetDevices { user_id: id.clone() },
            Change::DropPendingTotp { user_id: id.clone() },
            Change::UnlinkIdentities { user_id: id.clone(), since: None },
            self.audit(id, "user.confirmed_by_sign_in", &["email_confirmed_at", "password"], now),
        ];
        if user.may_have_strangers_passkeys() {
            list.push(Change::RemovePasskeys { user_id: id.clone(), since: None });
        }
        list.extend(self.hold_identifiers(user, None));
        list
    }
}
