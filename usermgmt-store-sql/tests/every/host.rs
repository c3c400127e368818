//! Tests of a host that has its own rows in the same database and transaction.

/// Makes the tests, for `sqlx`'s pool of the database, the statement that begins
/// a transaction and the one that makes it wait for a lock as short as can be.
/// `$make` gives a URL and what has to live as long.
macro_rules! host_tests {
    ($pool:ty, $begin:literal, $impatient:literal, $make:expr) => {
        async fn host_database() -> (String, impl std::any::Any) {
            ($make)().await
        }

        mod host {

            use usermgmt_core::clock::Timestamp;
            use usermgmt_core::config::Config;
            use usermgmt_core::flows::{PreparedRegistration, Register, RegisterError};
            use usermgmt_core::keys::KeyRing;
            use usermgmt_core::model::audit::AuditEntry;
            use usermgmt_core::model::identifier::{Email, IdentifierKind, Username};
            use usermgmt_core::model::ids::{AuditId, UserId};
            use usermgmt_core::password::HasherConfig;
            use usermgmt_core::rng::OsRng;
            use usermgmt_core::store::{
                AuditStore as _, Change, Changes, Guard, OutboxStore as _, StoreError,
            };
            use usermgmt_core::{Auth, Client};
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
                        origin: usermgmt_core::model::audit::Origin::default(),
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

            /// The service over the host's store, and the host.
            async fn service() -> (Auth, Host) {
                let host = Host::new().await;
                let mut config = Config::new("https://accounts.example.com".parse().unwrap());
                config.hasher = HasherConfig::insecure_for_tests();
                let keys = KeyRing::single((7..39).collect()).unwrap();
                let auth = Auth::builder(host.store.clone(), keys, config);
                (auth.build().await.unwrap(), host)
            }

            async fn prepared(
                auth: &Auth,
                name: &str,
                email: &str,
            ) -> Result<PreparedRegistration, RegisterError> {
                let command = Register::new(
                    Username::parse(name, 30).unwrap(),
                    Email::parse(email).unwrap(),
                    "Wr9-tidal-lantern".into(),
                );
                auth.prepare_registration(&command, &Client::default()).await
            }

            /// How many orders there are, whether Ada is there, and how much mail waits.
            async fn state(auth: &Auth, host: &Host) -> (i64, bool, u64) {
                let is_there = auth.find_user("ada").await.unwrap().is_some();
                let mail = host.store.outbox_depth().await.unwrap().waiting;
                (host.rows().await.0, is_there, mail)
            }

            #[tokio::test]
            async fn a_hosts_row_and_a_registration_commit_together() {
                let (auth, host) = service().await;
                let ada = prepared(&auth, "ada", "ada@example.com").await.unwrap();
                let mut tx = host.pool.begin_with($begin).await.unwrap();
                sqlx::query(ORDER).execute(&mut *tx).await.unwrap();
                SqlStore::apply_in(&mut tx, &ada.changes).await.unwrap();
                tx.commit().await.unwrap();
                assert_eq!(state(&auth, &host).await, (1, true, 1));
                let found = auth.find_user("ada@example.com").await.unwrap().unwrap();
                assert_eq!(Some(found.id), ada.user_id);
            }

            #[tokio::test]
            async fn a_hosts_row_and_a_registration_roll_back_together_and_can_be_tried_again() {
                let (auth, host) = service().await;
                let ada = prepared(&auth, "ada", "ada@example.com").await.unwrap();
                for is_last in [false, true] {
                    let mut tx = host.pool.begin_with($begin).await.unwrap();
                    sqlx::query(ORDER).execute(&mut *tx).await.unwrap();
                    SqlStore::apply_in(&mut tx, &ada.changes).await.unwrap();
                    if is_last {
                        tx.commit().await.unwrap();
                    } else {
                        tx.rollback().await.unwrap();
                        assert_eq!(state(&auth, &host).await, (0, false, 0));
                    }
                }
                assert_eq!(state(&auth, &host).await, (1, true, 1));
            }

            #[tokio::test]
            async fn a_registration_whose_name_was_taken_meanwhile_takes_the_hosts_row_with_it() {
                let (auth, host) = service().await;
                let late = prepared(&auth, "ada", "late@example.com").await.unwrap();
                let ada = prepared(&auth, "ada", "ada@example.com").await.unwrap();
                let mut tx = host.pool.begin_with($begin).await.unwrap();
                SqlStore::apply_in(&mut tx, &ada.changes).await.unwrap();
                tx.commit().await.unwrap();

                let mut tx = host.pool.begin_with($begin).await.unwrap();
                sqlx::query(ORDER).execute(&mut *tx).await.unwrap();
                let refused = SqlStore::apply_in(&mut tx, &late.changes).await.unwrap_err();
                let taken = Guard::Taken(IdentifierKind::Username);
                assert_eq!(refused.guard(), Some(taken), "{refused:?}");
                tx.rollback().await.unwrap();
                assert_eq!(state(&auth, &host).await, (0, true, 1));
                assert!(auth.find_user("late@example.com").await.unwrap().is_none());

                let again = prepared(&auth, "ada", "late@example.com").await;
                assert!(matches!(again, Err(RegisterError::UsernameTaken)), "{again:?}");
                let again = prepared(&auth, "grace", "late@example.com").await.unwrap();
                let mut tx = host.pool.begin_with($begin).await.unwrap();
                sqlx::query(ORDER).execute(&mut *tx).await.unwrap();
                SqlStore::apply_in(&mut tx, &again.changes).await.unwrap();
                tx.commit().await.unwrap();
                assert_eq!(state(&auth, &host).await, (1, true, 2));
            }

            #[tokio::test]
            async fn a_registration_that_waits_for_a_lock_too_long_can_be_tried_again() {
                let (auth, host) = service().await;
                let quick = prepared(&auth, "ada", "ada@example.com").await.unwrap();
                let slow = prepared(&auth, "ada", "slow@example.com").await.unwrap();
                let mut first = host.pool.begin_with($begin).await.unwrap();
                SqlStore::apply_in(&mut first, &quick.changes).await.unwrap();

                let mut second = host.pool.begin_with("BEGIN").await.unwrap();
                sqlx::query($impatient).execute(&mut *second).await.unwrap();
                // SQLite, with its one writer at a time, refuses this already.
                let _ = sqlx::query(ORDER).execute(&mut *second).await;
                let refused = SqlStore::apply_in(&mut second, &slow.changes).await.unwrap_err();
                assert!(matches!(refused, StoreError::Unavailable(_)), "{refused:?}");
                second.rollback().await.unwrap();
                first.rollback().await.unwrap();
                assert_eq!(state(&auth, &host).await, (0, false, 0));

                let mut tx = host.pool.begin_with($begin).await.unwrap();
                sqlx::query(ORDER).execute(&mut *tx).await.unwrap();
                SqlStore::apply_in(&mut tx, &slow.changes).await.unwrap();
                tx.commit().await.unwrap();
                assert_eq!(state(&auth, &host).await, (1, true, 1));
            }
        }
    };
}
