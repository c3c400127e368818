//! Argon2id (RFC 9106) and its stored form, the PHC string.

use std::fmt::Write as _;

use argon2::{Algorithm, Argon2, Block, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::bounds::{MAX_ITERATIONS, MAX_MEMORY_KIB, MAX_PARALLELISM};
use super::parse::{base64_no_pad, in_order};
use crate::model::user::PasswordHash;

/// Bytes of salt in a new hash (RFC 9106, 3.1).
pub(super) const SALT_LENGTH: usize = 16;

/// Bytes of tag in a new hash.
pub(super) const TAG_LENGTH: usize = 32;

/// A stored Argon2id hash that is safe to compute.
pub(super) struct Argon2idHash {
    pub(super) params: Params,
    pub(super) salt: Vec<u8>,
    pub(super) tag: Zeroizing<Vec<u8>>,
}

impl Argon2idHash {
    /// From the last three parts of the PHC string: `m=…,t=…,p=…`, salt, tag.
    /// `None` where they are not well-formed or ask for too much. Memory up to
    /// `own_kib` is there anyway.
    pub(super) fn parse(costs: &str, salt: &str, tag: &str, own_kib: u32) -> Option<Self> {
        let [memory_kib, iterations, parallelism] = in_order(costs, ["m", "t", "p"])?;
        if memory_kib > MAX_MEMORY_KIB.max(own_kib)
            || iterations > MAX_ITERATIONS
            || parallelism > MAX_PARALLELISM
        {
            return None;
        }
        let params = Params::new(memory_kib, iterations, parallelism, None).ok()?;
        let salt = base64_no_pad(salt)?;
        let tag = Zeroizing::new(base64_no_pad(tag)?);
        if !(argon2::MIN_SALT_LEN..=64).contains(&salt.len()) || !(16..=64).contains(&tag.len()) {
            return None;
        }
        Some(Self { params, salt, tag })
    }

    /// Constant time.
    pub(super) fn has_tag(&self, tag: &[u8]) -> bool {
        self.tag.ct_eq(tag).into()
    }
}

/// `memory` may hold anything and be larger than is needed.
pub(super) fn derive(
    params: &Params,
    password: &str,
    salt: &[u8],
    tag: &mut [u8],
    memory: &mut [Block],
) {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone())
        .hash_password_into_with_memory(password.as_bytes(), salt, tag, memory)
        .expect("lengths of salt, tag and memory were checked when they were made or read");
}

pub(super) fn to_phc(
    params: &Params,
    salt: &[u8; SALT_LENGTH],
    tag: &[u8; TAG_LENGTH],
) -> PasswordHash {
    let (m, t, p) = (params.m_cost(), params.t_cost(), params.p_cost());
    // Long enough for any: a string that grows leaves its earlier copies behind.
    let mut text = String::with_capacity(128);
    write!(text, "$argon2id$v=19$m={m},t={t},p={p}$").expect("writing to a string cannot fail");
    STANDARD_NO_PAD.encode_string(salt, &mut text);
    text.push('$');
    STANDARD_NO_PAD.encode_string(tag, &mut text);
    PasswordHash::from_stored(text)
}
