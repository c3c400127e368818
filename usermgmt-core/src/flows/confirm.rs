//! Confirming the address of a registration by the link that was mailed to it.

use super::link::LinkError;
use crate::auth::{Auth, Client, ServiceError};
use crate::clock::Timestamp;
use crate::model::ids::TokenId;
use crate::model::token::Purpose;
use crate::model::user::User;
use crate::store::{Change, UserPatch};

impl Auth {
    /// Confirms an address by the link that was mailed to it.
    ///
    /// # Errors
    /// [`LinkError`].
    pub async fn confirm(&self, link_token: &str, client: &Client) -> Result<User, LinkError> {
        self.attempt_token(client, self.now()).await?;
        let mut rounds = self.rounds();
        loop {
            let now = rounds.next().await?;
            let link = self.open_link(link_token, &[Purpose::Confirm], now).await?;
            let (user, id) = (link.account.user, link.token.id);
            if let Some(user) = self
                .commit_confirmation(user, id, Purpose::Confirm, "user.confirmed", client, now)
                .await?
            {
                return Ok(user);
            }
        }
    }

    /// Makes the address confirmed. `None`: something changed in between.
    pub(super) async fn commit_confirmation(
        &self,
        user: User,
        id: TokenId,
        purpose: Purpose,
        action: &str,
        client: &Client,
        now: Timestamp,
    ) -> Result<Option<User>, ServiceError> {
        let mut list = vec![
            Change::UpdateUser {
                id: user.id.clone(),
                epoch: user.epoch,
                raise_epoch: true,
                at: now,
                set: Box::new(UserPatch {
                    email_confirmed_at: Some(Some(now)),
                    unconfirmed_until: Some(None),
                    ..UserPatch::default()
                }),
            },
            Change::UseToken { id, now },
            Change::VoidTokens {
                user_id: user.id.clone(),
                purpose: Some(purpose),
                since: None,
                now,
            },
            Change::VoidTokens {
                user_id: user.id.clone(),
                purpose: Some(Purpose::NotMe),
                since: None,
                now,
            },
            self.audit(&user.id, action, &["email_confirmed_at"], now),
        ];
        list.extend(self.hold_identifiers(&user, None));
        let confirmed = User {
            email_confirmed_at: Some(now),
            unconfirmed_until: None,
            updated_at: now,
            epoch: user.epoch + 1,
            ..user
        };
        Ok(self.commit_from(client, list, now).await?.is_ok().then_some(confirmed))
    }
}
