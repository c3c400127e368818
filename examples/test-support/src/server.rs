//! Runs the real binary in a folder of its own on a free port, and talks to it.
//!
//! ```text
//! let server = Server::start().await;
//! let reply = server.post("/api/v1/register", json!({…})).await;
//! assert_eq!(reply.status, 201);
//! let mail = server.mail_to("ada@example.org").await;
//! let link = mail.link("/confirm-email/");
//! ```

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::HeaderMap;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::database::{Database, Kind};
use crate::mail::{self, Mail};

/// How long anything that happens in the background may take: a mail that a killed
/// server had claimed is tried again when the lease of a minute is over.
const PATIENCE: Duration = Duration::from_secs(90);
/// How often it is looked for.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// How a server is started.
#[derive(Clone)]
pub struct Setup {
    dir: Arc<TempDir>,
    database: Option<Arc<Database>>,
    vars: Vec<(String, String)>,
    args: Vec<String>,
    open_files: Option<u32>,
}

impl Default for Setup {
    fn default() -> Self {
        Self::new()
    }
}

impl Setup {
    /// On loopback and a free port, in a new folder, otherwise as it comes.
    pub fn new() -> Self {
        Self {
            dir: Arc::new(tempfile::tempdir().unwrap()),
            database: None,
            vars: vec![("USERMGMT_LISTEN".into(), "127.0.0.1:0".into())],
            args: vec![],
            open_files: None,
        }
    }

    /// The same on a kind of store, with a new database and a given secret.
    pub async fn on(kind: Kind) -> Self {
        let mut setup = Self::new().var("USERMGMT_SECRET", "A".repeat(42) + "I");
        if let Some(database) = Database::of(kind).await {
            setup = setup.var("USERMGMT_DATABASE_URL", database.url.clone());
            setup.database = Some(Arc::new(database));
        }
        setup
    }

    /// Takes an environment variable out.
    pub fn without(mut self, name: &str) -> Self {
        self.vars.retain(|(had, _)| had != name);
        self
    }

    /// Adds an environment variable: `USERMGMT_MAIL__URL`.
    pub fn var(mut self, name: &str, value: impl Into<String>) -> Self {
        self.vars.push((name.to_owned(), value.into()));
        self
    }

    /// Adds arguments.
    pub fn args(mut self, args: &[&str]) -> Self {
        self.args.extend(args.iter().map(|arg| (*arg).to_owned()));
        self
    }

    /// Lets it open no more files than so many, its connections among them.
    pub fn open_files(mut self, most: u32) -> Self {
        self.open_files = Some(most);
        self
    }

    /// Writes a `usermgmt.toml` into the folder where the server is started.
    pub fn file(self, text: &str) -> Self {
        std::fs::write(self.dir.path().join("usermgmt.toml"), text).unwrap();
        self
    }

    /// The folder where the server is started.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// The binary with this environment and these arguments, not yet started.
    /// Nothing of the surroundings' own environment reaches it.
    pub fn command(&self) -> Command {
        let mut command = match self.open_files {
            None => Command::new(binary()),
            Some(most) => {
                let limited = format!("ulimit -n {most} && exec \"$0\" \"$@\"");
                let mut shell = Command::new("sh");
                shell.arg("-c").arg(limited).arg(binary());
                shell
            }
        };
        command
            .current_dir(self.dir.path())
            .env_clear()
            .envs(self.vars.iter().map(|(name, value)| (name, value)))
            .args(&self.args)
            .stdin(Stdio::null());
        command
    }

    /// The same, and ended with status 124 where it does not end within half a minute.
    pub fn bounded_command(&self) -> Command {
        let command = self.command();
        let vars = command.get_envs().filter_map(|(name, value)| Some((name, value?)));
        let mut bounded = Command::new("timeout");
        bounded
            .arg("30")
            .arg(command.get_program())
            .args(command.get_args())
            .current_dir(self.dir.path())
            .env_clear()
            .envs(vars)
            .stdin(Stdio::null());
        bounded
    }

    /// Starts it and waits until it says where it listens.
    ///
    /// # Panics
    /// With its log where it ends instead.
    pub async fn start(self) -> Server {
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.dir.path().join("server.log"))
            .unwrap();
        let mut child = self.command().stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (address, at) = tokio::sync::oneshot::channel();
        let printed = std::thread::spawn(move || {
            let mut address = Some(address);
            let mut printed = vec![];
            for line in stdout.lines().map_while(Result::ok) {
                if let Some(base) = line.strip_prefix("listening on ")
                    && let Some(address) = address.take()
                {
                    let _ = address.send(base.to_owned());
                }
                printed.push(line);
            }
            printed
        });
        let base = tokio::time::timeout(PATIENCE, at).await;
        let server = Server {
            base: base.ok().and_then(Result::ok).unwrap_or_default(),
            child,
            client: reqwest::Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .build()
                .unwrap(),
            setup: self,
            printed: Some(printed),
        };
        assert!(!server.base.is_empty(), "the server did not start:\n{}", server.log());
        server
    }
}

/// The server as it was built for the tests that ask for it: Cargo and nextest
/// name it to them.
fn binary() -> PathBuf {
    ["CARGO_BIN_EXE_usermgmt-server", "NEXTEST_BIN_EXE_usermgmt-server"]
        .iter()
        .find_map(std::env::var_os)
        .expect("a test of the package usermgmt-server, run by Cargo 1.94 or later, or by nextest")
        .into()
}

/// A running server. It is killed when dropped.
pub struct Server {
    /// Where it listens: `http://127.0.0.1:40123`.
    pub base: String,
    child: Child,
    client: reqwest::Client,
    setup: Setup,
    printed: Option<std::thread::JoinHandle<Vec<String>>>,
}

impl Server {
    /// Starts one as it comes.
    pub async fn start() -> Self {
        Setup::new().start().await
    }

    /// Where it keeps what it keeps itself.
    pub fn data_dir(&self) -> PathBuf {
        self.setup.dir().join("usermgmt-data")
    }

    /// How it was started; also keeps its folder, for another start.
    pub fn setup(&self) -> Setup {
        self.setup.clone()
    }

    /// Everything it logged, over all starts in the same folder.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.setup.dir().join("server.log")).unwrap_or_default()
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// `kill -9`, and what it had printed on standard output.
    pub fn kill(mut self) -> Vec<String> {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.printed.take().unwrap().join().unwrap()
    }

    /// Sends it a signal such as `TERM`.
    pub fn signal(&self, name: &str) {
        // The shell's own: not every system has a program of that name.
        let kill = format!("kill -{name} {}", self.pid());
        let status = Command::new("sh").args(["-c", &kill]).status().unwrap();
        assert!(status.success());
    }

    /// Stops it with SIGTERM and waits for its end.
    pub async fn stop(mut self) -> ExitStatus {
        self.signal("TERM");
        self.wait().await
    }

    /// Waits for its end.
    pub async fn wait(&mut self) -> ExitStatus {
        eventually("the server to stop", || self.child.try_wait().unwrap()).await
    }

    /// A request to a path of this server, to be completed and handed to [`Self::send`].
    pub fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let method = method.parse().unwrap();
        self.client.request(method, format!("{}{path}", self.base))
    }

    /// Sends a request.
    pub async fn send(&self, request: reqwest::RequestBuilder) -> Reply {
        Reply::read(request.send().await.unwrap()).await
    }

    /// GET without anything.
    pub async fn get(&self, path: &str) -> Reply {
        self.send(self.request("GET", path)).await
    }

    /// GET with a token.
    pub async fn get_as(&self, token: &str, path: &str) -> Reply {
        self.send(self.request("GET", path).bearer_auth(token)).await
    }

    /// POST with a JSON body.
    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.send(self.request("POST", path).json(&body)).await
    }

    /// POST with a token and no body.
    pub async fn post_as(&self, token: &str, path: &str) -> Reply {
        self.send(self.request("POST", path).bearer_auth(token)).await
    }

    /// Any method with a token and a JSON body.
    pub async fn call(&self, method: &str, path: &str, token: &str, body: Value) -> Reply {
        self.send(self.request(method, path).bearer_auth(token).json(&body)).await
    }

    /// Every mail there is now, the oldest first.
    pub fn mails(&self) -> Vec<Mail> {
        mail::read_all(&self.data_dir().join("mail"))
    }

    /// Waits until there are `count` mails to an address and returns them.
    pub async fn mails_to(&self, address: &str, count: usize) -> Vec<Mail> {
        eventually(&format!("{count} mails to {address}"), || {
            let mut mails = self.mails();
            mails.retain(|mail| mail.to.eq_ignore_ascii_case(address));
            (mails.len() >= count).then_some(mails)
        })
        .await
    }

    /// Waits for the first mail to an address.
    pub async fn mail_to(&self, address: &str) -> Mail {
        self.mails_to(address, 1).await.swap_remove(0)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What everybody's password is here.
pub const PASSWORD: &str = "analytical engine no. 1";

/// Registers somebody, confirms the address by the mailed link, signs in, and
/// returns the answer to that.
pub async fn registered(server: &Server, username: &str, email: &str) -> Reply {
    let body = json!({ "username": username, "email": email, "password": PASSWORD });
    let reply = server.post("/api/v1/register", body).await;
    assert_eq!(reply.status, 201, "{reply:?}");
    let link = server.mail_to(email).await.path("/confirm-email/");
    let reply = server.send(server.request("POST", &link)).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    let body = json!({ "email": email, "password": PASSWORD });
    let reply = server.post("/api/v1/signin", body).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    reply
}

/// Waits for something that happens in the background.
pub async fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let wait = async {
        loop {
            if let Some(found) = look() {
                return found;
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    };
    match tokio::time::timeout(PATIENCE, wait).await {
        Ok(found) => found,
        Err(_) => panic!("waited in vain for {what}"),
    }
}

/// An answer.
#[derive(Debug)]
pub struct Reply {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub text: String,
}

impl Reply {
    async fn read(response: reqwest::Response) -> Self {
        Self {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            text: response.text().await.unwrap(),
        }
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text)
            .unwrap_or_else(|error| panic!("no JSON ({error}): {self:?}"))
    }

    /// A text of the JSON body, such as `access_token`.
    pub fn field(&self, name: &str) -> String {
        match &self.json()[name] {
            Value::String(text) => text.clone(),
            other => panic!("{name} is {other} in {self:?}"),
        }
    }

    /// A header, where it is there and text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}
