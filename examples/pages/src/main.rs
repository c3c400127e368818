//! Serves it, with accounts in SQLite and mails that are printed.
//!
//! ```sh
//! test -f secret || openssl rand -base64 32 > secret
//! SECRET=$(cat secret) cargo run -p usermgmt-example-pages
//! ```
//!
//! Then open <http://127.0.0.1:3000/orders>.

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;
use usermgmt_axum::{HttpConfig, HttpState, PageLook};
use usermgmt_core::keys::{KeyRing, RootSecret, RootState};
use usermgmt_core::{Auth, Config};
use usermgmt_mail::{Composer, ConsoleMailer, Templates};
use usermgmt_store_sql::{PoolOptions, SqlStore};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().init();
    let secret = RootSecret::from_base64(&std::env::var("SECRET")?, RootState::Sign)?;
    let store = SqlStore::connect("sqlite:accounts.db", PoolOptions::default()).await?;
    let mut config = Config::new("http://127.0.0.1:3000".parse()?);
    config.product_name = "Acme".to_owned();
    let auth = Auth::builder(store, KeyRing::new(&[secret])?, config).build().await?;
    let composer = Composer::new("no-reply@example.org", Arc::new(Templates::built_in()?))?;
    let (background, mailer) = (auth.clone(), Arc::new(ConsoleMailer::new(composer)));
    tokio::spawn(async move { background.run(mailer, std::future::pending()).await });

    let mut http = HttpConfig::default();
    http.look = PageLook::default().accent("#0b6e4f")?;
    let app = usermgmt_example_pages::app(HttpState::new(auth, http));
    let listener = TcpListener::bind("127.0.0.1:3000").await?;
    let service = app.into_make_service_with_connect_info::<SocketAddr>();
    Ok(axum::serve(listener, service).await?)
}
