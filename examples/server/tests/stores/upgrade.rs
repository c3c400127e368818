//! The next version's schema is made under servers of this one, which go on; and one
//! that is started then serves, as when it is rolled back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use serde_json::json;
use usermgmt_test_support::{
    Database, Kind, PASSWORD, Server, Setup, eventually, execute, registered,
};

use crate::start::on;

/// What a version may do to a schema that servers of the version before are using.
fn migration(kind: Kind) -> String {
    let mut steps = vec![
        "ALTER TABLE usermgmt_users ADD COLUMN next_thing BIGINT",
        "CREATE INDEX usermgmt_users_next_thing ON usermgmt_users (next_thing)",
        "CREATE TABLE usermgmt_next_things (id BIGINT NOT NULL PRIMARY KEY, at BIGINT NOT NULL)",
        "ALTER TABLE usermgmt_sessions ADD COLUMN next_thing BIGINT NOT NULL DEFAULT 0",
        "INSERT INTO usermgmt_migrations (version, applied_at) \
         SELECT MAX(version) + 1, 0 FROM usermgmt_migrations",
    ];
    if kind != Kind::MySql {
        // As one, which MySQL cannot.
        steps.insert(0, "BEGIN");
        steps.push("COMMIT");
    }
    let script = steps.join("; ");
    // Its tables are strict, and have one type of whole numbers.
    if kind == Kind::Sqlite { script.replace("BIGINT", "INTEGER") } else { script }
}

/// Whoever uses the server meanwhile. No request of theirs may fail.
struct People {
    turns: Arc<AtomicU64>,
    over: Arc<AtomicBool>,
    task: tokio::task::JoinHandle<()>,
}

impl People {
    async fn begin(server: &Arc<Server>) -> Self {
        let login = registered(server, "ada", "ada@example.org").await;
        let mut refresh = login.field("refresh_token");
        let (turns, over) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let (server, counted, ends) = (Arc::clone(server), Arc::clone(&turns), Arc::clone(&over));
        let task = tokio::spawn(async move {
            while !ends.load(Ordering::SeqCst) {
                let turn = counted.load(Ordering::SeqCst);
                let reply = server.post_as(&refresh, "/api/v1/refresh_token").await;
                assert_eq!(reply.status, 200, "{reply:?}");
                refresh = reply.field("refresh_token");
                let access = reply.field("access_token");
                let reply = server.get_as(&access, "/api/v1/protected").await;
                assert_eq!(reply.status, 200, "{reply:?}");
                let body = json!({ "identifier": "ada", "password": PASSWORD });
                let reply = server.post("/api/v1/signin", body).await;
                assert_eq!(reply.status, 200, "{reply:?}");
                let (username, email) = (format!("bob{turn}"), format!("bob{turn}@example.org"));
                let body = json!({ "username": username, "email": email, "password": PASSWORD });
                let reply = server.post("/api/v1/register", body).await;
                assert_eq!(reply.status, 201, "{reply:?}");
                let reply = server.get("/health/ready").await;
                assert_eq!(reply.status, 200, "{reply:?}");
                counted.fetch_add(1, Ordering::SeqCst);
            }
        });
        Self { turns, over, task }
    }

    async fn go_on(&self) {
        let before = self.turns.load(Ordering::SeqCst);
        eventually("people to go on", || {
            assert!(!self.task.is_finished(), "a request failed; which is above");
            (self.turns.load(Ordering::SeqCst) >= before + 5).then_some(())
        })
        .await;
    }

    async fn end(self) {
        self.over.store(true, Ordering::SeqCst);
        self.task.await.unwrap();
    }
}

async fn nobody_notices_that_the_next_schema_is_made(kind: Kind) {
    let database = Database::of(kind).await;
    let setup = match &database {
        Some(database) => on(&database.url),
        None => Setup::new(),
    };
    let setup = setup.var("USERMGMT_LIMITS__ENABLED", "false");
    let server = Arc::new(setup.clone().start().await);
    let url = match &database {
        Some(database) => database.url.clone(),
        None => format!("sqlite://{}", server.data_dir().join("usermgmt.db").display()),
    };
    let people = People::begin(&server).await;
    people.go_on().await;
    execute(&url, &[&migration(kind)]).await;
    people.go_on().await;
    let rolled_back = match kind {
        // One server at a time.
        Kind::Sqlite => None,
        _ => Some(setup.clone().start().await),
    };
    people.go_on().await;
    people.end().await;

    let rolled_back = match rolled_back {
        Some(server) => server,
        None => {
            drop(server);
            setup.start().await
        }
    };
    assert_eq!(rolled_back.get("/health/ready").await.status, 200);
    let body = json!({ "identifier": "ada", "password": PASSWORD });
    assert_eq!(rolled_back.post("/api/v1/signin", body).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_notices_it_on_sqlite() {
    nobody_notices_that_the_next_schema_is_made(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_notices_it_on_postgresql() {
    nobody_notices_that_the_next_schema_is_made(Kind::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_notices_it_on_mariadb() {
    nobody_notices_that_the_next_schema_is_made(Kind::MySql).await;
}
