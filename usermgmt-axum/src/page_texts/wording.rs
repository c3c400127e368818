//! The languages that the pages speak.

use std::fmt;

use super::{Texts, de, en, pl};

/// The texts of each language. English is the first.
#[derive(Clone, Copy)]
pub(crate) struct Wording(&'static [&'static Texts]);

static BUILT_IN: [&Texts; 3] = [&en::TEXTS, &de::TEXTS, &pl::TEXTS];

impl Default for Wording {
    fn default() -> Self {
        Self(&BUILT_IN)
    }
}

impl fmt::Debug for Wording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|texts| texts.tag)).finish()
    }
}

impl Wording {
    /// These in the place of the built-in ones, as long as the process runs.
    #[cfg(feature = "pages")]
    pub(crate) fn of(languages: Vec<&'static Texts>) -> Self {
        Self(languages.leak())
    }

    #[cfg(feature = "pages")]
    pub(crate) fn languages(self) -> &'static [&'static Texts] {
        self.0
    }

    /// In English.
    pub(crate) fn english(self) -> &'static Texts {
        self.0.first().copied().unwrap_or(&en::TEXTS)
    }

    /// In the first of these languages that there is, or in the nearest one to it:
    /// `de-AT` is `de` where there is no other (RFC 4647, 3.4).
    pub(crate) fn in_one_of(self, languages: &[&str]) -> Option<&'static Texts> {
        languages.iter().find_map(|tag| nearest(self.0, tag))
    }
}

/// Of the language itself, or of the nearest that it is a kind of.
pub(super) fn nearest(languages: &[&'static Texts], tag: &str) -> Option<&'static Texts> {
    let mut tag = tag;
    loop {
        let mut known = languages.iter().copied();
        if let Some(texts) = known.find(|texts| texts.tag.eq_ignore_ascii_case(tag)) {
            return Some(texts);
        }
        (tag, _) = tag.rsplit_once('-')?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_language_that_there_is_is_spoken() {
        for (languages, tag) in [
            (&["de-CH", "en"][..], Some("de")),
            (&["fr", "PL", "de"], Some("pl")),
            (&["de-Latn-AT-1996"], Some("de")),
            (&["fr"], None),
            (&[], None),
        ] {
            let texts = Wording::default().in_one_of(languages);
            assert_eq!(texts.map(|texts| texts.tag), tag);
        }
    }
}
