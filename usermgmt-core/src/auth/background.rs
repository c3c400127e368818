//! What an [`Auth`] does when nobody is asking.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::facade::Auth;
use crate::causes::with_causes;
use crate::mail::Mailer;
use crate::outbox::OutboxWorker;

/// How often the store's clock is asked for.
const CLOCK_EVERY: Duration = Duration::from_secs(60);
/// How many of those go by between two purges.
const PURGE_EVERY: u32 = 5;

impl Auth {
    /// Does all that has to be done beside requests, until `stop` is ready: sends
    /// queued mail through `mailer`, deletes what has expired (accounts that were
    /// not confirmed in time, tokens, sessions, counters) and follows the store's
    /// clock. Then it finishes the mails that are under way and returns.
    ///
    /// Run it once in every process that serves requests; any number of
    /// processes may on one store. Without it no mail is sent and the store
    /// grows: an [`Auth`] that serves for ten minutes without it logs a warning.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use usermgmt_core::{Auth, Mailer};
    /// # fn example(auth: Auth, mailer: Arc<dyn Mailer>) {
    /// tokio::spawn(async move { auth.run(mailer, std::future::pending()).await });
    /// # }
    /// ```
    pub async fn run(&self, mailer: Arc<dyn Mailer>, stop: impl Future<Output = ()>) {
        let worker = OutboxWorker::new(self.clone(), mailer);
        self.run_with(&worker, stop).await;
    }

    /// The same with a worker of the caller's, who wants its counts.
    pub async fn run_with(&self, worker: &OutboxWorker, stop: impl Future<Output = ()>) {
        let (told, stopped) = watch::channel(false);
        let until_told = |mut stopped: watch::Receiver<bool>| async move {
            // An error means that the sender is gone, which is the end as well.
            let _ = stopped.wait_for(|stop| *stop).await;
        };
        let maintaining = async {
            // Every step is one commit: it may be cut off anywhere.
            tokio::select! {
                biased;
                () = until_told(stopped.clone()) => {}
                () = self.maintain() => {}
            }
        };
        let waiting = async move {
            stop.await;
            told.send_replace(true);
        };
        tokio::join!(worker.run(until_told(stopped.clone())), maintaining, waiting);
    }

    /// Purges every five minutes, and follows the store's clock every minute.
    async fn maintain(&self) {
        let mut has_skeletons = false;
        loop {
            if let Err(error) = self.purge().await {
                tracing::warn!(error = %with_causes(&error), "what has expired was not purged");
            }
            if !has_skeletons {
                match self.claim_missing_skeletons().await {
                    Ok(()) => has_skeletons = true,
                    Err(error) => {
                        tracing::warn!(
                            error = %with_causes(&error),
                            "names were not compared by their looks"
                        );
                    }
                }
            }
            for _ in 0..PURGE_EVERY {
                tokio::time::sleep(CLOCK_EVERY).await;
                if let Err(error) = self.follow_store_clock().await {
                    tracing::warn!(
                        error = %with_causes(&error),
                        "the store was not asked for its clock"
                    );
                }
            }
        }
    }

    /// Upkeep is being done.
    pub(crate) fn upkeep_begins(&self) {
        self.0.upkeep.begins(self.now());
    }

    /// Called for requests: says once where they have been served for long
    /// without upkeep.
    pub(crate) fn miss_upkeep(&self) {
        if self.0.upkeep.is_missed(self.now()) {
            tracing::warn!(
                "requests have been served for ten minutes without upkeep: no mail is sent and \
                 nothing that has expired is deleted; run `Auth::run` beside the server"
            );
        }
    }
}
