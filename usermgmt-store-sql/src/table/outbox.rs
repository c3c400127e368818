//! Mail waiting to be sent.

#[cfg(test)]
#[cfg(feature = "mysql")]
mod tests;

use async_trait::async_trait;
use usermgmt_core::clock::Timestamp;
use usermgmt_core::model::identifier::Email;
use usermgmt_core::model::ids::{LeaseId, MailId, UserId};
use usermgmt_core::model::mail::{MailKind, OutboxMail};
use usermgmt_core::store::{Guard, OutboxDepth, OutboxStore, StoreError};

use super::json;
use crate::conn::Conn;
use crate::dialect::Dialect;
use crate::row::Row;
use crate::sql::{Statement, limit, placeholders, statement};
use crate::step::Step;
use crate::store::SqlStore;

/// A mail's columns, in the order in which [`mail`] reads them.
macro_rules! mail_columns {
    () => {
        "id, kind, user_id, recipient, recipient_canonical, locale, tokens, params, created_at, \
         next_attempt_at, attempts, last_error, dead_at, lease, leased_until"
    };
}

fn mail(row: &Row) -> Result<OutboxMail, StoreError> {
    let mut row = row.columns();
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

/// What is due, the longest due first; the two values are the present.
macro_rules! due {
    ($columns:expr) => {
        concat!(
            "SELECT ",
            $columns,
            " FROM usermgmt_outbox WHERE dead_at IS NULL AND next_attempt_at <= ? \
             AND (leased_until IS NULL OR leased_until <= ?) \
             ORDER BY next_attempt_at, id LIMIT ?"
        )
    };
}

/// Leases what is due by one statement, which answers with it.
pub(crate) fn claim(
    dialect: Dialect,
    lease: LeaseId,
    now: Timestamp,
    until: Timestamp,
    rows: usize,
) -> Statement<'static> {
    statement(format!(
        // Materialized: a subquery with a limit must not run a second time.
        "WITH due AS MATERIALIZED ({}{}) UPDATE usermgmt_outbox \
         SET lease = ?, leased_until = ? WHERE id IN (SELECT due.id FROM due) RETURNING {}",
        due!("id"),
        dialect.skip_locked(),
        mail_columns!(),
    ))
    .bind(now)
    .bind(now)
    .bind(limit(rows))
    .bind(lease)
    .bind(until)
}

/// What is due, locked: the first of the two statements of a claim on MySQL.
pub(crate) fn select_due(dialect: Dialect, now: Timestamp, rows: usize) -> Statement<'static> {
    statement(format!("{}{}", due!(mail_columns!()), dialect.skip_locked()))
        .bind(now)
        .bind(now)
        .bind(limit(rows))
}

/// Leases those of them that are still due: TiDB takes the words that lock, and
/// locks nothing.
fn lease_due(
    due: &[Row],
    lease: LeaseId,
    now: Timestamp,
    until: Timestamp,
) -> Result<Statement<'static>, sqlx::Error> {
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

/// Those of them that the lease holds.
fn select_leased(due: &[Row], lease: LeaseId) -> Result<Statement<'static>, sqlx::Error> {
    let select = statement(format!(
        "SELECT {} FROM usermgmt_outbox WHERE lease = ? AND id IN {}",
        mail_columns!(),
        placeholders(1, due.len())
    ))
    .bind(lease);
    with_ids(select, due)
}

fn with_ids(
    statement: Statement<'static>,
    rows: &[Row],
) -> Result<Statement<'static>, sqlx::Error> {
    rows.iter().try_fold(statement, |statement, row| Ok(statement.bind(row.text(0)?)))
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

fn select_depth() -> Statement<'static> {
    statement(
        "SELECT COUNT(CASE WHEN dead_at IS NULL THEN 1 END), COUNT(dead_at), \
         MIN(CASE WHEN dead_at IS NULL THEN created_at END) FROM usermgmt_outbox",
    )
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
    due: Vec<Row>,
    lease: LeaseId,
    now: Timestamp,
    until: Timestamp,
) -> Result<Vec<Row>, sqlx::Error> {
    if due.is_empty() {
        return Ok(due);
    }
    let leased = conn.execute(&lease_due(&due, lease, now, until)?).await?;
    match usize::try_from(leased) {
        Ok(leased) if leased == due.len() => Ok(due),
        _ => conn.fetch(&select_leased(&due, lease)?).await,
    }
}

impl SqlStore {
    /// Claims by two statements, where one cannot do it.
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
    ) -> Result<Vec<OutboxMail>, StoreError> {
        let rows = if self.dialect().has_returning() {
            self.write_returning(&claim(self.dialect(), lease, now, until, limit)).await?
        } else {
            self.retrying(|| self.select_and_lease(lease, now, until, limit)).await?
        };
        let mut mails = rows.iter().map(mail).collect::<Result<Vec<_>, _>>()?;
        for mail in &mut mails {
            mail.lease = Some(lease);
            mail.leased_until = Some(until);
        }
        // What an UPDATE answers has no order.
        mails.sort_by(|a, b| (a.next_attempt_at, &a.id).cmp(&(b.next_attempt_at, &b.id)));
        Ok(mails)
    }

    async fn next_mail_at(&self) -> Result<Option<Timestamp>, StoreError> {
        let next = self.read_one(&select_next_at(), |row| row.columns().opt_time()).await?;
        Ok(next.flatten())
    }

    async fn dead_mail(
        &self,
        after: Option<&MailId>,
        limit: usize,
    ) -> Result<Vec<OutboxMail>, StoreError> {
        self.read_all(&select_dead(after, limit), mail).await
    }

    async fn outbox_depth(&self) -> Result<OutboxDepth, StoreError> {
        let depth = self
            .read_one(&select_depth(), |row| {
                let mut row = row.columns();
                Ok(OutboxDepth {
                    waiting: row.number()?,
                    dead: row.number()?,
                    oldest: row.opt_time()?,
                })
            })
            .await?;
        Ok(depth.unwrap_or_default())
    }
}
