//! The change-over from the first old service.

use usermgmt_core::clock::{Clock as _, SystemClock};
use usermgmt_core::config::LegacyTokens;
use usermgmt_core::secret::Redacted;

use super::layers::Layers;
use crate::import::value::parse_time;

/// What `legacy.*` says.
pub(super) fn read(layers: &mut Layers) -> Option<LegacyTokens> {
    let key = layers.get_with("legacy.jwt_key", |value| match value.as_str() {
        Some(key) => Ok(Redacted::new(key.as_bytes().to_vec())),
        None => Err("expected text, in quotes".to_owned()),
    });
    let until = layers.get_with("legacy.jwt_until", |value| {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let is_date = text.contains('-');
        parse_time(&text)
            .filter(|_| is_date)
            .ok_or_else(|| "expected a time such as 2026-12-31T12:00:00Z".to_owned())
    });
    let allow_weak_key = layers.get("legacy.jwt_weak_key").unwrap_or(false);
    match (key, until) {
        (Some(key), Some(until)) => {
            let tokens = LegacyTokens { key, until, allow_weak_key };
            if let Err(error) = tokens.validate(SystemClock.now()) {
                layers.problem(error.to_string());
            }
            Some(tokens)
        }
        (Some(_), None) if !layers.is_set("legacy.jwt_until") => {
            layers.problem(
                "legacy.jwt_until is required with legacy.jwt_key: when the old tokens end, at \
                 most 31 days ahead",
            );
            None
        }
        (None, Some(_)) if !layers.is_set("legacy.jwt_key") => {
            layers.problem("legacy.jwt_until is set, but legacy.jwt_key is not");
            None
        }
        _ => None,
    }
}
