//! One database, one server and one client for all of it.

use std::net::SocketAddr;
use std::sync::LazyLock;

use axum::Router;
use futures_util::future::try_join_all;
use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use usermgmt_axum::{HttpConfig, HttpState};
use usermgmt_core::flows::{SignIn, SignInOutcome, SignedIn};
use usermgmt_core::{Auth, Client};

use crate::common::{Connection, PASSWORD, fill, open};
use crate::{access_token, current_user};

/// How many people there are, and connections, one for each.
pub(crate) const PEOPLE: usize = 32;

pub(crate) struct World {
    /// What serves: as many threads as processors.
    pub(crate) runtime: Runtime,
    pub(crate) auth: Auth,
    pub(crate) addresses: Vec<String>,
    pub(crate) signed_in: Vec<SignedIn>,
    pub(crate) server: SocketAddr,
    /// Bare connections to the same file, with the store's own settings.
    pub(crate) bare: Bare,
    _folder: TempDir,
}

/// Connections as the store keeps them.
#[derive(Clone)]
pub(crate) struct Bare {
    pub(crate) readers: SqlitePool,
    pub(crate) writer: SqlitePool,
}

pub(crate) static WORLD: LazyLock<World> = LazyLock::new(|| {
    let runtime = Builder::new_multi_thread().enable_all().build().unwrap();
    // Not in memory, where nothing would have to be synchronised.
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    runtime.block_on(build(&folder)).into_world(runtime, folder)
});

struct Parts {
    auth: Auth,
    addresses: Vec<String>,
    signed_in: Vec<SignedIn>,
    server: SocketAddr,
    bare: Bare,
}

impl Parts {
    fn into_world(self, runtime: Runtime, folder: TempDir) -> World {
        let Self { auth, addresses, signed_in, server, bare } = self;
        World { runtime, auth, addresses, signed_in, server, bare, _folder: folder }
    }
}

async fn build(folder: &TempDir) -> Parts {
    let auth = open(folder.path(), (7..39).collect()).await;
    let addresses = fill(&auth, PEOPLE).await;
    let mut signed_in = Vec::new();
    for (number, address) in addresses.iter().enumerate() {
        signed_in.push(sign_in(&auth, address, number).await);
    }

    let file = SqliteConnectOptions::new()
        .filename(folder.path().join("usermgmt.db"))
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(false)
        .statement_cache_capacity(200);
    let pool = SqlitePoolOptions::new().test_before_acquire(false).max_lifetime(None);
    let bare = Bare {
        writer: pool.clone().max_connections(1).connect_lazy_with(file.clone()),
        readers: pool.max_connections(10).connect_lazy_with(file.pragma("query_only", "ON")),
    };

    let state = HttpState::new(auth.clone(), HttpConfig::default());
    let app = Router::new()
        .merge(access_token::routes(state.clone()))
        .merge(current_user::routes(bare.clone()))
        .merge(usermgmt_axum::router(state));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = listener.local_addr().unwrap();
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, app).await });
    Parts { auth, addresses, signed_in, server, bare }
}

/// Signs somebody in, from an address of their own.
pub(crate) async fn sign_in(auth: &Auth, address: &str, number: usize) -> SignedIn {
    let command = SignIn::new(address.to_owned(), PASSWORD.into());
    match auth.sign_in(&command, &client(number)).await.unwrap() {
        SignInOutcome::SignedIn(signed_in) => *signed_in,
        SignInOutcome::MfaRequired { .. } => unreachable!("nobody here has a second factor"),
    }
}

/// Where somebody is.
pub(crate) fn client(number: usize) -> Client {
    let last = u8::try_from(number).unwrap();
    Client {
        address: Some([192, 0, 2, last].into()),
        user_agent: Some("benchmark".to_owned()),
        locale: None,
        device_token: None,
        ..Client::default()
    }
}

/// Sends requests on connections that stay open, from a thread of its own.
pub(crate) struct Load {
    runtime: Runtime,
    connections: Vec<(Connection, Vec<u8>)>,
}

impl Load {
    /// One connection for each request, which it sends again and again.
    pub(crate) fn new(requests: impl IntoIterator<Item = Vec<u8>>) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let server = WORLD.server;
        let connections = requests.into_iter().map(|request| async move {
            Ok::<_, std::io::Error>((Connection::open(server).await?, request))
        });
        let connections = runtime.block_on(try_join_all(connections)).unwrap();
        Self { runtime, connections }
    }

    /// Sends each connection's request `times` times.
    pub(crate) fn run(&mut self, times: usize) {
        let tasks = self.connections.iter_mut().map(|(connection, request)| async move {
            for _ in 0..times {
                let answer = connection.ask(request).await?;
                assert_eq!(answer.status, 200, "{answer:?}");
            }
            Ok::<_, std::io::Error>(())
        });
        self.runtime.block_on(try_join_all(tasks)).unwrap();
    }
}
