//! What a mailed code or link stands for.

use crate::auth::{Auth, ServiceError};
use crate::clock::Timestamp;
use crate::flows::link;
use crate::model::identifier::{Email, Identifier};
use crate::model::ids::{TokenId, UserId};
use crate::model::token::{Purpose, Token};
use crate::model::user::Account;

/// A row that signs in.
pub(super) struct Mailed {
    pub(super) row: Token,
    /// The mailbox that it was mailed to.
    pub(super) email: Email,
    /// Whose it is; `None` for one who has no account yet and gets one.
    pub(super) account: Option<Account>,
}

impl Auth {
    /// The row of a code or link, where it is good. Always the same reads.
    pub(super) async fn open_mailed(
        &self,
        id: TokenId,
        now: Timestamp,
    ) -> Result<Option<Mailed>, ServiceError> {
        let row = self.read(self.0.store.token(id)).await?;
        let row = row.filter(|row| row.purpose == Purpose::EmailSignIn && row.is_live(now));
        let email = row.as_ref().and_then(|row| row.binding.as_deref()).map(Email::from_bound);
        let account = match (&row, &email) {
            // Mailed to an address that had no account: somebody may have made one since.
            (Some(Token { user_id: None, .. }), Some(email)) => {
                let address = Identifier::email(email);
                self.read(self.0.store.account_by_identifier(&address, now)).await?
            }
            _ => {
                let nobody = UserId::generate(now, &*self.0.rng);
                let user = row.as_ref().and_then(|row| row.user_id.as_ref()).unwrap_or(&nobody);
                self.read(self.0.store.account(user)).await?
            }
        };
        let is_free = self.is_free_for_a_new_account(email.as_ref(), now).await?;
        let (Some(row), Some(email)) = (row, email) else { return Ok(None) };
        let is_good = match &account {
            Some(Account { user, .. }) => {
                user.disabled_at.is_none() && link::check(&row, user, now).is_ok()
            }
            None => row.user_id.is_none() && is_free,
        };
        Ok(is_good.then_some(Mailed { row, email, account }))
    }
}
