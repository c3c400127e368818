//! Counters, outside the commit.

use async_trait::async_trait;
use usermgmt_core::clock::Timestamp;
use usermgmt_core::store::{Count, CounterStore, Hit, StoreError};

use crate::dialect::Dialect;
use crate::row::Row;
use crate::sql::{Statement, placeholders, statement};
use crate::store::SqlStore;

/// Counts all of them in one statement, which answers with the counters; on
/// MySQL it does not, and [`select`] reads them in the same transaction.
pub(crate) fn hit<'a>(dialect: Dialect, hits: &'a [Hit], now: Timestamp) -> Statement<'a> {
    let over = "usermgmt_counters.resets_at <= ?";
    let returning = match dialect.has_returning() {
        true => " RETURNING name, hits, resets_at",
        false => "",
    };
    // In this order, because MySQL's later assignments see the earlier ones.
    let count = statement(format!(
        "INSERT INTO usermgmt_counters (name, hits, resets_at) VALUES {} {} \
         hits = CASE WHEN {over} THEN 1 ELSE usermgmt_counters.hits + 1 END, \
         resets_at = CASE WHEN {over} THEN {} ELSE usermgmt_counters.resets_at END{returning}",
        vec!["(?, 1, ?)"; hits.len()].join(", "),
        dialect.on_conflict("name"),
        dialect.inserted("resets_at"),
    ));
    hits.iter()
        .fold(count, |count, hit| count.bind(hit.key.as_str()).bind(now + hit.window))
        .bind(now)
        .bind(now)
}

fn select(hits: &[Hit]) -> Statement<'_> {
    let found = statement(format!(
        "SELECT name, hits, resets_at FROM usermgmt_counters WHERE name IN {}",
        placeholders(1, hits.len())
    ));
    hits.iter().fold(found, |found, hit| found.bind(hit.key.as_str()))
}

pub(crate) fn give_back(keys: &[String]) -> Statement<'_> {
    let less = statement(format!(
        "UPDATE usermgmt_counters SET hits = hits - 1 WHERE hits > 0 AND name IN {}",
        placeholders(1, keys.len())
    ));
    keys.iter().fold(less, |less, key| less.bind(key.as_str()))
}

fn count(row: &Row) -> Result<(String, Count), StoreError> {
    let mut row = row.columns();
    Ok((row.text()?, Count { count: row.int()?, resets_at: row.time()? }))
}

impl SqlStore {
    /// The counter's rows are locked from the first statement on, so what the
    /// second reads is what the first wrote.
    async fn hit_and_read(&self, hits: &[Hit], now: Timestamp) -> Result<Vec<Row>, sqlx::Error> {
        let mut tx = self.pool().begin().await?;
        let mut conn = tx.conn();
        let counted = async {
            conn.execute(&hit(self.dialect(), hits, now)).await?;
            conn.fetch(&select(hits)).await
        };
        let counted = counted.await;
        tx.end_with(counted).await
    }
}

#[async_trait]
impl CounterStore for SqlStore {
    async fn hit(&self, hits: &[Hit], now: Timestamp) -> Result<Vec<Count>, StoreError> {
        if hits.is_empty() {
            return Ok(Vec::new());
        }
        let rows = if self.dialect().has_returning() {
            self.count(&hit(self.dialect(), hits, now)).await?
        } else {
            self.retrying(|| self.hit_and_read(hits, now)).await?
        };
        let counts = rows.iter().map(count).collect::<Result<Vec<_>, _>>()?;
        hits.iter()
            .map(|hit| {
                let found = counts.iter().find(|(key, _)| *key == hit.key);
                found
                    .map(|(_, count)| *count)
                    .ok_or_else(|| StoreError::Failed("a counter was not written".to_owned()))
            })
            .collect()
    }

    async fn give_back(&self, keys: &[String]) -> Result<(), StoreError> {
        if keys.is_empty() {
            return Ok(());
        }
        self.count(&give_back(keys)).await.map(drop)
    }

    async fn clear_count(&self, key: &str) -> Result<(), StoreError> {
        let clear = statement("DELETE FROM usermgmt_counters WHERE name = ?").bind(key);
        self.count(&clear).await.map(drop)
    }
}
