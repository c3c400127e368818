//! Every connection there is: so many and no more. Where there are too many, one
//! that waits for its client goes, so that new ones are always served.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use ipnet::IpNet;
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use usermgmt_core::metrics::{Counted, Metrics};

use super::Limits;
use super::progress::{Progress, now};

/// The part of all connections that one client network may have.
const SHARE: usize = 2;

/// All of them.
#[derive(Debug)]
pub(super) struct Connections {
    most: usize,
    proxies: Vec<IpNet>,
    /// Told of each that goes for want of room.
    metrics: Arc<dyn Metrics>,
    all: Mutex<All>,
    /// Rung when one has gone.
    gone: Notify,
}

#[derive(Debug, Default)]
struct All {
    next: u64,
    seats: HashMap<u64, Taken>,
    networks: HashMap<Network, usize>,
}

#[derive(Debug)]
struct Taken {
    network: Network,
    progress: Arc<Progress>,
    task: AbortHandle,
}

/// What one customer has: an IPv4 address, or the /64 of an IPv6 one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Network(IpAddr);

impl Network {
    fn of(peer: SocketAddr) -> Self {
        match peer.ip().to_canonical() {
            IpAddr::V6(v6) => {
                Self(IpAddr::from((v6.to_bits() & !u128::from(u64::MAX)).to_be_bytes()))
            }
            v4 => Self(v4),
        }
    }
}

/// A connection's place among them, given back when dropped.
#[derive(Debug)]
pub(super) struct Seat {
    id: u64,
    pub(super) progress: Arc<Progress>,
    connections: Arc<Connections>,
}

impl Drop for Seat {
    fn drop(&mut self) {
        drop(self.connections.all().remove(self.id));
        self.connections.gone.notify_waiters();
    }
}

impl Connections {
    /// As many as these limits say.
    pub(super) fn new(limits: &Limits, metrics: Arc<dyn Metrics>) -> Self {
        Self {
            most: limits.max_connections.max(1),
            proxies: limits.trusted_proxies.clone(),
            metrics,
            all: Mutex::default(),
            gone: Notify::new(),
        }
    }

    fn all(&self) -> MutexGuard<'_, All> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until there is room for one more, or one waits that can go.
    pub(super) async fn room(&self) {
        loop {
            let gone = self.gone.notified();
            {
                let all = self.all();
                if all.seats.len() < self.most || all.least(None, now()).is_some() {
                    return;
                }
            }
            // Nobody tells when one that works begins to wait: look again soon.
            let _ = tokio::time::timeout(std::time::Duration::from_millis(5), gone).await;
        }
    }

    /// Takes a connection in, for which the one with the least claim goes where
    /// there are too many: in all, or from its network.
    pub(super) fn admit(
        self: &Arc<Self>,
        peer: SocketAddr,
        start: impl FnOnce(Seat) -> AbortHandle,
    ) {
        let network = Network::of(peer);
        let mut all = self.all();
        let from_network = all.networks.get(&network).copied().unwrap_or(0);
        let shared = peer.ip().to_canonical().is_loopback()
            || self.proxies.iter().any(|proxy| proxy.contains(&peer.ip().to_canonical()));
        if !shared && from_network >= (self.most / SHARE).max(1) {
            self.cut_least(&mut all, Some(network));
        } else if all.seats.len() >= self.most {
            self.cut_least(&mut all, None);
        }
        let id = all.next;
        all.next += 1;
        *all.networks.entry(network).or_default() += 1;
        let progress = Arc::new(Progress::new());
        let seat = Seat { id, progress: Arc::clone(&progress), connections: Arc::clone(self) };
        // It cannot end before it is noted here: ending takes the same lock.
        let task = start(seat);
        all.seats.insert(id, Taken { network, progress, task });
    }

    /// Cuts the one with the least claim.
    pub(super) fn make_room(&self) {
        self.cut_least(&mut self.all(), None);
    }

    fn cut_least(&self, all: &mut All, of: Option<Network>) {
        let Some(taken) = all.least(of, now()).and_then(|id| all.remove(id)) else { return };
        taken.task.abort();
        self.metrics.count(Counted::ConnectionCut);
    }

    /// Which came how many'th, counted from 0, of the one that goes first at this time.
    #[cfg(test)]
    pub(super) fn first_to_go(&self, at: Instant) -> Option<u64> {
        self.all().least(None, at)
    }

    /// Cuts all that wait for their client.
    pub(super) fn cut_arriving(&self) {
        let at = now();
        for taken in self.all().seats.values() {
            if taken.progress.claim(at).is_some() {
                taken.task.abort();
            }
        }
    }

    /// Cuts all.
    pub(super) fn cut_all(&self) {
        for taken in self.all().seats.values() {
            taken.task.abort();
        }
    }

    /// Waits until there are none.
    pub(super) async fn none_left(&self) {
        loop {
            let gone = self.gone.notified();
            if self.all().seats.is_empty() {
                return;
            }
            gone.await;
        }
    }
}

impl All {
    /// The one that goes first: one whose client is slow to send or to read, of the
    /// network that has most, and that has waited longest.
    fn least(&self, of: Option<Network>, at: Instant) -> Option<u64> {
        let claims = self.seats.iter().filter(|(_, taken)| of.is_none_or(|of| taken.network == of));
        let claims = claims.filter_map(|(id, taken)| {
            let most = self.networks.get(&taken.network).copied().unwrap_or(0);
            let claim = taken.progress.claim(at)?;
            Some(((claim.in_time, Reverse(most), claim.waiting_since), *id))
        });
        claims.min().map(|(_, id)| id)
    }

    fn remove(&mut self, id: u64) -> Option<Taken> {
        let taken = self.seats.remove(&id)?;
        if let Some(count) = self.networks.get_mut(&taken.network) {
            *count -= 1;
            if *count == 0 {
                self.networks.remove(&taken.network);
            }
        }
        Some(taken)
    }
}
