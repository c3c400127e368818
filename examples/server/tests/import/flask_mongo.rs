//! From the second old service.

use mongodb::bson::{self, Bson, DateTime, oid::ObjectId};
use serde_json::{Value, json};
use usermgmt_core::clock::{Clock as _, SystemClock};
use usermgmt_test_support::{Database, Kind};

use crate::world::{export, import, old_rows, target};

/// A database as the second old service left it.
async fn filled(rows: &[Value]) -> Database {
    let database = Database::create("USERMGMT_TEST_MONGO_URL").await;
    let users = database.open_mongo().await.collection::<bson::Document>("users");
    for row in rows {
        let mut document = bson::serialize_to_document(row).unwrap();
        let id = row["_id"].as_str().unwrap();
        document.insert("_id", ObjectId::parse_str(id).unwrap());
        for name in ["created_at", "updated_at"] {
            if let Some(millis) = row[name].as_i64() {
                document.insert(name, Bson::DateTime(DateTime::from_millis(millis)));
            }
        }
        users.insert_one(document).await.unwrap();
    }
    database
}

async fn accounts_come_over_with_their_ids_roles_dates_and_second_factors(kind: Kind) {
    let rows = old_rows(&["flask-mongo"]);
    let source = filled(&rows).await;
    let setup = target(kind).await;
    let (status, report) = import(&setup, "flask-mongo", &source.url, &[]);
    assert_eq!((status, &report["imported"]), (0, &json!(rows.len())), "{report}");

    let accounts = export(&setup);
    let account = |name: &str| {
        let row = rows.iter().find(|row| row["username"] == name).unwrap();
        &accounts[row["_id"].as_str().unwrap()]
    };
    assert_eq!(account("scrypt")["role"], "admin");
    assert_eq!(account("scrypt")["gender"], "Female");
    assert_eq!(account("scrypt")["created_at"], "2023-04-05T06:07:08.123Z");
    assert_eq!(account("scrypt")["updated_at"], "2023-07-29T23:53:48.456Z");
    assert_eq!(account("inactive")["is_email_confirmed"], false);
    assert_eq!(account("absent")["role"], "user");
    assert_eq!(account("absent")["gender"], Value::Null);
    assert_eq!(account("nopassword").get("password"), None);
    assert_eq!(account("mfa")["totp"]["secret"], "JBSWY3DPEHPK3PXP");

    let server = setup.start().await;
    let sign_in = async |name: &str| {
        let body = json!({ "identifier": name, "password": "Old Password 1!" });
        server.post("/api/v1/signin", body).await
    };
    for (name, status) in
        [("scrypt", 200), ("PBKDF2", 200), ("absent", 200), ("inactive", 401), ("nopassword", 401)]
    {
        assert_eq!(sign_in(name).await.status, status, "{name}");
    }
    // Nobody is locked out for good: who has no password sets one.
    let forgot = json!({ "identifier": "nopassword" });
    assert_eq!(server.post("/api/v1/password/forgot", forgot).await.status, 200);
    server.mail_to("nopassword@example.com").await;

    let reply = sign_in("mfa").await;
    assert_eq!((reply.status, reply.field("error")), (401, "mfa_required".to_owned()));
    let secret = totp_rs::Secret::try_from_base32("JBSWY3DPEHPK3PXP").unwrap();
    let totp = totp_rs::Builder::new().with_secret(secret).build_noncompliant();
    let now = u64::try_from(SystemClock.now().as_secs()).unwrap();
    let code = totp.generate(now).to_string();
    let body = json!({ "mfa_token": reply.field("mfa_token"), "code": code });
    let reply = server.post("/api/v1/signin/mfa", body).await;
    assert_eq!(reply.status, 200, "{reply:?}");
}

crate::on_each_store!(accounts_come_over_with_their_ids_roles_dates_and_second_factors);

#[tokio::test(flavor = "multi_thread")]
async fn a_collection_that_is_not_there_is_no_empty_import() {
    let source = Database::create("USERMGMT_TEST_MONGO_URL").await;
    let setup = target(Kind::Sqlite).await;
    let from = ["import", "--format", "flask-mongo", "--from", &source.url];
    let ran = crate::world::run(&setup, &from);
    assert_eq!(ran.status, 1, "{ran:?}");
    assert!(ran.stderr.contains("users"), "{ran:?}");
}
