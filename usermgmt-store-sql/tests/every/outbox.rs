//! Tests of mail that this version cannot read.

/// Makes the tests, for `sqlx`'s pool of the database that `host_database` makes.
macro_rules! outbox_tests {
    ($pool:ty) => {
        mod outbox {
            use std::time::Duration;

            use usermgmt_core::clock::Timestamp;
            use usermgmt_core::model::identifier::Email;
            use usermgmt_core::model::ids::{LeaseId, MailId};
            use usermgmt_core::model::mail::{MailKind, OutboxMail, StoredMail, UnreadableMail};
            use usermgmt_core::rng::OsRng;
            use usermgmt_core::store::{Change, Changes, OutboxStore as _, Store as _};
            use usermgmt_store_sql::{PoolOptions, SqlStore};

            const NOW: Timestamp = Timestamp::from_millis(1_769_846_400_000);
            const MINUTE: Duration = Duration::from_secs(60);

            fn mail() -> OutboxMail {
                OutboxMail {
                    id: MailId::generate(NOW, &OsRng),
                    kind: MailKind::PasswordChanged,
                    user_id: None,
                    recipient: Email::parse("ann@example.com").unwrap(),
                    locale: None,
                    tokens: Vec::new(),
                    params: [].into(),
                    created_at: NOW,
                    next_attempt_at: NOW,
                    attempts: 3,
                    last_error: None,
                    dead_at: None,
                    lease: None,
                    leased_until: None,
                }
            }

            async fn apply(store: &SqlStore, list: Vec<Change>) {
                store.apply(&Changes::new(list, NOW, &OsRng)).await.unwrap();
            }

            async fn claim(store: &SqlStore, now: Timestamp) -> (LeaseId, Vec<StoredMail>) {
                let lease = LeaseId::generate(&OsRng);
                (lease, store.claim_mail(lease, now, now + MINUTE, 16).await.unwrap())
            }

            #[tokio::test]
            async fn mail_that_cannot_be_read_is_leased_and_recorded_of_and_hides_no_other() {
                let (url, _database) = super::host_database().await;
                let store = SqlStore::connect(&url, PoolOptions::default()).await.unwrap();
                let damages = [
                    ("kind", "from_a_newer_version"),
                    ("tokens", r#"[{"purpose":"newer","id":"x","code_issue":null}]"#),
                    ("params", "{"),
                ];
                let good = mail();
                let bad = damages.map(|_| mail());
                let all = bad.iter().chain([&good]);
                let insert = |mail: &OutboxMail| Change::InsertMail(Box::new(mail.clone()));
                apply(&store, all.map(insert).collect()).await;
                let pool = <$pool>::connect(&url).await.unwrap();
                let mut unreadable = Vec::new();
                for (mail, (column, value)) in bad.iter().zip(damages) {
                    let id = mail.id.as_str();
                    let sql = format!(
                        "UPDATE usermgmt_outbox SET {column} = '{value}' WHERE id = '{id}'"
                    );
                    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&pool).await.unwrap();
                    unreadable.push(UnreadableMail {
                        id: mail.id.clone(),
                        created_at: NOW,
                        attempts: 3,
                        dead_at: None,
                        why: format!("its {column} cannot be read"),
                    });
                }
                unreadable.sort_by(|a, b| a.id.cmp(&b.id));

                let (lease, claimed) = claim(&store, NOW).await;
                let (read, mut not): (Vec<_>, Vec<_>) =
                    claimed.into_iter().partition(Result::is_ok);
                assert_eq!(read, [Ok(good.clone())]);
                not.sort_by(|a, b| a.as_ref().unwrap_err().id.cmp(&b.as_ref().unwrap_err().id));
                let expected: Vec<StoredMail> = unreadable.iter().cloned().map(Err).collect();
                assert_eq!(not, expected);
                assert_eq!(claim(&store, NOW).await.1, [], "they are leased");
                assert_eq!(store.next_mail_at().await.unwrap(), Some(NOW + MINUTE));

                // What became of a try is recorded of them like of any other.
                let (later, error) = (NOW + MINUTE, "unreadable".to_owned());
                let [retried, first, second] = &unreadable[..] else { unreachable!() };
                let retry = Change::RetryMail {
                    id: retried.id.clone(),
                    lease,
                    at: later,
                    error: error.clone(),
                };
                let bury = |id: &MailId| Change::BuryMail {
                    id: id.clone(),
                    lease,
                    at: later,
                    error: error.clone(),
                };
                let gone = Change::CompleteMail { id: good.id.clone(), lease };
                apply(&store, vec![retry, bury(&first.id), bury(&second.id), gone]).await;
                let tried = |mail: &UnreadableMail, dead_at| {
                    Err(UnreadableMail { attempts: 4, dead_at, ..mail.clone() })
                };
                assert_eq!(claim(&store, later).await.1, [tried(retried, None)]);
                let dead = [first, second].map(|mail| tried(mail, Some(later)));
                assert_eq!(store.dead_mail(None, 10).await.unwrap(), dead);
                let drop = |mail: &UnreadableMail| Change::DropDeadMail { id: mail.id.clone() };
                apply(&store, vec![drop(first), drop(second)]).await;
                assert_eq!(store.dead_mail(None, 10).await.unwrap(), []);
            }
        }
    };
}
