//! Sources that somebody filled to do harm: what cannot be an account is refused
//! by itself, and everybody else comes over.

use std::os::unix::fs::FileTypeExt as _;

use serde_json::{Value, json};
use usermgmt_test_support::{Database, Kind, Setup};

use crate::world::{FLASK_TABLE, export, import, insert_flask, run, sqlite, target};

/// The id and first reason of every row that was refused.
fn refused(report: &Value) -> Vec<(String, String)> {
    let rows = report["refused"].as_array().unwrap().iter();
    rows.map(|row| {
        let reason = row["reasons"][0].as_str().unwrap();
        (row["id"].as_str().unwrap().to_owned(), reason.to_owned())
    })
    .collect()
}

fn file(setup: &Setup, bytes: &[u8]) -> String {
    let path = setup.dir().join("source");
    std::fs::write(&path, bytes).unwrap();
    path.to_str().unwrap().to_owned()
}

const HEADER: &str = "{\"usermgmt_export\":1,\"exported_at\":\"2026-01-01T00:00:00Z\"}\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_line_is_refused_by_itself_whatever_it_is() {
    let setup = target(Kind::Sqlite).await;
    let long = format!(r#"{{"id":"long","username":"{}"}}"#, "a".repeat(2 << 20));
    let deep = format!(r#"{{"id":"deep","passkeys":{}{}}}"#, "[".repeat(5000), "]".repeat(5000));
    let mut text = HEADER.as_bytes().to_vec();
    for line in [
        long.as_bytes(),
        deep.as_bytes(),
        b"{\"id\":\"\xff\xfe\"}",
        b"\0\0\0",
        br#"{"id":"nul","username":"a\u0000nn","email":"nul@example.com"}"#,
        br#"{"id":"bidi","username":"bidi","email":"b@example.com","first_name":"\u202egnp.exe"}"#,
        br#"{"id":"turned","username":"a\u202ebc","email":"t@example.com"}"#,
        br#"{"id":"\u001b[2J\u009b","username":"escape","email":"e@example.com"}"#,
        br#"{"id":"key","\u001b[2J\u202e":1}"#,
        br#"{"id":"twice","id":"twice","username":"twice","email":"twice@example.com"}"#,
        br#"{"id":"sum","username":"sum","email":"sum@example.com","created_at":"9e99"}"#,
        br#"{"id":"good","username":"good","email":"good@example.com"}"#,
    ] {
        text.extend(line);
        text.push(b'\n');
    }
    let from = file(&setup, &text);
    let (status, report) = import(&setup, "jsonl", &from, &[]);
    assert_eq!((status, &report["imported"]), (3, &json!(1)), "{report}");
    let refused = refused(&report);
    let expected = [
        ("", "line 2: longer than 1 MiB"),
        ("", "line 3: "),
        ("", "line 4: not UTF-8"),
        ("", "line 5: "),
        ("nul", "username: "),
        ("bidi", "first_name: "),
        ("turned", "username: "),
        ("\\u{1b}[2J\\u{9b}", "id: "),
        ("key", "line 10: unknown field"),
        ("twice", "line 11: duplicate field"),
        ("sum", "created_at: "),
    ];
    assert_eq!(refused.len(), expected.len(), "{refused:?}");
    for ((id, reason), (expected_id, expected_reason)) in refused.iter().zip(expected) {
        assert_eq!(id, expected_id, "{reason}");
        assert!(reason.starts_with(expected_reason), "{id}: {reason}");
    }
    assert_eq!(export(&setup).into_keys().collect::<Vec<_>>(), ["good"]);

    // Nothing of it does anything to the operator's terminal.
    let ran = run(&setup, &["import", "--format", "jsonl", "--from", &from]);
    let is_plain = |c: char| c == '\n' || matches!(c, ' '..='~');
    assert!(ran.stderr.chars().all(is_plain), "{:?}", ran.stderr);
}

/// A passkey of the credential `test`, as an export has it.
fn passkey() -> Value {
    // The key is the generator of the curve (SEC 2, 2.4.2).
    let credential = json!({
        "cred_id": "dGVzdA",
        "cred": { "type_": "ES256", "key": { "EC_EC2": {
            "curve": "SECP256R1",
            "x": "axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY",
            "y": "T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU",
        } } },
        "counter": 0,
        "transports": null,
        "user_verified": true,
        "backup_eligible": false,
        "backup_state": false,
        "registration_policy": "required",
        "extensions": {},
        "attestation": { "data": "None", "metadata": "None" },
        "attestation_format": "none",
    });
    json!({
        "id": "n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg",
        "handle": "67e55044-10b1-426f-9247-bb680e5fe0c8",
        "name": "Phone",
        "credential": credential.to_string(),
        "counter": 7,
        "backed_up": false,
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passkey_that_could_never_sign_in_refuses_its_account_alone() {
    let setup = target(Kind::Sqlite).await;
    let off_the_curve = passkey()["credential"].as_str().unwrap().replace("axfR", "AAAA");
    let other = "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU";
    let defects = [
        ("name", json!("")),
        ("name", json!("a\nb")),
        ("handle", json!("x".repeat(36))),
        ("credential", json!("no JSON")),
        ("credential", json!(r#"{"cred_id":"x"}"#)),
        ("credential", json!(off_the_curve)),
        ("id", json!(other)),
        ("counter", json!(1_u64 << 32)),
    ];
    let account = |number: usize, passkey: Value| {
        let (id, email) = (format!("id{number}"), format!("id{number}@example.com"));
        json!({ "id": id, "username": id, "email": email, "passkeys": [passkey] }).to_string()
    };
    let mut lines = vec![HEADER.trim_end().to_owned()];
    for (number, (field, value)) in defects.iter().enumerate() {
        let mut passkey = passkey();
        passkey[field] = value.clone();
        lines.push(account(number, passkey));
    }
    lines.push(account(defects.len(), passkey()));
    let from = file(&setup, lines.join("\n").as_bytes());
    let (status, report) = import(&setup, "jsonl", &from, &[]);
    assert_eq!((status, &report["imported"]), (3, &json!(1)), "{report}");
    let refused = refused(&report);
    assert_eq!(refused.len(), defects.len(), "{refused:?}");
    for ((number, (field, _)), (id, reason)) in defects.iter().enumerate().zip(&refused) {
        assert_eq!(*id, format!("id{number}"));
        assert!(reason.starts_with(&format!("passkeys: {field}: ")), "{id}: {reason}");
    }
    assert_eq!(export(&setup).into_keys().collect::<Vec<_>>(), [format!("id{}", defects.len())]);
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_that_are_no_utf_8_or_have_no_end_refuse_their_row_alone() {
    let setup = target(Kind::Sqlite).await;
    let rows = [
        "CREATE TABLE users (id INTEGER PRIMARY KEY, user_id, username, email, password, date, \
         email_confirmed)",
        "INSERT INTO users (user_id, username, email, password, date, email_confirmed) VALUES \
         ('bytes', CAST(x'ff00fe' AS TEXT), 'a@example.com', 'x', '2023-04-05', 1), \
         ('blob', 'blob', x'c328', 'x', '2023-04-05', 1), \
         ('nul', 'nulnul', 'b@example.com' || char(0) || 'evil', 'x', '2023-04-05', 1), \
         ('huge', 'huge', printf('%.*c', 50000000, 'a'), 'x', '2023-04-05', 1), \
         ('hugeword', 'hugeword', 'c@example.com', printf('%.*c', 50000000, 'a'), '2023-04-05', 1), \
         ('nodate', 'nodate', 'd@example.com', 'x', 'yesterday', 1), \
         (NULL, 'noid', 'e@example.com', 'x', '2023-04-05', 1), \
         ('none', NULL, NULL, NULL, NULL, NULL), \
         ('good', 'good', 'good@example.com', 'a word of theirs', '2023-04-05', 1)",
    ];
    let url = sqlite(&setup.dir().join("old.db"), &rows).await;
    let (status, report) = import(&setup, "flask-sql", &url, &[]);
    assert_eq!((status, &report["imported"]), (3, &json!(1)), "{report}");
    let refused = refused(&report);
    let expected = [
        ("bytes", "username: "),
        ("blob", "email: "),
        ("nul", "email: "),
        ("huge", "email: longer than 8192 characters"),
        ("hugeword", "password: longer than 8192 characters"),
        ("nodate", "created_at: "),
        ("", "id: "),
        ("none", "email: missing"),
    ];
    assert_eq!(refused.len(), expected.len(), "{refused:?}");
    for ((id, _), (expected_id, reason)) in refused.iter().zip(expected) {
        assert_eq!(id, expected_id);
        let row = report["refused"].as_array().unwrap().iter().find(|row| row["id"] == id.as_str());
        let reasons = row.unwrap()["reasons"].as_array().unwrap();
        let is_named = reasons.iter().any(|one| one.as_str().unwrap().starts_with(reason));
        assert!(is_named, "{id}: {reasons:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_of_any_types_refuse_themselves_alone() {
    let source = Database::create("USERMGMT_TEST_MONGO_URL").await;
    let users = source.open_mongo().await.collection::<mongodb::bson::Document>("users");
    use mongodb::bson::doc;
    users
        .insert_many([
            doc! { "_id": 7, "username": "number", "email": "a@example.com" },
            doc! { "_id": "text", "username": "text", "email": "b@example.com", "is_active": true },
            doc! { "_id": "factor", "username": "factor", "email": "c@example.com", "mfa_secret": 5 },
            doc! { "_id": "huge", "username": "huge", "email": "d".repeat(1 << 20) },
            doc! { "_id": "nested", "username": { "$gt": "" }, "email": ["e@example.com"] },
            doc! { "_id": mongodb::bson::oid::ObjectId::from_bytes([1; 12]), "username": "object", "email": "f@example.com" },
        ])
        .await
        .unwrap();
    let setup = target(Kind::Sqlite).await;
    let (status, report) = import(&setup, "flask-mongo", &source.url, &[]);
    assert_eq!(status, 3, "{report}");
    // Ids of one kind do not hide those of another.
    assert_eq!((&report["read"], &report["imported"]), (&json!(6), &json!(2)), "{report}");
    let accounts: Vec<String> = export(&setup).into_keys().collect();
    assert_eq!(accounts, ["01".repeat(12).as_str(), "text"]);
    let reasons = report.to_string();
    // Nobody comes over without the second factor they had.
    assert!(reasons.contains("mfa_secret: not a text"), "{reasons}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_of_cells_with_line_ends_and_quotes_is_read_as_it_was_written() {
    let setup = target(Kind::Sqlite).await;
    let text = b"id,email,username,first_name\r\n\
        1,ann@example.com,\"o\"\"neil, ann\",Ann\r\n\
        2,bob@example.com,\"bob\nadmin,3\",Bob\r\n\
        3,cid@example.com,cid\r\n\
        4,dan@example.com,dan,Dan,too,many\r\n\
        5,eve@example.com,\xff\xfe,Eve\r\n\
        6,\"=cmd|' /C calc'!A0\",fay,Fay\r\n";
    let from = file(&setup, text);
    let (status, report) = import(&setup, "csv", &from, &[]);
    assert_eq!((status, &report["imported"]), (3, &json!(1)), "{report}");
    assert_eq!(export(&setup)["1"]["username"], "o\"neil, ann");
    let refused = refused(&report);
    let expected = [
        ("2", "username: "),
        ("", "row 4: has 3 fields, the header 4"),
        ("", "row 5: has 6 fields, the header 4"),
        ("", "row 6: not UTF-8"),
        ("6", "email: "),
    ];
    assert_eq!(refused.len(), expected.len(), "{refused:?}");
    for ((id, reason), (expected_id, expected_reason)) in refused.iter().zip(expected) {
        assert_eq!(id, expected_id, "{reason}");
        assert!(reason.starts_with(expected_reason), "{id}: {reason}");
    }

    // A quotation mark that nothing closes does not fill the memory.
    let mut text = b"id,email\r\n1,\"".to_vec();
    text.resize(64 << 20, b'a');
    let from = file(&setup, &text);
    let ran = run(&setup, &["import", "--format", "csv", "--from", &from]);
    assert_eq!(ran.status, 1, "{ran:?}");
    assert!(ran.stderr.contains("longer than 1 MiB"), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_is_never_written_to() {
    let setup = target(Kind::Sqlite).await;
    let row = json!({
        "user_id": "1", "username": "ann", "email": "ann@example.com", "password": "x",
        "date": "2023-04-05 06:07:08", "email_confirmed": 1,
    });
    let table = FLASK_TABLE.replace("INTEGER NOT NULL AUTO_INCREMENT", "INTEGER NOT NULL");
    let url = sqlite(&setup.dir().join("old.db"), &[&table, &insert_flask(&[row])]).await;
    let path = setup.dir().join("old.db");
    let before = std::fs::read(&path).unwrap();
    assert_eq!(import(&setup, "flask-sql", &url, &[]).0, 0);
    assert_eq!(std::fs::read(&path).unwrap(), before);
    // One that is not there is not made.
    let ran = run(&setup, &["import", "--format", "flask-sql", "--from", "sqlite:nothing.db"]);
    assert_eq!(ran.status, 1, "{ran:?}");
    assert!(!setup.dir().join("nothing.db").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_replaces_a_file_and_nothing_else() {
    let setup = target(Kind::Sqlite).await;
    let socket = setup.dir().join("socket");
    let _kept = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let ran = run(&setup, &["export", "--to", socket.to_str().unwrap()]);
    assert_eq!(ran.status, 1, "{ran:?}");
    assert!(ran.stderr.contains("not a file"), "{ran:?}");
    assert!(socket.metadata().unwrap().file_type().is_socket());
    let left = std::fs::read_dir(setup.dir()).unwrap();
    let left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().starts_with(".tmp")), "{left:?}");
}
