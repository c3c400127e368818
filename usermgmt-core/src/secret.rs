//! Values that must not be printed.

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

/// A value that prints as `[redacted]` and is wiped when dropped. Reading it
/// takes an explicit call.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Redacted<T: Zeroize>(T);

impl<T: Zeroize> Redacted<T> {
    /// Wraps a secret.
    pub fn new(value: T) -> Self {
        Self(value)
    }

    /// The secret itself.
    pub fn expose(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize> fmt::Debug for Redacted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// Constant time: how long the comparison takes tells nothing about where two
/// secrets differ.
impl<T: Zeroize + AsRef<[u8]>> PartialEq for Redacted<T> {
    fn eq(&self, other: &Self) -> bool {
        use subtle::ConstantTimeEq as _;
        self.0.as_ref().ct_eq(other.0.as_ref()).into()
    }
}

impl<T: Zeroize + AsRef<[u8]>> Eq for Redacted<T> {}

/// A password or code as somebody typed it.
pub type PlaintextPassword = Redacted<String>;

impl From<&str> for PlaintextPassword {
    fn from(text: &str) -> Self {
        Self::new(text.to_owned())
    }
}

impl From<String> for PlaintextPassword {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}
