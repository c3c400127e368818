//! Accounts that can sign in at once.

use std::path::Path;
use std::sync::Arc;

use usermgmt_core::Auth;
use usermgmt_core::config::Config;
use usermgmt_core::keys::KeyRing;
use usermgmt_core::model::identifier::{Email, Identifier, Username};
use usermgmt_core::model::ids::UserId;
use usermgmt_core::model::user::{Role, User};
use usermgmt_core::password::PasswordHasher;
use usermgmt_core::rng::OsRng;
use usermgmt_core::store::{Change, Changes};
use usermgmt_store_sql::{PoolOptions, SqlStore};

/// Everybody's password.
pub(crate) const PASSWORD: &str = "analytical engine no. 1";

/// The core over an SQLite database in this folder, with the server's defaults.
pub(crate) async fn open(folder: &Path, secret: Vec<u8>) -> Auth {
    let url = format!("sqlite:{}", folder.join("usermgmt.db").display());
    let store = SqlStore::connect(&url, PoolOptions::default()).await.unwrap();
    let keys = KeyRing::single(secret).unwrap();
    let config = Config::new("http://127.0.0.1:8080".parse().unwrap());
    Auth::builder(store, keys, config).build().await.unwrap()
}

/// Adds `count` active accounts and returns their addresses.
pub(crate) async fn fill(auth: &Auth, count: usize) -> Vec<String> {
    let hasher = PasswordHasher::new(auth.config().hasher.clone(), Arc::new(OsRng)).unwrap();
    let hash = hasher.hash(&PASSWORD.into()).await.unwrap();
    let mut addresses = Vec::new();
    for number in 0..count {
        let now = auth.now();
        let user = User {
            id: UserId::generate(now, &OsRng),
            username: Username::parse(&format!("person{number}"), 32).unwrap(),
            email: Email::parse(&format!("person{number}@example.org")).unwrap(),
            email_confirmed_at: Some(now),
            unconfirmed_until: None,
            first_name: Some("Ada".to_owned()),
            last_name: Some("Lovelace".to_owned()),
            gender: None,
            role: Role::User,
            locale: None,
            disabled_at: None,
            created_at: now,
            updated_at: now,
            epoch: 0,
        };
        let claim = |identifier| Change::ClaimIdentifier {
            identifier,
            user_id: Some(user.id.clone()),
            until: None,
            now,
        };
        let list = vec![
            claim(Identifier::email(&user.email)),
            claim(Identifier::username(&user.username)),
            Change::InsertUser { user: Box::new(user.clone()), password: Some(hash.clone()) },
        ];
        auth.store().apply(&Changes::new(list, now, &OsRng)).await.unwrap();
        addresses.push(user.email.as_str().to_owned());
    }
    addresses
}
