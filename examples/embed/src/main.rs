//! Accounts in an axum application of your own.
//!
//! ```sh
//! test -f secret || openssl rand -base64 32 > secret
//! SECRET=$(cat secret) cargo run -p usermgmt-example-embed
//! ```
//!
//! Mails are printed. `/hello` is the application's own; everything else is
//! described at <http://127.0.0.1:3000/openapi.json>.

#[cfg(test)]
mod tests;

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use tokio::net::TcpListener;
use usermgmt_axum::{CurrentUser, HttpConfig, HttpState};
use usermgmt_core::{Auth, Config, KeyRing, RootSecret, RootState};
use usermgmt_mail::{Composer, ConsoleMailer, Templates};
use usermgmt_store_sql::{PoolOptions, SqlStore};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().init();
    let secret = std::env::var("SECRET")?;

    let store = SqlStore::connect("sqlite:accounts.db", PoolOptions::default()).await?;
    let keys = KeyRing::new(&[RootSecret::from_base64(&secret, RootState::Sign)?])?;
    let config = Config::new("http://127.0.0.1:3000".parse()?);
    let auth = Auth::builder(store, keys, config).build().await?;
    let app = application(auth)?;

    let listener = TcpListener::bind("127.0.0.1:3000").await?;
    // Limits and sessions want to know who is asking.
    let service = app.into_make_service_with_connect_info::<SocketAddr>();
    Ok(axum::serve(listener, service).await?)
}

/// The accounts and the application's own route; and what is done when nobody is asking.
fn application(auth: Auth) -> Result<Router, Box<dyn Error>> {
    let composer = Composer::new("no-reply@example.org", Arc::new(Templates::built_in()?))?;
    let (background, mailer) = (auth.clone(), Arc::new(ConsoleMailer::new(composer)));
    tokio::spawn(async move { background.run(mailer, std::future::pending()).await });
    let state = HttpState::new(auth, HttpConfig::default());
    let own = Router::new().route("/hello", get(hello)).with_state(state.clone());
    let app = own.merge(usermgmt_axum::router(state));
    Ok(app)
}

async fn hello(current: CurrentUser) -> String {
    format!("Hello, {}!", current.user.username)
}
