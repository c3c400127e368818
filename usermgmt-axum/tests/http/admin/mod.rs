//! The admin API.

mod access;
mod account;
mod actions;
mod audit;
mod bulk;
mod invitations;
mod last;
mod lists;
pub(crate) mod mail;
mod secrets;
mod service_keys;

use serde_json::Value;

use crate::harness::{App, Reply, Session, app};

/// The API as an administrator calls it.
pub(crate) struct Admin {
    pub(crate) app: App,
    pub(crate) root: Session,
}

impl Admin {
    pub(crate) async fn new() -> Self {
        Self::over(app().await).await
    }

    pub(crate) async fn over(app: App) -> Self {
        let root = app.admin().await;
        Self { app, root }
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.app.get(&format!("/api/v1/admin{path}")).bearer(&self.root.access).send().await
    }

    pub(crate) async fn send(&self, method: &str, path: &str) -> Reply {
        let path = format!("/api/v1/admin{path}");
        self.app.call(method, &path).bearer(&self.root.access).send().await
    }

    pub(crate) async fn send_json(&self, method: &str, path: &str, body: Value) -> Reply {
        let path = format!("/api/v1/admin{path}");
        self.app.call(method, &path).bearer(&self.root.access).json(body).send().await
    }

    /// A confirmed user, and the path of them.
    pub(crate) async fn user(&self, name: &str) -> (Session, String) {
        let email = format!("{name}@example.com");
        self.app.confirmed(name, &email).await;
        let session = self.app.session(&email).await;
        let path = format!("/users/{}", session.user_id);
        (session, path)
    }

    /// The audit log, the latest entry first.
    pub(crate) async fn audit(&self, query: &str) -> Vec<Value> {
        let page = self.get(&format!("/audit?limit=200&{query}")).await.has_status(200).json();
        page["entries"].as_array().unwrap().clone()
    }
}
