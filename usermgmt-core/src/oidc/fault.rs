//! Why a provider did not say who somebody is.

/// Why a provider did not say who somebody is. The texts are for the log: they hold
/// nothing of a token.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    /// It does not answer, or not as its protocol has it.
    #[error("{0}")]
    Unavailable(String),
    /// What it says cannot be believed, or it refuses.
    #[error("{0}")]
    Refused(String),
}

pub(super) fn unavailable(why: impl std::fmt::Display) -> Fault {
    Fault::Unavailable(why.to_string())
}

pub(super) fn refused(why: impl std::fmt::Display) -> Fault {
    Fault::Refused(why.to_string())
}
