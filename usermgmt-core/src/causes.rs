//! What an error says, with what caused it.

use std::error::Error;

/// The text of an error, and after it those of its causes: for a log, where the first
/// alone ("the store is not available") does not say what to mend.
///
/// ```
/// use usermgmt_core::store::StoreError;
///
/// let error = StoreError::unavailable("connection refused");
/// assert_eq!(error.to_string(), "the store is not available");
/// let text = usermgmt_core::with_causes(&error);
/// assert_eq!(text, "the store is not available: connection refused");
/// ```
pub fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let next = cause.to_string();
        // Some errors repeat what caused them.
        if !text.ends_with(&next) {
            text.push_str(": ");
            text.push_str(&next);
        }
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::StoreError;

    #[test]
    fn what_an_error_repeats_of_its_cause_is_said_once() {
        let refused = StoreError::Refused("the table is locked".into());
        assert_eq!(with_causes(&refused), "the host's commit hook refused: the table is locked");
        let inner = StoreError::unavailable("connection refused");
        let outer = StoreError::unavailable(inner);
        let said = "the store is not available: connection refused";
        assert_eq!(with_causes(&outer), said);
    }
}
