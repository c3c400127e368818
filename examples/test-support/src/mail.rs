//! The development mailbox's files, read back by a mail library.

use std::path::Path;

use mailparse::{MailHeaderMap as _, ParsedMail};

/// One mail.
#[derive(Clone, Debug)]
pub struct Mail {
    /// The address it went to.
    pub to: String,
    /// Its subject, decoded.
    pub subject: String,
    /// The text part, lines ending in `\n`.
    pub text: String,
    /// The HTML part.
    pub html: String,
    /// The whole file.
    pub raw: String,
}

impl Mail {
    /// The first link in the text part whose path begins like this, alone on its line.
    pub fn link(&self, path: &str) -> String {
        self.links()
            .find(|link| link.contains(path))
            .unwrap_or_else(|| panic!("no link to {path} in:\n{}", self.text))
    }

    /// Every link that stands alone on its line.
    pub fn links(&self) -> impl Iterator<Item = String> + '_ {
        self.text
            .lines()
            .map(str::trim)
            .filter(|line| line.starts_with("http://") || line.starts_with("https://"))
            .map(str::to_owned)
    }

    /// The path of a link, with its query: what to ask this server for.
    pub fn path(&self, path: &str) -> String {
        let link = self.link(path);
        let after_host = link.split_once("://").unwrap().1;
        after_host[after_host.find('/').unwrap()..].to_owned()
    }

    /// What stands behind a label such as `Confirmation code`.
    pub fn labelled(&self, label: &str) -> String {
        self.text
            .lines()
            .find_map(|line| line.trim().strip_prefix(label)?.strip_prefix(": "))
            .unwrap_or_else(|| panic!("no `{label}: …` in:\n{}", self.text))
            .to_owned()
    }
}

/// The mails in a folder, in the order of their files' names; none where there is no folder.
pub(crate) fn read_all(folder: &Path) -> Vec<Mail> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return vec![];
    };
    let mut paths: Vec<_> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "eml"))
        .collect();
    paths.sort();
    paths.iter().map(|path| parse(&std::fs::read(path).unwrap())).collect()
}

fn parse(raw: &[u8]) -> Mail {
    let mail = mailparse::parse_mail(raw).unwrap();
    let to = mailparse::addrparse_header(mail.headers.get_first_header("To").unwrap()).unwrap();
    Mail {
        to: to.extract_single_info().unwrap().addr,
        subject: mail.headers.get_first_value("Subject").unwrap(),
        text: part(&mail, "text/plain"),
        html: part(&mail, "text/html"),
        raw: String::from_utf8_lossy(raw).into_owned(),
    }
}

fn part(mail: &ParsedMail<'_>, kind: &str) -> String {
    mail.parts()
        .find(|part| part.ctype.mimetype == kind)
        .map(|part| part.get_body().unwrap().replace("\r\n", "\n"))
        .unwrap_or_default()
}
