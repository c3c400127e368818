//! Sources, and the commands.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use usermgmt_test_support::{Database, Kind, Setup};

/// A Python that has Werkzeug.
pub(crate) fn python() -> String {
    std::env::var("USERMGMT_TEST_PYTHON")
        .expect("USERMGMT_TEST_PYTHON is not set: a Python with Werkzeug fills the old databases")
}

/// What the old service's own tools write, a row a value.
pub(crate) fn old_rows(arguments: &[&str]) -> Vec<Value> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/import/old_services.py");
    let output = Command::new(python()).arg(script).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A value of SQL.
fn literal(value: &Value) -> String {
    match value {
        Value::Null => "NULL".to_owned(),
        Value::String(text) => format!("'{}'", text.replace('\'', "''")),
        other => other.to_string(),
    }
}

/// The first old service's table on MySQL, as its ORM made it.
pub(crate) const FLASK_TABLE: &str = "CREATE TABLE users (id INTEGER NOT NULL AUTO_INCREMENT, \
    user_id VARCHAR(36) NOT NULL, username VARCHAR(255) NOT NULL, email VARCHAR(255) NOT NULL, \
    password VARCHAR(255) NOT NULL, date DATETIME NOT NULL, email_confirmed BOOL, \
    PRIMARY KEY (id), UNIQUE (user_id))";

/// A statement that inserts the rows into the first old service's table.
pub(crate) fn insert_flask(rows: &[Value]) -> String {
    let names = ["user_id", "username", "email", "password", "date", "email_confirmed"];
    let rows: Vec<String> = rows
        .iter()
        .map(|row| {
            let values: Vec<String> = names.iter().map(|name| literal(&row[name])).collect();
            format!("({})", values.join(", "))
        })
        .collect();
    format!("INSERT INTO users ({}) VALUES {}", names.join(", "), rows.join(", "))
}

/// A MariaDB as the first old service left it.
pub(crate) async fn flask_mysql(rows: &[Value]) -> Database {
    let database = Database::create("USERMGMT_TEST_MYSQL_URL").await;
    usermgmt_test_support::execute(&database.url, &[FLASK_TABLE, &insert_flask(rows)]).await;
    database
}

/// An SQLite database with these statements run.
pub(crate) async fn sqlite(path: &Path, statements: &[&str]) -> String {
    let url = format!("sqlite:{}", path.display());
    usermgmt_test_support::execute(&format!("{url}?mode=rwc"), statements).await;
    url
}

/// A server's settings over a new store, without limits on attempts.
pub(crate) async fn target(kind: Kind) -> Setup {
    Setup::on(kind).await.var("USERMGMT_LIMITS__ENABLED", "false")
}

/// What a command came to.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs the server's program with these arguments.
pub(crate) fn run(setup: &Setup, arguments: &[&str]) -> Ran {
    let Output { status, stdout, stderr } = setup.command().args(arguments).output().unwrap();
    Ran {
        status: status.code().unwrap_or(-1),
        stdout: String::from_utf8(stdout).unwrap(),
        stderr: String::from_utf8(stderr).unwrap(),
    }
}

/// Imports, and the status and report of it.
pub(crate) fn import(setup: &Setup, format: &str, from: &str, more: &[&str]) -> (i32, Value) {
    let report = setup.dir().join("report.json");
    let _ = std::fs::remove_file(&report);
    let mut arguments = vec!["import", "--format", format, "--from", from];
    arguments.extend(["--report", report.to_str().unwrap()]);
    arguments.extend(more);
    let ran = run(setup, &arguments);
    assert_eq!(ran.stdout, "", "{ran:?}");
    let report = std::fs::read_to_string(&report)
        .unwrap_or_else(|error| panic!("no report ({error}): {ran:?}"));
    (ran.status, serde_json::from_str(&report).unwrap())
}

/// All accounts with their credentials, by their ids.
pub(crate) fn export(setup: &Setup) -> BTreeMap<String, Value> {
    let ran = run(setup, &["export", "--with-credentials"]);
    assert_eq!(ran.status, 0, "{ran:?}");
    let lines = ran.stdout.lines().skip(1);
    let accounts = lines.map(|line| serde_json::from_str::<Value>(line).unwrap());
    accounts.map(|account| (account["id"].as_str().unwrap().to_owned(), account)).collect()
}
