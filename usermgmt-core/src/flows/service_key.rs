//! Keys with which a team's other services call the users API.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::auth::{Auth, ServiceError};
use crate::causes::with_causes;
use crate::model::audit::Origin;
use crate::model::ids::ServiceKeyId;
use crate::model::service_key::ServiceKey;
use crate::rng::random;
use crate::secret::Redacted;
use crate::store::Change;

/// What service keys begin with, so that scanners find leaked ones.
pub const SERVICE_KEY_PREFIX: &str = "umk_";

/// The recorded last use is right to within this.
const LAST_USE_PRECISION: std::time::Duration = std::time::Duration::from_secs(3600);

/// Why a key was not made or revoked.
#[derive(Debug, thiserror::Error)]
pub enum ServiceKeyError {
    /// A name has 1 to 100 characters and no control characters.
    #[error("a service key's name has 1 to 100 characters and no control characters")]
    InvalidName,
    /// Another key that is not revoked has this name.
    #[error("another service key has this name: take another one, or revoke that key first")]
    NameTaken,
    /// There is no such key, or it is revoked already.
    #[error("there is no such service key, or it is revoked already")]
    NotFound,
    /// Not served.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

impl Auth {
    /// Makes a service key. This is the only time that the key is seen: the
    /// store keeps a hash.
    ///
    /// # Errors
    /// [`ServiceKeyError`].
    pub async fn create_service_key(
        &self,
        by: &Origin,
        name: &str,
        allow_admin: bool,
    ) -> Result<(ServiceKey, Redacted<String>), ServiceKeyError> {
        let name = name.trim();
        if name.is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
            return Err(ServiceKeyError::InvalidName);
        }
        if self.is_key_name_taken(name, None).await? {
            return Err(ServiceKeyError::NameTaken);
        }
        let now = self.now();
        let id = ServiceKeyId::generate(now, &*self.0.rng);
        let uuid = uuid::Uuid::try_parse(id.as_str())
            .map_err(|e| ServiceError::Internal(e.to_string()))?;
        let mut bytes = uuid.as_bytes().to_vec();
        bytes.extend_from_slice(&random::<32>(&*self.0.rng));
        let key = Redacted::new(format!("{SERVICE_KEY_PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes)));
        let row = ServiceKey {
            id,
            name: name.to_owned(),
            hash: hash(key.expose()),
            allow_admin,
            created_at: now,
            last_used_at: None,
            revoked_at: None,
        };
        let list = vec![
            self.audit_from(by, None, "service_key.created", &[row.id.as_str()], now),
            Change::InsertServiceKey(row.clone()),
        ];
        if let Err(guard) = self.commit(list, now).await? {
            return Err(ServiceError::Internal(format!("a new service key met {guard:?}")).into());
        }
        // Of two of one name that are made at once, whichever is written last sees
        // the other and gives way; both may.
        if self.is_key_name_taken(name, Some(&row.id)).await? {
            self.revoke_service_key(by, &row.id).await?;
            return Err(ServiceKeyError::NameTaken);
        }
        Ok((row, key))
    }

    /// Whether a key that is not revoked, and is not `but`, has this name.
    async fn is_key_name_taken(
        &self,
        name: &str,
        but: Option<&ServiceKeyId>,
    ) -> Result<bool, ServiceError> {
        const PAGE: usize = 100;
        let mut after = None;
        loop {
            let keys = self.service_keys(after.as_ref(), PAGE).await?;
            let same = |key: &ServiceKey| key.name == name && Some(&key.id) != but;
            if keys.iter().any(|key| same(key) && key.revoked_at.is_none()) {
                return Ok(true);
            }
            if keys.len() < PAGE {
                return Ok(false);
            }
            after = keys.last().map(|key| key.id.clone());
        }
    }

    /// Who presents this key; `None` where it is none of ours or revoked.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub async fn authenticate_service(
        &self,
        key: &str,
    ) -> Result<Option<ServiceKey>, ServiceError> {
        let Some(id) = key_id(key) else {
            return Ok(None);
        };
        let Some(row) = self.read(self.0.store.service_key(&id)).await? else {
            return Ok(None);
        };
        let right = bool::from(hash(key).as_bytes().ct_eq(row.hash.as_bytes()));
        if !right || row.revoked_at.is_some() {
            return Ok(None);
        }
        let now = self.now();
        if row.last_used_at.is_none_or(|at| now.since(at) >= LAST_USE_PRECISION) {
            let touch = vec![Change::TouchServiceKey { id, at: now }];
            if let Err(error) = self.commit(touch, now).await {
                tracing::warn!(
                    error = %with_causes(&error),
                    "the last use of a service key was not recorded"
                );
            }
        }
        Ok(Some(row))
    }

    /// Revokes a key, from now on.
    ///
    /// # Errors
    /// [`ServiceKeyError`].
    pub async fn revoke_service_key(
        &self,
        by: &Origin,
        id: &ServiceKeyId,
    ) -> Result<(), ServiceKeyError> {
        let now = self.now();
        let list = vec![
            Change::RevokeServiceKey { id: id.clone(), at: now },
            self.audit_from(by, None, "service_key.revoked", &[id.as_str()], now),
        ];
        self.commit(list, now).await?.map_err(|_| ServiceKeyError::NotFound)
    }

    /// Keys in the order they were made, after `after`, at most `limit`.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub async fn service_keys(
        &self,
        after: Option<&ServiceKeyId>,
        limit: usize,
    ) -> Result<Vec<ServiceKey>, ServiceError> {
        self.read(self.0.store.service_keys(after, limit)).await
    }
}

fn key_id(key: &str) -> Option<ServiceKeyId> {
    let text = key.strip_prefix(SERVICE_KEY_PREFIX)?;
    if text.len() != 64 {
        return None;
    }
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let uuid: [u8; 16] = bytes.get(..16)?.try_into().ok()?;
    uuid::Uuid::from_bytes(uuid).to_string().parse().ok()
}

/// A fast hash is enough: the key has 256 random bits.
fn hash(key: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(key.as_bytes()))
}
