//! What the account pages say.

pub(super) mod de;
pub(super) mod en;
pub(super) mod pl;

use usermgmt_core::model::identifier::InvalidUsername;

use super::section::{Each, each_of};

texts! {
    /// What the account pages say in one language.
    pub(crate) struct AccountTexts {
        /// Above what is wrong with a form.
        pub(crate) summary: &'static str,
        /// Before the title of a page with a form that is wrong.
        pub(crate) error_prefix: &'static str,
        /// A field is empty.
        pub(crate) missing: &'static str,
        /// A field for either.
        pub(crate) identifier: &'static str,
        /// A field.
        pub(crate) username: &'static str,
        /// A field and a heading.
        pub(crate) email: &'static str,
        /// A field and a heading.
        pub(crate) password: &'static str,
        /// A heading, button and link.
        pub(crate) sign_in: &'static str,
        /// A heading and link.
        pub(crate) forgot: &'static str,
        /// A link to registration.
        pub(crate) no_account: &'static str,
        /// Unknown, wrong, unconfirmed and disabled alike.
        pub(crate) wrong_credentials: &'static str,
        /// A heading.
        pub(crate) second_factor: &'static str,
        /// Above the field for the code at sign-in.
        pub(crate) code_text: &'static str,
        /// A field.
        pub(crate) code: &'static str,
        /// Wrong, used or too late.
        pub(crate) wrong_code: &'static str,
        /// A button.
        pub(crate) go_on: &'static str,
        /// A link back to the first step.
        pub(crate) start_again: &'static str,
        /// A link.
        pub(crate) by_mail: &'static str,
        /// A link.
        pub(crate) by_password: &'static str,
        /// What happens.
        pub(crate) by_mail_text: &'static str,
        /// A button.
        pub(crate) send_mail: &'static str,
        /// Before the address; the same for everybody.
        pub(crate) mailed: &'static str,
        /// After it.
        pub(crate) mailed_next: &'static str,
        /// Wrong, used or too late.
        pub(crate) wrong_mailed_code: &'static str,
        /// `{name}` is whom the mailed link signs in.
        pub(crate) link_signs_in: &'static str,
        /// A heading and button.
        pub(crate) register: &'static str,
        /// A link to sign-in.
        pub(crate) have_account: &'static str,
        /// `{min}` and `{max}` are numbers of characters.
        username_length: &'static str,
        /// Characters that a username does not have.
        username_characters: &'static str,
        /// Somebody else has it.
        pub(crate) username_taken: &'static str,
        /// Not one.
        pub(crate) no_email: &'static str,
        /// Where a host reveals it.
        pub(crate) email_taken: &'static str,
        /// No mail reaches it.
        pub(crate) unreachable: &'static str,
        /// No name.
        pub(crate) no_name: &'static str,
        /// A heading.
        pub(crate) check_mail: &'static str,
        /// Before the address.
        pub(crate) registered: &'static str,
        /// After it.
        pub(crate) registered_next: &'static str,
        /// What happens.
        pub(crate) forgot_text: &'static str,
        /// A button.
        pub(crate) send_link: &'static str,
        /// The same for everybody.
        pub(crate) forgot_sent: &'static str,
        /// A heading and link.
        pub(crate) account: &'static str,
        /// Before the address.
        pub(crate) signed_in_as: &'static str,
        /// A button.
        pub(crate) sign_out: &'static str,
        /// A heading.
        pub(crate) profile: &'static str,
        /// A field.
        pub(crate) first_name: &'static str,
        /// A field.
        pub(crate) last_name: &'static str,
        /// A field.
        pub(crate) gender: &'static str,
        /// A field to choose from.
        pub(crate) locale: &'static str,
        /// The choice of none.
        pub(crate) no_language: &'static str,
        /// What this language calls itself.
        pub(crate) language: &'static str,
        /// A button.
        pub(crate) save: &'static str,
        /// A field.
        pub(crate) new_email: &'static str,
        /// When it counts.
        pub(crate) new_email_hint: &'static str,
        /// A button.
        pub(crate) change_email: &'static str,
        /// A field.
        pub(crate) current_password: &'static str,
        /// The current one.
        pub(crate) wrong_password: &'static str,
        /// Where the sign-in is too long ago and no password was given.
        pub(crate) unproven: &'static str,
        /// The sign-in is too long ago.
        pub(crate) stale: &'static str,
        /// A link.
        pub(crate) sign_in_again: &'static str,
        /// A field.
        pub(crate) new_password: &'static str,
        /// A button.
        pub(crate) change_password: &'static str,
        /// It is off.
        pub(crate) factor_off: &'static str,
        /// It is on.
        pub(crate) factor_on: &'static str,
        /// A button.
        pub(crate) turn_on: &'static str,
        /// A button.
        pub(crate) turn_off: &'static str,
        /// Above the picture.
        pub(crate) enrol_text: &'static str,
        /// Stands for the picture.
        pub(crate) qr_alt: &'static str,
        /// Above the key.
        pub(crate) enrol_secret: &'static str,
        /// A link back.
        pub(crate) cancel: &'static str,
        /// A heading.
        pub(crate) recovery_codes: &'static str,
        /// Above them.
        pub(crate) codes_text: &'static str,
        /// A link on.
        pub(crate) codes_kept: &'static str,
        /// A button.
        pub(crate) new_recovery_codes: &'static str,
        /// A heading.
        pub(crate) sessions: &'static str,
        /// Marks the session that is used now.
        pub(crate) this_device: &'static str,
        /// It did not say what it is.
        pub(crate) unknown_device: &'static str,
        /// Before a time.
        pub(crate) signed_in_on: &'static str,
        /// Before a time.
        pub(crate) last_used: &'static str,
        /// A heading.
        pub(crate) data: &'static str,
        /// What the file has.
        pub(crate) data_text: &'static str,
        /// A link.
        pub(crate) download: &'static str,
        /// A heading and button.
        pub(crate) delete: &'static str,
        /// What happens.
        pub(crate) delete_text: &'static str,
        /// Beside a box.
        pub(crate) delete_sure: &'static str,
        /// The box is empty.
        pub(crate) delete_unsure: &'static str,
        /// Nobody else could administer.
        pub(crate) last_admin: &'static str,
        /// A link; `{name}` is a provider.
        #[cfg(feature = "oidc")]
        pub(crate) with_provider: &'static str,
        /// A heading of accounts at providers.
        #[cfg(feature = "oidc")]
        pub(crate) identities: &'static str,
        /// What they do.
        #[cfg(feature = "oidc")]
        pub(crate) identities_text: &'static str,
        /// Before a time.
        #[cfg(feature = "oidc")]
        pub(crate) linked_on: &'static str,
        /// A button; `{name}` is a provider.
        #[cfg(feature = "oidc")]
        pub(crate) link_provider: &'static str,
        /// A button.
        #[cfg(feature = "oidc")]
        pub(crate) unlink: &'static str,
        /// A heading and link; `{name}` is a provider.
        #[cfg(feature = "oidc")]
        pub(crate) go_to_provider: &'static str,
        /// A button beside a password.
        pub(crate) show: &'static str,
        /// The same button then.
        pub(crate) hide: &'static str,
        /// A button.
        pub(crate) copy: &'static str,
        /// The same button when it is done.
        pub(crate) copied: &'static str,
        /// A button.
        pub(crate) print: &'static str,
    }
    also {
        /// What is said when something is done, by its name.
        done: [(&'static str, &'static str); 10],
    }
}

impl AccountTexts {
    /// Shows each text by its name.
    pub(super) fn each(&mut self, shown: &mut Each<'_>) {
        self.each_in("account", shown);
        each_of("account.done", &mut self.done, shown);
    }

    /// That it is done.
    pub(crate) fn done(&self, what: &str) -> Option<&'static str> {
        self.done.iter().find(|(name, _)| *name == what).map(|(_, text)| *text)
    }

    /// Why a username is none.
    pub(crate) fn username_problem(&self, problem: &InvalidUsername) -> String {
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
