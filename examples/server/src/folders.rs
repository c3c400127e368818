//! The folders and files that a server keeps itself, and whether it may use them.

use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::secret_file;
use crate::settings::Settings;

/// Makes a folder below the data directory, or that itself, and looks whether
/// this process may use it.
pub(crate) fn private_dir(path: &Path) -> Result<(), Failure> {
    secret_file::make_private_dir(path)
        .map_err(|error| unusable("make the folder", path, &error))?;
    usable_dir(path)
}

/// Whether this process may enter a folder.
pub(crate) fn usable_dir(path: &Path) -> Result<(), Failure> {
    // A name in it is only looked up where the folder may be entered.
    match path.join("secret").symlink_metadata() {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(unusable("enter", path, &error)),
        _ => Ok(()),
    }
}

/// Whether this process could make a folder that is not there; makes nothing.
pub(crate) fn makeable_dir(path: &Path) -> Result<(), Failure> {
    let there = path.ancestors().skip(1).find(|folder| folder.exists());
    writable_dir(there.unwrap_or(Path::new("")))
        .map_err(|error| unusable("make the folder", path, &error))
}

/// Whether this process may make files in a folder; makes none.
fn writable_dir(path: &Path) -> std::io::Result<()> {
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    if !path.metadata()?.is_dir() {
        return Err(ErrorKind::NotADirectory.into());
    }
    #[cfg(unix)]
    rustix::fs::access(path, rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK)?;
    Ok(())
}

/// The file beside an embedded store's that a server locks; `None` where the URL does not
/// say plainly where that is.
pub(crate) fn lock_file(settings: &Settings) -> Option<PathBuf> {
    Some(settings.database.file.as_ref()?.with_added_extension("lock"))
}

/// Whether a server could open that file; makes none.
pub(crate) fn usable_lock(path: &Path) -> Result<(), Failure> {
    let opened = match path.metadata() {
        Ok(file) if !file.is_file() => Err(std::io::Error::other("it is not a file")),
        Ok(_) => File::options().write(true).open(path).map(drop),
        Err(error) if error.kind() == ErrorKind::NotFound => match path.parent() {
            // A folder that is not there yet is looked at elsewhere.
            Some(folder) if folder.as_os_str().is_empty() || folder.exists() => {
                writable_dir(folder)
            }
            _ => Ok(()),
        },
        Err(error) => Err(error),
    };
    opened.map_err(|error| cannot_lock(path, &error))
}

/// Why it cannot be locked, and what to do.
pub(crate) fn cannot_lock(path: &Path, error: &std::io::Error) -> Failure {
    let text = format!("cannot lock {}: {error}", path.display());
    Failure::Other(match (error.kind(), path.parent()) {
        (ErrorKind::StorageFull, _) => format!("{text}: make room"),
        (ErrorKind::PermissionDenied, Some(folder)) if !path.exists() => {
            format!("{text}: give {} to the user that the server runs as (chown)", folder.display())
        }
        (ErrorKind::PermissionDenied, _) => {
            format!("{text}: give it to the user that the server runs as (chown)")
        }
        _ => format!("{text}: take away what is there; the next start makes the file"),
    })
}

fn unusable(what: &str, path: &Path, error: &std::io::Error) -> Failure {
    let text = format!("data_dir: cannot {what} {}: {error}", path.display());
    Failure::Other(match error.kind() {
        ErrorKind::PermissionDenied => format!(
            "{text}: give it to the user that the server runs as (chown), or set data_dir to a \
             folder of theirs"
        ),
        _ => format!("{text}: set data_dir to a folder that the server's user can use"),
    })
}

/// Whether there is a folder for a database's file that a start would make. It makes
/// the data folder, and no other.
pub(crate) fn check_folder(settings: &Settings) -> Result<(), Failure> {
    let Some(file) = settings.database.file.as_deref().filter(|file| !file.exists()) else {
        return Ok(());
    };
    let whole = |path: &Path| std::path::absolute(path).ok();
    let Some(file_at) = whole(file) else { return Ok(()) };
    let Some(folder) = file_at.parent() else { return Ok(()) };
    let is_made = whole(&settings.data_dir).is_some_and(|made| made.starts_with(folder));
    match folder.metadata() {
        Err(error) if error.kind() == ErrorKind::NotFound && is_made => Ok(()),
        Err(error) => Err(no_folder(file, folder, &error.to_string())),
        Ok(found) if !found.is_dir() => Err(no_folder(file, folder, "it is no folder")),
        Ok(_) => Ok(()),
    }
}

fn no_folder(file: &Path, folder: &Path, why: &str) -> Failure {
    Failure::Setting(format!(
        "database_url: cannot create {}: {}: {why}: make that folder for the server's user, or \
         set database_url to a file in another one",
        file.display(),
        folder.display()
    ))
}
