//! Lists for administrators.

mod listed;
mod page;

use async_trait::async_trait;
use usermgmt_core::clock::Timestamp;
use usermgmt_core::model::audit::AuditEntry;
use usermgmt_core::model::ids::{MailId, ServiceKeyId, UserId};
use usermgmt_core::model::mail::{StoredMail, id_of};
use usermgmt_core::model::service_key::ServiceKey;
use usermgmt_core::store::directory::{
    AuditFilter, AuditPosition, DAY, ListedUser, Page, Paged, SIGNED_IN, Seek, Summary,
    UserPosition, UserQuery, summary_days,
};
use usermgmt_core::store::{DirectoryStore, StoreError};

use self::listed::{listed, listed_columns};
use self::page::{Pages, Reading, window};
use super::{audit, credentials, outbox};
#[cfg(test)]
use crate::dialect::Dialect;
use crate::row::Row;
use crate::sql::{Statement, statement};
use crate::store::SqlStore;

pub(crate) fn select_one(id: &UserId) -> Statement<'_> {
    statement(concat!(
        "SELECT ",
        listed_columns!(),
        " FROM usermgmt_users u WHERE u.id = ? AND u.deleted_at IS NULL"
    ))
    .bind(id)
}

/// All that may be asked for the query.
#[cfg(test)]
pub(crate) fn statements(dialect: Dialect, query: &UserQuery) -> Vec<Statement<'_>> {
    let pages = Pages::new(dialect, query);
    match Reading::of(query) {
        Ok(reading) => vec![pages.read(reading)],
        Err((few, many)) => vec![pages.count(), pages.read(few), pages.read(many)],
    }
}

/// How many users there are of each kind: it reads the whole of an index.
fn count_users() -> Statement<'static> {
    statement(
        "SELECT facets, COUNT(*) FROM usermgmt_users WHERE facets IS NOT NULL GROUP BY facets",
    )
}

/// How many of them were made on each day since.
pub(crate) fn count_registered(since: Timestamp) -> Statement<'static> {
    statement(format!(
        "SELECT u.created_at - u.created_at % {day}, COUNT(*) FROM usermgmt_users u \
         WHERE u.facets IN (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15) \
         AND u.created_at >= ? GROUP BY u.created_at - u.created_at % {day}",
        day = DAY.as_millis()
    ))
    .bind(since)
}

fn count_live_sessions(now: Timestamp) -> Statement<'static> {
    statement("SELECT COUNT(*) FROM usermgmt_sessions WHERE expires_at > ?").bind(now)
}

fn count_retried() -> Statement<'static> {
    statement("SELECT COUNT(*) FROM usermgmt_outbox WHERE dead_at IS NULL AND attempts > 0")
}

impl SqlStore {
    /// Reads matches, some at a time, until there are users enough: as a rule once.
    async fn list_matched(
        &self,
        query: &UserQuery,
    ) -> Result<Page<ListedUser, UserPosition>, StoreError> {
        let (paged, window) = (&query.paged, window(query));
        let mut next = query.clone();
        let mut found = Vec::new();
        loop {
            let matches = self
                .read_all(&Pages::new(self.dialect(), &next).read(Reading::Matched), |row| {
                    let mut row = row.columns();
                    let listed = listed(&mut row)?;
                    let at = UserPosition::Matched(row.text()?, listed.user.id.clone());
                    Ok((at, listed, row.truth()?))
                })
                .await?;
            let is_over = matches.len() < window;
            let last = matches.last().map(|(at, ..)| at.clone());
            let first = matches.into_iter().filter(|(.., is_first)| *is_first);
            found.extend(first.map(|(at, listed, _)| (at, listed)));
            match last {
                Some(at) if !is_over && found.len() < paged.to_read() => {
                    let backward = paged.is_backward();
                    next.paged.seek = Some(Seek { at, backward, inclusive: false });
                }
                _ => break,
            }
        }
        found.truncate(paged.to_read());
        let page = Page::of_read(found, paged, |(position, _)| position.clone());
        Ok(page.map(|(_, listed)| listed))
    }
}

#[async_trait]
impl DirectoryStore for SqlStore {
    async fn list_users(
        &self,
        query: &UserQuery,
    ) -> Result<Page<ListedUser, UserPosition>, StoreError> {
        let pages = Pages::new(self.dialect(), query);
        let reading = match Reading::of(query) {
            Ok(reading) => reading,
            Err((few, many)) => {
                let most = u64::try_from(query.most_sorted).unwrap_or(u64::MAX);
                let count = self.read_one(&pages.count(), |row| row.columns().number()).await?;
                if count.unwrap_or_default() <= most { few } else { many }
            }
        };
        if reading == Reading::Matched {
            return self.list_matched(query).await;
        }
        let rows = self.read_all(&pages.read(reading), |row| listed(&mut row.columns())).await?;
        Ok(Page::of_read(rows, &query.paged, |row| query.filter.sort.position(&row.user)))
    }

    async fn listed_user(&self, id: &UserId) -> Result<Option<ListedUser>, StoreError> {
        self.read_one(&select_one(id), |row| listed(&mut row.columns())).await
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
        for (facets, count) in self.read_all(&count_users(), counted).await? {
            summary.users += count;
            summary.unconfirmed += if facets & 1 == 0 { count } else { 0 };
            summary.disabled += if facets & 2 != 0 { count } else { 0 };
            summary.mfa_enabled += if facets & 4 != 0 { count } else { 0 };
            summary.admins += if facets & 8 != 0 { count } else { 0 };
        }
        let since = summary.registered.first().map_or(now, |day| day.day);
        for (day, count) in self.read_all(&count_registered(since), counted).await? {
            Summary::count(&mut summary.registered, Timestamp::from_millis(day), count);
        }
        let opened = audit::count_by_day(SIGNED_IN, since);
        for (day, count) in self.read_all(&opened, counted).await? {
            Summary::count(&mut summary.signed_in, Timestamp::from_millis(day), count);
        }
        let number = |row: &Row| row.columns().number();
        let sessions = self.read_one(&count_live_sessions(now), number).await?;
        summary.sessions = sessions.unwrap_or_default();
        let retried = self.read_one(&count_retried(), number).await?;
        summary.mails_retried = retried.unwrap_or_default();
        Ok(summary)
    }
}

/// What was counted, and how often.
fn counted(row: &Row) -> Result<(i64, u64), StoreError> {
    let mut row = row.columns();
    Ok((row.int()?, row.number()?))
}
