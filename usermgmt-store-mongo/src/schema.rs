//! The collections, their indexes, and which version of them a database has.

use std::time::Duration;

use futures_util::TryStreamExt as _;
use mongodb::IndexModel;
use mongodb::bson::{Document, doc};
use mongodb::error::{Error, ErrorKind};
use mongodb::options::IndexOptions;
use serde::Deserialize;
use usermgmt_core::store::StoreError;

use crate::collections::{
    AUDIT, COMMITS, COUNTERS, DEVICES, IDENTIFIERS, IDENTITIES, IS_USER, OUTBOX, PASSKEYS,
    ROOT_KEYS, SERVICE_KEYS, SESSIONS, TOKENS, TURNS, USERS,
};
use crate::error::ConnectError;
use crate::fault::store_error;
use crate::store::MongoStore;
use crate::table::facets;
use crate::value::present;

const SCHEMA: &str = "usermgmt_schema";

const ALL: [&str; 15] = [
    PASSKEYS,
    USERS,
    IDENTIFIERS,
    IDENTITIES,
    DEVICES,
    TOKENS,
    SESSIONS,
    SERVICE_KEYS,
    ROOT_KEYS,
    OUTBOX,
    AUDIT,
    COUNTERS,
    COMMITS,
    TURNS,
    SCHEMA,
];

/// The version of collections and indexes that this code knows.
pub(crate) const VERSION: i64 = 2;

/// The version since which users' documents say whether they have passkeys.
const WITH_PASSKEYS: i64 = 2;

/// How many users are put into the lists by one statement.
const AT_ONCE: usize = 1000;

/// How long building the indexes may take: on a large collection that had none.
const BUILD: Duration = Duration::from_secs(600);

/// Every index but those of the keys. None is unique: what must be unique is a
/// key (`_id`), which stays unique on a sharded cluster too. None is a TTL
/// index: what is over is so by its guard, and goes when purge finds it.
fn indexes() -> Vec<(&'static str, Vec<IndexModel>)> {
    vec![
        (
            USERS,
            vec![
                sparse("unconfirmed_until", doc! { "unconfirmed_until": 1 }),
                sparse("deleted_at", doc! { "deleted_at": 1 }),
                full("role", doc! { "role": 1, "_id": 1 }),
                full("by_created", doc! { "facets": 1, "created_at": 1, "_id": 1 }),
                full("by_username", doc! { "facets": 1, "username_key": 1, "_id": 1 }),
                full("by_email", doc! { "facets": 1, "email_key": 1, "_id": 1 }),
                full("by_full_name", doc! { "facets": 1, "full_name_key": 1, "_id": 1 }),
                full("by_last_name", doc! { "facets": 1, "last_name_key": 1, "_id": 1 }),
            ],
        ),
        (
            IDENTIFIERS,
            vec![sparse("user_id", doc! { "user_id": 1 }), sparse("until", doc! { "until": 1 })],
        ),
        (IDENTITIES, vec![full("user_id", doc! { "user_id": 1, "id": 1 })]),
        (
            DEVICES,
            vec![
                full("user_id", doc! { "_id.user_id": 1 }),
                full("used_at", doc! { "used_at": 1 }),
            ],
        ),
        (PASSKEYS, vec![full("user_id", doc! { "user_id": 1, "created_at": 1, "_id": 1 })]),
        (
            TOKENS,
            vec![
                full("newest", doc! { "user_id": 1, "purpose": 1, "created_at": -1, "_id": -1 }),
                full("expires_at", doc! { "expires_at": 1 }),
            ],
        ),
        (
            SESSIONS,
            vec![
                full("last_used", doc! { "user_id": 1, "last_seen_at": -1, "_id": -1 }),
                full("expires_at", doc! { "expires_at": 1 }),
            ],
        ),
        (
            OUTBOX,
            vec![
                sparse("due_at", doc! { "due_at": 1 }),
                partial("waiting", doc! { "next_attempt_at": 1, "_id": 1 }, "due_at"),
                sparse("dead_at", doc! { "dead_at": 1 }),
                sparse("user_id", doc! { "user_id": 1 }),
            ],
        ),
        (
            AUDIT,
            vec![
                full("user_id", doc! { "user_id": 1, "_id": 1 }),
                full("by_time", doc! { "at": 1, "_id": 1 }),
                full("by_user", doc! { "user_id": 1, "at": 1, "_id": 1 }),
                full("by_actor", doc! { "actor_id": 1, "at": 1, "_id": 1 }),
                full("by_action", doc! { "action": 1, "at": 1, "_id": 1 }),
            ],
        ),
        (COUNTERS, vec![full("resets_at", doc! { "resets_at": 1 })]),
        (COMMITS, vec![full("at", doc! { "at": 1 })]),
    ]
}

fn full(name: &str, keys: Document) -> IndexModel {
    index(keys, IndexOptions::builder().name(name.to_owned()).build())
}

/// Only of documents that have the field.
fn sparse(name: &str, keys: Document) -> IndexModel {
    index(keys, IndexOptions::builder().name(name.to_owned()).sparse(true).build())
}

/// Only of documents that have this other field.
fn partial(name: &str, keys: Document, with: &str) -> IndexModel {
    let options = IndexOptions::builder()
        .name(name.to_owned())
        .partial_filter_expression(doc! { with: present() })
        .build();
    index(keys, options)
}

fn index(keys: Document, options: IndexOptions) -> IndexModel {
    IndexModel::builder().keys(keys).options(options).build()
}

/// Creates what is not there. Any number of processes may do so at a time: each
/// step leaves alone what another one made.
pub(crate) async fn set_up(store: &MongoStore) -> Result<(), ConnectError> {
    let found = version(store).await.map_err(ConnectError::Database)?;
    refuse_newer(found)?;
    let built = tokio::time::timeout(BUILD, async {
        create(store).await?;
        bring_up_to_date(store, found).await.map_err(ConnectError::Database)
    });
    let late = |_| ConnectError::Database(StoreError::unavailable("no indexes in time"));
    built.await.map_err(late)??;
    refuse_newer(version(store).await.map_err(ConnectError::Database)?)
}

/// Refuses what [`set_up`] does, and changes nothing.
pub(crate) async fn look_at(store: &MongoStore) -> Result<(), ConnectError> {
    refuse_newer(version(store).await.map_err(ConnectError::Database)?)?;
    let there = store.ask(|| with_collation(store)).await.map_err(ConnectError::Database)?;
    refuse_collation(&there)
}

/// What [`set_up`] would create: collections, and indexes of those that are there.
pub(crate) async fn missing(store: &MongoStore) -> Result<Vec<String>, StoreError> {
    let there = store.ask(|| with_collation(store)).await?;
    let is_there = |name: &str| there.iter().any(|(found, _)| found == name);
    let mut missing: Vec<String> =
        ALL.iter().filter(|name| !is_there(name)).map(|name| (*name).to_owned()).collect();
    for (name, models) in indexes().into_iter().filter(|(name, _)| is_there(name)) {
        let collection = store.collection::<Document>(name);
        let found = store.ask(|| collection.list_index_names()).await?;
        let names = models.into_iter().filter_map(|model| model.options?.name);
        missing.extend(
            names.filter(|index| !found.contains(index)).map(|index| format!("{name}.{index}")),
        );
    }
    Ok(missing)
}

async fn create(store: &MongoStore) -> Result<(), ConnectError> {
    let failed = |error| ConnectError::Database(store_error(error));
    let there = with_collation(store).await.map_err(failed)?;
    refuse_collation(&there)?;
    for name in ALL {
        if !there.iter().any(|(found, _)| found == name) {
            create_collection(store, name).await.map_err(failed)?;
        }
    }
    for (name, models) in indexes() {
        let collection = store.collection::<Document>(name);
        collection.create_indexes(models).await.map_err(failed)?;
    }
    Ok(())
}

/// Fills in what the version that was found did not write, then says which version
/// it is now.
async fn bring_up_to_date(store: &MongoStore, found: Option<i64>) -> Result<(), StoreError> {
    list_all(store).await?;
    if found.unwrap_or(0) < WITH_PASSKEYS {
        note_passkeys(store).await?;
    }
    let schema = store.collection::<Document>(SCHEMA);
    let present = doc! { "$max": { "version": VERSION } };
    store
        .ask(|| schema.update_one(doc! { "_id": "schema" }, present.clone()).upsert(true))
        .await
        .map(drop)
}

#[derive(Deserialize)]
struct Owned {
    user_id: String,
}

/// Notes with the users who have passkeys that they have some.
async fn note_passkeys(store: &MongoStore) -> Result<(), StoreError> {
    let users = store.collection::<Document>(USERS);
    let mut after = String::new();
    loop {
        let rest = doc! { "user_id": { "$gt": &after } };
        let found: Vec<Owned> = store.find(PASSKEYS, rest, doc! { "user_id": 1 }, AT_ONCE).await?;
        let Some(last) = found.last() else {
            return Ok(());
        };
        after.clone_from(&last.user_id);
        let owners: Vec<String> = found.into_iter().map(|passkey| passkey.user_id).collect();
        let filter = doc! { "_id": { "$in": owners }, IS_USER: present() };
        store.ask(|| users.update_many(filter.clone(), facets::has_passkeys(true))).await?;
    }
}

/// Puts users whom an earlier version wrote into the lists of this one, so many at a
/// time that each statement is answered.
async fn list_all(store: &MongoStore) -> Result<(), StoreError> {
    let users = store.collection::<Document>(USERS);
    loop {
        let found = store.find_ids(USERS, facets::unlisted(), doc! {}, AT_ONCE).await?;
        if found.is_empty() {
            return Ok(());
        }
        let mut filter = facets::unlisted();
        filter.insert("_id", doc! { "$in": found });
        let stages = vec![facets::list()];
        store.ask(|| users.update_many(filter.clone(), stages.clone())).await?;
    }
}

/// Each of ours must compare by bytes: the guards rely on that.
fn refuse_collation(there: &[(String, bool)]) -> Result<(), ConnectError> {
    let has_one = |name: &str| there.iter().any(|(found, has_one)| found == name && *has_one);
    match ALL.into_iter().find(|name| has_one(name)) {
        Some(collection) => Err(ConnectError::Collation { collection }),
        None => Ok(()),
    }
}

/// The collections that are there, and whether each has a collation.
async fn with_collation(store: &MongoStore) -> Result<Vec<(String, bool)>, Error> {
    let found = store.database().list_collections().await?;
    found.map_ok(|found| (found.name, found.options.collation.is_some())).try_collect().await
}

async fn create_collection(store: &MongoStore, name: &str) -> Result<(), Error> {
    match store.database().create_collection(name).await {
        Err(error) if is_there_already(&error) => Ok(()),
        done => done,
    }
}

/// NamespaceExists: another process was faster.
fn is_there_already(error: &Error) -> bool {
    matches!(&*error.kind, ErrorKind::Command(error) if error.code == 48)
}

/// Whether this program works with a schema of that version: its own, or the next,
/// which servers of the version before live through while they are upgraded one after
/// the other, and after which they can be rolled back.
pub(crate) const fn works_with(found: i64) -> bool {
    found == VERSION || found == VERSION + 1
}

fn refuse_newer(found: Option<i64>) -> Result<(), ConnectError> {
    match found {
        Some(found) if found > VERSION && !works_with(found) => {
            Err(ConnectError::NewerSchema { found, known: VERSION })
        }
        _ => Ok(()),
    }
}

#[derive(Deserialize)]
struct SchemaRow {
    version: i64,
}

/// The version that the database has; `None` before the first start.
pub(crate) async fn version(store: &MongoStore) -> Result<Option<i64>, StoreError> {
    let row: Option<SchemaRow> = store.find_one(SCHEMA, doc! { "_id": "schema" }).await?;
    Ok(row.map(|row| row.version))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A guide of this repository.
    fn guide(name: &str) -> String {
        let path = format!("{}/../docs/{name}", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    #[test]
    fn every_collection_is_in_the_guides_with_its_indexes() {
        let guide_to_sharding = guide("scaling.md");
        let table = guide("store-mongo.md");
        let row = |collection: &str| {
            let name = format!("`{collection}`");
            let is_of =
                |line: &&str| line.split(" | ").next().is_some_and(|first| first.contains(&name));
            let row = table.lines().filter(|line| line.starts_with("| ")).find(is_of);
            row.unwrap_or_else(|| panic!("{name} is not in store-mongo.md"))
        };
        for collection in ALL {
            row(collection);
            let short = collection.strip_prefix("usermgmt_").unwrap();
            assert!(
                guide_to_sharding.contains(&format!("\"{short}\""))
                    || guide_to_sharding.contains(&format!("`{collection}`")),
                "{collection} is not in scaling.md"
            );
        }
        for (collection, models) in indexes() {
            for model in models {
                let keys: Vec<&str> = model.keys.keys().map(String::as_str).collect();
                let keys = format!("`{}`", keys.join(", "));
                assert!(row(collection).contains(&keys), "{keys} is not with {collection}");
            }
        }
    }
}
