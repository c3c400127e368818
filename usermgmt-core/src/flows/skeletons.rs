//! What the names of accounts look like that are older than skeletons.

use crate::auth::{Auth, ServiceError};
use crate::model::identifier::{Identifier, IdentifierKind};
use crate::model::user::User;
use crate::store::{Change, Guard};

/// How many users are read at a time.
const PAGE: usize = 500;

impl Auth {
    /// Claims the skeleton of every account once, which says so in the store and
    /// is over then. Of accounts that look alike already the first one gets it;
    /// the others stay as they are. Any number of processes may do so at once.
    pub(crate) async fn claim_missing_skeletons(&self) -> Result<(), ServiceError> {
        // No name has an empty one.
        let done = Identifier::from_stored(IdentifierKind::Skeleton, String::new());
        if self.read(self.0.store.is_taken(&done, None, self.now())).await? {
            return Ok(());
        }
        let (mut after, mut alike) = (None, 0_u64);
        loop {
            let users = self.read(self.0.store.users(after.as_ref(), PAGE)).await?;
            for user in &users {
                alike += u64::from(!self.claim_skeleton(user).await?);
            }
            match users.last() {
                Some(last) => after = Some(last.id.clone()),
                None => break,
            }
        }
        if alike > 0 {
            tracing::warn!(
                event = "usernames_alike",
                accounts = alike,
                "accounts from before look-alikes were refused have names that look like others'"
            );
        }
        let now = self.now();
        let claim = Change::ClaimIdentifier { identifier: done, user_id: None, until: None, now };
        match self.commit(vec![claim], now).await? {
            // Or another process was as far.
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// False: somebody else has it.
    async fn claim_skeleton(&self, user: &User) -> Result<bool, ServiceError> {
        let (now, skeleton) = (self.now(), Identifier::skeleton(&user.username));
        let claim = Change::ClaimIdentifier {
            identifier: skeleton.clone(),
            user_id: Some(user.id.clone()),
            until: user.unconfirmed_until,
            now,
        };
        match self.commit(vec![claim], now).await? {
            Ok(()) => {}
            Err(Guard::Taken(_)) => return Ok(false),
            Err(guard) => return Err(ServiceError::Internal(format!("claim: {guard:?}"))),
        }
        // What was claimed for somebody who went in between, or confirmed, must follow.
        let (user_id, account) = (user.id.clone(), self.account(&user.id).await?);
        let follow = match account {
            None => Change::ReleaseIdentifier { identifier: skeleton, user_id },
            Some(account) if account.user.unconfirmed_until != user.unconfirmed_until => {
                let until = account.user.unconfirmed_until;
                Change::HoldIdentifier { identifier: skeleton, user_id, until }
            }
            Some(_) => return Ok(true),
        };
        // Unguarded of a skeleton.
        let _ = self.commit(vec![follow], now).await?;
        Ok(true)
    }
}
