//! A bounded queue and the threads that serve it.

use std::collections::VecDeque;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::engine::{Engine, Job};

/// The queue is full; the job is dropped.
pub(super) struct Full;

/// Dropping it lets the threads end.
pub(super) struct Pool(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    work_or_end: Condvar,
    /// Jobs that may be waiting or running at once.
    limit: usize,
}

struct State {
    waiting: VecDeque<Job>,
    running: usize,
    closed: bool,
}

impl Pool {
    pub(super) fn start(
        workers: usize,
        queue: usize,
        engine: impl Fn() -> Engine,
    ) -> io::Result<Self> {
        let pool = Self(Arc::new(Shared {
            state: Mutex::new(State { waiting: VecDeque::new(), running: 0, closed: false }),
            work_or_end: Condvar::new(),
            limit: workers + queue,
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

    pub(super) fn submit(&self, job: Job) -> Result<(), Full> {
        let mut state = self.0.lock();
        if state.running + state.waiting.len() >= self.0.limit {
            state.waiting.retain(|job| !job.is_abandoned());
        }
        if state.running + state.waiting.len() >= self.0.limit {
            return Err(Full);
        }
        let anyone_can = job.fits();
        state.waiting.push_back(job);
        drop(state);
        if anyone_can {
            self.0.work_or_end.notify_one();
        } else {
            self.0.work_or_end.notify_all();
        }
        Ok(())
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
            // The memory that a panic leaves behind is written before it is
            // read; the caller finds its reply gone and is told.
            if catch_unwind(AssertUnwindSafe(|| engine.run(job))).is_err() {
                tracing::error!("a panic while a password was hashed");
            }
            self.lock().running -= 1;
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
                state.running += 1;
                return Some(job);
            }
            state = self.work_or_end.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}
