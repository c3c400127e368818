//! The style sheet of pages that have it within them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

/// Before the rules of a look.
pub(super) const STYLE: &str =
    concat!(include_str!("../pages/tokens.css"), include_str!("../pages/style.css"));

/// A style sheet that is part of pages.
#[derive(Debug)]
pub(crate) struct Embedded {
    pub(crate) style: String,
    /// Its SHA-256, as a `Content-Security-Policy` names it.
    pub(crate) hash: String,
}

impl Embedded {
    pub(super) fn new(style: String) -> Self {
        let hash = STANDARD.encode(Sha256::digest(&style));
        Self { style, hash }
    }
}
