//! `usermgmt-server`: user accounts over HTTP, from one command.

#[cfg(feature = "aws-secrets")]
mod aws_secrets;
#[cfg(feature = "breach-check")]
mod breach_check;
mod cli;
mod commands;
mod dev_mail;
mod failure;
mod folders;
#[cfg(any(feature = "breach-check", feature = "oidc", feature = "otel"))]
mod http_client;
mod import;
mod listener;
mod log;
mod loopback;
mod metrics;
#[cfg(feature = "otel")]
mod otel;
mod output;
mod regular_file;
mod secret_file;
mod service_manager;
mod settings;
mod setup;
mod unreadable;

#[cfg(not(any(feature = "sqlite", feature = "postgres", feature = "mysql", feature = "mongo")))]
compile_error!("enable at least one of the features `sqlite`, `postgres`, `mysql` and `mongo`");

use std::io::Write as _;
use std::process::ExitCode;

use crate::cli::{Action, ConfigAction, Invocation, KeysAction, MailAction, PagesAction};
use crate::failure::Failure;
use crate::settings::{Settings, Sources};

fn main() -> ExitCode {
    match run(cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Nobody is left to tell where standard error cannot be written.
            let _ = writeln!(std::io::stderr(), "usermgmt-server: {failure}");
            failure.exit_code()
        }
    }
}

fn run(invocation: Invocation) -> Result<(), Failure> {
    // What no setting changes, broken ones neither.
    match invocation.action {
        Action::Config(ConfigAction::Schema) => return commands::config::print_schema(),
        Action::Keys(KeysAction::Generate) => return commands::keys::generate(),
        Action::Openapi { openapi } => return commands::openapi::print(openapi),
        Action::Pages(PagesAction::Export { folder }) => return commands::pages::export(&folder),
        Action::Healthcheck => return healthcheck(&invocation.sources),
        _ => {}
    }
    match invocation.sources.read() {
        Ok(settings) => act(invocation.action, settings, invocation.sources),
        Err(problems) if matches!(invocation.action, Action::Doctor { .. }) => {
            commands::doctor::settings_are_wrong(&problems)
        }
        Err(problems) => Err(Failure::Setting(problems.to_string())),
    }
}

/// Without the settings that a secret manager has: a server runs on without it,
/// and must not be taken for ill.
#[tokio::main(flavor = "current_thread")]
async fn healthcheck(sources: &Sources) -> Result<(), Failure> {
    let read = sources.read_listener();
    let (listen, tls) = read.map_err(|problems| Failure::Setting(problems.to_string()))?;
    commands::healthcheck::run(listen, tls.is_some()).await
}

#[tokio::main]
async fn act(action: Action, settings: Settings, sources: Sources) -> Result<(), Failure> {
    log::start(settings.log_format);
    match action {
        Action::Serve => commands::serve::run(settings, sources).await,
        Action::Config(action) => commands::config::run(action, &settings).await,
        Action::Doctor { send_mail } => {
            commands::doctor::run(&settings, send_mail.as_deref()).await
        }
        Action::Migrate { check } => commands::migrate::run(check, &settings).await,
        Action::Healthcheck => {
            commands::healthcheck::run(settings.listen, settings.tls.is_some()).await
        }
        Action::User(action) => commands::user::run(action, &settings).await,
        Action::Admin(action) => commands::admin::run(action, &settings).await,
        Action::Keys(action) => commands::keys::run(action, &settings).await,
        Action::Purge => commands::housekeeping::purge(&settings).await,
        Action::Openapi { openapi } => commands::openapi::print(openapi),
        Action::ServiceKey(action) => commands::service_key::run(action, &settings).await,
        Action::Outbox(action) => commands::outbox::run(action, &settings).await,
        Action::Import(args) => import::import(&args, &settings).await,
        Action::Export(args) => import::export(&args, &settings).await,
        Action::Mail(MailAction::Preview { folder }) => commands::mail::preview(&folder, &settings),
        Action::Mail(MailAction::Export { folder }) => commands::mail::export(&folder),
        Action::Pages(PagesAction::Export { folder }) => commands::pages::export(&folder),
    }
}
