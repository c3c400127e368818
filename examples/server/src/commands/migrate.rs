//! The schema, brought up to date before the servers are.

use usermgmt_core::rng::OsRng;

use crate::failure::Failure;
use crate::output::print_line;
use crate::settings::Settings;
use crate::setup::{self, Schema};
use crate::{folders, secret_file};

/// Brings it up to date, or says what that would do.
pub(crate) async fn run(check: bool, settings: &Settings) -> Result<(), Failure> {
    if check {
        let schema = setup::schema(settings).await?;
        if let Some(found) = schema.found.filter(|_| schema.is_too_late()) {
            return Err(Failure::Other(format!(
                "the schema has version {found}, which this program cannot work with: use one \
                 that knows version {} or later",
                found - 1
            )));
        }
        return print_line(&match schema {
            Schema { found: None, known, .. } => {
                format!("the store is empty: the schema's version {known} would be made")
            }
            Schema { found: Some(found), known, .. } if found < known => {
                format!("the schema has version {found} and would be brought to {known}")
            }
            Schema { known, missing, .. } if !missing.is_empty() => format!(
                "the schema has version {known}, but lacks {}, which would be made",
                missing.join(", ")
            ),
            schema => shown(&schema),
        });
    }
    if settings.database.is_embedded() {
        folders::private_dir(&settings.data_dir)?;
    }
    // A file without its secret would look like one whose secret was lost.
    secret_file::load(&settings.secret, settings.database.file.as_deref(), &OsRng)
        .map_err(Failure::Setting)?;
    setup::open(settings).await?;
    print_line(&shown(&setup::schema(settings).await?))
}

/// A schema with which nothing has to be done.
fn shown(schema: &Schema) -> String {
    let known = schema.known;
    match schema.found {
        Some(found) if found > known => format!(
            "the schema has version {found}, which is later than this program's {known}: nothing \
             is to be done"
        ),
        _ => format!("the schema is up to date: version {known}"),
    }
}
