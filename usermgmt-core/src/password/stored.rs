//! Reading a stored hash. Its text may come from data that others could
//! write: whatever is not well-formed, or would cost too much, is no hash.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use zeroize::Zeroizing;

use super::argon2id::Argon2idHash;
use super::legacy::{LegacyHash, PasswordFormat};

/// The most memory a stored hash may ask for, in KiB.
pub(super) const MAX_MEMORY_KIB: u32 = 64 * 1024;

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
        LegacyHash::parse(text, &parts).map(Self::Legacy)
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

/// `a=1,b=2`: the numbers, where the names are these in this order.
pub(super) fn in_order<const N: usize>(text: &str, names: [&str; N]) -> Option<[u32; N]> {
    let mut pairs = text.split(',');
    let mut values = [0; N];
    for (value, name) in values.iter_mut().zip(names) {
        *value = decimal(pairs.next()?.strip_prefix(name)?.strip_prefix('=')?)?;
    }
    pairs.next().is_none().then_some(values)
}

/// Digits only: Rust's own reading takes a sign too.
pub(super) fn decimal(text: &str) -> Option<u32> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

pub(super) fn base64_no_pad(text: &str) -> Option<Vec<u8>> {
    STANDARD_NO_PAD.decode(text).ok()
}
