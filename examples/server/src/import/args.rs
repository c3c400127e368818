//! What the command line says about imports and exports.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// What to take over, and how.
#[derive(Debug, PartialEq, Eq, Args)]
pub(crate) struct ImportArgs {
    /// What the source is
    #[arg(long, value_enum)]
    pub(crate) format: Format,
    /// The source: a database URL or a file, which is only read
    #[arg(long, value_name = "SOURCE")]
    pub(crate) from: String,
    /// Says what would happen, and changes nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// What to do with accounts of one address or username
    #[arg(long, value_enum, default_value_t = OnDuplicate::Fail)]
    pub(crate) on_duplicate: OnDuplicate,
    /// Where to write the report as JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    /// How many accounts are committed at a time
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(crate) batch: u16,
    /// Imports without pauses, in half the time, where nobody signs in meanwhile
    #[arg(long)]
    pub(crate) no_pause: bool,
    /// Gives accounts whose username cannot be kept another one, made of their id
    #[arg(long)]
    pub(crate) replace_usernames: bool,
    /// For csv: what a column is called there, as `email=mail`
    #[arg(long = "column", value_name = "OURS=THEIRS")]
    pub(crate) columns: Vec<String>,
}

/// What to write, and where.
#[derive(Debug, PartialEq, Eq, Args)]
pub(crate) struct ExportArgs {
    /// Writes password hashes, second factors and recovery codes too: whoever
    /// reads them can sign in
    #[arg(long)]
    pub(crate) with_credentials: bool,
    /// The file to write [default: standard output]
    #[arg(long, value_name = "FILE")]
    pub(crate) to: Option<PathBuf>,
}

/// What a source is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// The first old service's SQL table `users`, by URL
    FlaskSql,
    /// The second old service's MongoDB collection `users`, by URL
    FlaskMongo,
    /// What `export` writes
    Jsonl,
    /// A file with a header
    Csv,
    /// Devise's SQL table `users`, by URL
    Devise,
    /// django-allauth's tables, by URL
    Allauth,
    /// Supabase Auth's tables, by URL
    Supabase,
    /// better-auth's tables, by URL
    BetterAuth,
    /// A realm's export: a JSON file
    Keycloak,
    /// An export with password hashes: a file of JSON lines
    Auth0,
}

/// What to do with accounts of one address or username.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OnDuplicate {
    /// Import nothing
    Fail,
    /// Take the one registered last
    Newest,
    /// Take the one registered first
    Oldest,
    /// Take none of them
    Skip,
}
