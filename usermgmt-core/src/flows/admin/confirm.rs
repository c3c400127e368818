//! Confirming an address for somebody.

use super::AdminError;
use crate::auth::Auth;
use crate::clock::Timestamp;
use crate::model::audit::Origin;
use crate::model::ids::UserId;
use crate::model::token::Purpose;
use crate::model::user::User;
use crate::store::{Change, UserPatch};

impl Auth {
    /// Makes an account's address count as confirmed. What was mailed to confirm
    /// it is void.
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn confirm_user(&self, by: &Origin, id: &UserId) -> Result<User, AdminError> {
        self.administer(id, |account, now| {
            let user = &account.user;
            if user.is_email_confirmed() {
                return None;
            }
            let set = UserPatch {
                email_confirmed_at: Some(Some(now)),
                unconfirmed_until: Some(None),
                ..UserPatch::default()
            };
            let mut list = vec![
                self.administered(user, set, now),
                self.audit_by(by, &user.id, "user.confirmed", &["email_confirmed_at"], now),
            ];
            list.extend(self.void_confirmations(&user.id, now));
            list.extend(self.hold_identifiers(user, None));
            Some(list)
        })
        .await
    }

    /// Voids what was mailed to confirm an address.
    pub(super) fn void_confirmations(&self, user: &UserId, now: Timestamp) -> [Change; 3] {
        [Purpose::Confirm, Purpose::NotMe, Purpose::Activation].map(|purpose| Change::VoidTokens {
            user_id: user.clone(),
            purpose: Some(purpose),
            since: None,
            now,
        })
    }
}
