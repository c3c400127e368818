//! Guessing passwords from many addresses, at any of three servers on one PostgreSQL,
//! with limits as they come.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use futures_util::stream::{self, StreamExt as _};
use serde_json::json;
use usermgmt_test_support::{Kind, PASSWORD, Reply, Server, Setup, full, registered};

const WRONG: &str = "not the password";

/// How many addresses guess. Each guess costs a hash, and ten thousand take minutes.
fn addresses() -> u32 {
    if full() { 10_000 } else { 300 }
}

/// How many accounts one password is tried at.
fn accounts() -> u32 {
    if full() { 1000 } else { 200 }
}

/// Of the password `xxxxxxxx`, as Werkzeug hashes it.
const HASH: &str = "scrypt:32768:8:1$EEimSseABpF2dakM$e41eeb869e882372a451182050947b1367f251e3e2fc64b1036c5dcbdbd0ff1586a84b1ee933dd04c09339362d6e96974d659688b46afeb583d4324b35baa253";

/// How many ask at once: fewer than a server has room for.
const AT_ONCE: usize = 12;

/// Three servers behind a proxy: whoever asks here speaks for it.
struct Replicas(Vec<Server>);

/// Who asks, as the proxy tells it.
#[derive(Clone, Default)]
struct Asker {
    forwarded: String,
    device: Option<String>,
    /// Written by the client, and handed on by the proxy.
    forged: Option<String>,
}

impl Asker {
    /// One of many addresses.
    fn host(n: u32) -> Self {
        let address = Ipv4Addr::from_bits(0xc612_0000 + n);
        Self { forwarded: address.to_string(), ..Self::default() }
    }

    /// This address, behind one that the client made up.
    fn forging(address: &str, n: u32) -> Self {
        let forged = Self::host(n).forwarded;
        let forwarded = format!("{forged}, {address}");
        Self { forwarded, forged: Some(forged), ..Self::default() }
    }
}

impl Replicas {
    async fn start() -> Self {
        let setup = Setup::on(Kind::Postgres)
            .await
            .var("USERMGMT_PUBLIC_URL", "http://localhost:8080")
            .var("USERMGMT_TRUSTED_PROXIES", "127.0.0.1");
        let first = setup.clone().start().await;
        let (second, third) = tokio::join!(setup.clone().start(), setup.start());
        Self(vec![first, second, third])
    }

    /// Registers those at whom passwords are tried, as an import does: that costs no hash.
    fn import_people(&self) {
        let setup = self.0[0].setup();
        let mut people = String::from("id,username,email,is_email_confirmed,password\n");
        for n in 0..accounts() {
            people.push_str(&format!("{n},person{n},person{n}@example.org,true,{HASH}\n"));
        }
        std::fs::write(setup.dir().join("people.csv"), people).unwrap();
        let import = ["import", "--format", "csv", "--from", "people.csv"];
        let output = setup.command().args(import).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// The n-th sign-in: the servers take turns.
    async fn sign_in(&self, n: u32, from: Asker, name: &str, password: &str) -> Reply {
        let server = &self.0[n as usize % self.0.len()];
        let mut request = server
            .request("POST", "/api/v1/signin")
            .header("x-forwarded-for", &from.forwarded)
            .json(&json!({ "identifier": name, "password": password }));
        if let Some(device) = from.device {
            request = request.header("usermgmt-device", device);
        }
        if let Some(forged) = from.forged {
            for name in ["x-real-ip", "true-client-ip", "cf-connecting-ip"] {
                request = request.header(name, &forged);
            }
            request = request
                .header("forwarded", format!("for={forged}"))
                .header("usermgmt-client-address", forged);
        }
        server.send(request).await
    }

    /// Everybody's sign-in, many at a time: how often each status was the answer.
    async fn race(
        &self,
        numbers: std::ops::Range<u32>,
        who: impl Fn(u32) -> (Asker, String, &'static str),
    ) -> BTreeMap<u16, u32> {
        let replies = stream::iter(numbers).map(|n| {
            let (from, name, password) = who(n);
            async move { self.sign_in(n, from, &name, password).await.status }
        });
        let mut answers = BTreeMap::new();
        let mut replies = replies.buffer_unordered(AT_ONCE);
        while let Some(status) = replies.next().await {
            *answers.entry(status).or_default() += 1;
        }
        answers
    }
}

fn stranger(name: &str, password: &'static str) -> impl Fn(u32) -> (Asker, String, &'static str) {
    move |n| (Asker::host(n), name.to_owned(), password)
}

#[tokio::test(flavor = "multi_thread")]
async fn many_addresses_get_fifty_guesses_at_an_account_and_keep_its_owner_in() {
    let replicas = Replicas::start().await;
    registered(&replicas.0[0], "bob", "bob@example.org").await;
    // The fiftieth guess is one.
    assert_eq!(replicas.race(0..49, stranger("bob", WRONG)).await, BTreeMap::from([(401, 49)]));
    assert_eq!(replicas.sign_in(49, Asker::host(49), "bob", PASSWORD).await.status, 200);

    let signed_in = registered(&replicas.0[0], "ada", "ada@example.org").await;
    let device = signed_in.field("device_token");
    assert_eq!(replicas.race(0..50, stranger("ada", WRONG)).await, BTreeMap::from([(401, 50)]));
    // None after it is, by whatever name, and nobody is told.
    let told = replicas.sign_in(50, Asker::host(50), "ada", PASSWORD).await;
    assert_eq!((told.status, told.field("error")), (401, "invalid_credentials".to_owned()));
    let guesses = replicas.race(51..addresses(), |n| {
        let name = if n % 2 == 0 { "ada" } else { "ada@example.org" };
        let password = if n % 5 == 0 { PASSWORD } else { WRONG };
        (Asker::host(n), name.to_owned(), password)
    });
    // Meanwhile, from anywhere.
    let owner = async {
        for n in 0..12 {
            let from = Asker { device: Some(device.clone()), ..Asker::host(40_000 + n) };
            let reply = replicas.sign_in(n, from, "ada", PASSWORD).await;
            assert_eq!(reply.status, 200, "{n}: {reply:?}");
        }
    };
    let (guesses, ()) = tokio::join!(guesses, owner);
    assert_eq!(guesses, BTreeMap::from([(401, addresses() - 51)]));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_password_at_many_accounts_is_stopped_whatever_address_is_forged() {
    let replicas = Replicas::start().await;
    registered(&replicas.0[0], "ada", "ada@example.org").await;
    if full() {
        replicas.import_people();
        let reply = replicas.sign_in(0, Asker::host(1), "person7", "xxxxxxxx").await;
        assert_eq!(reply.status, 200, "{reply:?}");
    }
    let sprayed = replicas.race(0..accounts(), |n| {
        (Asker::forging("198.51.100.66", n), format!("person{n}"), "Summer2026!")
    });
    assert_eq!(sprayed.await, BTreeMap::from([(401, 100), (429, accounts() - 100)]));
    // Nor do forged addresses give more guesses at one account.
    let guesses =
        replicas.race(0..30, |n| (Asker::forging("198.51.100.67", n), "ada".to_owned(), WRONG));
    assert_eq!(guesses.await, BTreeMap::from([(401, 10), (429, 20)]));
    // Others have nothing to do with it.
    assert_eq!(replicas.sign_in(0, Asker::host(0), "ada", PASSWORD).await.status, 200);
}
