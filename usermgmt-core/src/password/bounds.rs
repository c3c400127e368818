//! What a stored hash may cost at most. One that asks for more is not computed.

/// The most memory, in KiB.
pub(super) const MAX_MEMORY_KIB: u32 = 64 * 1024;

/// The most passes over the memory, and the most lanes. The present hash may not
/// have more either.
pub(super) const MAX_ITERATIONS: u32 = 64;
pub(super) const MAX_PARALLELISM: u32 = 16;
