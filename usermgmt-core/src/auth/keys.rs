//! What signs and verifies in this process.

use std::sync::{Arc, PoisonError, RwLock};

use crate::config::Config;
use crate::jwt::{Jwt, JwtKeyError};
use crate::keys::KeyRing;

/// The root secrets and what signs access tokens by them.
#[derive(Debug)]
pub(crate) struct Keys {
    pub(crate) ring: KeyRing,
    pub(crate) jwt: Jwt,
}

impl Keys {
    pub(super) fn new(ring: KeyRing, config: &Config) -> Result<Self, JwtKeyError> {
        let jwt = Jwt::new(&ring, &config.jwt, config.access_token_ttl)?;
        Ok(Self { ring, jwt })
    }
}

/// Those in use now.
#[derive(Debug)]
pub(crate) struct CurrentKeys(RwLock<Arc<Keys>>);

impl CurrentKeys {
    pub(super) fn new(keys: Keys) -> Self {
        Self(RwLock::new(Arc::new(keys)))
    }

    pub(super) fn get(&self) -> Arc<Keys> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn set(&self, keys: Keys) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
    }
}
