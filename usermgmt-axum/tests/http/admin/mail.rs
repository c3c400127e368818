//! Dead letters.

use serde_json::{Value, json};
use usermgmt_core::mail::MailKind;
use usermgmt_core::model::identifier::Email;
use usermgmt_core::model::ids::MailId;
use usermgmt_core::model::mail::OutboxMail;
use usermgmt_core::rng::OsRng;
use usermgmt_core::store::{Change, Changes, Store as _};

use super::Admin;
use crate::harness::Session;

/// A mail to somebody that was given up; its id.
pub(crate) async fn given_up(admin: &Admin, to: &Session) -> String {
    given_up_since(admin, to, "550 no such mailbox").await
}

/// The same, and what the mail server said.
pub(crate) async fn given_up_since(admin: &Admin, to: &Session, error: &str) -> String {
    admin.app.advance(1);
    let now = admin.app.auth.now();
    let mail = OutboxMail {
        id: MailId::generate(now, &OsRng),
        kind: MailKind::PasswordChanged,
        user_id: Some(to.user_id.parse().unwrap()),
        recipient: Email::parse("ann@example.com").unwrap(),
        locale: None,
        tokens: Vec::new(),
        params: std::collections::BTreeMap::new(),
        created_at: now,
        next_attempt_at: now,
        attempts: 12,
        last_error: Some(error.to_owned()),
        dead_at: Some(now),
        lease: None,
        leased_until: None,
    };
    let id = mail.id.to_string();
    let list = vec![Change::InsertMail(Box::new(mail))];
    admin.app.store.apply(&Changes::new(list, now, &OsRng)).await.unwrap();
    id
}

#[tokio::test]
async fn mails_that_were_given_up_are_listed() {
    let admin = Admin::new().await;
    let (ann, _) = admin.user("ann").await;
    admin.get("/outbox").await.is(200, json!({"mails": [], "next": null, "previous": null}));
    let (first, second) = (given_up(&admin, &ann).await, given_up(&admin, &ann).await);
    let page = admin.get("/outbox?limit=1").await.has_status(200).json();
    let mail = &page["mails"][0];
    assert_eq!(mail["id"], json!(first));
    assert_eq!(mail["kind"], "password_changed");
    assert_eq!(mail["recipient"], "ann@example.com");
    assert_eq!(mail["tries"], 12);
    assert_eq!(mail["last_error"], "550 no such mailbox");
    assert_eq!(mail.as_object().unwrap().len(), 6);
    let next = page["next"].as_str().unwrap();
    let page = admin.get(&format!("/outbox?limit=1&cursor={next}")).await.json();
    assert_eq!(page["mails"][0]["id"], json!(second));
    assert_eq!(page["next"], Value::Null);
}

#[tokio::test]
async fn a_mail_is_tried_again_or_dropped_once() {
    let admin = Admin::new().await;
    let (ann, _) = admin.user("ann").await;
    let (first, second) = (given_up(&admin, &ann).await, given_up(&admin, &ann).await);
    let retry = format!("/outbox/{first}/retry");
    admin.send("POST", &retry).await.has_status(200);
    assert_eq!(admin.app.mails(MailKind::PasswordChanged, "ann@example.com").await, 1);
    admin.send("POST", &retry).await.has_error(404, "not_found");
    let drop = format!("/outbox/{second}");
    assert_eq!(admin.send("DELETE", &drop).await.has_status(204).text, "");
    admin.send("DELETE", &drop).await.has_error(404, "not_found");
    assert_eq!(admin.app.mails(MailKind::PasswordChanged, "ann@example.com").await, 1);
    assert_eq!(admin.get("/outbox").await.json()["mails"], json!([]));
    let retried = admin.audit("action=mail.retried").await;
    assert_eq!(retried[0]["user_id"], json!(ann.user_id));
}
