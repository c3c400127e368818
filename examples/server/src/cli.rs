//! The command line: one flag for each setting, and what to do.

use std::path::PathBuf;

use clap::{Arg, ArgMatches, Args, Command, FromArgMatches as _, Subcommand, value_parser};

use crate::import::args::{ExportArgs, ImportArgs};
use crate::settings::Sources;
use crate::settings::table::{Kind, SETTINGS};

/// What the command line says.
#[derive(Debug)]
pub(crate) struct Invocation {
    /// Where settings are read from.
    pub(crate) sources: Sources,
    /// What to do.
    pub(crate) action: Action,
}

/// What to do; without a command, serve.
#[derive(Debug, PartialEq, Eq, Subcommand)]
pub(crate) enum Action {
    /// Runs the server, as without a command
    Serve,
    /// The settings: whether they work, what they are, what there is
    #[command(subcommand)]
    Config(ConfigAction),
    /// Looks whether everything that the server needs is there, and says how to mend what is not
    Doctor {
        /// Sends a mail to this address too
        #[arg(long, value_name = "ADDRESS")]
        send_mail: Option<String>,
    },
    /// Brings the store's schema up to date
    Migrate {
        /// Only says what that would do
        #[arg(long)]
        check: bool,
    },
    /// Ends with status 0 when the server of these settings is ready
    Healthcheck,
    /// People's accounts
    #[command(subcommand)]
    User(UserAction),
    /// Administrators
    #[command(subcommand)]
    Admin(AdminAction),
    /// Root secrets
    #[command(subcommand)]
    Keys(KeysAction),
    /// Keys with which your other services call the users API
    #[command(subcommand)]
    ServiceKey(ServiceKeyAction),
    /// Mails that were given up
    #[command(subcommand)]
    Outbox(OutboxAction),
    /// What mails look like
    #[command(subcommand)]
    Mail(MailAction),
    /// What pages say and look like
    #[command(subcommand)]
    Pages(PagesAction),
    /// Takes accounts over from another system
    Import(ImportArgs),
    /// Writes all accounts as JSON lines
    Export(ExportArgs),
    /// Removes what is over, as a server does every few minutes
    Purge,
    /// Prints the OpenAPI document
    Openapi {
        /// The version of OpenAPI; 3.0 for tools that do not know 3.1
        #[arg(long = "version", value_name = "VERSION", value_enum, default_value_t)]
        openapi: crate::commands::openapi::Version,
    },
}

/// What to do with people's accounts. USER is an id, a username or an address.
#[derive(Debug, PartialEq, Eq, Subcommand)]
pub(crate) enum UserAction {
    /// Lists everybody
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Shows a user
    Show {
        /// The id, username or address
        user: String,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Disables an account: nobody signs in to it until it is enabled
    Disable {
        /// The id, username or address
        user: String,
    },
    /// Enables an account that was disabled
    Enable {
        /// The id, username or address
        user: String,
    },
    /// Makes the address count as confirmed
    Confirm {
        /// The id, username or address
        user: String,
    },
    /// Ends all sessions
    SignOut {
        /// The id, username or address
        user: String,
    },
    /// Mails a link to choose a new password
    SendReset {
        /// The id, username or address
        user: String,
    },
    /// Takes the second factor off
    ResetMfa {
        /// The id, username or address
        user: String,
    },
    /// Prints everything that is kept about a person, as JSON
    Export {
        /// The id, username or address
        user: String,
    },
    /// Deletes an account and everything that is theirs
    Delete {
        /// The id, username or address
        user: String,
        /// Without asking
        #[arg(long)]
        yes: bool,
    },
}

/// What to do with administrators. USER is an id, a username or an address.
#[derive(Debug, PartialEq, Eq, Subcommand)]
pub(crate) enum AdminAction {
    /// Makes an administrator: asks for a password, or prints a link to choose it, good for 24 hours
    Create {
        /// The address
        #[arg(long)]
        email: String,
        /// The username; by default what stands before the `@`
        #[arg(long)]
        username: Option<String>,
        /// Prints a link without asking for a password
        #[arg(long)]
        link: bool,
    },
    /// Makes a user an administrator
    Promote {
        /// The id, username or address
        user: String,
    },
    /// Makes an administrator a user
    Demote {
        /// The id, username or address
        user: String,
    },
    /// Lists all administrators
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
}

/// What to do with root secrets.
#[derive(Debug, PartialEq, Eq, Subcommand)]
pub(crate) enum KeysAction {
    /// Lists them by key id and state, and says whether anything is sealed under each
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Prints a new one in base64, alone on standard output
    Generate,
    /// Seals what is sealed under older ones under the one that signs, and says which may go
    Reseal,
}

/// What to do with the settings.
#[derive(Debug, PartialEq, Eq, Subcommand)]
pub(crate) enum ConfigAction {
    /// Says what a start would find wrong: all of it
    Check,
    /// Shows every setting and where it comes from; secrets are not shown
    Print {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Prints the JSON schema of the settings file
    Schema,
}

/// What to do with service keys.
#[derive(Debug, PartialEq, Eq, Subcommand)]
pub(crate) enum ServiceKeyAction {
    /// Makes a key and prints it: the only time that it is shown
    Create {
        /// What the key is for, to tell it from others
        #[arg(long)]
        name: String,
        /// Lets the key make admins, and change and delete them
        #[arg(long)]
        allow_admin: bool,
    },
    /// Lists all keys by name and last use
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Revokes a key, from now on
    Revoke {
        /// The id, as `list` shows it
        id: String,
    },
}

/// What to do with the outbox.
#[derive(Debug, PartialEq, Eq, Subcommand)]
pub(crate) enum OutboxAction {
    /// Lists mails that were given up, with the reason
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Tries mails that were given up again
    Retry(Which),
    /// Erases mails that were given up
    Drop(Which),
}

/// Which mails.
#[derive(Debug, PartialEq, Eq, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Which {
    /// The id, as `list` shows it
    pub(crate) id: Option<String>,
    /// Every one
    #[arg(long)]
    pub(crate) all: bool,
}

/// What to do with templates.
#[derive(Debug, PartialEq, Eq, Subcommand)]
pub(crate) enum MailAction {
    /// Writes every mail in every language as files, with made-up data and an index
    Preview {
        /// The folder to write into
        folder: PathBuf,
    },
    /// Writes the built-in templates and texts as files to start one's own from
    Export {
        /// The folder to write into, for `mail.templates`
        folder: PathBuf,
    },
}

/// What to do with the pages' texts and layout.
#[derive(Debug, PartialEq, Eq, Subcommand)]
pub(crate) enum PagesAction {
    /// Writes the built-in texts and layout as files to start one's own from
    Export {
        /// The folder to write into, for `pages.templates`
        folder: PathBuf,
    },
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
        let flag = Arg::new(setting.name)
            .long(setting.flag_name())
            .global(true)
            .value_name(value_name(setting.kind))
            .hide_short_help(true)
            .help_heading("Settings")
            .help(format!("{} [default: {}]", setting.about, setting.default));
        match setting.name {
            // The one that is more a manner of starting than a setting.
            "compat_env" => flag.num_args(0..=1).require_equals(true).default_missing_value("true"),
            _ => flag,
        }
    });
    let command = Command::new("usermgmt-server")
        .version(env!("CARGO_PKG_VERSION"))
        .arg(config)
        .args(flags)
        .after_help("`usermgmt-server --help` lists the settings too.")
        .after_long_help(
            "Every setting can also stand in the file (`mail.url` as `url` under `[mail]`) or in \
             the environment (USERMGMT_LISTEN, USERMGMT_MAIL__URL); flags win over the \
             environment, and that over the file.",
        );
    Action::augment_subcommands(command)
        .subcommand_required(false)
        .about("usermgmt-server: user accounts over HTTP. Without a command it serves.")
        .long_about(None)
}

fn value_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "TEXT",
        Kind::Path => "PATH",
        Kind::Url => "URL",
        Kind::Address => "ADDRESS",
        Kind::Switch => "true|false",
        Kind::Duration => "DURATION",
        Kind::Rate => "RATE",
        Kind::Budget => "BUDGET",
        Kind::Number { .. } => "NUMBER",
        Kind::Choice(_) => "WORD",
        Kind::List(_) => "LIST",
    }
}

fn read(matches: &ArgMatches) -> Invocation {
    let action = match matches.subcommand_name() {
        None => Action::Serve,
        Some(_) => Action::from_arg_matches(matches).unwrap_or_else(|error| error.exit()),
    };
    // Settings may stand before or behind the command; all are found innermost.
    let mut innermost = matches;
    while let Some((_, inner)) = innermost.subcommand() {
        innermost = inner;
    }
    let flags = SETTINGS
        .iter()
        .filter_map(|setting| {
            let value = innermost.get_one::<String>(setting.name)?;
            Some((setting, value.clone()))
        })
        .collect();
    let config = innermost.get_one::<PathBuf>("config").cloned();
    Invocation { sources: Sources { config, flags }, action }
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
        let names: Vec<_> = read.sources.flags.iter().map(|(setting, _)| setting.name).collect();
        assert_eq!(names, ["listen", "data_dir"]);
        assert_eq!(
            read.action,
            Action::ServiceKey(ServiceKeyAction::Create {
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
            .sources
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
