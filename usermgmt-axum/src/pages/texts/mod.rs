//! What the pages say, in the languages that mails have.

#[cfg(feature = "pages")]
pub(super) mod account;
#[cfg(feature = "admin-pages")]
pub(super) mod admin;
mod de;
mod en;
#[cfg(all(feature = "pages", feature = "passkeys"))]
pub(super) mod passkeys;
mod pl;

use usermgmt_core::password::PasswordProblem;

/// What the pages say in one language.
#[derive(Debug)]
pub(crate) struct Texts {
    /// The language's tag (BCP 47).
    pub(crate) tag: &'static str,
    pub(super) confirm: LinkTexts,
    pub(super) activate: LinkTexts,
    pub(super) sign_in_email: MailedSignInTexts,
    pub(super) email_change: LinkTexts,
    pub(super) email_undo: LinkTexts,
    pub(super) not_me: LinkTexts,
    pub(super) reset: ResetTexts,
    pub(super) front: FrontTexts,
    /// Leads on from what is done; `{product}` is the product's name.
    pub(super) lead_on: &'static str,
    /// The heading where no page of its own fits.
    pub(super) refused: &'static str,
    refusals: &'static [(&'static str, &'static str)],
    password: PasswordTexts,
}

/// Of a link that takes nothing but a click.
#[derive(Debug)]
pub(super) struct LinkTexts {
    pub(super) title: &'static str,
    pub(super) text: &'static str,
    pub(super) button: &'static str,
    /// What is said when it is done.
    pub(super) done: &'static str,
}

/// Of the page for a new password.
#[derive(Debug)]
pub(super) struct ResetTexts {
    pub(super) title: &'static str,
    /// `{min}` is the least number of characters.
    text: &'static str,
    pub(super) label: &'static str,
    pub(super) button: &'static str,
    pub(super) done: &'static str,
}

impl ResetTexts {
    pub(super) fn text(&self, min: usize) -> String {
        self.text.replace("{min}", &min.to_string())
    }
}

/// Of a mailed link to sign in, opened in a browser that asked for nothing.
#[derive(Debug)]
pub(super) struct MailedSignInTexts {
    pub(super) title: &'static str,
    /// `{name}` is whom it signs in.
    text: &'static str,
}

impl MailedSignInTexts {
    pub(super) fn text(&self, name: &str) -> String {
        self.text.replace("{name}", name)
    }
}

/// Of the page at the root of a server that is nothing else.
#[derive(Debug)]
pub(super) struct FrontTexts {
    pub(super) text: &'static str,
    /// A link.
    pub(super) api: &'static str,
    /// Links of the page with the documentation.
    #[cfg(feature = "docs")]
    pub(super) links: FrontLinks,
}

/// Where that page leads.
#[cfg(feature = "docs")]
#[derive(Debug)]
pub(super) struct FrontLinks {
    pub(super) account: &'static str,
    pub(super) register: &'static str,
    pub(super) admin: &'static str,
    pub(super) mailbox: &'static str,
    pub(super) health: &'static str,
}

#[derive(Debug)]
struct PasswordTexts {
    too_short: &'static str,
    too_long: &'static str,
    too_easy: &'static str,
    breached: &'static str,
    /// Of every other rule.
    other: &'static str,
}

impl Texts {
    /// In English.
    pub(super) const fn english() -> &'static Self {
        &en::TEXTS
    }

    /// In the first of these languages that there is.
    pub(super) fn in_one_of(languages: &[&str]) -> Option<&'static Self> {
        let known = [&en::TEXTS, &de::TEXTS, &pl::TEXTS];
        languages.iter().find_map(|tag| {
            let primary = tag.split('-').next().unwrap_or_default();
            known.into_iter().find(|texts| texts.tag.eq_ignore_ascii_case(primary))
        })
    }

    /// What a refusal says, by its code; `None` where its own text has to do.
    pub(crate) fn refusal(&self, code: Option<&str>) -> Option<&'static str> {
        let of = |code: &str| self.refusals.iter().find(|(known, _)| *known == code);
        code.and_then(of).or_else(|| of("")).map(|(_, text)| *text)
    }

    /// Why a password may not be set.
    pub(super) fn password_problem(&self, problem: &PasswordProblem) -> String {
        let texts = &self.password;
        match problem {
            PasswordProblem::TooShort { min } => texts.too_short.replace("{n}", &min.to_string()),
            PasswordProblem::TooLong { max } => texts.too_long.replace("{n}", &max.to_string()),
            PasswordProblem::TooEasy => texts.too_easy.to_owned(),
            PasswordProblem::Breached => texts.breached.to_owned(),
            PasswordProblem::Own(refusal) => refusal.text.clone(),
            other if texts.other.is_empty() => other.to_string(),
            _ => texts.other.to_owned(),
        }
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
            (&["fr"], None),
            (&[], None),
        ] {
            assert_eq!(Texts::in_one_of(languages).map(|texts| texts.tag), tag);
        }
    }

    #[test]
    fn every_language_says_what_another_one_says() {
        for texts in [&de::TEXTS, &pl::TEXTS] {
            let codes = |texts: &Texts| texts.refusals.iter().map(|(code, _)| *code).collect();
            let (codes, known): (Vec<_>, Vec<_>) = (codes(texts), codes(&de::TEXTS));
            assert_eq!(codes, known, "{}", texts.tag);
            assert!(texts.sign_in_email.text.contains("{name}"));
            assert!(texts.reset.text.contains("{min}") && texts.lead_on.contains("{product}"));
        }
    }
}
