//! From the first old service.

use std::time::Duration;

use serde_json::{Value, json};
use usermgmt_core::clock::{Clock as _, SystemClock};
use usermgmt_test_support::{Kind, Reply, Server, Setup};

use crate::world::{export, flask_mysql, import, old_rows, run, target};

async fn sign_in(server: &Server, identifier: &str, password: &str) -> Reply {
    let body = json!({ "identifier": identifier, "password": password });
    server.post("/api/v1/signin", body).await
}

fn row<'a>(rows: &'a [Value], name: &str) -> &'a Value {
    rows.iter().find(|row| row["username"] == name).unwrap()
}

async fn every_old_password_signs_in_and_is_argon2id_from_then_on(kind: Kind) {
    let rows = old_rows(&["flask-sql"]);
    let source = flask_mysql(&rows).await;
    let setup = target(kind).await;
    let (status, report) = import(&setup, "flask-sql", &source.url, &[]);
    assert_eq!(status, 0, "{report}");
    assert_eq!(
        (&report["read"], &report["imported"], &report["already"]),
        (&json!(12), &json!(12), &json!(0))
    );
    assert_eq!(report["hashes"], json!({ "scrypt": 3, "pbkdf2": 4 }));
    assert_eq!((&report["clear_text"], &report["unknown_hash"]), (&json!(1), &json!(4)));
    assert_eq!(report["unconfirmed"], json!(2));

    let before = export(&setup);
    for row in &rows {
        let account = &before[row["user_id"].as_str().unwrap()];
        assert_eq!(account["username"], row["username"]);
        assert_eq!(account["email"], row["email"]);
        assert_eq!(account["created_at"], "2023-04-05T06:07:08.000Z");
        assert_eq!(account["is_email_confirmed"], row["email_confirmed"] == 1, "{row}");
    }
    let password = |accounts: &std::collections::BTreeMap<String, Value>, name: &str| {
        let id = row(&rows, name)["user_id"].as_str().unwrap().to_owned();
        accounts[&id]["password"].as_str().map(str::to_owned)
    };
    assert_eq!(password(&before, "Scrypt").as_deref(), row(&rows, "Scrypt")["password"].as_str());
    assert!(password(&before, "clear").unwrap().starts_with("$argon2id$"));
    for name in ["unknown", "planted1", "planted2", "planted3"] {
        assert_eq!(password(&before, name), None, "{name}");
    }

    let server = setup.clone().start().await;
    for name in ["scrypt", "pbkdf2", "SHA1", "clear", "spaced name"] {
        for _ in 0..2 {
            let reply = sign_in(&server, name, "old password 1").await;
            assert_eq!(reply.status, 200, "{name}: {reply:?}");
            assert_eq!(sign_in(&server, name, "old password 2").await.status, 401, "{name}");
        }
    }
    // Hashed as it was typed; from then on it counts however it is typed.
    assert_eq!(sign_in(&server, "decomposed", "pa\u{308}ssword one").await.status, 200);
    assert_eq!(sign_in(&server, "decomposed", "p\u{e4}ssword one").await.status, 200);
    for name in ["unconfirmed", "null", "unknown", "planted1", "planted2", "planted3"] {
        let begun = SystemClock.now();
        assert_eq!(sign_in(&server, name, "old password 1").await.status, 401, "{name}");
        assert!(SystemClock.now().since(begun) < Duration::from_secs(5), "{name}");
    }
    // A hash is no password.
    let unknown = row(&rows, "unknown")["password"].as_str().unwrap();
    assert_eq!(sign_in(&server, "unknown", unknown).await.status, 401);

    let after = export(&setup);
    for name in ["Scrypt", "pbkdf2", "sha1", "decomposed", "clear", "spaced name"] {
        assert!(password(&after, name).unwrap().starts_with("$argon2id$"), "{name}");
    }
    // Again, while it runs: nobody is changed.
    let (status, report) = import(&setup, "flask-sql", &source.url, &[]);
    assert_eq!((status, &report["imported"], &report["already"]), (0, &json!(0), &json!(12)));
    assert_eq!(export(&setup), after);
}

crate::on_each_store!(
    every_old_password_signs_in_and_is_argon2id_from_then_on,
    a_dry_run_leaves_no_schema_and_no_secret,
);

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_says_what_would_happen_and_changes_nothing() {
    let mut rows = old_rows(&["flask-sql"]);
    rows[0]["username"] = json!("at@sign");
    rows[1]["email"] = json!("no address");
    rows[2]["username"] = json!("");
    let source = flask_mysql(&rows).await;
    let setup = target(Kind::Sqlite).await;
    let (status, report) = import(&setup, "flask-sql", &source.url, &["--dry-run"]);
    assert_eq!(status, 3, "{report}");
    assert_eq!((&report["read"], &report["importable"]), (&json!(12), &json!(9)));
    assert_eq!(report["imported"], json!(0));
    assert!(!setup.dir().join("usermgmt-data").exists(), "the target was made");
    let refused = report["refused"].as_array().unwrap();
    let reason = |row: &Value| {
        let found = refused.iter().find(|refused| refused["id"] == row["user_id"]).unwrap();
        found["reasons"][0].as_str().unwrap().to_owned()
    };
    assert!(reason(&rows[0]).starts_with("username: "));
    assert!(reason(&rows[1]).starts_with("email: "));
    assert!(reason(&rows[2]).starts_with("username: "));
    assert!(export(&setup).is_empty());

    // The way out for names that cannot be kept.
    let (status, report) = import(&setup, "flask-sql", &source.url, &["--replace-usernames"]);
    assert_eq!((status, &report["imported"]), (3, &json!(11)), "{report}");
    let accounts = export(&setup);
    let account = &accounts[rows[0]["user_id"].as_str().unwrap()];
    assert!(account["username"].as_str().unwrap().starts_with("user-"), "{account}");
}

async fn a_dry_run_leaves_no_schema_and_no_secret(kind: Kind) {
    let setup = target(kind).await;
    let from = setup.dir().join("people.csv");
    std::fs::write(&from, "id,email,username\n1,ann@example.com,ann\n").unwrap();
    let from = from.to_str().unwrap();
    let dry_run = |setup: &Setup| import(setup, "csv", from, &["--dry-run"]);
    let (status, report) = dry_run(&setup);
    assert_eq!((status, &report["importable"]), (0, &json!(1)), "{report}");
    let said = run(&setup, &["migrate", "--check"]).stdout;
    assert!(said.contains("the store is empty"), "{said}");

    assert_eq!(run(&setup, &["migrate"]).status, 0);
    // The store would be another secret's from then on.
    let mistyped = setup.clone().var("USERMGMT_SECRET", "A".repeat(42) + "E");
    let (status, report) = dry_run(&mistyped);
    assert_eq!((status, &report["importable"]), (0, &json!(1)), "{report}");
    let (status, report) = import(&setup, "csv", from, &[]);
    assert_eq!((status, &report["imported"]), (0, &json!(1)), "{report}");
    let (status, report) = dry_run(&setup);
    assert_eq!((status, &report["already"]), (0, &json!(1)), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_does_not_bring_an_older_schema_up_to_date() {
    let setup = target(Kind::Sqlite).await;
    assert_eq!(run(&setup, &["migrate"]).status, 0);
    let url = format!("sqlite:{}", setup.dir().join("usermgmt-data/usermgmt.db").display());
    let older = "DELETE FROM usermgmt_migrations WHERE version > 6";
    usermgmt_test_support::execute(&url, &[older]).await;
    let from = setup.dir().join("people.csv");
    std::fs::write(&from, "id,email\n1,ann@example.com\n").unwrap();
    let from = from.to_str().unwrap();
    let ran = run(&setup, &["import", "--format", "csv", "--from", from, "--dry-run"]);
    assert_eq!(ran.status, 1, "{ran:?}");
    assert!(ran.stderr.contains("by `usermgmt-server migrate`"), "{ran:?}");
    let said = run(&setup, &["migrate", "--check"]).stdout;
    assert!(said.contains("has version 6"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_url_of_sqlalchemy_is_understood() {
    let source = flask_mysql(&old_rows(&["flask-sql"])).await;
    let url = source.url.replacen("mysql:", "mysql+pymysql:", 1);
    let setup = target(Kind::Sqlite).await;
    assert_eq!(import(&setup, "flask-sql", &url, &[]).0, 0);
}
