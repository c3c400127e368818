//! The doctor finds what is planted, and names how to mend it.

use usermgmt_test_support::{Server, Setup, execute};

#[cfg(feature = "oidc")]
use crate::providers::{provider, provider_whose_date_is, setup};

/// A fault, how it is planted, and what is said of it.
struct Planted {
    what: &'static str,
    setup: Setup,
    said: &'static [&'static str],
}

fn planted(what: &'static str, setup: Setup, said: &'static [&'static str]) -> Planted {
    Planted { what, setup, said }
}

/// With this text in the settings file.
fn file(text: &str) -> Setup {
    Setup::new().file(text)
}

fn with_file(setup: Setup, name: &str, content: &str) -> Setup {
    std::fs::write(setup.dir().join(name), content).unwrap();
    setup
}

fn with_folder(setup: Setup, name: &str) -> Setup {
    std::fs::create_dir_all(setup.dir().join(name)).unwrap();
    setup
}

/// A port where nobody listens.
fn closed() -> String {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

/// Sends by SMTP to where nobody is.
fn smtp(more: &str) -> Setup {
    file(&format!(
        "mail.url = 'smtp://{}?tls=none'\nmail.from = 'no-reply@example.org'\n{more}",
        closed()
    ))
}

fn certificate(setup: &Setup, certificate: &str, key: &str) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(setup.dir().join(certificate), made.cert.pem()).unwrap();
    std::fs::write(setup.dir().join(key), made.signing_key.serialize_pem()).unwrap();
}

/// One of these years, in `cert.pem` and `key.pem`.
pub(crate) fn certificate_of(setup: &Setup, from: i32, to: i32) {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut certificate = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap();
    certificate.not_before = rcgen::date_time_ymd(from, 1, 1);
    certificate.not_after = rcgen::date_time_ymd(to, 1, 1);
    let certificate = certificate.self_signed(&key).unwrap();
    std::fs::write(setup.dir().join("cert.pem"), certificate.pem()).unwrap();
    std::fs::write(setup.dir().join("key.pem"), key.serialize_pem()).unwrap();
}

#[cfg(unix)]
fn mode(setup: &Setup, path: &str, bits: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    let permissions = std::fs::Permissions::from_mode(bits);
    std::fs::set_permissions(setup.dir().join(path), permissions).unwrap();
}

/// What is wrong with the settings themselves.
fn in_settings() -> Vec<Planted> {
    vec![
        planted(
            "a typing error",
            file("acess_token_ttl = '5m'"),
            &["did you mean `access_token_ttl`"],
        ),
        planted(
            "a length of time",
            file("access_token_ttl = '5x'"),
            &["expected a duration such as 90s"],
        ),
        planted(
            "too long a grace",
            file("refresh_grace = '10m'"),
            &["refresh_grace: must be between"],
        ),
        planted(
            "guesses without end",
            file("limits.sign_in_account = '50/1h, 75/day, 1000/row'"),
            &["limits.sign_in_account: must be 1 to 100 in a row"],
        ),
        planted(
            "a link that outlives its account",
            file("confirmation_ttl = '8d'"),
            &["must not be longer than unconfirmed_ttl"],
        ),
        planted(
            "no secret on a server's store",
            file("database_url = 'postgres://127.0.0.1/accounts'"),
            &["secret or secret_file is required", "openssl rand -base64 32"],
        ),
        planted("two secrets", file("secret = 'x'\nsecret_file = 'y'"), &["set one"]),
        planted(
            "no sender",
            file("mail.url = 'smtp://mail.example.org'"),
            &["mail.from is required"],
        ),
        planted(
            "the development mailbox for everybody",
            file("public_url = 'https://accounts.example.org'"),
            &["set mail.url to what delivers your mail"],
        ),
        planted(
            "an old key that anybody guesses",
            file("legacy.jwt_key = 'short'\nlegacy.jwt_until = '2026-01-01T00:00:00Z'"),
            &["fault    settings: legacy.jwt_key: has 5 bytes"],
        ),
        planted("half of TLS", file("tls.key = 'key.pem'"), &["set both or none"]),
        planted("no signing key", file("jwt.algorithm = 'HS256'"), &["jwt.hs256_key is required"]),
    ]
}

/// What is wrong with what they name.
fn in_surroundings() -> Vec<Planted> {
    let mut planted_ones = vec![
        planted(
            "a secret that is none",
            with_file(file("secret_file = 'roots'"), "roots", "sign:c2hvcnQ="),
            &["fault    secret:", "fewer than 32 bytes", "openssl rand -base64 32"],
        ),
        planted(
            "a data folder that is a file",
            with_file(file("data_dir = 'data'"), "data", ""),
            &["fault    data_dir: cannot enter", "set data_dir to a folder"],
        ),
        planted(
            "a data folder below a file",
            with_file(file("data_dir = 'data/below'"), "data", ""),
            &["fault    data_dir: cannot make the folder data/below", "set data_dir to a folder"],
        ),
        planted(
            "a folder in place of the file that is locked",
            with_folder(Setup::new(), "usermgmt-data/usermgmt.db.lock"),
            &["fault    store: cannot lock ", "it is not a file: take away what is there"],
        ),
        planted(
            "a database that is none",
            with_file(
                file("database_url = 'sqlite:accounts.db'"),
                "accounts.db",
                "this is a letter, and a long one, not a database, however one looks at it",
            ),
            &["fault    store:", "not a database", "names the right file", "from your backup"],
        ),
        planted(
            "a database in no folder",
            file("database_url = 'sqlite:none/accounts.db'"),
            &["fault    store: database_url: cannot create none/accounts.db:", "make that folder"],
        ),
        planted("nobody takes mail", smtp(""), &["fault    mail: 127.0.0.1:", "check mail.url"]),
        planted(
            "authorities that nobody asks",
            smtp("").args(&["--mail-ca-file=none.pem"]),
            &["fault    mail.ca_file: has no use without TLS: mend mail.ca_file, or take it out"],
        ),
        planted(
            "no such authorities",
            smtp("").args(&["--mail-url=smtp://127.0.0.1", "--mail-ca-file=none.pem"]),
            &["fault    mail.ca_file: none.pem: ", "mend mail.ca_file, or take it out"],
        ),
        planted(
            "no such certificate",
            file("tls.certificate = 'none.pem'\ntls.key = 'none.key'"),
            &[
                "fault    tls.certificate: cannot use none.pem",
                "PEM files of a certificate and its key",
            ],
        ),
        planted(
            "passwords in clear",
            smtp("public_url = 'http://accounts.example.org'"),
            &["warning  public_url:", "is not https"],
        ),
        planted(
            "a proxy that is not trusted",
            smtp("public_url = 'https://accounts.example.org'"),
            &["warning  trusted_proxies:", "set it to the proxy's addresses"],
        ),
        planted(
            "every proxy of IPv4",
            file("trusted_proxies = ['10.0.0.0/8', '0.0.0.0/0']"),
            &["fault    trusted_proxies: 0.0.0.0/0 trusts everybody", "the proxy's addresses"],
        ),
        planted(
            "every proxy of IPv6",
            file("trusted_proxies = ['::/0']"),
            &["fault    trusted_proxies: ::/0 trusts everybody", "the proxy's addresses"],
        ),
        planted(
            "no limits",
            smtp("public_url = 'https://accounts.example.org'\nlimits.enabled = false"),
            &["warning  limits.enabled: off"],
        ),
        planted(
            "nobody at the database",
            file(&format!(
                "database_url = 'postgres://{}/accounts'\nsecret = '{}I'",
                closed(),
                "A".repeat(42)
            )),
            &["fault    store:", "127.0.0.1", "look whether the database runs"],
        ),
    ];
    let other = file("tls.certificate = 'cert.pem'\ntls.key = 'other.key'");
    certificate(&other, "cert.pem", "cert.key");
    certificate(&other, "other.pem", "other.key");
    planted_ones.push(planted("another's key", other, &["is not the key of tls.certificate"]));
    for (what, from, to, said) in [
        ("an old certificate", 2000, 2001, "has expired: renew it"),
        ("a certificate of the future", 4000, 4001, "is not valid yet: renew it"),
    ] {
        let setup = file("tls.certificate = 'cert.pem'\ntls.key = 'key.pem'");
        certificate_of(&setup, from, to);
        planted_ones.push(Planted {
            what,
            setup,
            said: vec!["fault    tls.certificate: a certificate in cert.pem", said].leak(),
        });
    }
    planted_ones
}

fn look_for(planted: &[Planted]) {
    for Planted { what, setup, said } in planted {
        look_for_with(setup.command(), what, said);
    }
}

fn look_for_with(mut command: std::process::Command, what: &str, said: &[impl AsRef<str>]) {
    let output = command.arg("doctor").output().unwrap();
    let report = String::from_utf8(output.stdout).unwrap();
    for part in said {
        let part = part.as_ref();
        assert!(report.contains(part), "{what}: {part} is not in\n{report}");
    }
    let has_fault = report.lines().any(|line| line.starts_with("fault"));
    assert_eq!(output.status.code(), Some(i32::from(has_fault)), "{what}");
}

/// The server, to which files are closed that their owner closed: root's tests are
/// let in everywhere.
#[cfg(target_os = "linux")]
fn without_privileges(setup: &Setup) -> std::process::Command {
    let server = setup.command();
    if !rustix::process::geteuid().is_root() {
        return server;
    }
    const ACCESS: &str = "-dac_override,-dac_read_search";
    let mut command = std::process::Command::new("setpriv");
    command
        .arg(format!("--bounding-set={ACCESS}"))
        .arg(format!("--inh-caps={ACCESS}"))
        .arg(server.get_program())
        .args(server.get_args())
        .current_dir(setup.dir())
        .env_clear()
        .envs(server.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_of_secrets_that_cannot_be_read_is_named_with_its_owner_mode_and_mend() {
    let user = rustix::process::geteuid().as_raw();
    for (setting, begins) in [
        ("secret_file", "fault    secret: secret_file: cannot read "),
        ("database_url_file", "fault    settings: database_url_file: cannot read "),
        ("jwt.hs256_key_file", "fault    settings: jwt.hs256_key_file: cannot read "),
    ] {
        let setup = with_file(Setup::new(), "kept", "A secret that is written nowhere");
        let folder = setup.dir().join("closed");
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("kept"), "").unwrap();
        mode(&setup, "kept", 0o040);
        mode(&setup, "closed", 0o600);
        let named = |path: &str| setup.clone().file(&format!("{setting} = '{path}'"));

        let path = setup.dir().join("kept");
        let path = path.display();
        look_for_with(
            without_privileges(&named(&path.to_string())),
            setting,
            &[
                format!("{begins}{path}: Permission denied"),
                format!(
                    "the server runs as user {user}, and the file is of user {user} with mode 040:"
                ),
                format!("`chown {user} {path}` and `chmod 600 {path}`"),
            ],
        );
        let folder = folder.display();
        look_for_with(
            without_privileges(&named(&format!("{folder}/kept"))),
            setting,
            &[
                format!("{begins}{folder}/kept: Permission denied"),
                format!("may not enter {folder}, a folder of user {user} with mode 600: give it"),
            ],
        );
        look_for_with(
            named(&folder.to_string()).command(),
            setting,
            &[format!("{begins}{folder}: Is a directory"), "name a file in this folder".to_owned()],
        );
        mode(&setup, "closed", 0o700);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn what_belongs_to_another_user_is_found_as_a_start_finds_it() {
    let closed = |folder: &str, bits| {
        let setup = with_folder(Setup::new(), folder);
        mode(&setup, folder, bits);
        setup
    };
    let locked = with_folder(Setup::new(), "usermgmt-data");
    let locked = with_file(locked, "usermgmt-data/usermgmt.db.lock", "");
    mode(&locked, "usermgmt-data/usermgmt.db.lock", 0o400);
    for (what, setup, begins, fault) in [
        (
            "a folder in which none can be made",
            closed("mine", 0o500).file("data_dir = 'mine/data'"),
            "fault    ",
            "data_dir: cannot make the folder mine/data: Permission denied",
        ),
        (
            "the development mailbox",
            closed("usermgmt-data/mail", 0o600),
            "fault    ",
            "data_dir: cannot enter ./usermgmt-data/mail: Permission denied",
        ),
        (
            "the file that is locked",
            locked,
            "fault    store: ",
            "cannot lock ./usermgmt-data/usermgmt.db.lock: Permission denied",
        ),
    ] {
        let mend = "give it to the user that the server runs as (chown)";
        let found = [format!("{begins}{fault}"), mend.to_owned()];
        look_for_with(without_privileges(&setup), what, &found);
        let started = without_privileges(&setup).output().unwrap();
        let errors = String::from_utf8(started.stderr).unwrap();
        assert_eq!(started.status.code(), Some(1), "{what}: {errors}");
        assert!(errors.contains(fault) && errors.contains(mend), "{what}: {errors}");
        for folder in ["mine", "usermgmt-data", "usermgmt-data/mail"] {
            if setup.dir().join(folder).exists() {
                mode(&setup, folder, 0o700);
            }
        }
    }
}

#[test]
fn faults_of_the_settings_are_found_and_their_mend_named() {
    look_for(&in_settings());
}

#[test]
fn faults_around_the_server_are_found_and_their_mend_named() {
    look_for(&in_surroundings());
}

#[cfg(feature = "oidc")]
#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_provider_is_found_and_its_mend_named() {
    const ISSUER: &str = "USERMGMT_PROVIDERS__LOCAL__ISSUER";
    let provider = provider().await;
    let issuer = provider.settings("local").issuer;
    let with = |issuer: String| setup(&provider).without(ISSUER).var(ISSUER, issuer);
    let late = provider_whose_date_is(Some("Sun, 06 Nov 1994 08:49:37 GMT")).await;
    look_for(&[
        planted("nothing", setup(&provider), &["ok       providers.local: http://127.0.0.1"]),
        planted(
            "another spelling of its issuer",
            with(format!("{issuer}/")),
            &["fault    providers.local:", "another issuer's", "letter by letter"],
        ),
        planted(
            "nobody there",
            with(format!("http://{}", closed())),
            &["fault    providers.local:", "whether this machine may reach it"],
        ),
        planted(
            "another time",
            setup(&late),
            &["warning  providers.local: its clock and this machine's differ by", "NTP"],
        ),
    ]);
    provider.answer_with("/keys", 404, "");
    look_for(&[planted("no keys", setup(&provider), &["fault    providers.local:", "status 404"])]);
}

#[tokio::test]
async fn a_schema_of_another_version_is_found_and_what_to_do_named() {
    let server = Server::start().await;
    let setup = server.setup();
    let url = format!("sqlite://{}", server.data_dir().join("usermgmt.db").display());
    server.stop().await;
    execute(&url, &["INSERT INTO usermgmt_migrations (version, applied_at) VALUES (99, 0)"]).await;
    look_for(&[planted(
        "a later version",
        setup.clone(),
        &["fault    store:", "schema is version 99", "use the program that wrote it, or a later"],
    )]);
    execute(&url, &["DELETE FROM usermgmt_migrations WHERE version > 1"]).await;
    look_for(&[planted(
        "an earlier version",
        setup,
        &["warning  store: the schema has version 1,", "or `usermgmt-server migrate` now"],
    )]);
}

#[cfg(unix)]
#[tokio::test]
async fn what_went_wrong_with_a_store_that_was_used_is_found() {
    let server = Server::start().await;
    let setup = server.setup();
    server.stop().await;
    mode(&setup, "usermgmt-data", 0o755);
    mode(&setup, "usermgmt-data/secret", 0o644);
    look_for(&[planted(
        "open to others",
        setup.clone(),
        &[
            "warning  secret: other users of this machine can read",
            "chmod 600",
            "warning  data_dir: other users of this machine can enter",
            "chmod 700",
        ],
    )]);
    let secret = setup.dir().join("usermgmt-data/secret");
    std::fs::write(&secret, "bmV3IG5ldyBuZXcgbmV3IG5ldyBuZXcgbmV3IG5ldyE=").unwrap();
    look_for(&[planted(
        "another secret",
        setup.clone(),
        &["fault    store:", "another root secret", "start with that one"],
    )]);
    std::fs::remove_file(&secret).unwrap();
    look_for(&[planted("a lost secret", setup.clone(), &["fault    secret:", "from your backup"])]);
}
