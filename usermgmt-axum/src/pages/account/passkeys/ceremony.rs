//! What the browser is asked, and what it brought.

use maud::{Markup, html};
use serde_json::Value;

use crate::body::FormFields;
use crate::pages::account::look;
use crate::pages::visit::Visitor;

/// The field for what an authenticator made or signed.
pub(in crate::pages) const CREDENTIAL: &str = "credential";

/// A form that the browser completes. It stays hidden where scripts do not run, or
/// the browser has no passkeys for this site.
pub(in crate::pages) struct Ceremony<'a> {
    pub(in crate::pages) action: &'a str,
    /// It makes a passkey; otherwise it uses one.
    pub(in crate::pages) makes: bool,
    pub(in crate::pages) options: &'a Value,
    pub(in crate::pages) fields: Markup,
    pub(in crate::pages) label: &'a str,
    pub(in crate::pages) is_quiet: bool,
    /// At once: its button was pressed before, where the request was too old.
    pub(in crate::pages) begins: bool,
}

impl Ceremony<'_> {
    pub(in crate::pages) fn show(&self, visitor: &Visitor) -> Markup {
        let texts = &visitor.texts.passkeys;
        html! {
            form.passkey method="post" action=(self.action) novalidate hidden
                data-passkey=(if self.makes { "create" } else { "get" })
                data-options=(self.options) data-failed=(texts.failed) data-known=(texts.known)
                data-begins[self.begins] {
                (self.fields)
                input type="hidden" name=(CREDENTIAL) value="";
                p role="alert" hidden {}
                button.quiet[self.is_quiet] type="submit" { (self.label) }
            }
            script src=(look::asset_path(visitor, "passkeys.js")) defer {}
        }
    }
}

/// What the browser's form brought; null where that is no JSON, and nothing where it
/// brought nothing.
pub(in crate::pages) fn credential(form: &FormFields) -> Option<Value> {
    let text = form.text(CREDENTIAL);
    (!text.is_empty()).then(|| serde_json::from_str(text).unwrap_or_default())
}
