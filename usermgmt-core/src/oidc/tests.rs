//! What is believed of a provider, and what is not.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RsaPublicKeyComponents};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Map, Value, json};

use super::*;
use crate::clock::Clock as _;
use crate::rng::OsRng;
use crate::secret::Redacted;
use crate::testkit::{FakeProvider, MockClock, ProviderAccount};

const ISSUER: &str = "https://id.example.com";
const BACK: &str = "https://accounts.example.com/back";

struct World {
    fake: FakeProvider,
    clock: MockClock,
    provider: Provider,
}

impl World {
    fn new() -> Self {
        Self::with(|fake| fake.settings("example"))
    }

    fn with(settings: impl FnOnce(&FakeProvider) -> ProviderConfig) -> Self {
        let clock = MockClock::default();
        let fake = FakeProvider::new(ISSUER, clock.clone());
        let provider = Provider::new(settings(&fake), Arc::new(fake.clone()));
        Self { fake, clock, provider }
    }

    async fn claims_of(&self, account: &ProviderAccount) -> Result<Claims, Fault> {
        let secrets = Secrets::generate(&OsRng);
        let state = Redacted::new("state".to_owned());
        let request = AuthorizationRequest { redirect_uri: BACK, state: &state, secrets: &secrets };
        let now = self.clock.now();
        let url = self.provider.authorization_url(&request, now).await?;
        let back = self.fake.sign_in(url.as_str(), account);
        let code = back.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
        let issuer = Some(self.provider.config().issuer.as_str());
        self.provider.claims(&code, issuer, BACK, &secrets, now).await
    }

    async fn claims(&self) -> Result<Claims, Fault> {
        self.claims_of(&ann()).await
    }
}

fn ann() -> ProviderAccount {
    ProviderAccount::verified("1", "ann@example.com")
}

#[track_caller]
fn is_refused(answer: Result<Claims, Fault>, why: &str) {
    match answer {
        Err(Fault::Refused(found)) => assert!(found.contains(why), "{found}"),
        other => panic!("{why}: {other:?}"),
    }
}

#[track_caller]
fn is_unavailable(answer: Result<Claims, Fault>, why: &str) {
    match answer {
        Err(Fault::Unavailable(found)) => assert!(found.contains(why), "{found}"),
        other => panic!("{why}: {other:?}"),
    }
}

#[tokio::test]
async fn a_provider_says_who_somebody_is() {
    let claims = World::new().claims().await.unwrap();
    assert_eq!((claims.subject.as_str(), claims.is_email_verified), ("1", true));
    assert_eq!(claims.email.as_deref(), Some("ann@example.com"));
}

#[tokio::test]
async fn a_browser_is_sent_with_pkce_state_and_nonce() {
    let world = World::new();
    let secrets = Secrets::generate(&OsRng);
    let state = Redacted::new("of this browser".to_owned());
    let request = AuthorizationRequest { redirect_uri: BACK, state: &state, secrets: &secrets };
    let url = world.provider.authorization_url(&request, world.clock.now()).await.unwrap();
    let query: std::collections::BTreeMap<_, _> = url.query_pairs().into_owned().collect();
    assert_eq!(query["response_type"], "code");
    assert_eq!(query["scope"], "openid email profile");
    assert_eq!(query["state"], "of this browser");
    assert_eq!(query["nonce"], secrets.nonce);
    assert_eq!(query["code_challenge_method"], "S256");
    assert!(!url.as_str().contains(secrets.verifier.expose().as_str()));
}

#[tokio::test]
async fn every_claim_that_is_wrong_or_missing_is_refused() {
    type Change = fn(&mut Map<String, Value>, i64);
    let cases: [(&str, Change); 18] = [
        ("iss", |said, _| drop(said.insert("iss".into(), json!("https://other.example.com")))),
        ("iss", |said, _| drop(said.remove("iss"))),
        ("sub", |said, _| drop(said.remove("sub"))),
        ("sub", |said, _| drop(said.insert("sub".into(), json!("")))),
        ("sub", |said, _| drop(said.insert("sub".into(), json!("x".repeat(256))))),
        ("aud", |said, _| drop(said.insert("aud".into(), json!("another")))),
        ("aud", |said, _| drop(said.insert("aud".into(), json!([])))),
        ("azp", |said, _| drop(said.insert("aud".into(), json!(["client", "another"])))),
        ("azp", |said, _| drop(said.insert("azp".into(), json!("another")))),
        ("exp", |said, now| drop(said.insert("exp".into(), json!(now)))),
        ("exp", |said, _| drop(said.remove("exp"))),
        ("iat", |said, now| drop(said.insert("iat".into(), json!(now + 61)))),
        ("iat", |said, now| drop(said.insert("iat".into(), json!(now - 661)))),
        ("iat", |said, _| drop(said.remove("iat"))),
        ("nbf", |said, now| drop(said.insert("nbf".into(), json!(now + 61)))),
        ("nonce", |said, _| drop(said.insert("nonce".into(), json!("another")))),
        ("nonce", |said, _| drop(said.remove("nonce"))),
        ("at_hash", |said, _| drop(said.insert("at_hash".into(), json!("another")))),
    ];
    for (number, (claim, change)) in cases.into_iter().enumerate() {
        let world = World::new();
        let now = world.clock.now().as_secs();
        world.fake.tamper(move |said| change(said, now));
        let answer = world.claims().await;
        assert!(matches!(answer, Err(Fault::Refused(_))), "{number}, {claim}: {answer:?}");
    }
}

#[tokio::test]
async fn several_audiences_are_believed_where_the_token_was_made_for_this_one() {
    let world = World::new();
    world.fake.tamper(|said| {
        said.insert("aud".into(), json!(["another", "client"]));
        said.insert("azp".into(), json!("client"));
    });
    assert!(world.claims().await.is_ok());
}

#[tokio::test]
async fn nothing_signs_but_the_providers_own_keys() {
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let world = World::new();
    world.fake.sign_by(move |said| {
        let header = encode(&json!({ "alg": "none" }));
        format!("{header}.{}.", encode(&Value::Object(said.clone())))
    });
    assert!(matches!(world.claims().await, Err(Fault::Refused(_))), "alg none");

    // The client's secret, and the public key as if it were one (RFC 8725, 2.1).
    let world = World::new();
    let secret = world.fake.client_secret();
    world.fake.sign_by(move |said| {
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some("key-0".to_owned());
        let key = EncodingKey::from_secret(secret.as_bytes());
        jsonwebtoken::encode(&header, said, &key).unwrap()
    });
    is_refused(world.claims().await, "HS256");

    // Another key under the name of the provider's.
    let world = World::new();
    world.fake.sign_by(|said| {
        let other = FakeProvider::new(ISSUER, MockClock::default());
        drop(other);
        let pair = aws_lc_rs::signature::Ed25519KeyPair::from_seed_unchecked(&[99; 32]).unwrap();
        let key = EncodingKey::from_ed_der(pair.to_pkcs8v1().unwrap().as_ref());
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some("key-0".to_owned());
        jsonwebtoken::encode(&header, said, &key).unwrap()
    });
    is_refused(world.claims().await, "InvalidSignature");
}

#[tokio::test]
async fn a_key_verifies_by_its_own_algorithm_alone() {
    let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let public = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public_key());
    let [n, e] = [&public.n, &public.e].map(|number| URL_SAFE_NO_PAD.encode(number));
    let der = pair.as_der().unwrap().as_ref().to_vec();
    for (named, algorithm, is_believed) in [
        (Some("RS256"), Algorithm::RS256, true),
        (None, Algorithm::PS256, true),
        (Some("RS256"), Algorithm::PS256, false),
        (Some("RS512"), Algorithm::RS512, false),
    ] {
        let world = World::new();
        let mut jwk = json!({ "kty": "RSA", "kid": "rsa", "use": "sig", "n": n, "e": e });
        if let Some(named) = named {
            jwk["alg"] = json!(named);
        }
        // One that is not understood does not hide it.
        let keys = json!({ "keys": [{ "kty": "??" }, { "crv": 7 }, jwk] }).to_string();
        world.fake.answer_with("/keys", 200, keys);
        world.fake.tamper(|said| drop(said.remove("at_hash")));
        let der = der.clone();
        world.fake.sign_by(move |said| {
            let mut header = Header::new(algorithm);
            header.kid = Some("rsa".to_owned());
            let key = jsonwebtoken::EncodingKey::from_rsa_pem(pem(&der).as_bytes()).unwrap();
            jsonwebtoken::encode(&header, said, &key).unwrap()
        });
        assert_eq!(world.claims().await.is_ok(), is_believed, "{named:?} {algorithm:?}");
    }
}

/// PKCS #8.
fn pem(der: &[u8]) -> String {
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let lines: Vec<&str> =
        text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n"))
}

#[tokio::test]
async fn rotated_keys_are_asked_for_again_at_most_once_a_minute() {
    let world = World::new();
    world.claims().await.unwrap();
    world.fake.rotate_key();
    // Asked for just now: whoever names keys that there are not loads nobody.
    world.fake.take_asked();
    is_refused(world.claims().await, "no key");
    assert!(!world.fake.take_asked().contains(&"/keys".to_owned()));
    world.clock.advance(Duration::from_secs(60));
    world.claims().await.unwrap();
    world.fake.take_asked();
    world.claims().await.unwrap();
    let asked = world.fake.take_asked();
    assert_eq!(asked, ["/token"], "document and keys are remembered");
}

#[tokio::test]
async fn a_provider_that_lies_about_its_issuer_is_not_asked_further() {
    let world = World::new();
    let document = json!({
        "issuer": "https://other.example.com",
        "authorization_endpoint": "https://id.example.com/authorize",
        "token_endpoint": "https://id.example.com/token",
        "jwks_uri": "https://id.example.com/keys",
    });
    let path = "/.well-known/openid-configuration";
    world.fake.answer_with(path, 200, document.to_string());
    is_unavailable(world.claims().await, "another issuer");
    let mut plain = document;
    plain["issuer"] = json!(ISSUER);
    plain["token_endpoint"] = json!("http://id.example.com/token");
    world.fake.answer_with(path, 200, plain.to_string());
    is_unavailable(world.claims().await, "without https");
    assert_eq!(world.fake.take_asked(), [path, path]);
}

#[tokio::test]
async fn an_answer_names_the_issuer_that_was_asked() {
    let world = World::new();
    let now = world.clock.now();
    assert!(world.provider.check_issuer(Some(ISSUER), now).await.is_ok());
    for wrong in [Some("https://other.example.com"), Some(""), None] {
        let checked = world.provider.check_issuer(wrong, now).await;
        assert!(matches!(checked, Err(Fault::Refused(_))), "{wrong:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_hangs_or_says_too_much_is_not_waited_for() {
    let world = World::new();
    world.fake.answer_with("/keys", 200, vec![b' '; 10 * 1024 * 1024]);
    is_unavailable(world.claims().await, "more than 1048576 bytes");
    let world = World::new();
    world.fake.hang();
    is_unavailable(world.claims().await, "in time");
}

/// A provider whose keys do not come for as long as it is told.
#[derive(Debug)]
struct Keyless {
    fake: FakeProvider,
    hangs: Arc<AtomicBool>,
}

#[async_trait]
impl HttpClient for Keyless {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        if request.url.path() == "/keys" && self.hangs.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
        self.fake.send(request).await
    }
}

fn keyless(hangs: bool) -> (World, Arc<AtomicBool>) {
    let World { fake, clock, .. } = World::new();
    let hangs = Arc::new(AtomicBool::new(hangs));
    let client = Arc::new(Keyless { fake: fake.clone(), hangs: Arc::clone(&hangs) });
    let provider = Provider::new(fake.settings("example"), client);
    (World { fake, clock, provider }, hangs)
}

#[tokio::test(start_paused = true)]
async fn keys_that_did_not_come_are_asked_for_by_who_comes_next() {
    let (world, hangs) = keyless(true);
    is_unavailable(world.claims().await, "in time");
    is_unavailable(world.claims().await, "in time");
    hangs.store(false, Ordering::Relaxed);
    world.claims().await.unwrap();
    // After a change of keys as at the beginning.
    world.fake.rotate_key();
    world.clock.advance(Duration::from_secs(60));
    hangs.store(true, Ordering::Relaxed);
    is_unavailable(world.claims().await, "in time");
    hangs.store(false, Ordering::Relaxed);
    world.claims().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn keys_that_are_there_do_while_they_cannot_be_had_again() {
    let (world, hangs) = keyless(false);
    world.claims().await.unwrap();
    world.clock.advance(Duration::from_secs(3600));
    hangs.store(true, Ordering::Relaxed);
    // One waits for them in vain, and those after it do not.
    is_unavailable(world.claims().await, "in time");
    world.claims().await.unwrap();
}

#[tokio::test]
async fn a_provider_that_is_down_or_talks_nonsense_is_unavailable() {
    for (path, status, body) in [
        ("/.well-known/openid-configuration", 500, "{}"),
        ("/.well-known/openid-configuration", 302, "{}"),
        ("/.well-known/openid-configuration", 200, "<html>"),
        ("/token", 500, "{}"),
        ("/token", 200, "secret nonsense"),
        ("/keys", 200, "[]"),
    ] {
        let world = World::new();
        world.fake.answer_with(path, status, body);
        let answer = world.claims().await;
        let Err(Fault::Unavailable(why)) = answer else { panic!("{path}: {answer:?}") };
        assert!(!why.contains("nonsense"), "{why}");
    }
    let world = World::new();
    world.fake.answer_with("/token", 400, r#"{"error":"invalid_grant"}"#);
    is_refused(world.claims().await, "invalid_grant");
}

#[tokio::test]
async fn an_address_that_the_token_does_not_tell_is_asked_for() {
    let without = |said: &mut Map<String, Value>| {
        said.remove("email");
        said.remove("email_verified");
    };
    let world = World::new();
    world.fake.tamper(without);
    let claims = world.claims().await.unwrap();
    assert_eq!(claims.email.as_deref(), Some("ann@example.com"));
    assert!(claims.is_email_verified);
    let world = World::new();
    world.fake.tamper(without);
    let other = r#"{"sub":"2","email":"victim@example.com","email_verified":true}"#;
    world.fake.answer_with("/userinfo", 200, other);
    is_refused(world.claims().await, "another subject");
}

#[tokio::test]
async fn only_the_truth_vouches_for_an_address() {
    for (said, is_verified) in [
        (json!(true), true),
        (json!("true"), true),
        (json!(false), false),
        (json!("false"), false),
        (json!("yes"), false),
        (Value::Null, false),
    ] {
        let world = World::new();
        let flag = said.clone();
        world.fake.tamper(move |said| drop(said.insert("email_verified".into(), flag.clone())));
        assert_eq!(world.claims().await.unwrap().is_email_verified, is_verified, "{said}");
    }
}

#[tokio::test]
async fn github_is_asked_for_number_and_primary_address() {
    let world = World::with(|fake| fake.github_settings("github"));
    let account = ProviderAccount::verified("583231", "octocat@example.com");
    let claims = world.claims_of(&account).await.unwrap();
    assert_eq!(claims.subject, "583231");
    assert_eq!(claims.email.as_deref(), Some("octocat@example.com"));
    assert!(claims.is_email_verified);
    let asked = world.fake.take_asked();
    assert_eq!(asked, ["/login/oauth/access_token", "/api/v3/user", "/api/v3/user/emails"]);
    let unverified = ProviderAccount::unverified("1", "octocat@example.com");
    assert!(!world.claims_of(&unverified).await.unwrap().is_email_verified);
    world.fake.answer_with(
        "/login/oauth/access_token",
        200,
        r#"{"error":"bad_verification_code"}"#,
    );
    is_refused(world.claims().await, "bad_verification_code");
}

#[test]
fn settings_that_cannot_be_are_named() {
    let good = || FakeProvider::new(ISSUER, MockClock::default()).settings("example");
    assert_eq!(good().validate(), Ok(()));
    let with = |change: fn(&mut ProviderConfig)| {
        let mut settings = good();
        change(&mut settings);
        settings.validate().map_err(|error| error.field)
    };
    assert_eq!(with(|s| s.id = "Über".into()), Err(""));
    assert_eq!(with(|s| s.name = " ".into()), Err("name"));
    for issuer in [
        "http://id.example.com",
        "https://user@id.example.com",
        "https://id.example.com/?a=b",
        "https://id.example.com/#a",
        "ftp://id.example.com",
        "id.example.com",
    ] {
        let settings = ProviderConfig { issuer: issuer.to_owned(), ..good() };
        assert_eq!(settings.validate().unwrap_err().field, "issuer", "{issuer}");
    }
    for issuer in ["http://127.0.0.1:8080", "http://localhost:8080/realm", "http://[::1]"] {
        let settings = ProviderConfig { issuer: issuer.to_owned(), ..good() };
        assert_eq!(settings.validate(), Ok(()), "{issuer}");
    }
    assert_eq!(with(|s| s.client_id = String::new()), Err("client_id"));
    assert_eq!(with(|s| s.client_secret = Redacted::new(String::new())), Err("client_secret"));
    assert_eq!(with(|s| s.scopes = vec!["email".into()]), Err("scopes"));
    assert_eq!(with(|s| s.scopes = vec!["openid email".into()]), Err("scopes"));
    assert!(!format!("{:?}", good()).contains("a secret"));
}

#[tokio::test]
async fn a_check_asks_for_the_document_and_the_keys_and_names_what_is_wrong() {
    let world = World::new();
    let settings = world.fake.settings("example");
    let check = async |settings: &ProviderConfig| {
        let http: Arc<dyn HttpClient> = Arc::new(world.fake.clone());
        check(settings, http).await.map_err(|fault| fault.to_string())
    };
    assert_eq!(check(&settings).await, Ok(None));
    let mut other = settings.clone();
    other.issuer = format!("{ISSUER}/");
    let said = check(&other).await.unwrap_err();
    assert!(said.contains("another issuer's"), "{said}");
    world.fake.answer_with("/keys", 404, "");
    let said = check(&settings).await.unwrap_err();
    assert!(said.contains("id.example.com/keys: status 404"), "{said}");
    world.fake.hang();
    tokio::time::pause();
    assert_eq!(check(&settings).await.unwrap_err(), "no answer in time");
}
