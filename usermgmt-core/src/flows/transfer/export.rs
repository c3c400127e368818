//! Accounts, to be carried away.

use std::collections::HashMap;

use crate::auth::{Auth, ServiceError};
use crate::model::identity::Identity;
use crate::model::ids::UserId;
use crate::model::record::{AccountRecord, RecordedIdentity, RecordedPassword};
use crate::model::user::User;
use crate::store::Credentials;

impl Auth {
    /// Accounts in the order of their ids, after `after`, at most `limit`: with
    /// password hashes, second factors in clear, recovery codes and identities where
    /// `with_credentials`, which whoever reads them can sign in with.
    ///
    /// # Errors
    /// [`ServiceError`]; `Internal` where a second factor was sealed under a root
    /// secret that is not configured.
    pub async fn export_accounts(
        &self,
        after: Option<&UserId>,
        limit: usize,
        with_credentials: bool,
    ) -> Result<Vec<AccountRecord>, ServiceError> {
        let users = self.read(self.0.store.users(after, limit)).await?;
        let mut credentials = HashMap::new();
        if with_credentials {
            let ids: Vec<UserId> = users.iter().map(|user| user.id.clone()).collect();
            for found in self.read(self.0.store.credentials(&ids)).await? {
                credentials.insert(found.user_id.clone(), found);
            }
        }
        users
            .into_iter()
            .map(|user| {
                let found = credentials.remove(&user.id);
                self.record(user, found)
            })
            .collect()
    }

    fn record(
        &self,
        user: User,
        credentials: Option<Credentials>,
    ) -> Result<AccountRecord, ServiceError> {
        let (password, totp, recovery_codes, identities) = match credentials {
            Some(found) => (found.password, found.totp, found.recovery_codes, found.identities),
            None => (None, None, Vec::new(), Vec::new()),
        };
        let confirmed = totp.and_then(|totp| totp.confirmed);
        Ok(AccountRecord {
            is_email_confirmed: user.is_email_confirmed(),
            is_disabled: user.disabled_at.is_some(),
            password: password.map_or(RecordedPassword::None, RecordedPassword::Hash),
            totp: confirmed.map(|secret| self.unseal_totp(&user.id, &secret)).transpose()?,
            recovery_codes,
            identities: identities.into_iter().map(recorded).collect(),
            id: user.id,
            username: user.username,
            email: user.email,
            role: user.role,
            first_name: user.first_name,
            last_name: user.last_name,
            gender: user.gender,
            locale: user.locale,
            created_at: user.created_at,
            updated_at: user.updated_at,
        })
    }
}

fn recorded(identity: Identity) -> RecordedIdentity {
    RecordedIdentity {
        issuer: identity.issuer,
        subject: identity.subject,
        provider: identity.provider,
        email: identity.email,
        created_at: identity.created_at,
    }
}
