//! A bounded queue and the threads that serve it.

use std::collections::VecDeque;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::engine::{Engine, Job};
use crate::metrics::{Metrics, Stopwatch, Timed};

/// Dropping it lets the threads end.
pub(super) struct Pool(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    work_or_end: Condvar,
    /// Room for jobs: announced, waiting and running.
    room: Arc<Semaphore>,
    metrics: Arc<dyn Metrics>,
}

struct State {
    waiting: VecDeque<Job>,
    closed: bool,
}

impl Pool {
    pub(super) fn start(
        workers: usize,
        queue: usize,
        metrics: Arc<dyn Metrics>,
        engine: impl Fn() -> Engine,
    ) -> io::Result<Self> {
        let pool = Self(Arc::new(Shared {
            state: Mutex::new(State { waiting: VecDeque::new(), closed: false }),
            work_or_end: Condvar::new(),
            room: Arc::new(Semaphore::new(workers + queue)),
            metrics,
        }));
        for number in 0..workers {
            let shared = Arc::clone(&pool.0);
            let engine = engine();
            thread::Builder::new()
                .name("password".to_owned())
                .spawn(move || shared.serve(engine, number == 0))?;
        }
        Ok(pool)
    }

    /// Takes room for one job. `None`: there is none left.
    pub(super) fn reserve(&self) -> Option<OwnedSemaphorePermit> {
        let room = || Arc::clone(&self.0.room).try_acquire_owned().ok();
        room().or_else(|| {
            self.0.lock().waiting.retain(|job| !job.is_abandoned());
            room()
        })
    }

    pub(super) fn metrics(&self) -> &dyn Metrics {
        self.0.metrics.as_ref()
    }

    /// How many jobs wait for a thread.
    pub(super) fn waiting(&self) -> usize {
        self.0.lock().waiting.len()
    }

    pub(super) fn submit(&self, job: Job) {
        let anyone_can = job.fits();
        self.0.lock().waiting.push_back(job);
        if anyone_can {
            self.0.work_or_end.notify_one();
        } else {
            self.0.work_or_end.notify_all();
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.0.lock().closed = true;
        self.0.work_or_end.notify_all();
    }
}

impl Shared {
    /// A panic while the lock is held leaves nothing half done, so a poisoned
    /// lock is as good as any.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Only one thread takes jobs that need memory of their own. So there is
    /// one such job at a time, and one thread whose heap the allocator may
    /// keep large after it.
    fn serve(&self, mut engine: Engine, takes_all: bool) {
        while let Some(job) = self.next(takes_all) {
            let _within = job.span().entered();
            self.metrics.time(Timed::PasswordHashWait, job.waited());
            let began = Stopwatch::start();
            // The memory that a panic leaves behind is written before it is
            // read; the caller finds its reply gone and is told.
            if catch_unwind(AssertUnwindSafe(|| engine.run(job))).is_err() {
                tracing::error!("a panic while a password was hashed");
            }
            self.metrics.time(Timed::PasswordHash, began.elapsed());
        }
    }

    /// The first job that this thread can do; `None` at the end.
    fn next(&self, takes_all: bool) -> Option<Job> {
        let mut state = self.lock();
        loop {
            if state.closed {
                return None;
            }
            let mut waiting = state.waiting.iter();
            let first = waiting.position(|job| takes_all || job.fits());
            if let Some(job) = first.and_then(|first| state.waiting.remove(first)) {
                if job.is_abandoned() {
                    continue;
                }
                return Some(job);
            }
            state = self.work_or_end.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}
