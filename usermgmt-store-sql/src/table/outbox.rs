//! Mail waiting to be sent.

#[cfg(test)]
#[cfg(feature = "mysql")]
mod tests;

use async_trait::async_trait;
use usermgmt_core::clock::Timestamp;
use usermgmt_core::model::identifier::Email;
use usermgmt_core::model::ids::{LeaseId, MailId, UserId};
use usermgmt_core::model::mail::{MailKind, OutboxMail, StoredMail, UnreadableMail};
use usermgmt_core::store::directory::Paged;
use usermgmt_core::store::{Guard, OutboxDepth, OutboxStore, SET_UP_FAULT, StoreError};

use crate::dialect::Dialect;
use crate::guard::Step;
use crate::pool::Conn;
use crate::row::{Columns, Row};
use crate::sql::{Statement, by_id, json, limit, placeholders, statement};
use crate::store::SqlStore;

/// A mail's columns, in the order in which [`mail`] reads them.
macro_rules! mail_columns {
    () => {
        "id, kind, user_id, recipient, recipient_canonical, locale, tokens, params, created_at, \
         next_attempt_at, attempts, last_error, dead_at, lease, leased_until"
    };
}

fn mail(row: &mut Columns<'_>) -> Result<OutboxMail, StoreError> {
    Ok(OutboxMail {
        id: row.parsed()?,
        kind: row.named(MailKind::from_name)?,
        user_id: row.opt_parsed()?,
        recipient: Email::from_stored(row.text()?, row.text()?),
        locale: row.opt_text()?,
        tokens: row.json()?,
        params: row.json()?,
        created_at: row.time()?,
        next_attempt_at: row.time()?,
        attempts: row.int()?,
        last_error: row.opt_text()?,
        dead_at: row.opt_time()?,
        lease: row.opt_id()?,
        leased_until: row.opt_time()?,
    })
}

/// The mail, or what can be said of one that cannot be read.
fn stored(row: &Row) -> Result<StoredMail, StoreError> {
    let mut columns = row.columns();
    match mail(&mut columns) {
        Ok(mail) => Ok(Ok(mail)),
        Err(_) => unreadable(row, columns.last()).map(Err),
    }
}

fn unreadable(row: &Row, column: usize) -> Result<UnreadableMail, StoreError> {
    let column = mail_columns!().split(", ").nth(column).unwrap_or_default();
    let mut row = row.columns();
    let id = row.parsed()?;
    row.skip("kind, user_id, recipient, recipient_canonical, locale, tokens, params");
    let created_at = row.time()?;
    row.skip("next_attempt_at");
    let attempts = row.int()?;
    row.skip("last_error");
    let dead_at = row.opt_time()?;
    let why = format!("its {column} cannot be read");
    Ok(UnreadableMail { id, created_at, attempts, dead_at, why })
}

/// The mails. A row that has not even an id and times is passed over: it must
/// not hold up the others, and nothing could be recorded of it.
pub(super) fn all_stored(rows: &[Row]) -> Vec<StoredMail> {
    let damaged = |error: &StoreError| tracing::error!(%error, "a row of the outbox is damaged");
    rows.iter().filter_map(|row| stored(row).inspect_err(damaged).ok()).collect()
}

/// What is due, locked, the longest due first: the first of the two statements
/// of a claim. One statement could do it on some databases, but would answer
/// with the mails as they are afterwards.
pub(crate) fn select_due(dialect: Dialect, now: Timestamp, rows: usize) -> Statement<'static> {
    statement(format!(
        concat!(
            "SELECT ",
            mail_columns!(),
            " FROM usermgmt_outbox WHERE dead_at IS NULL AND next_attempt_at <= ? \
             AND (leased_until IS NULL OR leased_until <= ?) \
             ORDER BY next_attempt_at, id LIMIT ?{}"
        ),
        dialect.skip_locked()
    ))
    .bind(now)
    .bind(now)
    .bind(limit(rows))
}

/// Leases those of them that are still due: TiDB takes the words that lock, and
/// locks nothing.
fn lease_due(due: &[Row], lease: LeaseId, now: Timestamp, until: Timestamp) -> Statement<'static> {
    let update = statement(format!(
        "UPDATE usermgmt_outbox SET lease = ?, leased_until = ? \
         WHERE dead_at IS NULL AND next_attempt_at <= ? \
         AND (leased_until IS NULL OR leased_until <= ?) AND id IN {}",
        placeholders(1, due.len())
    ))
    .bind(lease)
    .bind(until)
    .bind(now)
    .bind(now);
    with_ids(update, due)
}

/// Which of them the lease holds.
fn select_leased(due: &[Row], lease: LeaseId) -> Statement<'static> {
    let select = statement(format!(
        "SELECT id FROM usermgmt_outbox WHERE lease = ? AND id IN {}",
        placeholders(1, due.len())
    ))
    .bind(lease);
    with_ids(select, due)
}

/// What is no id is equal to none.
fn with_ids(statement: Statement<'static>, rows: &[Row]) -> Statement<'static> {
    rows.iter().fold(statement, |statement, row| statement.bind(id(row)))
}

fn id(row: &Row) -> Option<String> {
    row.text(0).ok().flatten()
}

/// The first that nobody has, by the index, and the few that are leased.
pub(crate) fn select_next_at() -> Statement<'static> {
    statement(
        "SELECT MIN(soonest.at) FROM (SELECT free.at FROM (SELECT next_attempt_at AS at \
         FROM usermgmt_outbox WHERE dead_at IS NULL AND leased_until IS NULL \
         ORDER BY next_attempt_at LIMIT 1) AS free UNION ALL \
         SELECT CASE WHEN leased_until > next_attempt_at THEN leased_until \
         ELSE next_attempt_at END AS at FROM usermgmt_outbox \
         WHERE dead_at IS NULL AND leased_until IS NOT NULL) AS soonest",
    )
}

fn select_dead(after: Option<&MailId>, rows: usize) -> Statement<'_> {
    statement(concat!(
        "SELECT ",
        mail_columns!(),
        " FROM usermgmt_outbox WHERE dead_at IS NOT NULL AND id > ? ORDER BY id LIMIT ?"
    ))
    .bind(after.map_or("", MailId::as_str))
    .bind(limit(rows))
}

pub(crate) fn select_of(user: &UserId) -> Statement<'_> {
    statement(concat!(
        "SELECT ",
        mail_columns!(),
        " FROM usermgmt_outbox WHERE user_id = ? ORDER BY id"
    ))
    .bind(user)
}

pub(crate) fn select_dead_page(paged: &Paged<MailId>) -> Statement<'_> {
    let page =
        concat!("SELECT ", mail_columns!(), " FROM usermgmt_outbox WHERE dead_at IS NOT NULL");
    by_id(statement(page), paged)
}

fn select_depth() -> Statement<'static> {
    let set_up = || format!("{SET_UP_FAULT}%");
    statement(
        "SELECT COUNT(CASE WHEN dead_at IS NULL THEN 1 END), COUNT(dead_at), \
         MIN(CASE WHEN dead_at IS NULL THEN created_at END), \
         COUNT(CASE WHEN dead_at IS NULL AND last_error LIKE ? THEN 1 END), \
         MAX(CASE WHEN dead_at IS NULL AND last_error LIKE ? THEN last_error END) \
         FROM usermgmt_outbox",
    )
    .bind(set_up())
    .bind(set_up())
}

pub(crate) fn insert(mail: &OutboxMail) -> Step<'_> {
    statement(concat!(
        "INSERT INTO usermgmt_outbox (",
        mail_columns!(),
        ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    ))
    .bind(&mail.id)
    .bind(mail.kind.as_str())
    .bind(mail.user_id.as_ref())
    .bind(mail.recipient.as_str())
    .bind(mail.recipient.canonical())
    .bind(mail.locale.as_deref())
    .bind(json(&mail.tokens))
    .bind(json(&mail.params))
    .bind(mail.created_at)
    .bind(mail.next_attempt_at)
    .bind(mail.attempts)
    .bind(mail.last_error.as_deref())
    .bind(mail.dead_at)
    .bind(mail.lease)
    .bind(mail.leased_until)
    .new_key(Guard::Exists)
}

pub(crate) fn complete(id: &MailId, lease: LeaseId) -> Step<'_> {
    statement("DELETE FROM usermgmt_outbox WHERE id = ? AND lease = ?")
        .bind(id)
        .bind(lease)
        .one_row(Guard::Lease)
}

pub(crate) fn retry<'a>(id: &'a MailId, lease: LeaseId, at: Timestamp, error: &'a str) -> Step<'a> {
    statement(
        "UPDATE usermgmt_outbox SET next_attempt_at = ?, attempts = attempts + 1, \
         last_error = ?, lease = NULL, leased_until = NULL WHERE id = ? AND lease = ?",
    )
    .bind(at)
    .bind(error)
    .bind(id)
    .bind(lease)
    .one_row(Guard::Lease)
}

pub(crate) fn bury<'a>(id: &'a MailId, lease: LeaseId, at: Timestamp, error: &'a str) -> Step<'a> {
    statement(
        "UPDATE usermgmt_outbox SET dead_at = ?, attempts = attempts + 1, \
         last_error = ?, lease = NULL, leased_until = NULL WHERE id = ? AND lease = ?",
    )
    .bind(at)
    .bind(error)
    .bind(id)
    .bind(lease)
    .one_row(Guard::Lease)
}

pub(crate) fn revive(id: &MailId, at: Timestamp) -> Step<'_> {
    statement(
        "UPDATE usermgmt_outbox SET dead_at = NULL, attempts = 0, next_attempt_at = ? \
         WHERE id = ? AND dead_at IS NOT NULL",
    )
    .bind(at)
    .bind(id)
    .one_row(Guard::Lease)
}

pub(crate) fn drop_dead(id: &MailId) -> Step<'_> {
    statement("DELETE FROM usermgmt_outbox WHERE id = ? AND dead_at IS NOT NULL")
        .bind(id)
        .one_row(Guard::Lease)
}

pub(crate) fn drop_all(user_id: &UserId) -> Step<'_> {
    statement("DELETE FROM usermgmt_outbox WHERE user_id = ?").bind(user_id).anything()
}

/// Leases mails that were found to be due, and answers with those that still were.
async fn lease_still_due(
    conn: &mut Conn<'_>,
    mut due: Vec<Row>,
    lease: LeaseId,
    now: Timestamp,
    until: Timestamp,
) -> Result<Vec<Row>, sqlx::Error> {
    if due.is_empty() {
        return Ok(due);
    }
    let leased = conn.execute(&lease_due(&due, lease, now, until)).await?;
    if usize::try_from(leased) != Ok(due.len()) {
        let leased = conn.fetch(&select_leased(&due, lease)).await?;
        due.retain(|row| leased.iter().any(|leased| id(leased) == id(row)));
    }
    Ok(due)
}

impl SqlStore {
    /// Claims by two statements in a transaction.
    async fn select_and_lease(
        &self,
        lease: LeaseId,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<Row>, sqlx::Error> {
        let mut tx = self.pool().begin().await?;
        let mut conn = tx.conn();
        let due = async {
            let due = conn.fetch(&select_due(self.dialect(), now, limit)).await?;
            lease_still_due(&mut conn, due, lease, now, until).await
        };
        let due = due.await;
        tx.end_with(due).await
    }
}

#[async_trait]
impl OutboxStore for SqlStore {
    async fn claim_mail(
        &self,
        lease: LeaseId,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<StoredMail>, StoreError> {
        let due = self.retrying(|| self.select_and_lease(lease, now, until, limit)).await?;
        Ok(all_stored(&due))
    }

    async fn next_mail_at(&self) -> Result<Option<Timestamp>, StoreError> {
        let next = self.read_one(&select_next_at(), |row| row.columns().opt_time()).await?;
        Ok(next.flatten())
    }

    async fn dead_mail(
        &self,
        after: Option<&MailId>,
        limit: usize,
    ) -> Result<Vec<StoredMail>, StoreError> {
        Ok(all_stored(&self.read(&select_dead(after, limit)).await?))
    }

    async fn mail_of(&self, user: &UserId) -> Result<Vec<StoredMail>, StoreError> {
        Ok(all_stored(&self.read(&select_of(user)).await?))
    }

    async fn outbox_depth(&self) -> Result<OutboxDepth, StoreError> {
        let depth = self
            .read_one(&select_depth(), |row| {
                let mut row = row.columns();
                Ok(OutboxDepth {
                    waiting: row.number()?,
                    dead: row.number()?,
                    oldest: row.opt_time()?,
                    set_up: row.number()?,
                    set_up_fault: row.opt_text()?.and_then(|error: String| {
                        error.strip_prefix(SET_UP_FAULT).map(str::to_owned)
                    }),
                })
            })
            .await?;
        Ok(depth.unwrap_or_default())
    }
}
