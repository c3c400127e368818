//! Which reader reads a source.

use super::args::{Format, ImportArgs};
use super::format;
use super::source::Rows;
use crate::failure::Failure;

/// Starts reading the source from its beginning.
pub(super) async fn open(args: &ImportArgs) -> Result<Rows, Failure> {
    let from = args.from.as_str();
    match args.format {
        Format::FlaskSql => format::flask_sql::open(from).await,
        Format::FlaskMongo => format::flask_mongo::open(from).await,
        Format::Devise => format::devise::open(from).await,
        Format::Allauth => format::allauth::open(from).await,
        Format::Supabase => format::supabase::open(from).await,
        Format::BetterAuth => format::better_auth::open(from).await,
        Format::Jsonl => format::jsonl::open(from),
        Format::Csv => format::csv::open(from, &args.columns),
        Format::Keycloak => format::keycloak::open(from),
        Format::Auth0 => format::auth0::open(from),
    }
}
