//! Looking users up.

use crate::auth::{Auth, ServiceError};
use crate::model::identifier::Identifier;
use crate::model::ids::UserId;
use crate::model::user::{Account, User};

impl Auth {
    /// The user with this id, active or not.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub async fn user(&self, id: &UserId) -> Result<Option<User>, ServiceError> {
        Ok(self.account(id).await?.map(|account| account.user))
    }

    /// The user with this id, with what proves who they are.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub async fn account(&self, id: &UserId) -> Result<Option<Account>, ServiceError> {
        self.read(self.0.store.account(id)).await
    }

    /// The user with this address or username, active or not.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub async fn find_user(&self, identifier: &str) -> Result<Option<User>, ServiceError> {
        let identifier = Identifier::typed(identifier);
        let account =
            self.read(self.0.store.account_by_identifier(&identifier, self.now())).await?;
        Ok(account.map(|account| account.user))
    }

    /// Users in the order of their ids, after `after`, at most `limit`.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub async fn list_users(
        &self,
        after: Option<&UserId>,
        limit: usize,
    ) -> Result<Vec<User>, ServiceError> {
        self.read(self.0.store.users(after, limit)).await
    }
}
