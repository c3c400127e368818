//! Root secrets that are exchanged while the server runs.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, Interval, MissedTickBehavior};
use usermgmt_core::{Auth, with_causes};

use crate::metrics::{ReadOutcome, RotationMetrics};
use crate::secret_file;
use crate::settings::{FromSecret, Sources};

/// Reads the settings again at every SIGHUP, and as often as `secrets.refresh`
/// says where a secret manager has some, and takes their root secrets over.
/// Where they cannot be used, those in use stay.
pub(super) async fn follow(
    auth: Auth,
    sources: Sources,
    mut hangup: watch::Receiver<()>,
    mut from_secret: Option<FromSecret>,
    metrics: Option<Arc<RotationMetrics>>,
) {
    let mut due = from_secret.as_ref().map(|from_secret| every(from_secret.refresh()));
    loop {
        let is_asked = tokio::select! {
            asked = hangup.changed() => match asked {
                Ok(()) => true,
                Err(_) => return,
            },
            () = next(&mut due) => false,
        };
        let outcome = match take_over(&auth, sources.clone(), &mut from_secret).await {
            // Said by whoever takes them over.
            Ok(true) => ReadOutcome::TakenOver,
            Ok(false) => {
                if is_asked {
                    tracing::info!("the root secrets are as they were");
                }
                ReadOutcome::Unchanged
            }
            Err(error) => {
                tracing::error!(%error, "the root secrets in use stay");
                ReadOutcome::Failed
            }
        };
        if let Some(metrics) = &metrics {
            metrics.read(outcome);
        }
    }
}

fn every(period: Duration) -> Interval {
    #[expect(clippy::disallowed_methods, reason = "when to read again; nothing is decided by it")]
    let mut interval = tokio::time::interval_at(Instant::now() + period, period);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}

/// Never comes where nothing is read by itself.
async fn next(due: &mut Option<Interval>) {
    match due {
        Some(interval) => drop(interval.tick().await),
        None => std::future::pending().await,
    }
}

async fn take_over(
    auth: &Auth,
    sources: Sources,
    from_secret: &mut Option<FromSecret>,
) -> Result<bool, String> {
    // Reads files, asks a secret manager, and may look names up.
    let read = tokio::task::spawn_blocking(move || {
        let settings = sources.read().map_err(|problems| problems.to_string())?;
        let ring = secret_file::read_again(&settings.secret)?;
        Ok::<_, String>((settings.from_secret, ring))
    });
    let (now, ring) = read.await.map_err(|error| error.to_string())??;
    if let (Some(before), Some(now)) = (from_secret.as_ref(), &now) {
        let changed = before.changed(now).join(", ");
        if !changed.is_empty() {
            tracing::warn!(changed, "secrets.url has other settings, in force after a restart");
        }
    }
    *from_secret = now;
    auth.take_over(ring).await.map_err(|error| with_causes(&error))
}
