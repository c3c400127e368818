//! What every handler works with.

use std::sync::Arc;

use axum::extract::FromRef;
use usermgmt_core::Auth;

use crate::config::HttpConfig;

/// The state of the routers: cheap to clone. An embedder's own state gives it
/// to the extractors by implementing `FromRef`.
#[derive(Clone, Debug)]
pub struct HttpState {
    auth: Auth,
    config: Arc<HttpConfig>,
}

impl HttpState {
    /// Puts the core and the settings together.
    pub fn new(auth: Auth, config: HttpConfig) -> Self {
        Self { auth, config: Arc::new(config) }
    }

    /// The core.
    pub fn auth(&self) -> &Auth {
        &self.auth
    }

    /// The settings.
    pub fn config(&self) -> &HttpConfig {
        &self.config
    }

    /// Whether the store answers, in time, and is the one this code knows.
    pub(crate) async fn store_answers(&self) -> bool {
        let limit = self.auth.config().store_timeout;
        let answer = tokio::time::timeout(limit, self.auth.store().ping()).await;
        matches!(answer, Ok(Ok(())))
    }
}

impl FromRef<HttpState> for Auth {
    fn from_ref(state: &HttpState) -> Self {
        state.auth.clone()
    }
}
