//! A request on its way: it may be slow, but not for ever.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};

use super::pace::most_time_for;
use super::progress::{Progress, now};

/// One request and how much of its body has come.
#[derive(Debug)]
pub(super) struct Arrival {
    progress: Arc<Progress>,
    began: Instant,
    bytes: AtomicU64,
    whole: AtomicBool,
    answered: AtomicBool,
}

impl Arrival {
    /// A request whose head has come; `whole` where that is all of it.
    pub(super) fn new(progress: Arc<Progress>, whole: bool) -> Arc<Self> {
        let arrival = Self {
            progress,
            began: now(),
            bytes: AtomicU64::new(0),
            whole: AtomicBool::new(false),
            answered: AtomicBool::new(false),
        };
        if whole {
            arrival.complete();
        }
        Arc::new(arrival)
    }

    fn complete(&self) {
        // What comes after the answer, which did not wait for it, is nobody's work.
        if !self.whole.swap(true, Ordering::AcqRel) && !self.answered.load(Ordering::Acquire) {
            self.progress.arrived();
        }
    }

    /// Ends when the body comes too slowly; never, once it is there.
    pub(super) async fn late(&self, request_timeout: Duration) {
        loop {
            if self.whole.load(Ordering::Acquire) {
                return std::future::pending().await;
            }
            let bytes = self.bytes.load(Ordering::Relaxed);
            let until = self.began + most_time_for(bytes, request_timeout);
            if until <= now() {
                return;
            }
            tokio::time::sleep_until(until.into()).await;
        }
    }
}

/// Drops with the answer, or with the connection.
#[derive(Debug)]
pub(super) struct Answering(pub(super) Arc<Arrival>);

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.answered.store(true, Ordering::Release);
        if self.0.whole.load(Ordering::Acquire) {
            self.0.progress.answered();
        } else {
            self.0.progress.refused();
        }
    }
}

/// A body that tells how far it is.
#[derive(Debug)]
pub(super) struct Arriving {
    pub(super) body: Incoming,
    pub(super) arrival: Arc<Arrival>,
}

impl Body for Arriving {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        if let Some(Ok(frame)) = &frame {
            let count = frame.data_ref().map_or(0, Bytes::len) as u64;
            self.arrival.bytes.fetch_add(count, Ordering::Relaxed);
        }
        if frame.is_none() || self.body.is_end_stream() {
            self.arrival.complete();
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
