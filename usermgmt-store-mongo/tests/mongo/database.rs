//! A database for each test.

use mongodb::options::{ClientOptions, ServerAddress};
use mongodb::{Client, Database};
use usermgmt_core::rng::{OsRng, random};

/// A database of a test's own, dropped at its end.
pub(crate) struct OwnDatabase {
    pub(crate) url: String,
    pub(crate) name: String,
}

impl OwnDatabase {
    pub(crate) fn new() -> Self {
        let Ok(server) = std::env::var("USERMGMT_TEST_MONGO_URL") else {
            panic!(
                "USERMGMT_TEST_MONGO_URL is not set: these tests need a MongoDB replica set, such \
                 as mongodb://127.0.0.1:27017/?directConnection=true"
            );
        };
        let number = u64::from_be_bytes(random(&OsRng));
        let name = format!("usermgmt_test_{number:016x}");
        Self { url: with_database(&server, &name), name }
    }

    /// The database without the store.
    pub(crate) async fn open(&self) -> Database {
        Client::with_uri_str(&self.url).await.unwrap().database(&self.name)
    }

    /// The first server that the URL names.
    pub(crate) async fn server(&self) -> (String, u16) {
        let options = ClientOptions::parse(&self.url).await.unwrap();
        match options.hosts.first() {
            Some(ServerAddress::Tcp { host, port }) => (host.clone(), port.unwrap_or(27017)),
            other => panic!("a server with a TCP port is needed, not {other:?}"),
        }
    }

    /// The same database by way of another port of this machine.
    pub(crate) fn by_way_of(&self, port: u16) -> String {
        let (scheme, place, options) = parts(&self.url);
        let (hosts, name) = place.split_once('/').unwrap();
        let user = hosts.rsplit_once('@').map_or(String::new(), |(user, _)| format!("{user}@"));
        let others = options.split('&').filter(|option| !option.starts_with("directConnection"));
        let options: Vec<&str> = others.chain(["directConnection=true"]).collect();
        format!("{scheme}://{user}127.0.0.1:{port}/{name}?{}", options.join("&"))
    }
}

/// Scheme; hosts and database; options.
fn parts(url: &str) -> (&str, &str, &str) {
    let (scheme, rest) = url.split_once("://").unwrap();
    let (place, options) = rest.split_once('?').unwrap_or((rest, ""));
    (scheme, place, options)
}

fn with_database(server: &str, name: &str) -> String {
    let (scheme, place, options) = parts(server);
    let hosts = place.split('/').next().unwrap();
    // One option at least, so that tests can add theirs.
    let options = format!("appName=tests&{options}");
    format!("{scheme}://{hosts}/{name}?{}", options.trim_end_matches('&'))
}

impl Drop for OwnDatabase {
    fn drop(&mut self) {
        // What a failed test wrote is left to be looked at.
        if std::thread::panicking() {
            return;
        }
        let (url, name) = (self.url.clone(), self.name.clone());
        // The test's own runtime may be the one that drops this.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async {
                Client::with_uri_str(&url).await.unwrap().database(&name).drop().await.unwrap();
            });
        });
        dropped.join().unwrap();
    }
}
