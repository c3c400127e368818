//! What is true of connections to every server.

use std::io;
use std::time::Duration;

use crate::dialect::READ_ONLY;

/// A connection to a server that does not write is not used: what it answers may
/// be out of date, and sessions that were ended elsewhere would go on.
pub(super) fn may_write(answer: i64) -> Result<(), sqlx::Error> {
    match answer {
        1 => Ok(()),
        _ => Err(io::Error::other(READ_ONLY).into()),
    }
}

/// How long a connection can have lain unused before it is tested first: the
/// server may have gone away. Testing it each time would double the time of
/// every statement.
pub(super) const TRUSTED_FOR: Duration = Duration::from_secs(2);
