//! Settings as an operator meets them.

use std::time::Duration;

use super::names::{self, SETTINGS};
use super::*;

struct Given {
    dir: tempfile::TempDir,
    vars: Vec<(OsString, OsString)>,
    flags: Vec<(&'static Setting, String)>,
}

fn given() -> Given {
    Given { dir: tempfile::tempdir().unwrap(), vars: vec![], flags: vec![] }
}

impl Given {
    fn file(self, text: &str) -> Self {
        std::fs::write(self.dir.path().join("settings.toml"), text).unwrap();
        self
    }

    fn var(mut self, name: &str, value: &str) -> Self {
        self.vars.push((name.into(), value.into()));
        self
    }

    fn flag(mut self, name: &str, value: &str) -> Self {
        self.flags.push((names::find(name).unwrap(), value.to_owned()));
        self
    }

    fn load(self) -> Result<Settings, String> {
        let path = self.dir.path().join("settings.toml");
        if !path.exists() {
            std::fs::write(&path, "").unwrap();
        }
        Settings::load(Some(&path), self.vars, self.flags).map_err(|problems| problems.to_string())
    }

    fn refused(self) -> String {
        self.load().expect_err("these settings cannot work")
    }
}

#[test]
fn without_settings_everything_is_local() {
    let settings = given().load().unwrap();
    assert_eq!(settings.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(settings.data_dir, Path::new("./usermgmt-data"));
    assert_eq!(settings.database.kind, StoreKind::Sqlite);
    assert_eq!(settings.mail.url.expose(), "dev:");
    let core = settings.core(settings.listen);
    assert_eq!(core.public_url.as_str(), "http://127.0.0.1:8080/");
    assert_eq!(core.reset_ttl, Duration::from_secs(15 * 60));
    assert!(core.limits.enabled);
    assert!(matches!(
        settings.secret,
        SecretSource::MadeAt(path) if path == Path::new("./usermgmt-data/secret")
    ));
}

#[test]
fn the_environment_wins_over_the_file_and_flags_over_both() {
    let file =
        "reset_ttl = 60\naccess_token_ttl = '1m'\nsession_max_ttl = '40d'\n[jwt]\nissuer = 'a'";
    let settings = given()
        .file(file)
        .var("USERMGMT_ACCESS_TOKEN_TTL", "2m")
        .var("USERMGMT_SESSION_MAX_TTL", "50d")
        .var("USERMGMT_JWT__ISSUER", "b")
        .flag("session_max_ttl", "60d")
        .load()
        .unwrap();
    let core = settings.core(settings.listen);
    assert_eq!(core.reset_ttl, Duration::from_secs(60));
    assert_eq!(core.access_token_ttl, Duration::from_secs(120));
    assert_eq!(core.session_max_ttl, Duration::from_secs(60 * 86_400));
    assert_eq!(core.jwt.issuer, "b");
}

#[test]
fn the_default_public_url_has_the_port_that_was_bound() {
    let settings = given().flag("listen", "127.0.0.1:0").load().unwrap();
    let core = settings.core("127.0.0.1:40123".parse().unwrap());
    assert_eq!(core.public_url.as_str(), "http://127.0.0.1:40123/");
}

#[test]
fn an_unknown_setting_is_named_wherever_it_stands() {
    let error = given()
        .file("lisen = '127.0.0.1:1'\n[mail]\nadress = 'x'\n[nonsense]\na = 1")
        .var("USERMGMT_MAIL_URL", "dev:")
        .var("USERMGMT_PUBLICURL", "http://localhost")
        .refused();
    for part in [
        "unknown setting `lisen`",
        "did you mean `listen`?",
        "unknown setting `mail.adress`",
        "unknown setting `nonsense.a`",
        "unknown setting `USERMGMT_MAIL_URL` in the environment; did you mean `USERMGMT_MAIL__URL`?",
        "did you mean `USERMGMT_PUBLIC_URL`?",
    ] {
        assert!(error.contains(part), "{part} is not in:\n{error}");
    }
}

#[test]
fn variables_of_the_tests_and_of_others_are_no_settings() {
    given()
        .var("USERMGMT_TEST_POSTGRES_URL", "postgres://localhost")
        .var("USERNAME", "ada")
        .load()
        .unwrap();
}

#[test]
fn a_value_that_does_not_parse_is_named_with_its_source() {
    let error = given()
        .file("refresh_grace = '30 seconds'")
        .var("USERMGMT_LISTEN", "localhost")
        .flag("limits.enabled", "yes")
        .refused();
    for part in [
        "refresh_grace = \"30 seconds\" (in ",
        "listen = \"localhost\" (from the environment, USERMGMT_LISTEN)",
        "limits.enabled = \"yes\" (from --limits-enabled)",
    ] {
        assert!(error.contains(part), "{part} is not in:\n{error}");
    }
}

#[test]
fn a_secret_is_never_repeated_in_an_error() {
    let error = given()
        .var("USERMGMT_SECRET", "hunter2")
        .var("USERMGMT_JWT__HS256_KEY", "hunter2")
        .var("USERMGMT_DATABASE_URL", "oracle://scott:hunter2@db")
        .var("USERMGMT_MAIL__URL", "pigeon://me:hunter2@roof")
        .refused();
    assert_eq!(error.lines().count(), 4, "{error}");
    assert!(!error.contains("hunter2"), "{error}");
    let broken = given().file("secret = hunter2").refused();
    assert!(broken.contains("line 1") && !broken.contains("hunter2"), "{broken}");
}

#[test]
fn a_named_file_must_exist() {
    let error =
        Settings::load(Some(Path::new("/nowhere/usermgmt.toml")), [], []).unwrap_err().to_string();
    assert!(error.contains("/nowhere/usermgmt.toml"), "{error}");
}

#[test]
fn mail_must_be_set_up_before_others_can_reach_the_server() {
    let error = given().flag("listen", "0.0.0.0:8080").refused();
    assert!(error.contains("mail.url is required"), "{error}");
    let error = given().flag("public_url", "https://accounts.example.org").refused();
    assert!(error.contains("public_url is not loopback"), "{error}");
    let everywhere = given().flag("listen", "0.0.0.0:8080").flag("mail.url", "dev:").refused();
    assert!(everywhere.contains("public_url is not loopback"), "{everywhere}");
    given()
        .flag("public_url", "https://accounts.example.org")
        .flag("mail.url", "console:")
        .load()
        .unwrap();
}

#[test]
fn a_url_is_loopback_only_by_its_host() {
    for (url, expected) in [
        ("http://localhost:8080", true),
        ("http://127.8.9.1", true),
        ("http://[::1]:80", true),
        ("http://localhost.example.org", false),
        ("http://example.org/localhost", false),
        ("http://0.0.0.0", false),
    ] {
        assert_eq!(leads_to_loopback(&url.parse().unwrap()), expected, "{url}");
    }
}

#[test]
fn hs256_takes_a_key_of_32_bytes_and_nothing_else_does() {
    let error = given().flag("jwt.algorithm", "HS256").refused();
    assert!(error.contains("jwt.hs256_key is required"), "{error}");
    let error = given().flag("jwt.algorithm", "HS256").flag("jwt.hs256_key", "short").refused();
    assert!(error.contains("at least 32"), "{error}");
    let key = "k".repeat(32);
    assert!(given().flag("jwt.hs256_key", &key).load().is_err());
    given().flag("jwt.algorithm", "HS256").flag("jwt.hs256_key", &key).load().unwrap();
}

#[test]
fn lifetimes_must_agree() {
    for (name, value) in
        [("refresh_grace", "301"), ("access_token_ttl", "0"), ("confirmation_ttl", "8d")]
    {
        let error = given().flag(name, value).refused();
        assert!(error.contains(name), "{name}: {error}");
    }
    given().flag("refresh_grace", "0").load().unwrap();
}

#[test]
fn an_open_users_api_stays_on_this_machine_unless_said_twice() {
    let open = || {
        given()
            .flag("listen", "0.0.0.0:8080")
            .flag("mail.url", "console:")
            .flag("compat.open_users_api", "true")
    };
    assert!(open().refused().contains("compat.open_users_api"));
    open().flag("compat.open_users_api_anywhere", "true").load().unwrap();
    given().flag("compat.open_users_api", "true").load().unwrap();
}

#[test]
fn secrets_come_with_their_state_and_one_signs() {
    let a = "A".repeat(43);
    let b = format!("B{}", "A".repeat(42));
    given().flag("secret", &format!("{a}, verify:{b}")).load().unwrap();
    given().file(&format!("secret = ['unseal-only:{a}', 'sign:{b}']")).load().unwrap();
    for (secret, part) in [
        (format!("verify:{a}"), "exactly one"),
        (format!("{a},{b}"), "exactly one"),
        (format!("retired:{a}"), "state"),
        ("A".repeat(20), "32 bytes"),
        ("%".repeat(43), "base64"),
    ] {
        let error = given().flag("secret", &secret).refused();
        assert!(error.contains(part) && !error.contains(&a), "{error}");
    }
    let error = given().flag("secret", &a).flag("secret_file", "/run/secret").refused();
    assert!(error.contains("set one"), "{error}");
}

#[test]
fn a_store_that_is_not_compiled_in_says_what_to_build() {
    let error = given().flag("database_url", "oracle://db").refused();
    assert!(error.contains("`oracle:`"), "{error}");
}

#[test]
fn connections_are_a_number_within_reason_and_not_for_mongodb() {
    let settings = given().flag("database_connections", "25").load().unwrap();
    assert_eq!(settings.database_connections, Some(25));
    for bad in ["0", "1001", "-1", "ten", ""] {
        let error = given().flag("database_connections", bad).refused();
        assert!(error.contains("1 to 1000"), "{error}");
    }
}

#[test]
fn the_documentation_lists_every_setting() {
    let doc = include_str!("../../../../docs/configuration.md");
    for setting in SETTINGS {
        let row = format!("| `{}` | {} | {} |", setting.name, setting.default, setting.about);
        assert!(doc.contains(&row), "docs/configuration.md lacks this row:\n{row}");
    }
    let table = &doc[doc.find("| setting |").unwrap()..];
    let rows = table.lines().take_while(|line| line.starts_with('|')).count() - 2;
    assert_eq!(rows, SETTINGS.len(), "rows of settings that do not exist");
}
