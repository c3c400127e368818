//! Putting a service together: what is refused, and how it says so.

use std::sync::Arc;
use std::time::Duration;

use usermgmt_core::config::{Config, JwtAlgorithm};
use usermgmt_core::keys::{KeyRing, RootSecret, RootState};
use usermgmt_core::secret::Redacted;
use usermgmt_core::store::{MemoryStore, Store};
use usermgmt_core::testkit::FaultyStore;
use usermgmt_core::{Auth, BuildError};

use crate::fixture::*;

async fn build(
    store: &Arc<MemoryStore>,
    keys: KeyRing,
    config: Config,
) -> Result<Auth, BuildError> {
    let store: Arc<dyn Store> = Arc::<MemoryStore>::clone(store);
    Auth::builder_shared(store, keys, config).build().await
}

fn ring(byte: u8) -> KeyRing {
    KeyRing::single((byte..byte + 32).collect()).unwrap()
}

#[tokio::test]
async fn another_secret_than_the_stores_is_refused_and_the_known_one_named() {
    let store = Arc::new(MemoryStore::new());
    build(&store, ring(1), config()).await.unwrap();
    build(&store, ring(1), config()).await.unwrap();
    let refused = build(&store, ring(2), config()).await.unwrap_err();
    assert!(matches!(&refused, BuildError::ForeignSecret { known } if known.len() == 8));
    assert!(refused.to_string().starts_with("secret: "), "{refused}");
    assert!(refused.to_string().contains("beside the new one as `verify:…`"), "{refused}");
    // Together with the known one it is welcome, and alone from then on.
    let both = KeyRing::new(&[
        RootSecret::new((2..34).collect(), RootState::Sign).unwrap(),
        RootSecret::new((1..33).collect(), RootState::Verify).unwrap(),
    ]);
    build(&store, both.unwrap(), config()).await.unwrap();
    build(&store, ring(2), config()).await.unwrap();
    assert!(build(&store, ring(3), config()).await.is_err());
}

#[tokio::test]
async fn whoever_only_looks_is_refused_as_at_a_start_and_leaves_no_secret() {
    let store = Arc::new(MemoryStore::new());
    let look = |byte| {
        let store: Arc<dyn Store> = Arc::<MemoryStore>::clone(&store);
        Auth::builder_shared(store, ring(byte), config()).only_looks().build()
    };
    look(2).await.unwrap();
    build(&store, ring(1), config()).await.unwrap();
    look(1).await.unwrap();
    assert!(matches!(look(2).await, Err(BuildError::ForeignSecret { .. })));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_processes_that_start_at_once_with_secrets_of_their_own_one_may() {
    for _ in 0..50 {
        let store = Arc::new(MemoryStore::new());
        let mut racing = tokio::task::JoinSet::new();
        for byte in 0..8 {
            let store = Arc::clone(&store);
            racing.spawn(async move { build(&store, ring(byte), config()).await });
        }
        let answers = racing.join_all().await;
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
        let foreign =
            |answer: &&Result<_, _>| matches!(answer, Err(BuildError::ForeignSecret { .. }));
        assert_eq!(answers.iter().filter(foreign).count(), 7);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn processes_that_share_a_secret_all_start() {
    let store = Arc::new(MemoryStore::new());
    let mut racing = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let store = Arc::clone(&store);
        racing.spawn(async move { build(&store, ring(1), config()).await.is_ok() });
    }
    assert!(racing.join_all().await.into_iter().all(|started| started));
}

#[tokio::test]
async fn a_start_whose_reply_was_lost_may_be_repeated() {
    let store = FaultyStore::new(Arc::new(MemoryStore::new()));
    let start = || Auth::builder(store.clone(), ring(1), config()).build();
    store.lose_next_replies(1);
    assert!(matches!(start().await.unwrap_err(), BuildError::Store(_)));
    start().await.unwrap();
}

#[tokio::test]
async fn a_setting_that_cannot_be_is_named() {
    type Change = fn(&mut Config);
    let cases: &[(&str, Change)] = &[
        ("access_token_ttl", |c| c.access_token_ttl = Duration::ZERO),
        ("access_token_ttl", |c| c.access_token_ttl = 2 * DAY),
        ("refresh_token_ttl", |c| c.refresh_token_ttl = Duration::ZERO),
        ("session_max_ttl", |c| c.session_max_ttl = Duration::ZERO),
        ("refresh_grace", |c| c.refresh_grace = 301 * SECOND),
        ("confirmation_ttl", |c| c.confirmation_ttl = Duration::ZERO),
        ("confirmation_ttl", |c| c.confirmation_ttl = 8 * DAY),
        ("activation_ttl", |c| c.activation_ttl = Duration::ZERO),
        ("unconfirmed_ttl", |c| c.unconfirmed_ttl = Duration::ZERO),
        ("reset_ttl", |c| c.reset_ttl = 8 * DAY),
        ("store_timeout", |c| c.store_timeout = Duration::ZERO),
        ("public_url", |c| c.public_url = "mailto:ann@example.com".parse().unwrap()),
        ("public_url", |c| c.public_url = "https://ann:x@example.com".parse().unwrap()),
        ("public_url", |c| c.public_url = "https://example.com/?a=b".parse().unwrap()),
        ("frontend_url", |c| c.frontend_url = Some("ftp://example.com".parse().unwrap())),
        ("product_name", |c| c.product_name = " ".to_owned()),
        ("product_name", |c| c.product_name = "a\r\nBcc: b".to_owned()),
        ("mfa.issuer", |c| c.mfa_issuer = Some("a:b".to_owned())),
        ("mfa.issuer", |c| c.product_name = "a:b".to_owned()),
        ("jwt.issuer", |c| c.jwt.issuer = String::new()),
        ("jwt.audience", |c| c.jwt.audience = String::new()),
        ("jwt", |c| c.jwt.algorithm = JwtAlgorithm::Hs256(Redacted::new((1..32).collect()))),
        ("one byte", |c| c.jwt.algorithm = JwtAlgorithm::Hs256(Redacted::new(vec![b'k'; 48]))),
        ("RSA", |c| c.jwt.algorithm = JwtAlgorithm::Rs256(Redacted::new("a key".to_owned()))),
        ("jwt.clock_skew", |c| c.jwt.clock_skew = 61 * SECOND),
        ("limits.sign_in_account", |c| c.limits.sign_in_account.in_a_row = 101),
        ("limits.mfa_device", |c| c.limits.mfa_device.in_a_row = 0),
        ("limits.mail_client", |c| c.limits.mail_client.max = 0),
        ("limits.ipv6_site", |c| c.limits.ipv6_site = 0),
        ("memory_kib", |c| c.hasher.memory_kib = 0),
        ("workers", |c| c.hasher.workers = 0),
    ];
    for (setting, change) in cases {
        let mut config = config();
        change(&mut config);
        let store = Arc::new(MemoryStore::new());
        let refused = build(&store, ring(1), config).await.unwrap_err().to_string();
        assert!(refused.contains(setting), "{setting}: {refused}");
        // Nothing was recorded: the next start may use any secret.
        build(&store, ring(2), self::config()).await.unwrap();
    }
}

#[tokio::test]
async fn nothing_secret_is_printed() {
    let world = World::new().await;
    let (signed_in, _) = world.signed_in_member("ann").await;
    let keys = KeyRing::single(SECRET.to_vec()).unwrap();
    let auth = build(&Arc::new(MemoryStore::new()), keys, config()).await.unwrap();
    let printed = format!("{auth:?} {signed_in:?}");
    for secret in [
        signed_in.tokens.access_token.expose(),
        signed_in.tokens.refresh_token.expose(),
        "ann@example.com",
        "115, 101, 99",
    ] {
        assert!(!printed.contains(secret), "{printed}");
    }
}

#[tokio::test]
async fn a_secret_is_not_retired_while_a_second_factor_is_sealed_under_it() {
    let world = World::new().await;
    let (_, current) = world.signed_in_member("ann").await;
    let factor = world.enrol(&current).await;
    let [old, new] = [SECRET, *b"another one for when it is over."].map(|bytes| bytes.to_vec());
    let secret = |bytes: &Vec<u8>, state| RootSecret::new(bytes.clone(), state).unwrap();
    let both = [secret(&new, RootState::Sign), secret(&old, RootState::UnsealOnly)];
    let second = world.another(KeyRing::new(&both).unwrap(), config()).await;

    let alone = async || {
        Auth::builder(world.store.clone(), KeyRing::single(new.clone()).unwrap(), config())
            .clock(world.clock.clone())
            .build()
            .await
    };
    let refused = alone().await.unwrap_err();
    assert!(matches!(&refused, BuildError::RetiredSecret { id } if id.len() == 8), "{refused}");
    assert!(refused.to_string().starts_with("secret: "), "{refused}");
    assert!(refused.to_string().contains("as `verify:…` (or `unseal-only:…` where"), "{refused}");
    let code = totp_code(&factor.enrolment, world.now() + 30 * SECOND);
    world.later(30 * SECOND);
    second.disable_totp(&world.again(&current).await, &code, None).await.unwrap();
    alone().await.unwrap();
}
