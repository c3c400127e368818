//! What a person says of themselves.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The most characters of a name or a gender.
pub const MAX_PROFILE_TEXT: usize = 64;

/// A first name, a last name or a gender: 1 to 64 characters without control
/// characters, and none that turns the direction of the text around it, since
/// mails and pages show it. Blanks at its ends are cut off.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ProfileText(String);

/// Why a text is no name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidProfileText {
    /// Nothing, or blanks alone.
    #[error("is empty")]
    Empty,
    /// More than [`MAX_PROFILE_TEXT`] characters.
    #[error("is longer than {MAX_PROFILE_TEXT} characters")]
    TooLong,
    /// A control character, or one that sets the direction of text (Unicode's
    /// `Bidi_Control`).
    #[error("has control characters")]
    Character,
}

impl ProfileText {
    /// Parses a name as somebody typed it.
    ///
    /// # Errors
    /// [`InvalidProfileText`] says what is wrong.
    pub fn parse(typed: &str) -> Result<Self, InvalidProfileText> {
        let text = typed.trim();
        if text.is_empty() {
            return Err(InvalidProfileText::Empty);
        }
        if text.chars().count() > MAX_PROFILE_TEXT {
            return Err(InvalidProfileText::TooLong);
        }
        if text.chars().any(|c| c.is_control() || is_bidi_control(c)) {
            return Err(InvalidProfileText::Character);
        }
        Ok(Self(text.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Names are personal data: they stay out of logs.
impl fmt::Debug for ProfileText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProfileText([redacted])")
    }
}

/// Unicode's property `Bidi_Control`.
fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Names and gender; each may be missing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    /// First name.
    pub first_name: Option<ProfileText>,
    /// Last name.
    pub last_name: Option<ProfileText>,
    /// Gender.
    pub gender: Option<ProfileText>,
}

impl Profile {
    pub(crate) fn first_name(&self) -> Option<String> {
        self.first_name.as_ref().map(|text| text.0.clone())
    }

    pub(crate) fn last_name(&self) -> Option<String> {
        self.last_name.as_ref().map(|text| text.0.clone())
    }

    pub(crate) fn gender(&self) -> Option<String> {
        self.gender.as_ref().map(|text| text.0.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_to_sixty_four_characters() {
        for name in ["\u{4f1f}", "Jo", "N", &"\u{e9}".repeat(64)] {
            assert_eq!(ProfileText::parse(name).unwrap().as_str(), name);
        }
        assert_eq!(ProfileText::parse(""), Err(InvalidProfileText::Empty));
        assert_eq!(ProfileText::parse(" \u{3000}"), Err(InvalidProfileText::Empty));
        assert_eq!(ProfileText::parse(&"x".repeat(65)), Err(InvalidProfileText::TooLong));
    }

    #[test]
    fn blanks_around_a_name_are_cut_off() {
        assert_eq!(ProfileText::parse(" Mary Ann\t").unwrap().as_str(), "Mary Ann");
    }

    #[test]
    fn what_controls_the_text_around_it_is_no_part_of_a_name() {
        for c in ['\u{202e}', '\u{2066}', '\u{200f}', '\u{61c}', '\n', '\0', '\u{85}'] {
            let name = format!("An{c}n");
            assert_eq!(ProfileText::parse(&name), Err(InvalidProfileText::Character), "{c:?}");
        }
    }
}
