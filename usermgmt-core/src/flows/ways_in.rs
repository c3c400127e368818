//! What a user can still sign in with: the last way in is never taken away.

use crate::auth::{Auth, ServiceError};
#[cfg(feature = "oidc")]
use crate::model::identity::Identity;
use crate::model::ids::UserId;
#[cfg(any(feature = "oidc", feature = "passkeys"))]
use crate::model::user::Account;
#[cfg(feature = "oidc")]
use crate::oidc::ProviderConfig;

/// The ways in which somebody can sign in, and so prove again who they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct WaysIn {
    /// By password.
    pub password: bool,
    /// By what is mailed to them.
    pub email: bool,
    /// By passkey.
    pub passkey: bool,
    /// By an account at a provider.
    pub oidc: bool,
}

impl WaysIn {
    /// As `GET /signin/methods` names them.
    pub fn names(self) -> Vec<&'static str> {
        let all = [
            ("password", self.password),
            ("email", self.email),
            ("passkey", self.passkey),
            ("oidc", self.oidc),
        ];
        all.into_iter().filter_map(|(name, is_one)| is_one.then_some(name)).collect()
    }
}

/// Whether somebody could sign in by this identity. It belongs to its issuer, whatever
/// the settings call that.
#[cfg(feature = "oidc")]
pub(crate) fn signs_in(providers: &[ProviderConfig], identity: &Identity) -> bool {
    providers.iter().any(|provider| provider.issuer == identity.issuer)
}

impl Auth {
    /// The ways in which a user can sign in at present; none where there is no such user.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub async fn ways_in(&self, user: &UserId) -> Result<WaysIn, ServiceError> {
        let Some(account) = self.account(user).await? else { return Ok(WaysIn::default()) };
        let on = self.0.config.sign_in;
        Ok(WaysIn {
            password: account.password.is_some(),
            email: on.email,
            passkey: on.passkeys && !self.passkeys_of(&account).await?.is_empty(),
            oidc: self.identities_that_sign_in(user).await? > 0,
        })
    }

    /// Whether the user could sign in with so many identities and passkeys.
    #[cfg(any(feature = "oidc", feature = "passkeys"))]
    pub(crate) fn has_way_in(&self, account: &Account, identities: usize, passkeys: usize) -> bool {
        let on = self.0.config.sign_in;
        account.password.is_some() || on.email || identities > 0 || (on.passkeys && passkeys > 0)
    }

    /// How many identities of the user are at providers that sign people in.
    #[cfg(feature = "oidc")]
    pub(crate) async fn identities_that_sign_in(
        &self,
        user: &UserId,
    ) -> Result<usize, ServiceError> {
        let identities = self.read(self.0.store.identities(user)).await?;
        let providers = &self.0.config.providers;
        Ok(identities.iter().filter(|identity| signs_in(providers, identity)).count())
    }

    /// Without providers none signs anybody in.
    #[cfg(not(feature = "oidc"))]
    pub(crate) async fn identities_that_sign_in(&self, _: &UserId) -> Result<usize, ServiceError> {
        Ok(0)
    }
}
