//! Made-up mails, to check templates with and to look at.

use std::collections::BTreeMap;

use usermgmt_core::clock::Timestamp;
use usermgmt_core::mail::{MailKind, Message};
use usermgmt_core::model::identifier::Email;
use usermgmt_core::model::ids::MailId;
use usermgmt_core::rng::SecureRng;
use usermgmt_core::secret::Redacted;

/// A mail of this kind as it might be, with made-up data, in this language.
pub fn sample_message(kind: MailKind, locale: &str) -> Message {
    use MailKind as K;
    let secret = |text: &str| Some(Redacted::new(text.to_owned()));
    let page = |path: &str| {
        secret(&format!(
            "https://accounts.example.com{path}umt_AQJhc2FtcGxldG9rZW4tdGhhdC1vcGVucy1ub3RoaW5n-SampleSampleSampleSampleSampleSampleSample"
        ))
    };
    let (link, code, minutes) = match kind {
        K::Confirmation => (page("/confirm-email/"), secret("40718253"), Some(1440)),
        K::Activation => (
            page("/activate?token="),
            secret(
                "umt_Azx0c2FtcGxldG9rZW4tdGhhdC1vcGVucy1ub3RoaW5n-SampleSampleSampleSampleSampleSampleSample",
            ),
            Some(60),
        ),
        K::ChoosePassword | K::PasswordReset => (page("/reset-password?token="), None, Some(15)),
        K::Invitation => (page("/reset-password?token="), None, Some(7 * 1440)),
        K::EmailChangeConfirm => (page("/email/confirm?token="), None, Some(1440)),
        K::EmailChangeRequested | K::EmailChanged => {
            (page("/email/undo?token="), None, Some(7 * 1440))
        }
        _ => (None, None, None),
    };
    let mut params = BTreeMap::from([("username".to_owned(), "ann".to_owned())]);
    let shown: &[(&str, &str)] = match kind {
        K::EmailChangeConfirm | K::EmailChangeRequested | K::EmailChanged | K::AddressChanged => {
            &[("new_email", "ann@new.example.com"), ("old_email", "ann@example.com")]
        }
        K::NewDevice
        | K::RefreshReuse
        | K::RepeatedFailures
        | K::PasswordChanged
        | K::MfaFailures
        | K::MfaReplaced => &[
            ("time", "2026-01-31T08:00:00.000Z"),
            ("device", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
            ("ip", "192.0.2.7"),
        ],
        K::MfaDisabled => &[("time", "2026-01-31T08:00:00.000Z"), ("second_factor", "passkey")],
        K::RecoveryCodesReplaced => &[("time", "2026-01-31T08:00:00.000Z")],
        K::IdentityLinked | K::IdentityUnlinked => {
            &[("time", "2026-01-31T08:00:00.000Z"), ("provider", "Example ID")]
        }
        K::PasskeyAdded | K::PasskeyRemoved => {
            &[("time", "2026-01-31T08:00:00.000Z"), ("name", "Work laptop")]
        }
        _ => &[],
    };
    params.extend(shown.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())));
    let created_at = Timestamp::from_millis(1_769_846_400_000);
    Message {
        id: MailId::generate(created_at, &Fixed),
        kind,
        recipient: Email::from_stored("ann@example.com".into(), "ann@example.com".into()),
        locale: Some(locale.to_owned()),
        product_name: "Example".into(),
        created_at,
        params,
        link,
        not_me_link: match kind {
            K::Confirmation | K::ChoosePassword => page("/not-me?token="),
            _ => None,
        },
        code,
        valid_minutes: minutes,
    }
}

/// The sample's id is always the same.
#[derive(Debug)]
struct Fixed;

impl SecureRng for Fixed {
    fn fill(&self, into: &mut [u8]) {
        into.fill(7);
    }
}
