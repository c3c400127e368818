//! Keycloak: a realm's export, or one of its files of users.

use std::fmt;
use std::io::BufReader;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use usermgmt_core::model::factor::{TotpAlgorithm, TotpSecret};

use crate::failure::Failure;
use crate::import::row::Row;
use crate::import::source::{Chunks, FileFault, Rows, open_file, read_file};
use crate::import::value::filled;

pub(in crate::import) fn open(path: &str) -> Result<Rows, Failure> {
    let file = BufReader::new(open_file(path)?);
    let path = path.to_owned();
    Ok(read_file(move |chunks| {
        let mut is_gone = false;
        let mut json = serde_json::Deserializer::from_reader(file);
        let read = Realm { chunks, is_gone: &mut is_gone }.deserialize(&mut json);
        match read.and_then(|()| json.end()) {
            Ok(()) => Ok(()),
            Err(_) if is_gone => Err(FileFault::Gone),
            Err(error) => {
                Err(Failure::Other(format!("--from: {path}: not a realm's export: {error}")).into())
            }
        }
    }))
}

/// Hands each user over as it is read: the file may be larger than memory.
struct Realm<'a> {
    chunks: &'a mut Chunks,
    is_gone: &'a mut bool,
}

impl<'de> DeserializeSeed<'de> for Realm<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Realm<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with `users`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            if name == "users" {
                map.next_value_seed(Users { chunks: self.chunks, is_gone: self.is_gone })?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

struct Users<'a> {
    chunks: &'a mut Chunks,
    is_gone: &'a mut bool,
}

impl<'de> DeserializeSeed<'de> for Users<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Users<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of users")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(user) = list.next_element::<User>()? {
            if self.chunks.add(user.into_row()).is_err() {
                *self.is_gone = true;
                return Err(serde::de::Error::custom("nobody reads any more"));
            }
        }
        Ok(())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct User {
    id: Option<String>,
    username: Option<String>,
    email: Option<String>,
    #[serde(default)]
    email_verified: bool,
    #[serde(default)]
    enabled: bool,
    first_name: Option<String>,
    last_name: Option<String>,
    created_timestamp: Option<i64>,
    #[serde(default)]
    attributes: Value,
    #[serde(default)]
    credentials: Vec<Credential>,
}

/// The two texts are JSON in JSON.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Credential {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    secret_data: String,
    #[serde(default)]
    credential_data: String,
}

impl User {
    fn into_row(self) -> Row {
        let parts = |credential: &Credential| {
            let json = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
            (json(&credential.secret_data), json(&credential.credential_data))
        };
        let of = |kind: &str| self.credentials.iter().find(|c| c.kind == kind).map(parts);
        // Its webauthn credentials are bound to the address of the realm.
        Row {
            id: self.id.clone().unwrap_or_default(),
            username: filled(self.username.clone()),
            email: self.email.clone(),
            is_email_confirmed: self.email_verified,
            is_disabled: !self.enabled,
            first_name: filled(self.first_name.clone()),
            last_name: filled(self.last_name.clone()),
            locale: self.attributes["locale"][0].as_str().map(str::to_owned),
            created_at: self.created_timestamp.map(|millis| millis.to_string()),
            password: of("password").map(|(secret, data)| password(&secret, &data)),
            totp: of("otp").map(|(secret, data)| totp(&secret, &data)),
            ..Row::default()
        }
    }
}

/// The PHC string that says the same. What makes none is an unknown hash.
fn password(secret: &Value, data: &Value) -> String {
    let text = |name: &str| secret[name].as_str().unwrap_or_default().trim_end_matches('=');
    let (salt, value) = (text("salt"), text("value"));
    let iterations = &data["hashIterations"];
    let algorithm = data["algorithm"].as_str().unwrap_or_default();
    // Four characters of base64 are three bytes.
    let length = value.len() * 3 / 4;
    match algorithm {
        "argon2" => {
            let parameter =
                |name: &str| data["additionalParameters"][name][0].as_str().unwrap_or_default();
            let version = if parameter("version") == "1.0" { 16 } else { 19 };
            let kind = parameter("type");
            let (memory, lanes) = (parameter("memory"), parameter("parallelism"));
            format!("$argon2{kind}$v={version}$m={memory},t={iterations},p={lanes}${salt}${value}")
        }
        // Its first one was SHA-1's.
        "pbkdf2" => format!("$pbkdf2-sha1$i={iterations},l={length}${salt}${value}"),
        other => format!("${other}$i={iterations},l={length}${salt}${value}"),
    }
}

fn totp(secret: &Value, data: &Value) -> Result<TotpSecret, String> {
    if data["subType"].as_str() == Some("hotp") {
        return Err("counted codes (HOTP) cannot be taken over".to_owned());
    }
    let algorithm = match data["algorithm"].as_str() {
        None | Some("HmacSHA1") => TotpAlgorithm::Sha1,
        Some("HmacSHA256") => TotpAlgorithm::Sha256,
        Some("HmacSHA512") => TotpAlgorithm::Sha512,
        Some(_) => return Err("an algorithm that is not known".to_owned()),
    };
    let number = |name: &str, usual| data[name].as_u64().unwrap_or(usual);
    let digits = u8::try_from(number("digits", 6)).unwrap_or(0);
    let period = u16::try_from(number("period", 30)).unwrap_or(0);
    let value = secret["value"].as_str().unwrap_or_default();
    let read = match data["secretEncoding"].as_str() {
        Some("BASE32") => TotpSecret::from_base32(value, algorithm, digits, period),
        _ => TotpSecret::imported(value.as_bytes().to_vec(), algorithm, digits, period),
    };
    read.map_err(|error| error.to_string())
}
