//! Tests of a host whose own rows follow the people, in the same commits, and of
//! its tables that refer to them.

/// Makes the tests, for `sqlx`'s database, pool and connection, and the type of a
/// user's id there.
macro_rules! hook_tests {
    ($database:ty, $pool:ty, $connection:ty, $id:literal) => {
        mod hook {
            use std::sync::Arc;
            use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
            use std::time::Duration;

            use usermgmt_core::config::Config;
            use usermgmt_core::flows::{CreateUser, Register};
            use usermgmt_core::mail::{MailKind, Message};
            use usermgmt_core::model::identifier::{Email, Username};
            use usermgmt_core::model::ids::UserId;
            use usermgmt_core::outbox::OutboxWorker;
            use usermgmt_core::password::HasherConfig;
            use usermgmt_core::store::{
                Changes, OutboxStore as _, Store as _, UserChange, UserStore as _,
            };
            use usermgmt_core::testkit::{CapturingMailer, MockClock, SampleRows};
            use usermgmt_core::{Auth, Client, KeyRing, ServiceError};
            use usermgmt_store_sql::{CommitHook, HookError, PoolOptions, SqlStore};

            /// Keeps a row in `members` for each person.
            #[derive(Clone, Default)]
            struct Members {
                refuses: Arc<AtomicBool>,
            }

            #[async_trait::async_trait]
            impl CommitHook<$database> for Members {
                async fn before_commit(
                    &self,
                    conn: &mut $connection,
                    change: &UserChange<'_>,
                ) -> Result<(), HookError> {
                    let mut query = match change {
                        UserChange::Created(user) => {
                            let mut query = sqlx::QueryBuilder::<$database>::new(
                                "INSERT INTO members (user_id, confirmed) VALUES (",
                            );
                            query.push_bind(user.id.as_str().to_owned()).push(", 0)");
                            query
                        }
                        UserChange::Confirmed { id } => {
                            let mut query = sqlx::QueryBuilder::<$database>::new(
                                "UPDATE members SET confirmed = confirmed + 1 WHERE user_id = ",
                            );
                            query.push_bind(id.as_str().to_owned());
                            query
                        }
                        UserChange::Deleted { id } => {
                            let mut query = sqlx::QueryBuilder::<$database>::new(
                                "DELETE FROM members WHERE user_id = ",
                            );
                            query.push_bind(id.as_str().to_owned());
                            query
                        }
                        other => panic!("{other:?}"),
                    };
                    let done = query.build().execute(conn).await?.rows_affected();
                    assert_eq!(done, 1, "{change:?}");
                    match self.refuses.load(SeqCst) {
                        true => Err("the plan is full".into()),
                        false => Ok(()),
                    }
                }
            }

            struct Host {
                auth: Auth,
                store: SqlStore,
                members: Members,
                clock: MockClock,
                mailer: CapturingMailer,
                worker: OutboxWorker,
                pool: $pool,
                _database: Box<dyn std::any::Any>,
            }

            const TABLE: &str = concat!(
                "CREATE TABLE members (user_id ",
                $id,
                " NOT NULL PRIMARY KEY, confirmed BIGINT NOT NULL, \
                 FOREIGN KEY (user_id) REFERENCES usermgmt_users (id))"
            );

            impl Host {
                async fn new() -> Self {
                    let (url, database) = super::host_database().await;
                    let members = Members::default();
                    let store = SqlStore::connect(&url, PoolOptions::default()).await.unwrap();
                    let store = store.with_commit_hook(members.clone()).unwrap();
                    let pool = <$pool>::connect(&url).await.unwrap();
                    sqlx::query(TABLE).execute(&pool).await.unwrap();
                    let mut config = Config::new("https://accounts.example.com".parse().unwrap());
                    config.hasher = HasherConfig::insecure_for_tests();
                    let keys = KeyRing::single((7..39).collect()).unwrap();
                    let clock = MockClock::default();
                    let auth = Auth::builder(store.clone(), keys, config).clock(clock.clone());
                    let auth = auth.build().await.unwrap();
                    let mailer = CapturingMailer::default();
                    let worker = OutboxWorker::new(auth.clone(), Arc::new(mailer.clone()));
                    let _database = Box::new(database);
                    Self { auth, store, members, clock, mailer, worker, pool, _database }
                }

                /// How many members there are, and how many of them were confirmed, once.
                async fn members(&self) -> (i64, i64) {
                    let all = sqlx::query_scalar("SELECT COUNT(*) FROM members");
                    let confirmed =
                        sqlx::query_scalar("SELECT COUNT(*) FROM members WHERE confirmed = 1");
                    (
                        all.fetch_one(&self.pool).await.unwrap(),
                        confirmed.fetch_one(&self.pool).await.unwrap(),
                    )
                }

                async fn register(&self, name: &str) -> Result<(), ServiceError> {
                    let command = Register::new(
                        Username::parse(name, 30).unwrap(),
                        Email::parse(&format!("{name}@example.com")).unwrap(),
                        "Wr9-tidal-lantern".into(),
                    );
                    match self.auth.register(&command, &Client::default()).await {
                        Ok(()) => Ok(()),
                        Err(usermgmt_core::flows::RegisterError::Service(error)) => Err(error),
                        Err(other) => panic!("{other}"),
                    }
                }

                async fn mail(&self, kind: MailKind, name: &str) -> Message {
                    while self.worker.run_once().await.unwrap() > 0 {}
                    self.mailer.last(kind, &format!("{name}@example.com")).unwrap()
                }

                async fn id(&self, name: &str) -> UserId {
                    self.auth.find_user(name).await.unwrap().unwrap().id
                }
            }

            fn token(link: Option<&str>) -> String {
                let link = link.unwrap();
                link[link.find("umt_").unwrap()..].to_owned()
            }

            #[tokio::test]
            async fn a_hosts_rows_follow_a_person_from_registration_to_deletion() {
                let host = Host::new().await;
                host.register("ada").await.unwrap();
                assert_eq!(host.members().await, (1, 0));
                let mail = host.mail(MailKind::Confirmation, "ada").await;
                let link = token(mail.link.as_ref().map(|link| link.expose().as_str()));
                host.auth.confirm(&link, &Client::default()).await.unwrap();
                assert_eq!(host.members().await, (1, 1));
                host.auth.delete_user(&host.id("ada").await).await.unwrap();
                assert_eq!(host.members().await, (0, 0));
            }

            #[tokio::test]
            async fn a_hosts_rows_go_where_a_registration_was_not_me_or_ran_out() {
                let host = Host::new().await;
                host.register("ada").await.unwrap();
                host.register("eve").await.unwrap();
                assert_eq!(host.members().await, (2, 0));
                let mail = host.mail(MailKind::Confirmation, "eve").await;
                let link = token(mail.not_me_link.as_ref().map(|link| link.expose().as_str()));
                host.auth.not_me_link(&link, &Client::default()).await.unwrap();
                assert_eq!(host.members().await, (1, 0));
                host.clock.advance(Duration::from_secs(400 * 86_400));
                host.auth.purge().await.unwrap();
                assert_eq!(host.members().await, (0, 0));
            }

            #[tokio::test]
            async fn a_hosts_rows_follow_a_user_whom_a_service_creates() {
                let host = Host::new().await;
                let command = CreateUser::new(
                    Username::parse("grace", 30).unwrap(),
                    Email::parse("grace@example.com").unwrap(),
                    "Wr9-tidal-lantern".into(),
                );
                host.auth.create_user(&command).await.unwrap();
                assert_eq!(host.members().await, (1, 0));
                let mail = host.mail(MailKind::Activation, "grace").await;
                let code = mail.code.as_ref().map(|code| code.expose().clone()).unwrap();
                host.auth.activate(&code, &Client::default()).await.unwrap();
                assert_eq!(host.members().await, (1, 1));
                host.auth.delete_user(&host.id("grace").await).await.unwrap();
                assert_eq!(host.members().await, (0, 0));
            }

            #[tokio::test]
            async fn what_a_host_refuses_has_not_happened() {
                let host = Host::new().await;
                let refuse = |refuses| host.members.refuses.store(refuses, SeqCst);
                let is_refusal = |error: &ServiceError| {
                    matches!(error, ServiceError::Refused(why) if why.to_string() == "the plan is full")
                };
                refuse(true);
                let refused = host.register("ada").await.unwrap_err();
                assert!(is_refusal(&refused), "{refused:?}");
                assert_eq!(host.members().await, (0, 0));
                assert!(host.auth.find_user("ada").await.unwrap().is_none());
                assert_eq!(host.store.outbox_depth().await.unwrap().waiting, 0);

                refuse(false);
                host.register("ada").await.unwrap();
                refuse(true);
                let id = host.id("ada").await;
                let refused = host.auth.delete_user(&id).await.unwrap_err();
                assert!(refused.to_string().contains("host"), "{refused:?}");
                assert_eq!(host.members().await, (1, 0));
                assert!(host.auth.find_user("ada").await.unwrap().is_some());

                // Whoever cannot go yet holds nobody else up, and goes later.
                host.clock.advance(Duration::from_secs(400 * 86_400));
                host.auth.purge().await.unwrap();
                assert_eq!(host.members().await, (1, 0));
                refuse(false);
                host.auth.purge().await.unwrap();
                assert_eq!(host.members().await, (0, 0));
            }

            #[tokio::test]
            async fn a_single_change_of_a_person_commits_with_the_hosts_rows() {
                let host = Host::new().await;
                let rows = SampleRows::new(1);
                let user = rows.user("ada");
                let [insert, ..] = &rows.registration(&user, None)[..] else { unreachable!() };
                let alone: Changes = rows.commit([insert.clone()]);
                assert_eq!(alone.list().len(), 1);
                host.store.apply(&alone).await.unwrap();
                host.store.apply(&alone).await.unwrap();
                assert_eq!(host.members().await, (1, 0), "and the replay is found");
                host.members.refuses.store(true, SeqCst);
                let other = rows.user("eve");
                let [insert, ..] = &rows.registration(&other, None)[..] else { unreachable!() };
                host.store.apply(&rows.commit([insert.clone()])).await.unwrap_err();
                assert!(host.store.account(&other.id).await.unwrap().is_none());
            }

            #[tokio::test]
            async fn a_deleted_user_whom_a_hosts_row_refers_to_holds_no_other_up() {
                let host = Host::new().await;
                host.register("ada").await.unwrap();
                host.register("eve").await.unwrap();
                sqlx::query(concat!(
                    "CREATE TABLE posts (user_id ",
                    $id,
                    " NOT NULL, FOREIGN KEY (user_id) REFERENCES usermgmt_users (id))"
                ))
                .execute(&host.pool)
                .await
                .unwrap();
                sqlx::query(concat!(
                    "CREATE TABLE notes (user_id ",
                    $id,
                    " NOT NULL, FOREIGN KEY (user_id) REFERENCES usermgmt_users (id) \
                     ON DELETE CASCADE)"
                ))
                .execute(&host.pool)
                .await
                .unwrap();
                let (ada, eve) = (host.id("ada").await, host.id("eve").await);
                for (table, id) in [("posts", &ada), ("notes", &eve)] {
                    let mut insert = sqlx::QueryBuilder::<$database>::new(format!(
                        "INSERT INTO {table} (user_id) VALUES ("
                    ));
                    insert.push_bind(id.as_str().to_owned()).push(")");
                    insert.build().execute(&host.pool).await.unwrap();
                }
                host.auth.delete_user(&ada).await.unwrap();
                host.clock.advance(Duration::from_secs(1));
                host.auth.delete_user(&eve).await.unwrap();
                // One row a batch: the one that stays is not all that is looked at.
                while host.store.purge(usermgmt_core::clock::Clock::now(&host.clock), 1)
                    .await
                    .unwrap()
                    > 0
                {}
                let left = async |table: &str| -> i64 {
                    let sql = sqlx::AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}"));
                    sqlx::query_scalar(sql).fetch_one(&host.pool).await.unwrap()
                };
                assert_eq!(left("usermgmt_users").await, 1, "a tombstone");
                assert_eq!((left("posts").await, left("notes").await), (1, 0));
                sqlx::query("DELETE FROM posts").execute(&host.pool).await.unwrap();
                host.auth.purge().await.unwrap();
                assert_eq!(left("usermgmt_users").await, 0);
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn a_pool_of_the_host_serves_as_well() {
                let (url, _database) = super::host_database().await;
                let url = match url.starts_with("sqlite:") {
                    true => format!("{url}?mode=rwc"),
                    false => url,
                };
                let pool = <$pool>::connect(&url).await.unwrap();
                let store = SqlStore::from_pool(pool.clone()).await.unwrap();
                store.ping().await.unwrap();
                let rows = SampleRows::new(2);
                let user = rows.user("ada");
                store.apply(&rows.commit(rows.registration(&user, None))).await.unwrap();
                assert!(store.account(&user.id).await.unwrap().is_some());
                store.close().await;
                let there: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM usermgmt_users")
                    .fetch_one(&pool)
                    .await
                    .unwrap();
                assert_eq!(there, 1, "the pool is the host's to close");
            }
        }
    };
}
