//! The server's own binary, in a folder of its own.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::common::{Connection, get, now};

/// The root secret of all of them, and as the setting has it.
pub(crate) const SECRET: [u8; 32] = *b"a secret for what is measured...";
const SECRET_SETTING: &str = "YSBzZWNyZXQgZm9yIHdoYXQgaXMgbWVhc3VyZWQuLi4";

/// Where a server is started.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        // Not in memory, where nothing would have to be synchronised.
        Self(tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap())
    }

    /// Where it keeps its database, made so that one can be put there before.
    pub(crate) fn data_dir(&self) -> PathBuf {
        let dir = self.0.path().join("usermgmt-data");
        std::fs::create_dir_all(&dir).unwrap();
        dir
    }
}

/// A running server. It is killed when dropped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    /// From its start to its first answer.
    pub(crate) answered_after: Duration,
    child: Child,
}

impl Server {
    /// Starts one and waits for its first answer.
    pub(crate) async fn start(folder: &Folder) -> Self {
        let began = now();
        let mut child = Command::new(env!("CARGO_BIN_EXE_usermgmt-server"))
            .current_dir(folder.0.path())
            .env_clear()
            .env("USERMGMT_LISTEN", "127.0.0.1:0")
            .env("USERMGMT_SECRET", SECRET_SETTING)
            // The crowd comes from many addresses, as a crowd does.
            .env("USERMGMT_TRUSTED_PROXIES", "127.0.0.1")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| line.strip_prefix("listening on http://").map(str::to_owned))
            .expect("the server says where it listens")
            .parse()
            .unwrap();
        // It must not be stopped by a pipe that nobody empties.
        std::thread::spawn(move || lines.for_each(drop));
        let mut connection = Connection::open(address).await.unwrap();
        let answer = connection.ask(&get("/health/live", "none")).await.unwrap();
        assert_eq!(answer.status, 200, "{answer:?}");
        Self { address, answered_after: began.elapsed(), child }
    }

    /// What of its memory is resident now. Known on Linux only.
    pub(crate) fn resident_mib(&self) -> f64 {
        self.status("VmRSS:")
    }

    /// What of its memory was resident at most.
    pub(crate) fn peak_mib(&self) -> f64 {
        self.status("VmHWM:")
    }

    fn status(&self, name: &str) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.unwrap_or_default();
        let kib = status.lines().find_map(|line| line.strip_prefix(name));
        let kib = kib.and_then(|kib| kib.trim().strip_suffix(" kB")?.parse::<f64>().ok());
        kib.map_or(f64::NAN, |kib| kib / 1024.0)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
