//! Tokens of the service before this one, so that the change-over signs nobody out.

use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::auth::{Auth, Client, Tokens};
use crate::clock::Timestamp;
use crate::flows::authenticate::{AuthenticationError, Current};
use crate::flows::refresh::RefreshError;
use crate::jwt::{AccessError, check_header};
use crate::model::ids::{SessionId, TokenId, UserId};
use crate::model::session::Session;
use crate::model::token::{Purpose, Token};
use crate::model::user::{Account, Role};
use crate::store::{Change, Guard};

/// How far the clock of the machine that issued a token may be ahead, in seconds.
const LEEWAY: i64 = 60;
/// The longest token that is looked at.
const MAX_TOKEN: usize = 8 * 1024;

/// When they proved who they are, as far as is known here: that key may have
/// signed any time, for whoever has it.
const NEVER: Timestamp = Timestamp::from_millis(0);

/// What a token of the old service says, of what counts here.
#[derive(Debug, Deserialize)]
pub(crate) struct LegacyClaims {
    sub: UserId,
    jti: String,
    #[serde(rename = "type")]
    token_type: String,
    iat: i64,
    nbf: i64,
    exp: i64,
}

impl Auth {
    /// As [`Self::current`], and an access token of the old service counts too
    /// while [`LegacyTokens`](crate::config::LegacyTokens) are on. It has no
    /// session here, and is never a recent sign-in.
    ///
    /// # Errors
    /// [`AuthenticationError`].
    pub async fn current_or_legacy(&self, token: &str) -> Result<Current, AuthenticationError> {
        let now = self.now();
        let Some(claims) = self.legacy_claims(token, now) else {
            return self.current(token).await;
        };
        if claims.token_type != "access" {
            return Err(AccessError::WrongType.into());
        }
        if now.as_secs() >= claims.exp {
            return Err(AccessError::Expired.into());
        }
        let account = self.read(self.0.store.account(&claims.sub)).await?;
        let account = account.ok_or(AuthenticationError::UserGone)?;
        if !may_bring_tokens(&account) {
            return Err(AccessError::Invalid.into());
        }
        let expires_at = Timestamp::from_millis(claims.exp.saturating_mul(1000));
        let since = Timestamp::from_millis(claims.iat.saturating_mul(1000));
        let session = Session {
            id: SessionId::generate(&*self.0.rng),
            user_id: claims.sub,
            generation: 0,
            rotated_at: None,
            received: None,
            received_at: None,
            replayed: None,
            replays: 0,
            created_at: since,
            last_seen_at: since,
            expires_at,
            max_expires_at: expires_at,
            auth_time: NEVER,
            amr: Vec::new(),
            ip: None,
            user_agent: None,
        };
        Ok(Current::new(account.user, session))
    }

    /// What a token of the old service says whose signature is right; `None`
    /// where it is none, or they do not count (any more). Asks no store.
    pub(crate) fn legacy_claims(&self, token: &str, now: Timestamp) -> Option<LegacyClaims> {
        let legacy = self.0.config.legacy_tokens.as_ref().filter(|legacy| now < legacy.until)?;
        // The old service's tokens name no key; ours do.
        let header =
            jsonwebtoken::decode_header(token).ok().filter(|_| token.len() <= MAX_TOKEN)?;
        if header.alg != Algorithm::HS256 || header.kid.is_some() {
            return None;
        }
        check_header(token).ok()?;
        let mut validation = Validation::new(Algorithm::HS256);
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.set_required_spec_claims::<&str>(&[]);
        let key = DecodingKey::from_secret(legacy.key.expose());
        let claims: LegacyClaims = jsonwebtoken::decode(token, &key, &validation).ok()?.claims;
        let now = now.as_secs();
        (claims.iat <= now + LEEWAY && claims.nbf <= now + LEEWAY).then_some(claims)
    }

    /// A session for a refresh token of the old service, once.
    pub(crate) async fn exchange_legacy(
        &self,
        claims: LegacyClaims,
        client: &Client,
    ) -> Result<Tokens, RefreshError> {
        if claims.token_type != "refresh" {
            return Err(RefreshError::WrongType);
        }
        let mut rounds = self.rounds();
        loop {
            let now = rounds.next().await?;
            let account = self.account(&claims.sub).await?.ok_or(RefreshError::Invalid)?;
            if now.as_secs() >= claims.exp || !may_bring_tokens(&account) {
                return Err(RefreshError::Invalid);
            }
            let used = vec![Change::InsertToken(spent(&claims, now))];
            match self.open_session_of(&account.user, &["pwd"], used, client, NEVER, now).await? {
                Ok(signed_in) => {
                    tracing::info!(event = "legacy_token_exchanged", user_id = %account.user.id, "a token of the old service became a session");
                    return Ok(signed_in.tokens);
                }
                // Exchanged before.
                Err(Guard::Exists) => return Err(RefreshError::Invalid),
                Err(_) => {}
            }
        }
    }
}

/// Whether what the old service signed still speaks for the account: an admin's
/// or a second factor's protection must not be older than this service, and what
/// ends sessions here ends those too.
fn may_bring_tokens(account: &Account) -> bool {
    let user = &account.user;
    user.is_active() && user.is_as_imported() && user.role == Role::User && !account.mfa_enabled()
}

/// The row whose key the same token finds taken the next time. It outlives the token.
fn spent(claims: &LegacyClaims, now: Timestamp) -> Token {
    let digest =
        Sha256::digest(format!("usermgmt/v1/legacy-refresh\0{}\0{}", claims.sub, claims.jti));
    let (id, _) = digest.split_first_chunk().unwrap_or_else(|| unreachable!("32 bytes hold 16"));
    Token {
        id: TokenId::from_bytes(*id),
        user_id: Some(claims.sub.clone()),
        purpose: Purpose::LegacyRefresh,
        binding: None,
        created_at: now,
        expires_at: Timestamp::from_millis(claims.exp.saturating_mul(1000)),
        used_at: Some(now),
        code_issue: 0,
        code_expires_at: None,
    }
}
