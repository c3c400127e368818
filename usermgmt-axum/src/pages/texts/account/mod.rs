//! What the account pages say.

pub(super) mod de;
pub(super) mod en;
pub(super) mod pl;

use usermgmt_core::model::identifier::InvalidUsername;

use super::Texts;
use super::section::{Each, each_of};

texts! {
    /// What the account pages say in one language.
    pub(in crate::pages) struct AccountTexts {
        /// Above what is wrong with a form.
        pub(in crate::pages) summary: &'static str,
        /// Before the title of a page with a form that is wrong.
        pub(in crate::pages) error_prefix: &'static str,
        /// A field is empty.
        pub(in crate::pages) missing: &'static str,
        /// A field for either.
        pub(in crate::pages) identifier: &'static str,
        /// A field.
        pub(in crate::pages) username: &'static str,
        /// A field and a heading.
        pub(in crate::pages) email: &'static str,
        /// A field and a heading.
        pub(in crate::pages) password: &'static str,
        /// A heading, button and link.
        pub(in crate::pages) sign_in: &'static str,
        /// A heading and link.
        pub(in crate::pages) forgot: &'static str,
        /// A link to registration.
        pub(in crate::pages) no_account: &'static str,
        /// Unknown, wrong, unconfirmed and disabled alike.
        pub(in crate::pages) wrong_credentials: &'static str,
        /// A heading.
        pub(in crate::pages) second_factor: &'static str,
        /// Above the field for the code at sign-in.
        pub(in crate::pages) code_text: &'static str,
        /// A field.
        pub(in crate::pages) code: &'static str,
        /// Wrong, used or too late.
        pub(in crate::pages) wrong_code: &'static str,
        /// A button.
        pub(in crate::pages) go_on: &'static str,
        /// A link back to the first step.
        pub(in crate::pages) start_again: &'static str,
        /// A link.
        pub(in crate::pages) by_mail: &'static str,
        /// A link.
        pub(in crate::pages) by_password: &'static str,
        /// What happens.
        pub(in crate::pages) by_mail_text: &'static str,
        /// A button.
        pub(in crate::pages) send_mail: &'static str,
        /// Before the address; the same for everybody.
        pub(in crate::pages) mailed: &'static str,
        /// After it.
        pub(in crate::pages) mailed_next: &'static str,
        /// Wrong, used or too late.
        pub(in crate::pages) wrong_mailed_code: &'static str,
        /// `{name}` is whom the mailed link signs in.
        pub(in crate::pages) link_signs_in: &'static str,
        /// A heading and button.
        pub(in crate::pages) register: &'static str,
        /// A link to sign-in.
        pub(in crate::pages) have_account: &'static str,
        /// `{min}` and `{max}` are numbers of characters.
        username_length: &'static str,
        /// Characters that a username does not have.
        username_characters: &'static str,
        /// Somebody else has it.
        pub(in crate::pages) username_taken: &'static str,
        /// Not one.
        pub(in crate::pages) no_email: &'static str,
        /// Where a host reveals it.
        pub(in crate::pages) email_taken: &'static str,
        /// No mail reaches it.
        pub(in crate::pages) unreachable: &'static str,
        /// No name.
        pub(in crate::pages) no_name: &'static str,
        /// A heading.
        pub(in crate::pages) check_mail: &'static str,
        /// Before the address.
        pub(in crate::pages) registered: &'static str,
        /// After it.
        pub(in crate::pages) registered_next: &'static str,
        /// What happens.
        pub(in crate::pages) forgot_text: &'static str,
        /// A button.
        pub(in crate::pages) send_link: &'static str,
        /// The same for everybody.
        pub(in crate::pages) forgot_sent: &'static str,
        /// A heading and link.
        pub(in crate::pages) account: &'static str,
        /// Before the address.
        pub(in crate::pages) signed_in_as: &'static str,
        /// A button.
        pub(in crate::pages) sign_out: &'static str,
        /// A heading.
        pub(in crate::pages) profile: &'static str,
        /// A field.
        pub(in crate::pages) first_name: &'static str,
        /// A field.
        pub(in crate::pages) last_name: &'static str,
        /// A button.
        pub(in crate::pages) save: &'static str,
        /// A field.
        pub(in crate::pages) new_email: &'static str,
        /// When it counts.
        pub(in crate::pages) new_email_hint: &'static str,
        /// A button.
        pub(in crate::pages) change_email: &'static str,
        /// A field.
        pub(in crate::pages) current_password: &'static str,
        /// The current one.
        pub(in crate::pages) wrong_password: &'static str,
        /// Where the sign-in is too long ago and no password was given.
        pub(in crate::pages) unproven: &'static str,
        /// The sign-in is too long ago.
        pub(in crate::pages) stale: &'static str,
        /// A link.
        pub(in crate::pages) sign_in_again: &'static str,
        /// A field.
        pub(in crate::pages) new_password: &'static str,
        /// A button.
        pub(in crate::pages) change_password: &'static str,
        /// It is off.
        pub(in crate::pages) factor_off: &'static str,
        /// It is on.
        pub(in crate::pages) factor_on: &'static str,
        /// A button.
        pub(in crate::pages) turn_on: &'static str,
        /// A button.
        pub(in crate::pages) turn_off: &'static str,
        /// Above the picture.
        pub(in crate::pages) enrol_text: &'static str,
        /// Stands for the picture.
        pub(in crate::pages) qr_alt: &'static str,
        /// Above the key.
        pub(in crate::pages) enrol_secret: &'static str,
        /// A link back.
        pub(in crate::pages) cancel: &'static str,
        /// A heading.
        pub(in crate::pages) recovery_codes: &'static str,
        /// Above them.
        pub(in crate::pages) codes_text: &'static str,
        /// A link on.
        pub(in crate::pages) codes_kept: &'static str,
        /// A button.
        pub(in crate::pages) new_recovery_codes: &'static str,
        /// A heading.
        pub(in crate::pages) sessions: &'static str,
        /// Marks the session that is used now.
        pub(in crate::pages) this_device: &'static str,
        /// It did not say what it is.
        pub(in crate::pages) unknown_device: &'static str,
        /// Before a time.
        pub(in crate::pages) signed_in_on: &'static str,
        /// Before a time.
        pub(in crate::pages) last_used: &'static str,
        /// A heading.
        pub(in crate::pages) data: &'static str,
        /// What the file has.
        pub(in crate::pages) data_text: &'static str,
        /// A link.
        pub(in crate::pages) download: &'static str,
        /// A heading and button.
        pub(in crate::pages) delete: &'static str,
        /// What happens.
        pub(in crate::pages) delete_text: &'static str,
        /// Beside a box.
        pub(in crate::pages) delete_sure: &'static str,
        /// The box is empty.
        pub(in crate::pages) delete_unsure: &'static str,
        /// Nobody else could administer.
        pub(in crate::pages) last_admin: &'static str,
        /// A link; `{name}` is a provider.
        #[cfg(feature = "oidc")]
        pub(in crate::pages) with_provider: &'static str,
        /// A heading of accounts at providers.
        #[cfg(feature = "oidc")]
        pub(in crate::pages) identities: &'static str,
        /// What they do.
        #[cfg(feature = "oidc")]
        pub(in crate::pages) identities_text: &'static str,
        /// Before a time.
        #[cfg(feature = "oidc")]
        pub(in crate::pages) linked_on: &'static str,
        /// A button; `{name}` is a provider.
        #[cfg(feature = "oidc")]
        pub(in crate::pages) link_provider: &'static str,
        /// A button.
        #[cfg(feature = "oidc")]
        pub(in crate::pages) unlink: &'static str,
        /// A heading and link; `{name}` is a provider.
        #[cfg(feature = "oidc")]
        pub(in crate::pages) go_to_provider: &'static str,
        /// A button beside a password.
        pub(in crate::pages) show: &'static str,
        /// The same button then.
        pub(in crate::pages) hide: &'static str,
        /// A button.
        pub(in crate::pages) copy: &'static str,
        /// The same button when it is done.
        pub(in crate::pages) copied: &'static str,
        /// A button.
        pub(in crate::pages) print: &'static str,
    }
    also {
        /// What is said when something is done, by its name.
        done: [(&'static str, &'static str); 10],
    }
}

impl AccountTexts {
    /// In the same language as these.
    pub(in crate::pages) fn of(texts: &'static Texts) -> &'static Self {
        &texts.account
    }

    /// Shows each text by its name.
    pub(super) fn each(&mut self, shown: &mut Each<'_>) {
        self.each_in("account", shown);
        each_of("account.done", &mut self.done, shown);
    }

    /// That it is done.
    pub(in crate::pages) fn done(&self, what: &str) -> Option<&'static str> {
        self.done.iter().find(|(name, _)| *name == what).map(|(_, text)| *text)
    }

    /// Why a username is none.
    pub(in crate::pages) fn username_problem(&self, problem: &InvalidUsername) -> String {
        match problem {
            InvalidUsername::Length { min, max } => {
                let text = self.username_length.replace("{min}", &min.to_string());
                text.replace("{max}", &max.to_string())
            }
            InvalidUsername::Character | InvalidUsername::Scripts => {
                self.username_characters.to_owned()
            }
        }
    }
}
