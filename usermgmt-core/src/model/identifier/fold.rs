//! The forms of a text that is shown and of one that is compared.

use caseless::Caseless as _;
use unicode_normalization::UnicodeNormalization as _;

/// The form to compare: Unicode's toNFKC_Casefold without the removal of default
/// ignorables, which is NFKC, full case folding, and NFKC again, because folding
/// can undo the first (Unicode 3.13, D145 and D146).
pub(crate) fn fold(text: &str) -> String {
    text.nfkc().default_case_fold().nfkc().collect()
}

/// The form to show and to mail to: full-width and half-width forms as the
/// characters that they stand for, then NFC (RFC 8265, 3.3.2 and 3.4.2). `None`
/// where the form to compare would change more of it than case: what is compared
/// would then not be what is mailed.
pub(super) fn shown(text: &str) -> Option<String> {
    let width = |c: char| match c {
        '\u{FF00}'..='\u{FFEF}' | '\u{3000}' => Ok(c.nfkc()),
        other => Err(std::iter::once(other)),
    };
    let mut wide = String::with_capacity(text.len());
    for c in text.chars() {
        match width(c) {
            Ok(mapped) => wide.extend(mapped),
            Err(same) => wide.extend(same),
        }
    }
    let shown: String = wide.nfc().collect();
    (shown.nfkc().eq(shown.chars())).then_some(shown)
}

/// Whether the form to compare is the lower case of the form to show, so that
/// the two are one mailbox for every server that ignores case. A sharp s, which
/// is folded to two letters, makes another mailbox.
pub(super) fn differs_by_case_alone(shown: &str, folded: &str) -> bool {
    // The final sigma is the only letter that simple folding maps to another lower-case one.
    let lower = |c: char| if c == 'ς' { 'σ' } else { c };
    shown.chars().flat_map(char::to_lowercase).map(lower).nfkc().eq(folded.chars())
}
