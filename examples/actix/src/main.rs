//! Accounts in an actix-web application.
//!
//! ```sh
//! test -f secret || openssl rand -base64 32 > secret
//! SECRET=$(cat secret) cargo run -p usermgmt-example-actix
//! ```
//!
//! Mails are printed. Their links lead to pages that an application of its own
//! would have; here, POST to them.

use std::error::Error;
use std::sync::Arc;

use actix_web::{App, HttpServer};
use tokio::sync::oneshot;
use usermgmt_core::{Auth, Config, KeyRing, RootSecret, RootState};
use usermgmt_mail::{Composer, ConsoleMailer, Templates};
use usermgmt_store_sql::{PoolOptions, SqlStore};

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().init();
    let secret = std::env::var("SECRET")?;
    let store = SqlStore::connect("sqlite:accounts.db", PoolOptions::default()).await?;
    let keys = KeyRing::new(&[RootSecret::from_base64(&secret, RootState::Sign)?])?;
    let config = Config::new("http://127.0.0.1:3000".parse()?);
    let auth = Auth::builder(store, keys, config).build().await?;

    let composer = Composer::new("no-reply@example.org", Arc::new(Templates::built_in()?))?;
    let (stop, stopped) = oneshot::channel::<()>();
    let background = tokio::spawn({
        let auth = auth.clone();
        async move {
            let stopped = async { drop(stopped.await) };
            auth.run(Arc::new(ConsoleMailer::new(composer)), stopped).await;
        }
    });

    let app = move || App::new().configure(usermgmt_example_actix::configure(auth.clone()));
    HttpServer::new(app).bind("127.0.0.1:3000")?.run().await?;
    // What the last requests queued is sent before the end.
    drop(stop);
    Ok(background.await?)
}
