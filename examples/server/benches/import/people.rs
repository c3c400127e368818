//! Files of people, as `export --with-credentials` writes them.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};
use usermgmt_core::password::{HasherConfig, PasswordHasher};
use usermgmt_core::rng::OsRng;

use crate::common::PASSWORD;

/// The stored hash of everybody's password.
pub(crate) async fn hash() -> Value {
    let hasher = PasswordHasher::new(HasherConfig::default(), Arc::new(OsRng)).unwrap();
    json!(hasher.hash(&PASSWORD.into()).await.unwrap().expose())
}

/// Writes the accounts of these numbers, in the order of their ids.
pub(crate) fn write(to: &Path, hash: &Value, numbers: Range<u32>) {
    let mut file = BufWriter::new(File::create(to).unwrap());
    writeln!(file, r#"{{"usermgmt_export":1,"exported_at":"2026-01-01T00:00:00.000Z"}}"#).unwrap();
    for number in numbers {
        writeln!(
            file,
            concat!(
                r#"{{"id":"{:08}","username":"person{}","email":"{}","is_email_confirmed":true,"#,
                r#""is_disabled":false,"role":"user","first_name":"Ada","last_name":"Lovelace","#,
                r#""gender":null,"locale":"en","created_at":"2020-01-02T03:04:05.678Z","#,
                r#""updated_at":"2021-01-02T03:04:05.678Z","password":{}}}"#
            ),
            number,
            number,
            address(number),
            hash
        )
        .unwrap();
    }
    file.flush().unwrap();
}

/// The address of a number.
pub(crate) fn address(number: u32) -> String {
    format!("person{number}@example.org")
}
