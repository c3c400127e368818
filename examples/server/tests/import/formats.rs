//! Every other system, by a small fixture of its true shape: two people each,
//! one of whom has what the format can carry, and the other as little as it allows.

use serde_json::{Value, json};
use usermgmt_test_support::{Database, Kind, Setup};

use crate::world::{export, import, run, sqlite, target};

const PASSWORD: &str = "foreign password";
const BCRYPT: &str = "$2a$04$abcdefghijklmnopqrstuux68uO98LCGLRhxwJ1ZZXFM2IhsQOCZm";

/// Imports two people, and looks at the first of them, who then signs in.
async fn comes_over(setup: Setup, format: &str, from: &str, id: &str, expected: Value) {
    let (status, report) = import(&setup, format, from, &[]);
    assert_eq!((status, &report["imported"]), (0, &json!(2)), "{format}: {report}");
    let accounts = export(&setup);
    let account = accounts.get(id).unwrap_or_else(|| panic!("{format}: {accounts:?}"));
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&account[name], value, "{format}: {name}");
    }
    for account in accounts.values().filter(|account| account["id"] != id) {
        assert_eq!(account["is_email_confirmed"], false, "{format}: {account}");
        assert_eq!(account.get("password"), None, "{format}: {account}");
        assert!(!account["username"].as_str().unwrap().is_empty());
    }
    let server = setup.start().await;
    let body = json!({ "identifier": account["email"], "password": PASSWORD });
    let reply = server.post("/api/v1/signin", body).await;
    let expected = if account.get("totp").is_some() { 401 } else { 200 };
    assert_eq!(reply.status, expected, "{format}: {reply:?}");
    if expected == 401 {
        assert_eq!(reply.field("error"), "mfa_required", "{format}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn devise() {
    let setup = target(Kind::Sqlite).await;
    let table = "CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT, \
        email varchar DEFAULT '' NOT NULL, encrypted_password varchar DEFAULT '' NOT NULL, \
        reset_password_token varchar, confirmed_at datetime(6), username varchar, \
        otp_required_for_login boolean, otp_secret varchar, \
        created_at datetime(6) NOT NULL, updated_at datetime(6) NOT NULL)";
    let rows = format!(
        "INSERT INTO users VALUES (1, 'ann@example.com', '{BCRYPT}', NULL, \
         '2022-01-02 03:04:05.000001', 'ann', 0, NULL, '2022-01-02 03:04:05.123456', \
         '2022-02-02 03:04:05.123456'), (2, 'bob@example.com', '', NULL, NULL, NULL, NULL, NULL, \
         '2022-01-02 03:04:05', '2022-01-02 03:04:05')"
    );
    let url = sqlite(&setup.dir().join("devise.db"), &[table, &rows]).await;
    let expected = json!({
        "username": "ann", "email": "ann@example.com", "is_email_confirmed": true,
        "created_at": "2022-01-02T03:04:05.123Z", "password": BCRYPT,
    });
    comes_over(setup, "devise", &url, "1", expected).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn django_allauth() {
    let setup = target(Kind::Sqlite).await;
    let users = "CREATE TABLE auth_user (id integer PRIMARY KEY AUTOINCREMENT, \
        password varchar(128) NOT NULL, last_login datetime, is_superuser bool NOT NULL, \
        username varchar(150) NOT NULL UNIQUE, last_name varchar(150) NOT NULL, \
        email varchar(254) NOT NULL, is_staff bool NOT NULL, is_active bool NOT NULL, \
        date_joined datetime NOT NULL, first_name varchar(150) NOT NULL)";
    let addresses = "CREATE TABLE account_emailaddress (id integer PRIMARY KEY AUTOINCREMENT, \
        verified bool NOT NULL, \"primary\" bool NOT NULL, user_id integer NOT NULL, \
        email varchar(254) NOT NULL)";
    let factors = "CREATE TABLE mfa_authenticator (id integer PRIMARY KEY AUTOINCREMENT, \
        type varchar(20) NOT NULL, data text NOT NULL, user_id integer NOT NULL, \
        created_at datetime NOT NULL, last_used_at datetime)";
    let hash = "pbkdf2_sha256$1000$saltSALTsaltSALT$IOwX9TlF737+usaK0VTQ+tssdMMbXXKP5NgPylzPEVs=";
    let rows = format!(
        "INSERT INTO auth_user VALUES (1, '{hash}', NULL, 1, 'ann', 'Example', 'ann@example.com', \
         1, 1, '2022-01-02 03:04:05.123456', 'Ann'), (2, '!unusable', NULL, 0, 'bob', '', '', 0, \
         0, '2022-01-02 03:04:05', '')"
    );
    let more = "INSERT INTO account_emailaddress VALUES (1, 0, 1, 1, 'ann@work.example.com'), \
        (2, 1, 0, 1, 'Ann@example.com'), (3, 0, 1, 2, 'bob@example.com')";
    let factor = "INSERT INTO mfa_authenticator VALUES \
        (1, 'totp', '{\"secret\": \"MFRGGZDFMZTWQ2LK\"}', 1, '2022-01-02 03:04:05', NULL)";
    let statements = [users, addresses, factors, &rows, more, factor];
    let url = sqlite(&setup.dir().join("allauth.db"), &statements).await;
    let expected = json!({
        "username": "ann", "role": "admin", "first_name": "Ann", "is_email_confirmed": true,
        "is_disabled": false, "password": hash,
        "totp": { "secret": "MFRGGZDFMZTWQ2LK", "algorithm": "SHA1", "digits": 6, "period": 30 },
    });
    comes_over(setup, "allauth", &url, "1", expected).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn djangos_address_is_not_confirmed_by_another_that_is() {
    let setup = target(Kind::Sqlite).await;
    let statements = [
        "CREATE TABLE auth_user (id integer PRIMARY KEY, password, is_superuser, username, \
         last_name, email, is_active, date_joined, first_name)",
        "CREATE TABLE account_emailaddress (id integer PRIMARY KEY, verified, \"primary\", user_id, \
         email)",
        "INSERT INTO auth_user VALUES (1, '!', 0, 'eve', '', 'boss@example.com', 1, '2022-01-02', '')",
        "INSERT INTO account_emailaddress VALUES (1, 1, 1, 1, 'eve@example.com')",
    ];
    let url = sqlite(&setup.dir().join("allauth.db"), &statements).await;
    assert_eq!(import(&setup, "allauth", &url, &[]).0, 0);
    let account = &export(&setup)["1"];
    assert_eq!(account["email"], "boss@example.com");
    assert_eq!(account["is_email_confirmed"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn supabase() {
    let database = Database::create("USERMGMT_TEST_POSTGRES_URL").await;
    let id = "0b7a3b0c-6f0c-4d59-9c28-3f1c61e5ab11";
    let rows = format!(
        "INSERT INTO auth.users VALUES ('{id}', 'ann@example.com', '{BCRYPT}', \
         '2022-01-02 03:04:05+00', NULL, '{{\"first_name\": \"Ann\"}}', \
         '2022-01-02 03:04:05.123456+00', '2022-01-02 03:04:05+00', NULL), \
         ('ffffffff-6f0c-4d59-9c28-3f1c61e5ab11', 'bob@example.com', '', NULL, \
         '2999-01-01 00:00:00+00', NULL, '2022-01-02 03:04:05+00', NULL, NULL), \
         ('eeeeeeee-6f0c-4d59-9c28-3f1c61e5ab11', 'gone@example.com', '', NULL, NULL, NULL, \
         '2022-01-02 03:04:05+00', NULL, '2022-01-02 03:04:05+00')"
    );
    usermgmt_test_support::execute(
        &database.url,
        &[
            "CREATE SCHEMA auth",
            "CREATE TABLE auth.users (id uuid PRIMARY KEY, email varchar(255), \
             encrypted_password varchar(255), email_confirmed_at timestamptz, \
             banned_until timestamptz, raw_user_meta_data jsonb, created_at timestamptz, \
             updated_at timestamptz, deleted_at timestamptz)",
            "CREATE TABLE auth.mfa_factors (id uuid PRIMARY KEY, user_id uuid NOT NULL, \
             factor_type text NOT NULL, status text NOT NULL, secret text, \
             created_at timestamptz NOT NULL)",
            &rows,
        ],
    )
    .await;
    let setup = target(Kind::Sqlite).await;
    let expected = json!({
        "first_name": "Ann", "is_email_confirmed": true, "created_at": "2022-01-02T03:04:05.123Z",
        "password": BCRYPT,
    });
    comes_over(setup, "supabase", &database.url, id, expected).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn better_auth() {
    let database = Database::create("USERMGMT_TEST_POSTGRES_URL").await;
    let id = "JfsQTeH1f1BNjjGIXVyfkXEtrIJ6Pmwb";
    let key = "864c1a6072960951f2100ee0c4339d6527ce8a34005909edb4c009807abc7840\
        0aa3f92f4c6635daee528dd00a1c482a61b7250470840f4615e2a6e5ccc3c385";
    let rows = format!(
        "INSERT INTO \"user\" VALUES ('{id}', 'Ann Example', 'ann@example.com', true, NULL, \
         '2022-01-02 03:04:05.123', '2022-01-02 03:04:05'), \
         ('Zz', 'Bob', 'bob@example.com', false, NULL, now(), now())"
    );
    let account = format!(
        "INSERT INTO account VALUES ('1', '{id}', 'credential', '{id}', \
         '0123456789abcdef0123456789abcdef:{key}')"
    );
    usermgmt_test_support::execute(
        &database.url,
        &[
            "CREATE TABLE \"user\" (id text PRIMARY KEY, name text NOT NULL, email text NOT NULL \
             UNIQUE, \"emailVerified\" boolean NOT NULL, image text, \"createdAt\" timestamp NOT \
             NULL, \"updatedAt\" timestamp NOT NULL)",
            "CREATE TABLE account (id text PRIMARY KEY, \"accountId\" text NOT NULL, \
             \"providerId\" text NOT NULL, \"userId\" text NOT NULL, password text)",
            &rows,
            &account,
        ],
    )
    .await;
    let setup = target(Kind::Sqlite).await;
    let expected = json!({
        "first_name": "Ann", "last_name": "Example", "is_email_confirmed": true,
        "created_at": "2022-01-02T03:04:05.123Z",
    });
    comes_over(setup, "better-auth", &database.url, id, expected).await;
}

/// A file with this text.
fn file(setup: &Setup, text: &str) -> String {
    let path = setup.dir().join("source");
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn keycloak() {
    let setup = target(Kind::Sqlite).await;
    let secret = json!({
        "value": "FajLp7lEbArZNXyfMj50HRrc36rQVw/OI6avQcvhrXAGL8FOCFtXXg1br7PBwLteTAJcJndXFMNgM1XQG9Wa7w==",
        "salt": "c2FsdFNBTFRzYWx0U0FMVA==", "additionalParameters": {},
    });
    let how = json!({
        "hashIterations": 1000, "algorithm": "pbkdf2-sha512", "additionalParameters": {},
    });
    let realm = json!({
        "id": "shop", "realm": "shop", "enabled": true, "roles": { "realm": [] },
        "users": [
            {
                "id": "6f2f1b39-3ce9-4a1c-9b46-0f6d0e7aa9d1", "createdTimestamp": 1641092645123_i64,
                "username": "ann", "enabled": true, "totp": true, "emailVerified": true,
                "firstName": "Ann", "lastName": "Example", "email": "ann@example.com",
                "attributes": { "locale": ["de"] },
                "credentials": [
                    {
                        "id": "1", "type": "password", "createdDate": 1641092645123_i64,
                        "secretData": secret.to_string(), "credentialData": how.to_string(),
                    },
                    {
                        "id": "2", "type": "otp", "userLabel": "phone",
                        "secretData": "{\"value\":\"abcdefghij\"}",
                        "credentialData": "{\"subType\":\"totp\",\"digits\":8,\"counter\":0,\"period\":60,\"algorithm\":\"HmacSHA256\"}",
                    },
                ],
                "realmRoles": ["default-roles-shop"], "groups": [],
            },
            {
                "id": "0f2f1b39-3ce9-4a1c-9b46-0f6d0e7aa9d1", "username": "bob@example.org2",
                "enabled": false, "email": "bob@example.com",
            },
        ],
        "clients": [],
    });
    let from = file(&setup, &realm.to_string());
    let (status, report) = import(&setup, "keycloak", &from, &["--dry-run"]);
    assert_eq!(status, 3, "a name that is an address: {report}");
    let from = file(&setup, &realm.to_string().replace("bob@example.org2", "bobby"));
    let expected = json!({
        "username": "ann", "first_name": "Ann", "locale": "de", "is_email_confirmed": true,
        "created_at": "2022-01-02T03:04:05.123Z",
        "totp": { "secret": "MFRGGZDFMZTWQ2LK", "algorithm": "SHA256", "digits": 8, "period": 60 },
    });
    comes_over(setup, "keycloak", &from, "6f2f1b39-3ce9-4a1c-9b46-0f6d0e7aa9d1", expected).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn auth0() {
    let setup = target(Kind::Sqlite).await;
    let lines = [
        json!({
            "_id": { "$oid": "60425dc43519d90068f82973" }, "email_verified": true,
            "email": "ann@example.com", "passwordHash": BCRYPT.replace("$2a$", "$2b$"),
            "password_set_date": { "$date": "2021-03-05T16:34:12.502Z" }, "tenant": "shop",
            "connection": "Username-Password-Authentication", "_tmp_is_unique": true,
        }),
        json!({
            "_id": { "$oid": "60425dc43519d90068f82974" }, "email_verified": false,
            "email": "bob@example.com", "tenant": "shop",
        }),
    ];
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let from = file(&setup, &text);
    let expected = json!({ "is_email_confirmed": true, "role": "user" });
    comes_over(setup, "auth0", &from, "auth0|60425dc43519d90068f82973", expected).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn csv() {
    let setup = target(Kind::Sqlite).await;
    let from = file(
        &setup,
        &format!(
            "id,mail,username,is_email_confirmed,password,created_at,shoe size\r\n\
             1,ann@example.com,\"Ann, the first\",true,{BCRYPT},2022-01-02T03:04:05Z,38\r\n\
             2,bob@example.com,,,,,\r\n"
        ),
    );
    let import = ["import", "--format", "csv", "--from", &from];
    let ran = run(&setup, &import);
    assert_eq!(ran.status, 2, "{ran:?}");
    assert!(ran.stderr.contains("--column email="), "{ran:?}");
    let ran = run(&setup, &[&import[..], &["--column", "email=nothing"]].concat());
    assert_eq!(ran.status, 2, "{ran:?}");
    let ran = run(&setup, &[&import[..], &["--column", "email=mail"]].concat());
    assert_eq!(ran.status, 0, "{ran:?}");
    let accounts = export(&setup);
    assert_eq!(accounts["1"]["username"], "Ann, the first");
    assert_eq!(accounts["1"]["is_email_confirmed"], true);
    assert!(accounts["2"]["username"].as_str().unwrap().starts_with("user-"));
}

/// It cannot be read twice, and to open it is to wait for whoever writes into it.
#[test]
fn a_source_that_is_a_fifo_is_refused_and_not_waited_for() {
    let setup = Setup::new();
    let made = std::process::Command::new("mkfifo").arg(setup.dir().join("fifo")).status();
    assert!(made.unwrap().success());
    for format in ["jsonl", "csv", "keycloak", "auth0"] {
        let import = ["import", "--format", format, "--from", "fifo"];
        let output = setup.bounded_command().args(import).output().unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{format}: {errors}");
        assert!(errors.contains("fifo: is not a file"), "{format}: {errors}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_is_not_what_the_format_says_is_named() {
    let setup = target(Kind::Sqlite).await;
    let empty = sqlite(&setup.dir().join("empty.db"), &["CREATE TABLE other (id int)"]).await;
    for (format, from, status, part) in [
        ("flask-sql", &*empty, 1, "no table `users`"),
        ("devise", "redis://localhost", 2, "--from"),
        ("supabase", &*empty, 2, "PostgreSQL"),
        ("keycloak", "/no/such/file", 1, "/no/such/file"),
        ("auth0", "/tmp", 1, "is not a file"),
    ] {
        let ran = run(&setup, &["import", "--format", format, "--from", from]);
        assert_eq!(ran.status, status, "{format}: {ran:?}");
        assert!(ran.stderr.contains(part), "{format}: {ran:?}");
    }
}
