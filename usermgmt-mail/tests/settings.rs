//! Settings that cannot work are refused by name, and never quote a password.

#![expect(clippy::unwrap_used, reason = "a test's helpers, too, fail by panicking")]

use std::sync::Arc;

use usermgmt_mail::{
    MailKind, MailSettings, Message, Render, Rendered, SettingError, TemplateError, sample_message,
};

fn settings(url: &str) -> MailSettings {
    MailSettings::new(url, "Example <no-reply@example.com>")
}

async fn refused(settings: MailSettings) -> SettingError {
    let error = settings.build().await.unwrap_err();
    assert!(!error.to_string().contains("hunter2"), "{error}");
    assert!(!format!("{settings:?}").contains("hunter2"));
    error
}

#[tokio::test]
async fn the_development_mailers_say_so() {
    for (url, has_mailbox) in [("dev:", true), ("console:", false)] {
        let outgoing = settings(url).build().await.unwrap();
        assert!(outgoing.development);
        assert_eq!(outgoing.dev_mailbox.is_some(), has_mailbox);
    }
}

#[tokio::test]
async fn dev_puts_its_files_where_it_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = settings("dev:");
    settings.dev_folder = folder.path().join("mail");
    let outgoing = settings.build().await.unwrap();
    let message = sample_message(MailKind::PasswordReset, "en");
    outgoing.mailer.send(&message).await.unwrap();
    let mailbox = outgoing.dev_mailbox.unwrap();
    assert_eq!(mailbox.list(10).await.unwrap().len(), 1);
    assert!(folder.path().join("mail").is_dir());
}

/// An embedder's own way to write mails.
#[derive(Debug)]
struct Telegram;

impl Render for Telegram {
    fn render(&self, message: &Message) -> Result<Rendered, TemplateError> {
        let text = format!("{} STOP", message.kind.as_str());
        Ok(Rendered { subject: "Telegram".into(), html: format!("<p>{text}</p>"), text })
    }
}

#[tokio::test]
async fn an_embedder_can_write_mails_in_another_way() {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = settings("dev:");
    settings.dev_folder = folder.path().join("mail");
    let outgoing = settings.build_with(Arc::new(Telegram)).await.unwrap();
    let message = sample_message(MailKind::PasswordReset, "de");
    outgoing.mailer.send(&message).await.unwrap();
    let mail = outgoing.dev_mailbox.unwrap().read(message.id.as_str()).await.unwrap().unwrap();
    assert_eq!(mail.summary.subject, "Telegram");
    assert_eq!(mail.text.trim_end(), "password_reset STOP");
    assert_eq!(mail.html.trim_end(), "<p>password_reset STOP</p>");
}

#[tokio::test]
async fn console_prints_without_failing() {
    let outgoing = settings("console:").build().await.unwrap();
    let message = sample_message(MailKind::Confirmation, "en");
    outgoing.mailer.send(&message).await.unwrap();
}

#[tokio::test]
async fn a_url_that_is_none_of_ours_is_refused() {
    for url in ["", "mail.example.com", "http://user:hunter2@x", "dev:/tmp", "console:x"] {
        assert_eq!(refused(settings(url)).await.setting, "mail.url", "{url}");
    }
}

#[tokio::test]
async fn a_sender_that_is_no_mailbox_is_refused() {
    let mut settings = settings("dev:");
    settings.from = "nobody".into();
    assert_eq!(refused(settings).await.setting, "mail.from");
}

#[tokio::test]
async fn a_name_that_has_to_be_quoted_is_told_so() {
    for (from, quoted) in [
        ("Shop, Inc. <a@b.example>", true),
        ("Shop: Ltd <a@b.example>", true),
        ("Shop (UK) <a@b.example", false),
        ("nobody", false),
        ("a@b.example, c@d.example", false),
        ("\"Shop <a@b.example>", false),
    ] {
        let mut settings = settings("dev:");
        settings.from = from.into();
        let error = refused(settings).await;
        assert_eq!(error.reason.contains("quote the name"), quoted, "{from}: {error}");
    }
    let mut settings = settings("dev:");
    settings.from = "\"Shop, Inc.\" <a@b.example>".into();
    assert!(settings.build().await.is_ok());
}

#[tokio::test]
async fn templates_with_a_mistake_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("mail.txt"), "{% if %}").unwrap();
    let mut settings = settings("dev:");
    settings.templates = Some(folder.path().to_owned());
    assert_eq!(refused(settings).await.setting, "mail.templates");
}

#[tokio::test]
async fn a_trust_root_where_there_is_no_tls_is_refused() {
    for url in ["dev:", "ses://eu-west-1"] {
        let mut settings = settings(url);
        settings.ca_file = Some("ca.pem".into());
        assert_eq!(refused(settings).await.setting, "mail.ca_file", "{url}");
    }
}

#[cfg(not(feature = "smtp"))]
#[tokio::test]
async fn smtp_without_its_feature_names_the_feature() {
    let error = refused(settings("smtp://user:hunter2@mail.example.com")).await;
    assert!(error.reason.contains("feature smtp"), "{error}");
}

#[cfg(not(feature = "ses"))]
#[tokio::test]
async fn ses_without_its_feature_names_the_feature() {
    let error = refused(settings("ses://AKIA1:hunter2@eu-west-1")).await;
    assert!(error.reason.contains("feature ses"), "{error}");
}

#[cfg(feature = "smtp")]
#[tokio::test]
async fn smtp_settings_that_cannot_work_are_refused() {
    for url in [
        "smtp://",
        "smtp://user:hunter2@",
        "smtp://user:hunter2/2@mail.example.com",
        "smtp://user:hunter2@mail.example.com?tls=none",
        "smtp://user:hunter2@mail.example.com?tls=maybe",
        "smtp://user:hunter2@mail.example.com:99999",
    ] {
        assert_eq!(refused(settings(url)).await.setting, "mail.url", "{url}");
    }
    let folder = tempfile::tempdir().unwrap();
    let garbage = folder.path().join("ca.pem");
    std::fs::write(&garbage, "-----BEGIN CERTIFICATE-----\nhello\n").unwrap();
    let empty = folder.path().join("empty.pem");
    std::fs::write(&empty, "").unwrap();
    for file in [folder.path().join("none.pem"), garbage, empty] {
        let mut settings = settings("smtps://user:hunter2@mail.example.com");
        settings.ca_file = Some(file);
        assert_eq!(refused(settings).await.setting, "mail.ca_file");
    }
    let mut settings = settings("smtp://localhost?tls=none");
    settings.ca_file = Some(folder.path().join("none.pem"));
    assert_eq!(refused(settings).await.setting, "mail.ca_file");
}

#[cfg(feature = "smtp")]
#[tokio::test]
async fn an_smtp_mailer_prints_no_password() {
    let outgoing = settings("smtp://user:hunter2@mail.example.com").build().await;
    let outgoing = outgoing.unwrap();
    assert!(!outgoing.development && outgoing.dev_mailbox.is_none());
    assert!(!format!("{outgoing:?}").contains("hunter2"));
}

#[cfg(feature = "ses")]
#[tokio::test]
async fn ses_settings_that_cannot_work_are_refused() {
    for url in [
        "ses://",
        "ses://AKIA1:hunter2/2@eu-west-1",
        "ses://AKIA1:hunter2@eu-west-1?endpoint=http://mail.example.com",
    ] {
        assert_eq!(refused(settings(url)).await.setting, "mail.url", "{url}");
    }
}

#[cfg(feature = "ses")]
#[tokio::test]
async fn an_ses_mailer_prints_no_secret() {
    let outgoing = settings("ses://AKIA1:hunter2@eu-west-1").build().await;
    assert!(!format!("{:?}", outgoing.unwrap()).contains("hunter2"));
}
