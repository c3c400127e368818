//! An application's own claims in access tokens.

use std::error::Error as _;
use std::sync::{Arc, Mutex};

use serde_json::{Map, Value, json};
use usermgmt_core::claims::{Claims, ClaimsError, MAX_BYTES, RESERVED};
use usermgmt_core::{Session, User};

use crate::fixture::*;

/// Says what a test has told it to say.
#[derive(Clone, Debug)]
struct Said(Arc<Mutex<Result<Value, String>>>);

impl Said {
    fn now(claims: Value) -> Self {
        Self(Arc::new(Mutex::new(Ok(claims))))
    }

    fn say(&self, claims: Result<Value, String>) {
        *self.0.lock().unwrap() = claims;
    }
}

#[async_trait::async_trait]
impl Claims for Said {
    async fn claims(&self, user: &User, _: &Session) -> Result<Map<String, Value>, ClaimsError> {
        let mut claims = match self.0.lock().unwrap().clone()? {
            Value::Object(claims) => claims,
            other => panic!("{other} are no claims"),
        };
        claims.insert("for".to_owned(), json!(user.username.as_str()));
        Ok(claims)
    }
}

async fn world(said: &Said) -> World {
    let claims = said.clone();
    World::built(|builder| builder.claims(claims)).await
}

#[tokio::test]
async fn a_token_says_what_the_application_says_when_it_is_issued() {
    let said = Said::now(json!({ "roles": ["editor", "author"], "tenant": 7 }));
    let world = world(&said).await;
    world.member("ann").await;
    let signed_in = world.sign_in("ann").await;
    let claims = world.auth.access_claims(signed_in.tokens.access_token.expose()).unwrap();
    assert!(claims.has("roles", "editor") && !claims.has("roles", "admin"));
    assert!(claims.has("for", "ann") && !claims.has("tenant", "7"));
    assert_eq!(claims.get::<u32>("tenant"), Some(7));
    assert_eq!((claims.get::<String>("tenant"), claims.get::<u32>("absent")), (None, None));

    said.say(Ok(json!({ "roles": [] })));
    let refresh = signed_in.tokens.refresh_token.expose();
    let tokens = world.auth.refresh(refresh, &home()).await.unwrap();
    let claims = world.auth.access_claims(tokens.access_token.expose()).unwrap();
    assert!(!claims.has("roles", "editor"));
}

#[tokio::test]
async fn a_reserved_name_or_too_much_is_refused_before_anything_is_written() {
    let said = Said::now(json!({}));
    let world = world(&said).await;
    world.member("ann").await;
    world.sign_in("ann").await;
    for claims in [json!({ "exp": 1 }), json!({ "long": "x".repeat(MAX_BYTES) })] {
        said.say(Ok(claims));
        let error = world.try_sign_in("ann", PASSWORD, &home()).await.unwrap_err();
        let text = error.to_string();
        assert!(text.contains("`exp` is reserved") || text.contains("more than 2048"), "{text}");
    }
    let user = world.find("ann").await.unwrap();
    assert_eq!(world.auth.sessions(&user.id).await.unwrap().len(), 1);
}

#[tokio::test]
async fn every_name_of_our_own_is_reserved() {
    let world = World::new().await;
    world.member("ann").await;
    let signed_in = world.sign_in("ann").await;
    let claims = world.auth.access_claims(signed_in.tokens.access_token.expose()).unwrap();
    let Value::Object(own) = serde_json::to_value(&*claims).unwrap() else { panic!("no object") };
    for name in own.keys() {
        assert!(RESERVED.contains(&name.as_str()), "{name}");
    }
}

#[tokio::test]
async fn a_refresh_whose_claims_cannot_be_had_uses_nothing_up() {
    let said = Said::now(json!({}));
    let world = world(&said).await;
    world.member("ann").await;
    let signed_in = world.sign_in("ann").await;
    let refresh = signed_in.tokens.refresh_token.expose();
    said.say(Err("the database of members is away".to_owned()));
    let error = world.auth.refresh(refresh, &home()).await.unwrap_err();
    assert!(is_unavailable(&error), "{error:?}");
    let why = error.source().unwrap().to_string();
    let expected = "the application's claims were not had: the database of members is away";
    assert_eq!(why, expected);
    said.say(Ok(json!({})));
    world.later(HOUR);
    world.auth.refresh(refresh, &home()).await.unwrap();
}
