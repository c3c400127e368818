//! Why a file cannot be read, and what to do about it.

use std::io::{Error, ErrorKind};
use std::path::Path;

/// Names the file, the reason and, where it is known, how to mend that, on one line.
pub(crate) fn cannot_read(path: &Path, error: &Error) -> String {
    let text = format!("cannot read {}: {error}", path.display());
    match mend(path, error.kind()) {
        Some(mend) => format!("{text}: {mend}"),
        None => text,
    }
}

fn mend(path: &Path, kind: ErrorKind) -> Option<String> {
    match kind {
        ErrorKind::NotFound => Some(match std::env::current_dir() {
            Ok(from) if path.is_relative() => {
                format!("make it, or mend the path, which begins at {}", from.display())
            }
            _ => "make it, or mend the path".to_owned(),
        }),
        ErrorKind::IsADirectory => Some("name a file in this folder".to_owned()),
        ErrorKind::PermissionDenied => Some(forbidden(path)),
        _ => None,
    }
}

/// Whose it is, and who may not read it.
#[cfg(unix)]
fn forbidden(path: &Path) -> String {
    use std::os::unix::fs::MetadataExt as _;
    let user = rustix::process::geteuid().as_raw();
    let told = |path: &Path| {
        let found = path.metadata().ok()?;
        Some(format!("of user {} with mode {:03o}", found.uid(), found.mode() & 0o7777))
    };
    if let Some(told) = told(path) {
        return format!(
            "the server runs as user {user}, and the file is {told}: `chown {user} {0}` and \
             `chmod 600 {0}`",
            path.display()
        );
    }
    // The innermost one that is seen is the one that may not be entered.
    let here = Path::new(".");
    let folders = path.ancestors().skip(1);
    let mut folders = folders.map(|dir| if dir.as_os_str().is_empty() { here } else { dir });
    match folders.find_map(|dir| Some((dir, told(dir)?))) {
        Some((dir, told)) => format!(
            "the server runs as user {user} and may not enter {}, a folder {told}: give it to \
             that user (chown), or let others enter it (chmod o+x)",
            dir.display()
        ),
        None => format!("the server runs as user {user}: give that user the file (chown)"),
    }
}

#[cfg(not(unix))]
fn forbidden(_: &Path) -> String {
    "let the server's user read it".to_owned()
}
