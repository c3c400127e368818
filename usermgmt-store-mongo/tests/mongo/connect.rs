//! From a URL to a store.

use std::time::Duration;

use futures_util::future::join_all;
use mongodb::bson::{Document, doc};
use mongodb::options::Collation;
use tokio::net::TcpListener;
use usermgmt_core::store::{Store as _, StoreError, UserStore as _};
use usermgmt_store_mongo::{ConnectError, MongoStore};

use usermgmt_test_support::Database;

use crate::SERVER;
use crate::rows::{list, registration, user};
use usermgmt_test_support::proxy::MongoProxy;

/// A port of this machine where nothing listens.
async fn closed_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).await.unwrap().local_addr().unwrap().port()
}

#[tokio::test]
async fn a_url_that_asks_for_something_else_is_refused_by_the_options_name() {
    for (options, named) in [
        ("w=0", "w"),
        ("w=1", "w"),
        ("w=3", "w"),
        ("w=somewhere", "w"),
        ("journal=false", "journal"),
        ("w=majority&journal=false", "journal"),
        ("readPreference=secondary", "readPreference"),
        ("readPreference=primaryPreferred", "readPreference"),
        ("readPreference=nearest", "readPreference"),
        ("readConcernLevel=local", "readConcernLevel"),
        ("readConcernLevel=available", "readConcernLevel"),
        ("readConcernLevel=linearizable", "readConcernLevel"),
    ] {
        match MongoStore::connect(&format!("mongodb://127.0.0.1:1/a?{options}")).await {
            Err(ConnectError::Weak { option }) => assert_eq!(option, named, "{options}"),
            other => panic!("{options}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_url_that_asks_for_the_same_is_taken() {
    let database = Database::create(SERVER).await;
    let options = "w=majority&journal=true&readPreference=primary&readConcernLevel=majority";
    let url = format!("{}&{options}", database.url);
    let store = MongoStore::connect(&url).await.unwrap();
    store.ping().await.unwrap();
}

#[tokio::test]
async fn what_is_no_mongodb_url_is_refused_and_no_password_repeated() {
    for url in [
        "postgres://ann:s3cret@127.0.0.1/a",
        "mongodb://ann:s3%cret@127.0.0.1/a",
        "mongodb://ann:s3cret",
        "mongodb://ann:31415926",
        "",
    ] {
        match MongoStore::connect(url).await {
            Err(error @ ConnectError::Url(_)) => {
                let text = format!("{error} {error:?}");
                for secret in ["s3", "cret", "31415926"] {
                    assert!(!text.contains(secret), "{text}");
                }
            }
            other => panic!("{url}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_url_can_be_checked_without_asking_anybody() {
    let refused = |url| async move { MongoStore::check_url(url).await.unwrap_err() };
    assert!(matches!(refused("mongodb://h/a?w=1").await, ConnectError::Weak { option: "w" }));
    assert!(matches!(refused("mongodb://h:port/a").await, ConnectError::Url(_)));
    let several = refused("mongodb://h,i/a?directConnection=true").await;
    assert!(matches!(several, ConnectError::Url(_)), "{several:?}");
    let provider = refused("mongodb://h.cosmos.azure.com/a").await;
    assert!(matches!(provider, ConnectError::Provider { .. }), "{provider:?}");
    for url in ["mongodb://ann:pw@h,i:1/a?replicaSet=rs0", "mongodb+srv://ann:pw@h.example.org/a"] {
        MongoStore::check_url(url).await.unwrap();
    }
}

#[tokio::test]
async fn options_as_providers_hand_them_out_are_taken() {
    let port = closed_port().await;
    for options in ["retryWrites=true", "retryWrites=false", "authSource=admin", "tls=true"] {
        let url = format!(
            "mongodb://ann:secret@127.0.0.1:{port}/a?serverSelectionTimeoutMS=100&{options}"
        );
        match MongoStore::connect(&url).await {
            Err(ConnectError::Database(StoreError::Unavailable(_))) => {}
            other => panic!("{options}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_misspelt_option_is_named_and_no_password_repeated() {
    for place in ["127.0.0.1:1", "ann:s3cret@127.0.0.1:1"] {
        for (option, meant) in [("retryWrite", "retrywrites"), ("authSourc", "authsource")] {
            let url = format!("mongodb://{place}/a?{option}=true");
            match MongoStore::connect(&url).await {
                Err(ConnectError::Url(why)) => {
                    assert!(why.to_lowercase().contains(meant), "{why}");
                    assert!(!why.contains("s3cret"), "{why}");
                }
                other => panic!("{url}: {other:?}"),
            }
        }
    }
}

#[tokio::test]
async fn databases_that_lack_something_are_refused_by_name() {
    for (place, name) in [
        ("db.cluster-x.eu-central-1.docdb.amazonaws.com:27017", "Amazon DocumentDB"),
        ("ann:secret@DB.X.docdb-elastic.amazonaws.com:27017", "Amazon DocumentDB"),
        ("ann:secret@x.mongo.cosmos.azure.com:10255", "Azure Cosmos DB"),
    ] {
        let error = MongoStore::connect(&format!("mongodb://{place}/a")).await.unwrap_err();
        let text = error.to_string();
        assert!(text.starts_with(name) && text.contains("retryable writes"), "{text}");
        assert!(!text.contains("secret"), "{text}");
    }
    let srv = "mongodb+srv://ann:secret@x.mongocluster.cosmos.azure.com/a";
    let error = MongoStore::connect(srv).await.unwrap_err();
    assert!(matches!(error, ConnectError::Provider { name: "Azure Cosmos DB", .. }), "{error}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable_soon() {
    let port = closed_port().await;
    let url = format!("mongodb://127.0.0.1:{port}/a?serverSelectionTimeoutMS=300");
    let answer = tokio::time::timeout(Duration::from_secs(5), MongoStore::connect(&url)).await;
    match answer.unwrap() {
        Err(ConnectError::Database(StoreError::Unavailable(_))) => {}
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_store_whose_connections_are_closed_is_unavailable() {
    let database = Database::create(SERVER).await;
    let store = MongoStore::connect(&database.url).await.unwrap();
    store.close().await;
    let answer = store.users(None, 1).await;
    assert!(matches!(answer, Err(StoreError::Unavailable(_))), "{answer:?}");
}

#[tokio::test]
async fn any_number_of_processes_may_start_on_a_fresh_database_at_once() {
    let database = Database::create(SERVER).await;
    let starts = join_all((0..8).map(|_| MongoStore::connect(&database.url))).await;
    let stores: Vec<MongoStore> = starts.into_iter().map(Result::unwrap).collect();
    for (number, store) in stores.iter().enumerate() {
        store.ping().await.unwrap();
        store.apply(&list(registration(&user(&format!("user{number}"))))).await.unwrap();
    }
    assert_eq!(stores[0].users(None, 100).await.unwrap().len(), 8);
    let outbox = database.open_mongo().await.collection::<Document>("usermgmt_outbox");
    let mut indexes = outbox.list_index_names().await.unwrap();
    indexes.sort();
    assert_eq!(indexes, ["_id_", "dead_at", "due_at", "user_id", "waiting"]);
}

#[tokio::test]
async fn a_second_start_finds_what_the_first_one_wrote() {
    let database = Database::create(SERVER).await;
    let ann = user("ann");
    let store = MongoStore::connect(&database.url).await.unwrap();
    store.apply(&list(registration(&ann))).await.unwrap();
    store.close().await;
    let store = MongoStore::connect(&database.url).await.unwrap();
    assert_eq!(store.users(None, 9).await.unwrap(), [ann]);
}

#[tokio::test]
async fn a_schema_newer_than_this_program_stops_the_start() {
    let database = Database::create(SERVER).await;
    let store = MongoStore::connect(&database.url).await.unwrap();
    let schema = database.open_mongo().await.collection::<Document>("usermgmt_schema");
    schema.update_one(doc! {}, doc! { "$set": { "version": 99_i64 } }).await.unwrap();
    match MongoStore::connect(&database.url).await {
        Err(ConnectError::NewerSchema { found: 99, known: MongoStore::SCHEMA }) => {}
        other => panic!("{other:?}"),
    }
    let ping = store.ping().await;
    assert!(matches!(ping, Err(StoreError::Failed(_))), "{ping:?}");
}

#[tokio::test]
async fn the_version_of_a_schema_is_read_without_making_one() {
    let database = Database::create(SERVER).await;
    assert_eq!(MongoStore::schema_of(&database.url).await.unwrap(), None);
    let made = database.open_mongo().await.list_collection_names().await.unwrap();
    assert!(made.is_empty(), "{made:?}");
    MongoStore::connect(&database.url).await.unwrap().close().await;
    let found = MongoStore::schema_of(&database.url).await.unwrap();
    assert_eq!(found, Some(MongoStore::SCHEMA));
    let schema = database.open_mongo().await.collection::<Document>("usermgmt_schema");
    schema.update_one(doc! {}, doc! { "$set": { "version": 99_i64 } }).await.unwrap();
    assert_eq!(MongoStore::schema_of(&database.url).await.unwrap(), Some(99));
}

#[tokio::test]
async fn what_a_database_lacks_is_told_and_not_made() {
    let database = Database::create(SERVER).await;
    let raw = database.open_mongo().await;
    let store = MongoStore::look_at(&database.url).await.unwrap();
    let all = store.missing().await.unwrap();
    assert!(all.iter().any(|name| name == "usermgmt_users"), "{all:?}");
    assert!(raw.list_collection_names().await.unwrap().is_empty());

    MongoStore::connect(&database.url).await.unwrap().close().await;
    assert!(store.missing().await.unwrap().is_empty());
    raw.collection::<Document>("usermgmt_outbox").drop_index("waiting").await.unwrap();
    raw.collection::<Document>("usermgmt_turns").drop().await.unwrap();
    let store = MongoStore::look_at(&database.url).await.unwrap();
    for _ in 0..2 {
        let missing = store.missing().await.unwrap();
        assert_eq!(missing, ["usermgmt_turns", "usermgmt_outbox.waiting"]);
    }
    store.users(None, 1).await.unwrap();

    MongoStore::connect(&database.url).await.unwrap();
    assert!(store.missing().await.unwrap().is_empty());
}

#[tokio::test]
async fn whoever_only_looks_is_refused_what_a_start_is() {
    let database = Database::create(SERVER).await;
    let raw = database.open_mongo().await;
    let collation = Collation::builder().locale("en").build();
    raw.create_collection("usermgmt_users").collation(collation).await.unwrap();
    match MongoStore::look_at(&database.url).await {
        Err(ConnectError::Collation { collection: "usermgmt_users" }) => {}
        other => panic!("{other:?}"),
    }
    let schema = raw.collection::<Document>("usermgmt_schema");
    schema.insert_one(doc! { "_id": "schema", "version": 99_i64 }).await.unwrap();
    match MongoStore::look_at(&database.url).await {
        Err(ConnectError::NewerSchema { found: 99, known: MongoStore::SCHEMA }) => {}
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_collection_that_takes_different_names_for_equal_stops_the_start() {
    let database = Database::create(SERVER).await;
    let collation = Collation::builder().locale("en").build();
    let create = database.open_mongo().await;
    create.create_collection("usermgmt_identifiers").collation(collation).await.unwrap();
    match MongoStore::connect(&database.url).await {
        Err(ConnectError::Collation { collection: "usermgmt_identifiers" }) => {}
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_server_that_has_stepped_down_is_unavailable_until_it_is_the_primary_again() {
    let database = Database::create(SERVER).await;
    let proxy = MongoProxy::start(database.mongo_server().await, "").await;
    let url = database.mongo_by_way_of(proxy.port);
    let store = MongoStore::connect(&url).await.unwrap();
    proxy.demote(true);
    match store.ping().await {
        Err(StoreError::Unavailable(why)) => {
            assert!(why.to_string().contains("not the primary"), "{why}");
        }
        other => panic!("{other:?}"),
    }
    match MongoStore::connect(&url).await {
        Err(ConnectError::Database(StoreError::Unavailable(why))) => {
            assert!(why.to_string().contains("not the primary"), "{why}");
        }
        other => panic!("{other:?}"),
    }
    proxy.demote(false);
    store.ping().await.unwrap();
}
