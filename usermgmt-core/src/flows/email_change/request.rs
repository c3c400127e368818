//! Asking for another address.

use crate::auth::{Auth, ServiceError};
use crate::clock::Timestamp;
use crate::model::identifier::{Email, Identifier};
use crate::model::mail::{MailKind, MailToken};
use crate::model::token::Purpose;
use crate::model::user::User;
use crate::store::Change;

impl Auth {
    /// Mails a link to the new address and a notice with an undo link to the
    /// present one. Where the new address is somebody else's, its owner is told
    /// instead, and everything else is the same.
    pub(in crate::flows) async fn request_email_change(
        &self,
        user: &User,
        email: &Email,
        list: &mut Vec<Change>,
        now: Timestamp,
    ) -> Result<(), ServiceError> {
        let taken = self
            .read(self.0.store.is_taken(&Identifier::email(email), Some(&user.id), now))
            .await?;
        list.push(Change::VoidTokens {
            user_id: user.id.clone(),
            purpose: Some(Purpose::EmailChange),
            since: None,
            now,
        });
        let owner =
            self.read(self.0.store.account_by_identifier(&Identifier::email(email), now)).await?;
        if taken {
            list.push(self.decoy(now));
            // To whoever has the address, as they confirmed it: another spelling can be another
            // mailbox. In no language of this user's, and without their name.
            let to = owner.as_ref().map_or(email, |owner| &owner.user.email);
            list.push(self.mail(MailKind::EmailTaken, to, None, vec![], &[], now));
        } else {
            let ttl = self.token_life(Purpose::EmailChange);
            let binding = Some(email.as_str().to_owned());
            let token = self.new_token(Some(&user.id), Purpose::EmailChange, binding, ttl, now);
            let mailed = MailToken { purpose: token.purpose, id: token.id, code_issue: None };
            let params = [("new_email", email.as_str())];
            list.push(Change::InsertToken(token));
            list.push(self.mail(
                MailKind::EmailChangeConfirm,
                email,
                Some(user),
                vec![mailed],
                &params,
                now,
            ));
        }
        let kind = MailKind::EmailChangeRequested;
        let notice = self.undo_mail(kind, user, email, now, list, now);
        list.push(notice);
        list.push(self.audit(&user.id, "email.change_requested", &["email"], now));
        Ok(())
    }

    /// The notice to the present address of `user`, whose undo token `list` gets.
    /// The token dates from when the change was `requested`: what was enrolled
    /// since then goes when it is undone.
    pub(super) fn undo_mail(
        &self,
        kind: MailKind,
        user: &User,
        new_email: &Email,
        requested: Timestamp,
        list: &mut Vec<Change>,
        now: Timestamp,
    ) -> Change {
        let binding = Some(user.email.as_str().to_owned());
        let life = self.token_life(Purpose::EmailUndo);
        let mut token = self.new_token(Some(&user.id), Purpose::EmailUndo, binding, life, now);
        token.created_at = requested;
        let mailed = MailToken { purpose: token.purpose, id: token.id, code_issue: None };
        let params = [("new_email", new_email.as_str()), ("old_email", user.email.as_str())];
        list.push(Change::InsertToken(token));
        self.mail_user(kind, user, vec![mailed], &params, now)
    }
}

/// Whether two addresses lead to one mailbox for certain: the same but for case.
/// Other spellings of one canonical form can be two mailboxes.
pub(in crate::flows) fn same_mailbox(a: &Email, b: &Email) -> bool {
    a.as_str().eq_ignore_ascii_case(b.as_str())
}
