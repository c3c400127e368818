//! A store is used with the root secrets that it knows, and no others.

use super::error::BuildError;
use super::facade::Auth;
use crate::keys::KeyId;
use crate::store::{Change, Changes, Guard, StoreError};

impl Auth {
    /// A second process that starts with a secret of its own would hand out
    /// tokens that the first refuses: the store knows the secrets it was used with.
    pub(super) async fn record_root_secrets(&self) -> Result<(), BuildError> {
        // Only one of two processes that start on an empty store gets the anchor in.
        const ANCHOR: &str = "first";
        let mut rounds = self.rounds();
        loop {
            let now = rounds.next().await.map_err(StoreError::unavailable)?;
            let known = self.read_store(self.0.store.root_keys()).await?;
            let is_known = |id: &str, fingerprint: &str| {
                known.iter().any(|(k, f)| k == id && f == fingerprint)
            };
            let mut list = Vec::new();
            let record = |id: String, fingerprint: String| Change::InsertRootKey {
                id,
                fingerprint,
                at: now,
            };
            if known.is_empty() {
                list.push(record(ANCHOR.to_owned(), String::new()));
            } else if !self
                .0
                .keys
                .roots()
                .iter()
                .any(|root| is_known(&root.id.to_string(), &root.fingerprint))
            {
                let ids: Vec<&str> =
                    known.iter().map(|(id, _)| id.as_str()).filter(|id| *id != ANCHOR).collect();
                return Err(BuildError::ForeignSecret { known: ids.join(", ") });
            }
            for root in self.0.keys.roots() {
                if !is_known(&root.id.to_string(), &root.fingerprint) {
                    list.push(record(root.id.to_string(), root.fingerprint.clone()));
                }
            }
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

    /// Whoever has a second factor that does not open any more could not sign in.
    pub(super) async fn refuse_retired_secret(&self) -> Result<(), BuildError> {
        for (id, _) in self.read_store(self.0.store.root_keys()).await? {
            // The anchor is none.
            let Some(key) = KeyId::parse(&id) else { continue };
            let is_given = self.0.keys.roots().iter().any(|root| root.id == key);
            // It may read much, and nobody waits for an answer yet.
            if !is_given && self.0.store.has_factors_sealed_under(key).await? {
                return Err(BuildError::RetiredSecret { id });
            }
        }
        Ok(())
    }
}
