//! Both APIs, as one account goes through them.

use serde_json::{Value, json};
use usermgmt_core::clock::{Clock as _, SystemClock};

use crate::on_each_server;
use usermgmt_test_support::{Kind, Mail, PASSWORD, Reply, Server, Setup, registered, totp};

on_each_server!(
    an_account_goes_through_the_account_api,
    a_user_goes_through_the_users_api,
    both_apis_act_on_one_user,
);

const OTHER: &str = "difference engine no. 2";
const ADA: &str = "ada@example.org";

/// Who is signed in, and where.
struct Person<'a> {
    server: &'a Server,
    access: String,
    refresh: String,
}

impl<'a> Person<'a> {
    fn new(server: &'a Server, login: &Reply) -> Self {
        assert_eq!(login.status, 200, "{login:?}");
        let (access, refresh) = (login.field("access_token"), login.field("refresh_token"));
        Self { server, access, refresh }
    }

    async fn sign_in(server: &'a Server, password: &str) -> Self {
        Self::new(server, &sign_in(server, password).await)
    }

    async fn call(&self, method: &str, path: &str, body: Value) -> Reply {
        self.server.call(method, &format!("/api/v1{path}"), &self.access, body).await
    }

    async fn get(&self, path: &str) -> Reply {
        self.server.get_as(&self.access, &format!("/api/v1{path}")).await
    }
}

async fn sign_in(server: &Server, password: &str) -> Reply {
    let body = json!({ "identifier": "ada", "password": password });
    server.post("/api/v1/signin", body).await
}

/// Every answer that is expected is checked; this one's status.
fn is(reply: &Reply, status: u16) {
    assert_eq!(reply.status, status, "{reply:?}");
}

/// Waits for the mail to an address whose link leads there.
async fn mail_with(server: &Server, address: &str, path: &str) -> Mail {
    usermgmt_test_support::eventually(&format!("a mail to {address} with {path}"), || {
        server
            .mails()
            .into_iter()
            .find(|mail| mail.to == address && mail.links().any(|link| link.contains(path)))
    })
    .await
}

/// The token that a mailed link carries.
fn token(mail: &Mail, path: &str) -> String {
    let link = mail.link(path);
    link[link.find("umt_").unwrap()..].to_owned()
}

/// What an authenticator app shows, so many steps from now.
fn code(secret: &str, steps: i64) -> String {
    totp::code(secret, SystemClock.now().as_secs() + 30 * steps)
}

async fn an_account_goes_through_the_account_api(kind: Kind) {
    let server = Setup::on(kind).await.start().await;
    let login = registered(&server, "ada", ADA).await;
    let mut ada = Person::new(&server, &login);
    is(&ada.get("/protected").await, 200);

    let refreshed = server.post_as(&ada.refresh, "/api/v1/refresh_token").await;
    is(&refreshed, 200);
    assert_ne!(refreshed.field("refresh_token"), ada.refresh);
    ada = Person::new(&server, &refreshed);

    is(&ada.call("PUT", "/users", json!({ "first_name": "Ada", "gender": "Female" })).await, 200);
    let profile = ada.get("/users").await;
    assert_eq!(profile.field("first_name"), "Ada");
    assert_eq!(profile.json()["is_email_confirmed"], true);
    let sessions = ada.get("/sessions").await;
    assert_eq!(sessions.json()["sessions"].as_array().unwrap().len(), 1);

    is(&ada.call("PUT", "/users", json!({ "email": "countess@example.org" })).await, 200);
    let mail = mail_with(&server, "countess@example.org", "/email/confirm").await;
    let body = json!({ "token": token(&mail, "/email/confirm") });
    is(&server.post("/api/v1/email/confirm", body).await, 200);
    assert_eq!(ada.get("/users").await.field("email"), "countess@example.org");

    let body = json!({ "identifier": "countess@example.org" });
    is(&server.post("/api/v1/password/forgot", body).await, 200);
    let mail = mail_with(&server, "countess@example.org", "/reset-password").await;
    let body = json!({ "token": token(&mail, "/reset-password"), "new_password": OTHER });
    is(&server.post("/api/v1/password/reset", body.clone()).await, 200);
    is(&server.post("/api/v1/password/reset", body).await, 400);
    is(&ada.get("/protected").await, 401);
    is(&sign_in(&server, PASSWORD).await, 401);
    let ada = Person::sign_in(&server, OTHER).await;

    let secret = ada.call("POST", "/mfa/totp", json!({})).await.field("secret");
    let body = json!({ "code": code(&secret, 0) });
    let confirmed = ada.call("POST", "/mfa/totp/confirm", body).await;
    is(&confirmed, 200);
    let recovery = confirmed.json()["recovery_codes"][0].as_str().unwrap().to_owned();
    let asked = sign_in(&server, OTHER).await;
    is(&asked, 401);
    assert_eq!(asked.field("error"), "mfa_required");
    let body = json!({ "mfa_token": asked.field("mfa_token"), "code": recovery });
    let login = server.post("/api/v1/signin/mfa", body.clone()).await;
    is(&server.post("/api/v1/signin/mfa", body).await, 401);
    let ada = Person::new(&server, &login);
    let body = json!({ "code": code(&secret, 1) });
    is(&ada.call("DELETE", "/mfa/totp", body).await, 204);
    let ada = Person::sign_in(&server, OTHER).await;

    is(&ada.call("POST", "/signout/all", json!({})).await, 204);
    is(&ada.get("/protected").await, 401);
    let ada = Person::sign_in(&server, OTHER).await;
    is(&ada.call("DELETE", "/users", json!({})).await, 200);
    is(&ada.get("/protected").await, 404);
    is(&sign_in(&server, OTHER).await, 401);
}

/// A team's service, which asks about users.
struct Service<'a> {
    server: &'a Server,
    key: String,
}

impl<'a> Service<'a> {
    fn new(server: &'a Server) -> Self {
        let mut command = server.setup().command();
        let made = command.args(["service-key", "create", "--name", "shop"]).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let key = String::from_utf8(made.stdout).unwrap().trim_end().to_owned();
        Self { server, key }
    }

    async fn get(&self, path: &str) -> Reply {
        self.server.get_as(&self.key, &format!("/api/users{path}")).await
    }

    async fn call(&self, method: &str, path: &str, body: Value) -> Reply {
        self.server.call(method, &format!("/api/users{path}"), &self.key, body).await
    }
}

fn new_user() -> Value {
    json!({
        "username": "ada",
        "first_name": "Ada",
        "last_name": "Lovelace",
        "email": ADA,
        "password": PASSWORD,
        "password_confirmation": PASSWORD,
        "gender": "Female",
        "role": "user",
    })
}

async fn a_user_goes_through_the_users_api(kind: Kind) {
    let server = Setup::on(kind).await.start().await;
    let shop = Service::new(&server);
    let created = shop.call("POST", "/", new_user()).await;
    is(&created, 201);
    let id = created.field("id");
    is(&shop.call("POST", "/", new_user()).await, 409);
    is(&shop.get(&format!("/identifier?identifier={ADA}")).await, 404);

    let activation = server.mail_to(ADA).await.labelled("Activation code");
    let body = json!({ "code": activation });
    let activated = shop.call("PATCH", "/activation", body.clone()).await;
    is(&activated, 200);
    assert_eq!(activated.json()["is_active"], true);
    is(&shop.call("PATCH", "/activation", body).await, 404);
    is(&shop.get("/activation/resend?identifier=ada").await, 400);
    for path in ["/identifier?identifier=ADA".to_owned(), format!("/id?user_id={id}")] {
        assert_eq!(shop.get(&path).await.field("id"), id);
    }
    let check = |password: &str| json!({ "identifier": "ada", "password": password });
    is(&shop.call("POST", "/auth/check", check(PASSWORD)).await, 200);
    is(&shop.call("POST", "/auth/check", check(OTHER)).await, 400);

    is(&shop.call("POST", "/password/forgot", json!({ "identifier": ADA })).await, 200);
    let mail = mail_with(&server, ADA, "/reset-password").await;
    let body = json!({ "token": token(&mail, "/reset-password"), "new_password": OTHER });
    is(&shop.call("POST", "/password/reset", body.clone()).await, 200);
    is(&shop.call("POST", "/password/reset", body).await, 404);
    is(&shop.call("POST", "/auth/check", check(OTHER)).await, 200);

    let enabled = shop.call("PATCH", "/mfa/enable", json!({ "user_id": id })).await;
    is(&enabled, 200);
    let uri: url::Url = enabled.field("provisioning_uri").parse().unwrap();
    let (_, secret) = uri.query_pairs().find(|(name, _)| name == "secret").unwrap();
    let verify = |code: String| json!({ "user_id": id, "code": code });
    let right = verify(code(&secret, 0));
    is(&shop.call("POST", "/mfa/verify", right.clone()).await, 200);
    is(&shop.call("POST", "/mfa/verify", right).await, 400);
    assert_eq!(shop.get(&format!("/mfa/status?user_id={id}")).await.json()["enabled"], true);
    is(&shop.get(&format!("/mfa/qr?user_id={id}")).await, 400);
    is(&shop.call("PATCH", "/mfa/disable", json!({ "user_id": id })).await, 200);

    is(&shop.call("DELETE", &format!("/id?user_id={id}"), json!({})).await, 204);
    is(&shop.get(&format!("/id?user_id={id}")).await, 404);
    is(&shop.get("/health").await, 200);
}

async fn both_apis_act_on_one_user(kind: Kind) {
    let server = Setup::on(kind).await.start().await;
    let shop = Service::new(&server);
    registered(&server, "ada", ADA).await;
    let ada = Person::sign_in(&server, PASSWORD).await;
    let found = shop.get("/identifier?identifier=ada").await;
    assert_eq!(found.field("email"), ADA);
    is(&shop.call("DELETE", "/identifier?identifier=ada", json!({})).await, 204);
    is(&ada.get("/protected").await, 404);

    let mut grace = new_user();
    grace["username"] = json!("grace");
    grace["email"] = json!("grace@example.org");
    is(&shop.call("POST", "/", grace).await, 201);
    let code = server.mail_to("grace@example.org").await.labelled("Activation code");
    is(&shop.call("PATCH", "/activation", json!({ "code": code })).await, 200);
    let body = json!({ "identifier": "grace", "password": PASSWORD });
    let login = server.post("/api/v1/signin", body).await;
    let grace = Person::new(&server, &login);
    assert_eq!(grace.get("/users").await.field("last_name"), "Lovelace");
}
