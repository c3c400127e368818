//! From settings to a working [`Auth`].

use std::net::SocketAddr;
use std::sync::Arc;

use usermgmt_core::auth::{Auth, BuildError};
use usermgmt_core::rng::OsRng;
use usermgmt_core::store::Store;
use usermgmt_mail::{Composer, ConsoleMailer, DevMailbox, Mailer, Templates};
use usermgmt_store_sql::{ConnectError, PoolOptions, SqlStore};

use crate::failure::Failure;
use crate::secret_file;
use crate::settings::{Settings, StoreKind, Transport};

/// Opens the store and puts the core over it.
pub(crate) async fn auth(settings: &Settings, bound: SocketAddr) -> Result<Auth, Failure> {
    secret_file::make_private_dir(&settings.data_dir).map_err(|error| {
        Failure::new(&format!("data_dir: {}", settings.data_dir.display()), &error)
    })?;
    let store_file = settings.database.file.as_deref();
    let keys = secret_file::load(&settings.secret, store_file, &OsRng).map_err(Failure::Setting)?;
    let store = open_store(settings).await?;
    let config = settings.core(bound);
    Auth::builder(store, keys, config).build().await.map_err(|error| match error {
        BuildError::Store(error) => Failure::new("the store", &error),
        setting => Failure::Setting(setting.to_string()),
    })
}

async fn open_store(settings: &Settings) -> Result<Arc<dyn Store>, Failure> {
    match settings.database.kind {
        #[cfg(feature = "sqlite")]
        StoreKind::Sqlite => {
            let url = settings.database.url.expose();
            let store =
                SqlStore::connect(url, PoolOptions::default()).await.map_err(connect_failure)?;
            Ok(Arc::new(store))
        }
    }
}

fn connect_failure(error: ConnectError) -> Failure {
    match error {
        ConnectError::UnknownScheme
        | ConnectError::MissingFeature { .. }
        | ConnectError::NoFile => Failure::Setting(format!("database_url: {error}")),
        error => Failure::new("database_url", &error),
    }
}

/// What carries mail away, and the mailbox to show where that is one.
pub(crate) fn mailer(
    settings: &Settings,
) -> Result<(Arc<dyn Mailer>, Option<DevMailbox>), Failure> {
    let templates = Templates::built_in().map_err(|error| Failure::new("mail", &error))?;
    let composer = Composer::new(&settings.mail.from, Arc::new(templates))
        .map_err(|error| Failure::Setting(format!("mail.from: {error}")))?;
    Ok(match settings.mail.transport {
        Transport::Dev => {
            let mailbox = DevMailbox::new(settings.data_dir.join("mail"), composer);
            (Arc::new(mailbox.clone()), Some(mailbox))
        }
        Transport::Console => (Arc::new(ConsoleMailer::new(composer)), None),
    })
}
