//! An account's life, on the server as it comes.

use serde_json::json;

use usermgmt_test_support::{PASSWORD, Server, Setup, registered};

#[tokio::test]
async fn an_account_can_be_confirmed_by_code_changed_and_deleted() {
    let server = Server::start().await;
    let body = json!({ "username": "ada", "email": "ada@example.org", "password": PASSWORD });
    assert_eq!(server.post("/api/v1/register", body).await.status, 201);
    let mail = server.mail_to("ada@example.org").await;
    assert!(!mail.subject.is_empty());
    assert!(mail.html.contains(mail.link("/confirm-email/").rsplit('/').next().unwrap()));
    assert!(mail.raw.contains("Auto-Submitted: auto-generated"));
    let code = mail.labelled("Confirmation code");
    let body = json!({ "email": "ada@example.org", "code": code });
    assert_eq!(server.post("/api/v1/confirm", body).await.status, 200);

    let body = json!({ "identifier": "ada", "password": PASSWORD });
    let token = server.post("/api/v1/signin", body).await.field("access_token");
    let body = json!({ "first_name": "Ada" });
    let reply = server.call("PUT", "/api/v1/users", &token, body).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    let reply = server.get_as(&token, "/api/v1/users").await;
    assert_eq!(reply.field("first_name"), "Ada");

    let body = json!({ "current_password": PASSWORD });
    let reply = server.call("DELETE", "/api/v1/users", &token, body).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    let reply = server.get_as(&token, "/api/v1/protected").await;
    assert_eq!(reply.status, 404, "{reply:?}");
}

#[tokio::test]
async fn what_was_answered_survives_a_kill_and_its_mail_arrives_after_the_restart() {
    let server = Server::start().await;
    let setup = server.setup();
    let body = json!({ "username": "ada", "email": "ada@example.org", "password": PASSWORD });
    assert_eq!(server.post("/api/v1/register", body).await.status, 201);
    server.kill();
    let server = setup.start().await;
    let link = server.mail_to("ada@example.org").await.path("/confirm-email/");
    let reply = server.send(server.request("POST", &link)).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    let body = json!({ "email": "ada@example.org", "password": PASSWORD });
    assert_eq!(server.post("/api/v1/signin", body).await.status, 200);
}

#[tokio::test]
async fn no_secret_is_in_the_log_or_in_clear_in_the_database() {
    let setup = Setup::new().var("RUST_LOG", "trace");
    let server = setup.clone().start().await;
    let login = registered(&server, "ada", "ada@example.org").await;
    let mail = server.mail_to("ada@example.org").await;
    let link = mail.link("/confirm-email/");
    let secrets = [
        PASSWORD.to_owned(),
        login.field("access_token"),
        login.field("refresh_token"),
        mail.labelled("Confirmation code"),
        link[link.rfind('/').unwrap() + 1..].to_owned(),
    ];
    let (log, folder) = (server.log(), server.data_dir());
    server.kill();
    assert!(log.len() > 1000, "there is a log");
    let mut files = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if !name.starts_with("usermgmt.db") {
            continue;
        }
        files += 1;
        let bytes = std::fs::read(&path).unwrap();
        for secret in &secrets {
            let found = bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
            assert!(!found, "{secret} is in {}", path.display());
        }
    }
    assert!(files > 0);
    drop(setup);
    for secret in &secrets {
        let line = log.lines().find(|line| line.contains(secret.as_str()));
        assert_eq!(line, None, "a secret is in the log");
    }
}

#[tokio::test]
async fn a_mailed_code_signs_in_where_that_is_on() {
    let server = Setup::new().var("USERMGMT_SIGN_IN__EMAIL", "true").start().await;
    registered(&server, "ada", "ada@example.org").await;
    let methods = server.get("/api/v1/signin/methods").await.json();
    assert_eq!(methods, json!({ "methods": ["password", "email"], "providers": [] }));
    let body = json!({ "email": "ada@example.org" });
    let request = server.post("/api/v1/signin/email", body).await.field("request");
    let code = server.mails_to("ada@example.org", 2).await[1].labelled("Sign-in code");
    let body = json!({ "email": "ada@example.org", "code": code, "request": request });
    let reply = server.post("/api/v1/signin/email/confirm", body).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    let reply = server.get_as(&reply.field("access_token"), "/api/v1/protected").await;
    assert_eq!(reply.field("username"), "ada");
}
