//! Accounts from elsewhere.

use std::collections::{BTreeSet, HashSet};

use super::passkeys::InvalidPasskey;
use crate::auth::{Auth, ServiceError};
use crate::clock::Timestamp;
use crate::model::identifier::{Identifier, IdentifierKind};
use crate::model::identity::Identity;
use crate::model::ids::{IdentityId, UserId};
use crate::model::passkey::Passkey;
use crate::model::record::{AccountRecord, RecordedPasskey, RecordedPassword};
use crate::model::user::{PasswordHash, User};
use crate::store::{Change, Guard};

/// What became of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportOutcome {
    /// It is an account now.
    Imported,
    /// An account with its id is there, from an earlier run or otherwise. It
    /// stays as it is.
    Already,
    /// It is none, and nothing of it was kept.
    Refused(ImportRefusal),
}

/// Why a record did not become an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportRefusal {
    /// Another account has its address.
    #[error("email: another account has it")]
    EmailTaken,
    /// Another account has its username.
    #[error("username: another account has it")]
    UsernameTaken,
    /// Another account has one of its identities.
    #[error("identities: another account has one of them")]
    IdentityTaken,
    /// Another account has one of its passkeys.
    #[error("passkeys: another account has one of them")]
    PasskeyTaken,
    /// One of its passkeys could not sign in here.
    #[error("passkeys: {0}")]
    Passkey(InvalidPasskey),
    /// An account with its id was deleted here. Who asked for that is not brought back.
    #[error("id: an account with this id was deleted here")]
    Deleted,
}

/// A record as the changes that make an account of it.
struct NewAccount {
    /// Its place among the records.
    number: usize,
    id: UserId,
    changes: Vec<Change>,
    /// What its name looks like: claimed where nobody has it. People who had names
    /// that look alike keep them.
    skeleton: Option<Change>,
    has_passkeys: bool,
}

impl Auth {
    /// Takes accounts over, some hundreds at a time: one commit where nothing
    /// stands in the way, and one for each half where something does, so that one
    /// record cannot keep the others out. Says what became of each, in their order.
    ///
    /// Run again, after an interruption too, it does the rest: an account is
    /// committed whole or not at all, and one that is there is left alone. It may
    /// run while people register and sign in.
    ///
    /// Second factors are sealed, passwords in clear are hashed, and hashes that
    /// could not be verified ([`PasswordHasher::kind_of`]) are dropped, so that
    /// the next sign-in takes a reset.
    ///
    /// [`PasswordHasher::kind_of`]: crate::password::PasswordHasher::kind_of
    ///
    /// # Errors
    /// [`ServiceError`]: some may be accounts already; run it again.
    pub async fn import_accounts(
        &self,
        records: Vec<AccountRecord>,
    ) -> Result<Vec<ImportOutcome>, ServiceError> {
        let there = self.ids_there(&records).await?;
        let mut outcomes = vec![ImportOutcome::Already; records.len()];
        let mut accounts = Vec::new();
        for (number, record) in records.into_iter().enumerate() {
            if there.contains(&record.id) {
                continue;
            }
            if self.was_deleted(&record.id).await? {
                outcomes[number] = ImportOutcome::Refused(ImportRefusal::Deleted);
            } else if let Err(why) = check_passkeys(&record) {
                outcomes[number] = ImportOutcome::Refused(why);
            } else {
                accounts.push(self.new_account(number, record).await?);
            }
        }
        let mut parts = vec![accounts];
        while let Some(mut part) = parts.pop() {
            if part.is_empty() {
                continue;
            }
            let all =
                part.iter().flat_map(|account| account.changes.iter().chain(&account.skeleton));
            let Err(guard) = self.commit(all.cloned().collect(), self.now()).await? else {
                for account in part {
                    outcomes[account.number] = ImportOutcome::Imported;
                }
                continue;
            };
            if part.len() > 1 {
                // The first half first: of two records with one id the first is taken.
                let second = part.split_off(part.len() / 2);
                parts.extend([second, part]);
            } else if guard == Guard::Taken(IdentifierKind::Skeleton) {
                part[0].skeleton = None;
                parts.push(part);
            } else {
                outcomes[part[0].number] = self.in_the_way(guard, &part[0]).await?;
            }
        }
        Ok(outcomes)
    }

    /// What [`Self::import_accounts`] would answer if the records came one after
    /// the other now, and no two of them had an address, name, identity or passkey in
    /// common. Changes nothing.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub async fn preview_import(
        &self,
        records: &[AccountRecord],
    ) -> Result<Vec<ImportOutcome>, ServiceError> {
        let there = self.ids_there(records).await?;
        let now = self.now();
        // Nothing is in the way in a store that is empty.
        let is_empty = self.read(self.0.store.users(None, 1)).await?.is_empty();
        let mut outcomes = Vec::new();
        for record in records {
            let taken = async |identifier: Identifier| {
                self.read(self.0.store.is_taken(&identifier, Some(&record.id), now)).await
            };
            outcomes.push(if there.contains(&record.id) {
                ImportOutcome::Already
            } else if self.was_deleted(&record.id).await? {
                ImportOutcome::Refused(ImportRefusal::Deleted)
            } else if let Err(why) = check_passkeys(record) {
                ImportOutcome::Refused(why)
            } else if is_empty {
                ImportOutcome::Imported
            } else if taken(Identifier::email(&record.email)).await? {
                ImportOutcome::Refused(ImportRefusal::EmailTaken)
            } else if taken(Identifier::username(&record.username)).await? {
                ImportOutcome::Refused(ImportRefusal::UsernameTaken)
            } else if self.has_identity_of(record).await? {
                ImportOutcome::Refused(ImportRefusal::IdentityTaken)
            } else if self.has_passkey_of(record).await? {
                ImportOutcome::Refused(ImportRefusal::PasskeyTaken)
            } else {
                ImportOutcome::Imported
            });
        }
        Ok(outcomes)
    }

    /// The name of the algorithm or format of a stored password; `None` where it
    /// could not be verified.
    pub fn hash_kind(&self, hash: &PasswordHash) -> Option<&'static str> {
        self.0.hasher.kind_of(hash)
    }

    async fn ids_there(&self, records: &[AccountRecord]) -> Result<HashSet<UserId>, ServiceError> {
        let ids: Vec<UserId> = records.iter().map(|record| record.id.clone()).collect();
        let found = self.read(self.0.store.credentials(&ids)).await?;
        Ok(found.into_iter().map(|credentials| credentials.user_id).collect())
    }

    /// Whether somebody who is not there had this id: the audit log remembers it
    /// when nothing else does.
    async fn was_deleted(&self, id: &UserId) -> Result<bool, ServiceError> {
        Ok(!self.read(self.0.store.audit(id, None, 1)).await?.is_empty())
    }

    async fn has_identity_of(&self, record: &AccountRecord) -> Result<bool, ServiceError> {
        for identity in &record.identities {
            let found = self.0.store.identity(&identity.issuer, &identity.subject);
            if self.read(found).await?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn has_passkey_of(&self, record: &AccountRecord) -> Result<bool, ServiceError> {
        for passkey in &record.passkeys {
            if self.read(self.0.store.passkey(&passkey.id)).await?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn in_the_way(
        &self,
        guard: Guard,
        account: &NewAccount,
    ) -> Result<ImportOutcome, ServiceError> {
        let id = &account.id;
        Ok(match guard {
            Guard::Exists if self.account(id).await?.is_some() => ImportOutcome::Already,
            Guard::Exists if account.has_passkeys && !self.was_deleted(id).await? => {
                ImportOutcome::Refused(ImportRefusal::PasskeyTaken)
            }
            Guard::Exists => ImportOutcome::Refused(ImportRefusal::Deleted),
            Guard::Taken(IdentifierKind::Email) => {
                ImportOutcome::Refused(ImportRefusal::EmailTaken)
            }
            Guard::Taken(_) => ImportOutcome::Refused(ImportRefusal::UsernameTaken),
            Guard::Identity => ImportOutcome::Refused(ImportRefusal::IdentityTaken),
            other => return Err(ServiceError::Internal(format!("import of {id}: {other:?}"))),
        })
    }

    async fn new_account(
        &self,
        number: usize,
        record: AccountRecord,
    ) -> Result<NewAccount, ServiceError> {
        let now = self.now();
        let password = match &record.password {
            RecordedPassword::None => None,
            RecordedPassword::Hash(hash) => {
                Some(hash.clone()).filter(|h| self.hash_kind(h).is_some())
            }
            RecordedPassword::Plaintext(typed) => Some(self.0.hasher.hash(typed).await?),
        };
        let id = record.id.clone();
        let claim = |identifier| claim(identifier, &id, now);
        let [username, skeleton] = Identifier::names(&record.username).map(claim);
        let mut changes = vec![claim(Identifier::email(&record.email)), username];
        if let Some(totp) = &record.totp {
            let secret = self.seal_totp(&id, totp);
            let (user_id, factor_id) = (id.clone(), secret.factor_id.clone());
            changes.push(Change::SetPendingTotp { user_id: id.clone(), secret });
            changes.push(Change::ConfirmTotp { user_id, factor_id, step: 0 });
        }
        if !record.recovery_codes.is_empty() {
            let hashes: BTreeSet<&String> = record.recovery_codes.iter().collect();
            let hashes = hashes.into_iter().cloned().collect();
            changes.push(Change::ReplaceRecoveryCodes { user_id: id.clone(), hashes });
        }
        for identity in &record.identities {
            let identity = Identity {
                id: IdentityId::generate(now, &*self.0.rng),
                user_id: id.clone(),
                issuer: identity.issuer.clone(),
                subject: identity.subject.clone(),
                provider: identity.provider.clone(),
                email: identity.email.clone(),
                created_at: identity.created_at,
                last_used_at: None,
            };
            changes.push(Change::LinkIdentity(Box::new(identity)));
        }
        for passkey in &record.passkeys {
            let passkey = Passkey {
                id: passkey.id.clone(),
                user_id: id.clone(),
                handle: passkey.handle.clone(),
                name: passkey.name.clone(),
                credential: passkey.credential.clone(),
                counter: passkey.counter,
                backed_up: passkey.backed_up,
                created_at: passkey.created_at,
                last_used_at: passkey.last_used_at,
            };
            changes.push(Change::InsertPasskey(Box::new(passkey)));
        }
        let has_passkeys = !record.passkeys.is_empty();
        changes.push(Change::InsertUser { user: Box::new(user(record)), password });
        Ok(NewAccount { number, id, changes, skeleton: Some(skeleton), has_passkeys })
    }
}

fn check_passkeys(record: &AccountRecord) -> Result<(), ImportRefusal> {
    record.passkeys.iter().try_for_each(RecordedPasskey::check).map_err(ImportRefusal::Passkey)
}

fn claim(identifier: Identifier, user_id: &UserId, now: Timestamp) -> Change {
    Change::ClaimIdentifier { identifier, user_id: Some(user_id.clone()), until: None, now }
}

/// The times of confirming and disabling are not carried; these are the nearest
/// that are. An account that was not confirmed elsewhere is not purged here.
fn user(record: AccountRecord) -> User {
    User {
        email_confirmed_at: record.is_email_confirmed.then_some(record.created_at),
        unconfirmed_until: None,
        disabled_at: record.is_disabled.then_some(record.updated_at),
        id: record.id,
        username: record.username,
        email: record.email,
        first_name: record.first_name,
        last_name: record.last_name,
        gender: record.gender,
        role: record.role,
        locale: record.locale,
        created_at: record.created_at,
        updated_at: record.updated_at,
        epoch: User::IMPORTED_EPOCH,
    }
}
