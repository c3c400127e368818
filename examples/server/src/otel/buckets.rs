//! The buckets of times.

/// How long one may take, in buckets, as at `/metrics`.
pub(super) fn buckets() -> Vec<f64> {
    crate::metrics::latency_buckets().to_vec()
}
