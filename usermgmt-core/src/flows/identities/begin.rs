//! Going to a provider.

use super::ceremony::{Browser, Ceremony, LinkTo};
use super::{ProviderRedirect, ProviderRequest, ProviderSignInError, fault};
use crate::auth::{Auth, Client, ServiceError};
use crate::flows::authenticate::Current;
use crate::model::token::Purpose;
use crate::oidc::{AuthorizationRequest, Secrets};
use crate::secret::PlaintextPassword;
use crate::store::Change;
use crate::token;

impl Auth {
    /// Begins a sign-in by a provider.
    ///
    /// # Errors
    /// [`ProviderSignInError`]: `UnknownProvider`, `Unavailable`, `Service`.
    pub async fn begin_provider_sign_in(
        &self,
        request: &ProviderRequest<'_>,
        client: &Client,
    ) -> Result<ProviderRedirect, ProviderSignInError> {
        self.begin(request, None, client).await
    }

    /// Begins to link an identity to the account of a user who is signed in: lately,
    /// or with the current password.
    ///
    /// # Errors
    /// [`ProviderSignInError`]: as above, and `Reauthentication`.
    pub async fn begin_identity_link(
        &self,
        current: &Current,
        request: &ProviderRequest<'_>,
        password: Option<&PlaintextPassword>,
    ) -> Result<ProviderRedirect, ProviderSignInError> {
        self.reauthenticate(current, password).await?;
        let link = LinkTo { user: current.user.id.clone(), session: current.session.id };
        self.begin(request, Some(link), &current.client).await
    }

    async fn begin(
        &self,
        request: &ProviderRequest<'_>,
        link: Option<LinkTo>,
        client: &Client,
    ) -> Result<ProviderRedirect, ProviderSignInError> {
        let now = self.now();
        self.attempt_token(client, now).await?;
        let provider = self.provider(request.provider)?;
        let browser = Browser::of(self, request.browser).into_cookie();
        let secrets = Secrets::generate(&*self.0.rng);
        let ceremony = Ceremony {
            provider: provider.config().id.clone(),
            redirect_uri: request.redirect_uri.to_owned(),
            secrets: secrets.clone(),
            return_to: request.return_to.clone(),
            link,
        };
        // Nobody's row: it must outlive what voids a user's.
        let purpose = Purpose::ProviderSignIn;
        let row = self.sealed_row(purpose, None, browser.expose(), ceremony, now)?;
        let state = token::one_time(&self.keys().ring, purpose, row.id);
        let asked = AuthorizationRequest {
            redirect_uri: request.redirect_uri,
            state: &state,
            secrets: &secrets,
        };
        // Before the row: a provider that is down leaves nothing behind.
        let url = provider.authorization_url(&asked, now).await;
        let url = url.map_err(|why| fault(request.provider, &why))?;
        match self.commit(vec![Change::InsertToken(row)], now).await? {
            Ok(()) => Ok(ProviderRedirect { url, browser }),
            Err(guard) => Err(ServiceError::Internal(format!("a new row: {guard:?}")).into()),
        }
    }

    pub(super) fn provider(&self, id: &str) -> Result<&crate::oidc::Provider, ProviderSignInError> {
        self.0.providers.get(id).ok_or(ProviderSignInError::UnknownProvider)
    }
}
