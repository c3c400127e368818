//! A database server of a test's own, to be stopped and killed.

use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use usermgmt_test_support::{Kind, eventually};

/// A process that serves a database from a folder, on loopback.
pub(crate) struct DatabaseServer {
    kind: Kind,
    folder: TempDir,
    port: u16,
    child: Child,
}

/// Who runs database servers where root must not.
struct Nobody {
    user: u32,
    group: u32,
}

impl Nobody {
    /// Whom to run them as, where these tests are root's.
    fn instead_of_root() -> Option<Self> {
        let id = |args: &[&str]| {
            let output = Command::new("id").args(args).output().unwrap();
            String::from_utf8(output.stdout).unwrap().trim().parse().unwrap()
        };
        let is_root = id(&["-u"]) == 0;
        is_root.then(|| Self { user: id(&["-u", "nobody"]), group: id(&["-g", "nobody"]) })
    }
}

/// A program, found where packages put it.
pub(crate) fn program(name: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    folders.extend(["/usr/sbin".into(), "/usr/local/sbin".into()]);
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<PathBuf> = versions.map(|entry| entry.path().join("bin")).collect();
    versions.sort();
    folders.extend(versions.pop());
    folders.into_iter().map(|folder| folder.join(name)).find(|path| path.exists()).unwrap_or_else(
        || {
            panic!(
                "{name} is not installed: these tests start a database server of their own, \
                 and what stands before one (Debian: apt-get install postgresql \
                 mariadb-server-core haproxy pgbouncer)"
            )
        },
    )
}

impl DatabaseServer {
    /// A new one with an empty database.
    pub(crate) async fn start(kind: Kind) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o711)).unwrap();
        let data = folder.path().join("data");
        std::fs::create_dir(&data).unwrap();
        if let Some(nobody) = Nobody::instead_of_root() {
            chown(&data, Some(nobody.user), Some(nobody.group)).unwrap();
        }
        initialize(kind, &data);
        let port = free_port();
        let child = serve(kind, &data, port);
        let mut server = Self { kind, folder, port, child };
        server.until_it_answers().await;
        server
    }

    /// The URL of its database.
    pub(crate) fn url(&self) -> String {
        let port = self.port;
        match self.kind {
            Kind::Postgres => format!("postgres://usermgmt@127.0.0.1:{port}/postgres"),
            Kind::MySql => format!("mysql://usermgmt:usermgmt@127.0.0.1:{port}/usermgmt"),
            Kind::Mongo => format!("mongodb://127.0.0.1:{port}/usermgmt?directConnection=true"),
            Kind::Sqlite => panic!("SQLite has no server"),
        }
    }

    /// The same for whoever administers the server.
    pub(crate) fn admin_url(&self) -> String {
        self.url().replace("usermgmt:usermgmt@", "admin:admin@")
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// `kill -9`, of all its processes.
    pub(crate) fn kill(&mut self) {
        self.signal("KILL");
        self.child.wait().unwrap();
    }

    /// Starts it again where it was.
    pub(crate) async fn restart(&mut self) {
        self.child = serve(self.kind, &self.folder.path().join("data"), self.port);
        self.until_it_answers().await;
    }

    /// Stops all its processes where they are: connections stay and nobody answers.
    pub(crate) fn pause(&self) {
        self.signal("STOP");
    }

    /// Lets them go on.
    pub(crate) fn go_on(&self) {
        self.signal("CONT");
    }

    fn signal(&self, name: &str) {
        // The first one first, so that it starts no others in between.
        self.signal_one(name, self.child.id());
        for pid in children_of(self.child.id()) {
            self.signal_one(name, pid);
        }
    }

    fn signal_one(&self, name: &str, pid: u32) {
        // The shell's own: not every system has a program of that name.
        let mut kill = Command::new("sh");
        kill.args(["-c", &format!("kill -{name} {pid}")]);
        // That it has ended by itself is no failure.
        kill.stderr(Stdio::null()).status().unwrap();
    }

    /// Waits until a client is served, however long its recovery takes.
    async fn until_it_answers(&mut self) {
        let (data, url) = (self.folder.path().join("data"), self.url());
        for _ in 0..100 {
            let ended = eventually("the database server to answer", || {
                let ended = self.child.try_wait().unwrap().is_some();
                let open = std::net::TcpStream::connect(("127.0.0.1", self.port)).is_ok();
                (ended || open).then_some(ended)
            })
            .await;
            if !ended && answers(self.kind, &url).await {
                return;
            }
            if ended {
                // What it left behind when it was killed may be gone only now.
                self.child = serve(self.kind, &data, self.port);
            }
        }
        let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap();
        panic!("the database server does not start:\n{log}");
    }
}

impl Drop for DatabaseServer {
    fn drop(&mut self) {
        self.signal("KILL");
        // It was killed, and its folder goes with it.
        let _ = self.child.wait();
    }
}

/// A port that nobody has now.
pub(crate) fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A command that runs as who may run a database server.
pub(crate) fn unprivileged(program: &Path) -> Command {
    let Some(Nobody { user, group }) = Nobody::instead_of_root() else {
        return Command::new(program);
    };
    let mut command = Command::new("setpriv");
    command
        .arg(format!("--reuid={user}"))
        .arg(format!("--regid={group}"))
        .arg("--clear-groups")
        .arg("--")
        .arg(program);
    command
}

fn initialize(kind: Kind, data: &Path) {
    let mut command = match kind {
        Kind::Postgres => {
            let mut command = unprivileged(&program("initdb"));
            command.arg("-D").arg(data).args(["-U", "usermgmt", "--auth=trust"]);
            command.args(["-E", "UTF8", "--locale=C", "--no-sync"]);
            command
        }
        Kind::MySql => {
            let mut command = unprivileged(&program("mariadb-install-db"));
            command.arg("--no-defaults").arg(format!("--datadir={}", data.display()));
            command.args(["--auth-root-authentication-method=normal", "--skip-test-db"]);
            command
        }
        _ => return,
    };
    let output = command.current_dir(data).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// What MariaDB does whenever it starts.
const FIRST: &str = "CREATE DATABASE IF NOT EXISTS usermgmt;
CREATE USER IF NOT EXISTS usermgmt@'127.0.0.1' IDENTIFIED BY 'usermgmt';
GRANT ALL PRIVILEGES ON usermgmt.* TO usermgmt@'127.0.0.1';
CREATE USER IF NOT EXISTS admin@'127.0.0.1' IDENTIFIED BY 'admin';
GRANT ALL PRIVILEGES ON *.* TO admin@'127.0.0.1' WITH GRANT OPTION;
";

/// Starts it. What it says goes to a file beside its data.
///
/// What a killed process has handed to the system is safe, so the SQL servers
/// need not wait for the disk; the stand-in for MongoDB hands over only then.
fn serve(kind: Kind, data: &Path, port: u16) -> Child {
    let file = |name: &str| data.with_file_name(name);
    let mut command = match kind {
        Kind::Postgres => {
            let mut command = unprivileged(&program("postgres"));
            command.arg("-D").arg(data).args(["-p", &port.to_string(), "-k"]).arg(data);
            command.args(["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"]);
            command
        }
        Kind::MySql => {
            std::fs::write(file("first.sql"), FIRST).unwrap();
            let mut command = unprivileged(&program("mariadbd"));
            command.arg("--no-defaults").arg(format!("--datadir={}", data.display()));
            command.arg(format!("--socket={}", data.join("socket").display()));
            command.arg(format!("--pid-file={}", data.join("pid").display()));
            command.arg(format!("--init-file={}", file("first.sql").display()));
            command.args(["--bind-address=127.0.0.1", "--skip-name-resolve"]);
            command.args(["--innodb-flush-log-at-trx-commit=2", "--skip-log-bin"]);
            command.arg(format!("--port={port}"));
            command
        }
        _ => {
            let python = std::env::var("USERMGMT_TEST_PYTHON")
                .expect("USERMGMT_TEST_PYTHON names the Python that has a MongoDB server");
            let mut command = Command::new(Path::new(&python).with_file_name("secantusd-py"));
            command.args(["--host", "127.0.0.1", "--port", &port.to_string()]);
            command.arg("--sync-on-commit").arg("--storage-path").arg(data.join("db"));
            command
        }
    };
    let log = std::fs::File::options().create(true).append(true).open(file("log")).unwrap();
    command
        .current_dir(data)
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn()
        .unwrap()
}

/// The processes that this one started, as the system has them.
fn children_of(pid: u32) -> Vec<u32> {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let processes = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    processes.filter(|&process| parent_of(process) == Some(pid)).collect()
}

/// proc(5): the fourth word of `stat`, of which the second one, in brackets, is
/// the program's name and may hold anything.
fn parent_of(process: u32) -> Option<u32> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let (_, after_name) = stat.rsplit_once(')')?;
    after_name.split_whitespace().nth(1)?.parse().ok()
}

/// Whether a client is served.
async fn answers(kind: Kind, url: &str) -> bool {
    use sqlx::Connection as _;
    match kind {
        Kind::Postgres => sqlx::PgConnection::connect(url).await.is_ok(),
        Kind::MySql => sqlx::MySqlConnection::connect(url).await.is_ok(),
        _ => {
            let client = mongodb::Client::with_uri_str(url).await.unwrap();
            let ping = mongodb::bson::doc! { "ping": 1 };
            client.database("admin").run_command(ping).await.is_ok()
        }
    }
}
