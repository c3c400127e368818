//! Looking at a mailed link without following it, for the pages that links open.

use crate::auth::{Auth, Client};
use crate::flows::confirm::{LinkError, check_link};
use crate::model::identifier::Email;
use crate::model::token::Purpose;
use crate::token;

impl Auth {
    /// Whether a link of one of these purposes would still do something. Changes
    /// nothing, however often it is asked: mail scanners open links.
    ///
    /// # Errors
    /// [`LinkError`], as following the link would give.
    pub async fn inspect_link(
        &self,
        link_token: &str,
        purposes: &[Purpose],
        client: &Client,
    ) -> Result<(), LinkError> {
        let now = self.now();
        self.attempt_token(client, now).await?;
        let (purpose, id) = match token::parse_one_time(&self.0.keys, link_token) {
            Some((purpose, id)) if purposes.contains(&purpose) => (purpose, id),
            _ => return Err(LinkError::Invalid),
        };
        let (row, user) = self.token_and_user(id).await?.ok_or(LinkError::Invalid)?;
        match purpose {
            Purpose::Confirm | Purpose::NotMe => {
                if user.is_email_confirmed() {
                    return Err(LinkError::AlreadyConfirmed);
                }
                check_link(&row, &user, now)
            }
            // Bound to the address that is not the account's: the new one, or the old one.
            Purpose::EmailChange | Purpose::EmailUndo if row.used_at.is_some() => {
                Err(LinkError::Invalid)
            }
            Purpose::EmailChange | Purpose::EmailUndo if now >= row.expires_at => {
                Err(LinkError::Expired)
            }
            Purpose::EmailChange | Purpose::EmailUndo => Ok(()),
            _ => {
                let bound = row.binding.as_deref().map(Email::canonical_of);
                if user.disabled_at.is_some() || bound.as_deref() != Some(user.email.canonical()) {
                    return Err(LinkError::Invalid);
                }
                check_link(&row, &user, now)
            }
        }
    }
}
