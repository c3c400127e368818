//! Rows of one address or username.

use serde_json::{Value, json};
use usermgmt_test_support::{Database, Kind, Setup};

use crate::world::{export, flask_mysql, import, target};

fn row(id: &str, username: &str, email: &str, year: u32) -> Value {
    json!({
        "user_id": id, "username": username, "email": email, "password": "typed in clear",
        "date": format!("{year}-01-01 00:00:00"), "email_confirmed": 1,
    })
}

async fn world() -> (Database, Setup) {
    let rows = [
        row("old", "ann", "ann@example.com", 2020),
        row("new", "annie", "ANN@Example.com", 2021),
        row("name", "ANNIE", "other@example.com", 2022),
        row("alone", "bob", "bob@example.com", 2020),
    ];
    (flask_mysql(&rows).await, target(Kind::Sqlite).await)
}

fn ids(setup: &Setup) -> Vec<String> {
    export(setup).into_keys().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn by_default_nothing_is_imported_and_each_is_listed() {
    let (source, setup) = world().await;
    let (status, report) = import(&setup, "flask-sql", &source.url, &[]);
    assert_eq!((status, &report["imported"]), (1, &json!(0)), "{report}");
    assert_eq!(ids(&setup), [""; 0]);
    let duplicates = report["duplicates"].as_array().unwrap();
    let found: Vec<_> = duplicates.iter().map(|one| (&one["field"], &one["ids"])).collect();
    assert_eq!(
        found,
        [(&json!("email"), &json!(["old", "new"])), (&json!("username"), &json!(["new", "name"]))]
    );
    assert_eq!(duplicates[0]["value_hash"].as_str().map(str::len), Some(64));
    assert!(!report.to_string().contains("ann@"), "{report}");

    let (status, report) = import(&setup, "flask-sql", &source.url, &["--dry-run"]);
    assert_eq!((status, &report["importable"]), (3, &json!(1)), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_duplicates_stop_it_every_row_is_accounted_for() {
    let setup = target(Kind::Sqlite).await;
    let path = setup.dir().join("people.jsonl");
    let header = r#"{"usermgmt_export":1,"exported_at":"2026-01-01T00:00:00.000Z"}"#;
    let there = r#"{"id":"there","username":"cid","email":"cid@example.com"}"#;
    let from = path.to_str().unwrap();
    std::fs::write(&path, [header, there].join("\n")).unwrap();
    assert_eq!(import(&setup, "jsonl", from, &[]).0, 0);

    let lines = [
        header,
        there,
        r#"{"id":"1","username":"ann","email":"ann@example.com"}"#,
        r#"{"id":"2","username":"annie","email":"ANN@example.com"}"#,
        r#"{"id":"wrong","username":"dan","email":"none"}"#,
        r#"{"id":"good","username":"eve","email":"eve@example.com"}"#,
    ];
    std::fs::write(&path, lines.join("\n")).unwrap();
    let (status, report) = import(&setup, "jsonl", from, &[]);
    assert_eq!(status, 1, "{report}");
    assert_eq!(ids(&setup), ["there"]);
    let refused: Vec<_> =
        report["refused"].as_array().unwrap().iter().map(|row| &row["id"]).collect();
    assert_eq!(refused, ["1", "2", "wrong"], "{report}");
    let count = |name: &str| report[name].as_u64().unwrap();
    assert_eq!((count("imported"), count("already"), count("importable")), (0, 1, 1), "{report}");
    assert_eq!(count("read"), 5, "{report}");
    assert_eq!(report.get("dry_run"), None);

    let (_, looked) = import(&setup, "jsonl", from, &["--dry-run"]);
    for name in ["read", "already", "importable", "refused", "duplicates"] {
        assert_eq!(looked[name], report[name], "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_the_oldest_or_none_is_taken_as_asked() {
    for (choice, taken) in [
        ("newest", &["alone", "name", "old"][..]),
        ("oldest", &["alone", "name", "old"][..]),
        ("skip", &["alone"][..]),
    ] {
        let (source, setup) = world().await;
        for run in 0..2 {
            let (status, report) =
                import(&setup, "flask-sql", &source.url, &["--on-duplicate", choice]);
            assert_eq!(status, 3, "{choice}, run {run}: {report}");
            assert_eq!(ids(&setup), taken, "{choice}, run {run}");
            let left_out = report["refused"].as_array().unwrap().len();
            assert_eq!(left_out, 4 - taken.len(), "{choice}, run {run}: {report}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_of_the_target_keeps_its_address_and_name() {
    let (source, setup) = world().await;
    let server = setup.clone().start().await;
    usermgmt_test_support::registered(&server, "bob", "somebody@example.com").await;
    let (status, report) = import(&setup, "flask-sql", &source.url, &["--on-duplicate", "oldest"]);
    assert_eq!(status, 3, "{report}");
    let refused = report["refused"].as_array().unwrap();
    let bob = refused.iter().find(|refused| refused["id"] == "alone").unwrap();
    assert_eq!(bob["reasons"], json!(["username: another account has it"]));
    assert_eq!(report["imported"], json!(2));
}
