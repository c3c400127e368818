//! A second factor, and its owner's authenticator app.

use serde_json::json;
use usermgmt_core::clock::{Clock as _, SystemClock};
use usermgmt_test_support::{PASSWORD, Reply, Server, totp};

/// The app, which knows the secret.
pub(crate) struct App {
    secret: String,
}

impl App {
    /// Puts a second factor on the account of this access token.
    pub(crate) async fn enrolled(server: &Server, access_token: &str) -> Self {
        let post = async |path: &str, body| server.call("POST", path, access_token, body).await;
        let secret = post("/api/v1/mfa/totp", json!({})).await.field("secret");
        let app = Self { secret };
        let reply = post("/api/v1/mfa/totp/confirm", json!({ "code": app.code(0) })).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        app
    }

    /// Signs in with the password and the code after the one that confirmed it.
    pub(crate) async fn sign_in(&self, server: &Server, email: &str) -> Reply {
        let body = json!({ "email": email, "password": PASSWORD });
        let asked = server.post("/api/v1/signin", body).await;
        assert_eq!(asked.field("error"), "mfa_required", "{asked:?}");
        let body = json!({ "mfa_token": asked.field("mfa_token"), "code": self.code(1) });
        server.post("/api/v1/signin/mfa", body).await
    }

    /// What it shows so many steps from now.
    fn code(&self, steps: i64) -> String {
        totp::code(&self.secret, SystemClock.now().as_secs() + 30 * steps)
    }
}
