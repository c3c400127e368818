//! The root secrets in use: exchanged as a whole while requests run, and a
//! store is used with those that it knows and no others.

use std::sync::Arc;

use super::error::BuildError;
use super::facade::Auth;
use super::keys::Keys;
use crate::keys::{KeyId, KeyRing};
use crate::store::{Change, Changes, Guard, StoreError};

/// Only one of two processes that start on an empty store gets this in.
const ANCHOR: &str = "first";

impl Auth {
    /// The root secrets in use, and what signs by them.
    pub(crate) fn keys(&self) -> Arc<Keys> {
        self.0.keys.get()
    }

    /// Takes other root secrets over, or the same in other states, while requests
    /// are served: what is signed from now on is signed with the new ones, and what
    /// was signed before is judged by them. Nobody is signed out by it where the
    /// secret that signed until now is given as one that verifies. Answers whether
    /// anything changed.
    ///
    /// Several processes on one store take a new secret as one that verifies
    /// first, all of them, before the first signs with it.
    ///
    /// # Errors
    /// [`BuildError`] as at a start, such as a secret left out that still seals
    /// something; then those in use stay.
    pub async fn take_over(&self, ring: KeyRing) -> Result<bool, BuildError> {
        if self.keys().ring.is_same(&ring) {
            return Ok(false);
        }
        let keys = Keys::new(ring, &self.0.config)?;
        self.record_root_secrets(&keys.ring).await?;
        self.refuse_retired_secret(&keys.ring).await?;
        tracing::info!(secrets = ?keys.ring, "the root secrets were taken over");
        self.0.keys.set(keys);
        Ok(true)
    }

    /// A second process that starts with a secret of its own would hand out
    /// tokens that the first refuses: the store knows the secrets it was used with.
    pub(super) async fn record_root_secrets(&self, ring: &KeyRing) -> Result<(), BuildError> {
        let mut rounds = self.rounds();
        loop {
            let now = rounds.next().await.map_err(StoreError::unavailable)?;
            let record = |(id, fingerprint)| Change::InsertRootKey { id, fingerprint, at: now };
            let (is_first, unknown) = self.unknown_root_secrets(ring).await?;
            let anchor = is_first.then(|| (ANCHOR.to_owned(), String::new()));
            let list: Vec<_> = anchor.into_iter().chain(unknown).map(record).collect();
            if list.is_empty() {
                return Ok(());
            }
            let changes = Changes::new(list, now, &*self.0.rng);
            match self.read_store(self.0.store.apply(&changes)).await {
                // Another process was first: see what it recorded.
                Err(StoreError::Conflict(Guard::Exists)) => {}
                other => return Ok(other?),
            }
        }
    }

    /// Whether the store knows no secret at all, and the ids and fingerprints of those
    /// that it does not know.
    ///
    /// # Errors
    /// [`BuildError::ForeignSecret`] where it knows others and none of these.
    pub(super) async fn unknown_root_secrets(
        &self,
        ring: &KeyRing,
    ) -> Result<(bool, Vec<(String, String)>), BuildError> {
        let known = self.read_store(self.0.store.root_keys()).await?;
        let given = ring.roots().iter().map(|root| (root.id.to_string(), root.fingerprint.clone()));
        let unknown: Vec<_> = given.filter(|root| !known.contains(root)).collect();
        if !known.is_empty() && unknown.len() == ring.roots().len() {
            let ids: Vec<&str> =
                known.iter().map(|(id, _)| id.as_str()).filter(|id| *id != ANCHOR).collect();
            return Err(BuildError::ForeignSecret { known: ids.join(", ") });
        }
        Ok((known.is_empty(), unknown))
    }

    /// Whoever has a second factor that does not open any more could not sign in.
    pub(super) async fn refuse_retired_secret(&self, ring: &KeyRing) -> Result<(), BuildError> {
        for (id, _) in self.read_store(self.0.store.root_keys()).await? {
            // The anchor is none.
            let Some(key) = KeyId::parse(&id) else { continue };
            let is_given = ring.roots().iter().any(|root| root.id == key);
            // It may read much, and nobody waits for an answer yet.
            if !is_given && self.0.store.has_factors_sealed_under(key).await? {
                return Err(BuildError::RetiredSecret { id });
            }
        }
        Ok(())
    }
}
