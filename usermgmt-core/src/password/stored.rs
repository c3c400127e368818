//! Reading a stored hash. Its text may come from data that others could
//! write: whatever is not well-formed, or would cost too much, is no hash.

use std::sync::Arc;

use zeroize::Zeroizing;

use super::argon2id::Argon2idHash;
use super::format::PasswordFormat;
use super::legacy::{self, LegacyHash};

/// Longer than any hash of the formats read here.
const MAX_LENGTH: usize = 512;

/// A stored hash that is safe to compute.
pub(super) enum Stored {
    Argon2id(Argon2idHash),
    Legacy(LegacyHash),
    /// The text, and whose it is.
    Foreign(Arc<dyn PasswordFormat>, Zeroizing<String>),
}

impl Stored {
    /// Reads the text of a stored hash. `own_kib` is the memory that is there
    /// anyway, `formats` are the embedder's.
    pub(super) fn parse(
        text: &str,
        own_kib: u32,
        formats: &[Arc<dyn PasswordFormat>],
    ) -> Option<Self> {
        Self::own(text, own_kib).or_else(|| {
            let format = formats.iter().find(|format| format.recognises(text))?;
            Some(Self::Foreign(Arc::clone(format), Zeroizing::new(text.to_owned())))
        })
    }

    fn own(text: &str, own_kib: u32) -> Option<Self> {
        if text.len() > MAX_LENGTH {
            return None;
        }
        let parts: Vec<&str> = text.split('$').collect();
        if let ["", "argon2id", "v=19", costs, salt, tag] = parts[..] {
            return Argon2idHash::parse(costs, salt, tag, own_kib).map(Self::Argon2id);
        }
        legacy::parse(text, &parts).map(Self::Legacy)
    }

    /// The name of its algorithm or format.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Argon2id(_) => "argon2id",
            Self::Legacy(hash) => hash.kind(),
            Self::Foreign(format, _) => format.name(),
        }
    }

    /// Whether verifying takes no more memory than `own_kib`, for Argon2id.
    pub(super) fn fits(&self, own_kib: u32) -> bool {
        match self {
            Self::Argon2id(hash) => hash.params.m_cost() <= own_kib,
            Self::Legacy(hash) => hash.is_small(),
            Self::Foreign(..) => false,
        }
    }
}
