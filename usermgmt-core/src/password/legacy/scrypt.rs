//! scrypt (RFC 7914).

use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::super::bounds::MAX_MEMORY_KIB;

const MAX_MEMORY: u64 = MAX_MEMORY_KIB as u64 * 1024;

/// The most work, in bytes passed over.
const MAX_WORK: u64 = 4 * MAX_MEMORY;

/// The lanes' own blocks: a little beside the memory, never another heap of it.
const MAX_BLOCKS: u64 = 1024 * 1024;

/// An scrypt hash that is safe to compute.
pub(crate) struct ScryptHash {
    params: scrypt::Params,
    salt: Vec<u8>,
    tag: Zeroizing<Vec<u8>>,
}

impl ScryptHash {
    /// `None` where it would cost too much, or the tag proves too little.
    pub(super) fn new(log_n: u32, r: u32, p: u32, salt: Vec<u8>, tag: Vec<u8>) -> Option<Self> {
        let block = 128 * u64::from(r);
        let blocks = block.checked_mul(p.into())?;
        let memory = block.checked_mul(1_u64.checked_shl(log_n)?)?;
        let work = memory.checked_mul(p.into())?;
        if blocks > MAX_BLOCKS
            || memory > MAX_MEMORY
            || work > MAX_WORK
            || !(16..=64).contains(&tag.len())
        {
            return None;
        }
        let params = scrypt::Params::new(log_n.try_into().ok()?, r, p).ok()?;
        Some(Self { params, salt, tag: Zeroizing::new(tag) })
    }

    pub(super) fn verify(&self, password: &str) -> bool {
        let mut computed = Zeroizing::new(vec![0; self.tag.len()]);
        scrypt::scrypt(password.as_bytes(), &self.salt, &self.params, &mut computed).is_ok()
            && computed.ct_eq(&self.tag).into()
    }
}
