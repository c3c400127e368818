//! The commands with which whoever runs the server looks after people.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use usermgmt_test_support::{PASSWORD, Server, Setup, execute, registered};

use crate::second_factor::App;

/// Runs a command with the settings of a server: status, output, errors.
fn command(setup: &Setup, args: &[&str]) -> (Option<i32>, String, String) {
    let output = setup.command().args(args).output().unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

/// The command works, and this is what it printed.
fn done(setup: &Setup, args: &[&str]) -> String {
    let (status, output, errors) = command(setup, args);
    assert_eq!(status, Some(0), "{args:?}: {errors}");
    output
}

fn shown(setup: &Setup, user: &str) -> Value {
    serde_json::from_str(&done(setup, &["user", "show", user, "--json"])).unwrap()
}

async fn sign_in(server: &Server, email: &str, password: &str) -> u16 {
    let body = json!({ "email": email, "password": password });
    server.post("/api/v1/signin", body).await.status
}

#[test]
fn exported_page_templates_are_good_for_a_start_and_broken_ones_stop_it() {
    let setup = Setup::new();
    let folder = setup.dir().join("templates");
    let path = folder.to_str().unwrap();
    let said = done(&setup, &["pages", "export", path]);
    assert!(said.contains("4 files"), "{said}");
    done(&setup, &["config", "check", "--pages-templates", path]);
    let (status, _, errors) = command(&setup, &["pages", "export", path]);
    assert_eq!(status, Some(1), "{errors}");
    assert!(errors.contains("is there already"), "{errors}");
    std::fs::write(folder.join("fr.toml"), "[confirm]\ntitel = 'x'").unwrap();
    let (status, _, errors) = command(&setup, &["--pages-templates", path]);
    assert_eq!(status, Some(2), "{errors}");
    assert!(errors.contains("fr.toml: [confirm] has no titel; did you mean title?"), "{errors}");
}

#[tokio::test]
async fn an_account_is_disabled_and_enabled_by_name_address_or_id() {
    let server = Server::start().await;
    let login = registered(&server, "ada", "ada@example.org").await;
    let setup = server.setup();
    let id = shown(&setup, "ada")["id"].as_str().unwrap().to_owned();
    done(&setup, &["user", "disable", "ada@example.org"]);
    done(&setup, &["user", "disable", &id]);
    assert_eq!(shown(&setup, &id)["is_disabled"], true);
    let token = login.field("access_token");
    assert_eq!(server.get_as(&token, "/api/v1/protected").await.status, 401);
    assert_eq!(sign_in(&server, "ada@example.org", PASSWORD).await, 401);
    done(&setup, &["user", "enable", "ada"]);
    assert_eq!(sign_in(&server, "ada@example.org", PASSWORD).await, 200);
    let (status, _, errors) = command(&setup, &["user", "disable", "bob"]);
    assert_eq!(status, Some(1));
    assert!(errors.contains("bob"), "{errors}");
}

#[tokio::test]
async fn people_are_listed_shown_signed_out_exported_and_deleted() {
    let server = Server::start().await;
    let login = registered(&server, "ada", "ada@example.org").await;
    let setup = server.setup();
    let listed: Value = serde_json::from_str(&done(&setup, &["user", "list", "--json"])).unwrap();
    let ada = listed.as_array().unwrap().iter().find(|user| user["username"] == "ada").unwrap();
    assert_eq!(ada["is_email_confirmed"], true);
    assert!(ada["first_name"].is_null(), "JSON has every field");
    assert_eq!(ada["mfa_enabled"], false);
    let signed_in_at = ada["last_sign_in_at"].as_str().unwrap();
    assert!(ada["created_at"].as_str().unwrap() <= signed_in_at, "{ada}");
    assert_eq!(shown(&setup, "ada")["last_sign_in_at"], signed_in_at);
    assert!(done(&setup, &["user", "list"]).lines().any(|line| line.contains("\tada\t")));
    assert_eq!(shown(&setup, "ada")["sessions"].as_array().unwrap().len(), 1);

    done(&setup, &["user", "sign-out", "ada"]);
    let token = login.field("access_token");
    assert_eq!(server.get_as(&token, "/api/v1/protected").await.status, 401);
    done(&setup, &["user", "send-reset", "ada"]);
    server.mails_to("ada@example.org", 2).await;

    let exported = done(&setup, &["user", "export", "ada"]);
    let exported: Value = serde_json::from_str(&exported).unwrap();
    let actions: Vec<(&str, &str)> = exported["audit"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| (entry["action"].as_str().unwrap(), entry["actor"]["kind"].as_str().unwrap()))
        .collect();
    for entry in [
        ("user.registered", "user"),
        ("session.all_ended", "operator"),
        ("password.reset_requested", "operator"),
    ] {
        assert!(actions.contains(&entry), "{entry:?} is not in {actions:?}");
    }
    assert!(!exported.to_string().contains("$argon2"), "a hash is exported");

    let (status, _, errors) = command(&setup, &["user", "delete", "ada"]);
    assert_eq!(status, Some(2));
    assert!(errors.contains("--yes"), "{errors}");
    done(&setup, &["user", "delete", "ada", "--yes"]);
    assert_eq!(command(&setup, &["user", "show", "ada"]).0, Some(1));
    assert_eq!(sign_in(&server, "ada@example.org", PASSWORD).await, 401);
}

#[tokio::test]
async fn an_address_is_confirmed_for_somebody() {
    let server = Server::start().await;
    let body = json!({ "username": "ada", "email": "ada@example.org", "password": PASSWORD });
    assert_eq!(server.post("/api/v1/register", body).await.status, 201);
    let setup = server.setup();
    done(&setup, &["user", "confirm", "ada"]);
    assert_eq!(sign_in(&server, "ada@example.org", PASSWORD).await, 200);
    assert_eq!(shown(&setup, "ada")["is_email_confirmed"], true);
}

/// Makes an administrator by a link.
async fn administrator(server: &Server, email: &str) {
    let link = done(&server.setup(), &["admin", "create", "--email", email, "--link"]);
    let token = link.trim_end().split_once("/reset-password?token=").unwrap().1;
    assert!(!token.contains(char::is_whitespace), "{link}");
    let body = json!({ "token": token, "new_password": PASSWORD });
    let reply = server.post("/api/v1/password/reset", body).await;
    assert_eq!(reply.status, 200, "{reply:?}");
}

#[tokio::test]
async fn a_second_factor_that_was_lost_is_taken_off() {
    let server = Server::start().await;
    let login = registered(&server, "ada", "ada@example.org").await;
    App::enrolled(&server, &login.field("access_token")).await;
    let setup = server.setup();
    assert_eq!(shown(&setup, "ada")["mfa_enabled"], true);
    assert_eq!(sign_in(&server, "ada@example.org", PASSWORD).await, 401);
    let said = done(&setup, &["user", "reset-mfa", "ada"]);
    assert!(said.contains("has no second factor now"), "{said}");
    assert_eq!(shown(&setup, "ada")["mfa_enabled"], false);
    assert_eq!(sign_in(&server, "ada@example.org", PASSWORD).await, 200);
}

#[tokio::test]
async fn what_commands_do_to_an_account_is_audited_as_the_operators() {
    let server = Server::start().await;
    let setup = server.setup();
    administrator(&server, "root@example.org").await;
    let body = json!({ "username": "ada", "email": "ada@example.org", "password": PASSWORD });
    assert_eq!(server.post("/api/v1/register", body).await.status, 201);
    let id = shown(&setup, "ada")["id"].as_str().unwrap().to_owned();
    done(&setup, &["user", "confirm", "ada"]);
    let body = json!({ "email": "ada@example.org", "password": PASSWORD });
    let access_token = server.post("/api/v1/signin", body).await.field("access_token");
    App::enrolled(&server, &access_token).await;
    for args in [
        ["user", "disable", "ada"].as_slice(),
        &["user", "enable", "ada"],
        &["admin", "promote", "ada"],
        &["user", "reset-mfa", "ada"],
        &["user", "delete", "ada", "--yes"],
    ] {
        done(&setup, args);
    }
    let body = json!({ "email": "root@example.org", "password": PASSWORD });
    let access_token = server.post("/api/v1/signin", body).await.field("access_token");
    for action in [
        "user.confirmed",
        "user.disabled",
        "user.enabled",
        "user.updated",
        "mfa.reset",
        "user.deleted",
    ] {
        let path = format!("/api/v1/admin/audit?user={id}&action={action}");
        let entries = server.get_as(&access_token, &path).await.json()["entries"].take();
        assert_eq!(entries.as_array().unwrap().len(), 1, "{action}: {entries}");
        assert_eq!(entries[0]["actor"]["kind"], "operator", "{action}: {entries}");
    }
}

#[tokio::test]
async fn an_administrator_is_made_by_a_link_and_the_last_one_stays() {
    let server = Server::start().await;
    let setup = server.setup();
    administrator(&server, "root@example.org").await;
    assert_eq!(sign_in(&server, "root@example.org", PASSWORD).await, 200);
    for args in [
        ["admin", "demote", "root"].as_slice(),
        &["user", "disable", "root"],
        &["user", "delete", "root", "--yes"],
    ] {
        let (status, _, errors) = command(&setup, args);
        assert_eq!(status, Some(1), "{args:?}");
        assert!(errors.contains("last administrator"), "{errors}");
    }
    registered(&server, "ada", "ada@example.org").await;
    let (status, _, errors) = command(&setup, &["admin", "create", "--email", "ada@example.org"]);
    assert_eq!(status, Some(1), "{errors}");
    assert!(errors.contains("the address has an account: `admin promote` makes it"), "{errors}");
    done(&setup, &["admin", "promote", "ada"]);
    let listed = done(&setup, &["admin", "list"]);
    assert!(listed.contains("\tada\t") && listed.contains("\troot\t"), "{listed}");
    done(&setup, &["admin", "demote", "root"]);
    assert_eq!(shown(&setup, "root")["role"], "user");
}

#[test]
fn lists_of_more_than_a_page_have_everybody_once() {
    let setup = Setup::new();
    let mut people = String::from("id,username,email,role,is_email_confirmed\n");
    for n in 0..450 {
        let role = if n < 230 { "admin" } else { "user" };
        people.push_str(&format!("{n},person{n},person{n}@example.org,{role},true\n"));
    }
    std::fs::write(setup.dir().join("people.csv"), people).unwrap();
    done(&setup, &["import", "--format", "csv", "--from", "people.csv"]);
    for (list, expected) in [("user", 450), ("admin", 230)] {
        let listed: Value = serde_json::from_str(&done(&setup, &[list, "list", "--json"])).unwrap();
        let names: BTreeSet<&str> = listed
            .as_array()
            .unwrap()
            .iter()
            .map(|user| user["username"].as_str().unwrap())
            .collect();
        assert_eq!((listed.as_array().unwrap().len(), names.len()), (expected, expected), "{list}");
    }
}

#[tokio::test]
async fn what_operators_do_is_in_the_audit_log() {
    let server = Server::start().await;
    let setup = server.setup();
    let id_of = |user: &str| shown(&setup, user)["id"].clone();
    let link = done(&setup, &["admin", "create", "--email", "root@example.org", "--link"]);
    let token = link.trim_end().split_once("token=").unwrap().1;
    let body = json!({ "token": token, "new_password": PASSWORD });
    assert_eq!(server.post("/api/v1/password/reset", body).await.status, 200);
    registered(&server, "ada", "ada@example.org").await;
    done(&setup, &["admin", "promote", "ada"]);
    done(&setup, &["admin", "demote", "ada"]);
    done(&setup, &["service-key", "create", "--name", "shop"]);
    let keys = done(&setup, &["service-key", "list", "--json"]);
    let keys: Vec<Value> = serde_json::from_str(&keys).unwrap();
    let key = keys.iter().find(|key| key["name"] == "shop").unwrap()["id"].clone();
    done(&setup, &["service-key", "revoke", key.as_str().unwrap()]);

    let body = json!({ "email": "root@example.org", "password": PASSWORD });
    let token = server.post("/api/v1/signin", body).await.field("access_token");
    let log = server.get_as(&token, "/api/v1/admin/audit?limit=200").await.json();
    let entries = log["entries"].as_array().unwrap();
    for (action, user, detail) in [
        ("user.invited", id_of("root"), json!(["username", "email", "role"])),
        ("user.updated", id_of("ada"), json!(["role"])),
        ("service_key.created", Value::Null, json!([key])),
        ("service_key.revoked", Value::Null, json!([key])),
    ] {
        let is_it = |entry: &&Value| {
            (&entry["action"], &entry["user_id"], &entry["detail"])
                == (&json!(action), &user, &detail)
        };
        let count = if action == "user.updated" { 2 } else { 1 };
        let found: Vec<&Value> = entries.iter().filter(is_it).collect();
        assert_eq!(found.len(), count, "{action}: {log}");
        assert!(found.iter().all(|entry| entry["actor"]["kind"] == "operator"), "{log}");
    }
}

#[tokio::test]
async fn the_first_start_prints_a_link_to_the_first_administrator_once() {
    let server = Server::start().await;
    let setup = server.setup();
    let log = server.log();
    let printed = server.kill().join("\n");
    let link = printed.split_whitespace().find(|word| word.contains("/reset-password?token="));
    let token = link.unwrap().split_once("token=").unwrap().1.to_owned();
    assert!(!log.contains(&token), "the link is in the log");
    let again = setup.start().await;
    let body = json!({ "token": token, "new_password": PASSWORD });
    assert_eq!(again.post("/api/v1/password/reset", body).await.status, 200);
    let setup = again.setup();
    assert_eq!(shown(&setup, "administrator")["role"], "admin");
    assert!(!again.kill().join("\n").contains("token="));
}

#[tokio::test]
async fn who_made_an_administrator_before_the_first_start_gets_no_second_one() {
    let setup = Setup::new();
    done(&setup, &["admin", "create", "--email", "root@example.org", "--link"]);
    let server = setup.start().await;
    let listed = done(&server.setup(), &["admin", "list", "--json"]);
    let listed: Value = serde_json::from_str(&listed).unwrap();
    assert_eq!(listed.as_array().unwrap().len(), 1, "{listed}");
    assert_eq!(listed[0]["username"], "root");
    let printed = server.kill().join("\n");
    assert!(printed.contains("umk_") && !printed.contains("token="), "{printed}");
}

#[tokio::test]
async fn a_start_without_an_administrator_prints_the_link_though_there_is_a_service_key() {
    let setup = Setup::new();
    done(&setup, &["service-key", "create", "--name", "shop"]);
    let server = setup.start().await;
    let setup = server.setup();
    let printed = server.kill().join("\n");
    assert!(printed.contains("/reset-password?token="), "{printed}");
    assert!(!printed.contains("service key"), "{printed}");
    assert!(!setup.start().await.kill().join("\n").contains("token="), "it is printed once");
}

#[tokio::test]
async fn root_secrets_are_listed_made_and_sealed_anew() {
    let made = done(&Setup::new(), &["keys", "generate"]);
    assert_eq!(made.trim_end().len(), 44, "{made}");
    assert_ne!(made, done(&Setup::new(), &["keys", "generate"]));
    let server = Server::start().await;
    let setup = server.setup();
    let listed: Value = serde_json::from_str(&done(&setup, &["keys", "list", "--json"])).unwrap();
    assert_eq!(listed[0]["state"], "sign");
    assert_eq!(listed[0]["seals"], false);
    assert!(done(&setup, &["keys", "reseal"]).contains("0 sealed anew"));
}

#[tokio::test]
async fn the_schema_is_checked_before_it_is_made() {
    let setup = Setup::new();
    let said = done(&setup, &["migrate", "--check"]);
    assert!(said.contains("would be made"), "{said}");
    assert!(!setup.dir().join("usermgmt-data/usermgmt.db").exists());
    done(&setup, &["migrate"]);
    assert!(done(&setup, &["migrate", "--check"]).contains("up to date"));
    assert!(done(&setup, &["purge"]).contains("rows removed"));
    let document: Value = serde_json::from_str(&done(&setup, &["openapi"])).unwrap();
    assert!(document["paths"]["/api/v1/signin"].is_object());
    assert_eq!(document["openapi"], "3.1.0");
    let older = done(&setup, &["openapi", "--version", "3.0"]);
    assert_eq!(serde_json::from_str::<Value>(&older).unwrap()["openapi"], "3.0.3");
}

#[cfg(feature = "mongo")]
#[tokio::test]
async fn a_mongodb_database_is_looked_at_without_being_changed() {
    use mongodb::bson::doc;
    use usermgmt_test_support::{Database, Kind};
    let database = Database::of(Kind::Mongo).await.unwrap();
    let setup = Setup::new()
        .var("USERMGMT_DATABASE_URL", database.url.clone())
        .var("USERMGMT_SECRET", "A".repeat(42) + "I");
    let opened = database.open_mongo().await;
    let said = done(&setup, &["migrate", "--check"]);
    assert!(said.contains("the store is empty: the schema's version 2 would be made"), "{said}");
    let said = done(&setup, &["doctor"]);
    assert!(said.contains("warning  store: the schema has version 0"), "{said}");
    let made = opened.list_collection_names().await.unwrap();
    assert!(made.is_empty(), "{made:?}");

    done(&setup, &["migrate"]);
    let said = done(&setup, &["migrate", "--check"]);
    assert!(said.contains("the schema is up to date: version 2"), "{said}");
    let said = done(&setup, &["doctor"]);
    assert!(said.contains("ok       store: it can be written"), "{said}");
    let secrets = opened.collection::<Value>("usermgmt_root_keys");
    assert_eq!(secrets.count_documents(doc! {}).await.unwrap(), 0, "doctor recorded a secret");

    opened.collection::<Value>("usermgmt_audit").drop().await.unwrap();
    let users = opened.collection::<Value>("usermgmt_users");
    users.drop_index("by_email").await.unwrap();
    let lacking = "lacks usermgmt_audit, usermgmt_users.by_email, ";
    let said = done(&setup, &["migrate", "--check"]);
    assert!(said.contains(lacking) && said.contains("would be made"), "{said}");
    let said = done(&setup, &["doctor"]);
    assert!(said.contains(&format!("warning  store: it {lacking}")), "{said}");
    assert!(said.contains("the next start makes them, or `usermgmt-server migrate` now"), "{said}");
    let there = opened.list_collection_names().await.unwrap();
    assert!(!there.iter().any(|name| name == "usermgmt_audit"), "it was made again");
    let indexes = users.list_index_names().await.unwrap();
    assert!(!indexes.iter().any(|name| name == "by_email"), "it was made again: {indexes:?}");
    done(&setup, &["migrate"]);
    assert!(users.list_index_names().await.unwrap().iter().any(|name| name == "by_email"));

    let schema = opened.collection::<Value>("usermgmt_schema");
    let later = doc! { "$inc": { "version": 1_i64 } };
    schema.update_one(doc! {}, later.clone()).await.unwrap();
    for args in [["migrate", "--check"].as_slice(), &["migrate"]] {
        let said = done(&setup, args);
        assert!(said.contains("version 3, which is later than this program's 2"), "{said}");
    }
    schema.update_one(doc! {}, later).await.unwrap();
    let (status, _, errors) = command(&setup, &["migrate", "--check"]);
    assert_eq!(status, Some(1), "{errors}");
    assert!(errors.contains("use one that knows version 3 or later"), "{errors}");
    assert_eq!(command(&setup, &["migrate"]).0, Some(1));
}

#[tokio::test]
async fn a_schema_of_a_later_version_is_said_to_be_that() {
    let setup = Setup::new();
    done(&setup, &["migrate"]);
    let url = format!("sqlite://{}", setup.dir().join("usermgmt-data/usermgmt.db").display());
    let later = "INSERT INTO usermgmt_migrations (version, applied_at) \
                 SELECT MAX(version) + 1, 0 FROM usermgmt_migrations";
    execute(&url, &[later]).await;
    for args in [["migrate", "--check"].as_slice(), &["migrate"]] {
        let said = done(&setup, args);
        assert!(said.contains("the schema has version 8, which is later than this"), "{said}");
    }
    execute(&url, &[later]).await;
    let (status, said, errors) = command(&setup, &["migrate", "--check"]);
    assert_eq!((status, said.as_str()), (Some(1), ""), "{errors}");
    assert!(errors.contains("the schema has version 9, which this program cannot"), "{errors}");
    assert!(errors.contains("use one that knows version 8 or later"), "{errors}");
    assert_eq!(command(&setup, &["migrate"]).0, Some(1));
}

#[tokio::test]
async fn the_health_of_a_server_is_asked_without_curl() {
    let server = Server::start().await;
    let address = server.base.strip_prefix("http://").unwrap().to_owned();
    let asked = Setup::new().without("USERMGMT_LISTEN").var("USERMGMT_LISTEN", address);
    assert_eq!(command(&asked, &["healthcheck"]).0, Some(0));
    server.kill();
    let (status, _, errors) = command(&asked, &["healthcheck"]);
    assert_eq!(status, Some(1));
    assert!(errors.contains("not ready"), "{errors}");
}

#[tokio::test]
async fn the_doctor_finds_nothing_at_a_fresh_start_and_names_what_is_wrong() {
    let fresh = Setup::new();
    let text = done(&fresh, &["doctor"]);
    assert!(text.lines().all(|line| !line.starts_with("fault")), "{text}");
    assert!(!fresh.dir().join("usermgmt-data").exists(), "the doctor made something");
    let server = Server::start().await;
    let text = done(&server.setup(), &["doctor"]);
    assert!(text.contains("store: it can be written"), "{text}");

    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let wrong = Setup::new()
        .var("USERMGMT_MAIL__URL", format!("smtp://{closed}?tls=none"))
        .var("USERMGMT_MAIL__FROM", "a@example.org")
        .file("secret_file = 'broken'");
    std::fs::write(wrong.dir().join("broken"), "none").unwrap();
    let (status, text, _) = command(&wrong, &["doctor"]);
    assert_eq!(status, Some(1));
    for part in ["fault    secret: ", "fault    mail: "] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    let (status, text, _) = command(&wrong.file("refresh_grace = '10m'"), &["doctor"]);
    assert_eq!(status, Some(1));
    assert!(text.contains("fault    settings: refresh_grace"), "{text}");
}
