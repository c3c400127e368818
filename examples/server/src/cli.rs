//! The command line: one flag for each setting, and what to do.

use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

use crate::service_key;
use crate::settings::names::{SETTINGS, Setting};

/// What the command line says.
#[derive(Debug)]
pub(crate) struct Invocation {
    /// The settings file, where one is named.
    pub(crate) config: Option<PathBuf>,
    /// The settings given as flags.
    pub(crate) flags: Vec<(&'static Setting, String)>,
    /// What to do.
    pub(crate) action: Action,
}

/// What to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Run the server.
    Serve,
    /// Make, list or revoke service keys.
    ServiceKey(service_key::Command),
}

/// Reads the process's arguments. Bad usage ends the process with status 2,
/// `--help` and `--version` with 0.
pub(crate) fn parse() -> Invocation {
    read(&command().get_matches())
}

fn command() -> Command {
    let config = Arg::new("config")
        .long("config")
        .global(true)
        .value_name("FILE")
        .value_parser(value_parser!(PathBuf))
        .help("TOML file with settings [default: ./usermgmt.toml, where it exists]");
    let flags = SETTINGS.iter().map(|setting| {
        Arg::new(setting.name)
            .long(setting.flag_name())
            .global(true)
            .value_name("VALUE")
            .hide_short_help(setting.name.starts_with("compat."))
            .help_heading("Settings")
            .help(format!("{} [default: {}]", setting.about, setting.default))
    });
    Command::new("usermgmt-server")
        .version(env!("CARGO_PKG_VERSION"))
        .about("User accounts over HTTP. Without a command it serves.")
        .after_help(
            "Every setting can also stand in the file (`mail.url` as `url` under `[mail]`) or in \
             the environment (USERMGMT_LISTEN, USERMGMT_MAIL__URL); flags win over the \
             environment, and that over the file.",
        )
        .arg(config)
        .args(flags)
        .subcommand(service_key_command())
}

fn service_key_command() -> Command {
    Command::new("service-key")
        .about("Keys with which your other services call the users API")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(
            Command::new("create")
                .about("Makes a key and prints it: the only time that it is shown")
                .arg(
                    Arg::new("name")
                        .long("name")
                        .required(true)
                        .help("What the key is for, to tell it from others"),
                )
                .arg(
                    Arg::new("allow-admin")
                        .long("allow-admin")
                        .action(ArgAction::SetTrue)
                        .help("Lets the key make admins, and change and delete them"),
                ),
        )
        .subcommand(Command::new("list").about("Lists all keys by name and last use"))
        .subcommand(
            Command::new("revoke")
                .about("Revokes a key, from now on")
                .arg(Arg::new("id").required(true).help("The id, as `list` shows it")),
        )
}

fn read(matches: &ArgMatches) -> Invocation {
    let (matches, action) = match matches.subcommand() {
        Some((_, keys)) => match keys.subcommand() {
            Some(("create", given)) => (
                given,
                service_key::Command::Create {
                    name: text(given, "name"),
                    allow_admin: given.get_flag("allow-admin"),
                },
            ),
            Some(("revoke", given)) => {
                (given, service_key::Command::Revoke { id: text(given, "id") })
            }
            other => (other.map_or(keys, |(_, given)| given), service_key::Command::List),
        },
        None => return invocation(matches, Action::Serve),
    };
    invocation(matches, Action::ServiceKey(action))
}

fn text(matches: &ArgMatches, name: &str) -> String {
    matches.get_one::<String>(name).cloned().unwrap_or_default()
}

/// Flags may stand before or behind the command; both are found in the
/// innermost command's matches.
fn invocation(matches: &ArgMatches, action: Action) -> Invocation {
    let flags = SETTINGS
        .iter()
        .filter_map(|setting| {
            let value = matches.get_one::<String>(setting.name)?;
            Some((setting, value.clone()))
        })
        .collect();
    Invocation { config: matches.get_one::<PathBuf>("config").cloned(), flags, action }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        command().debug_assert();
    }

    #[test]
    fn flags_may_stand_before_and_behind_a_command() {
        let matches = command().get_matches_from([
            "usermgmt-server",
            "--data-dir=a",
            "service-key",
            "create",
            "--name",
            "shop",
            "--listen=127.0.0.1:1",
        ]);
        let read = read(&matches);
        let names: Vec<_> = read.flags.iter().map(|(setting, _)| setting.name).collect();
        assert_eq!(names, ["listen", "data_dir"]);
        assert_eq!(
            read.action,
            Action::ServiceKey(service_key::Command::Create {
                name: "shop".to_owned(),
                allow_admin: false
            })
        );
    }

    #[test]
    fn every_setting_has_its_flag() {
        let matches = command().get_matches_from([
            "usermgmt-server",
            "--listen",
            "127.0.0.1:0",
            "--mail-url=console:",
            "--compat-open-users-api=true",
        ]);
        let given: Vec<_> = read(&matches)
            .flags
            .into_iter()
            .map(|(setting, value)| (setting.name, value))
            .collect();
        assert_eq!(
            given,
            [
                ("listen", "127.0.0.1:0".to_owned()),
                ("mail.url", "console:".to_owned()),
                ("compat.open_users_api", "true".to_owned()),
            ]
        );
    }
}
