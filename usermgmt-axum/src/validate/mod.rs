//! Reading what a client sent: every problem of a request is found at once, and
//! told in the words of the API that was asked.

mod detail;
mod fields;
mod problem;
mod texts;

pub(crate) use self::detail::Detail;
pub(crate) use self::fields::{Fields, FromFields};
pub(crate) use self::problem::{Issue, Problems, Style};
pub(crate) use self::texts::{
    any, email, language, new_password, not_empty, one_of, profile, profile_text, text, time,
    username, weighed_password, whole,
};
