//! What stands between the server and a database on PostgreSQL.

use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Command, Stdio};

use sqlx::postgres::PgConnectOptions;
use tempfile::TempDir;
use usermgmt_test_support::{Database, Kind, eventually};

use crate::database_server::{free_port, program, unprivileged};

/// A process that passes connections on to a database of its own.
pub(crate) struct Front {
    /// The URL of the database by way of it.
    pub(crate) url: String,
    pub(crate) database: Database,
    process: Child,
    _dir: TempDir,
}

impl Front {
    /// HAProxy, as it is commonly set: it ends what says nothing, here for three seconds.
    pub(crate) async fn haproxy() -> Self {
        Self::start(|dir, port, server| {
            let file = dir.path().join("haproxy.cfg");
            let text = format!(
                "defaults
    mode tcp
    timeout connect 3s
    timeout client 3s
    timeout server 3s
listen postgres
    bind 127.0.0.1:{port}
    server postgres {}:{}
",
                server.get_host(),
                server.get_port()
            );
            fs::write(&file, text).unwrap();
            let mut command = Command::new(program("haproxy"));
            command.arg("-db").arg("-f").arg(file);
            command
        })
        .await
    }

    /// PgBouncer as it comes but for these lines of its section.
    pub(crate) async fn pgbouncer(lines: &str) -> Self {
        Self::start(|dir, port, server| {
            // It refuses to run as root, and reads these as whom it runs as.
            fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o711)).unwrap();
            let (file, users) = (dir.path().join("pgbouncer.ini"), dir.path().join("users"));
            let text = format!(
                "[databases]
* = host={} port={}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {}
{lines}
",
                server.get_host(),
                server.get_port(),
                users.display()
            );
            fs::write(&file, text).unwrap();
            fs::write(&users, format!("\"{}\" \"\"\n", server.get_username())).unwrap();
            let mut command = unprivileged(&program("pgbouncer"));
            command.arg("-q").arg(file);
            command
        })
        .await
    }

    async fn start(command: impl Fn(&TempDir, u16, &PgConnectOptions) -> Command) -> Self {
        let database = Database::of(Kind::Postgres).await.unwrap();
        let server: PgConnectOptions = database.url.parse().unwrap();
        let (dir, port) = (tempfile::tempdir().unwrap(), free_port());
        let log = dir.path().join("log");
        let written = fs::File::create(&log).unwrap();
        let process = command(&dir, port, &server)
            .stdin(Stdio::null())
            .stdout(written.try_clone().unwrap())
            .stderr(written)
            .spawn()
            .unwrap();
        let place = format!("{}:{}/", server.get_host(), server.get_port());
        let url = database.url.replace(&place, &format!("127.0.0.1:{port}/"));
        assert_ne!(url, database.url);
        let mut front = Self { url, database, process, _dir: dir };
        eventually("the process before the database to listen", || {
            let ended = front.process.try_wait().unwrap();
            assert!(ended.is_none(), "it ended:\n{}", fs::read_to_string(&log).unwrap());
            TcpStream::connect(("127.0.0.1", port)).ok()
        })
        .await;
        front
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
