//! The one form of a password that is hashed.

use unicode_normalization::{IsNormalized, UnicodeNormalization as _, is_nfkc_quick};
use zeroize::Zeroizing;

/// The password in the one form that is hashed.
pub(super) fn nfkc(password: &str) -> Zeroizing<String> {
    if is_nfkc_quick(password.chars()) == IsNormalized::Yes {
        return Zeroizing::new(password.to_owned());
    }
    // Measured first: a string that grows leaves its earlier copies behind, unwiped.
    let length = password.nfkc().map(char::len_utf8).sum();
    let mut normalised = Zeroizing::new(String::with_capacity(length));
    password.nfkc().for_each(|c| normalised.push(c));
    normalised
}
