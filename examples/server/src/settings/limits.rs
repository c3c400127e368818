//! The limits on attempts: `10/15m`, and `50/1h, 75/day, 100/row` for a budget.

use toml::Value;
use usermgmt_core::config::{Budget, Limits, Rate};

use super::layers::Layers;
use super::value::{Parse, duration};

impl Parse for Rate {
    fn parse(value: &Value) -> Result<Self, String> {
        let read = value.as_str().and_then(rate);
        read.ok_or_else(|| "expected how many in how long, such as 10/15m".to_owned())
    }
}

impl Parse for Budget {
    fn parse(value: &Value) -> Result<Self, String> {
        let read = value.as_str().and_then(budget);
        read.ok_or_else(|| {
            "expected how many in how long, a day and in a row, such as 50/1h, 75/day, 100/row"
                .to_owned()
        })
    }
}

fn rate(text: &str) -> Option<Rate> {
    let (max, window) = text.split_once('/')?;
    Some(Rate { max: max.trim().parse().ok()?, window: duration(window)? })
}

fn budget(text: &str) -> Option<Budget> {
    let mut parts = text.split(',');
    let first = rate(parts.next()?)?;
    let mut counted = |of: &str| {
        let (max, unit) = parts.next()?.split_once('/')?;
        max.trim().parse().ok().filter(|_| unit.trim() == of)
    };
    let budget = Budget { first, per_day: counted("day")?, in_a_row: counted("row")? };
    parts.next().is_none().then_some(budget)
}

/// Those that are set.
pub(super) fn read(layers: &mut Layers, limits: &mut Limits) {
    layers.set_if_given("limits.enabled", &mut limits.enabled);
    for (name, rate) in [
        ("limits.sign_in_pair", &mut limits.sign_in_pair),
        ("limits.sign_in_client", &mut limits.sign_in_client),
        ("limits.mail_identifier", &mut limits.mail_identifier),
        ("limits.mail_client", &mut limits.mail_client),
        ("limits.mail_recipient", &mut limits.mail_recipient),
        ("limits.mail_recipient_kind", &mut limits.mail_recipient_kind),
        ("limits.register_client", &mut limits.register_client),
        ("limits.code_identifier", &mut limits.code_identifier),
        ("limits.token_client", &mut limits.token_client),
    ] {
        layers.set_if_given(name, rate);
    }
    for (name, budget) in [
        ("limits.sign_in_account", &mut limits.sign_in_account),
        ("limits.sign_in_device", &mut limits.sign_in_device),
        ("limits.mfa_account", &mut limits.mfa_account),
        ("limits.mfa_device", &mut limits.mfa_device),
        ("limits.user_secret", &mut limits.user_secret),
    ] {
        layers.set_if_given(name, budget);
    }
    for (name, number) in [
        ("limits.notify_after", &mut limits.notify_after),
        ("limits.notify_after_mfa", &mut limits.notify_after_mfa),
        ("limits.ipv6_site", &mut limits.ipv6_site),
    ] {
        if let Some(given) = layers.number(name) {
            *number = i64::from(given);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::table::{self, Kind};
    use super::*;

    #[test]
    fn every_default_in_the_table_is_the_cores() {
        let mut layers = Layers::default();
        let defaults = Limits::default();
        // Everything else than the defaults, so that each shows that it is read.
        let none = Rate::per_minutes(1, 1);
        let nothing = Budget { first: none, per_day: 1, in_a_row: 1 };
        let mut limits = Limits {
            sign_in_pair: none,
            sign_in_client: none,
            sign_in_account: nothing,
            sign_in_device: nothing,
            mfa_account: nothing,
            mfa_device: nothing,
            user_secret: nothing,
            notify_after: 1,
            notify_after_mfa: 1,
            mail_identifier: none,
            mail_client: none,
            mail_recipient: none,
            mail_recipient_kind: none,
            register_client: none,
            code_identifier: none,
            token_client: none,
            ipv6_site: 1,
            ..defaults.clone()
        };
        let named = table::SETTINGS.iter().filter(|setting| setting.name.starts_with("limits."));
        for setting in named {
            layers.add_flag(setting, setting.default.to_owned());
        }
        read(&mut layers, &mut limits);
        assert_eq!(format!("{limits:?}"), format!("{defaults:?}"));
        assert_eq!(layers.into_problems(), Vec::<String>::new());
    }

    #[test]
    fn what_is_no_limit_is_refused() {
        for text in ["", "10", "/15m", "10/", "x/15m", "10/15x"] {
            assert!(Rate::parse(&Value::String(text.to_owned())).is_err(), "{text}");
        }
        for text in ["10/15m", "10/15m, 75/day", "10/15m, 75/row, 100/day", "1/1h, 2/day, 3/row, 4"]
        {
            assert!(Budget::parse(&Value::String(text.to_owned())).is_err(), "{text}");
        }
        assert!(matches!(table::find("limits.sign_in_pair").unwrap().kind, Kind::Rate));
    }
}
