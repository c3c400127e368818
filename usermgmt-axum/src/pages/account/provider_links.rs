//! The links that lead to providers.

use maud::{Markup, html};

use super::guest::Guest;

/// The links to sign in by, where there are providers.
#[cfg(feature = "oidc")]
pub(super) fn links(guest: &Guest) -> Markup {
    let (texts, target) = (guest.texts(), guest.target());
    let Some(at) = &guest.account_path else { return html! {} };
    let providers = &guest.visit.auth().config().providers;
    let prefix = format!("{}{}", guest.visit.visitor.base(), at.0.trim_end_matches('/'));
    let link = |id: &str| {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        let query = query.append_pair("return_to", &target).finish();
        format!("{prefix}/signin/oidc/{id}?{query}")
    };
    html! {
        @if !providers.is_empty() {
            ul.providers {
                @for provider in providers {
                    li {
                        a.button.quiet href=(link(&provider.id)) {
                            (texts.with_provider.replace("{name}", &provider.name))
                        }
                    }
                }
            }
        }
    }
}

#[cfg(not(feature = "oidc"))]
pub(super) fn links(_: &Guest) -> Markup {
    html! {}
}
