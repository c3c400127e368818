//! A store in memory: for tests, demos, and as the model of the conformance suite.

/// Keeps everything in memory.
#[derive(Debug, Default)]
pub struct MemoryStore {}
