//! How slow a request may be.

use std::time::Duration;

/// How long a request may take whatever comes of it.
const GRACE: Duration = Duration::from_secs(10);
/// How many bytes a second earn it more time (slower than any modem, and what
/// Apache's mod_reqtimeout asks for).
const LEAST_RATE: u64 = 500;

/// How long a request of which so much has come may take to arrive.
pub(super) fn most_time_for(bytes: u64, request_timeout: Duration) -> Duration {
    (GRACE + Duration::from_millis(bytes.saturating_mul(1000) / LEAST_RATE)).min(request_timeout)
}
