//! How a server starts on a database: empty, shared, or newer than itself.

use mongodb::bson::{Document, doc};
use serde_json::json;

use crate::on_each_server;
use crate::sql::Sql;
use usermgmt_test_support::{Database, Kind, PASSWORD, Server, Setup};

on_each_server!(
    servers_that_start_at_once_on_an_empty_database_share_it,
    a_database_of_a_later_version_stops_the_start_and_takes_readiness_away,
);

/// A server on the database that the URL names.
pub(crate) fn on(url: &str) -> Setup {
    Setup::new().var("USERMGMT_SECRET", "A".repeat(42) + "E").var("USERMGMT_DATABASE_URL", url)
}

async fn servers_that_start_at_once_on_an_empty_database_share_it(kind: Kind) {
    let setup = Setup::on(kind).await;
    let starting = (0..4).map(|_| setup.clone().start());
    let servers: Vec<Server> = futures_util::future::join_all(starting).await;
    let body = json!({ "username": "ada", "email": "ada@example.org", "password": PASSWORD });
    assert_eq!(servers[0].post("/api/v1/register", body).await.status, 201);
    let link = servers[0].mail_to("ada@example.org").await.path("/confirm-email/");
    assert_eq!(servers[1].send(servers[1].request("POST", &link)).await.status, 200);
    for server in &servers {
        assert_eq!(server.get("/health/ready").await.status, 200);
        let body = json!({ "identifier": "ada", "password": PASSWORD });
        assert_eq!(server.post("/api/v1/signin", body).await.status, 200);
    }
}

/// Makes the database one that a later version of the server has been at.
async fn make_newer(kind: Kind, url: &str) {
    if let Kind::Mongo = kind {
        let client = mongodb::Client::with_uri_str(url).await.unwrap();
        let schema = client.default_database().unwrap().collection::<Document>("usermgmt_schema");
        let newer = doc! { "$set": { "version": 999_i64 } };
        let done = schema.update_one(doc! { "_id": "schema" }, newer).await.unwrap();
        assert_eq!(done.modified_count, 1);
    } else {
        let newer = "INSERT INTO usermgmt_migrations (version, applied_at) VALUES (999, 0)";
        Sql::connect(kind, url).await.run(newer).await;
    }
}

async fn a_database_of_a_later_version_stops_the_start_and_takes_readiness_away(kind: Kind) {
    let database = Database::of(kind).await.unwrap();
    let server = on(&database.url).start().await;
    assert_eq!(server.get("/health/ready").await.status, 200);
    make_newer(kind, &database.url).await;
    assert_eq!(server.get("/health/ready").await.status, 503);
    assert_eq!(server.get("/health/live").await.status, 200);

    let started = on(&database.url).command().output().unwrap();
    let errors = String::from_utf8_lossy(&started.stderr);
    assert_eq!(started.status.code(), Some(1), "{errors}");
    assert!(errors.contains("version 999"), "{errors}");
    assert!(errors.contains("use the program that wrote it"), "{errors}");
    assert!(String::from_utf8_lossy(&started.stdout).is_empty(), "it never listened");
}
