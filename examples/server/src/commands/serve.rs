//! The server as a whole: what runs beside each other, and how it stops.

use std::fs::{File, TryLockError};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::middleware::from_fn_with_state;
use tokio::net::TcpListener;
use tokio::sync::watch;
use usermgmt_axum::{HttpConfig, HttpState};
use usermgmt_core::metrics::NoMetrics;
use usermgmt_core::outbox::OutboxWorker;
use usermgmt_core::{Auth, with_causes};
use usermgmt_mail::DevMailbox;

use super::started::{Started, shows_mail};
use super::{admin, rotation, service_key};
use crate::failure::Failure;
use crate::listener::{Limits, Tls};
use crate::metrics::{self, HttpMetrics, ServerMetrics, Templates};
#[cfg(feature = "otel")]
use crate::otel::Telemetry;
use crate::settings::{Settings, Sources};
use crate::{dev_mail, folders, listener, service_manager, setup};

/// How long mails being sent have once told to stop: as long as handing over
/// one may take.
const STOP_TIMEOUT: Duration = Duration::from_secs(40);

/// Serves until a signal says to stop.
pub(crate) async fn run(settings: Settings, sources: Sources) -> Result<(), Failure> {
    let no_signals = |error| Failure::new("cannot listen for signals", &error);
    if let Some(everybody) = settings.trusted_everybody() {
        tracing::warn!("{everybody}");
    }
    let signal = listener::stop_signal().map_err(no_signals)?;
    let hangup = listener::reload_signal().map_err(no_signals)?;
    let tls = settings.tls.as_ref().map(Tls::load).transpose().map_err(Failure::Setting)?;
    let outgoing =
        settings.mail.build().await.map_err(|error| Failure::Setting(error.to_string()))?;
    let cannot_listen =
        |error| Failure::new(&format!("cannot listen on {}", settings.listen), &error);
    let sockets = TcpListener::bind(settings.listen).await.map_err(cannot_listen)?;
    let bound = sockets.local_addr().map_err(cannot_listen)?;
    let counted = match settings.metrics_listen {
        Some(address) => Some(Counted::listen(address).await?),
        None => None,
    };
    let engine = counted.as_ref().map(|counted| Arc::clone(&counted.metrics.engine) as Arc<_>);
    #[cfg(feature = "otel")]
    let mut telemetry = settings.otel_endpoint.as_ref().map(Telemetry::start).transpose()?;
    #[cfg(feature = "otel")]
    let engine = match &telemetry {
        Some(telemetry) => Some(telemetry.beside(engine)),
        None => engine,
    };
    let auth = setup::auth(&settings, bound, engine.clone()).await?;
    if outgoing.dev_mailbox.is_some() {
        folders::private_dir(&settings.mail.dev_folder)?;
    }
    let (service_key, setup_link) = match settings.database.is_embedded() {
        true => (service_key::make_first(&auth).await?, admin::make_first(&auth).await?),
        false => (None, None),
    };

    let (stop, stopped) = watch::channel(false);
    let worker = OutboxWorker::new(auth.clone(), outgoing.mailer);
    let alone = if settings.database.is_embedded() { lock(&settings)? } else { None };
    let background = tokio::spawn({
        let (auth, take_over) = (auth.clone(), alone.is_some());
        let stopped = stopped.clone();
        async move {
            if take_over && let Err(error) = worker.take_over().await {
                tracing::warn!(
                    error = %with_causes(&error),
                    "mail of the process before waits for its lease"
                );
            }
            auth.run_with(&worker, told_to_stop(stopped)).await;
        }
    });
    if let Some(tls) = tls.clone() {
        tokio::spawn(tls.follow(hangup.clone()));
    }
    let rotation = counted.as_ref().map(|counted| Arc::clone(&counted.metrics.rotation));
    let from_secret = settings.from_secret.clone();
    tokio::spawn(rotation::follow(auth.clone(), sources, hangup, from_secret, rotation));

    let watchdog = tokio::spawn(service_manager::keep_watchdog());
    let started = Started::new(&settings, bound, outgoing.dev_mailbox.is_some());
    let limits = limits(&settings);
    let of_connections = engine.unwrap_or_else(|| Arc::new(NoMetrics));
    let mut app = app(&settings, bound, auth.clone(), outgoing.dev_mailbox);
    #[cfg(feature = "otel")]
    if let Some(telemetry) = &mut telemetry {
        app = telemetry.observe(app, auth.clone());
    }
    if let Some(counted) = counted {
        let http = Arc::clone(&counted.metrics.http);
        let templates = Templates::new(&auth.config().public_url);
        app = app.layer(from_fn_with_state((http, templates), HttpMetrics::observe));
        let stop = told_to_stop(stopped);
        tokio::spawn(metrics::serve(counted.listener, counted.metrics, auth, stop));
    }
    started.print(settings.log_format, service_key.as_ref(), setup_link.as_ref())?;
    service_manager::ready(&bound.to_string());
    listener::serve(sockets, tls, app, limits, of_connections, signal).await;
    service_manager::stopping();

    // Mail last: requests that were in flight may have queued some.
    stop.send_replace(true);
    match tokio::time::timeout(STOP_TIMEOUT, background).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::error!(%error, "the background task failed"),
        Err(_) => {
            tracing::warn!("mails being sent did not finish in time; what was begun is tried again")
        }
    }
    #[cfg(feature = "otel")]
    if let Some(telemetry) = telemetry {
        telemetry.stop().await;
    }
    watchdog.abort();
    Ok(())
}

/// Metrics, and where they are shown.
struct Counted {
    metrics: Arc<ServerMetrics>,
    listener: TcpListener,
}

impl Counted {
    async fn listen(address: SocketAddr) -> Result<Self, Failure> {
        let listener = TcpListener::bind(address).await.map_err(|error| {
            Failure::new(&format!("metrics.listen: cannot listen on {address}"), &error)
        })?;
        let bound =
            listener.local_addr().map_err(|error| Failure::new("metrics.listen", &error))?;
        tracing::info!("metrics are shown at http://{bound}/metrics");
        Ok(Self { metrics: Arc::new(ServerMetrics::new()), listener })
    }
}

fn limits(settings: &Settings) -> Limits {
    // As many as the pool has where nobody says otherwise.
    let store = settings.database_connections.unwrap_or(10) as usize;
    Limits {
        keep_alive: settings.http.keep_alive,
        request_timeout: settings.http.request_timeout,
        max_connections: listener::most_connections(settings.http.max_connections, store),
        trusted_proxies: settings.trusted_proxies.clone(),
    }
}

/// Everything that answers.
fn app(settings: &Settings, bound: SocketAddr, auth: Auth, mailbox: Option<DevMailbox>) -> Router {
    let public_url = &auth.config().public_url;
    let mut config = HttpConfig::default();
    config.trusted_proxies = settings.trusted_proxies.clone();
    config.cors_origins = settings.cors_origins.clone();
    config.look = settings.look.clone();
    config.hsts = public_url.scheme() == "https";
    config.compat.confirm_on_get = settings.compat.confirm_on_get;
    config.compat.omit_mfa_secret_field = settings.compat.omit_mfa_secret_field;
    config.compat.free_gender = settings.compat.free_gender;
    config.compat.open_users_api = settings.compat.open_users_api;
    if let Some(path) = &settings.admin_path {
        config.admin_path.clone_from(path);
    }
    let shows_mail = shows_mail(bound, public_url);
    config.mailbox_path = mailbox.as_ref().filter(|_| shows_mail).map(|_| "/dev/mail".to_owned());
    let state = HttpState::new(auth, config);
    let app = usermgmt_axum::standalone(state.clone());
    match mailbox.filter(|_| shows_mail) {
        Some(mailbox) => {
            let pages = dev_mail::router(mailbox, &state.auth().config().public_url);
            app.merge(usermgmt_axum::with_layers(pages, &state))
        }
        None => app,
    }
}

async fn told_to_stop(mut stopped: watch::Receiver<bool>) {
    // An error means that the sender is gone, which is the end as well.
    let _ = stopped.wait_for(|stop| *stop).await;
}

/// Locks the database for as long as the file is open; `None` where another
/// server has it, which may be sending mail now.
fn lock(settings: &Settings) -> Result<Option<File>, Failure> {
    let Some(path) = folders::lock_file(settings) else { return Ok(None) };
    let cannot = |error| folders::cannot_lock(&path, &error);
    let file = File::options().create(true).truncate(false).write(true).open(&path);
    let file = file.map_err(cannot)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(cannot(error)),
    }
}
