//! An application of its own with accounts in it: its own state and fallback, a
//! table of members beside the accounts, claims, a password rule, events, a captcha, a
//! registration and a mailer of its own, a command, and the account API under another
//! path.
//!
//! `docs/embedding.md` goes through it.

mod captcha;
mod claims;
mod mails;
mod members;
mod operate;
mod password;
mod register;

use std::error::Error;
use std::time::Duration;

use axum::Router;
use axum::extract::{FromRef, Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use sqlx::SqlitePool;
use tokio::sync::mpsc;
use usermgmt_axum::{ApiError, CurrentUser, HttpConfig, HttpState, Require, Routes};
use usermgmt_core::event::Event;
use usermgmt_core::flows::StepUp;
use usermgmt_core::{Auth, AuthBuilder, Config, KeyRing};
use usermgmt_store_sql::{PoolOptions, SqlStore};

pub use self::captcha::Widget;
pub use self::claims::{Editor, Plans, SecondFactor};
pub use self::mails::MailService;
use self::members::LeaveWithTheirPerson;
pub use self::members::Members;
pub use self::operate::disable;
pub use self::password::NotOurName;

/// What handlers work with.
#[derive(Clone, Debug)]
pub struct AppState {
    accounts: HttpState,
    members: Members,
}

impl FromRef<AppState> for HttpState {
    fn from_ref(state: &AppState) -> Self {
        state.accounts.clone()
    }
}

/// The application, put together.
pub struct Host {
    /// To be served.
    pub router: Router,
    /// The accounts; `Auth::run` belongs beside the server.
    pub auth: Auth,
    /// The members.
    pub members: Members,
    /// What happened.
    pub events: mpsc::Receiver<Event>,
}

/// Puts the application together, over an SQLite file that has its tables too.
/// `extend` is for what a deployment adds, such as a [`Widget`], and for tests, which
/// bring a clock of their own.
///
/// # Errors
/// Whatever keeps it from starting.
pub async fn host(
    file: &str,
    keys: KeyRing,
    mut config: Config,
    extend: impl FnOnce(AuthBuilder) -> AuthBuilder,
) -> Result<Host, Box<dyn Error>> {
    let store = SqlStore::connect(&format!("sqlite:{file}"), PoolOptions::default()).await?;
    let store = store.with_commit_hook(LeaveWithTheirPerson)?;
    let members = Members::new(SqlitePool::connect(&format!("sqlite:{file}")).await?).await?;

    config.password_policy.own = Some(std::sync::Arc::new(NotOurName));
    let (sender, events) = mpsc::channel(1024);
    let tell = move |event: &Event| {
        if sender.try_send(event.clone()).is_err() {
            tracing::warn!(?event, "nobody takes events in time");
        }
    };
    let claims = Plans::of(members.clone());
    let builder = Auth::builder(store, keys, config).claims(claims).events(tell);
    let auth = extend(builder).build().await?;

    let accounts = HttpState::new(auth.clone(), HttpConfig::default());
    let state = AppState { accounts: accounts.clone(), members: members.clone() };
    let routes = Routes::none().account_at("/accounts").pages().root().replaced("register");
    let router = Router::new()
        .route("/hello", get(hello))
        .route("/editors", get(editors))
        .route("/payroll", get(payroll))
        .route("/pay/{euros}", post(pay))
        .route("/accounts/register", post(register::register))
        .fallback(nothing)
        .with_state(state)
        .merge(routes.router(accounts));
    Ok(Host { router, auth, members, events })
}

/// Who is asking, as the store has them now.
async fn hello(State(state): State<AppState>, current: CurrentUser) -> Result<String, StatusCode> {
    let plan = state.members.plan(&current.user.id).await.map_err(|error| {
        tracing::error!(%error, "a member was not read");
        StatusCode::INTERNAL_SERVER_ERROR
    })?;
    let plan = plan.as_deref().unwrap_or("no");
    Ok(format!("Hello, {}! You have the {plan} plan.", current.user.username))
}

/// For those whose token says so; the store is not asked.
async fn editors(editor: Require<Editor>) -> String {
    format!("Hello, editor {}!", editor.username)
}

/// For those who signed in with a second factor; the store is not asked.
async fn payroll(user: Require<SecondFactor>) -> String {
    format!("Hello, {}! You signed in at {}.", user.username, user.auth_time.unwrap_or_default())
}

/// What a browser that was left open must not do.
async fn pay(
    State(state): State<AppState>,
    current: CurrentUser,
    Path(euros): Path<u32>,
) -> Result<String, ApiError> {
    let mut proof = StepUp::new().within(Duration::from_secs(300));
    if euros > 100 {
        proof = proof.second_factor();
    }
    state.accounts.require(&current, proof).await?;
    Ok(format!("{euros} euros are on their way"))
}

async fn nothing() -> (StatusCode, &'static str) {
    (StatusCode::NOT_FOUND, "There is no such page in our application")
}
