//! Reads of what proves who somebody is.

use async_trait::async_trait;
use mongodb::bson::doc;
use serde::Deserialize;
use usermgmt_core::clock::Timestamp;
use usermgmt_core::keys::KeyId;
use usermgmt_core::model::identity::Identity;
use usermgmt_core::model::ids::{PasskeyId, ServiceKeyId, UserId};
use usermgmt_core::model::passkey::Passkey;
use usermgmt_core::model::service_key::ServiceKey;
use usermgmt_core::model::user::PasswordHash;
use usermgmt_core::store::{CredentialStore, Credentials, KnownDevice, StoreError};

use super::devices::{self, DeviceRow};
use super::factors::TotpRow;
use super::identities::{self, IdentityRow};
use super::passkeys::PasskeyRow;
use super::root_keys::RootKeyRow;
use super::service_keys::ServiceKeyRow;
use crate::collections::{DEVICES, IDENTITIES, IS_USER, PASSKEYS, ROOT_KEYS, SERVICE_KEYS, USERS};
use crate::store::MongoStore;
use crate::value::{present, time};

/// What of a user's document proves who they are.
#[derive(Deserialize)]
struct CredentialsRow {
    #[serde(rename = "_id")]
    id: UserId,
    password: Option<String>,
    totp: Option<TotpRow>,
    #[serde(default)]
    recovery_codes: Vec<String>,
}

impl CredentialsRow {
    fn into_credentials(mut self) -> Credentials {
        self.recovery_codes.sort_unstable();
        Credentials {
            user_id: self.id,
            password: self.password.map(PasswordHash::from_stored),
            totp: self.totp.and_then(TotpRow::into_totp),
            recovery_codes: self.recovery_codes,
            identities: Vec::new(),
        }
    }
}

#[derive(Deserialize)]
struct Left {
    codes: i64,
}

impl MongoStore {
    /// Those of some users, in the order of users and ids.
    async fn identities_of(&self, users: &[UserId]) -> Result<Vec<Identity>, StoreError> {
        let ids: Vec<&str> = users.iter().map(UserId::as_str).collect();
        let (filter, order) = (doc! { "user_id": { "$in": ids } }, doc! { "user_id": 1, "id": 1 });
        let rows: Vec<IdentityRow> = self.find(IDENTITIES, filter, order, usize::MAX).await?;
        Ok(rows.into_iter().map(IdentityRow::into_identity).collect())
    }
}

#[async_trait]
impl CredentialStore for MongoStore {
    async fn recovery_codes_left(&self, user: &UserId) -> Result<u64, StoreError> {
        let codes = doc! { "$ifNull": ["$recovery_codes", []] };
        let pipeline = vec![
            doc! { "$match": { "_id": user.as_str() } },
            doc! { "$project": { "codes": { "$size": codes } } },
        ];
        let left: Option<Left> = self.aggregate_one(USERS, pipeline).await?;
        Ok(left.map_or(0, |left| u64::try_from(left.codes).unwrap_or(0)))
    }

    async fn passkey(&self, id: &PasskeyId) -> Result<Option<Passkey>, StoreError> {
        let row: Option<PasskeyRow> = self.find_one(PASSKEYS, doc! { "_id": id.as_str() }).await?;
        Ok(row.map(PasskeyRow::into_passkey))
    }

    async fn passkeys(&self, users: &[UserId]) -> Result<Vec<Passkey>, StoreError> {
        let ids: Vec<&str> = users.iter().map(UserId::as_str).collect();
        let order = doc! { "user_id": 1, "created_at": 1, "_id": 1 };
        let rows: Vec<PasskeyRow> =
            self.find(PASSKEYS, doc! { "user_id": { "$in": ids } }, order, usize::MAX).await?;
        Ok(rows.into_iter().map(PasskeyRow::into_passkey).collect())
    }

    async fn knows_device(&self, user: &UserId, device: &str) -> Result<KnownDevice, StoreError> {
        let any = doc! { "_id.user_id": user.as_str() };
        let (this, any) = futures_util::try_join!(
            self.find_ids(DEVICES, devices::key(user, device), doc! {}, 1),
            self.find_ids(DEVICES, any, doc! {}, 1),
        )?;
        Ok(KnownDevice { this: !this.is_empty(), any: !any.is_empty() })
    }

    async fn devices_used(&self, user: &UserId) -> Result<Vec<Timestamp>, StoreError> {
        let filter = doc! { "_id.user_id": user.as_str() };
        let order = doc! { "used_at": -1 };
        let rows: Vec<DeviceRow> = self.find(DEVICES, filter, order, usize::MAX).await?;
        Ok(rows.into_iter().map(|row| time(row.used_at)).collect())
    }

    async fn identity(&self, issuer: &str, subject: &str) -> Result<Option<Identity>, StoreError> {
        let row: Option<IdentityRow> =
            self.find_one(IDENTITIES, identities::key(issuer, subject)).await?;
        Ok(row.map(IdentityRow::into_identity))
    }

    async fn identities(&self, user: &UserId) -> Result<Vec<Identity>, StoreError> {
        self.identities_of(std::slice::from_ref(user)).await
    }

    async fn service_key(&self, id: &ServiceKeyId) -> Result<Option<ServiceKey>, StoreError> {
        let row: Option<ServiceKeyRow> =
            self.find_one(SERVICE_KEYS, doc! { "_id": id.as_str() }).await?;
        Ok(row.map(ServiceKeyRow::into_key))
    }

    async fn service_keys(
        &self,
        after: Option<&ServiceKeyId>,
        limit: usize,
    ) -> Result<Vec<ServiceKey>, StoreError> {
        let filter = doc! { "_id": { "$gt": after.map_or("", ServiceKeyId::as_str) } };
        let rows: Vec<ServiceKeyRow> =
            self.find(SERVICE_KEYS, filter, doc! { "_id": 1 }, limit).await?;
        Ok(rows.into_iter().map(ServiceKeyRow::into_key).collect())
    }

    async fn root_keys(&self) -> Result<Vec<(String, String)>, StoreError> {
        let rows: Vec<RootKeyRow> =
            self.find(ROOT_KEYS, doc! {}, doc! { "_id": 1 }, usize::MAX).await?;
        Ok(rows.into_iter().map(|row| (row.id, row.fingerprint)).collect())
    }

    async fn has_factors_sealed_under(&self, key: KeyId) -> Result<bool, StoreError> {
        self.any_sealed_with(key.as_bytes()).await
    }

    async fn credentials(&self, users: &[UserId]) -> Result<Vec<Credentials>, StoreError> {
        let ids: Vec<&str> = users.iter().map(UserId::as_str).collect();
        let filter = doc! { "_id": { "$in": ids }, IS_USER: present() };
        let rows: Vec<CredentialsRow> =
            self.find(USERS, filter, doc! { "_id": 1 }, users.len().max(1)).await?;
        let mut all: Vec<Credentials> =
            rows.into_iter().map(CredentialsRow::into_credentials).collect();
        for identity in self.identities_of(users).await? {
            if let Ok(at) = all.binary_search_by(|one| one.user_id.cmp(&identity.user_id)) {
                all[at].identities.push(identity);
            }
        }
        Ok(all)
    }
}
