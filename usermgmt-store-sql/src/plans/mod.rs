//! No statement that runs for a request, and none that purges, reads a table
//! from its beginning to its end: shown by the databases' own plans, on tables
//! that are filled as those of 100,000 users are.

mod fill;
mod samples;

use usermgmt_core::model::token::Purpose;

use self::samples::{LONG_AGO, NOW, Samples};
use crate::dialect::{Dialect, Locked};
use crate::pool::{PoolOptions, Use};
use crate::purge;
use crate::row::Row;
use crate::sql::Statement;
use crate::step::steps;
use crate::store::SqlStore;
use crate::table::{
    audit, counters, credentials, directory, identifiers, identities, outbox, passkeys, sessions,
    tokens, users,
};
#[cfg(any(feature = "postgres", feature = "mysql"))]
use usermgmt_test_support::Database;

/// All that run for a request, and those of purge.
fn statements(samples: &Samples, dialect: Dialect) -> Vec<Statement<'_>> {
    let id = &samples.user.id;
    let mut all = vec![
        users::select_account(id),
        users::select_account_by_identifier(&samples.email, NOW),
        users::select_account_by_identifier(&samples.name, NOW),
        users::select_with_session(id, samples.session.id, NOW),
        users::select_page(Some(id), 100),
        users::select_unconfirmed(NOW, 100),
        users::select_deleted(100, 0),
        identifiers::select_taken(&samples.email, Some(id), NOW),
        credentials::count_recovery_codes(id),
        credentials::select_credentials(std::slice::from_ref(id)),
        credentials::select_recovery_codes(std::slice::from_ref(id)),
        passkeys::select(&samples.passkey.id),
        passkeys::select_of(std::slice::from_ref(id)),
        credentials::select_device(id, "device"),
        identities::select(&samples.identity.issuer, &samples.identity.subject),
        identities::select_of(std::slice::from_ref(id)),
        credentials::select_service_key(&samples.key.id),
        tokens::select(samples.token.id),
        tokens::select_live(id, Purpose::Reset, NOW),
        sessions::select(samples.session.id, NOW),
        sessions::select_all(id, NOW),
        outbox::select_next_at(),
        audit::select_page(id, Some(&samples.entry.id), 100),
        counters::hit(dialect, &samples.hits, NOW),
        counters::give_back(&samples.counters),
        outbox::select_due(dialect, NOW, 10),
        directory::select_one(id),
        directory::count_registered(NOW),
        audit::count_by_day("session.opened", NOW),
        audit::clear_own(id, 100),
        audit::clear_by(id, 100),
        users::select_behind(100),
        dialect.delete_some("usermgmt_audit", "id", "at < ?", LONG_AGO, 100, Locked::Skip),
    ];
    for query in &samples.queries {
        all.extend(directory::statements(dialect, query));
    }
    for (filter, paged) in &samples.audit_pages {
        all.push(audit::select_filtered(dialect, filter, paged));
    }
    all.extend(samples.mail_pages.iter().map(outbox::select_dead_page));
    for change in &samples.changes {
        all.extend(steps(change, dialect).into_iter().map(|step| step.statement));
    }
    for (table, key, condition, time) in purge::over(NOW) {
        all.push(dialect.delete_some(table, key, condition, time, 100, Locked::Skip));
    }
    for (table, key) in purge::OF_A_USER {
        all.push(dialect.delete_some(table, key, "user_id = ?", id, 100, Locked::Wait));
    }
    all
}

/// What this line of a plan reads as a whole, if it does; the next line is the
/// first of its details.
fn scan(line: &Row, next: Option<&Row>) -> Option<String> {
    match line {
        #[cfg(feature = "sqlite")]
        Row::Sqlite(row) => {
            let text: String = sqlx::Row::get(row, "detail");
            let scanned = text.strip_prefix("SCAN ")?;
            let name = scanned.split(' ').next()?;
            // What another part of the statement found is no table, and what is
            // read in the order of an index stops at the LIMIT.
            let is_table = name.starts_with("usermgmt_") || ["u", "t", "s", "i"].contains(&name);
            let is_limited = ["outbox_due", "outbox_dead", "audit_by_time"]
                .iter()
                .any(|index| scanned.ends_with(&format!("INDEX usermgmt_{index}")));
            (is_table && !is_limited).then_some(text)
        }
        #[cfg(feature = "postgres")]
        Row::Postgres(row) => {
            let text: String = sqlx::Row::get(row, 0);
            let detail: String = match next {
                Some(Row::Postgres(row)) => sqlx::Row::get(row, 0),
                _ => String::new(),
            };
            is_postgres_scan(&text, &detail).then_some(text)
        }
        #[cfg(feature = "mysql")]
        Row::MySql(row) => {
            let get = |column| sqlx::Row::get::<Option<String>, _>(row, column);
            let table = get("table").filter(|name| !name.starts_with('<'))?;
            let kind = get("type")?;
            // Read in its order, until the LIMIT.
            if get("key").as_deref() == Some("usermgmt_audit_by_time") {
                return None;
            }
            // An INSERT has no rows to look for.
            let rows: Option<u64> = sqlx::Row::get_unchecked(row, "rows");
            (rows.is_some() && ["ALL", "index"].contains(&&*kind))
                .then(|| format!("{kind} {table}"))
        }
    }
}

/// Indexes of nothing but the rows that are asked for, which are read from the
/// first one on: until the LIMIT, or until the end of the mails that are being
/// sent just now.
#[cfg(feature = "postgres")]
const READ_IN_ORDER: [&str; 5] = [
    "usermgmt_users_deleted",
    "usermgmt_outbox_due",
    "usermgmt_outbox_leased",
    "usermgmt_outbox_dead",
    "usermgmt_audit_by_time",
];

/// A table read as a whole, or an index that no condition narrows: the first
/// detail of one that is narrowed says by what.
#[cfg(feature = "postgres")]
fn is_postgres_scan(line: &str, detail: &str) -> bool {
    let is_index = line.contains(" usermgmt_")
        && ["Index Scan", "Index Only Scan"].iter().any(|kind| line.contains(kind));
    let is_narrowed = detail.trim_start().starts_with("Index Cond:");
    let is_in_order = READ_IN_ORDER.iter().any(|index| {
        line.contains(&format!("Scan using {index} on"))
            || line.contains(&format!("Backward using {index} on"))
    });
    line.contains("Seq Scan on usermgmt_") || (is_index && !is_narrowed && !is_in_order)
}

#[cfg(feature = "postgres")]
#[test]
fn a_postgres_index_that_is_read_as_a_whole_is_a_scan() {
    let index = "->  Index Scan using usermgmt_users_pkey on usermgmt_users u  (cost=0.42 rows=1)";
    let only = "->  Index Only Scan using usermgmt_tokens_user on usermgmt_tokens";
    let bitmap = "->  Bitmap Index Scan on usermgmt_sessions_user  (cost=0.00..4.43 rows=1)";
    for line in [index, only, bitmap] {
        assert!(!is_postgres_scan(line, "      Index Cond: (id = 'x'::text)"), "{line}");
        assert!(is_postgres_scan(line, "      Filter: (id = 'x'::text)"), "{line}");
        assert!(is_postgres_scan(line, ""), "{line}");
    }
    assert!(is_postgres_scan("Seq Scan on usermgmt_users", "  Filter: (epoch = 0)"));
    let due = "->  Index Scan using usermgmt_outbox_due on usermgmt_outbox";
    assert!(!is_postgres_scan(due, "      Filter: (attempts = 0)"));
    assert!(!is_postgres_scan("->  Bitmap Heap Scan on usermgmt_sessions s", "  Recheck Cond"));
}

/// Asserts that no plan has a full scan in it.
async fn assert_no_scans(url: &str) {
    let store = SqlStore::connect(url, PoolOptions::default()).await.unwrap();
    fill::fill(&store).await;
    let samples = Samples::new();
    let mut scans = Vec::new();
    for statement in statements(&samples, store.dialect()) {
        let explain = match store.dialect() {
            #[cfg(feature = "sqlite")]
            Dialect::Sqlite => "EXPLAIN QUERY PLAN",
            #[cfg(any(feature = "postgres", feature = "mysql"))]
            _ => "EXPLAIN",
        };
        let explained = crate::sql::statement(format!("{explain} ")).with(statement.clone());
        let plan = store.pool().fetch(Use::Read, &explained).await;
        let plan = plan.unwrap_or_else(|error| panic!("{}: {error}", statement.sql));
        let lines = plan.iter().enumerate();
        let found = lines.filter_map(|(number, line)| scan(line, plan.get(number + 1)));
        scans.extend(found.map(|scan| format!("{scan}: {}", statement.sql)));
    }
    assert!(scans.is_empty(), "{}", scans.join("\n"));
}

#[cfg(feature = "sqlite")]
#[tokio::test]
async fn sqlite_serves_every_statement_by_an_index() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("accounts.db");
    assert_no_scans(&format!("sqlite:{}", file.display())).await;
}

#[cfg(feature = "postgres")]
#[tokio::test]
async fn postgres_serves_every_statement_by_an_index() {
    let database = Database::create("USERMGMT_TEST_POSTGRES_URL").await;
    assert_no_scans(&database.url).await;
}

#[cfg(feature = "mysql")]
#[tokio::test]
async fn mysql_serves_every_statement_by_an_index() {
    let database = Database::create("USERMGMT_TEST_MYSQL_URL").await;
    assert_no_scans(&database.url).await;
}
