//! Root secrets that are exchanged while the server runs.

use tokio::sync::watch;
use usermgmt_core::Auth;

use crate::secret_file;
use crate::settings::Sources;

/// Reads the settings again at every SIGHUP and takes their root secrets over.
/// Where they cannot be used, those in use stay.
pub(super) async fn follow(auth: Auth, sources: Sources, mut hangup: watch::Receiver<()>) {
    while hangup.changed().await.is_ok() {
        match take_over(&auth, sources.clone()).await {
            // Said by whoever takes them over.
            Ok(true) => {}
            Ok(false) => tracing::info!("the root secrets are as they were"),
            Err(error) => tracing::error!(%error, "the root secrets in use stay"),
        }
    }
}

async fn take_over(auth: &Auth, sources: Sources) -> Result<bool, String> {
    // Reads files, and may look names up.
    let read = tokio::task::spawn_blocking(move || {
        let settings = sources.read().map_err(|problems| problems.to_string())?;
        secret_file::read_again(&settings.secret)
    });
    let ring = read.await.map_err(|error| error.to_string())??;
    auth.take_over(ring).await.map_err(|error| error.to_string())
}
