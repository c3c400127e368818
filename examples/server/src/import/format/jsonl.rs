//! Our own: JSON lines, as `export` writes them.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use usermgmt_core::clock::Timestamp;
use usermgmt_core::model::factor::{TotpAlgorithm, TotpSecret};
use usermgmt_core::model::record::{
    AccountRecord, RecordedIdentity, RecordedPasskey, RecordedPassword,
};

use crate::failure::Failure;
use crate::import::row::Row;
use crate::import::source::{self, Lines, Rows, read_file};
use crate::import::value::parse_time;

/// The first line.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::import) struct Header {
    pub(in crate::import) usermgmt_export: u32,
    pub(in crate::import) exported_at: String,
}

/// The one version that there is.
pub(in crate::import) const VERSION: u32 = 1;

/// Every other line.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::import) struct Line {
    id: String,
    username: Option<String>,
    email: Option<String>,
    #[serde(default)]
    is_email_confirmed: bool,
    #[serde(default)]
    is_disabled: bool,
    role: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    gender: Option<String>,
    locale: Option<String>,
    created_at: Option<String>,
    updated_at: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    password: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    totp: Option<Totp>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    recovery_codes: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    identities: Vec<Identity>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    passkeys: Vec<Passkey>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Totp {
    /// In base32.
    secret: String,
    algorithm: TotpAlgorithm,
    digits: u8,
    period: u16,
}

/// Who they are to a provider.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Identity {
    issuer: String,
    subject: String,
    provider: String,
    email: Option<String>,
    created_at: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Passkey {
    id: String,
    handle: String,
    name: String,
    /// JSON in a text, to come back as it is.
    credential: String,
    counter: i64,
    backed_up: bool,
    created_at: Option<String>,
    last_used_at: Option<String>,
}

pub(in crate::import) fn open(path: &str) -> Result<Rows, Failure> {
    let mut lines = Lines::open(path)?;
    let fault = {
        let path = path.to_owned();
        move |number: u64, error: &dyn std::fmt::Display| {
            Failure::Other(format!("--from: {path}, line {number}: {error}"))
        }
    };
    let first = lines.next().map_err(|error| fault(1, &error))?;
    let (_, first) = first.ok_or_else(|| fault(1, &"is missing"))?;
    let first = first.map_err(|error| fault(1, &error))?;
    let header: Header = serde_json::from_str(&first)
        .map_err(|error| fault(1, &format!("not the first line of an export: {error}")))?;
    if header.usermgmt_export != VERSION {
        let version = header.usermgmt_export;
        return Err(fault(1, &format!("of version {version}; this program reads {VERSION}")));
    }
    Ok(read_file(move |chunks| {
        while let Some((number, line)) =
            lines.next().map_err(|error| fault(lines.number, &error))?
        {
            chunks.add(row(number, line))?;
        }
        Ok(())
    }))
}

/// A line that cannot be read is a row that is refused.
fn row(number: u64, line: source::Line) -> Row {
    let text = match line {
        Ok(text) => text,
        Err(why) => return Row::unreadable(None, format!("line {number}: {why}")),
    };
    match serde_json::from_str::<Line>(&text) {
        Ok(line) => line.into_row(),
        Err(error) => {
            let any: Value = serde_json::from_str(&text).unwrap_or_default();
            Row::unreadable(any["id"].as_str(), format!("line {number}: {error}"))
        }
    }
}

impl Line {
    fn into_row(self) -> Row {
        let mut faults = Vec::new();
        let passkeys = self.passkeys.into_iter().filter_map(|passkey| passkey.read(&mut faults));
        let passkeys = passkeys.collect();
        let identities = self.identities.into_iter().map(|identity| {
            let linked_at = identity.created_at.as_deref().map(parse_time);
            if linked_at == Some(None) {
                faults.push("identities: created_at: not a time".to_owned());
            }
            RecordedIdentity {
                issuer: identity.issuer,
                subject: identity.subject,
                provider: identity.provider,
                email: identity.email,
                created_at: linked_at.flatten().unwrap_or(Timestamp::from_millis(0)),
            }
        });
        let identities = identities.collect();
        let totp = self.totp.map(|totp| {
            let Totp { secret, algorithm, digits, period } = totp;
            TotpSecret::from_base32(&secret, algorithm, digits, period)
                .map_err(|error| error.to_string())
        });
        Row {
            id: self.id,
            username: self.username,
            email: self.email,
            is_email_confirmed: self.is_email_confirmed,
            is_disabled: self.is_disabled,
            role: self.role,
            first_name: self.first_name,
            last_name: self.last_name,
            gender: self.gender,
            locale: self.locale,
            created_at: self.created_at,
            updated_at: self.updated_at,
            password: self.password,
            totp,
            recovery_codes: self.recovery_codes,
            identities,
            passkeys,
            faults,
            is_unreadable: false,
        }
    }

    /// An account as a line. Whoever may not see its credentials gave none.
    pub(in crate::import) fn new(account: AccountRecord) -> Self {
        Self {
            id: account.id.into(),
            username: Some(account.username.as_str().to_owned()),
            email: Some(account.email.as_str().to_owned()),
            is_email_confirmed: account.is_email_confirmed,
            is_disabled: account.is_disabled,
            role: Some(account.role.as_str().to_owned()),
            first_name: account.first_name,
            last_name: account.last_name,
            gender: account.gender,
            locale: account.locale,
            created_at: Some(account.created_at.to_string()),
            updated_at: Some(account.updated_at.to_string()),
            password: match &account.password {
                RecordedPassword::Hash(hash) => Some(hash.expose().to_owned()),
                RecordedPassword::None | RecordedPassword::Plaintext(_) => None,
            },
            totp: account.totp.as_ref().map(|secret| Totp {
                secret: secret.base32().expose().clone(),
                algorithm: secret.algorithm(),
                digits: secret.digits(),
                period: secret.period(),
            }),
            recovery_codes: account.recovery_codes,
            identities: account
                .identities
                .into_iter()
                .map(|identity| Identity {
                    issuer: identity.issuer,
                    subject: identity.subject,
                    provider: identity.provider,
                    email: identity.email,
                    created_at: Some(identity.created_at.to_string()),
                })
                .collect(),
            passkeys: account.passkeys.into_iter().map(Passkey::new).collect(),
        }
    }
}

impl Passkey {
    fn new(passkey: RecordedPasskey) -> Self {
        Self {
            id: passkey.id.into(),
            handle: passkey.handle,
            name: passkey.name,
            credential: passkey.credential,
            counter: passkey.counter,
            backed_up: passkey.backed_up,
            created_at: Some(passkey.created_at.to_string()),
            last_used_at: passkey.last_used_at.map(|at| at.to_string()),
        }
    }

    fn read(self, faults: &mut Vec<String>) -> Option<RecordedPasskey> {
        let mut time = |text: Option<String>| {
            let time = text.as_deref().map(parse_time);
            if time == Some(None) {
                faults.push("passkeys: not a time".to_owned());
            }
            time.flatten()
        };
        let (created_at, last_used_at) = (time(self.created_at), time(self.last_used_at));
        let Ok(id) = self.id.parse() else {
            faults.push("passkeys: id: not the SHA-256 of a credential's id".to_owned());
            return None;
        };
        Some(RecordedPasskey {
            id,
            handle: self.handle,
            name: self.name,
            credential: self.credential,
            counter: self.counter,
            backed_up: self.backed_up,
            created_at: created_at.unwrap_or(Timestamp::from_millis(0)),
            last_used_at,
        })
    }
}
