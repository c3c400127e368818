//! Recovery codes, known devices, service keys and root keys.

use async_trait::async_trait;
use usermgmt_core::clock::Timestamp;
use usermgmt_core::keys::KeyId;
use usermgmt_core::model::identity::Identity;
use usermgmt_core::model::ids::{PasskeyId, ServiceKeyId, UserId};
use usermgmt_core::model::passkey::Passkey;
use usermgmt_core::model::service_key::ServiceKey;
use usermgmt_core::model::user::PasswordHash;
use usermgmt_core::store::directory::Paged;
use usermgmt_core::store::{CredentialStore, Credentials, Guard, KnownDevice, StoreError};

use super::{factors, identities, passkeys};
use crate::dialect::Dialect;
use crate::guard::Step;
use crate::row::Row;
use crate::sql::{Statement, by_id, limit, placeholders, statement};
use crate::store::SqlStore;

/// A service key's columns, in the order in which [`service_key`] reads them.
macro_rules! service_key_columns {
    () => {
        "id, name, hash, allow_admin, created_at, last_used_at, revoked_at"
    };
}

pub(super) fn service_key(row: &Row) -> Result<ServiceKey, StoreError> {
    let mut row = row.columns();
    Ok(ServiceKey {
        id: row.parsed()?,
        name: row.text()?,
        hash: row.text()?,
        allow_admin: row.truth()?,
        created_at: row.time()?,
        last_used_at: row.opt_time()?,
        revoked_at: row.opt_time()?,
    })
}

pub(crate) fn select_key_page(paged: &Paged<ServiceKeyId>) -> Statement<'_> {
    let page =
        concat!("SELECT ", service_key_columns!(), " FROM usermgmt_service_keys WHERE 1 = 1");
    by_id(statement(page), paged)
}

pub(crate) fn count_recovery_codes(user: &UserId) -> Statement<'_> {
    statement("SELECT COUNT(*) FROM usermgmt_recovery_codes WHERE user_id = ?").bind(user)
}

pub(crate) fn select_device<'a>(user: &'a UserId, device: &'a str) -> Statement<'a> {
    statement(
        "SELECT (SELECT COUNT(*) FROM usermgmt_devices WHERE user_id = ? AND device = ?), \
         (SELECT COUNT(*) FROM (SELECT 1 FROM usermgmt_devices WHERE user_id = ? LIMIT 1) AS known)",
    )
    .bind(user)
    .bind(device)
    .bind(user)
}

pub(crate) fn select_devices(user: &UserId) -> Statement<'_> {
    statement("SELECT used_at FROM usermgmt_devices WHERE user_id = ? ORDER BY used_at DESC")
        .bind(user)
}

pub(crate) fn select_service_key(id: &ServiceKeyId) -> Statement<'_> {
    statement(concat!(
        "SELECT ",
        service_key_columns!(),
        " FROM usermgmt_service_keys WHERE id = ?"
    ))
    .bind(id)
}

fn select_service_keys(after: Option<&ServiceKeyId>, rows: usize) -> Statement<'_> {
    statement(concat!(
        "SELECT ",
        service_key_columns!(),
        " FROM usermgmt_service_keys WHERE id > ? ORDER BY id LIMIT ?"
    ))
    .bind(after.map_or("", ServiceKeyId::as_str))
    .bind(limit(rows))
}

fn credentials(row: &Row) -> Result<Credentials, StoreError> {
    let mut row = row.columns();
    Ok(Credentials {
        user_id: row.parsed()?,
        password: row.opt_text()?.map(PasswordHash::from_stored),
        totp: factors::totp(&mut row)?,
        recovery_codes: Vec::new(),
        identities: Vec::new(),
    })
}

pub(crate) fn select_credentials(users: &[UserId]) -> Statement<'_> {
    let select = statement(format!(
        "SELECT u.id, u.password_hash, t.confirmed_id, t.confirmed_sealed, t.confirmed_at, \
         t.pending_id, t.pending_sealed, t.pending_at, t.last_step \
         FROM usermgmt_users u LEFT JOIN usermgmt_totp t ON t.user_id = u.id \
         WHERE u.id IN {} AND u.deleted_at IS NULL ORDER BY u.id",
        placeholders(1, users.len())
    ));
    users.iter().fold(select, Statement::bind)
}

pub(crate) fn select_recovery_codes(users: &[UserId]) -> Statement<'_> {
    let select = statement(format!(
        "SELECT user_id, hash FROM usermgmt_recovery_codes WHERE user_id IN {} \
         ORDER BY user_id, hash",
        placeholders(1, users.len())
    ));
    users.iter().fold(select, Statement::bind)
}

pub(crate) fn drop_recovery_codes(user_id: &UserId) -> Step<'_> {
    statement("DELETE FROM usermgmt_recovery_codes WHERE user_id = ?").bind(user_id).anything()
}

pub(crate) fn insert_recovery_codes<'a>(user_id: &'a UserId, hashes: &'a [String]) -> Step<'a> {
    let insert = statement(format!(
        "INSERT INTO usermgmt_recovery_codes (user_id, hash) VALUES {}",
        placeholders(hashes.len(), 2)
    ));
    hashes.iter().fold(insert, |insert, hash| insert.bind(user_id).bind(hash.as_str())).anything()
}

pub(crate) fn use_recovery_code<'a>(user_id: &'a UserId, hash: &'a str) -> Step<'a> {
    statement("DELETE FROM usermgmt_recovery_codes WHERE user_id = ? AND hash = ?")
        .bind(user_id)
        .bind(hash)
        .one_row(Guard::RecoveryCode)
}

pub(crate) fn remember_device<'a>(
    dialect: Dialect,
    user_id: &'a UserId,
    device: &'a str,
    at: Timestamp,
) -> Step<'a> {
    statement(format!(
        "INSERT INTO usermgmt_devices (user_id, device, used_at) VALUES (?, ?, ?) {}",
        dialect.or_update("user_id, device", &["used_at"])
    ))
    .bind(user_id)
    .bind(device)
    .bind(at)
    .anything()
}

pub(crate) fn forget_devices(user_id: &UserId) -> Step<'_> {
    statement("DELETE FROM usermgmt_devices WHERE user_id = ?").bind(user_id).anything()
}

pub(crate) fn insert_service_key(key: &ServiceKey) -> Step<'_> {
    statement(concat!(
        "INSERT INTO usermgmt_service_keys (",
        service_key_columns!(),
        ") VALUES (?, ?, ?, ?, ?, ?, ?)"
    ))
    .bind(&key.id)
    .bind(key.name.as_str())
    .bind(key.hash.as_str())
    .bind(key.allow_admin)
    .bind(key.created_at)
    .bind(key.last_used_at)
    .bind(key.revoked_at)
    .new_key(Guard::Exists)
}

pub(crate) fn revoke_service_key(id: &ServiceKeyId, at: Timestamp) -> Step<'_> {
    statement("UPDATE usermgmt_service_keys SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL")
        .bind(at)
        .bind(id)
        .one_row(Guard::ServiceKey)
}

pub(crate) fn touch_service_key(id: &ServiceKeyId, at: Timestamp) -> Step<'_> {
    statement("UPDATE usermgmt_service_keys SET last_used_at = ? WHERE id = ?")
        .bind(at)
        .bind(id)
        .anything()
}

pub(crate) fn insert_root_key<'a>(id: &'a str, fingerprint: &'a str, at: Timestamp) -> Step<'a> {
    statement("INSERT INTO usermgmt_root_keys (id, fingerprint, created_at) VALUES (?, ?, ?)")
        .bind(id)
        .bind(fingerprint)
        .bind(at)
        .new_key(Guard::Exists)
}

/// Theirs among those that are in the order of the ids.
fn owner<'a>(all: &'a mut [Credentials], user: &UserId) -> Option<&'a mut Credentials> {
    let at = all.binary_search_by(|one| one.user_id.cmp(user)).ok()?;
    Some(&mut all[at])
}

#[async_trait]
impl CredentialStore for SqlStore {
    async fn recovery_codes_left(&self, user: &UserId) -> Result<u64, StoreError> {
        let left = self.read_one(&count_recovery_codes(user), |row| row.columns().number()).await?;
        Ok(left.unwrap_or_default())
    }

    async fn passkey(&self, id: &PasskeyId) -> Result<Option<Passkey>, StoreError> {
        self.read_one(&passkeys::select(id), passkeys::passkey).await
    }

    async fn passkeys(&self, users: &[UserId]) -> Result<Vec<Passkey>, StoreError> {
        if users.is_empty() {
            return Ok(Vec::new());
        }
        self.read_all(&passkeys::select_of(users), passkeys::passkey).await
    }

    async fn knows_device(&self, user: &UserId, device: &str) -> Result<KnownDevice, StoreError> {
        let known = self
            .read_one(&select_device(user, device), |row| {
                let mut row = row.columns();
                Ok(KnownDevice { this: row.truth()?, any: row.truth()? })
            })
            .await?;
        Ok(known.unwrap_or(KnownDevice { this: false, any: false }))
    }

    async fn devices_used(&self, user: &UserId) -> Result<Vec<Timestamp>, StoreError> {
        self.read_all(&select_devices(user), |row| row.columns().time()).await
    }

    async fn identity(&self, issuer: &str, subject: &str) -> Result<Option<Identity>, StoreError> {
        self.read_one(&identities::select(issuer, subject), identities::identity).await
    }

    async fn identities(&self, user: &UserId) -> Result<Vec<Identity>, StoreError> {
        let select = identities::select_of(std::slice::from_ref(user));
        self.read_all(&select, identities::identity).await
    }

    async fn service_key(&self, id: &ServiceKeyId) -> Result<Option<ServiceKey>, StoreError> {
        self.read_one(&select_service_key(id), service_key).await
    }

    async fn service_keys(
        &self,
        after: Option<&ServiceKeyId>,
        limit: usize,
    ) -> Result<Vec<ServiceKey>, StoreError> {
        self.read_all(&select_service_keys(after, limit), service_key).await
    }

    async fn root_keys(&self) -> Result<Vec<(String, String)>, StoreError> {
        let all = statement("SELECT id, fingerprint FROM usermgmt_root_keys ORDER BY id");
        self.read_all(&all, |row| {
            let mut row = row.columns();
            Ok((row.text()?, row.text()?))
        })
        .await
    }

    async fn has_factors_sealed_under(&self, key: KeyId) -> Result<bool, StoreError> {
        let any = factors::select_sealed_with(key.as_bytes());
        let found = self.read_one(&any, |row| row.columns().truth()).await?;
        Ok(found.unwrap_or_default())
    }

    async fn credentials(&self, users: &[UserId]) -> Result<Vec<Credentials>, StoreError> {
        if users.is_empty() {
            return Ok(Vec::new());
        }
        let mut all = self.read_all(&select_credentials(users), credentials).await?;
        let codes = self
            .read_all(&select_recovery_codes(users), |row| {
                let mut row = row.columns();
                Ok((row.parsed::<UserId>()?, row.text()?))
            })
            .await?;
        for (user_id, hash) in codes {
            if let Some(owner) = owner(&mut all, &user_id) {
                owner.recovery_codes.push(hash);
            }
        }
        for identity in self.read_all(&identities::select_of(users), identities::identity).await? {
            if let Some(owner) = owner(&mut all, &identity.user_id) {
                owner.identities.push(identity);
            }
        }
        Ok(all)
    }
}
