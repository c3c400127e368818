//! Which store keeps the accounts, by the scheme of its URL.

use std::path::{Path, PathBuf};

use toml::Value;
use usermgmt_core::secret::Redacted;

/// Where accounts are kept.
#[derive(Debug)]
pub(crate) struct Database {
    pub(crate) kind: StoreKind,
    /// May hold a password.
    pub(crate) url: Redacted<String>,
    /// The file that holds the data, where that is known.
    pub(crate) file: Option<PathBuf>,
}

/// The kinds of store this build knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StoreKind {
    #[cfg(feature = "sqlite")]
    Sqlite,
}

impl Database {
    /// The embedded default.
    pub(super) fn in_data_dir(data_dir: &Path) -> Self {
        let file = data_dir.join("usermgmt.db");
        // A path is percent-encoded in the URL, whose query begins at a question mark.
        let path = file.display().to_string();
        let path = path.replace('%', "%25").replace('?', "%3F");
        Self {
            kind: StoreKind::Sqlite,
            url: Redacted::new(format!("sqlite:{path}")),
            file: Some(file),
        }
    }

    /// Reads a URL; the error never repeats it.
    pub(super) fn parse(value: &Value) -> Result<Self, String> {
        let url = value.as_str().ok_or("expected a URL, in quotes")?;
        let (scheme, _) =
            url.split_once(':').ok_or("expected a URL, such as sqlite:./accounts.db")?;
        let kind = match scheme {
            #[cfg(feature = "sqlite")]
            "sqlite" => StoreKind::Sqlite,
            #[cfg(not(feature = "sqlite"))]
            "sqlite" => return Err(not_compiled_in("sqlite")),
            "postgres" | "postgresql" => return Err(not_compiled_in("postgres")),
            "mysql" | "mariadb" => return Err(not_compiled_in("mysql")),
            "mongodb" | "mongodb+srv" => return Err(not_compiled_in("mongo")),
            scheme => return Err(format!("`{scheme}:` is no kind of store that is known")),
        };
        Ok(Self { kind, url: Redacted::new(url.to_owned()), file: file(url) })
    }

    /// Whether only this process's machine can have it: then the first start
    /// may make the secret, since no replica can have made another.
    pub(crate) fn is_embedded(&self) -> bool {
        match self.kind {
            #[cfg(feature = "sqlite")]
            StoreKind::Sqlite => true,
        }
    }
}

/// The file that an SQLite URL names, where it is plain to see.
fn file(url: &str) -> Option<PathBuf> {
    let rest = url.strip_prefix("sqlite:")?;
    let path = rest.strip_prefix("//").unwrap_or(rest);
    let path = path.split('?').next().unwrap_or(path);
    (!path.contains('%')).then(|| PathBuf::from(path))
}

fn not_compiled_in(feature: &str) -> String {
    format!("this build has no such store: build it with --features {feature}")
}
