//! The schema, brought up to date before the servers are.

use usermgmt_core::rng::OsRng;

use crate::failure::Failure;
use crate::output::print_line;
use crate::secret_file;
use crate::settings::Settings;
use crate::setup::{self, Schema};

/// Brings it up to date, or says what that would do.
pub(crate) async fn run(check: bool, settings: &Settings) -> Result<(), Failure> {
    if check {
        return print_line(&match setup::schema(settings).await? {
            Schema { found: None, known, .. } => {
                format!("the store is empty: the schema's version {known} would be made")
            }
            Schema { found: Some(found), known, .. } if found < known => {
                format!("the schema has version {found} and would be brought to {known}")
            }
            Schema { found: Some(found), known, .. } if found > known => format!(
                "the schema has version {found}, which is later than this program's {known}: \
                 nothing would be done"
            ),
            Schema { known, missing, .. } if !missing.is_empty() => format!(
                "the schema has version {known}, but lacks {}, which would be made",
                missing.join(", ")
            ),
            Schema { known, .. } => format!("the schema is up to date: version {known}"),
        });
    }
    if settings.database.is_embedded() {
        setup::private_dir(&settings.data_dir)?;
    }
    // A file without its secret would look like one whose secret was lost.
    secret_file::load(&settings.secret, settings.database.file.as_deref(), &OsRng)
        .map_err(Failure::Setting)?;
    setup::open(settings).await?;
    let known = setup::schema(settings).await?.known;
    print_line(&format!("the schema is up to date: version {known}"))
}
