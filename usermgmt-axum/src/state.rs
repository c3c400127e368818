//! What every handler works with.

use std::sync::Arc;

use axum::extract::FromRef;
use usermgmt_core::Auth;

use crate::config::HttpConfig;
use crate::warn::Warnings;

/// The state of the routers: cheap to clone. An embedder's own state gives it
/// to the extractors by implementing `FromRef`.
#[derive(Clone, Debug)]
pub struct HttpState {
    auth: Auth,
    config: Arc<HttpConfig>,
    warnings: Arc<Warnings>,
}

impl HttpState {
    /// Puts the core and the settings together.
    pub fn new(auth: Auth, config: HttpConfig) -> Self {
        Self { auth, config: Arc::new(config), warnings: Arc::default() }
    }

    /// The core.
    pub fn auth(&self) -> &Auth {
        &self.auth
    }

    /// The settings.
    pub fn config(&self) -> &HttpConfig {
        &self.config
    }

    pub(crate) fn warnings(&self) -> &Warnings {
        &self.warnings
    }
}

impl FromRef<HttpState> for Auth {
    fn from_ref(state: &HttpState) -> Self {
        state.auth.clone()
    }
}
