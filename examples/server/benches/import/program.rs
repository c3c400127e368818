//! The program's `import`, watched.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};

use serde_json::Value;
use usermgmt_test_support::Setup;

/// A running import. It is killed when dropped.
pub(crate) struct Import {
    child: Child,
    lines: Receiver<String>,
}

impl Import {
    /// Starts one; its report is written beside the file.
    pub(crate) fn start(setup: &Setup, from: &Path) -> Self {
        let mut child = command(setup, from).stderr(Stdio::piped()).spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (line, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for said in stderr.lines().map_while(Result::ok) {
                let _ = line.send(said);
            }
        });
        Self { child, lines }
    }

    /// What it says next; `None` once it has ended.
    pub(crate) fn next_line(&self) -> Option<String> {
        self.lines.recv().ok()
    }

    /// What of its memory is resident now. Known on Linux only.
    pub(crate) fn resident_mib(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.unwrap_or_default();
        let kib = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = kib.and_then(|kib| kib.trim().strip_suffix(" kB")?.parse::<f64>().ok());
        kib.map_or(f64::NAN, |kib| kib / 1024.0)
    }

    /// `kill -9`.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Import {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Imports, and returns the report.
pub(crate) fn import(setup: &Setup, from: &Path) -> Value {
    let status = command(setup, from).status().unwrap();
    assert!(status.success(), "{status}");
    report(from)
}

/// The report of the import that ended last.
pub(crate) fn report(from: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(from.with_extension("report")).unwrap()).unwrap()
}

fn command(setup: &Setup, from: &Path) -> Command {
    let mut command = setup.command();
    command
        .args(["import", "--format", "jsonl", "--from"])
        .arg(from)
        .arg("--report")
        .arg(from.with_extension("report"))
        .stdout(Stdio::null());
    command
}
