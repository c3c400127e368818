//! What verifying a password found.

/// What verifying a password found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Not the password, or nothing that a password could be verified against.
    Wrong,
    /// The password.
    Right,
    /// The password, but its hash is of another algorithm or other parameters
    /// than the present ones: hash it again and store that.
    RightOutdated,
}

impl Verdict {
    /// Whether the password was the right one.
    pub fn is_right(self) -> bool {
        matches!(self, Self::Right | Self::RightOutdated)
    }
}
