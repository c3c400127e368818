//! A database of every earlier version is brought up to date, whatever rows it
//! has. The versions are those of the files in `migrations/`, and the rows are
//! made for the tables that a version has: a new migration needs nothing here,
//! unless it brings a column whose values mean something to a reader.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use usermgmt_core::clock::Timestamp;
use usermgmt_core::model::ids::UserId;
use usermgmt_core::model::token::Purpose;
use usermgmt_core::store::directory::{DirectoryStore as _, Paged, Search, UserFilter, UserQuery};
use usermgmt_core::store::{
    AuditStore as _, Change, CredentialStore as _, OutboxStore as _, SessionStore as _, Store,
    TokenStore as _, UserStore as _,
};
use usermgmt_core::testkit::{SampleRows, conformance};
use usermgmt_store_sql::{PoolOptions, SqlStore};

const NOW: Timestamp = Timestamp::from_millis(1_769_846_400_000);

/// Makes the table of the versions.
pub(crate) const VERSIONS: &str = "CREATE TABLE usermgmt_migrations \
                        (version BIGINT NOT NULL PRIMARY KEY, applied_at BIGINT NOT NULL)";

/// How many rows a table gets. The first one has no value that it can be without.
const ROWS: i64 = 3;

/// A column of a table; `is_needed` where it takes no NULL.
#[derive(Debug)]
pub(crate) struct Column {
    pub(crate) table: String,
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) is_needed: bool,
}

/// A database without the store.
pub(crate) trait Raw: Sized {
    /// The folder of its migrations.
    const FOLDER: &'static str;

    /// A new, empty one.
    async fn new() -> Self;
    fn url(&self) -> &str;
    async fn run(&self, sql: String);
    async fn columns(&self) -> Vec<Column>;
    async fn count(&self, what: &str) -> i64;
    /// A literal of bytes, which are given in hex.
    fn bytes(hex: &str) -> String;
}

/// Implements it by one of `sqlx`'s drivers: `$columns` reads table, column, type and
/// whether NULL is refused, and `$make` gives a URL and what has to live as long.
macro_rules! raw_database {
    ($pool:ty, $folder:literal, $columns:expr, $bytes:literal, $make:expr) => {
        struct RawDatabase {
            pool: $pool,
            url: String,
            _database: Box<dyn std::any::Any>,
        }

        impl migrations::Raw for RawDatabase {
            const FOLDER: &'static str = $folder;

            async fn new() -> Self {
                let (url, database) = ($make)().await;
                let pool = <$pool>::connect(&url).await.unwrap();
                Self { pool, url, _database: Box::new(database) }
            }

            fn url(&self) -> &str {
                &self.url
            }

            async fn run(&self, sql: String) {
                let done = sqlx::raw_sql(sqlx::AssertSqlSafe(sql.clone())).execute(&self.pool);
                done.await.unwrap_or_else(|error| panic!("{error}: {sql}"));
            }

            async fn columns(&self) -> Vec<migrations::Column> {
                let rows = sqlx::query_as::<_, (String, String, String, String)>($columns);
                let rows = rows.fetch_all(&self.pool).await.unwrap().into_iter();
                rows.map(|(table, name, kind, needed)| {
                    let is_needed = needed == "NO" || needed == "1";
                    migrations::Column { table, name, kind: kind.to_lowercase(), is_needed }
                })
                .collect()
            }

            async fn count(&self, what: &str) -> i64 {
                let sql = sqlx::AssertSqlSafe(format!("SELECT COUNT(*) FROM {what}"));
                sqlx::query_scalar(sql).fetch_one(&self.pool).await.unwrap()
            }

            fn bytes(hex: &str) -> String {
                format!($bytes, hex)
            }
        }
    };
}

/// The scripts in the order of their versions, of which the first is 1.
pub(crate) fn scripts<R: Raw>() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(R::FOLDER);
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let mut files: Vec<_> = files.collect();
    files.sort();
    for (version, file) in (1..).zip(&files) {
        let name = file.file_name().unwrap().to_str().unwrap();
        assert!(name.starts_with(&format!("{version:04}_")), "{name} is of version {version}");
    }
    files.iter().map(|file| std::fs::read_to_string(file).unwrap()).collect()
}

/// Makes the schema of this version, as the program that knew no later one did.
pub(crate) async fn bring_to<R: Raw>(raw: &R, version: usize) {
    if version == 0 {
        return;
    }
    raw.run(VERSIONS.to_owned()).await;
    for (version, script) in (1..=version).zip(scripts::<R>()) {
        raw.run(script).await;
        let done = format!("INSERT INTO usermgmt_migrations VALUES ({version}, 0)");
        raw.run(done).await;
    }
}

/// The tables with their columns, but for the one of the versions.
async fn tables<R: Raw>(raw: &R) -> BTreeMap<String, Vec<Column>> {
    let mut tables: BTreeMap<String, Vec<Column>> = BTreeMap::new();
    for column in raw.columns().await {
        tables.entry(column.table.clone()).or_default().push(column);
    }
    tables.remove("usermgmt_migrations");
    tables
}

/// Puts rows into every table there is, and says which tables these are.
pub(crate) async fn fill<R: Raw>(raw: &R) -> Vec<String> {
    let mut tables = tables(raw).await;
    // Its rows come with the schema.
    tables.remove("usermgmt_turns");
    for (table, columns) in &tables {
        for number in 1..=ROWS {
            let names: Vec<_> = columns.iter().map(|column| column.name.as_str()).collect();
            let values: Vec<_> = columns.iter().map(|column| value::<R>(column, number)).collect();
            let (names, values) = (names.join(", "), values.join(", "));
            raw.run(format!("INSERT INTO {table} ({names}) VALUES ({values})")).await;
        }
    }
    tables.into_keys().collect()
}

fn value<R: Raw>(column: &Column, number: i64) -> String {
    let name = column.name.as_str();
    // A row without a user is nobody's, and a factor without a secret is none.
    let is_filled = name == "user_id" || column.table == "usermgmt_totp";
    if number == 1 && !column.is_needed && !is_filled {
        return "NULL".to_owned();
    }
    match (column.table.as_str(), name) {
        (_, "user_id") | ("usermgmt_users", "id") => format!("'user-{number}'"),
        ("usermgmt_identifiers", "kind") => "'email'".to_owned(),
        ("usermgmt_outbox", "kind") => "'confirmation'".to_owned(),
        (_, "id" | "confirmed_id" | "pending_id") if !is_binary(column) => {
            format!("'019c1310-e47b-7cbb-98ca-{number:012x}'")
        }
        (_, "role" | "actor") => "'user'".to_owned(),
        (_, "amr" | "tokens" | "detail") => "'[]'".to_owned(),
        (_, "params") => "'{}'".to_owned(),
        (_, "ip") => format!("'192.0.2.{number}'"),
        (_, "purpose") => "1".to_owned(),
        (_, "allow_admin") => "0".to_owned(),
        _ => match column.kind.as_str() {
            "bigint" | "integer" | "int" if is_time(name) => {
                (NOW.as_millis() + 1000 * number).to_string()
            }
            "bigint" | "integer" | "int" => number.to_string(),
            _ if is_binary(column) => R::bytes(&format!("{number:032x}")),
            "text" | "mediumtext" | "varbinary" => format!("'{name}-{number}'"),
            other => panic!("{column:?}: no value of type {other} is known"),
        },
    }
}

fn is_binary(column: &Column) -> bool {
    ["blob", "bytea", "binary"].contains(&column.kind.as_str())
}

fn is_time(name: &str) -> bool {
    name == "at" || ["_at", "_until", "_time"].iter().any(|ending| name.ends_with(ending))
}

async fn open<R: Raw>(raw: &R) -> SqlStore {
    SqlStore::connect(raw.url(), PoolOptions::default()).await.unwrap()
}

/// What was put into every table is read by the present code.
async fn assert_readable(store: &SqlStore) {
    let rows = usize::try_from(ROWS).unwrap();
    let user: UserId = "user-1".parse().unwrap();
    let account = store.account(&user).await.unwrap().unwrap();
    assert_eq!(account.user.username.as_str(), "username-1");
    assert!(account.totp.is_some(), "{account:?}");
    assert_eq!(store.sessions(&user, NOW).await.unwrap().len(), 1);
    let mut tokens = 0;
    for purpose in Purpose::ALL {
        tokens += usize::from(store.live_token(&user, purpose, NOW).await.unwrap().is_some());
    }
    assert_eq!(tokens, 1);
    assert_eq!(store.recovery_codes_left(&user).await.unwrap(), 1);
    assert_eq!(store.service_keys(None, 10).await.unwrap().len(), rows);
    assert_eq!(store.root_keys().await.unwrap().len(), rows);
    assert_eq!(store.audit(&user, None, 10).await.unwrap().len(), 1);
    let depth = store.outbox_depth().await.unwrap();
    assert_eq!(depth.waiting + depth.dead, u64::try_from(ROWS).unwrap());
}

/// Everything there was is there, and the schema is the present one.
pub(crate) async fn assert_up_to_date<R: Raw>(raw: &R, filled: &[String]) -> Arc<dyn Store> {
    let store = open(raw).await;
    let present = scripts::<R>().len();
    let versions = raw.count("usermgmt_migrations").await;
    assert_eq!(versions, i64::try_from(present).unwrap(), "every file is a migration, once");
    for table in filled {
        assert_eq!(raw.count(table).await, ROWS, "{table}");
    }
    if !filled.is_empty() {
        assert_readable(&store).await;
    }
    // Last, because it writes a row.
    store.ping().await.unwrap();
    Arc::new(store)
}

/// As while servers of the version before work on the present schema: they know
/// nothing of what lists are read by.
pub(crate) async fn what_an_earlier_version_wrote_is_listed_after_purges<R: Raw>() {
    let raw = R::new().await;
    let store = open(&raw).await;
    let rows = SampleRows::new(1);
    let mut sessions = Vec::new();
    for name in ["ann", "bob", "cleo"] {
        let user = rows.user(name);
        store.apply(&rows.commit(rows.registration(&user, None))).await.unwrap();
        let (session, secret) = (rows.session(&user.id), rows.secret());
        let confirm = Change::ConfirmTotp {
            user_id: user.id.clone(),
            factor_id: secret.factor_id.clone(),
            step: 1,
        };
        let pend = Change::SetPendingTotp { user_id: user.id, secret };
        let mut list = vec![Change::InsertSession(Box::new(session.clone()))];
        match name {
            "bob" => list.push(Change::InsertPasskey(Box::new(rows.passkey(&session.user_id)))),
            _ => list.extend([pend, confirm]),
        }
        store.apply(&rows.commit(list)).await.unwrap();
        sessions.push(session);
    }
    let gone = rows.user("gone");
    store.apply(&rows.commit(rows.registration(&gone, None))).await.unwrap();
    raw.run(
        "UPDATE usermgmt_users SET first_name = 'Grace', last_name = 'Hopper', mfa = 0, \
         last_sign_in_at = NULL, updated_at = updated_at + 1"
            .to_owned(),
    )
    .await;
    let query = |text: &str| UserQuery {
        filter: UserFilter { search: Search::typed(text), ..UserFilter::default() },
        paged: Paged::first(10),
        most_sorted: 10,
    };
    let found = async |text: &str| store.list_users(&query(text)).await.unwrap().rows.len();
    assert_eq!((found("grace").await, found("ann").await), (0, 1));
    let at = SampleRows::NOW;
    let deletion = [
        Change::DeleteUser { id: gone.id.clone(), epoch: 0, at },
        Change::ReleaseIdentifiers { user_id: gone.id.clone() },
    ];
    store.apply(&rows.commit(deletion)).await.unwrap();

    let mut rounds = 0;
    while store.purge(at, 2).await.unwrap() > 0 {
        rounds += 1;
        assert!(rounds < 10, "a row stays behind");
    }
    assert!(rounds > 1, "more than a purge takes at a time");
    for text in ["grace", "hopper", "grace hop"] {
        assert_eq!(found(text).await, 3, "{text}");
    }
    for session in sessions {
        let listed = store.listed_user(&session.user_id).await.unwrap().unwrap();
        assert!(listed.mfa_enabled, "{listed:?}");
        assert_eq!(listed.last_sign_in_at, Some(session.created_at), "{listed:?}");
    }
    assert!(store.listed_user(&gone.id).await.unwrap().is_none());
}

/// As a version left it that knew of no second factor but the authenticator app.
pub(crate) async fn a_passkey_of_an_earlier_version_counts_as_a_second_factor<R: Raw>() {
    let raw = R::new().await;
    bring_to(&raw, 6).await;
    fill(&raw).await;
    raw.run("UPDATE usermgmt_users SET mfa = 0, deleted_at = NULL".to_owned()).await;
    raw.run("DELETE FROM usermgmt_totp".to_owned()).await;
    raw.run("DELETE FROM usermgmt_passkeys WHERE user_id = 'user-1'".to_owned()).await;
    let store = open(&raw).await;
    for (user, expected) in [("user-1", false), ("user-2", true)] {
        let listed = store.listed_user(&user.parse().unwrap()).await.unwrap().unwrap();
        assert_eq!(listed.mfa_enabled, expected, "{user}");
    }
}

pub(crate) async fn a_database_of_any_earlier_version_is_brought_up_to_date<R: Raw>() {
    // The present one too: a start changes nothing about it.
    for version in 0..=scripts::<R>().len() {
        let raw = R::new().await;
        bring_to(&raw, version).await;
        let filled = fill(&raw).await;
        assert_eq!(filled.is_empty(), version == 0, "{filled:?}");
        let store = assert_up_to_date(&raw, &filled).await;
        // It works, as far as the suite can ask a store that has rows.
        conformance::counters::attempts_add_up_in_a_window_that_begins_with_the_first(
            store.clone(),
        )
        .await;
        conformance::users::every_field_of_a_user_round_trips(store).await;
    }
}
