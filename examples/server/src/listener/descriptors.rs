//! How many connections the operating system lets this process have.

/// What else needs descriptors: the log, files, mail, name look-ups.
const OTHERS: u64 = 48;
/// Fewer make no server.
const LEAST: u64 = 8;

/// The number asked for, or what the limit on open files leaves; the soft limit
/// is raised to the hard one first. `store`: how many connections the store has.
pub(crate) fn most_connections(wanted: usize, store: usize) -> usize {
    let Some(files) = open_files() else { return wanted };
    let room = files.saturating_sub(OTHERS + store as u64).max(LEAST);
    let room = usize::try_from(room).unwrap_or(usize::MAX);
    if room < wanted {
        tracing::warn!(
            files,
            connections = room,
            "http.max_connections is {wanted}, but the limit on open files leaves room for fewer: \
             raise it (ulimit -n, LimitNOFILE=)"
        );
    }
    wanted.min(room)
}

#[cfg(unix)]
fn open_files() -> Option<u64> {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current.is_some() && limit.current != limit.maximum {
        let raised = rustix::process::Rlimit { current: limit.maximum, maximum: limit.maximum };
        if setrlimit(Resource::Nofile, raised).is_ok() {
            limit = getrlimit(Resource::Nofile);
        }
    }
    limit.current
}

#[cfg(not(unix))]
fn open_files() -> Option<u64> {
    None
}
