//! Why the program ends, and with which status.

use std::fmt;
use std::process::ExitCode;

use usermgmt_core::with_causes;

/// Why the program could not do what it was asked.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A setting or argument is wrong: status 2.
    Setting(String),
    /// Anything else: status 1.
    Other(String),
    /// Not everything came in; the report says what did not: status 3.
    Incomplete,
}

impl Failure {
    /// A failure to do something, with its cause and the causes of that.
    pub(crate) fn new(what: &str, cause: &dyn std::error::Error) -> Self {
        Self::Other(format!("{what}: {}", with_causes(cause)))
    }

    /// The status that the process ends with.
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Setting(_) => ExitCode::from(2),
            Self::Other(_) => ExitCode::FAILURE,
            Self::Incomplete => ExitCode::from(3),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Setting(text) | Self::Other(text) => f.write_str(text),
            Self::Incomplete => f.write_str("not every row came in; the report says why"),
        }
    }
}
