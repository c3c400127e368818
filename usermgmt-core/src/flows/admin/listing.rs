//! Lists of everybody and of everything, a page at a time.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::AdminError;
use crate::auth::{Auth, ServiceError};
use crate::model::audit::AuditEntry;
use crate::model::ids::UserId;
use crate::model::mail::StoredMail;
use crate::model::service_key::ServiceKey;
use crate::seal;
use crate::store::directory::{
    AuditFilter, ListedUser, Page, Paged, Seek, SortOrder, UserFilter, UserPosition, UserQuery,
};

/// The most rows of a page.
pub const MAX_PAGE: usize = 200;

/// How many matches of a search are sorted as asked. More are in the order of
/// what was matched.
pub const MOST_SORTED: usize = 1000;

/// Whose cursors are; no user has a blank in their id.
const OWNER: &str = "directory cursor";

/// Some rows, and the cursors of the pages beside them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Listing<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// The cursor of the next page, where there is one.
    pub next: Option<String>,
    /// The cursor of the page before, where there may be one.
    pub previous: Option<String>,
    /// Whether the rows are in the order that was asked for: not where a search
    /// matches more than [`MOST_SORTED`] names.
    pub sorted: bool,
}

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub enum ListingError {
    /// The cursor is none of ours, or of another list or filter.
    #[error("the cursor is not one of this list: begin with its first page")]
    Cursor,
    /// Not served.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

impl Auth {
    /// A page of users: at most `limit`, from 1 to [`MAX_PAGE`].
    ///
    /// # Errors
    /// [`ListingError`].
    pub async fn admin_users(
        &self,
        filter: &UserFilter,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Listing<ListedUser>, ListingError> {
        let list = format!("users {}", described(filter)?);
        let paged = self.paged(&list, limit, cursor)?;
        let query = UserQuery { filter: filter.clone(), paged, most_sorted: MOST_SORTED };
        let page = self.read(self.0.store.list_users(&query)).await?;
        let sorted = is_sorted(filter, &page);
        Ok(Listing { sorted, ..self.listing(&list, page)? })
    }

    /// One user as lists show them.
    ///
    /// # Errors
    /// [`AdminError::NotFound`], [`AdminError::Service`].
    pub async fn admin_user(&self, id: &UserId) -> Result<ListedUser, AdminError> {
        self.read(self.0.store.listed_user(id)).await?.ok_or(AdminError::NotFound)
    }

    /// A page of the audit log, the latest entries first: at most `limit`, from
    /// 1 to [`MAX_PAGE`].
    ///
    /// # Errors
    /// [`ListingError`].
    pub async fn admin_audit(
        &self,
        filter: &AuditFilter,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Listing<AuditEntry>, ListingError> {
        let list = format!("audit {}", described(filter)?);
        let paged = self.paged(&list, limit, cursor)?;
        let page = self.read(self.0.store.list_audit(filter, &paged)).await?;
        self.listing(&list, page)
    }

    /// A page of the mails that were given up, in the order in which they were
    /// queued: at most `limit`, from 1 to [`MAX_PAGE`].
    ///
    /// # Errors
    /// [`ListingError`].
    pub async fn admin_dead_mail(
        &self,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Listing<StoredMail>, ListingError> {
        let list = "dead mail";
        let paged = self.paged(list, limit, cursor)?;
        let page = self.read(self.0.store.list_dead_mail(&paged)).await?;
        self.listing(list, page)
    }

    /// A page of the service keys, in the order in which they were made, revoked
    /// ones too: at most `limit`, from 1 to [`MAX_PAGE`].
    ///
    /// # Errors
    /// [`ListingError`].
    pub async fn admin_service_keys(
        &self,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Listing<ServiceKey>, ListingError> {
        let list = "service keys";
        let paged = self.paged(list, limit, cursor)?;
        let page = self.read(self.0.store.list_service_keys(&paged)).await?;
        self.listing(list, page)
    }

    /// Sealed, because it says whom a list ended with and lands in logs of
    /// requests; and bound to the list it was made for.
    fn cursor<P: Serialize>(&self, list: &str, seek: &Seek<P>) -> Result<String, ServiceError> {
        let plain = serde_json::to_vec(seek).map_err(|e| ServiceError::Internal(e.to_string()))?;
        let sealed = seal::seal(&self.keys().ring, &*self.0.rng, OWNER, list, &plain);
        Ok(URL_SAFE_NO_PAD.encode(sealed))
    }

    fn paged<P: DeserializeOwned>(
        &self,
        list: &str,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Paged<P>, ListingError> {
        let open = |cursor| {
            let sealed = URL_SAFE_NO_PAD.decode(cursor).ok()?;
            let plain = seal::open(&self.keys().ring, OWNER, list, &sealed)?;
            serde_json::from_slice(plain.expose()).ok()
        };
        let seek = match cursor {
            Some(cursor) => Some(open(cursor).ok_or(ListingError::Cursor)?),
            None => None,
        };
        Ok(Paged { seek, limit: limit.clamp(1, MAX_PAGE) })
    }

    fn listing<T, P: Serialize>(
        &self,
        list: &str,
        page: Page<T, P>,
    ) -> Result<Listing<T>, ListingError> {
        let cursor = |seek: Option<Seek<P>>| seek.map(|seek| self.cursor(list, &seek)).transpose();
        let (next, previous) = (cursor(page.after)?, cursor(page.before)?);
        Ok(Listing { rows: page.rows, next, previous, sorted: true })
    }
}

/// Whether the users are in the order of the filter's sort. The places of the pages
/// beside this one say it; of the only page there is the rows themselves do.
fn is_sorted(filter: &UserFilter, page: &Page<ListedUser, UserPosition>) -> bool {
    if filter.search.is_none() {
        return true;
    }
    let mut beside = [&page.before, &page.after].into_iter().flatten();
    if beside.any(|seek| matches!(seek.at, UserPosition::Matched(..))) {
        return false;
    }
    let place = |row: &ListedUser| filter.sort.position(&row.user);
    page.rows.is_sorted_by(|a, b| match filter.order {
        SortOrder::Asc => place(a) <= place(b),
        SortOrder::Desc => place(a) >= place(b),
    })
}

fn described(filter: &impl Serialize) -> Result<String, ServiceError> {
    serde_json::to_string(filter).map_err(|e| ServiceError::Internal(e.to_string()))
}
