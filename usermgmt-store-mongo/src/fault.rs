//! What an error of the driver means.

use mongodb::error::{Error, ErrorKind, TRANSIENT_TRANSACTION_ERROR, WriteFailure};
use usermgmt_core::store::StoreError;

/// What is known after an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A document with this key is there already.
    Duplicate,
    /// Nothing was written, or all of it was taken back, and another try can succeed.
    Undone,
    /// The database did not answer, or not any more.
    Unavailable,
    /// Anything else: a defect.
    Other,
}

pub(crate) fn fault(error: &Error) -> Fault {
    match &*error.kind {
        // Labelled as transient inside a transaction, but the driver has
        // waited for a server long enough.
        ErrorKind::ServerSelection { .. } => Fault::Unavailable,
        _ if error.contains_label(TRANSIENT_TRANSACTION_ERROR) => Fault::Undone,
        ErrorKind::Io(_)
        | ErrorKind::ConnectionPoolCleared { .. }
        | ErrorKind::DnsResolve { .. }
        | ErrorKind::Shutdown => Fault::Unavailable,
        // A write that was made but is not known to be a majority's.
        ErrorKind::Write(WriteFailure::WriteConcernError(_)) => Fault::Unavailable,
        _ => code(error).map_or(Fault::Other, |(code, _)| code_fault(code)),
    }
}

/// <https://www.mongodb.com/docs/manual/reference/error-codes/>
fn code_fault(code: i32) -> Fault {
    match code {
        11000 => Fault::Duplicate,
        // WriteConflict
        112 => Fault::Undone,
        // HostUnreachable, HostNotFound, LockTimeout, CursorNotFound,
        // MaxTimeMSExpired, WriteConcernTimeout, NetworkTimeout,
        // ShutdownInProgress, FailedToSatisfyReadPreference,
        // ReadConcernMajorityNotAvailableYet, QueryPlanKilled,
        // PrimarySteppedDown, ExceededTimeLimit,
        // IngressRequestRateLimitExceeded, SocketException,
        // NotWritablePrimary, InterruptedAtShutdown, Interrupted,
        // InterruptedDueToReplStateChange, NotPrimaryNoSecondaryOk,
        // NotPrimaryOrSecondary
        6 | 7 | 24 | 43 | 50 | 64 | 89 | 91 | 133 | 134 | 175 | 189 | 262 | 462 | 9001 | 10107
        | 11600 | 11601 | 11602 | 13435 | 13436 => Fault::Unavailable,
        _ => Fault::Other,
    }
}

fn code(error: &Error) -> Option<(i32, &str)> {
    match &*error.kind {
        ErrorKind::Command(error) => Some((error.code, &error.code_name)),
        ErrorKind::Write(WriteFailure::WriteError(error)) => {
            Some((error.code, error.code_name.as_deref().unwrap_or_default()))
        }
        ErrorKind::Write(WriteFailure::WriteConcernError(error)) => {
            Some((error.code, &error.code_name))
        }
        _ => None,
    }
}

/// The error as the store's contract has it.
pub(crate) fn store_error(error: Error) -> StoreError {
    let what = describe(&error);
    match fault(&error) {
        Fault::Unavailable | Fault::Undone => StoreError::unavailable(what),
        Fault::Duplicate | Fault::Other => StoreError::Failed(what),
    }
}

/// The error in words, without the server's own: they quote commands and keys,
/// and with them what is personal.
fn describe(error: &Error) -> String {
    if let Some((code, name)) = code(error) {
        return format!("MongoDB answered with error {code} {name}").trim_end().to_owned();
    }
    match &*error.kind {
        ErrorKind::Io(error) => format!("the connection to MongoDB failed: {error}"),
        ErrorKind::ServerSelection { message, .. }
        | ErrorKind::ConnectionPoolCleared { message, .. }
        | ErrorKind::DnsResolve { message, .. }
        | ErrorKind::Authentication { message, .. }
        | ErrorKind::InvalidTlsConfig { message, .. }
        | ErrorKind::IncompatibleServer { message, .. }
        | ErrorKind::Transaction { message, .. }
        | ErrorKind::Internal { message, .. } => message.clone(),
        ErrorKind::SessionsNotSupported => "the server has no sessions".to_owned(),
        ErrorKind::Shutdown => "the store was closed".to_owned(),
        _ => "the MongoDB driver failed".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_by_itself_is_told_from_a_defect() {
        // CursorNotFound, FailedToSatisfyReadPreference, QueryPlanKilled: what a
        // query meets whose server steps down or drops what it was reading.
        for code in [43, 133, 175, 10107, 11602] {
            assert_eq!(code_fault(code), Fault::Unavailable, "{code}");
        }
        // BadValue, Unauthorized
        for code in [2, 13] {
            assert_eq!(code_fault(code), Fault::Other, "{code}");
        }
    }
}
