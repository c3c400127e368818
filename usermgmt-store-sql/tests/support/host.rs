//! Tests of a host that has its own rows in the same database and transaction.

/// Makes the tests, for `sqlx`'s pool of the database and the statement that
/// begins a transaction. `$make` gives a URL and what has to live as long.
macro_rules! host_tests {
    ($pool:ty, $begin:literal, $make:expr) => {
        async fn host_database() -> (String, impl std::any::Any) {
            ($make)().await
        }

        mod host {
            use usermgmt_core::clock::Timestamp;
            use usermgmt_core::model::audit::AuditEntry;
            use usermgmt_core::model::ids::{AuditId, UserId};
            use usermgmt_core::rng::OsRng;
            use usermgmt_core::store::{AuditStore as _, Change, Changes, Guard, StoreError};
            use usermgmt_store_sql::{PoolOptions, SqlStore};

            const NOW: Timestamp = Timestamp::from_millis(1_769_846_400_000);

            struct Host {
                pool: $pool,
                store: SqlStore,
                user: UserId,
                _database: Box<dyn std::any::Any>,
            }

            impl Host {
                async fn new() -> Self {
                    let (url, database) = super::host_database().await;
                    let store = SqlStore::connect(&url, PoolOptions::default()).await.unwrap();
                    let pool = <$pool>::connect(&url).await.unwrap();
                    sqlx::query("CREATE TABLE orders (id BIGINT PRIMARY KEY)")
                        .execute(&pool)
                        .await
                        .unwrap();
                    let user = UserId::generate(NOW, &OsRng);
                    Self { pool, store, user, _database: Box::new(database) }
                }

                fn entry(&self) -> Change {
                    Change::InsertAudit(AuditEntry {
                        id: AuditId::generate(NOW, &OsRng),
                        at: NOW,
                        user_id: Some(self.user.clone()),
                        action: "user.registered".to_owned(),
                        detail: Vec::new(),
                    })
                }

                /// How many orders and how many entries of the audit log there are.
                async fn rows(&self) -> (i64, usize) {
                    let orders = sqlx::query_scalar("SELECT COUNT(*) FROM orders");
                    let entries = self.store.audit(&self.user, None, 100).await.unwrap();
                    (orders.fetch_one(&self.pool).await.unwrap(), entries.len())
                }
            }

            const ORDER: &str = "INSERT INTO orders (id) VALUES (1)";

            fn list(changes: impl Into<Vec<Change>>) -> Changes {
                Changes::new(changes.into(), NOW, &OsRng)
            }

            #[tokio::test]
            async fn a_hosts_row_and_the_accounts_commit_together() {
                let host = Host::new().await;
                let mut tx = host.pool.begin_with($begin).await.unwrap();
                sqlx::query(ORDER).execute(&mut *tx).await.unwrap();
                let changes = list([host.entry(), host.entry()]);
                SqlStore::apply_in(&mut tx, &changes).await.unwrap();
                SqlStore::apply_in(&mut tx, &list([host.entry()])).await.unwrap();
                tx.commit().await.unwrap();
                assert_eq!(host.rows().await, (1, 3));
            }

            #[tokio::test]
            async fn a_hosts_row_and_the_accounts_roll_back_together() {
                let host = Host::new().await;
                let mut tx = host.pool.begin_with($begin).await.unwrap();
                sqlx::query(ORDER).execute(&mut *tx).await.unwrap();
                let changes = list([host.entry(), host.entry()]);
                SqlStore::apply_in(&mut tx, &changes).await.unwrap();
                tx.rollback().await.unwrap();
                assert_eq!(host.rows().await, (0, 0));
            }

            #[tokio::test]
            async fn a_failed_guard_leaves_the_hosts_transaction_as_it_was() {
                let host = Host::new().await;
                let mut tx = host.pool.begin_with($begin).await.unwrap();
                sqlx::query(ORDER).execute(&mut *tx).await.unwrap();
                let twice = host.entry();
                let changes = list([host.entry(), twice.clone(), twice]);
                let refused = SqlStore::apply_in(&mut tx, &changes).await;
                assert!(matches!(refused, Err(StoreError::Conflict(Guard::Exists))), "{refused:?}");
                let gone = Change::TouchUser { id: host.user.clone(), active: false, epoch: 0 };
                let refused = SqlStore::apply_in(&mut tx, &list([gone])).await;
                assert!(matches!(refused, Err(StoreError::Conflict(Guard::User))), "{refused:?}");
                tx.commit().await.unwrap();
                assert_eq!(host.rows().await, (1, 0));
            }

            #[tokio::test]
            async fn a_list_that_was_applied_before_is_not_applied_again() {
                let host = Host::new().await;
                let changes = list([host.entry(), host.entry()]);
                for _ in 0..2 {
                    let mut tx = host.pool.begin_with($begin).await.unwrap();
                    SqlStore::apply_in(&mut tx, &changes).await.unwrap();
                    SqlStore::apply_in(&mut tx, &changes).await.unwrap();
                    tx.commit().await.unwrap();
                }
                assert_eq!(host.rows().await, (0, 2));
            }
        }
    };
}
