//! "This was not me": the owner of an address deletes what a stranger registered.

use super::link::LinkError;
use crate::auth::{Auth, Client, ServiceError};
use crate::clock::Timestamp;
use crate::model::identifier::Identifier;
use crate::model::mail::MailToken;
use crate::model::token::Purpose;
use crate::model::user::User;
use crate::store::Change;

impl Auth {
    /// Deletes an unconfirmed registration by the "this was not me" link.
    ///
    /// # Errors
    /// [`LinkError`].
    pub async fn not_me_link(&self, link_token: &str, client: &Client) -> Result<(), LinkError> {
        self.attempt_token(client, self.now()).await?;
        let mut rounds = self.rounds();
        loop {
            let now = rounds.next().await?;
            let link = self.open_link(link_token, &[Purpose::NotMe], now).await?;
            let (user, id) = (link.account.user, link.token.id);
            let mut list = self.drop_registration(&user, now).await?;
            list.push(Change::UseToken { id, now });
            if self.commit_from(client, list, now).await?.is_ok() {
                self.purge_deleted(now).await;
                return Ok(());
            }
        }
    }

    /// The changes that delete a registration that was not its address's owner's.
    pub(crate) async fn drop_registration(
        &self,
        user: &User,
        now: Timestamp,
    ) -> Result<Vec<Change>, ServiceError> {
        let mut list = self.deletion(user, now);
        list.push(self.audit(&user.id, "user.not_me", &[], now));
        // A name that were free at once would tell whoever registered it that
        // the address was unknown.
        let claim = |identifier, until| Change::ClaimIdentifier {
            identifier,
            user_id: None,
            until: Some(until),
            now,
        };
        if let Some(until) = user.unconfirmed_until {
            let [name, skeleton] = Identifier::names(&user.username);
            // Somebody may look like an account that is older than skeletons.
            if !self.read(self.0.store.is_taken(&skeleton, Some(&user.id), now)).await? {
                list.push(claim(skeleton, until));
            }
            list.push(claim(name, until));
        }
        Ok(list)
    }

    /// Adds a "this was not me" link, which is good as long as the account may
    /// stay unconfirmed. A user whom a service created is the service's to delete.
    pub(crate) fn not_me(
        &self,
        user: &User,
        tokens: &mut Vec<MailToken>,
        list: &mut Vec<Change>,
        now: Timestamp,
    ) {
        let Some(until) = user.unconfirmed_until else {
            return list.push(self.decoy(now));
        };
        let binding = Some(user.email.as_str().to_owned());
        let token = self.new_token(Some(&user.id), Purpose::NotMe, binding, until.since(now), now);
        tokens.push(MailToken { purpose: Purpose::NotMe, id: token.id, code_issue: None });
        list.push(Change::InsertToken(token));
    }
}
