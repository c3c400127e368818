//! Eight requests at once, of the kinds that people make most.

use futures_util::future::join_all;
use serde_json::json;
use usermgmt_test_support::{PASSWORD, Server, Setup, registered};

const NAME: &str = "ada";

/// Makes the account that all guests have. Before any other server runs on the
/// database: each mails for all of them, into a folder of its own.
pub(crate) async fn make_account(setup: Setup) {
    registered(&setup.start().await, NAME, "ada@example.org").await;
}

/// Somebody with a session on a server.
pub(crate) struct Guest {
    server: Server,
    /// Begins the names that are registered.
    prefix: String,
    access_token: String,
    refresh_token: String,
    bursts: u32,
}

impl Guest {
    pub(crate) async fn on(server: Server, prefix: String) -> Self {
        let body = json!({ "identifier": NAME, "password": PASSWORD });
        let login = server.post("/api/v1/signin", body).await;
        Self {
            server,
            prefix,
            access_token: login.field("access_token"),
            refresh_token: login.field("refresh_token"),
            bursts: 0,
        }
    }

    /// Reads and writes of one statement and of many. All are served.
    pub(crate) async fn burst(&mut self) {
        self.bursts += 1;
        let (server, name) = (&self.server, format!("{}{}", self.prefix, self.bursts));
        let ask = async |number: usize| match number {
            0 => server.post_as(&self.refresh_token, "/api/v1/refresh_token").await,
            1 => {
                let email = format!("{name}@example.org");
                let body = json!({ "username": name, "email": email, "password": PASSWORD });
                server.post("/api/v1/register", body).await
            }
            2 | 3 => {
                let body = json!({ "identifier": NAME, "password": PASSWORD });
                server.post("/api/v1/signin", body).await
            }
            4 => {
                let body = json!({ "identifier": NAME });
                server.post("/api/v1/password/forgot", body).await
            }
            5 => server.get("/health/ready").await,
            _ => server.get_as(&self.access_token, "/api/v1/protected").await,
        };
        let replies = join_all((0..8).map(ask)).await;
        for (number, reply) in replies.iter().enumerate() {
            assert!(reply.status < 300, "request {number} of {name}: {reply:?}");
        }
        self.refresh_token = replies[0].field("refresh_token");
    }
}
