//! What the pages say: in the languages that mails have, and in those of an operator.

#[macro_use]
mod section;

#[cfg(feature = "pages")]
pub(crate) mod account;
#[cfg(feature = "admin-pages")]
pub(crate) mod admin;
mod de;
mod en;
#[cfg(feature = "pages")]
pub(crate) mod export;
#[cfg(feature = "pages")]
pub(crate) mod own;
#[cfg(all(feature = "pages", feature = "passkeys"))]
mod passkeys;
mod pl;
#[cfg(all(test, feature = "pages"))]
mod tests;
mod wording;

use usermgmt_core::password::PasswordProblem;

pub(crate) use self::wording::Wording;

/// What the pages say in one language.
#[derive(Clone, Debug)]
pub(crate) struct Texts {
    /// The language's tag (BCP 47).
    pub(crate) tag: &'static str,
    pub(crate) confirm: LinkTexts,
    pub(crate) activate: LinkTexts,
    pub(crate) sign_in_email: MailedSignInTexts,
    pub(crate) email_change: LinkTexts,
    pub(crate) email_undo: LinkTexts,
    pub(crate) not_me: LinkTexts,
    pub(crate) reset: ResetTexts,
    pub(crate) front: FrontTexts,
    /// Leads on from what is done; `{product}` is the product's name.
    pub(crate) lead_on: &'static str,
    /// The heading where no page of its own fits.
    pub(crate) refused: &'static str,
    /// By the refusal's code. An empty text is none: the refusal's own has to do.
    refusals: [(&'static str, &'static str); 21],
    password: PasswordTexts,
    #[cfg(feature = "pages")]
    pub(crate) account: account::AccountTexts,
    #[cfg(feature = "admin-pages")]
    pub(crate) admin: admin::AdminTexts,
    #[cfg(all(feature = "pages", feature = "passkeys"))]
    pub(crate) passkeys: passkeys::PasskeyTexts,
}

texts! {
    /// Of a link that takes nothing but a click.
    pub(crate) struct LinkTexts {
        pub(crate) title: &'static str,
        pub(crate) text: &'static str,
        pub(crate) button: &'static str,
        /// What is said when it is done.
        pub(crate) done: &'static str,
    }
}

texts! {
    /// Of the page for a new password.
    pub(crate) struct ResetTexts {
        pub(crate) title: &'static str,
        /// `{min}` is the least number of characters.
        text: &'static str,
        pub(crate) label: &'static str,
        pub(crate) button: &'static str,
        pub(crate) done: &'static str,
    }
}

impl ResetTexts {
    pub(crate) fn text(&self, min: usize) -> String {
        self.text.replace("{min}", &min.to_string())
    }
}

texts! {
    /// Of a mailed link to sign in, opened in a browser that asked for nothing.
    pub(crate) struct MailedSignInTexts {
        pub(crate) title: &'static str,
        /// `{name}` is whom it signs in.
        text: &'static str,
    }
}

impl MailedSignInTexts {
    pub(crate) fn text(&self, name: &str) -> String {
        self.text.replace("{name}", name)
    }
}

texts! {
    /// Of the page at the root of a server that is nothing else.
    pub(crate) struct FrontTexts {
        pub(crate) text: &'static str,
        /// A link.
        pub(crate) api: &'static str,
    }
    also {
        /// Links of the page with the documentation.
        #[cfg(feature = "docs")]
        pub(crate) links: FrontLinks,
    }
}

#[cfg(feature = "docs")]
texts! {
    /// Where that page leads.
    pub(crate) struct FrontLinks {
        pub(crate) account: &'static str,
        pub(crate) register: &'static str,
        pub(crate) admin: &'static str,
        pub(crate) mailbox: &'static str,
        pub(crate) health: &'static str,
    }
}

texts! {
    /// Why a password may not be set.
    struct PasswordTexts {
        too_short: &'static str,
        too_long: &'static str,
        too_easy: &'static str,
        breached: &'static str,
        /// Of every other rule. An empty text is none: the rule's own has to do.
        other: &'static str,
    }
}

impl Texts {
    /// What a refusal says, by its code; `None` where its own text has to do.
    pub(crate) fn refusal(&self, code: Option<&str>) -> Option<&'static str> {
        let of = |code: &str| {
            let mut said = self.refusals.iter().filter(|(_, text)| !text.is_empty());
            said.find(|(known, _)| *known == code)
        };
        code.and_then(of).or_else(|| of("")).map(|(_, text)| *text)
    }

    /// Why a password may not be set.
    pub(crate) fn password_problem(&self, problem: &PasswordProblem) -> String {
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

    /// Shows each text by its section and key.
    #[cfg(feature = "pages")]
    fn each(&mut self, shown: &mut section::Each<'_>) {
        shown("common", "lead_on", &mut self.lead_on);
        shown("common", "refused", &mut self.refused);
        section::each_of("refusals", &mut self.refusals, shown);
        self.password.each_in("password", shown);
        self.confirm.each_in("confirm", shown);
        self.activate.each_in("activate", shown);
        self.sign_in_email.each_in("sign_in_email", shown);
        self.email_change.each_in("email_change", shown);
        self.email_undo.each_in("email_undo", shown);
        self.not_me.each_in("not_me", shown);
        self.reset.each_in("reset", shown);
        self.front.each_in("front", shown);
        #[cfg(feature = "docs")]
        self.front.links.each_in("front", shown);
        self.account.each(shown);
        #[cfg(feature = "passkeys")]
        self.passkeys.each_in("passkeys", shown);
        #[cfg(feature = "admin-pages")]
        self.admin.each(shown);
    }
}
