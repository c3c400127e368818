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

/// The kinds of store there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StoreKind {
    Sqlite,
    SqlServer,
    Mongo,
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
        let (kind, feature, built_in) = match scheme {
            "sqlite" => (StoreKind::Sqlite, "sqlite", cfg!(feature = "sqlite")),
            "postgres" | "postgresql" => {
                (StoreKind::SqlServer, "postgres", cfg!(feature = "postgres"))
            }
            "mysql" | "mariadb" => (StoreKind::SqlServer, "mysql", cfg!(feature = "mysql")),
            "mongodb" | "mongodb+srv" => (StoreKind::Mongo, "mongo", cfg!(feature = "mongo")),
            scheme => return Err(format!("`{scheme}:` is no kind of store that is known")),
        };
        if !built_in {
            return Err(format!(
                "this program was built without that store: build it with --features {feature}"
            ));
        }
        Ok(Self { kind, url: Redacted::new(url.to_owned()), file: file(url) })
    }

    /// Whether only this process's machine can have it: then the first start
    /// may make the secret, since no replica can have made another.
    pub(crate) fn is_embedded(&self) -> bool {
        self.kind == StoreKind::Sqlite
    }
}

/// The file that an SQLite URL names, where it is plain to see.
fn file(url: &str) -> Option<PathBuf> {
    let rest = url.strip_prefix("sqlite:")?;
    let path = rest.strip_prefix("//").unwrap_or(rest);
    let path = path.split('?').next().unwrap_or(path);
    (!path.contains('%')).then(|| PathBuf::from(path))
}
