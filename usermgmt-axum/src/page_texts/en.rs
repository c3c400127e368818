//! English.

use super::{FrontTexts, LinkTexts, MailedSignInTexts, PasswordTexts, ResetTexts, Texts};

pub(super) static TEXTS: Texts = Texts {
    tag: "en",
    confirm: LinkTexts {
        title: "Confirm your email address",
        text: "One click, and your account is ready.",
        button: "Confirm",
        done: "Email confirmed",
    },
    activate: LinkTexts {
        title: "Activate your account",
        text: "An account was made for you. One click, and it is ready.",
        button: "Activate",
        done: "Account activated",
    },
    sign_in_email: MailedSignInTexts {
        title: "Sign in",
        text: "This link and the code in the same mail sign in {name}. Go back to where \
            you asked for them, and enter the code there.",
    },
    email_change: LinkTexts {
        title: "Confirm your new email address",
        text: "From then on you sign in with this address, and mail goes to it.",
        button: "Confirm",
        done: "Email changed",
    },
    email_undo: LinkTexts {
        title: "Undo the change of your email address",
        text: "Your account gets this address back, everybody is signed out, and you get a mail \
            to choose a new password.",
        button: "Undo the change",
        done: "Email change undone",
    },
    not_me: LinkTexts {
        title: "This was not you?",
        text: "Somebody registered an account with your email address. One click, and it is \
            deleted.",
        button: "Delete the account",
        done: "The account was deleted",
    },
    reset: ResetTexts {
        title: "Choose a new password",
        text: "At least {min} characters, and not one that is easy to guess.",
        label: "New password",
        button: "Set the password",
        done: "Password has been reset successfully.",
    },
    front: FrontTexts {
        text: "User accounts are kept here. Applications reach them by an API.",
        api: "Description of the API (OpenAPI)",
        #[cfg(feature = "docs")]
        links: super::FrontLinks {
            account: "My account",
            register: "Create an account",
            admin: "Administration",
            mailbox: "Development mailbox",
            health: "Health",
        },
    },
    lead_on: "Continue to {product}",
    refused: "This did not work",
    // What programs are told is English, and made for people.
    refusals: [
        ("link_expired", ""),
        ("link_invalid", ""),
        ("already_confirmed", ""),
        ("invalid_token", ""),
        ("rate_limited", ""),
        ("overloaded", ""),
        ("unavailable", ""),
        ("cross_site", ""),
        ("invalid_form_token", ""),
        ("invalid_state", ""),
        ("access_denied", ""),
        ("provider_refused", ""),
        ("provider_unavailable", ""),
        ("no_email", ""),
        ("account_exists", ""),
        ("confirmation_required", ""),
        ("identity_taken", ""),
        ("too_many_identities", ""),
        ("not_active", ""),
        ("last_sign_in_method", ""),
        ("", ""),
    ],
    password: PasswordTexts {
        too_short: "Shorter than minimum length {n}.",
        too_long: "Longer than maximum length {n}.",
        too_easy: "Password is too easy to guess",
        breached: "Password is known from a data breach",
        other: "",
    },
    #[cfg(feature = "pages")]
    account: super::account::en::TEXTS,
    #[cfg(feature = "admin-pages")]
    admin: super::admin::en::TEXTS,
    #[cfg(all(feature = "pages", feature = "passkeys"))]
    passkeys: super::passkeys::EN,
};
