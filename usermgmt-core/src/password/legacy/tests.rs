//! Hashes of the programs themselves.

use std::sync::Arc;

use crate::model::user::PasswordHash;
use crate::password::{HasherConfig, PasswordFormat, PasswordHasher, Verdict};
use crate::rng::OsRng;

async fn verdicts(password: &str, text: &str) -> [Verdict; 2] {
    let hasher = PasswordHasher::new(HasherConfig::insecure_for_tests(), Arc::new(OsRng)).unwrap();
    let hash = PasswordHash::from_stored(text.to_owned());
    let mut verdicts = [Verdict::Right; 2];
    for (verdict, typed) in verdicts.iter_mut().zip([password, "wrong"]) {
        *verdict = hasher.verify(&typed.into(), Some(&hash)).await.unwrap();
    }
    verdicts
}

const RIGHT_THEN_WRONG: [Verdict; 2] = [Verdict::RightOutdated, Verdict::Wrong];

#[tokio::test]
async fn a_scrypt_hash_of_the_old_service_verifies_and_is_outdated() {
    let text = "scrypt:32768:8:1$EEimSseABpF2dakM$\
        e41eeb869e882372a451182050947b1367f251e3e2fc64b1036c5dcbdbd0ff15\
        86a84b1ee933dd04c09339362d6e96974d659688b46afeb583d4324b35baa253";
    assert_eq!(verdicts("xxxxxxxx", text).await, RIGHT_THEN_WRONG);
    let unsaid = text.replace(":32768:8:1", "");
    assert_eq!(verdicts("xxxxxxxx", &unsaid).await, RIGHT_THEN_WRONG);
}

#[tokio::test]
async fn pbkdf2_without_a_count_is_tried_with_both_old_counts() {
    for text in [
        "pbkdf2:sha256$saltSALT$\
         3609ef68ebf23fe0cc61b587ca56607e8c70e7403b4639c8a870227c0cd6bdbb",
        "pbkdf2:sha256$saltSALT$\
         30016b684181e3754e721e0838cf05da2e039fc603baca19e4931358c0775022",
    ] {
        assert_eq!(verdicts("pässword", text).await, RIGHT_THEN_WRONG, "{text}");
    }
}

/// Made with Python's hashlib and crypt, Django, Passlib and argon2-cffi.
#[tokio::test]
async fn every_other_format_verifies_and_is_outdated() {
    for text in [
        "scrypt:1024:8:2$saltSALT$\
         77ce1b5656024fc3a522a1d04142d8b53088a87f4dbefbaabf5deb428b976df2\
         43ab69e2b8184297ed200926c5087e8983055cf7a097f2d5c66897cc2e9c1c1b",
        "pbkdf2:sha1:1000$saltSALT$6cc93af378fc3f00a793e8e656892d1de1926d6a",
        "pbkdf2:sha256:1000$saltSALT$\
         95caecdb08fd0905ea0b736554628bdbcba08a1adcfd313eb4c479d71a13b8ce",
        "pbkdf2:sha512:1000$saltSALT$\
         fcdad0de0918a4bbb06209e5d2ff7e08f6040e4ab69647399b4c0212a8d72af5\
         856de12d86fb3d224b5af12bf017595525e4a85270876c4bae3cd2eb106878d5",
        "pbkdf2_sha256$1000$saltSALT$lcrs2wj9CQXqC3NlVGKL28ugihrc/TE+tMR51xoTuM4=",
        "$pbkdf2-sha512$i=1000,l=64$c2FsdFNBTFRzYWx0U0FMVA$\
         I4XVtfJnQosWCsnVgdLriDDwLouVD3agCvZyZzo5I/BbJaHtHSK3A2FLLhA5TVp0RYt5NqBmsemCpmtEG7aWhg",
        "$scrypt$ln=10,r=8,p=2$c2FsdFNBTFRzYWx0U0FMVA$\
         kKfzASHZ1OFuLRVZWJU2TgsE18DNC5Gd16NZtXVUvUQ",
        "$2b$04$abcdefghijklmnopqrstuum174eFeoTj0DHmtuueFaS3Wde4P7wHG",
        "$2y$04$abcdefghijklmnopqrstuum174eFeoTj0DHmtuueFaS3Wde4P7wHG",
        "$2a$04$abcdefghijklmnopqrstuum174eFeoTj0DHmtuueFaS3Wde4P7wHG",
        "pbkdf2_sha1$1000$saltSALTsaltSALT$WFb9tdzOEPepcoJUqJTLiuC6EDo=",
        "scrypt$1024$saltSALTsaltSALT$8$5$tdUyuvu7G3jotqOrbhsZB47SSK3k3Rnc8PH1hzcY5tggshHB6Qxle5WQh0Oi2P8Sn4MJ9jDr5kQ3RU1R8OyGoQ==",
        "argon2$argon2id$v=19$m=64,t=1,p=1$c2FsdFNBTFRzYWx0U0FMVA$G/Nv4o5/dgsMg5+/FmTEjnKg6lA+AXxNM6tVMy3sUkE",
        "bcrypt_sha256$$2b$04$FlNRoJ9AfBNUwUmBsgTArO1uRO/7f.odK6PqB6Dk2lNU27Wo1mF8S",
        "bcrypt$$2b$04$uvHeNJrZuwSXdc1iUcHdLOY04NVZHYAMZ.7SXu36Fs5Kxv31UEJaS",
        "$pbkdf2-sha256$1000$rhXinBPCOOeck1JK6V1r7Q$04umaga5LoLmWpNKlBvrRgD1yiIYkdcThAn8YNkQhy0",
        "$argon2i$v=19$m=64,t=1,p=2$c2FsdFNBTFRzYWx0U0FMVA$7qwwg11dzRxn/h300W+7PrdoOocQZZB0qVZnzmb/Yo0",
        "$argon2d$v=19$m=64,t=1,p=2$c2FsdFNBTFRzYWx0U0FMVA$aJMIhc2qhql7zzfLUbN3ioYdjk8SJ0PdIVNuChn/XFI",
        "$argon2id$v=19$m=64,t=1,p=2$c2FsdFNBTFRzYWx0U0FMVA$sE9hOIJWF9wzUK+rYhnNfMLNiDF2EHTbuMIOXvZP6CE",
        "$argon2i$v=16$m=64,t=2,p=1$c2FsdFNBTFRzYWx0U0FMVA$QG3Lyj2SdmZ1wsHXFNij3UkuI/gRCaZv",
        "$argon2i$m=64,t=2,p=1$c2FsdFNBTFRzYWx0U0FMVA$QG3Lyj2SdmZ1wsHXFNij3UkuI/gRCaZv",
        // Keycloak makes two blocks of SHA-256.
        "$pbkdf2-sha256$i=1000,l=64$c2FsdFNBTFRzYWx0U0FMVA$\
         qMfSykJ6+Npv8aRnOav0xIZG868L+1HbUs14oNS0kLljxg9QL2PMIg7Cl7dIyLHw7cdQyToO8Zp7BK+uUbeKpw",
    ] {
        assert_eq!(verdicts("pässword", text).await, RIGHT_THEN_WRONG, "{text}");
    }
}

/// better-auth's parameters.
#[tokio::test]
async fn scrypt_of_32_mib_verifies() {
    let text = "scrypt:16384:16:1$0123456789abcdef0123456789abcdef$\
        97c07817272163f9b23e52645dc2bde66450d231fdd2620a70c94806260537c0\
        bba3321f6e7f5c67431646e726fa5cfec1644cb5d438a7012fe61c7514e4b95b";
    assert_eq!(verdicts("pässword", text).await, RIGHT_THEN_WRONG);
}

/// The hashes are of "pa\u{308}ssword" as it was typed, before normalisation.
#[tokio::test]
async fn what_was_hashed_as_it_was_typed_verifies_in_that_form_and_is_outdated() {
    for text in [
        "pbkdf2:sha256:1000$saltSALT$\
         03932b0c49bd08e451d7362b215862e11ebb63ee6defb301c90162372ff28ed9",
        "$argon2id$v=19$m=64,t=1,p=1$c2FsdFNBTFRzYWx0U0FMVA$g8RCQfduyWIifz6HCHW5ulwGf27Ef4ciWw6xf/0uAA8",
    ] {
        assert_eq!(verdicts("pa\u{308}ssword", text).await, RIGHT_THEN_WRONG, "{text}");
    }
}

#[tokio::test]
async fn what_was_hashed_normalised_verifies_however_it_is_typed() {
    let text = "pbkdf2:sha256:1000$saltSALT$\
        95caecdb08fd0905ea0b736554628bdbcba08a1adcfd313eb4c479d71a13b8ce";
    assert_eq!(verdicts("pa\u{308}ssword", text).await, RIGHT_THEN_WRONG);
}

#[derive(Debug)]
struct Reversed;

impl PasswordFormat for Reversed {
    fn name(&self) -> &'static str {
        "reversed"
    }
    fn recognises(&self, stored: &str) -> bool {
        stored.starts_with("reversed:")
    }
    fn verify(&self, stored: &str, password: &str) -> bool {
        stored["reversed:".len()..].chars().rev().eq(password.chars())
    }
}

#[tokio::test]
async fn a_format_of_the_embedders_own_verifies_and_is_outdated() {
    let mut config = HasherConfig::insecure_for_tests();
    config.formats = vec![Arc::new(Reversed)];
    let hasher = PasswordHasher::new(config, Arc::new(OsRng)).unwrap();
    let hash = PasswordHash::from_stored("reversed:yrtnap".to_owned());
    assert_eq!(hasher.kind_of(&hash), Some("reversed"));
    assert_eq!(hasher.verify(&"pantry".into(), Some(&hash)).await, Ok(Verdict::RightOutdated));
    assert_eq!(hasher.verify(&"yrtnap".into(), Some(&hash)).await, Ok(Verdict::Wrong));
}

#[tokio::test]
async fn scrypt_hashes_take_turns_and_are_all_served() {
    let mut config = HasherConfig::insecure_for_tests();
    config.workers = 6;
    let hasher = PasswordHasher::new(config, Arc::new(OsRng)).unwrap();
    let text = format!("scrypt:32768:8:1$salt${}", "00".repeat(32));
    let hash = PasswordHash::from_stored(text);
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..12 {
        let (hasher, hash) = (hasher.clone(), hash.clone());
        tasks.spawn(async move { hasher.verify(&"wrong".into(), Some(&hash)).await });
    }
    assert_eq!(tasks.join_all().await, [const { Ok(Verdict::Wrong) }; 12]);
}
