//! A setting that cannot work stops the start, by its name and without a password.

use usermgmt_test_support::Setup;

fn refused(setup: Setup, name: &str, what: &str) {
    let output = setup.command().output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{what}: {error}");
    assert!(error.contains(name), "{what}: {error}");
    assert!(!error.contains("hunter2"), "{what}: {error}");
}

#[test]
fn a_mail_url_that_cannot_work_stops_the_start() {
    for url in [
        "smtp://",
        "smtp://:587",
        "smtp://user:hunter2@",
        "smtp://user@mail.example.com",
        "smtp://:hunter2@mail.example.com",
        "smtp://user:hunter2@mail.example.com:0",
        "smtp://user:hunter2@mail.example.com:99999",
        "smtp://user:hunter2@mail.example.com?tls=maybe",
        "smtp://user:hunter2@mail.example.com?tls=none",
        "smtp://user:hunter2@mail.example.com?starttls=1",
        "smtps://user:hunter2@mail.example.com?tls=none",
        "smtp://user:hunter2/2@mail.example.com",
        "ses://",
        "ses://AKIATEST@eu-west-1",
        "ses://AKIATEST:hunter2@eu-west-1?endpoint=http://mail.example.com",
        "ses://AKIATEST:hunter2@eu-west-1?region=eu-west-1",
        "mail.example.com",
        "http://user:hunter2@mail.example.com",
        "dev:/tmp",
    ] {
        let setup = Setup::new()
            .var("USERMGMT_MAIL__URL", url)
            .var("USERMGMT_MAIL__FROM", "no-reply@example.com");
        refused(setup, "mail.url", url);
    }
}

#[test]
fn other_mail_settings_that_cannot_work_stop_the_start() {
    let smtps = || {
        Setup::new()
            .var("USERMGMT_MAIL__URL", "smtps://user:hunter2@mail.example.com")
            .var("USERMGMT_MAIL__FROM", "no-reply@example.com")
    };
    let with_file = |text: &str| {
        let setup = smtps();
        let file = setup.dir().join("ca.pem");
        std::fs::write(&file, text).unwrap();
        setup.var("USERMGMT_MAIL__CA_FILE", file.to_str().unwrap())
    };
    let missing = smtps().var("USERMGMT_MAIL__CA_FILE", "no/such/ca.pem");
    refused(missing, "mail.ca_file", "a missing file");
    refused(with_file("-----BEGIN CERTIFICATE-----\nhello\n"), "mail.ca_file", "half a file");
    refused(with_file("hello"), "mail.ca_file", "no PEM");
    refused(with_file(""), "mail.ca_file", "nothing");
    let key = "-----BEGIN PRIVATE KEY-----\nMC4CAQ==\n-----END PRIVATE KEY-----\n";
    refused(with_file(key), "mail.ca_file", "a key");
    for from in ["nobody", "a@example.com, b@example.com"] {
        refused(
            smtps().without("USERMGMT_MAIL__FROM").var("USERMGMT_MAIL__FROM", from),
            "mail.from",
            from,
        );
    }
    let templates = smtps().var("USERMGMT_MAIL__TEMPLATES", "no/such/folder");
    refused(templates, "mail.templates", "a missing folder");
}
