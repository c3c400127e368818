//! What one thread of the pool does with a job.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use argon2::{Block, Params};
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tracing::Span;
use zeroize::Zeroizing;

use super::argon2id::{self, Argon2idHash, SALT_LENGTH, TAG_LENGTH};
use super::nfkc::nfkc;
use super::stored::Stored;
use super::verdict::Verdict;
use crate::metrics::Stopwatch;
use crate::model::user::PasswordHash;
use crate::rng::{SecureRng, random};
use crate::secret::PlaintextPassword;

/// An answer, and the room it was found in.
pub(super) type Verified = (Verdict, OwnedSemaphorePermit);

/// A password and what to do with it.
pub(super) struct Job {
    password: PlaintextPassword,
    work: Work,
    fits: bool,
    made: Stopwatch,
    /// Where it was asked for: what is told of the job is told there.
    span: Span,
    /// Free again when the job is done or dropped, or goes back with the answer.
    room: OwnedSemaphorePermit,
}

enum Work {
    Hash(oneshot::Sender<PasswordHash>),
    Verify(Option<Stored>, oneshot::Sender<Verified>),
}

impl Job {
    pub(super) fn hash(
        password: PlaintextPassword,
        reply: oneshot::Sender<PasswordHash>,
        room: OwnedSemaphorePermit,
    ) -> Self {
        Self {
            password,
            work: Work::Hash(reply),
            fits: true,
            made: Stopwatch::start(),
            span: Span::current(),
            room,
        }
    }

    /// `own_kib` is the memory that every thread keeps.
    pub(super) fn verify(
        password: PlaintextPassword,
        stored: Option<Stored>,
        own_kib: u32,
        reply: oneshot::Sender<Verified>,
        room: OwnedSemaphorePermit,
    ) -> Self {
        Self {
            password,
            fits: stored.as_ref().is_none_or(|stored| stored.fits(own_kib)),
            work: Work::Verify(stored, reply),
            made: Stopwatch::start(),
            span: Span::current(),
            room,
        }
    }

    /// Whether the memory that every thread keeps is enough for it.
    pub(super) fn fits(&self) -> bool {
        self.fits
    }

    /// The span that it was asked for in.
    pub(super) fn span(&self) -> Span {
        self.span.clone()
    }

    /// How long ago it was made.
    pub(super) fn waited(&self) -> Duration {
        self.made.elapsed()
    }

    /// Whether nobody waits for the answer any more.
    pub(super) fn is_abandoned(&self) -> bool {
        match &self.work {
            Work::Hash(reply) => reply.is_closed(),
            Work::Verify(_, reply) => reply.is_closed(),
        }
    }
}

/// The present parameters, and memory that is kept from one hash to the next.
/// It is not wiped in between: the next hash overwrites it, and wiping would
/// cost a tenth of the throughput.
pub(super) struct Engine {
    params: Params,
    memory: Vec<Block>,
    rng: Arc<dyn SecureRng>,
}

impl Engine {
    pub(super) fn new(params: Params, rng: Arc<dyn SecureRng>) -> Self {
        Self { params, memory: Vec::new(), rng }
    }

    /// Does the work and replies. That the caller may have gone meanwhile is
    /// no concern of the pool's.
    pub(super) fn run(&mut self, job: Job) {
        match job.work {
            Work::Hash(reply) => {
                let _ = reply.send(self.hash(job.password.expose()));
            }
            Work::Verify(stored, reply) => {
                let verdict = self.verify(job.password.expose(), stored.as_ref());
                let _ = reply.send((verdict, job.room));
            }
        }
    }

    fn hash(&mut self, password: &str) -> PasswordHash {
        let params = self.params.clone();
        let salt = random::<SALT_LENGTH>(self.rng.as_ref());
        let mut tag = Zeroizing::new([0; TAG_LENGTH]);
        self.derive(&params, &nfkc(password), &salt, tag.as_mut_slice());
        argon2id::to_phc(&params, &salt, &tag)
    }

    /// What was hashed here was normalised first; what came from elsewhere may
    /// have been hashed as it was typed. Where the two differ both are computed,
    /// the dummy of an unknown account too.
    fn verify(&mut self, typed: &str, stored: Option<&Stored>) -> Verdict {
        let normalised = nfkc(typed);
        let typed = (typed != normalised.as_str()).then_some(typed);
        let is_right = match stored {
            Some(Stored::Argon2id(hash)) => {
                if self.is_of(&normalised, hash) {
                    return if self.is_present(hash) {
                        Verdict::Right
                    } else {
                        Verdict::RightOutdated
                    };
                }
                typed.is_some_and(|typed| self.is_of(typed, hash))
            }
            Some(Stored::Legacy(hash)) => {
                typed.is_some_and(|typed| hash.verify(typed)) || hash.verify(&normalised)
            }
            Some(Stored::Foreign(format, text)) => {
                typed.is_some_and(|typed| format.verify(text, typed))
                    || format.verify(text, &normalised)
            }
            None => {
                let params = self.params.clone();
                let mut tag = Zeroizing::new([0; TAG_LENGTH]);
                for form in [Some(normalised.as_str()), typed].into_iter().flatten() {
                    self.derive(&params, form, &[0; SALT_LENGTH], tag.as_mut_slice());
                    black_box(&tag);
                }
                false
            }
        };
        if is_right { Verdict::RightOutdated } else { Verdict::Wrong }
    }

    fn is_of(&mut self, password: &str, hash: &Argon2idHash) -> bool {
        let mut tag = Zeroizing::new(vec![0; hash.tag.len()]);
        self.derive(&hash.params, password, &hash.salt, &mut tag);
        hash.has_tag(&tag)
    }

    fn is_present(&self, hash: &Argon2idHash) -> bool {
        hash.params == self.params && hash.salt.len() == SALT_LENGTH && hash.tag.len() == TAG_LENGTH
    }

    fn derive(&mut self, params: &Params, password: &str, salt: &[u8], tag: &mut [u8]) {
        let own_kib = self.params.m_cost();
        if params.m_cost() > own_kib {
            argon2id::derive(params, password, salt, tag, &mut blocks(params.m_cost()));
            return;
        }
        if self.memory.is_empty() {
            self.memory = blocks(own_kib);
        }
        argon2id::derive(params, password, salt, tag, &mut self.memory);
    }
}

/// A block is a KiB.
fn blocks(memory_kib: u32) -> Vec<Block> {
    vec![Block::new(); memory_kib as usize]
}
