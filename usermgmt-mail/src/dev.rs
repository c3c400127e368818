//! The development mailbox: mails as files in a folder, to be read in the
//! browser or by a test.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use mailparse::{MailHeaderMap as _, MailParseError, ParsedMail};
use tempfile::NamedTempFile;
use usermgmt_core::clock::Timestamp;
use usermgmt_core::mail::{MailError, Mailer, Message};
use usermgmt_core::model::ids::MailId;

use crate::compose::{Composer, Transfer};

/// Writes each mail to `<folder>/<mail id>.eml` instead of sending it. For
/// development only: whoever reads the folder reads every link and code.
///
/// A file appears whole or not at all, and is on disk when
/// [`send`](Mailer::send) returns. A repeated mail replaces its file. Ids sort
/// by time, and so do the files.
#[derive(Clone, Debug)]
pub struct DevMailbox {
    folder: Arc<Path>,
    composer: Composer,
}

/// Why the mailbox could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DevMailboxError {
    /// The folder or a file in it.
    #[error("the development mailbox cannot be read: {0}")]
    Io(#[from] io::Error),
    /// A file that is no mail.
    #[error("not a mail: {0}")]
    Malformed(#[from] MailParseError),
}

/// A line of the mailbox's list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DevMailSummary {
    /// What [`DevMailbox::read`] takes.
    pub id: MailId,
    /// When it was queued, in whole seconds.
    pub date: Timestamp,
    /// To whom.
    pub to: String,
    /// Its subject.
    pub subject: String,
}

/// A mail as it was written.
#[derive(Clone, PartialEq, Eq)]
pub struct DevMail {
    /// Its head.
    pub summary: DevMailSummary,
    /// The text part, lines ending in `\n`.
    pub text: String,
    /// The HTML part. To be shown sandboxed.
    pub html: String,
}

impl DevMailbox {
    /// A mailbox in `folder`, which is made with the first mail.
    pub fn new(folder: impl Into<PathBuf>, composer: Composer) -> Self {
        Self { folder: folder.into().into(), composer }
    }

    /// Where the files are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The newest mails, newest first. Files that are no mails are left out.
    ///
    /// # Errors
    /// [`DevMailboxError::Io`] where the folder cannot be read.
    pub async fn list(&self, limit: usize) -> Result<Vec<DevMailSummary>, DevMailboxError> {
        self.blocking(move |folder| {
            let entries = match fs::read_dir(folder) {
                Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
                entries => entries?,
            };
            let mut ids = Vec::new();
            for entry in entries {
                let name = entry?.file_name();
                let id = name.to_str().and_then(|name| name.strip_suffix(".eml"));
                ids.extend(id.and_then(parse_id));
            }
            ids.sort_unstable_by(|a, b| b.cmp(a));
            let mails = ids.into_iter().filter_map(|id| load(folder, id).ok()?);
            Ok(mails.map(|mail| mail.summary).take(limit).collect())
        })
        .await
    }

    /// One mail; `None` where there is none of this id.
    ///
    /// # Errors
    /// [`DevMailboxError`] where the file cannot be read or is no mail.
    pub async fn read(&self, id: &str) -> Result<Option<DevMail>, DevMailboxError> {
        match parse_id(id) {
            Some(id) => self.blocking(move |folder| load(folder, id)).await,
            None => Ok(None),
        }
    }

    /// As it is put into its file.
    fn composed(&self, message: &Message) -> Result<String, MailError> {
        let mail = self.composer.compose_for(message, Transfer::EightBit)?.formatted();
        // Lines end as they do in any file here: tools that read line by line see no CR.
        Ok(String::from_utf8_lossy(&mail).replace("\r\n", "\n"))
    }

    async fn blocking<T: Send + 'static, E: From<io::Error> + Send + 'static>(
        &self,
        work: impl FnOnce(&Path) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E> {
        let folder = Arc::clone(&self.folder);
        tokio::task::spawn_blocking(move || work(&folder))
            .await
            .unwrap_or_else(|e| Err(io::Error::other(e).into()))
    }
}

#[async_trait]
impl Mailer for DevMailbox {
    async fn send(&self, message: &Message) -> Result<(), MailError> {
        let mail = self.composed(message)?;
        let name = file_name(&message.id);
        self.blocking(move |folder| write(folder, &name, mail.as_bytes()))
            .await
            .map_err(|e| MailError::Temporary(format!("the mail cannot be written: {e}")))
    }

    async fn rehearse(&self, message: &Message) {
        let Ok(mail) = self.composed(message) else { return };
        let _ = self.blocking(move |folder| written(folder, mail.as_bytes()).map(drop)).await;
    }
}

/// Ids are UUIDs in their one usual form: nothing else reaches the file system.
fn parse_id(text: &str) -> Option<MailId> {
    text.parse().ok().filter(|id: &MailId| id.as_str() == text)
}

fn file_name(id: &MailId) -> String {
    format!("{id}.eml")
}

/// A file that is on disk and has no name yet; it goes where it gets none.
fn written(folder: &Path, mail: &[u8]) -> io::Result<NamedTempFile> {
    fs::create_dir_all(folder)?;
    let mut file = tempfile::Builder::new().prefix(".").suffix(".tmp").tempfile_in(folder)?;
    file.write_all(mail)?;
    file.as_file().sync_all()?;
    Ok(file)
}

fn write(folder: &Path, name: &str, mail: &[u8]) -> io::Result<()> {
    written(folder, mail)?.persist(folder.join(name))?;
    // The new name, too, has to outlive a crash.
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    Ok(())
}

fn load(folder: &Path, id: MailId) -> Result<Option<DevMail>, DevMailboxError> {
    let bytes = match fs::read(folder.join(file_name(&id))) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        bytes => bytes?,
    };
    let mail = mailparse::parse_mail(&bytes)?;
    let header = |name| mail.headers.get_first_value(name).unwrap_or_default();
    let dated = mail.headers.get_first_value("Date");
    let date = mailparse::dateparse(&dated.ok_or(MailParseError::Generic("no Date"))?)?;
    let summary = DevMailSummary {
        id,
        date: Timestamp::from_millis(date.saturating_mul(1000)),
        to: header("To"),
        subject: header("Subject"),
    };
    Ok(Some(DevMail {
        summary,
        text: part(&mail, "text/plain")?.replace("\r\n", "\n"),
        html: part(&mail, "text/html")?,
    }))
}

fn part(mail: &ParsedMail<'_>, kind: &str) -> Result<String, DevMailboxError> {
    let found = mail.parts().find(|part| part.ctype.mimetype == kind);
    Ok(found.map_or_else(|| Ok(String::new()), ParsedMail::get_body)?)
}
