//! Where settings are read from, at the start and again while the server runs.

use std::net::SocketAddr;
use std::path::PathBuf;

use super::table::Setting;
use super::{Problems, Settings};
use crate::listener::TlsFiles;

/// The file and the flags; the environment is the process's.
#[derive(Clone, Debug)]
pub(crate) struct Sources {
    /// The file, where one is named.
    pub(crate) config: Option<PathBuf>,
    /// The settings given as flags.
    pub(crate) flags: Vec<(&'static Setting, String)>,
}

impl Sources {
    /// Reads and checks all settings.
    ///
    /// # Errors
    /// [`Problems`] lists everything that is wrong.
    pub(crate) fn read(&self) -> Result<Settings, Problems> {
        Settings::load(self.config.as_deref(), std::env::vars_os(), self.flags.iter().cloned())
    }

    /// Reads where the server listens, and by which certificate: enough to ask it
    /// how it is, also while a secret manager does not answer.
    ///
    /// # Errors
    /// [`Problems`] lists everything that is wrong.
    pub(crate) fn read_listener(&self) -> Result<(SocketAddr, Option<TlsFiles>), Problems> {
        let flags = self.flags.iter().cloned();
        Settings::load_listener(self.config.as_deref(), std::env::vars_os(), flags)
    }
}
