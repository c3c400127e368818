//! What every handler works with.

use std::sync::Arc;

use axum::extract::FromRef;
use usermgmt_core::Auth;
use usermgmt_core::flows::Current;

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

    /// What a form of a host's own carries in its field `form_token`, so that
    /// [`CurrentUser`](crate::CurrentUser) takes it with the cookie of this session.
    pub fn form_token(&self, current: &Current) -> String {
        self.auth.form_token(&current.session).expose().clone()
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
