//! A row of a source, and the account it stands for.

use std::collections::HashSet;

use sha2::{Digest as _, Sha256};
use usermgmt_core::Auth;
use usermgmt_core::clock::Timestamp;
use usermgmt_core::model::factor::TotpSecret;
use usermgmt_core::model::identifier::EmailDomains;
use usermgmt_core::model::identity::{MAX_ISSUER, MAX_SUBJECT};
use usermgmt_core::model::passkey::MAX_PASSKEYS;
use usermgmt_core::model::profile::{InvalidProfileText, ProfileText};
use usermgmt_core::model::record::{
    AccountRecord, RecordedIdentity, RecordedPasskey, RecordedPassword,
};
use usermgmt_core::{Email, Role, UserId, Username};

use super::password::{StoredPassword, classify};
use super::value::parse_time;

/// The most recovery codes that anybody has.
const RECOVERY_CODES_MAX: usize = 100;

/// A row as its source has it.
#[derive(Default)]
pub(super) struct Row {
    pub(super) id: String,
    pub(super) username: Option<String>,
    pub(super) email: Option<String>,
    pub(super) is_email_confirmed: bool,
    pub(super) is_disabled: bool,
    /// `user` where there is none.
    pub(super) role: Option<String>,
    pub(super) first_name: Option<String>,
    pub(super) last_name: Option<String>,
    pub(super) gender: Option<String>,
    pub(super) locale: Option<String>,
    pub(super) created_at: Option<String>,
    pub(super) updated_at: Option<String>,
    pub(super) password: Option<String>,
    pub(super) totp: Option<Result<TotpSecret, String>>,
    pub(super) recovery_codes: Vec<String>,
    pub(super) identities: Vec<RecordedIdentity>,
    pub(super) passkeys: Vec<RecordedPasskey>,
    /// What the format itself found wrong.
    pub(super) faults: Vec<String>,
    /// Nothing of it could be read: that one reason is enough.
    pub(super) is_unreadable: bool,
}

/// What holds for every row of an import.
#[derive(Clone, Copy)]
pub(super) struct Rules {
    /// The source kept passwords in clear among the hashes.
    pub(super) has_clear_text: bool,
    /// The source knows accounts without usernames.
    pub(super) makes_usernames: bool,
    /// A username that cannot be kept is replaced.
    pub(super) replaces_usernames: bool,
    /// Which domains an address may have.
    pub(super) email_domains: EmailDomains,
    /// The time of a row that has none.
    pub(super) now: Timestamp,
}

/// A row, read.
pub(super) struct Entry {
    /// As the source has it, for the report.
    pub(super) id: String,
    /// The account, or why there is none.
    pub(super) record: Result<AccountRecord, Vec<String>>,
    pub(super) password: StoredPassword,
    pub(super) is_confirmed: bool,
}

impl Row {
    /// What stands for a line that is no row.
    pub(super) fn unreadable(id: Option<&str>, why: String) -> Self {
        Self {
            id: id.unwrap_or_default().to_owned(),
            is_unreadable: true,
            faults: vec![why],
            ..Self::default()
        }
    }

    /// Reads the row; every reason against it is named, not the first alone.
    pub(super) fn read(mut self, auth: &Auth, rules: Rules) -> Entry {
        let mut faults = std::mem::take(&mut self.faults);
        let (recorded, password) =
            classify(self.password.take(), rules.has_clear_text, |hash| auth.hash_kind(hash));
        let is_confirmed = self.is_email_confirmed;
        let id = self.id.clone();
        let record = match self.is_unreadable {
            true => None,
            false => self.account(recorded, rules, &mut faults),
        };
        let record = match record {
            Some(record) if faults.is_empty() => Ok(record),
            _ => Err(faults),
        };
        Entry { id, record, password, is_confirmed }
    }

    fn account(
        self,
        password: RecordedPassword,
        rules: Rules,
        faults: &mut Vec<String>,
    ) -> Option<AccountRecord> {
        let id: Option<UserId> = match self.id.parse() {
            Ok(id) => Some(id),
            Err(_) => {
                faults.push("id: not 1 to 36 printable ASCII characters".to_owned());
                None
            }
        };
        let parse = |text| Email::parse_with(text, rules.email_domains);
        let email = match self.email.as_deref().map(parse) {
            Some(Ok(email)) => Some(email),
            Some(Err(error)) => {
                faults.push(format!("email: {error}"));
                None
            }
            None => {
                faults.push("email: missing".to_owned());
                None
            }
        };
        let username = self.username(rules, faults);
        let role = match self.role.as_deref() {
            None => Role::User,
            Some(name) => Role::from_name(name).unwrap_or_else(|| {
                faults.push("role: neither `user` nor `admin`".to_owned());
                Role::User
            }),
        };
        let mut profile = |name: &str, text: Option<&str>| match text.map(ProfileText::parse)? {
            Ok(text) => Some(text.as_str().to_owned()),
            Err(InvalidProfileText::Empty) => None,
            Err(error) => {
                faults.push(format!("{name}: {error}"));
                None
            }
        };
        let first_name = profile("first_name", self.first_name.as_deref());
        let last_name = profile("last_name", self.last_name.as_deref());
        let gender = profile("gender", self.gender.as_deref());
        let locale = profile("locale", self.locale.as_deref());
        let mut time = |name: &str, text: Option<&str>| match text.map(parse_time) {
            Some(Some(time)) => Some(time),
            Some(None) => {
                faults.push(format!("{name}: not a time"));
                None
            }
            None => None,
        };
        let created_at = time("created_at", self.created_at.as_deref());
        let updated_at = time("updated_at", self.updated_at.as_deref());
        let totp = match self.totp {
            Some(Err(why)) => {
                faults.push(format!("totp: {why}"));
                None
            }
            Some(Ok(secret)) => Some(secret),
            None => None,
        };
        let fits = |hash: &String| (1..=64).contains(&hash.len()) && hash.is_ascii();
        if self.recovery_codes.len() > RECOVERY_CODES_MAX || !self.recovery_codes.iter().all(fits) {
            faults.push(format!(
                "recovery_codes: not at most {RECOVERY_CODES_MAX} hashes of at most 64 ASCII characters"
            ));
        }
        let fits = |text: &str, most| (1..=most).contains(&text.len()) && text.is_ascii();
        if !self.identities.iter().all(|identity| {
            fits(&identity.issuer, MAX_ISSUER) && fits(&identity.subject, MAX_SUBJECT)
        }) {
            faults
                .push("identities: issuer or subject is not 1 to 255 ASCII characters".to_owned());
        }
        let identities: HashSet<_> =
            self.identities.iter().map(|identity| (&identity.issuer, &identity.subject)).collect();
        if identities.len() < self.identities.len() {
            faults.push("identities: one is there twice".to_owned());
        }
        let passkeys: HashSet<_> = self.passkeys.iter().map(|passkey| &passkey.id).collect();
        if passkeys.len() < self.passkeys.len() {
            faults.push("passkeys: one is there twice".to_owned());
        }
        if self.passkeys.len() > MAX_PASSKEYS {
            faults.push(format!("passkeys: more than {MAX_PASSKEYS}"));
        }
        if let Some(error) = self.passkeys.iter().find_map(|passkey| passkey.check().err()) {
            faults.push(format!("passkeys: {error}"));
        }
        let created_at = created_at.unwrap_or(rules.now);
        Some(AccountRecord {
            id: id?,
            username: username?,
            email: email?,
            is_email_confirmed: self.is_email_confirmed,
            is_disabled: self.is_disabled,
            role,
            first_name,
            last_name,
            gender,
            locale,
            created_at,
            updated_at: updated_at.unwrap_or(created_at),
            password,
            totp,
            recovery_codes: self.recovery_codes,
            identities: self.identities,
            passkeys: self.passkeys,
        })
    }

    fn username(&self, rules: Rules, faults: &mut Vec<String>) -> Option<Username> {
        let fault = match self.username.as_deref().map(|name| Username::parse(name, Username::MAX))
        {
            Some(Ok(username)) => return Some(username),
            None if rules.makes_usernames => return self.made_username(),
            Some(Err(error)) => error.to_string(),
            None => "missing".to_owned(),
        };
        if rules.replaces_usernames {
            return self.made_username();
        }
        faults.push(format!("username: {fault} (--replace-usernames gives another one)"));
        None
    }

    /// The same at every run, and nobody else's: names must not depend on who
    /// comes first.
    fn made_username(&self) -> Option<Username> {
        let digest = Sha256::digest(self.id.as_bytes());
        let hex: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        Username::parse(&format!("user-{hex}"), Username::MAX).ok()
    }
}
