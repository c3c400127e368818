//! Accounts, to be carried away.

use std::collections::HashMap;

use crate::auth::{Auth, ServiceError};
use crate::model::identity::Identity;
use crate::model::ids::UserId;
use crate::model::passkey::Passkey;
use crate::model::record::{AccountRecord, RecordedIdentity, RecordedPasskey, RecordedPassword};
use crate::model::user::User;
use crate::store::Credentials;

impl Auth {
    /// Accounts in the order of their ids, after `after`, at most `limit`: with
    /// password hashes, second factors in clear, recovery codes, passkeys and
    /// identities where `with_credentials`: whoever reads them can sign in.
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
        let mut passkeys: HashMap<UserId, Vec<RecordedPasskey>> = HashMap::new();
        if with_credentials {
            let ids: Vec<UserId> = users.iter().map(|user| user.id.clone()).collect();
            for found in self.read(self.0.store.credentials(&ids)).await? {
                credentials.insert(found.user_id.clone(), found);
            }
            for passkey in self.read(self.0.store.passkeys(&ids)).await? {
                passkeys.entry(passkey.user_id.clone()).or_default().push(recorded_key(passkey));
            }
        }
        users
            .into_iter()
            .map(|user| {
                let found = credentials.remove(&user.id);
                let passkeys = passkeys.remove(&user.id).unwrap_or_default();
                self.record(user, found, passkeys)
            })
            .collect()
    }

    fn record(
        &self,
        user: User,
        credentials: Option<Credentials>,
        passkeys: Vec<RecordedPasskey>,
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
            passkeys,
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

fn recorded_key(passkey: Passkey) -> RecordedPasskey {
    RecordedPasskey {
        id: passkey.id,
        handle: passkey.handle,
        name: passkey.name,
        credential: passkey.credential,
        counter: passkey.counter,
        backed_up: passkey.backed_up,
        created_at: passkey.created_at,
        last_used_at: passkey.last_used_at,
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
