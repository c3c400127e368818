//! Parsers of the texts that fields hold.

use usermgmt_core::clock::Timestamp;
use usermgmt_core::model::identifier::{Email, InvalidUsername, Username};
use usermgmt_core::model::profile::{InvalidProfileText, MAX_PROFILE_TEXT, ProfileText};
use usermgmt_core::password::PasswordProblem;
use usermgmt_core::secret::PlaintextPassword;

use super::problem::Issue;
use crate::language::is_language_tag;
use crate::state::HttpState;

/// Any text.
pub(crate) fn any(text: &str) -> Result<String, Issue> {
    Ok(text.to_owned())
}

/// A text of this many characters.
pub(crate) fn text(min: usize, max: usize) -> impl FnOnce(&str) -> Result<String, Issue> {
    move |text| {
        let count = text.chars().count();
        if count < min {
            Err(Issue::TooShort(min))
        } else if count > max {
            Err(Issue::TooLong(max))
        } else {
            Ok(text.to_owned())
        }
    }
}

/// A text that says something.
pub(crate) fn not_empty(typed: &str) -> Result<String, Issue> {
    text(1, usize::MAX)(typed)
}

/// A person's name or gender.
pub(crate) fn profile_text(typed: &str) -> Result<ProfileText, Issue> {
    ProfileText::parse(typed).map_err(|problem| match problem {
        InvalidProfileText::Empty => Issue::TooShort(1),
        InvalidProfileText::TooLong => Issue::TooLong(MAX_PROFILE_TEXT),
        InvalidProfileText::Character => Issue::Value("Control characters are not allowed".into()),
    })
}

/// A name or gender in a person's own account; `None` where it is empty.
pub(crate) fn profile(typed: &str) -> Result<Option<ProfileText>, Issue> {
    if typed.is_empty() { Ok(None) } else { profile_text(typed).map(Some) }
}

/// A password that may be set, as far as its length tells: the rest costs work, and
/// who asks has not been counted yet.
pub(crate) fn new_password(
    state: &HttpState,
) -> impl FnOnce(&str) -> Result<PlaintextPassword, Issue> {
    move |text| {
        state.auth().check_password_shape(text)?;
        Ok(PlaintextPassword::from(text))
    }
}

/// The same where it is known who asks; `own_words` are the person's.
pub(crate) fn weighed_password<'a>(
    state: &'a HttpState,
    own_words: &'a [&'a str],
) -> impl FnOnce(&str) -> Result<PlaintextPassword, Issue> + 'a {
    move |text| {
        state.auth().check_password_policy(text, own_words)?;
        Ok(PlaintextPassword::from(text))
    }
}

impl From<PasswordProblem> for Issue {
    fn from(problem: PasswordProblem) -> Self {
        match problem {
            PasswordProblem::TooShort { min } => Self::TooShort(min),
            PasswordProblem::TooLong { max } => Self::TooLong(max),
            PasswordProblem::Own(refusal) => Self::Own {
                code: refusal.reason,
                text: refusal.text.trim_end_matches('.').to_owned(),
            },
            other => Self::Value(other.to_string().into()),
        }
    }
}

/// An email address that an account can have here.
pub(crate) fn email(state: &HttpState) -> impl FnOnce(&str) -> Result<Email, Issue> {
    |text| state.email(text).map_err(|_| Issue::Email)
}

/// A username of at most this many characters.
pub(crate) fn username(max: usize) -> impl FnOnce(&str) -> Result<Username, Issue> {
    move |text| {
        Username::parse(text, max).map_err(|why| match why {
            InvalidUsername::Length { min, max } => {
                Issue::Between { min, max, actual: text.chars().count() }
            }
            InvalidUsername::Character => Issue::Value(
                "A username has no @, no control or invisible characters, no symbols besides ASCII ones and no leading or trailing space"
                    .into(),
            ),
            InvalidUsername::Scripts => Issue::Value(
                "A username has letters of one script, or of scripts that are written together"
                    .into(),
            ),
        })
    }
}

/// A language (BCP 47).
pub(crate) fn language(text: &str) -> Result<String, Issue> {
    match is_language_tag(text) {
        true => Ok(text.to_owned()),
        false => Err(Issue::Value("A language tag such as en or de-AT is expected".into())),
    }
}

/// A time, or a date.
pub(crate) fn time(text: &str) -> Result<Timestamp, Issue> {
    // In a query a plus that was not escaped is a blank.
    text.replace(' ', "+").parse().map_err(|_| {
        Issue::Value("A time such as 2026-01-31T08:00:00Z or a date is expected".into())
    })
}

/// A whole number from `least` to `most`.
pub(crate) fn whole(least: usize, most: usize) -> impl FnOnce(&str) -> Result<usize, Issue> {
    move |text| {
        let number = text.parse().ok().filter(|number| (least..=most).contains(number));
        number.ok_or_else(|| {
            Issue::Value(format!("A number from {least} to {most} is expected").into())
        })
    }
}

/// One of a few texts.
pub(crate) fn one_of<T: Copy>(
    choices: &'static [(&'static str, T)],
    code: &'static str,
    expected: &'static str,
) -> impl FnOnce(&str) -> Result<T, Issue> {
    move |text| {
        choices
            .iter()
            .find(|(name, _)| *name == text)
            .map(|(_, value)| *value)
            .ok_or(Issue::NotOneOf { code, expected })
    }
}
