//! The development mailbox, as a developer and their tests use it.
#![expect(clippy::unwrap_used, reason = "a test's helpers, too, fail by panicking")]

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use usermgmt_core::clock::Timestamp;
use usermgmt_core::model::ids::MailId;
use usermgmt_core::rng::OsRng;
use usermgmt_mail::{
    Composer, DevMailbox, MailKind, Mailer as _, Message, Render as _, Templates, sample_message,
};

fn mailbox(folder: &std::path::Path) -> DevMailbox {
    let templates = Templates::built_in().unwrap();
    DevMailbox::new(
        folder.join("mail"),
        Composer::new("no-reply@localhost", Arc::new(templates)).unwrap(),
    )
}

fn mail_at(seconds: i64, kind: MailKind) -> Message {
    let mut message = sample_message(kind, "en");
    message.created_at = Timestamp::from_millis(seconds * 1000);
    message.id = MailId::generate(message.created_at, &OsRng);
    message
}

#[tokio::test]
async fn what_was_sent_can_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let mailbox = mailbox(folder.path());
    for kind in MailKind::ALL {
        for language in ["en", "pl", "de"] {
            let mut message = mail_at(1_769_846_400, kind);
            message.locale = Some(language.into());
            mailbox.send(&message).await.unwrap();
            let read = mailbox.read(message.id.as_str()).await.unwrap().unwrap();
            let written = Templates::built_in().unwrap().render(&message).unwrap();
            assert_eq!(read.text, written.text);
            assert_eq!(read.html.replace("\r\n", "\n"), written.html);
            assert_eq!(read.summary.subject, written.subject);
            assert_eq!(read.summary.to, "ann@example.com");
            assert_eq!(read.summary.date, message.created_at);
        }
    }
}

#[tokio::test]
async fn the_newest_mail_is_listed_first() {
    let folder = tempfile::tempdir().unwrap();
    let mailbox = mailbox(folder.path());
    assert_eq!(mailbox.list(10).await.unwrap(), []);
    let mut ids = Vec::new();
    for second in [3, 1, 2] {
        let message = mail_at(1_000_000_000 + second, MailKind::PasswordReset);
        mailbox.send(&message).await.unwrap();
        ids.push((second, message.id));
    }
    ids.sort();
    let all: Vec<_> = mailbox.list(10).await.unwrap();
    let newest_first: Vec<_> = all.iter().map(|mail| mail.id.clone()).collect();
    assert_eq!(newest_first, ids.into_iter().rev().map(|(_, id)| id).collect::<Vec<_>>());
    assert_eq!(mailbox.list(1).await.unwrap(), all[..1]);
}

#[tokio::test]
async fn a_repeated_mail_is_one_file() {
    let folder = tempfile::tempdir().unwrap();
    let mailbox = mailbox(folder.path());
    let message = mail_at(1_000_000_000, MailKind::NewDevice);
    mailbox.send(&message).await.unwrap();
    mailbox.send(&message).await.unwrap();
    let files: Vec<_> = fs::read_dir(mailbox.folder()).unwrap().collect();
    assert_eq!(files.len(), 1);
    assert!(mailbox.folder().join(format!("{}.eml", message.id)).exists());
}

#[tokio::test]
async fn only_ids_of_mails_are_looked_for() {
    let folder = tempfile::tempdir().unwrap();
    let mailbox = mailbox(folder.path());
    let message = mail_at(1_000_000_000, MailKind::NewDevice);
    mailbox.send(&message).await.unwrap();
    let id = message.id.as_str();
    fs::copy(mailbox.folder().join(format!("{id}.eml")), folder.path().join("secret.eml")).unwrap();
    for name in [
        "../secret",
        "..%2fsecret",
        "",
        ".",
        "/etc/passwd",
        &format!("../mail/{id}"),
        &format!("{{{id}}}"),
        &id.to_uppercase(),
        &id.replace('-', ""),
    ] {
        assert!(mailbox.read(name).await.unwrap().is_none(), "{name}");
    }
    assert!(mailbox.read(id).await.unwrap().is_some());
}

#[tokio::test]
async fn what_is_no_mail_is_left_out_of_the_list() {
    let folder = tempfile::tempdir().unwrap();
    let mailbox = mailbox(folder.path());
    fs::create_dir_all(mailbox.folder()).unwrap();
    let id = mail_at(1_000_000_000, MailKind::NewDevice).id;
    for name in ["notes.txt", ".x.tmp", "x.eml", &format!("{id}.eml")] {
        fs::write(mailbox.folder().join(name), "not a mail").unwrap();
    }
    assert_eq!(mailbox.list(10).await.unwrap(), []);
    assert!(mailbox.read(id.as_str()).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_there_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let mailbox = mailbox(folder.path());
    let done = Arc::new(AtomicBool::new(false));
    let watcher = tokio::task::spawn_blocking({
        let (done, folder) = (Arc::clone(&done), mailbox.folder().to_owned());
        move || {
            let mut seen = 0;
            while !done.load(Ordering::Acquire) {
                for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
                    let name = entry.file_name().into_string().unwrap();
                    if name.ends_with(".eml") {
                        let mail = fs::read_to_string(entry.path()).unwrap();
                        assert!(mail.trim_end().ends_with("--"), "{name} is partial");
                        seen += 1;
                    } else {
                        assert!(name.starts_with('.') && name.ends_with(".tmp"), "{name}");
                    }
                }
            }
            seen
        }
    });
    let same = mail_at(1_000_000_000, MailKind::Confirmation);
    for second in 0..100 {
        let other = mail_at(1_000_000_000 + second, MailKind::Confirmation);
        let (a, b, c) =
            tokio::join!(mailbox.send(&same), mailbox.send(&same), mailbox.send(&other));
        a.and(b).and(c).unwrap();
    }
    done.store(true, Ordering::Release);
    assert!(watcher.await.unwrap() > 0);
    let left = fs::read_dir(mailbox.folder()).unwrap().flatten();
    assert!(left.into_iter().all(|f| !f.file_name().to_string_lossy().ends_with(".tmp")));
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_can_read_the_files() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let mailbox = mailbox(folder.path());
    let message = mail_at(1_000_000_000, MailKind::PasswordReset);
    mailbox.send(&message).await.unwrap();
    let file = mailbox.folder().join(format!("{}.eml", message.id));
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
}
