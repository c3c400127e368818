//! A bounded queue and the threads that serve it.

use std::collections::VecDeque;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::engine::{Engine, Job};

/// Memory that jobs may take beyond what the workers keep, all of them
/// together, in bytes. No job needs more than this alone.
pub(super) const EXTRA_MEMORY: usize = 64 * 1024 * 1024;

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
    extra_memory: usize,
    closed: bool,
}

impl Pool {
    pub(super) fn start(
        workers: usize,
        queue: usize,
        engine: impl Fn() -> Engine,
    ) -> io::Result<Self> {
        let pool = Self(Arc::new(Shared {
            state: Mutex::new(State {
                waiting: VecDeque::new(),
                running: 0,
                extra_memory: EXTRA_MEMORY,
                closed: false,
            }),
            work_or_end: Condvar::new(),
            limit: workers + queue,
        }));
        for _ in 0..workers {
            let shared = Arc::clone(&pool.0);
            let engine = engine();
            thread::Builder::new()
                .name("password".to_owned())
                .spawn(move || shared.serve(engine))?;
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
        state.waiting.push_back(job);
        drop(state);
        self.0.work_or_end.notify_one();
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

    fn serve(&self, mut engine: Engine) {
        while let Some((job, extra)) = self.next(&engine) {
            // The memory that a panic leaves behind is written before it is
            // read; the caller finds its reply gone and is told.
            if catch_unwind(AssertUnwindSafe(|| engine.run(job))).is_err() {
                tracing::error!("a panic while a password was hashed");
            }
            let mut state = self.lock();
            state.running -= 1;
            state.extra_memory += extra;
            drop(state);
            if extra > 0 {
                self.work_or_end.notify_all();
            }
        }
    }

    /// The next job and the extra memory set aside for it; `None` at the end.
    fn next(&self, engine: &Engine) -> Option<(Job, usize)> {
        let mut state = self.lock();
        loop {
            if state.closed {
                return None;
            }
            if let Some((job, extra)) = state.take(engine) {
                if job.is_abandoned() {
                    continue;
                }
                state.running += 1;
                state.extra_memory -= extra;
                return Some((job, extra));
            }
            state = self.work_or_end.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl State {
    /// The first job that can run now. Those that need extra memory keep their
    /// order among themselves; the others pass them while it is all taken.
    fn take(&mut self, engine: &Engine) -> Option<(Job, usize)> {
        let mut left = self.extra_memory;
        let (index, extra) = self.waiting.iter().enumerate().find_map(|(index, job)| {
            let extra = engine.extra_memory(job);
            if extra <= left {
                return Some((index, extra));
            }
            left = 0;
            None
        })?;
        Some((self.waiting.remove(index)?, extra))
    }
}
