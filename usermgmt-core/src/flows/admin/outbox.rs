//! Mails that were given up: trying one again, or dropping it.

use crate::auth::{Auth, ServiceError};
use crate::clock::Timestamp;
use crate::model::audit::Origin;
use crate::model::ids::MailId;
use crate::store::Change;
use crate::store::directory::{Paged, Seek};

/// Why nothing was done with a mail.
#[derive(Debug, thiserror::Error)]
pub enum OutboxError {
    /// No mail of this id was given up.
    #[error("no such mail was given up")]
    NotFound,
    /// Not served.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

impl Auth {
    /// Has a mail that was given up tried again, at once and as if it were new.
    ///
    /// # Errors
    /// [`OutboxError`].
    pub async fn retry_mail(&self, by: &Origin, id: &MailId) -> Result<(), OutboxError> {
        let revive = |at| Change::ReviveMail { id: id.clone(), at };
        self.settle_mail(by, id, "mail.retried", revive).await
    }

    /// Erases a mail that was given up.
    ///
    /// # Errors
    /// [`OutboxError`].
    pub async fn drop_mail(&self, by: &Origin, id: &MailId) -> Result<(), OutboxError> {
        let drop = |_| Change::DropDeadMail { id: id.clone() };
        self.settle_mail(by, id, "mail.dropped", drop).await
    }

    async fn settle_mail(
        &self,
        by: &Origin,
        id: &MailId,
        action: &str,
        settle: impl FnOnce(Timestamp) -> Change,
    ) -> Result<(), OutboxError> {
        let now = self.now();
        let this = Seek { at: id.clone(), backward: false, inclusive: true };
        let paged = Paged { seek: Some(this), limit: 1 };
        let found = self.read(self.0.store.list_dead_mail(&paged)).await?.rows.into_iter().next();
        // Whose it is; of one that cannot be read that is not known.
        let user = found.and_then(Result::ok).filter(|mail| mail.id == *id);
        let user = user.and_then(|mail| mail.user_id);
        let list =
            vec![settle(now), self.audit_from(by, user.as_ref(), action, &[id.as_str()], now)];
        self.commit(list, now).await?.map_err(|_| OutboxError::NotFound)
    }
}
