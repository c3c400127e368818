//! What a server does by itself every few minutes, once.

use crate::failure::Failure;
use crate::output::print_line;
use crate::settings::Settings;
use crate::setup;

/// Removes what is over.
pub(crate) async fn purge(settings: &Settings) -> Result<(), Failure> {
    let auth = setup::auth(settings, settings.listen, None).await?;
    let rows = auth.purge().await.map_err(|error| Failure::new("purge", &error))?;
    print_line(&format!("{rows} rows removed"))
}
