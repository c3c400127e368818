//! Which rows have one address, username, id, identity or passkey, in any number of rows.
//!
//! Every row leaves three small records or more in temporary files, split by the hash of
//! their value. Equal values are in one file, so that one file at a time is
//! looked through: memory grows with a part of the rows, and with the duplicates
//! themselves.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{self, BufWriter, Read as _, Seek as _, Write as _};

use sha2::{Digest as _, Sha256};
use usermgmt_core::clock::Timestamp;
use usermgmt_core::model::record::AccountRecord;

use super::args::OnDuplicate;

const PARTS: usize = 64;
const BUFFER: usize = 8 * 1024;
/// Field, hash, time, length of the id, id.
const RECORD: usize = 1 + 32 + 8 + 1 + 36;
const FIELDS: [&str; 5] = ["id", "email", "username", "identities", "passkeys"];

/// The rows that were seen.
pub(super) struct Seen {
    parts: Vec<BufWriter<File>>,
}

/// Rows that have one value.
pub(super) struct Group {
    pub(super) field: &'static str,
    /// SHA-256 of the canonical value, in hexadecimal digits: a report holds no addresses.
    pub(super) value_hash: String,
    pub(super) members: Vec<Member>,
}

pub(super) struct Member {
    pub(super) id: String,
    pub(super) created_at: Timestamp,
}

/// What was decided.
pub(super) struct Decided {
    /// The ids of rows that stay out.
    pub(super) left_out: HashSet<String>,
    /// Ids that several rows have, of which the first is taken.
    pub(super) repeated: HashSet<String>,
}

impl Seen {
    pub(super) fn new() -> io::Result<Self> {
        let part = || Ok(BufWriter::with_capacity(BUFFER, tempfile::tempfile()?));
        Ok(Self { parts: (0..PARTS).map(|_| part()).collect::<io::Result<_>>()? })
    }

    pub(super) fn add(&mut self, account: &AccountRecord) -> io::Result<()> {
        let id = account.id.as_str();
        let (email, username) = (account.email.canonical(), account.username.canonical());
        let mut values: Vec<(u8, Cow<'_, str>)> =
            vec![(0, id.into()), (1, email.into()), (2, username.into())];
        values.extend(
            account
                .identities
                .iter()
                .map(|identity| (3, format!("{}\n{}", identity.issuer, identity.subject).into())),
        );
        values.extend(account.passkeys.iter().map(|passkey| (4, passkey.id.as_str().into())));
        for (field, value) in values {
            let hash: [u8; 32] = Sha256::digest(value.as_bytes()).into();
            let mut record = [0; RECORD];
            record[0] = field;
            record[1..33].copy_from_slice(&hash);
            record[33..41].copy_from_slice(&account.created_at.as_millis().to_be_bytes());
            record[41] = u8::try_from(id.len()).unwrap_or(36);
            record[42..42 + id.len()].copy_from_slice(id.as_bytes());
            self.parts[usize::from(hash[0]) % PARTS].write_all(&record)?;
        }
        Ok(())
    }

    /// The values that more than one row has, each with its rows in the order of
    /// their times and ids.
    pub(super) fn groups(self) -> io::Result<Vec<Group>> {
        let mut groups = Vec::new();
        for part in self.parts {
            let mut file = part.into_inner().map_err(io::IntoInnerError::into_error)?;
            file.rewind()?;
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            let (records, _) = bytes.as_chunks::<RECORD>();
            let mut records: Vec<&[u8; RECORD]> = records.iter().collect();
            records.sort_unstable();
            for group in records.chunk_by(|one, other| one[..33] == other[..33]) {
                if group.len() > 1 {
                    groups.push(read_group(group));
                }
            }
        }
        groups.sort_by(|one, other| {
            (one.field, &one.value_hash).cmp(&(other.field, &other.value_hash))
        });
        Ok(groups)
    }
}

fn read_group(records: &[&[u8; RECORD]]) -> Group {
    let mut members: Vec<Member> = records
        .iter()
        .map(|record| {
            let (time, _) = record[33..].split_first_chunk().unwrap_or((&[0; 8], &[]));
            Member {
                id: String::from_utf8_lossy(&record[42..42 + usize::from(record[41])]).into_owned(),
                created_at: Timestamp::from_millis(i64::from_be_bytes(*time)),
            }
        })
        .collect();
    members.sort_by(|one, other| (one.created_at, &one.id).cmp(&(other.created_at, &other.id)));
    Group {
        field: FIELDS[usize::from(records[0][0])],
        value_hash: records[0][1..33].iter().map(|byte| format!("{byte:02x}")).collect(),
        members,
    }
}

/// Decides which rows stay out. Of rows that have values in common the newest
/// (or oldest) is taken first, then the next with whom none that was taken has
/// one in common, and so on.
pub(super) fn decide(groups: &[Group], on_duplicate: OnDuplicate) -> Decided {
    let repeated = groups
        .iter()
        .filter(|group| group.field == "id")
        .flat_map(|group| group.members.iter().map(|member| member.id.clone()))
        .collect();
    let mut rows: HashMap<&str, (Timestamp, Vec<usize>)> = HashMap::new();
    for (number, group) in groups.iter().enumerate().filter(|(_, group)| group.field != "id") {
        for member in &group.members {
            let row = rows.entry(&member.id).or_insert((member.created_at, Vec::new()));
            row.1.push(number);
        }
    }
    let mut rows: Vec<(Timestamp, &str, Vec<usize>)> =
        rows.into_iter().map(|(id, (at, groups))| (at, id, groups)).collect();
    rows.sort_unstable_by_key(|(at, id, _)| (*at, *id));
    if on_duplicate == OnDuplicate::Newest {
        rows.reverse();
    }
    let takes_any = matches!(on_duplicate, OnDuplicate::Newest | OnDuplicate::Oldest);
    let mut has_one = HashSet::new();
    let mut left_out = HashSet::new();
    for (_, id, groups) in rows {
        if takes_any && groups.iter().all(|group| !has_one.contains(group)) {
            has_one.extend(groups);
        } else {
            left_out.insert(id.to_owned());
        }
    }
    Decided { left_out, repeated }
}

#[cfg(test)]
mod tests {
    use usermgmt_core::Role;
    use usermgmt_core::model::record::{RecordedIdentity, RecordedPassword};
    use usermgmt_core::{Email, Username};

    use super::*;

    fn account(id: &str, username: &str, email: &str, created: i64) -> AccountRecord {
        AccountRecord {
            id: id.parse().unwrap(),
            username: Username::parse(username, 64).unwrap(),
            email: Email::parse(email).unwrap(),
            is_email_confirmed: true,
            is_disabled: false,
            role: Role::User,
            first_name: None,
            last_name: None,
            gender: None,
            locale: None,
            created_at: Timestamp::from_millis(created),
            updated_at: Timestamp::from_millis(created),
            password: RecordedPassword::None,
            totp: None,
            recovery_codes: Vec::new(),
            identities: Vec::new(),
            passkeys: Vec::new(),
        }
    }

    fn groups(accounts: &[AccountRecord]) -> Vec<Group> {
        let mut seen = Seen::new().unwrap();
        accounts.iter().for_each(|account| seen.add(account).unwrap());
        seen.groups().unwrap()
    }

    fn left_out(groups: &[Group], on_duplicate: OnDuplicate) -> Vec<String> {
        let mut ids: Vec<_> = decide(groups, on_duplicate).left_out.into_iter().collect();
        ids.sort();
        ids
    }

    #[test]
    fn rows_of_one_address_or_name_are_found_whatever_their_case() {
        let found = groups(&[
            account("1", "Ann", "ann@example.com", 1),
            account("2", "bob", "ANN@example.com", 2),
            account("3", "BOB", "bob@example.com", 3),
            account("4", "cid", "cid@example.com", 4),
        ]);
        let shown: Vec<_> = found
            .iter()
            .map(|group| (group.field, group.members.iter().map(|m| &*m.id).collect::<Vec<_>>()))
            .collect();
        assert_eq!(shown, [("email", vec!["1", "2"]), ("username", vec!["2", "3"])]);
        // What `printf %s ann@example.com | sha256sum` prints.
        assert!(found[0].value_hash.starts_with("71d4f55f"), "{}", found[0].value_hash);

        assert_eq!(left_out(&found, OnDuplicate::Skip), ["1", "2", "3"]);
        assert_eq!(left_out(&found, OnDuplicate::Newest), ["2"]);
        assert_eq!(left_out(&found, OnDuplicate::Oldest), ["2"]);
    }

    #[test]
    fn rows_of_one_identity_are_found() {
        let identity = |issuer: &str| RecordedIdentity {
            issuer: issuer.to_owned(),
            subject: "1".to_owned(),
            provider: "example".to_owned(),
            email: None,
            created_at: Timestamp::from_millis(1),
        };
        let mut rows = [
            account("1", "ann", "ann@example.com", 1),
            account("2", "bob", "bob@example.com", 2),
            account("3", "cid", "cid@example.com", 3),
        ];
        for (row, issuer) in rows.iter_mut().zip(["https://a.example", "https://b.example"]) {
            row.identities.push(identity(issuer));
        }
        rows[2].identities = vec![identity("https://c.example"), identity("https://a.example")];
        let found = groups(&rows);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].field, "identities");
        assert_eq!(left_out(&found, OnDuplicate::Oldest), ["3"]);
    }

    #[test]
    fn the_newest_or_oldest_of_a_group_is_taken() {
        let found = groups(&[
            account("a", "ann", "ann@example.com", 2),
            account("b", "bob", "ann@example.com", 3),
            account("c", "cid", "ann@example.com", 1),
        ]);
        assert_eq!(left_out(&found, OnDuplicate::Newest), ["a", "c"]);
        assert_eq!(left_out(&found, OnDuplicate::Oldest), ["a", "b"]);
    }

    #[test]
    fn an_id_that_comes_twice_is_named_once() {
        let found = groups(&[
            account("same", "ann", "ann@example.com", 1),
            account("same", "bob", "bob@example.com", 2),
        ]);
        assert_eq!(found.len(), 1);
        let decided = decide(&found, OnDuplicate::Oldest);
        assert!(decided.left_out.is_empty());
        assert!(decided.repeated.contains("same"));
    }
}
