//! What systemd is told (`Type=notify`, `WatchdogSec=`). Without it nothing happens.

#[cfg(target_os = "linux")]
mod linux {
    use sd_notify::NotifyState;
    use tokio::time::{MissedTickBehavior, interval};

    fn tell(states: &[NotifyState<'_>]) {
        if let Err(error) = sd_notify::notify(states) {
            tracing::warn!(%error, "the service manager cannot be told");
        }
    }

    /// The server takes requests.
    pub(crate) fn ready(address: &str) {
        tell(&[NotifyState::Ready, NotifyState::Status(&format!("serves on {address}"))]);
    }

    /// No more requests are taken.
    pub(crate) fn stopping() {
        tell(&[NotifyState::Stopping]);
    }

    /// Says that the process is alive, twice as often as is asked for. It runs on
    /// the threads that serve requests: where those stand still, so does this.
    pub(crate) async fn keep_watchdog() {
        let Some(limit) = sd_notify::watchdog_enabled() else { return };
        let mut ticks = interval(limit / 2);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            tell(&[NotifyState::Watchdog]);
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod elsewhere {
    pub(crate) fn ready(_: &str) {}
    pub(crate) fn stopping() {}
    pub(crate) async fn keep_watchdog() {}
}

#[cfg(not(target_os = "linux"))]
pub(crate) use self::elsewhere::*;
#[cfg(target_os = "linux")]
pub(crate) use self::linux::*;
