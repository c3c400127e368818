//! The style sheet of pages that have it within them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::PageLook;

const STYLE: &str =
    concat!(include_str!("../pages/tokens.css"), include_str!("../pages/style.css"));

#[derive(Debug)]
pub(crate) struct Embedded {
    pub(crate) style: String,
    /// Its SHA-256, as a `Content-Security-Policy` names it.
    pub(crate) hash: String,
}

impl PageLook {
    /// Made once for a look: strangers ask for these pages.
    pub(crate) fn embedded(&self) -> &Embedded {
        self.embedded.get_or_init(|| {
            let style = self.over(STYLE);
            let hash = STANDARD.encode(Sha256::digest(&style));
            Embedded { style, hash }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_made_once_for_all_pages_of_a_look() {
        let look = PageLook::default();
        let page = look.clone();
        assert!(std::ptr::eq(page.embedded(), look.embedded()));
    }

    #[test]
    fn a_look_that_is_made_of_one_that_was_shown_has_its_own() {
        let plain = PageLook::default();
        let hash = plain.embedded().hash.clone();
        let styled = plain.css("h1{margin:0}").unwrap();
        assert!(styled.embedded().style.ends_with("h1{margin:0}"));
        assert_ne!(styled.embedded().hash, hash);
        let green = styled.clone().accent("#0b6e4f").unwrap();
        assert!(green.embedded().style.contains("#0b6e4f"));
    }
}
