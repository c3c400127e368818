//! The application's own rows: one for each person.

use async_trait::async_trait;
use sqlx::sqlite::SqliteConnection;
use sqlx::{Row as _, Sqlite, SqlitePool};
use usermgmt_core::UserId;
use usermgmt_core::store::UserChange;
use usermgmt_store_sql::{CommitHook, HookError};

/// The table of members. It has no foreign key: the accounts' rows come and go by
/// rules of their own, and this table follows them.
#[derive(Clone, Debug)]
pub struct Members(SqlitePool);

impl Members {
    /// Makes the table, where it is not there.
    ///
    /// # Errors
    /// The database's.
    pub async fn new(pool: SqlitePool) -> Result<Self, sqlx::Error> {
        let sql =
            "CREATE TABLE IF NOT EXISTS members (user_id TEXT PRIMARY KEY, plan TEXT NOT NULL)";
        sqlx::query(sql).execute(&pool).await?;
        Ok(Self(pool))
    }

    /// The pool, to begin transactions on.
    pub fn pool(&self) -> &SqlitePool {
        &self.0
    }

    /// Adds a member, as a part of a transaction.
    ///
    /// # Errors
    /// The database's.
    pub async fn add(
        tx: &mut SqliteConnection,
        user: &UserId,
        plan: &str,
    ) -> Result<(), sqlx::Error> {
        sqlx::query("INSERT INTO members (user_id, plan) VALUES (?, ?)")
            .bind(user.as_str())
            .bind(plan)
            .execute(tx)
            .await?;
        Ok(())
    }

    /// The plan of a member.
    ///
    /// # Errors
    /// The database's.
    pub async fn plan(&self, user: &UserId) -> Result<Option<String>, sqlx::Error> {
        let row = sqlx::query("SELECT plan FROM members WHERE user_id = ?")
            .bind(user.as_str())
            .fetch_optional(&self.0)
            .await?;
        Ok(row.map(|row| row.get("plan")))
    }

    /// How many there are.
    ///
    /// # Errors
    /// The database's.
    pub async fn count(&self) -> Result<i64, sqlx::Error> {
        sqlx::query_scalar("SELECT count(*) FROM members").fetch_one(&self.0).await
    }
}

/// Removes the member in the commit that removes the person, whichever way that
/// came about.
pub(crate) struct LeaveWithTheirPerson;

#[async_trait]
impl CommitHook<Sqlite> for LeaveWithTheirPerson {
    async fn before_commit(
        &self,
        conn: &mut SqliteConnection,
        change: &UserChange<'_>,
    ) -> Result<(), HookError> {
        if let UserChange::Deleted { id } = change {
            sqlx::query("DELETE FROM members WHERE user_id = ?")
                .bind(id.as_str())
                .execute(conn)
                .await?;
        }
        Ok(())
    }
}
