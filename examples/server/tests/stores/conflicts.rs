//! Somebody else's transaction gets into the way of a request's: the request
//! does its work again and is answered.

use std::sync::Arc;

use mongodb::bson::{Document, doc};

use crate::on_each_server;
use crate::sql::Sql;
use crate::start::on;
use usermgmt_test_support::{Database, Kind, eventually, registered};

on_each_server!(a_request_that_the_database_takes_back_is_done_again);

async fn a_request_that_the_database_takes_back_is_done_again(kind: Kind) {
    let database = Database::of(kind).await.unwrap();
    if let Kind::Postgres = kind {
        // Whoever waits first looks for a deadlock first, and ends it at its own
        // cost. Later than it takes to make one.
        let name = database.url.rsplit('/').next().unwrap();
        let later = format!("ALTER DATABASE {name} SET deadlock_timeout = '3s'");
        Sql::connect(kind, &database.url).await.run(&later).await;
    }
    let server = Arc::new(on(&database.url).start().await);
    let login = registered(&server, "ada", "ada@example.org").await;
    let token = login.field("access_token");
    let request = {
        let (server, token) = (Arc::clone(&server), token.clone());
        async move { server.post_as(&token, "/api/v1/signout/all").await }
    };
    let reply = match kind {
        Kind::Mongo => in_the_way_of_documents(&database.url, request).await,
        _ => in_the_way_of_rows(kind, &database.url, request).await,
    };
    assert_eq!(reply.status, 204, "{reply:?}");
    assert_eq!(server.get_as(&token, "/api/v1/protected").await.status, 401);
}

/// Has what the request writes second, and wants what it writes first.
async fn in_the_way_of_rows<T: Send + 'static>(
    kind: Kind,
    url: &str,
    request: impl Future<Output = T> + Send + 'static,
) -> T {
    let mut other = Sql::connect(kind, url).await;
    let mut watch = Sql::connect(kind, url).await;
    let waiting = match kind {
        Kind::Postgres => {
            other.run("SET deadlock_timeout = '10min'").await;
            "SELECT pid FROM pg_stat_activity \
             WHERE wait_event_type = 'Lock' AND datname = current_database()"
        }
        _ => {
            // The one that has written less ends a deadlock at its cost.
            other.run("CREATE TABLE weights (id INT)").await;
            "SELECT id FROM information_schema.processlist \
             WHERE db = DATABASE() AND info LIKE 'DELETE FROM usermgmt_sessions%'"
        }
    };
    other.run("BEGIN").await;
    if let Kind::MySql = kind {
        let many = vec!["(1)"; 500].join(",");
        other.run(&format!("INSERT INTO weights VALUES {many}")).await;
    }
    other.run("SELECT id FROM usermgmt_sessions FOR UPDATE").await;
    let request = tokio::spawn(request);
    while watch.rows(waiting).await == 0 {
        assert!(!request.is_finished(), "it waits for the session");
    }
    // Had the request kept its user, this would never end.
    other.run("SELECT id FROM usermgmt_users FOR UPDATE").await;
    other.run("ROLLBACK").await;
    request.await.unwrap()
}

/// Has written, and not committed, what the request writes.
async fn in_the_way_of_documents<T: Send + 'static>(
    url: &str,
    request: impl Future<Output = T> + Send + 'static,
) -> T {
    let client = mongodb::Client::with_uri_str(url).await.unwrap();
    let users = client.default_database().unwrap().collection::<Document>("usermgmt_users");
    let mut session = client.start_session().await.unwrap();
    session.start_transaction().await.unwrap();
    let touch = doc! { "$set": { "in_the_way": true } };
    users.update_many(doc! {}, touch).session(&mut session).await.unwrap();
    let request = tokio::spawn(request);
    let mut looks = 0;
    eventually("the request to meet the conflict", || {
        looks += 1;
        assert!(!request.is_finished(), "it cannot write");
        (looks == 50).then_some(())
    })
    .await;
    session.abort_transaction().await.unwrap();
    request.await.unwrap()
}
