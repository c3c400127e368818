//! Sealing what the store keeps sealed under the root secret that signs now.

use crate::auth::{Auth, ServiceError};
use crate::model::factor::SealedSecret;
use crate::model::ids::UserId;
use crate::store::Change;

/// How many users are looked at in a step.
const STEP: usize = 100;

/// How far it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Resealed {
    /// How many users were looked at.
    pub seen: u64,
    /// How many second factors were sealed anew.
    pub sealed: u64,
    /// How many do not open: sealed under a secret that is not given.
    pub closed: u64,
    /// The last user looked at, to go on after; `None` at the end.
    pub after: Option<UserId>,
}

impl Auth {
    /// Looks at the next users and seals their second factors anew where they
    /// are sealed under another root secret than the one that signs. Begin with
    /// the default, go on with what it answers until `after` is `None`. It may
    /// be interrupted, and run while servers run.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub async fn reseal(&self, so_far: &Resealed) -> Result<Resealed, ServiceError> {
        let users = self.read(self.0.store.users(so_far.after.as_ref(), STEP)).await?;
        let mut next = Resealed { after: None, ..so_far.clone() };
        for user in &users {
            next.seen += 1;
            let Some(account) = self.account(&user.id).await? else { continue };
            let Some(confirmed) = account.totp.and_then(|totp| totp.confirmed) else { continue };
            if confirmed.sealed.starts_with(self.keys().ring.signing().id.as_bytes()) {
                continue;
            }
            let Ok(secret) = self.unseal_totp(&user.id, &confirmed) else {
                next.closed += 1;
                continue;
            };
            let sealed = self.seal_totp(&user.id, &secret).sealed;
            let secret = SealedSecret { sealed, ..confirmed };
            let reseal = vec![Change::ResealTotp { user_id: user.id.clone(), secret }];
            // A guard that fails means that the factor is another one by now,
            // sealed when it was enrolled.
            if self.commit(reseal, self.now()).await?.is_ok() {
                next.sealed += 1;
            }
        }
        if users.len() == STEP {
            next.after = users.last().map(|user| user.id.clone());
        }
        Ok(next)
    }

    /// Every root secret, by key id and state, and whether a second factor is
    /// sealed under it.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub async fn root_secrets(&self) -> Result<Vec<RootUse>, ServiceError> {
        let mut uses = Vec::new();
        for root in self.keys().ring.roots() {
            let seals = self.0.store.has_factors_sealed_under(root.id).await?;
            uses.push(RootUse { id: root.id, state: root.state, seals });
        }
        Ok(uses)
    }
}

/// A root secret that was given.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RootUse {
    /// Its key id.
    pub id: crate::keys::KeyId,
    /// What it is used for.
    pub state: crate::keys::RootState,
    /// Whether a second factor is sealed under it.
    pub seals: bool,
}
