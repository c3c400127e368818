//! What administrators ask of all accounts at once, a page at a time.

mod audit;
mod page;
mod search;
mod summary;
mod users;

use async_trait::async_trait;

pub use self::audit::{AuditFilter, AuditPosition};
pub use self::page::{Page, Paged, Seek};
pub use self::search::{Search, full_name_key, name_key};
pub use self::summary::{DAY, DayCount, SIGNED_IN, SUMMARY_DAYS, Summary, summary_days};
pub use self::users::{ListedUser, SortOrder, UserFilter, UserPosition, UserQuery, UserSort};
use crate::clock::Timestamp;
use crate::model::audit::AuditEntry;
use crate::model::ids::{MailId, ServiceKeyId, UserId};
use crate::model::mail::StoredMail;
use crate::model::service_key::ServiceKey;
use crate::store::StoreError;

/// Lists for administrators. Each is a page of a sequence that has one order:
/// rows that come and go between two pages neither repeat nor hide others. A page
/// costs the same however many rows there are.
#[async_trait]
pub trait DirectoryStore: Send + Sync {
    /// A page of users: see [`UserQuery`].
    async fn list_users(
        &self,
        query: &UserQuery,
    ) -> Result<Page<ListedUser, UserPosition>, StoreError>;

    /// One user as lists show them; `None` where there is none (any more).
    async fn listed_user(&self, id: &UserId) -> Result<Option<ListedUser>, StoreError>;

    /// A page of the audit log, the latest entries first; those of one moment
    /// by their ids.
    async fn list_audit(
        &self,
        filter: &AuditFilter,
        paged: &Paged<AuditPosition>,
    ) -> Result<Page<AuditEntry, AuditPosition>, StoreError>;

    /// A page of the mails that were given up, in the order of their ids.
    async fn list_dead_mail(
        &self,
        paged: &Paged<MailId>,
    ) -> Result<Page<StoredMail, MailId>, StoreError>;

    /// A page of the service keys, revoked ones too, in the order of their ids.
    async fn list_service_keys(
        &self,
        paged: &Paged<ServiceKeyId>,
    ) -> Result<Page<ServiceKey, ServiceKeyId>, StoreError>;

    /// How much there is of everything. It may count rows: callers keep the answer.
    async fn summary(&self, now: Timestamp) -> Result<Summary, StoreError>;
}
