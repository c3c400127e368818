//! `usermgmt-server`: user accounts over HTTP, from one command.

mod cli;
mod dev_mail;
mod failure;
mod log;
mod mail;
mod outbox;
mod run;
mod secret_file;
mod serve;
mod service_key;
mod settings;
mod setup;

#[cfg(not(any(feature = "sqlite", feature = "postgres", feature = "mysql", feature = "mongo")))]
compile_error!("enable at least one of the features `sqlite`, `postgres`, `mysql` and `mongo`");

use std::io::Write as _;
use std::process::ExitCode;

use crate::cli::{Action, MailAction};
use crate::failure::Failure;
use crate::settings::Settings;

fn main() -> ExitCode {
    let invocation = cli::parse();
    let settings =
        Settings::load(invocation.config.as_deref(), std::env::vars_os(), invocation.flags);
    let done = settings
        .map_err(|problems| Failure::Setting(problems.to_string()))
        .and_then(|settings| act(invocation.action, settings));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Nobody is left to tell where standard error cannot be written.
            let _ = writeln!(std::io::stderr(), "usermgmt-server: {failure}");
            failure.exit_code()
        }
    }
}

#[tokio::main]
async fn act(action: Action, settings: Settings) -> Result<(), Failure> {
    log::start(settings.log_format);
    match action {
        Action::Serve => run::run(settings).await,
        Action::ServiceKey(action) => service_key::run(action, &settings).await,
        Action::Outbox(action) => outbox::run(action, &settings).await,
        Action::Mail(MailAction::Preview { folder }) => mail::preview(&folder, &settings),
    }
}

/// Prints a line on standard output, at once.
fn print_line(line: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")
        .and_then(|()| out.flush())
        .map_err(|error| Failure::new("cannot write to standard output", &error))
}
