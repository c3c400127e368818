//! The process: how it starts, what it prints and leaves, how it ends.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use usermgmt_test_support::{Server, Setup};

use crate::doctor::certificate_of;

/// Runs the binary to its end.
fn run(setup: &Setup) -> Output {
    setup.command().output().unwrap()
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test]
async fn without_configuration_it_serves_on_loopback_and_keeps_all_in_one_folder() {
    let server = Server::start().await;
    assert!(server.base.starts_with("http://127.0.0.1:"));
    assert_eq!(server.get("/health/live").await.status, 200);
    assert_eq!(server.get("/health/ready").await.status, 200);
    for name in ["usermgmt.db", "secret"] {
        assert!(server.data_dir().join(name).exists(), "{name}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_else_can_read_what_it_keeps() {
    use std::os::unix::fs::PermissionsExt as _;
    let server = Server::start().await;
    for (name, expected) in
        [("", 0o700), ("secret", 0o600), ("usermgmt.db", 0o600), ("mail", 0o700)]
    {
        let path = server.data_dir().join(name);
        let mode = std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, expected, "{}", path.display());
    }
}

#[tokio::test]
async fn the_first_start_prints_a_service_key_once_and_never_logs_it() {
    let server = Server::start().await;
    let (setup, log) = (server.setup(), server.log());
    let printed = server.kill().join("\n");
    let key = &printed[printed.find("umk_").expect("a service key is printed")..];
    let key = key.split_whitespace().next().unwrap();
    assert!(!log.contains(key));
    let again = setup.start().await;
    assert!(!again.kill().join("\n").contains("umk_"));
}

#[tokio::test]
async fn it_stops_with_status_0_on_sigterm_and_sigint() {
    let server = Server::start().await;
    assert_eq!(server.stop().await.code(), Some(0));
    let mut server = Server::start().await;
    server.signal("INT");
    assert_eq!(server.wait().await.code(), Some(0));
}

#[tokio::test]
async fn a_request_in_flight_is_answered_before_it_stops() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut server = Server::start().await;
    let address = server.base.strip_prefix("http://").unwrap();
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let head = "POST /api/v1/signin HTTP/1.1\r\nhost: localhost\r\n\
                content-type: application/json\r\ncontent-length: 2\r\n\
                expect: 100-continue\r\nconnection: close\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    // Asked to go on, the request is being handled.
    let mut answer = [0; 25];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 100 Continue\r\n\r\n");
    server.signal("TERM");
    usermgmt_test_support::eventually("the listener to close", || {
        std::net::TcpStream::connect(address).is_err().then_some(())
    })
    .await;
    stream.write_all(b"{}").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    assert_eq!(server.wait().await.code(), Some(0));
}

#[test]
fn a_setting_that_cannot_work_ends_it_with_status_2_and_its_name() {
    for (setup, name) in [
        (Setup::new().var("USERMGMT_LISTENS", "x"), "USERMGMT_LISTENS"),
        (Setup::new().file("refresh_grace = '10m'"), "refresh_grace"),
        (Setup::new().file("[mail]\nurll = 'dev:'"), "mail.urll"),
        (Setup::new().args(&["--reset-ttl", "soon"]), "reset_ttl"),
        (Setup::new().args(&["--no-such-flag"]), "--no-such-flag"),
        (Setup::new().args(&["--config", "missing.toml"]), "missing.toml"),
        (Setup::new().args(&["--mail-from", "nobody"]), "mail.from"),
        (Setup::new().args(&["--database-url", "oracle:x"]), "database_url"),
        (Setup::new().args(&["--public-url", "https://accounts.example.org"]), "public_url"),
        (
            Setup::new().args(&["--listen", "127.0.0.1:8080", "--metrics-listen", "[::]:8080"]),
            "metrics.listen ([::]:8080) takes the port of listen (127.0.0.1:8080)",
        ),
        #[cfg(feature = "passkeys")]
        (
            Setup::new().args(&["--sign-in-passkeys=true", "--passkeys-rp-id=example.org"]),
            "passkeys.rp_id: must be the host of public_url",
        ),
    ] {
        let output = run(&setup);
        let errors = errors(&output);
        assert_eq!(output.status.code(), Some(2), "{errors}");
        assert!(errors.contains(name), "{name} is not in: {errors}");
        assert!(!setup.dir().join("usermgmt-data").exists(), "{name}");
    }
}

/// URLs that no database can be behind, each with what is said of it; the password in
/// each is never said.
#[cfg(all(feature = "sqlite", feature = "postgres", feature = "mysql", feature = "mongo"))]
const BAD_URLS: &[(&str, &str)] = &[
    ("postgres://ann:hunter2@h/d?sslmod=require", "a parameter `sslmod`, which is not known"),
    ("postgres://ann:hunter2@h/d?sslmode=x", "parameter `sslmode` has a value"),
    ("postgres://ann:hunter2@h/d?ssl=maybe", "parameter `ssl` has a value"),
    ("postgres://ann:hunter2@h/d?port=hunter2", "parameter `port` has a value"),
    ("postgres://ann:hunter2@h/d?target_session_attrs=standby", "`target_session_attrs`"),
    ("postgres://ann:hunt#er2@h/d", "percent-encode"),
    ("postgres://ann:hunter2/@h/d", "percent-encode"),
    ("postgres://ann:hunter2", "cannot be read"),
    ("mysql://ann:hunter2@h", "names a database"),
    ("mysql://ann:hunter2@h/d?ssl-mode=yes", "parameter `ssl-mode` has a value"),
    ("mariadb://ann:hunter2@h/d?statement-cache-capacity=x", "`statement-cache-capacity`"),
    ("mongodb://ann:hunter2@h/d?w=1", "the URL's w asks for something else"),
    ("mongodb://ann:hunt%er2@h/d", "percent-encoded"),
    ("mongodb://ann:hunter2", "cannot be read"),
    ("mongodb://ann:hunter2@h,i/d?directConnection=true", "directConnection"),
    ("mongodb://ann:hunter2@x.docdb.amazonaws.com/d", "Amazon DocumentDB"),
    ("mongodb+srv://ann:hunter2@h.example.org/d?readPreference=nearest", "readPreference"),
    ("sqlite::memory:", "names a file"),
    ("sqlite:accounts.db?mode=x", "parameter `mode` has a value"),
    ("sqlite:accounts.db?journal=x", "a parameter `journal`, which is not known"),
];

#[cfg(all(feature = "sqlite", feature = "postgres", feature = "mysql", feature = "mongo"))]
#[test]
fn config_check_finds_what_a_start_refuses_about_the_databases_url() {
    for (url, said) in BAD_URLS {
        let setup = Setup::new()
            .var("USERMGMT_SECRET", "A".repeat(42) + "I")
            .var("USERMGMT_DATABASE_URL", *url);
        for args in [&["config", "check"][..], &["serve"]] {
            let output = setup.bounded_command().args(args).output().unwrap();
            let errors = errors(&output);
            assert_eq!(output.status.code(), Some(2), "{args:?} {url}: {errors}");
            assert!(errors.contains("database_url"), "{args:?} {url}: {errors}");
            assert!(errors.contains(said), "{args:?} {url}: {errors}");
            assert!(!errors.contains("hunt") && !errors.contains("er2"), "{url}: {errors}");
        }
    }
}

#[cfg(feature = "sqlite")]
#[test]
fn config_check_finds_that_a_database_has_no_folder() {
    let check = |setup: &Setup| {
        let output = setup.command().args(["config", "check"]).output().unwrap();
        (output.status.code(), errors(&output))
    };
    let at = |file: &str| Setup::new().var("USERMGMT_DATABASE_URL", format!("sqlite:{file}"));
    let setup = at("none/accounts.db");
    let (status, said) = check(&setup);
    assert_eq!(status, Some(2), "{said}");
    assert!(said.contains("database_url: cannot create none/accounts.db"), "{said}");
    assert_eq!(run(&setup).status.code(), Some(1));
    std::fs::create_dir(setup.dir().join("none")).unwrap();
    assert_eq!(check(&setup), (Some(0), String::new()));
    // The start makes the data folder itself.
    for file in ["accounts.db", "usermgmt-data/accounts.db", "./usermgmt-data/accounts.db"] {
        assert_eq!(check(&at(file)), (Some(0), String::new()), "{file}");
    }
}

#[tokio::test]
async fn a_start_that_trusts_every_proxy_says_so() {
    let trusts = "trusts everybody";
    let server = Setup::new().args(&["--trusted-proxies", "0.0.0.0/0"]).start().await;
    assert!(server.log().contains(trusts), "{}", server.log());
    let server = Setup::new().args(&["--trusted-proxies", "10.0.0.0/8"]).start().await;
    assert!(!server.log().contains(trusts), "{}", server.log());
}

#[tokio::test]
async fn an_address_in_use_ends_it_with_status_1() {
    let server = Server::start().await;
    let address = server.base.strip_prefix("http://").unwrap();
    let output = run(&Setup::new().args(&["--listen", address]));
    assert_eq!(output.status.code(), Some(1));
    assert!(errors(&output).contains(address), "{}", errors(&output));
}

#[tokio::test]
async fn a_database_without_its_secret_does_not_start() {
    let server = Server::start().await;
    let (setup, secret) = (server.setup(), server.data_dir().join("secret"));
    server.kill();
    std::fs::remove_file(&secret).unwrap();
    let output = run(&setup);
    assert_eq!(output.status.code(), Some(2));
    assert!(errors(&output).contains("backup"), "{}", errors(&output));
    let other = setup.var("USERMGMT_SECRET", "A".repeat(42) + "I");
    let output = run(&other);
    assert_eq!(output.status.code(), Some(2));
    assert!(errors(&output).contains("secret"), "{}", errors(&output));
}

#[tokio::test]
async fn settings_rise_from_file_to_environment_to_flags() {
    let expires_in = async |setup: Setup| {
        let server = setup.start().await;
        let login = usermgmt_test_support::registered(&server, "ada", "ada@example.org").await;
        login.json()["expires_in"].as_u64().unwrap()
    };
    let file = || Setup::new().file("access_token_ttl = '1m'");
    let env = || file().var("USERMGMT_ACCESS_TOKEN_TTL", "2m");
    assert_eq!(expires_in(file()).await, 60);
    assert_eq!(expires_in(env()).await, 120);
    let flags = env().args(&["--access-token-ttl", "180"]);
    assert_eq!(expires_in(flags).await, 180);
}

#[tokio::test]
async fn service_keys_are_made_listed_and_revoked_while_it_runs() {
    let server = Server::start().await;
    let keys = |args: &[&str]| {
        let mut command = server.setup().command();
        let output = command.arg("service-key").args(args).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        (output.status.code(), text)
    };
    let (status, key) = keys(&["create", "--name", "shop"]);
    assert_eq!(status, Some(0));
    let key = key.trim_end();
    assert!(key.starts_with("umk_") && !key.contains(char::is_whitespace), "{key}");

    let status = async || {
        let path = "/api/users/identifier?identifier=nobody";
        server.get_as(key, path).await.status
    };
    assert_eq!(status().await, 404);
    let (_, listed) = keys(&["list"]);
    let line = listed.lines().find(|line| line.contains("shop")).unwrap();
    assert!(!listed.contains(key));
    let id = line.split('\t').next().unwrap();
    assert_eq!(keys(&["create", "--name", "shop"]).0, Some(1), "the name is taken");
    assert_eq!(keys(&["revoke", id]).0, Some(0));
    assert_eq!(keys(&["create", "--name", "shop"]).0, Some(0));
    assert_eq!(status().await, 401);

    assert_eq!(keys(&["revoke", id]).0, Some(1));
    assert_eq!(keys(&["revoke", "nonsense"]).0, Some(2));
    assert_eq!(keys(&["create"]).0, Some(2));
}

#[tokio::test]
async fn processes_that_start_at_once_on_an_empty_folder_share_one_secret() {
    let setup = Setup::new();
    let (a, b) = tokio::join!(setup.clone().start(), setup.start());
    let login = usermgmt_test_support::registered(&a, "ada", "ada@example.org").await;
    let reply = b.get_as(&login.field("access_token"), "/api/v1/protected").await;
    // Their addresses differ, and with them the issuer of their tokens; the
    // refresh token is good on both.
    assert_eq!(reply.status, 401, "{reply:?}");
    let reply = b.post_as(&login.field("refresh_token"), "/api/v1/refresh_token").await;
    assert_eq!(reply.status, 200, "{reply:?}");
}

#[tokio::test]
async fn mails_that_were_given_up_are_listed_and_an_unknown_one_is_told() {
    let server = Server::start().await;
    let outbox = |args: &[&str]| {
        let mut command = server.setup().command();
        let output = command.arg("outbox").args(args).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let (status, listed) = outbox(&["list"]);
    assert_eq!(status, Some(0));
    assert!(listed.ends_with("0 given up; 0 waiting\n"), "{listed}");
    assert_eq!(outbox(&["retry", "--all"]), (Some(0), "0 mails\n".to_owned()));
    let unknown = "01890a5d-ac96-774b-bcce-b302099a8057";
    assert_eq!(outbox(&["retry", unknown]).0, Some(1));
    assert_eq!(outbox(&["drop", unknown]).0, Some(1));
    assert_eq!(outbox(&["drop", "nonsense"]).0, Some(2));
    assert_eq!(outbox(&["drop"]).0, Some(2));
}

#[test]
fn every_mail_can_be_looked_at() {
    let setup = Setup::new().args(&["mail", "preview", "shown", "--product-name", "Acme"]);
    let output = run(&setup);
    assert!(output.status.success(), "{}", errors(&output));
    let path = setup.dir().join("shown/en/password_reset.txt");
    let text = std::fs::read_to_string(path).unwrap();
    assert!(text.contains("Acme"), "{text}");
    assert!(!setup.dir().join("usermgmt-data").exists());
}

#[tokio::test]
async fn the_start_says_where_everything_is_at_a_glance() {
    let server = Server::start().await;
    let base = server.base.clone();
    let printed = server.kill();
    assert_eq!(printed[0], format!("listening on {base}"));
    for (what, at) in [
        ("documentation", format!("{base}/")),
        ("mail", format!("{base}/dev/mail")),
        ("data", "./usermgmt-data".to_owned()),
    ] {
        let line = printed.iter().find(|line| line.trim_start().starts_with(what));
        let line = line.unwrap_or_else(|| panic!("{what} is not in {printed:?}"));
        assert!(line.ends_with(&at), "{line}");
    }
    let key = printed.iter().position(|line| line.contains("umk_")).unwrap();
    assert!(printed[key].contains("service key"));
    assert!(printed[key + 1].contains("shown this once") && printed[key + 1].contains("users API"));
}

#[tokio::test]
async fn the_start_is_fields_in_a_json_log() {
    let server = Setup::new().var("USERMGMT_LOG_FORMAT", "json").start().await;
    let (base, log) = (server.base.clone(), server.log());
    let fields = log
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .map(|line| line["fields"].clone())
        .find(|fields| fields["message"] == "the server has started")
        .unwrap();
    assert_eq!(fields["listening"], base.as_str());
    assert_eq!(fields["documentation"], format!("{base}/"));
    assert_eq!(fields["mail"], format!("{base}/dev/mail"));
    assert_eq!(fields["data"], "./usermgmt-data");
}

#[test]
fn the_help_begins_with_what_the_program_is() {
    for (flag, lists_settings) in [("-h", false), ("--help", true)] {
        let output = run(&Setup::new().args(&[flag]));
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.starts_with("usermgmt-server: user accounts over HTTP"), "{text}");
        assert_eq!(text.contains("--mail-url"), lists_settings, "{text}");
    }
}

#[test]
fn the_settings_are_checked_shown_and_described() {
    let config = |setup: &Setup, args: &[&str]| {
        let output = setup.command().arg("config").args(args).output().unwrap();
        let text = String::from_utf8(output.stdout.clone()).unwrap();
        (output.status.code(), text, errors(&output))
    };
    let setup = Setup::new()
        .var("USERMGMT_MAIL__URL", "smtp://ada:hunter2@mail.example.org")
        .var("USERMGMT_MAIL__FROM", "ada@example.org");
    assert_eq!(config(&setup, &["check"]).0, Some(0));
    let (status, text, _) = config(&setup, &["print"]);
    assert_eq!(status, Some(0));
    assert!(
        text.contains("mail.url\t[redacted]\tfrom the environment, USERMGMT_MAIL__URL"),
        "{text}"
    );
    assert!(!text.contains("hunter2"), "{text}");
    let (_, text, _) = config(&setup, &["print", "--json"]);
    let all: serde_json::Value = serde_json::from_str(&text).unwrap();
    let reset = all.as_array().unwrap().iter().find(|row| row["name"] == "reset_ttl").unwrap();
    assert_eq!((&reset["value"], &reset["source"]), (&"15m".into(), &"default".into()));
    let (_, text, _) = config(&setup, &["schema"]);
    let schema: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(schema["properties"]["mail"]["properties"]["url"]["writeOnly"], true);
    assert!(!setup.dir().join("usermgmt-data").exists());

    let setup =
        setup.file("refresh_grace = '10m'\nsecret_file = 'broken'").args(&["--mail-from", "x"]);
    std::fs::write(setup.dir().join("broken"), "none").unwrap();
    let (status, _, errors) = config(&setup, &["check"]);
    assert_eq!(status, Some(2));
    assert!(errors.contains("refresh_grace"), "{errors}");
    let setup = setup.file("secret_file = 'broken'");
    let (status, _, errors) = config(&setup, &["check"]);
    assert_eq!(status, Some(2));
    for name in ["broken", "mail.from"] {
        assert!(errors.contains(name), "{name} is not in {errors}");
    }
}

#[cfg(unix)]
#[test]
fn a_setting_that_names_no_regular_file_is_refused_and_not_waited_for() {
    let setup = Setup::new();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(setup.dir().join("cert.pem"), made.cert.pem()).unwrap();
    std::fs::create_dir(setup.dir().join("templates")).unwrap();
    for name in ["fifo", "templates/de.toml"] {
        let status = Command::new("mkfifo").arg(setup.dir().join(name)).status().unwrap();
        assert!(status.success());
    }
    let smtp = ["--mail-url", "smtp://mail.example.org", "--mail-from", "ada@example.org"];
    let mut rows = vec![("mail.templates", "templates", &[][..])];
    for file in ["fifo", ".", "/dev/zero"] {
        rows.push(("pages.logo_file", file, &[]));
        rows.push(("pages.css_file", file, &[]));
        rows.push(("tls.certificate", file, &["--tls-key", "key.pem"]));
        rows.push(("tls.key", file, &["--tls-certificate", "cert.pem"]));
        rows.push(("mail.ca_file", file, &smtp));
    }
    for (name, file, others) in rows {
        let flag = format!("--{}", name.replace(['.', '_'], "-"));
        let setup = setup.clone().args(&[&flag, file]).args(others);
        let output = setup.bounded_command().args(["config", "check"]).output().unwrap();
        let errors = errors(&output);
        assert_eq!(output.status.code(), Some(2), "{name} = {file}: {errors}");
        assert!(errors.contains(name) && errors.contains("not a regular file"), "{errors}");
    }
}

/// What `config print` prints.
fn printed(setup: Setup) -> String {
    let output = run(&setup.args(&["config", "print"]));
    assert!(output.status.success(), "{}", errors(&output));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_environment_of_the_second_old_service_is_taken_where_a_flag_says_so() {
    let setup = Setup::new().var("FRONTEND_URL", "https://front.example");
    std::fs::write(setup.dir().join(".env"), "RESET_PASSWORD_EXPIRATION_MINUTES=7\n").unwrap();
    let text = printed(setup.clone());
    assert!(!text.contains("front.example") && text.contains("reset_ttl\t15m\t"), "{text}");
    let text = printed(setup.args(&["--compat-env"]));
    for row in ["frontend_url\thttps://front.example", "reset_ttl\t7m\t"] {
        assert!(text.contains(row), "{row:?} is not in {text}");
    }
}

#[cfg(feature = "ses")]
#[test]
fn the_settings_json_of_the_first_old_service_is_read_where_a_flag_names_it() {
    let json = r#"{"aws_region_name": "eu-west-1", "mail_access": "A", "mail_secret": "hunter2"}"#;
    let setup = Setup::new().args(&["--mail-from", "ada@example.org"]);
    std::fs::write(setup.dir().join("settings.json"), json).unwrap();
    let row = "mail.url\t[redacted]\tfrom the old service's settings.json";
    assert!(!printed(setup.clone()).contains(row));
    let text = printed(setup.args(&["--settings-json", "settings.json"]));
    assert!(text.contains(row), "{text}");
    assert!(!text.contains("hunter2"), "{text}");
}

#[cfg(unix)]
#[test]
fn a_secret_may_come_through_a_pipe() {
    let setup = Setup::new().args(&["--mail-url-file", "/dev/stdin", "config", "check"]);
    for (url, status) in [("console:\n", 0), ("nowhere:\n", 2)] {
        let mut command = setup.command();
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(url.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(status), "{}", errors(&output));
    }
}

#[cfg(unix)]
#[test]
fn a_folder_that_may_not_be_entered_is_named_with_how_to_mend_it() {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    use std::os::unix::process::CommandExt as _;
    let mode = |path: &std::path::Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    let setup = Setup::new();
    let data = setup.dir().join("usermgmt-data");
    std::fs::create_dir(&data).unwrap();
    for (bits, part) in [(0o600, "cannot enter"), (0o500, "writable")] {
        let mut command = setup.command();
        // Nothing keeps root out: then the server runs as nobody, whose folder it is not.
        if std::fs::metadata(&data).unwrap().uid() == 0 {
            mode(setup.dir(), 0o755);
            mode(&data, bits | (bits >> 6));
            command.uid(65534).gid(65534);
        } else {
            mode(&data, bits);
        }
        let output = command.output().unwrap();
        let errors = errors(&output);
        assert!(errors.contains("usermgmt-data") && errors.contains(part), "{errors}");
        assert!(errors.contains("Permission denied"), "{errors}");
    }
    mode(&data, 0o700);
}

#[tokio::test]
async fn with_a_certificate_it_listens_by_https() {
    let setup = Setup::new();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(setup.dir().join("cert.pem"), made.cert.pem()).unwrap();
    std::fs::write(setup.dir().join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    let setup = setup.args(&["--tls-certificate", "cert.pem", "--tls-key", "key.pem"]);
    let server = setup.start().await;
    let address = server.base.strip_prefix("https://").unwrap();
    assert!(address.starts_with("127.0.0.1:"), "{}", server.base);
    let health = server.setup().args(&["--listen", address, "healthcheck"]);
    let output = run(&health);
    assert!(output.status.success(), "{}", errors(&output));
    server.signal("HUP");
    usermgmt_test_support::eventually("the certificate to be read again", || {
        server.log().contains("the TLS certificate was read again").then_some(())
    })
    .await;
    // As while somebody writes another one there.
    std::fs::write(server.setup().dir().join("cert.pem"), "-----BEGIN CERT").unwrap();
    std::fs::remove_file(server.setup().dir().join("key.pem")).unwrap();
    let output = run(&health);
    assert!(output.status.success(), "{}", errors(&output));
    assert_eq!(server.stop().await.code(), Some(0));
}

#[tokio::test]
async fn a_certificate_that_clients_refuse_is_named_at_the_start_and_when_it_is_read_again() {
    let setup = Setup::new().args(&["--tls-certificate", "cert.pem", "--tls-key", "key.pem"]);
    certificate_of(&setup, 2000, 2001);
    let server = setup.start().await;
    let said = async |what: &str| {
        let line = format!("tls.certificate: a certificate in cert.pem {what}: clients refuse it");
        usermgmt_test_support::eventually(what, || server.log().contains(&line).then_some(()))
            .await;
    };
    said("has expired").await;
    certificate_of(&server.setup(), 4000, 4001);
    server.signal("HUP");
    said("is not valid yet").await;
    assert_eq!(server.stop().await.code(), Some(0));
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "how long a real process takes to stop")]
async fn half_a_request_does_not_hold_the_stop() {
    use tokio::io::AsyncWriteExt as _;
    let server = Server::start().await;
    let address = server.base.strip_prefix("http://").unwrap().to_owned();
    let mut half = tokio::net::TcpStream::connect(&address).await.unwrap();
    let head = "POST /api/v1/signin HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\n{";
    half.write_all(head.as_bytes()).await.unwrap();
    let began = std::time::Instant::now();
    assert_eq!(server.stop().await.code(), Some(0));
    assert!(began.elapsed() < std::time::Duration::from_secs(5), "{:?}", began.elapsed());
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_service_manager_is_told_of_its_start_that_it_lives_and_of_its_end() {
    let setup = Setup::new();
    let path = setup.dir().join("notify");
    let socket = std::os::unix::net::UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(std::time::Duration::from_secs(60))).unwrap();
    let wait_for = |what: &str| {
        let mut datagram = [0; 512];
        loop {
            let length = socket.recv(&mut datagram).unwrap_or_else(|why| panic!("{what}: {why}"));
            let told = std::str::from_utf8(&datagram[..length]).unwrap();
            if told.lines().any(|line| line == what) {
                return;
            }
        }
    };
    let setup = setup.var("NOTIFY_SOCKET", path.to_str().unwrap()).var("WATCHDOG_USEC", "500000");
    let mut server = setup.start().await;
    for what in ["READY=1", "WATCHDOG=1", "WATCHDOG=1"] {
        wait_for(what);
    }
    server.signal("TERM");
    wait_for("STOPPING=1");
    assert_eq!(server.wait().await.code(), Some(0));
}
