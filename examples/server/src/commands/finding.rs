//! What the doctor finds.

use std::fmt;

/// What was found of one thing, and how to mend it.
pub(super) enum Finding {
    Fine(String),
    Warning(String),
    Fault(String),
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fine(text) => write!(f, "ok       {text}"),
            Self::Warning(text) => write!(f, "warning  {text}"),
            Self::Fault(text) => write!(f, "fault    {text}"),
        }
    }
}
