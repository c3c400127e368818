//! Lists for administrators.

use async_trait::async_trait;
use usermgmt_core::clock::Timestamp;
use usermgmt_core::model::audit::AuditEntry;
use usermgmt_core::model::ids::{MailId, ServiceKeyId, UserId};
use usermgmt_core::model::mail::{StoredMail, id_of};
use usermgmt_core::model::service_key::ServiceKey;
use usermgmt_core::store::directory::{
    AuditFilter, AuditPosition, ListedUser, Page, Paged, SIGNED_IN, Summary, UserFilter,
    UserPosition, UserQuery, summary_days,
};
use usermgmt_core::store::{DirectoryStore, StoreError};

use super::user_row::{user, user_columns};
use super::{audit, credentials, outbox};
use crate::row::Row;
use crate::sql::{Statement, statement};
use crate::store::SqlStore;

/// A listed user's columns, in the order in which [`listed`] reads them.
macro_rules! listed_columns {
    () => {
        concat!(
            user_columns!(),
            ", CASE WHEN t.confirmed_id IS NULL THEN 0 ELSE 1 END, \
             (SELECT MAX(s.created_at) FROM usermgmt_sessions s WHERE s.user_id = u.id)"
        )
    };
}

fn listed(row: &Row) -> Result<ListedUser, StoreError> {
    let mut row = row.columns();
    Ok(ListedUser {
        user: user(&mut row)?,
        mfa_enabled: row.truth()?,
        last_sign_in_at: row.opt_time()?,
    })
}

fn select_listed() -> Statement<'static> {
    statement(concat!(
        "SELECT ",
        listed_columns!(),
        " FROM usermgmt_users u LEFT JOIN usermgmt_totp t ON t.user_id = u.id \
         WHERE u.deleted_at IS NULL"
    ))
}

pub(crate) fn select_one(id: &UserId) -> Statement<'_> {
    statement(concat!(
        "SELECT ",
        listed_columns!(),
        " FROM usermgmt_users u LEFT JOIN usermgmt_totp t ON t.user_id = u.id \
         WHERE u.deleted_at IS NULL AND u.id = ?"
    ))
    .bind(id)
}

#[async_trait]
impl DirectoryStore for SqlStore {
    async fn list_users(
        &self,
        query: &UserQuery,
    ) -> Result<Page<ListedUser, UserPosition>, StoreError> {
        Ok(query.answer(self.read_all(&select_listed(), listed).await?))
    }

    async fn listed_user(&self, id: &UserId) -> Result<Option<ListedUser>, StoreError> {
        self.read_one(&select_one(id), listed).await
    }

    async fn list_audit(
        &self,
        filter: &AuditFilter,
        paged: &Paged<AuditPosition>,
    ) -> Result<Page<AuditEntry, AuditPosition>, StoreError> {
        let found = audit::select_filtered(self.dialect(), filter, paged);
        let rows = self.read_all(&found, audit::entry).await?;
        Ok(Page::of_read(rows, paged, AuditPosition::of))
    }

    async fn list_dead_mail(
        &self,
        paged: &Paged<MailId>,
    ) -> Result<Page<StoredMail, MailId>, StoreError> {
        let rows = outbox::all_stored(&self.read(&outbox::select_dead_page(paged)).await?);
        Ok(Page::of_read(rows, paged, |mail| id_of(mail).clone()))
    }

    async fn list_service_keys(
        &self,
        paged: &Paged<ServiceKeyId>,
    ) -> Result<Page<ServiceKey, ServiceKeyId>, StoreError> {
        let found = credentials::select_key_page(paged);
        let rows = self.read_all(&found, credentials::service_key).await?;
        Ok(Page::of_read(rows, paged, |key| key.id.clone()))
    }

    async fn summary(&self, now: Timestamp) -> Result<Summary, StoreError> {
        let mut summary = Summary {
            registered: summary_days(now),
            signed_in: summary_days(now),
            ..Summary::default()
        };
        let is = |filter: UserFilter, row: &ListedUser| u64::from(filter.admits(row));
        let all = UserFilter::default;
        for row in self.read_all(&select_listed(), listed).await? {
            summary.users += 1;
            summary.unconfirmed += is(UserFilter { confirmed: Some(false), ..all() }, &row);
            summary.disabled += is(UserFilter { disabled: Some(true), ..all() }, &row);
            summary.admins +=
                is(UserFilter { role: Some(usermgmt_core::Role::Admin), ..all() }, &row);
            summary.mfa_enabled += is(UserFilter { mfa: Some(true), ..all() }, &row);
            Summary::count(&mut summary.registered, row.user.created_at, 1);
        }
        let first = summary.signed_in.first().map(|day| day.day).unwrap_or(now);
        let opened = statement("SELECT at FROM usermgmt_audit WHERE action = ? AND at >= ?")
            .bind(SIGNED_IN)
            .bind(first);
        for at in self.read_all(&opened, |row| row.columns().time()).await? {
            Summary::count(&mut summary.signed_in, at, 1);
        }
        let sessions =
            statement("SELECT COUNT(*) FROM usermgmt_sessions WHERE expires_at > ?").bind(now);
        let retried = statement(
            "SELECT COUNT(*) FROM usermgmt_outbox WHERE dead_at IS NULL AND attempts > 0",
        );
        let count = |row: &Row| row.columns().number();
        summary.sessions = self.read_one(&sessions, count).await?.unwrap_or_default();
        summary.mails_retried = self.read_one(&retried, count).await?.unwrap_or_default();
        Ok(summary)
    }
}
