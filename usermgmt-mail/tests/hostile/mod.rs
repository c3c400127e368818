//! What somebody might type to get more than a word into a mail, and the mail
//! that has it in every place.

use mailparse::{MailHeaderMap as _, parse_mail};
use usermgmt_core::clock::Timestamp;
use usermgmt_core::model::identifier::Email;
use usermgmt_core::model::ids::MailId;
use usermgmt_core::rng::OsRng;
use usermgmt_core::secret::Redacted;
use usermgmt_mail::{MailKind, Message, sample_message};

pub(crate) const HOSTILE: [&str; 10] = [
    "eve\r\nBcc: victim@example.com",
    "eve\r\n\r\nhttps://evil.example/",
    "eve\r\n.\r\nMAIL FROM:<eve@evil.example>",
    "eve, victim@example.com",
    "Bcc: victim@example.com",
    "{{7*7}}",
    "{% include 'mail.txt' %}",
    "<a href=\"https://evil.example\">click</a>",
    "\"><script>alert(1)</script>",
    "https://evil.example/login",
];

/// No more than these travel.
const HEADERS: [&str; 10] = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "Auto-Submitted",
    "X-Auto-Response-Suppress",
    "X-Usermgmt-Mail-Id",
    "MIME-Version",
    "Content-Type",
];

/// A mail with everything in it that there can be.
pub(crate) fn full(kind: MailKind, locale: &str) -> Message {
    let mut message = sample_message(kind, locale);
    for (name, value) in [
        ("username", "ann"),
        ("device", "Firefox on Linux"),
        ("time", "2026-01-31T08:00:00.000Z"),
        ("ip", "192.0.2.7"),
        ("new_email", "ann@new.example.com"),
        ("old_email", "ann@example.com"),
    ] {
        message.params.insert(name.into(), value.into());
    }
    message.link = Some(Redacted::new("https://a.example/x?token=umt_abc-_".into()));
    message.not_me_link = Some(Redacted::new("https://a.example/not-me?token=umt_n".into()));
    message.code = Some(Redacted::new("12345678".into()));
    message.valid_minutes = Some(15);
    message
}

/// One with this as every name, device, address to show and product.
pub(crate) fn named(typed: &str) -> Message {
    let mut message = full(MailKind::NewDevice, "en");
    message.id = MailId::generate(Timestamp::from_millis(1_769_846_400_000), &OsRng);
    for value in message.params.values_mut() {
        *value = typed.to_owned();
    }
    message.product_name = format!("Exa\r\nmple {typed}");
    message
}

/// One whose links lead to a host of this name.
pub(crate) fn hosted(typed: &str) -> Message {
    let link = |path: &str| Some(Redacted::new(format!("https://{typed}/{path}")));
    let mut message = full(MailKind::Confirmation, "en");
    message.id = MailId::generate(Timestamp::from_millis(1_769_846_400_000), &OsRng);
    (message.link, message.not_me_link) = (link("confirm"), link("not-me"));
    message
}

/// One to an address that holds this: as local part, as domain, as both, beside another.
pub(crate) fn addressed(typed: &str) -> Vec<Message> {
    let addresses = [
        format!("{typed}@example.com"),
        format!("ann@{typed}"),
        typed.to_owned(),
        format!("ann@example.com{typed}"),
    ];
    let to = |address: &String| {
        let mut message = full(MailKind::Confirmation, "en");
        message.id = MailId::generate(Timestamp::from_millis(1_769_846_400_000), &OsRng);
        // As if it had slipped past the check of what was typed.
        message.recipient = Email::from_stored(address.clone(), address.clone());
        message
    };
    addresses.iter().map(to).collect()
}

/// The mail goes to that recipient alone, has the headers of every mail, two
/// parts, and its own links as the only ones.
pub(crate) fn assert_inert(source: &str, recipient: &str) {
    let mail = parse_mail(source.as_bytes()).unwrap();
    let names: Vec<String> = mail.headers.iter().map(|header| header.get_key()).collect();
    let ours: Vec<&String> = names.iter().filter(|name| HEADERS.contains(&name.as_str())).collect();
    assert_eq!(ours, HEADERS, "{source}");
    for name in ["Bcc", "Cc", "Reply-To", "List-Unsubscribe"] {
        assert!(mail.headers.get_first_value(name).is_none(), "{source}");
    }
    assert_eq!(mail.headers.get_all_values("To"), [recipient], "{source}");
    assert_eq!(mail.subparts.len(), 2, "{source}");
    let [text, html] = [0, 1].map(|part| mail.subparts[part].get_body().unwrap());
    assert!(!text.contains("49") && !html.contains("49"), "{text}");
    assert!(!text.lines().any(|line| line.starts_with("Bcc")), "{text}");
    let html = html.to_lowercase();
    assert!(!html.contains("<script"), "{html}");
    for ours in ["<a ", "href=\"", "href=\"https:&#x2f;&#x2f;"] {
        assert_eq!(html.matches(ours).count(), 3, "{ours}: {html}");
    }
}
