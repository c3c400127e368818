//! What every handler works with.

use std::sync::Arc;

use axum::extract::FromRef;
use usermgmt_core::Auth;
use usermgmt_core::flows::{Current, StepUp, StepUpError};
use usermgmt_core::model::identifier::{Email, InvalidEmail};

use crate::config::HttpConfig;
use crate::error::ApiError;
use crate::warn::Warnings;

/// The state of the routers: cheap to clone. An embedder's own state gives it
/// to the extractors by implementing `FromRef`.
#[derive(Clone, Debug)]
pub struct HttpState(Arc<Shared>);

/// What the clones of a state share.
#[derive(Debug)]
struct Shared {
    auth: Auth,
    config: HttpConfig,
    warnings: Warnings,
}

impl HttpState {
    /// Puts the core and the settings together.
    pub fn new(auth: Auth, config: HttpConfig) -> Self {
        Self(Arc::new(Shared { auth, config, warnings: Warnings::default() }))
    }

    /// The core.
    pub fn auth(&self) -> &Auth {
        &self.0.auth
    }

    /// The settings.
    pub fn config(&self) -> &HttpConfig {
        &self.0.config
    }

    /// An address that an account can have here: one of a single label only where this
    /// is somebody's own machine.
    pub(crate) fn email(&self, text: &str) -> Result<Email, InvalidEmail> {
        Email::parse_with(text, self.auth().config().email_domains())
    }

    /// What a form of a host's own carries in its field `form_token`, so that
    /// [`CurrentUser`](crate::CurrentUser) takes it with the cookie of this session.
    pub fn form_token(&self, current: &Current) -> String {
        self.0.auth.form_token(&current.session).expose().clone()
    }

    /// Whether this session is proof enough for what a host's own route is about to
    /// do. It asks the store only where the sign-in is too long ago, for the ways in
    /// which this person can sign in again.
    ///
    /// ```
    /// use std::time::Duration;
    /// use axum::extract::State;
    /// use usermgmt_axum::{ApiError, CurrentUser, HttpState};
    /// use usermgmt_core::flows::StepUp;
    ///
    /// async fn pay_out(
    ///     State(accounts): State<HttpState>,
    ///     user: CurrentUser,
    /// ) -> Result<&'static str, ApiError> {
    ///     let lately = StepUp::new().within(Duration::from_secs(300));
    ///     accounts.require(&user, lately.second_factor()).await?;
    ///     Ok("It is on its way")
    /// }
    /// ```
    ///
    /// # Errors
    /// 403 `mfa_required`; 403 `reauthentication_required`, whose `methods` names the
    /// ways in. Signing in again mends both.
    pub async fn require(&self, current: &Current, proof: StepUp) -> Result<(), ApiError> {
        match self.0.auth.require(current, proof) {
            Ok(()) => Ok(()),
            Err(missing @ StepUpError::SecondFactor) => Err(missing.into()),
            Err(missing @ StepUpError::TooLongAgo) => {
                let ways = self.0.auth.ways_in(&current.user.id).await?;
                Err(ApiError::from(missing).ways(ways))
            }
        }
    }

    pub(crate) fn warnings(&self) -> &Warnings {
        &self.0.warnings
    }
}

impl FromRef<HttpState> for Auth {
    fn from_ref(state: &HttpState) -> Self {
        state.0.auth.clone()
    }
}
