//! Access tokens: what is in them, and every way of making one up.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use sha2::Digest as _;
use usermgmt_core::Auth;
use usermgmt_core::config::{Config, JwtAlgorithm};
use usermgmt_core::jwt::AccessError;
use usermgmt_core::keys::{KeyRing, RootSecret, RootState};
use usermgmt_core::secret::Redacted;

use crate::fixture::*;

const HS_KEY: [u8; 32] = *b"a key that two services share...";

fn hs256(config: &mut Config) {
    config.jwt.algorithm = JwtAlgorithm::Hs256(Redacted::new(HS_KEY.to_vec()));
}

/// A member's access token.
async fn token(world: &World) -> String {
    let (signed_in, _) = world.signed_in_member("ann").await;
    signed_in.tokens.access_token.expose().clone()
}

fn part(token: &str, n: usize) -> Value {
    let part = token.split('.').nth(n).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

fn encoded(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

fn check(auth: &Auth, token: &str) -> Result<(), AccessError> {
    // Twice: what was found is remembered.
    let first = auth.access_claims(token).map(|_| ());
    assert_eq!(auth.access_claims(token).map(|_| ()), first);
    first
}

/// A token of the server with the known key, signed as its owner would.
fn signed(header: &Header, claims: &Value) -> String {
    jsonwebtoken::encode(header, claims, &EncodingKey::from_secret(&HS_KEY)).unwrap()
}

fn header(kid: &Value) -> Header {
    Header { kid: kid.as_str().map(str::to_owned), ..Header::new(Algorithm::HS256) }
}

#[tokio::test]
async fn a_token_says_who_for_whom_and_how_long() {
    let world = World::new().await;
    let token = token(&world).await;
    let (claims, ann) = (part(&token, 1), world.find("ann").await.unwrap());
    let now = world.now().as_secs();
    for (name, value) in [
        ("iss", json!("https://accounts.example.com")),
        ("aud", json!("https://accounts.example.com")),
        ("sub", json!(ann.id)),
        ("id", json!(ann.id)),
        ("email", json!("ann@example.com")),
        ("username", json!("ann")),
        ("role", json!("user")),
        ("type", json!("access")),
        ("fresh", json!(false)),
        ("gen", json!(0)),
        ("amr", json!(["pwd"])),
        ("auth_time", json!(now)),
        // For verifiers whose clock is a little behind.
        ("iat", json!(now - 5)),
        ("nbf", json!(now - 5)),
        ("exp", json!(now + 900)),
    ] {
        assert_eq!(claims[name], value, "{name}");
    }
    let sessions = world.auth.sessions(&ann.id).await.unwrap();
    assert_eq!(claims["sid"], json!(sessions[0].id));
    assert!(claims["jti"].as_str().unwrap().len() >= 16);
    assert_eq!(part(&token, 0)["alg"], "EdDSA");
}

#[tokio::test]
async fn a_token_says_when_the_user_signed_in_and_not_when_it_was_refreshed() {
    let world = World::new().await;
    let (signed_in, _) = world.signed_in_member("ann").await;
    let at = world.now().as_secs();
    world.later(HOUR);
    let refreshed = world.auth.refresh(signed_in.tokens.refresh_token.expose(), &home()).await;
    let refreshed = refreshed.unwrap().access_token;
    let claims = world.auth.access_claims(refreshed.expose()).unwrap();
    assert_eq!(claims.auth_time, Some(at));
    assert!(claims.iat > at && !claims.is_multi_factor());

    let again = world.sign_in("ann").await.tokens.access_token;
    let claims = world.auth.access_claims(again.expose()).unwrap();
    assert_eq!(claims.auth_time, Some(world.now().as_secs()));
}

#[tokio::test]
async fn a_token_from_before_it_said_when_the_user_signed_in_is_good() {
    let world = World::with(hs256).await;
    let token = token(&world).await;
    let (kid, mut claims) = (part(&token, 0)["kid"].clone(), part(&token, 1));
    claims.as_object_mut().unwrap().remove("auth_time").unwrap();
    let old = signed(&header(&kid), &claims);
    assert_eq!(check(&world.auth, &old), Ok(()));
    assert_eq!(world.auth.access_claims(&old).unwrap().auth_time, None);
}

#[tokio::test]
async fn anybody_verifies_a_token_by_the_published_key() {
    let world = World::new().await;
    let token = token(&world).await;
    let jwks = world.auth.jwks();
    let keys = jwks["keys"].as_array().unwrap();
    assert_eq!(keys.len(), 1);
    let (key, x) = (&keys[0], keys[0]["x"].as_str().unwrap());
    assert_eq!(key["kid"], part(&token, 0)["kid"]);
    // RFC 7638: the hash of the members that make the key, in order.
    let members = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
    assert_eq!(key["kid"], URL_SAFE_NO_PAD.encode(sha2::Sha256::digest(members)));
    let decoding = jsonwebtoken::DecodingKey::from_ed_components(x).unwrap();
    let mut validation = jsonwebtoken::Validation::new(Algorithm::EdDSA);
    validation.validate_exp = false;
    validation.set_audience(&["https://accounts.example.com"]);
    jsonwebtoken::decode::<Value>(&token, &decoding, &validation).unwrap();
}

/// A private key of 2048 bits in PEM, a fresh one each time.
fn rsa_key() -> String {
    use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
    let key = aws_lc_rs::rsa::KeyPair::generate(aws_lc_rs::rsa::KeySize::Rsa2048).unwrap();
    let der: Pkcs8V1Der<'_> = key.as_der().unwrap();
    let base64 = base64::engine::general_purpose::STANDARD.encode(der.as_ref());
    let lines: Vec<&str> =
        base64.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n"))
}

#[tokio::test]
async fn every_algorithm_is_verified_by_the_published_key() {
    for (algorithm, name, members) in [
        (JwtAlgorithm::Es256, Algorithm::ES256, ["crv", "kty", "x", "y"].as_slice()),
        (JwtAlgorithm::Rs256(Redacted::new(rsa_key())), Algorithm::RS256, &["e", "kty", "n"]),
    ] {
        let world = World::with(|config| config.jwt.algorithm = algorithm.clone()).await;
        let token = token(&world).await;
        assert_eq!(check(&world.auth, &token), Ok(()));
        let jwks = world.auth.jwks();
        let (head, key) = (part(&token, 0), &jwks["keys"][0]);
        assert_eq!((&head["kid"], &head["alg"]), (&key["kid"], &key["alg"]));
        // RFC 7638: the hash of the members that make the key, in order.
        let text: Vec<String> =
            members.iter().map(|name| format!("\"{name}\":{}", key[name])).collect();
        let thumbprint = sha2::Sha256::digest(format!("{{{}}}", text.join(",")));
        assert_eq!(key["kid"], URL_SAFE_NO_PAD.encode(thumbprint));
        let mut names: Vec<&str> = key.as_object().unwrap().keys().map(String::as_str).collect();
        names.retain(|name| !members.contains(name));
        names.sort_unstable();
        assert_eq!(names, ["alg", "kid", "use"], "nothing secret is published");
        let jwk: jsonwebtoken::jwk::Jwk = serde_json::from_value(key.clone()).unwrap();
        let decoding = jsonwebtoken::DecodingKey::from_jwk(&jwk).unwrap();
        let mut validation = jsonwebtoken::Validation::new(name);
        validation.validate_exp = false;
        validation.set_audience(&["https://accounts.example.com"]);
        jsonwebtoken::decode::<Value>(&token, &decoding, &validation).unwrap();
        // The same key after a restart.
        let mut again = config();
        again.jwt.algorithm = algorithm;
        let again = world.another(KeyRing::single(SECRET.to_vec()).unwrap(), again).await;
        assert_eq!((check(&again, &token), again.jwks()), (Ok(()), jwks));
    }
}

#[tokio::test]
async fn nothing_secret_is_published() {
    let world = World::new().await;
    let jwks = world.auth.jwks();
    let mut names: Vec<&String> = jwks["keys"][0].as_object().unwrap().keys().collect();
    names.sort();
    assert_eq!(names, ["alg", "crv", "kid", "kty", "use", "x"]);
    let shared = World::with(hs256).await;
    assert_eq!(shared.auth.jwks(), json!({ "keys": [] }));
}

#[tokio::test]
async fn a_token_signed_with_the_public_key_is_none() {
    let world = World::new().await;
    let token = token(&world).await;
    let x = world.auth.jwks()["keys"][0]["x"].as_str().unwrap().to_owned();
    let kid = part(&token, 0)["kid"].clone();
    for key in [URL_SAFE_NO_PAD.decode(&x).unwrap(), x.into_bytes()] {
        for header in [header(&kid), header(&Value::Null)] {
            let key = EncodingKey::from_secret(&key);
            let forged = jsonwebtoken::encode(&header, &part(&token, 1), &key).unwrap();
            assert_eq!(check(&world.auth, &forged), Err(AccessError::Invalid));
        }
    }
}

#[tokio::test]
async fn a_token_that_says_it_needs_no_signature_is_none() {
    let world = World::new().await;
    let token = token(&world).await;
    let kid = &part(&token, 0)["kid"];
    let payload = token.split('.').nth(1).unwrap();
    let signature = token.split('.').nth(2).unwrap();
    for alg in ["none", "None", "NONE", "EdDSA", "HS256", "ES256"] {
        let header = encoded(&json!({ "typ": "JWT", "alg": alg, "kid": kid }));
        let unsigned = format!("{header}.{payload}.");
        assert_eq!(check(&world.auth, &unsigned), Err(AccessError::Invalid), "{alg}");
        if alg != "EdDSA" {
            let kept = format!("{header}.{payload}.{signature}");
            assert_eq!(check(&world.auth, &kept), Err(AccessError::Invalid), "{alg}");
        }
    }
}

#[tokio::test]
async fn a_header_that_asks_for_more_than_is_done_is_refused() {
    let world = World::with(hs256).await;
    let token = token(&world).await;
    let (kid, payload) = (&part(&token, 0)["kid"], token.split('.').nth(1).unwrap());
    // Signed with the right key, so that nothing but the header is wrong.
    let with = |more: Value| {
        let mut header = json!({ "typ": "JWT", "alg": "HS256", "kid": kid });
        header.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let text = format!("{}.{payload}", encoded(&header));
        let signature = jsonwebtoken::crypto::sign(
            text.as_bytes(),
            &EncodingKey::from_secret(&HS_KEY),
            Algorithm::HS256,
        );
        format!("{text}.{}", signature.unwrap())
    };
    for good in [json!({}), json!({ "typ": "jwt" }), json!({ "x-trace": "1" })] {
        assert_eq!(check(&world.auth, &with(good.clone())), Ok(()), "{good}");
    }
    for bad in [
        json!({ "crit": [] }),
        json!({ "crit": ["exp"] }),
        json!({ "crit": ["b64"], "b64": true }),
        json!({ "crit": null }),
        json!({ "b64": false }),
        json!({ "crit": ["http://example.com/must"], "http://example.com/must": true }),
        json!({ "typ": "at+jwt" }),
        json!({ "typ": "secevent+jwt" }),
        json!({ "typ": "" }),
        json!({ "typ": null }),
    ] {
        let refused = check(&world.auth, &with(bad.clone()));
        assert_eq!(refused, Err(AccessError::Invalid), "{bad}");
    }
}

#[tokio::test]
async fn a_token_names_a_key_of_ours() {
    let world = World::with(hs256).await;
    let token = token(&world).await;
    let claims = part(&token, 1);
    let kid = part(&token, 0)["kid"].clone();
    assert_eq!(check(&world.auth, &signed(&header(&kid), &claims)), Ok(()));
    for kid in [json!("another"), json!(""), Value::Null] {
        let forged = signed(&header(&kid), &claims);
        assert_eq!(check(&world.auth, &forged), Err(AccessError::Invalid), "{kid}");
    }
    let other_algorithm = Header { alg: Algorithm::HS512, ..header(&kid) };
    let forged = signed(&other_algorithm, &claims);
    assert_eq!(check(&world.auth, &forged), Err(AccessError::Invalid));
}

#[tokio::test]
async fn no_changed_part_survives() {
    for world in [World::new().await, World::with(hs256).await] {
        let token = token(&world).await;
        assert_eq!(check(&world.auth, &token), Ok(()));
        let (head, mut claims) = (part(&token, 0), part(&token, 1));
        claims["role"] = json!("admin");
        let signature = token.split('.').nth(2).unwrap();
        let admin = format!("{}.{}.{signature}", encoded(&head), encoded(&claims));
        let cut = &token[..token.len() - 2];
        let longer = format!("{token}A");
        let four = format!("{token}.e30");
        let padded = format!("{token}=");
        for forged in [&admin, cut, &longer, &four, &padded, "", ".", "..", "a.b.c"] {
            assert_eq!(check(&world.auth, forged), Err(AccessError::Invalid), "{forged:.60}");
        }
        let huge = "A".repeat(1_000_000);
        assert_eq!(check(&world.auth, &huge), Err(AccessError::Invalid));
    }
}

#[tokio::test]
async fn a_token_expires_exactly_then_though_it_was_seen_before() {
    let world = World::new().await;
    let token = token(&world).await;
    world.later(15 * MINUTE - MILLISECOND);
    assert_eq!(check(&world.auth, &token), Ok(()));
    world.later(MILLISECOND);
    assert_eq!(check(&world.auth, &token), Err(AccessError::Expired));
    world.later(DAY);
    assert_eq!(check(&world.auth, &token), Err(AccessError::Expired));
}

#[tokio::test]
async fn a_token_from_a_minute_ahead_is_good_and_from_further_is_not() {
    let world = World::with(hs256).await;
    let token = token(&world).await;
    let (kid, issued) = (part(&token, 0)["kid"].clone(), world.now());
    world.clock.set(issued - MINUTE - 5 * SECOND);
    assert_eq!(check(&world.auth, &token), Ok(()));
    world.clock.set(issued - MINUTE - 6 * SECOND);
    assert_eq!(check(&world.auth, &token), Err(AccessError::Invalid));
    world.clock.set(issued);
    for claim in ["iat", "nbf"] {
        for (ahead, good) in [(60, true), (61, false)] {
            let mut claims = part(&token, 1);
            claims[claim] = json!(issued.as_secs() + ahead);
            let answer = check(&world.auth, &signed(&header(&kid), &claims));
            assert_eq!(answer.is_ok(), good, "{claim} {ahead}");
        }
    }
}

#[tokio::test]
async fn every_claim_is_needed_and_right() {
    let world = World::with(hs256).await;
    let token = token(&world).await;
    let kid = part(&token, 0)["kid"].clone();
    for claim in ["iss", "aud", "sub", "sid", "exp", "nbf", "iat"] {
        let mut claims = part(&token, 1);
        claims.as_object_mut().unwrap().remove(claim);
        let answer = check(&world.auth, &signed(&header(&kid), &claims));
        assert_eq!(answer, Err(AccessError::Invalid), "without {claim}");
    }
    for (claim, value, error) in [
        ("iss", json!("https://evil.example"), AccessError::Invalid),
        ("aud", json!("https://evil.example"), AccessError::Invalid),
        ("aud", json!([]), AccessError::Invalid),
        ("sid", json!("x"), AccessError::Invalid),
        ("exp", json!("tomorrow"), AccessError::Invalid),
        ("type", json!("refresh"), AccessError::WrongType),
        ("type", Value::Null, AccessError::WrongType),
    ] {
        let mut claims = part(&token, 1);
        claims[claim] = value.clone();
        let answer = check(&world.auth, &signed(&header(&kid), &claims));
        assert_eq!(answer, Err(error), "{claim}: {value}");
    }
}

#[tokio::test]
async fn a_token_of_another_service_with_the_same_secret_is_refused() {
    let world = World::new().await;
    let token = token(&world).await;
    for change in [
        |config: &mut Config| config.jwt.issuer = "https://other.example.com".to_owned(),
        |config: &mut Config| config.jwt.audience = "https://other.example.com".to_owned(),
        hs256,
    ] {
        let mut other = config();
        change(&mut other);
        let other = world.another(KeyRing::single(SECRET.to_vec()).unwrap(), other).await;
        assert_eq!(check(&other, &token), Err(AccessError::Invalid));
    }
}

#[tokio::test]
async fn a_replaced_root_verifies_until_it_only_unseals() {
    let world = World::new().await;
    let old = token(&world).await;
    let ring = |state| {
        KeyRing::new(&[
            RootSecret::new((8..40).collect(), RootState::Sign).unwrap(),
            RootSecret::new(SECRET.to_vec(), state).unwrap(),
        ])
        .unwrap()
    };
    let replaced = world.another(ring(RootState::Verify), config()).await;
    assert_eq!(check(&replaced, &old), Ok(()));
    assert_eq!(replaced.jwks()["keys"].as_array().unwrap().len(), 2);
    let signed_in = replaced.sign_in(&credentials("ann", PASSWORD), &home()).await.unwrap();
    let usermgmt_core::flows::SignInOutcome::SignedIn(new) = signed_in else {
        panic!("the second factor is asked for");
    };
    let new = new.tokens.access_token.expose();
    assert_ne!(part(new, 0)["kid"], part(&old, 0)["kid"]);
    assert_eq!(check(&replaced, new), Ok(()));
    // The first process does not know the new root yet.
    assert_eq!(check(&world.auth, new), Err(AccessError::Invalid));
    let compromised = world.another(ring(RootState::UnsealOnly), config()).await;
    assert_eq!(check(&compromised, &old), Err(AccessError::Invalid));
    assert_eq!(check(&compromised, new), Ok(()));
    assert_eq!(compromised.jwks()["keys"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn tokens_of_other_kinds_are_told_apart() {
    let world = World::new().await;
    let (signed_in, _) = world.signed_in_member("ann").await;
    world.auth.forgot_password("ann", &home()).await.unwrap();
    let link = link_token(&world.mailed(usermgmt_core::mail::MailKind::PasswordReset).await);
    for other in [signed_in.tokens.refresh_token.expose(), &link] {
        assert_eq!(check(&world.auth, other), Err(AccessError::WrongType));
    }
}
