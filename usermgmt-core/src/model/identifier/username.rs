//! Usernames.

use std::fmt;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;
use unicode_security::{
    GeneralSecurityProfile as _, RestrictionLevel, RestrictionLevelDetection as _,
};

use super::fold::{fold, shown};

/// A username as its owner writes it, and its canonical form (Unicode NFKC,
/// case folded).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Username {
    display: String,
    canonical: String,
}

/// Why a text is no username.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidUsername {
    /// Not between the two lengths, counted in characters.
    #[error("length must be between {min} and {max}")]
    Length {
        /// The least number of characters.
        min: usize,
        /// The greatest number of characters.
        max: usize,
    },
    /// An `@`, which would make it look like an address; a control or invisible
    /// character; a symbol or picture that is not ASCII; a space at either end or two
    /// in a row.
    #[error(
        "a username has letters, digits and ASCII punctuation: no @, no control or invisible characters, no symbols \
         besides ASCII ones, and no leading or trailing space"
    )]
    Character,
    /// Letters of scripts that nobody writes together, as look-alikes have them.
    #[error("a username has letters of one script, or of scripts that are written together")]
    Scripts,
}

impl Username {
    /// The least number of characters in a username.
    pub const MIN: usize = 3;
    /// The greatest number of characters in a username.
    pub const MAX: usize = 64;
    /// The greatest number where people choose their own.
    pub const MAX_OWN: usize = 30;

    /// Parses a username of at most `max` characters: the identifiers of UTS 39
    /// (General Security Profile, "highly restrictive"), and ASCII's punctuation
    /// and single spaces besides, in which nothing hides.
    ///
    /// # Errors
    /// [`InvalidUsername`] says what is wrong.
    pub fn parse(text: &str, max: usize) -> Result<Self, InvalidUsername> {
        let length = text.chars().count();
        let wrong_length = InvalidUsername::Length { min: Self::MIN, max };
        if !(Self::MIN..=max).contains(&length) {
            return Err(wrong_length);
        }
        let display = shown(text).ok_or(InvalidUsername::Character)?;
        let canonical = fold(&display);
        check_characters(&display)?;
        check_characters(&canonical)?;
        // What stands besides the profile is common to all scripts.
        let profile: String = canonical.chars().filter(|c| c.identifier_allowed()).collect();
        if !profile.as_str().check_restriction_level(RestrictionLevel::HighlyRestrictive) {
            return Err(InvalidUsername::Scripts);
        }
        let username = Self { display, canonical };
        // Folding can make a text longer, and so can looking for what it looks like.
        if username.canonical.chars().count() < Self::MIN
            || username.canonical.len() > 255
            || username.skeleton().len() > 320
        {
            return Err(wrong_length);
        }
        Ok(username)
    }

    /// Takes both forms back from a store, which got them from a parsed name.
    pub fn from_stored(display: String, canonical: String) -> Self {
        Self { display, canonical }
    }

    /// As its owner wrote it.
    pub fn as_str(&self) -> &str {
        &self.display
    }

    /// The form that is compared.
    pub fn canonical(&self) -> &str {
        &self.canonical
    }

    /// What it looks like: two names that people take for one another have the
    /// same (UTS 39, 4). Case folded afterwards, so that neither the case that
    /// a name is shown in nor another's tells them apart.
    pub(super) fn skeleton(&self) -> String {
        fold(&unicode_security::skeleton(&self.display).collect::<String>())
    }
}

impl fmt::Display for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.display)
    }
}

fn check_characters(text: &str) -> Result<(), InvalidUsername> {
    let allowed = |c: char| match c {
        '@' => false,
        ' ' | '!'..='~' => true,
        other => other.identifier_allowed(),
    };
    // UTS 39, 5.4: marks that pile up, or that stand on nothing, hide or overlap.
    let mut marks: Vec<char> = Vec::new();
    for c in text.nfd() {
        if !is_combining_mark(c) {
            marks.clear();
        } else if marks.last() == Some(&c) || marks.len() == 4 {
            return Err(InvalidUsername::Character);
        } else {
            marks.push(c);
        }
    }
    let valid = text.chars().all(allowed)
        && !text.starts_with(|c| c == ' ' || is_combining_mark(c))
        && !text.ends_with(' ')
        && !text.contains("  ");
    if valid { Ok(()) } else { Err(InvalidUsername::Character) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Username, InvalidUsername> {
        Username::parse(text, 30)
    }

    fn skeleton(text: &str) -> String {
        parse(text).unwrap_or_else(|why| panic!("{text:?}: {why}")).skeleton()
    }

    #[test]
    fn usernames_compare_by_their_canonical_form() {
        let canonical = |text: &str| parse(text).map(|u| u.canonical().to_owned());
        assert_eq!(canonical("Ann").as_deref(), Ok("ann"));
        assert_eq!(canonical("Maße").as_deref(), Ok("masse"));
        assert_eq!(canonical("ＡＮＮ").as_deref(), Ok("ann"));
        assert_eq!(parse("ＡＮＮ").unwrap().as_str(), "ANN");
        assert_eq!(canonical("ab"), Err(InvalidUsername::Length { min: 3, max: 30 }));
        assert_eq!(canonical(&"é".repeat(31)), Err(InvalidUsername::Length { min: 3, max: 30 }));
    }

    #[test]
    fn people_may_write_their_names_in_their_own_script() {
        for name in [
            "ann",
            "Ann_B-1.x",
            "o'neil",
            "ann smith",
            "ann+1",
            "a!b#c",
            "josé",
            "jose\u{301}",
            "Müller",
            "Łukasz",
            "Ольга",
            "Νίκος",
            "محمد",
            "שרה",
            "अनीता",
            "田中さん",
            "田中Taro",
            "김철수",
            "김Kim",
            "สมชาย",
            "Nguyễn",
            "אבג-1",
            "123",
        ] {
            assert!(parse(name).is_ok(), "{name}: {:?}", parse(name));
        }
    }

    #[test]
    fn what_shows_nothing_or_turns_the_text_around_is_in_no_username() {
        for c in [
            '@',
            '＠',
            '\n',
            '\t',
            '\u{0}',
            '\u{7f}',
            '\u{85}',
            '\u{a0}',
            '\u{ad}',
            '\u{34f}',
            '\u{61c}',
            '\u{115f}',
            '\u{1160}',
            '\u{1680}',
            '\u{17b4}',
            '\u{180b}',
            '\u{180e}',
            '\u{2000}',
            '\u{2009}',
            '\u{200b}',
            '\u{200c}',
            '\u{200d}',
            '\u{200e}',
            '\u{2028}',
            '\u{202e}',
            '\u{2060}',
            '\u{2064}',
            '\u{2066}',
            '\u{206f}',
            '\u{2800}',
            '\u{3000}',
            '\u{3164}',
            '\u{fe0f}',
            '\u{feff}',
            '\u{ffa0}',
            '\u{fffc}',
            '\u{fffd}',
            '\u{1d173}',
            '\u{1d159}',
            '\u{e0001}',
            '\u{e0100}',
            '\u{e000}',
            '\u{10ffff}',
            '😀',
            '★',
            '²',
            'ﬁ',
            '①',
            '𝐚',
        ] {
            for name in [format!("ab{c}cd"), format!("{c}abc"), format!("abc{c}")] {
                // An ideographic space is a space in another width.
                if c == '\u{3000}' && name == "ab\u{3000}cd" {
                    continue;
                }
                assert_eq!(parse(&name), Err(InvalidUsername::Character), "{name:?}");
            }
        }
        for name in [
            " ann",
            "ann ",
            "ann  b",
            "\u{301}ann",
            "a\u{301}\u{301}nn",
            "a\u{300}\u{301}\u{302}\u{303}\u{304}nn",
        ] {
            assert_eq!(parse(name), Err(InvalidUsername::Character), "{name:?}");
        }
    }

    #[test]
    fn letters_of_scripts_that_nobody_writes_together_are_refused() {
        for name in ["pаypal", "аdmin", "ann\u{3b1}", "Ольgа", "abcא", "admıнn", "ann१२"]
        {
            assert_eq!(parse(name), Err(InvalidUsername::Scripts), "{name}");
        }
    }

    #[test]
    fn names_that_people_take_for_one_another_have_one_skeleton() {
        for (one, other) in [
            ("paypal", "paypa1"),
            ("paypal", "PayPaI"),
            ("lan", "Ian"),
            ("bob00", "boboo"),
            ("B0B", "bob"),
            ("corner", "comer"),
            ("ann", "ANN"),
            ("scope", "ѕсоре"),
            ("a|b", "alb"),
            ("rnodern", "modern"),
        ] {
            assert_eq!(skeleton(one), skeleton(other), "{one} {other}");
        }
        for (one, other) in [("ann", "anna"), ("jose", "josé"), ("ian", "lan"), ("uwe", "vwe")] {
            assert_ne!(skeleton(one), skeleton(other), "{one} {other}");
        }
    }

    #[test]
    fn a_name_is_shown_as_it_is_compared_but_for_case() {
        for c in (0x80..0x3_2000).chain(0xE_0000..0xE_0200).filter_map(char::from_u32) {
            // Of the others nothing changes.
            let one = c.to_string();
            if fold(&one) == one && one.nfd().eq(one.chars()) {
                continue;
            }
            let Ok(name) = parse(&format!("x{c}y")).or_else(|_| parse(&format!("{c}{c}{c}")))
            else {
                continue;
            };
            assert!(name.as_str().nfkc().eq(name.as_str().chars()), "{name}");
            assert_eq!(fold(name.as_str()), name.canonical(), "{name}");
            assert_eq!(parse(name.as_str()), Ok(name.clone()), "{name}");
        }
    }
}
