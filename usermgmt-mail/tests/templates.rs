//! What the mails say, and that nothing a user typed changes more than a word.
#![expect(clippy::unwrap_used, reason = "a test's helpers, too, fail by panicking")]

mod hostile;

use std::sync::{Arc, LazyLock};

use hostile::{HOSTILE, addressed, assert_inert, full, hosted, named};

use lettre::message::Mailbox;
use mailparse::{MailHeaderMap as _, ParsedMail, parse_mail};
use usermgmt_core::model::identifier::Email;
use usermgmt_mail::{
    Composer, MailError, MailKind, Message, Render, Rendered, Templates, export_templates,
    sample_message, write_preview,
};

fn templates() -> &'static Templates {
    static TEMPLATES: LazyLock<Templates> = LazyLock::new(|| Templates::built_in().unwrap());
    &TEMPLATES
}

fn composer() -> Composer {
    Composer::new("Example <no-reply@bücher.example>", Arc::new(Templates::built_in().unwrap()))
        .unwrap()
}

/// With nothing that may be missing.
fn bare(kind: MailKind, locale: &str) -> Message {
    let mut message = sample_message(kind, locale);
    message.params.clear();
    message.link = None;
    message.not_me_link = None;
    message.code = None;
    message.valid_minutes = None;
    message
}

fn every_mail(with: impl Fn(MailKind, &str) -> Message) -> Vec<(Message, Rendered)> {
    let templates = templates();
    let mut mails = Vec::new();
    for language in templates.languages() {
        for kind in MailKind::ALL {
            let message = with(kind, language);
            let rendered = templates.render(&message).unwrap();
            mails.push((message, rendered));
        }
    }
    mails
}

fn has_line(text: &str, line: &str) -> bool {
    text.lines().any(|l| l == line)
}

fn part(mail: &ParsedMail<'_>, kind: &str) -> String {
    let part = mail.parts().find(|p| p.ctype.mimetype == kind).unwrap();
    part.get_body().unwrap().replace("\r\n", "\n")
}

#[test]
fn every_mail_has_all_its_parts_whatever_is_missing() {
    for with in [full, bare, sample_message] {
        for (message, mail) in every_mail(with) {
            let what = format!("{:?} {:?}\n{}", message.kind, message.locale, mail.text);
            assert!(mail.subject.contains("Example"), "{what}");
            assert!(!mail.subject.contains('\n'), "{what}");
            assert!(mail.text.len() > 100, "{what}");
            assert!(!mail.text.contains("\n\n\n"), "{what}");
            assert!(mail.text.ends_with('\n') && !mail.text.contains("  "), "{what}");
            assert!(mail.html.contains("<!doctype html>"), "{what}");
            assert!(mail.html.contains("</html>"), "{what}");
            for leftover in ["{{", "{%", "undefined"] {
                assert!(!mail.text.contains(leftover), "{leftover} in {what}");
            }
            let greeting = mail.text.lines().next().unwrap();
            assert!(mail.html.contains(greeting), "{what}");
        }
    }
}

#[test]
fn links_and_codes_stand_alone_on_their_lines() {
    for (message, mail) in every_mail(full) {
        let what = format!("{:?} {:?}\n{}", message.kind, message.locale, mail.text);
        for link in [&message.link, &message.not_me_link] {
            let link = link.as_ref().unwrap().expose();
            assert!(has_line(&mail.text, link), "{what}");
            let escaped = link.replace('/', "&#x2f;");
            assert!(mail.html.contains(&format!("href=\"{escaped}\"")), "{what}");
        }
        assert!(mail.text.lines().any(|l| l.ends_with(": 12345678")), "{what}");
        assert!(mail.html.contains("12345678"), "{what}");
    }
}

#[test]
fn english_names_the_codes_as_the_contract_does() {
    let text = |kind| templates().render(&full(kind, "en")).unwrap().text;
    assert!(has_line(&text(MailKind::Confirmation), "Confirmation code: 12345678"));
    assert!(has_line(&text(MailKind::Activation), "Activation code: 12345678"));
}

#[test]
fn whoever_keeps_a_passkey_is_not_told_that_the_password_is_enough() {
    for (language, enough, passkey) in [
        ("en", "the password alone is enough", "a passkey is the second step"),
        ("de", "genügt das Passwort", "ist ein Passkey der zweite Schritt"),
        ("pl", "wystarczy samo hasło", "drugim etapem jest klucz dostępu"),
    ] {
        let mut message = sample_message(MailKind::MfaDisabled, language);
        for left in [true, false] {
            if !left {
                message.params.remove("second_factor");
            }
            let text = templates().render(&message).unwrap().text.replace('\n', " ");
            assert_eq!((text.contains(passkey), text.contains(enough)), (left, !left), "{text}");
        }
    }
}

#[test]
fn an_administrators_change_of_address_names_the_addresses_that_there_are() {
    let told = |language: &str, without: Option<&str>| {
        let mut message = sample_message(MailKind::AddressChanged, language);
        if let Some(name) = without {
            message.params.remove(name).unwrap();
        }
        templates().render(&message).unwrap().text.replace('\n', " ")
    };
    for (language, both, old, new) in [
        (
            "en",
            "at Example from ann@example.com to ann@new.example.com. If",
            "at Example from ann@example.com. If",
            "at Example to ann@new.example.com. If",
        ),
        (
            "de",
            "bei Example von ann@example.com auf ann@new.example.com geändert.",
            "bei Example von ann@example.com geändert.",
            "bei Example auf ann@new.example.com geändert.",
        ),
        (
            "pl",
            "w Example z ann@example.com na ann@new.example.com. Jeśli",
            "w Example z ann@example.com. Jeśli",
            "w Example na ann@new.example.com. Jeśli",
        ),
    ] {
        for (without, said) in [(None, both), (Some("new_email"), old), (Some("old_email"), new)] {
            let text = told(language, without).replace("  ", " ");
            assert!(text.contains(said), "{said:?} is not in {text}");
        }
    }
}

/// A line end behind a tag is none in the mail.
#[test]
fn no_sentence_goes_on_behind_a_tag_that_ends_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let into = folder.path().join("templates");
    export_templates(&into).unwrap();
    for language in templates().languages() {
        let texts = std::fs::read_to_string(into.join(format!("{language}.toml"))).unwrap();
        let lines: Vec<&str> = texts.lines().collect();
        for (line, next) in lines.iter().zip(&lines[1..]) {
            let is_alone = line.matches("{%").count() == 1 && line.starts_with("{%");
            let ends = next.is_empty() || next.starts_with("\"\"\"") || next.starts_with("{%");
            assert!(!line.ends_with("%}") || is_alone || ends, "{language}: {line}\n{next}");
        }
    }
}

#[test]
fn every_kind_is_documented() {
    let guide = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/mail.md");
    let guide = std::fs::read_to_string(guide).unwrap();
    let kinds = guide.lines().find(|line| line.starts_with("The kinds: ")).unwrap();
    for kind in MailKind::ALL {
        assert!(kinds.contains(&format!("`{}`", kind.as_str())), "{kind:?} is not in {kinds}");
    }
}

#[test]
fn every_language_says_how_long_a_link_is_good() {
    for (minutes, en) in [
        (1, "1 minute."),
        (15, "15 minutes."),
        (60, "1 hour."),
        (90, "90 minutes."),
        (150, "2 hours."),
        (1439, "23 hours."),
        (1440, "24 hours."),
        (10_079, "6 days."),
        (10_080, "7 days."),
    ] {
        for language in templates().languages() {
            let mut message = full(MailKind::PasswordReset, language);
            message.valid_minutes = Some(minutes);
            let text = templates().render(&message).unwrap().text;
            let number = en.split(' ').next().unwrap();
            assert!(text.contains(&format!(" {number} ")), "{text}");
            assert_eq!(text.contains(en), language == "en", "{text}");
            assert!(!text.contains("  "), "{text}");
        }
    }
}

#[test]
fn the_locale_chooses_the_language() {
    for (locale, subject) in [
        ("en-GB", "Choose a new password for Example"),
        ("pl", "Wybierz nowe hasło do Example"),
        ("pl_PL", "Wybierz nowe hasło do Example"),
        ("de-AT", "Wählen Sie ein neues Passwort für Example"),
        ("fr", "Choose a new password for Example"),
    ] {
        let mail = templates().render(&full(MailKind::PasswordReset, locale)).unwrap();
        assert_eq!(mail.subject, subject, "{locale}");
        let language = locale.split(['-', '_']).next().unwrap();
        let shown = if language == "fr" { "en" } else { language };
        assert!(mail.html.contains(&format!("<html lang=\"{shown}\">")), "{locale}");
    }
}

#[test]
fn no_shipped_language_lacks_a_text() {
    let english = every_mail(full);
    let of = |language: &str, kind| {
        let found =
            english.iter().find(|(m, _)| m.kind == kind && m.locale.as_deref() == Some(language));
        found.map(|(_, mail)| mail.text.clone()).unwrap()
    };
    for language in ["de", "pl"] {
        for kind in MailKind::ALL {
            let theirs = of(language, kind);
            for line in of("en", kind).lines().filter(|l| l.split(' ').count() > 3) {
                assert!(!theirs.contains(line), "{kind:?} in {language} says {line:?}");
            }
        }
    }
}

#[test]
fn a_device_is_named_as_its_owner_would_name_it() {
    for (agent, shown) in [
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
            "Firefox, Linux",
        ),
        ("curl/8.5.0", "curl/8.5.0"),
        ("my-app/1.0 (+https://app.example.com)", "my-app/1.0 (+https[:]//app[.]example[.]com)"),
    ] {
        let mut message = full(MailKind::NewDevice, "en");
        message.params.insert("device".into(), agent.into());
        let text = templates().render(&message).unwrap().text;
        assert!(has_line(&text, &format!("Device: {shown}")), "{text}");
    }
}

#[test]
fn the_details_of_a_sign_in_are_listed() {
    let mail = templates().render(&full(MailKind::NewDevice, "en")).unwrap();
    for line in ["Time: 2026-01-31 08:00 UTC", "Device: Firefox on Linux", "IP address: 192.0.2.7"]
    {
        assert!(has_line(&mail.text, line), "{}", mail.text);
    }
}

#[test]
fn html_loads_nothing_from_elsewhere() {
    for (_, mail) in every_mail(full) {
        let html = mail.html.to_lowercase();
        for remote in [
            "src=",
            "url(",
            "@import",
            "<link",
            "<script",
            "<img",
            "background=",
            "<iframe",
            "<form",
        ] {
            assert!(!html.contains(remote), "{remote}");
        }
        let links = html.matches("href=").count();
        assert_eq!(html.matches("https:").count(), links + 1, "the link is also shown: {html}");
        assert!(!html.contains("http:"), "{html}");
    }
}

/// Some mail programs drop the style sheet, so that what is light must be light
/// without it; others apply it in the dark, where no dark text may be left over.
#[test]
fn html_is_readable_without_its_style_sheet_and_in_the_dark() {
    for with in [full, bare, sample_message] {
        for (_, mail) in every_mail(with) {
            let (head, body) = mail.html.split_once("</head>").unwrap();
            assert!(head.contains("<meta name=\"color-scheme\" content=\"light dark\">"));
            let (_, dark) = head.split_once("@media (prefers-color-scheme: dark)").unwrap();
            for element in body.split('<').skip(1).map(|e| e.split('>').next().unwrap()) {
                let name = element.split(' ').next().unwrap();
                if ["p", "h1", "td", "a", "body", "div"].contains(&name) {
                    assert!(element.contains(" style=\""), "<{element}> in {body}");
                }
                let dark_text = element.contains(";color:#1") || element.contains(";color:#5");
                let light_ground = element.contains("background-color:#f")
                    || element.contains("background-color:#e");
                if dark_text || light_ground {
                    let class = element.split("class=\"").nth(1).unwrap();
                    let rule = format!(".{} {{", class.split('"').next().unwrap());
                    assert!(dark.contains(&rule), "<{element}> has no {rule}");
                }
            }
        }
    }
}

#[test]
fn every_mail_has_a_line_for_the_list_of_the_mailbox_in_its_language() {
    let mut seen = std::collections::BTreeSet::new();
    for (message, mail) in every_mail(sample_message) {
        let (_, body) = mail.html.split_once("<body").unwrap();
        let (_, hidden) = body.split_once("<div style=\"display:none;").unwrap();
        let line = hidden.split(['>', '<']).nth(1).unwrap();
        assert!(!body.split("<div").next().unwrap().contains("<p"), "it comes first");
        assert!((15..=120).contains(&line.chars().count()), "{line:?}");
        assert!(!line.contains("{") && line != mail.subject, "{line:?}");
        seen.insert((message.locale.clone().unwrap(), line.to_owned()));
    }
    let different: std::collections::BTreeSet<&String> =
        seen.iter().map(|(_, line)| line).collect();
    assert_eq!(different.len(), seen.len(), "a line is not translated");
}

#[test]
fn nothing_that_was_typed_is_markup_a_line_or_a_link() {
    for typed in HOSTILE {
        for name in ["username", "device", "ip", "time", "new_email", "surprise"] {
            for (message, mail) in every_mail(|kind, language| {
                let mut message = full(kind, language);
                message.params.insert(name.into(), typed.into());
                message
            }) {
                let clean = templates()
                    .render(&full(message.kind, message.locale.as_deref().unwrap()))
                    .unwrap();
                let what = format!("{typed:?} as {name}:\n{}", mail.text);
                assert!(!mail.html.contains("<script"), "{what}");
                assert!(!mail.html.contains("<a href=\"https://evil"), "{what}");
                assert!(!mail.text.contains("49"), "{what}");
                let count = |html: &str, tag: &str| html.matches(tag).count();
                for tag in ["<a ", "href=\""] {
                    assert_eq!(count(&mail.html, tag), count(&clean.html, tag), "{what}");
                }
                // A link of theirs would be one on a line of its own.
                assert!(!mail.text.lines().any(|l| l.starts_with("https://evil")), "{what}");
                assert!(!mail.text.lines().any(|l| l.starts_with("Bcc")), "{what}");
                assert!(!mail.text.contains("://evil"), "{what}");
            }
        }
    }
}

#[test]
fn nothing_that_was_typed_is_a_header_or_a_recipient() {
    for typed in HOSTILE {
        for message in [named(typed), hosted(typed)] {
            let mail = composer().compose(&message).unwrap();
            assert_eq!(mail.envelope().to().len(), 1);
            assert_eq!(mail.envelope().to()[0].to_string(), "ann@example.com");
            assert_inert(&String::from_utf8(mail.formatted()).unwrap(), "ann@example.com");
        }
    }
}

#[test]
fn a_recipient_that_is_more_than_an_address_is_refused() {
    let more = ["ann@example.com,eve@example.com", "Ann <ann@example.com>", "no address"];
    for message in HOSTILE.into_iter().chain(more).flat_map(addressed) {
        let to = message.recipient.as_str().to_owned();
        match composer().compose(&message) {
            Err(error) => assert!(matches!(error, MailError::Permanent(_)), "{to}"),
            // An odd name is one all the same.
            Ok(mail) => {
                assert_eq!(to, "{{7*7}}@example.com");
                assert_inert(&String::from_utf8(mail.formatted()).unwrap(), &to);
            }
        }
    }
}

#[test]
fn a_link_is_one_link_whatever_its_host_is_called() {
    for typed in HOSTILE {
        let mail = templates().render(&hosted(typed)).unwrap();
        let link = mail.text.lines().find(|line| line.ends_with("/confirm")).unwrap();
        assert!(link.starts_with("https://") && !link.contains(char::is_whitespace), "{link}");
        assert_eq!(mail.html.matches("href=\"https:&#x2f;&#x2f;").count(), 3, "{}", mail.html);
    }
}

#[test]
fn a_composed_mail_parses_back() {
    for (message, rendered) in every_mail(full) {
        let bytes = composer().compose(&message).unwrap().formatted();
        let mail = parse_mail(&bytes).unwrap();
        let header = |name: &str| mail.headers.get_first_value(name).unwrap();
        assert_eq!(mail.ctype.mimetype, "multipart/alternative");
        assert_eq!(part(&mail, "text/plain"), rendered.text);
        assert_eq!(part(&mail, "text/html"), rendered.html.replace("\r\n", "\n"));
        assert_eq!(header("Subject"), rendered.subject);
        assert_eq!(header("From"), "Example <no-reply@xn--bcher-kva.example>");
        assert_eq!(header("Message-ID"), format!("<{}@xn--bcher-kva.example>", message.id));
        assert_eq!(header("X-Usermgmt-Mail-Id"), message.id.as_str());
        assert_eq!(header("Auto-Submitted"), "auto-generated");
        assert_eq!(header("Date"), "Sat, 31 Jan 2026 08:00:00 +0000");
        assert!(mail.headers.get_first_value("List-Unsubscribe").is_none());
    }
}

#[test]
fn an_english_mail_shows_its_links_in_its_source() {
    let message = full(MailKind::Confirmation, "en");
    let source = composer().compose(&message).unwrap().formatted();
    let source = String::from_utf8(source).unwrap();
    let link = message.link.unwrap().expose().clone();
    assert!(source.lines().any(|line| line == link), "{source}");
}

#[test]
fn a_repeated_mail_is_the_same_mail() {
    let message = full(MailKind::Confirmation, "pl");
    let bytes = || composer().compose(&message).unwrap().formatted();
    assert_eq!(bytes(), bytes());
}

#[test]
fn international_addresses_keep_their_name_and_get_an_ascii_domain() {
    for (typed, sent) in [
        ("Ann@BÜCHER.example", "Ann@xn--bcher-kva.example"),
        ("josé@example.com", "josé@example.com"),
        ("ann+tag@example.com", "ann+tag@example.com"),
    ] {
        let mut message = full(MailKind::Confirmation, "en");
        message.recipient = Email::parse(typed).unwrap();
        let mail = composer().compose(&message).unwrap();
        assert_eq!(mail.envelope().to()[0].to_string(), sent);
    }
}

#[test]
fn a_sender_that_is_no_mailbox_is_refused() {
    for from in ["", "nobody", "a@b.example, c@d.example", "A <a@b.example>\r\nBcc: c@d.example"] {
        let composer = Composer::new(from, Arc::new(Templates::built_in().unwrap()));
        assert!(composer.is_err(), "{from:?}");
    }
    assert!("Example <a@b.example>".parse::<Mailbox>().is_ok());
}

#[test]
fn what_prints_prints_no_secret() {
    let rendered = templates().render(&full(MailKind::Confirmation, "en")).unwrap();
    assert!(!format!("{rendered:?}").contains("umt_"));
}

#[test]
fn a_folder_replaces_layouts_and_single_texts() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("en.toml", "[password_reset]\nsubject = 'Ours for {{ product }}'");
    write("fr.toml", "[common]\ngreeting = 'Bonjour,'");
    write("password_reset.txt", "Only this: {{ link }}");
    let templates = Templates::with_overrides(folder.path()).unwrap();

    let mail = templates.render(&full(MailKind::PasswordReset, "en")).unwrap();
    assert_eq!(mail.subject, "Ours for Example");
    assert_eq!(mail.text, "Only this: https://a.example/x?token=umt_abc-_\n");
    assert!(mail.html.contains("Choose a new password"));

    let mail = templates.render(&full(MailKind::NewDevice, "fr-CA")).unwrap();
    assert!(mail.text.starts_with("Bonjour,\n"), "{}", mail.text);
    assert!(mail.text.contains("Somebody signed in"));
}

#[test]
fn the_wording_that_the_guide_shows_is_one() {
    let guide = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/mail.md");
    let guide = std::fs::read_to_string(guide).unwrap();
    let (_, block) = guide.split_once("```toml\n# fr.toml\n").unwrap();
    let (wording, _) = block.split_once("```").unwrap();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("fr.toml"), wording).unwrap();
    let templates = Templates::with_overrides(folder.path()).unwrap();

    let mail = templates.render(&full(MailKind::PasswordReset, "fr")).unwrap();
    assert_eq!(mail.subject, "Choisissez un nouveau mot de passe pour Example");
    for text in ["Bonjour ", "Le lien fonctionne une fois, pendant ", "Ce message vient de Example"]
    {
        assert!(mail.text.contains(text), "{text}: {}", mail.text);
    }
    // What it leaves out is English, in its own frame.
    let mail = templates.render(&full(MailKind::NewDevice, "fr")).unwrap();
    assert!(mail.text.contains("Somebody signed in"), "{}", mail.text);
    assert!(mail.text.contains("Appareil"), "{}", mail.text);
}

#[test]
fn a_folder_with_a_mistake_is_refused_and_the_mistake_named() {
    for (name, text, named) in [
        ("password_reset.html", "{% if %}", "password_reset.html"),
        ("mail.txt", "{{ link | no_such_filter }}", "mail.txt"),
        ("en.toml", "[common]\ngreeting = '{{'", "en/common.greeting"),
        ("en.toml", "[common", "en.toml"),
        // It would fail when the code has expired, and not before.
        ("confirmation.txt", "{{ code | length }}", "confirmation.txt"),
        ("password-reset.html", "", "password-reset.html"),
        (
            "de.toml",
            "[password_rest]\nsubject = 'x'",
            "there is no section [password_rest]; did you mean password_reset?",
        ),
        (
            "de.toml",
            "[password_reset]\nsubjekt = 'x'",
            "[password_reset] has no subjekt; did you mean subject?",
        ),
        (
            "de.toml",
            "[common]\nfooter = 'Von {{ prodct }}'",
            "de.toml: common.footer shows {{ prodct }}, which there is not; did you mean product?",
        ),
        ("de.toml", "[common]\nfooter = '{% if usrname %}x{% endif %}'", "usrname"),
        ("de.toml", "[duration]\nweeks.one = 'x'", "[duration] has no weeks.one"),
        ("de.toml", "subject = 'x'", "subject stands outside of every section"),
        ("german.toml", "", "german.toml"),
        (
            "mail.html",
            "<p>{{ intr }}</p>",
            "mail.html: shows {{ intr }}, which there is not; did you mean intro?",
        ),
        (
            "new_device.txt",
            "{% extends 'mail.txt' %}{{ detials }}",
            "new_device.txt: shows {{ detials }}",
        ),
        ("notes.md", "", "notes.md"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(name), text).unwrap();
        let error = Templates::with_overrides(folder.path()).unwrap_err();
        assert!(error.to_string().contains(named), "{error}");
    }
    assert!(Templates::with_overrides("no/such/folder".as_ref()).is_err());
}

#[test]
fn a_preview_has_every_mail_in_every_language() {
    let folder = tempfile::tempdir().unwrap();
    let files = write_preview(templates(), "Acme", folder.path()).unwrap();
    assert_eq!(files, 3 * MailKind::ALL.len() * 2 + 1);
    let index = std::fs::read_to_string(folder.path().join("index.html")).unwrap();
    for link in ["de/new_device.html", "pl/invitation.html", "en/mfa_failures.txt"] {
        assert!(index.contains(&format!("href=\"{link}\"")), "{index}");
        assert!(folder.path().join(link).is_file(), "{link}");
    }
    let text = std::fs::read_to_string(folder.path().join("pl/confirmation.txt")).unwrap();
    assert!(text.starts_with("Subject: Potwierdź swój adres w Acme\n\nDzień dobry, ann,\n"));
    let html = std::fs::read_to_string(folder.path().join("de/new_device.html")).unwrap();
    assert!(html.contains("Neue Anmeldung bei Ihrem Konto bei Acme"));
}

/// It would be taken for templates at the next start.
#[test]
fn a_preview_is_not_written_among_the_templates() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("en.toml"), "[common]\naction = 'Go'").unwrap();
    let templates = Templates::with_overrides(folder.path()).unwrap();
    for inside in [folder.path().to_owned(), folder.path().join("preview")] {
        let refused = write_preview(&templates, "Acme", &inside).unwrap_err();
        assert!(refused.to_string().contains("take another folder"), "{refused}");
    }
    assert!(Templates::with_overrides(folder.path()).is_ok());
    let elsewhere = tempfile::tempdir().unwrap();
    assert!(write_preview(&templates, "Acme", elsewhere.path()).is_ok());
}

#[test]
fn the_exported_templates_are_the_shipped_ones_and_replace_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let into = folder.path().join("templates");
    assert_eq!(export_templates(&into).unwrap(), 5);
    let exported = Templates::with_overrides(&into).unwrap();
    for (message, mail) in every_mail(full) {
        assert_eq!(exported.render(&message).unwrap(), mail);
    }
    std::fs::remove_file(into.join("mail.txt")).unwrap();
    std::fs::write(into.join("de.toml"), "").unwrap();
    assert!(export_templates(&into).unwrap_err().to_string().contains("is there already"));
    assert!(!into.join("mail.txt").exists());
    assert_eq!(std::fs::read_to_string(into.join("de.toml")).unwrap(), "");
}
