//! The file of the root secrets. With an embedded store the first start makes it.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use usermgmt_core::keys::KeyRing;
use usermgmt_core::rng::{SecureRng, random};
use zeroize::Zeroizing;

use crate::settings::{SecretSource, parse_secret_lines};
use crate::unreadable::cannot_read;

/// The root secrets from wherever the settings say. `store_file` is the file of
/// an embedded store.
///
/// # Errors
/// A text that says what is wrong and how to mend it.
pub(crate) fn load(
    source: &SecretSource,
    store_file: Option<&Path>,
    rng: &dyn SecureRng,
) -> Result<KeyRing, String> {
    match source {
        SecretSource::Given(ring) => Ok(ring.clone()),
        SecretSource::File(path) => read(path).map_err(|error| no_secret(path, &error)),
        SecretSource::MadeAt(path) => {
            // Looked at first: another process that starts now makes the secret
            // before the store.
            let store_exists = store_file.is_some_and(Path::exists);
            match read(path) {
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    if let Some(store) = store_file.filter(|_| store_exists) {
                        return Err(lost(path, store));
                    }
                    make(path, rng).map_err(|error| not_made(path, &error))?;
                    read(path).map_err(|error| no_use(path, &error))
                }
                other => other.map_err(|error| no_use(path, &error)),
            }
        }
    }
}

/// The root secrets that a start would have, where one that it would make stays in memory.
///
/// # Errors
/// A text that says what is wrong and how to mend it.
pub(crate) fn look(
    source: &SecretSource,
    store_file: Option<&Path>,
    rng: &dyn SecureRng,
) -> Result<KeyRing, String> {
    check(source, store_file)?;
    match source {
        SecretSource::MadeAt(path) if matches!(path.try_exists(), Ok(false)) => {
            KeyRing::single(random::<32>(rng).to_vec()).map_err(|error| error.to_string())
        }
        _ => read_again(source),
    }
}

/// The root secrets as they are now; nothing is made.
///
/// # Errors
/// A text that says what is wrong and how to mend it.
pub(crate) fn read_again(source: &SecretSource) -> Result<KeyRing, String> {
    match source {
        SecretSource::Given(ring) => Ok(ring.clone()),
        SecretSource::File(path) | SecretSource::MadeAt(path) => {
            read(path).map_err(|error| no_secret(path, &error))
        }
    }
}

/// Whether the secrets can be read where they are; nothing is made. `store_file`
/// is the file of an embedded store.
///
/// # Errors
/// A text that says what is wrong and how to mend it.
pub(crate) fn check(source: &SecretSource, store_file: Option<&Path>) -> Result<(), String> {
    match source {
        // One that cannot be looked for may be there.
        SecretSource::MadeAt(path) if matches!(path.try_exists(), Ok(false)) => match store_file {
            Some(store) if store.exists() => Err(lost(path, store)),
            _ => Ok(()),
        },
        source => read_again(source).map(drop),
    }
}

/// Makes a folder that only its owner may enter, with its parents.
///
/// # Errors
/// Those of the file system.
pub(crate) fn make_private_dir(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

fn lost(path: &Path, store: &Path) -> String {
    format!(
        "{} exists, but the secret it was used with does not: restore {} from your backup",
        store.display(),
        path.display()
    )
}

fn not_made(path: &Path, error: &io::Error) -> String {
    let mend = match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "make room",
        _ => "its folder must be writable, or secret_file lead elsewhere",
    };
    format!("cannot make {}: {error}: {mend}", path.display())
}

fn no_secret(path: &Path, error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => format!(
            "secret_file: {} does not exist (`openssl rand -base64 32` makes its content)",
            path.display()
        ),
        _ => no_use(path, error),
    }
}

fn no_use(path: &Path, error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::InvalidData => {
            format!("secret_file: cannot use the secret in {}: {error}", path.display())
        }
        _ => format!("secret_file: {}", cannot_read(path, error)),
    }
}

fn read(path: &Path) -> io::Result<KeyRing> {
    let text = Zeroizing::new(fs::read_to_string(path)?);
    warn_if_readable_by_others(path)?;
    parse_secret_lines(&text).map_err(|why| io::Error::new(ErrorKind::InvalidData, why))
}

#[cfg(unix)]
fn warn_if_readable_by_others(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = fs::metadata(path)?.permissions().mode();
    if mode & 0o077 != 0 {
        tracing::warn!(
            path = %path.display(),
            mode = format!("{:o}", mode & 0o777),
            "the file of the root secret is open to other users of this machine; make it 600"
        );
    }
    Ok(())
}

#[cfg(not(unix))]
fn warn_if_readable_by_others(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Makes the file unless it is there: whole or not at all, and only one process wins.
fn make(path: &Path, rng: &dyn SecureRng) -> io::Result<()> {
    let dir = match path.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => dir,
        _ => Path::new("."),
    };
    make_private_dir(dir)?;
    let aside = dir.join(format!(".secret.{}", URL_SAFE_NO_PAD.encode(random::<9>(rng))));
    let made = write_aside(&aside, rng).and_then(|()| {
        // A link, unlike a rename, never replaces what another process made.
        match fs::hard_link(&aside, path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
            other => other,
        }
    });
    let removed = fs::remove_file(&aside);
    made?;
    removed?;
    File::open(dir)?.sync_all()
}

fn write_aside(aside: &Path, rng: &dyn SecureRng) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(aside)?;
    let secret = Zeroizing::new(random::<32>(rng));
    let text = Zeroizing::new(STANDARD.encode(secret.as_slice()));
    writeln!(file, "{}", text.as_str())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use usermgmt_core::rng::OsRng;

    use super::*;

    fn folder() -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("data").join("secret");
        (dir, path)
    }

    #[test]
    fn the_first_start_makes_a_secret_and_the_next_reads_it() {
        let (_dir, path) = folder();
        load(&SecretSource::MadeAt(path.clone()), None, &OsRng).unwrap();
        let first = fs::read_to_string(&path).unwrap();
        load(&SecretSource::MadeAt(path.clone()), None, &OsRng).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), first);
        assert_eq!(STANDARD.decode(first.trim()).unwrap().len(), 32);
        let left = fs::read_dir(path.parent().unwrap()).unwrap().count();
        assert_eq!(left, 1, "nothing else is left in the folder");
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_may_read_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let (_dir, path) = folder();
        load(&SecretSource::MadeAt(path.clone()), None, &OsRng).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(path.parent().unwrap()), 0o700);
    }

    #[test]
    fn of_many_that_start_at_once_all_have_the_same() {
        let (_dir, path) = folder();
        let seen: Vec<String> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..32)
                .map(|_| {
                    scope.spawn(|| {
                        load(&SecretSource::MadeAt(path.clone()), None, &OsRng).unwrap();
                        fs::read_to_string(&path).unwrap()
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(seen.iter().all(|text| *text == seen[0]));
    }

    #[test]
    fn a_store_without_its_secret_is_not_given_a_new_one() {
        let (dir, path) = folder();
        let store = dir.path().join("usermgmt.db");
        fs::write(&store, "").unwrap();
        let error = load(&SecretSource::MadeAt(path.clone()), Some(&store), &OsRng).unwrap_err();
        assert!(error.contains("backup"), "{error}");
        assert!(!path.exists());
    }

    #[test]
    fn a_secret_that_cannot_be_made_says_what_to_do() {
        let (dir, path) = folder();
        fs::write(dir.path().join("data"), "a file in place of the folder").unwrap();
        let error = load(&SecretSource::MadeAt(path.clone()), None, &OsRng);
        let error = error.unwrap_err();
        assert!(error.contains("secret"), "{error}");
        let full = not_made(&path, &ErrorKind::StorageFull.into());
        assert!(full.ends_with(": make room"), "{full}");
        let closed = not_made(&path, &ErrorKind::PermissionDenied.into());
        assert!(closed.contains("its folder must be writable"), "{closed}");
    }

    #[test]
    fn a_file_that_is_only_named_is_never_made() {
        let (_dir, path) = folder();
        let error = load(&SecretSource::File(path.clone()), None, &OsRng).unwrap_err();
        assert!(error.contains("secret_file"), "{error}");
        assert!(!path.exists());
    }

    #[test]
    fn a_broken_file_is_an_error_that_does_not_repeat_it() {
        let (dir, _) = folder();
        let path = dir.path().join("secret");
        fs::write(&path, "not-a-secret!").unwrap();
        let error = load(&SecretSource::MadeAt(path), None, &OsRng).unwrap_err();
        assert!(!error.contains("not-a-secret"), "{error}");
    }
}
