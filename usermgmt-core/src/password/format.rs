//! Formats of stored passwords that the embedder brings.

use std::fmt;

/// A format of stored passwords that only the embedder knows. Given to the
/// hasher as one of [`HasherConfig::formats`](super::HasherConfig::formats), its
/// passwords sign in, and are stored with Argon2id from then on.
pub trait PasswordFormat: fmt::Debug + Send + Sync + 'static {
    /// What reports call it.
    fn name(&self) -> &'static str;

    /// Whether a stored text is of this format and safe to compute: well-formed,
    /// and no dearer than a sign-in may be, whoever wrote it. Cheap; asked for
    /// every stored text that no format of the library's own reads.
    fn recognises(&self, stored: &str) -> bool;

    /// Whether the password is the one that was stored; only asked for what was
    /// recognised, on one of the hasher's threads and one at a time. Compares in
    /// constant time. The text as it was typed comes first, then in Unicode's
    /// NFKC where that is another.
    fn verify(&self, stored: &str, password: &str) -> bool;
}
