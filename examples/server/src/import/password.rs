//! What a source kept as a password.

use usermgmt_core::model::record::RecordedPassword;
use usermgmt_core::model::user::PasswordHash;
use usermgmt_core::secret::PlaintextPassword;

/// The longest password that anybody could have typed.
const PASSWORD_MAX: usize = 128;

/// What it turned out to be, for the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StoredPassword {
    None,
    Hash(&'static str),
    ClearText,
    /// Neither a hash that can be verified nor a password: its owner needs a reset.
    Unknown,
}

/// `has_clear_text`: the source wrote some passwords as they were typed.
pub(super) fn classify(
    text: Option<String>,
    has_clear_text: bool,
    kind: impl Fn(&PasswordHash) -> Option<&'static str>,
) -> (RecordedPassword, StoredPassword) {
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return (RecordedPassword::None, StoredPassword::None);
    };
    let is_clear = has_clear_text && may_be_typed(&text);
    let hash = PasswordHash::from_stored(text);
    match kind(&hash) {
        Some(kind) => (RecordedPassword::Hash(hash), StoredPassword::Hash(kind)),
        None if is_clear => {
            let typed = PlaintextPassword::from(hash.expose());
            (RecordedPassword::Plaintext(typed), StoredPassword::ClearText)
        }
        None => (RecordedPassword::None, StoredPassword::Unknown),
    }
}

/// Whether somebody may have typed it. What a program may have written is not:
/// taken for a password, a hash would let in whoever has read it.
fn may_be_typed(text: &str) -> bool {
    let length = text.chars().count();
    let begins_with = |prefixes: &[&str]| prefixes.iter().any(|prefix| text.starts_with(prefix));
    let is_hash =
        begins_with(&["$", "{", "!", "scrypt:", "pbkdf2", "sha", "md5", "bcrypt", "argon2"])
            && (text.contains('$')
                || text.contains('}')
                || text.contains(':')
                || text.starts_with('!'));
    let is_digest = length >= 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_base64 = length >= 22
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=-_.:".contains(&byte))
        && text.bytes().any(|byte| byte.is_ascii_digit())
        && text.bytes().any(|byte| byte.is_ascii_uppercase());
    (1..=PASSWORD_MAX).contains(&length)
        && !text.chars().any(char::is_control)
        && !is_hash
        && !is_digest
        && !is_base64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_program_wrote_is_never_taken_for_a_password() {
        for typed in
            ["hunter2", "correct horse battery staple", "pässword", "Pa$$w0rd!", "shadow", "1"]
        {
            assert!(may_be_typed(typed), "{typed}");
        }
        for written in [
            "$2b$10$tooshort",
            "scrypt:2147483648:8:1$salt$00",
            "pbkdf2:sha256:999999999999$salt$00",
            "sha1$salt$0beec7b5ea3f0fdbc95d0dd47f3c5bc275da8a33",
            "{SSHA}0beec7b5ea3f0fdbc95d0dd47f3c5bc2",
            "5f4dcc3b5aa765d61d8327deb882cf99",
            "5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8",
            "XohImNooBHFR0OVvjcYpJ3NgPQ1qq73WKhHvch0VQtg=",
            "!",
            "a\0b",
        ] {
            assert!(!may_be_typed(written), "{written}");
        }
        assert!(!may_be_typed(&"a".repeat(129)));
    }
}
