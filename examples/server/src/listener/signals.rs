//! What the operating system tells the process.

use tokio::sync::watch;

/// Ends at the first SIGTERM or SIGINT (elsewhere: Ctrl-C).
///
/// # Errors
/// Where the signals cannot be listened for.
pub(crate) fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        Ok(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        })
    }
    #[cfg(not(unix))]
    {
        Ok(async {
            if let Err(error) = tokio::signal::ctrl_c().await {
                tracing::error!(%error, "cannot listen for Ctrl-C");
                std::future::pending::<()>().await;
            }
        })
    }
}

/// Changes at every SIGHUP (elsewhere: never).
///
/// # Errors
/// Where the signal cannot be listened for.
pub(crate) fn reload_signal() -> std::io::Result<watch::Receiver<()>> {
    let (told, hear) = watch::channel(());
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut hangup = signal(SignalKind::hangup())?;
        tokio::spawn(async move {
            while hangup.recv().await.is_some() {
                told.send_replace(());
            }
        });
    }
    #[cfg(not(unix))]
    tokio::spawn(async move { told.closed().await });
    Ok(hear)
}
