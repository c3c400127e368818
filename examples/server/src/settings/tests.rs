//! Settings as an operator meets them.

use usermgmt_core::clock::{Clock as _, SystemClock};

use super::table::{self, SETTINGS};
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
        self.flags.push((table::find(name).unwrap(), value.to_owned()));
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
        .file("refresh_grace = '30 parsecs'")
        .var("USERMGMT_LISTEN", "localhost")
        .flag("limits.enabled", "maybe")
        .refused();
    for part in [
        "refresh_grace = \"30 parsecs\" (in ",
        "listen = \"localhost\" (from the environment, USERMGMT_LISTEN)",
        "limits.enabled = \"maybe\" (from --limits-enabled)",
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
fn hs256_takes_a_key_of_32_bytes_and_nothing_else_does() {
    let error = given().flag("jwt.algorithm", "HS256").refused();
    assert!(error.contains("jwt.hs256_key is required"), "{error}");
    let error = given().flag("jwt.algorithm", "HS256").flag("jwt.hs256_key", "short").refused();
    assert!(error.contains("fewer than 32 bytes"), "{error}");
    let error =
        given().flag("jwt.algorithm", "HS256").flag("jwt.hs256_key", &"k".repeat(32)).refused();
    assert!(error.contains("one byte repeated"), "{error}");
    let key = "key ".repeat(8);
    assert!(given().flag("jwt.hs256_key", &key).load().is_err());
    given().flag("jwt.algorithm", "HS256").flag("jwt.hs256_key", &key).load().unwrap();
}

#[test]
fn rs256_takes_an_rsa_key_and_es256_none() {
    let error = given().flag("jwt.algorithm", "RS256").refused();
    assert!(error.contains("jwt.rs256_key is required"), "{error}");
    let error = given().flag("jwt.algorithm", "RS256").flag("jwt.rs256_key", "no key").refused();
    assert!(error.contains("jwt.rs256_key: ") && error.contains("PEM"), "{error}");
    let error = given().flag("jwt.algorithm", "ES256").flag("jwt.rs256_key", "no key").refused();
    assert!(error.contains("jwt.algorithm is ES256"), "{error}");
    let settings = given().flag("jwt.algorithm", "ES256").load().unwrap();
    assert!(matches!(settings.core(settings.listen).jwt.algorithm, JwtAlgorithm::Es256));
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
    let a = format!("C{}", "A".repeat(42));
    let b = format!("B{}", "A".repeat(42));
    given().flag("secret", &format!("{a}, verify:{b}")).load().unwrap();
    given().file(&format!("secret = ['unseal-only:{a}', 'sign:{b}']")).load().unwrap();
    for (secret, part) in [
        (format!("verify:{a}"), "exactly one"),
        (format!("{a},{b}"), "exactly one"),
        (format!("retired:{a}"), "state"),
        ("A".repeat(20), "32 bytes"),
        ("A".repeat(43), "one byte repeated"),
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
fn an_empty_variable_is_not_set() {
    let settings = given()
        .file("reset_ttl = '5m'")
        .var("USERMGMT_MAIL__URL", "")
        .var("USERMGMT_RESET_TTL", "")
        .var("USERMGMT_DATABASE_URL", "")
        .load()
        .unwrap();
    assert_eq!(settings.core(settings.listen).reset_ttl, Duration::from_secs(300));
    assert_eq!(settings.database.kind, StoreKind::Sqlite);
}

#[test]
fn a_file_may_begin_with_a_byte_order_mark_and_have_windows_line_ends() {
    let settings = given().file("\u{feff}reset_ttl = '5m'\r\n[jwt]\r\nissuer = 'a'\r\n").load();
    let settings = settings.unwrap();
    let core = settings.core(settings.listen);
    assert_eq!((core.reset_ttl, core.jwt.issuer.as_str()), (Duration::from_secs(300), "a"));
}

#[test]
fn every_secret_can_stand_in_a_file_of_its_own() {
    for setting in SETTINGS.iter().filter(|setting| setting.is_secret) {
        let file = table::find(&format!("{}_file", setting.name));
        assert!(file.is_some_and(|file| !file.is_secret), "{}", setting.name);
    }
    let given = given().var("USERMGMT_JWT__ALGORITHM", "HS256");
    let path = given.dir.path().join("key");
    std::fs::write(&path, format!("{}\n", "key ".repeat(8))).unwrap();
    let path = path.display().to_string();
    let settings = given.var("USERMGMT_JWT__HS256_KEY_FILE", &path).load().unwrap();
    let JwtAlgorithm::Hs256(key) = settings.core(settings.listen).jwt.algorithm else {
        panic!("HS256 was asked for");
    };
    assert_eq!(*key.expose(), "key ".repeat(8).into_bytes());
    let given = self::given();
    let path = given.dir.path().join("url");
    std::fs::write(&path, "sqlite:/elsewhere/accounts.db\n").unwrap();
    let path = path.display().to_string();
    let settings = given.var("USERMGMT_DATABASE_URL_FILE", &path).load().unwrap();
    assert_eq!(settings.database.url.expose(), "sqlite:/elsewhere/accounts.db");
}

#[test]
fn a_value_and_its_file_exclude_each_other_and_a_missing_file_is_named() {
    let error = given().flag("mail.url", "console:").flag("mail.url_file", "/nowhere").refused();
    assert!(error.contains("mail.url and mail.url_file are both set"), "{error}");
    let error = given().flag("database_url_file", "/nowhere/url").refused();
    assert!(error.contains("database_url_file: cannot read /nowhere/url"), "{error}");
}

#[test]
fn what_is_shown_has_the_source_of_each_and_no_secret() {
    let settings = given()
        .file("reset_ttl = 60")
        .var("USERMGMT_SECRET", &format!("C{}", "A".repeat(42)))
        .flag("mail.url", "smtp://ada:hunter2@mail.example.org")
        .flag("mail.from", "ada@example.org")
        .load()
        .unwrap();
    let shown = |name: &str| {
        let found = settings.shown().iter().find(|shown| shown.name == name).unwrap();
        (found.text(), found.source.clone())
    };
    assert_eq!(settings.shown().len(), SETTINGS.len());
    assert_eq!(shown("listen"), ("127.0.0.1:8080".into(), "default".into()));
    assert_eq!(shown("mail.url"), ("[redacted]".into(), "from --mail-url".into()));
    assert_eq!(
        shown("secret"),
        ("[redacted]".into(), "from the environment, USERMGMT_SECRET".into())
    );
    let (value, source) = shown("reset_ttl");
    assert!(value == "60" && source.starts_with("in "), "{value} {source}");
    assert!(!format!("{:?}", settings.shown()).contains("hunter2"));
}

/// The environment of the second old service.
fn old_service() -> Given {
    given()
        .var("SECRET_KEY", &"key ".repeat(10))
        .var("MONGODB_DB", "users_db")
        .var("MONGODB_HOST", "db.example.org")
        .var("MONGODB_USERNAME", "ada")
        .var("MONGODB_PASSWORD", "p@ss/word")
        .var("MAIL_SERVER", "mail.example.org")
        .var("MAIL_PORT", "2525")
        .var("MAIL_USE_TLS", "True")
        .var("MAIL_USERNAME", "ada@example.org")
        .var("MAIL_PASSWORD", "x:y")
        .var("MAIL_DEFAULT_SENDER", "no-reply@example.org")
        .var("USER_ACTIVATION_EXPIRATION_MINUTES", "90")
        .var("RESET_PASSWORD_EXPIRATION_MINUTES", "20")
        .var("FRONTEND_URL", "https://app.example.org")
}

#[test]
fn the_environment_of_the_old_service_changes_nothing_unless_asked_for() {
    let settings = old_service().load().unwrap();
    assert_eq!(settings.database.kind, StoreKind::Sqlite);
    assert_eq!(settings.mail.url.expose(), "dev:");
    assert!(settings.shown().iter().all(|shown| shown.source == "default"));
}

#[cfg(feature = "mongo")]
#[test]
fn the_environment_of_the_old_service_is_understood_where_it_is_asked_for() {
    let settings = old_service().var("USERMGMT_COMPAT_ENV", "true").load().unwrap();
    assert_eq!(
        settings.database.url.expose(),
        "mongodb://ada:p%40ss%2Fword@db.example.org:27017/users_db?authSource=admin"
    );
    assert_eq!(
        settings.mail.url.expose(),
        "smtp://ada%40example%2Eorg:x%3Ay@mail.example.org:2525"
    );
    assert_eq!(settings.mail.from, "no-reply@example.org");
    let core = settings.core(settings.listen);
    assert_eq!(core.activation_ttl, Duration::from_secs(90 * 60));
    assert_eq!(core.reset_ttl, Duration::from_secs(20 * 60));
    assert_eq!(core.frontend_url.unwrap().as_str(), "https://app.example.org/");
    assert!(matches!(settings.secret, SecretSource::Given(_)));
}

#[cfg(feature = "mongo")]
#[test]
fn what_is_set_by_its_name_here_wins_over_the_old_service() {
    let settings = old_service()
        .var("USERMGMT_COMPAT_ENV", "on")
        .var("USERMGMT_RESET_TTL", "5m")
        .file("activation_ttl = '10m'\n[mail]\nurl = 'console:'")
        .load()
        .unwrap();
    let core = settings.core(settings.listen);
    assert_eq!(core.reset_ttl, Duration::from_secs(300));
    assert_eq!(core.activation_ttl, Duration::from_secs(600));
    assert_eq!(settings.mail.url.expose(), "console:");
}

#[test]
fn an_old_secret_that_is_too_short_is_refused_without_being_shown() {
    let error = given().var("SECRET_KEY", "hunter2").var("USERMGMT_COMPAT_ENV", "true").refused();
    assert!(error.contains("SECRET_KEY has 7 characters"), "{error}");
    assert!(!error.contains("hunter2"), "{error}");
}

#[test]
fn the_settings_json_of_the_first_old_service_sends_by_ses() {
    let given = given().flag("mail.from", "no-reply@example.org");
    let path = given.dir.path().join("settings.json");
    let old = r#"{"aws_access_key":"A","aws_secret_key":"B","aws_region_name":"eu-west-1",
                  "mail_access":"AK/IA","mail_secret":"s+x"}"#;
    std::fs::write(&path, old).unwrap();
    let settings = given.flag("settings_json", &path.display().to_string()).load().unwrap();
    assert_eq!(settings.mail.url.expose(), "ses://AK%2FIA:s%2Bx@eu-west-1");
    let error = self::given().flag("settings_json", "/nowhere.json").refused();
    assert!(error.contains("settings_json: /nowhere.json"), "{error}");
}

#[test]
fn a_certificate_needs_its_key_and_makes_the_public_url_https() {
    let error = given().flag("tls.certificate", "cert.pem").refused();
    assert!(error.contains("tls.certificate and tls.key go together"), "{error}");
    let settings =
        given().flag("tls.certificate", "c.pem").flag("tls.key", "k.pem").load().unwrap();
    assert_eq!(settings.core(settings.listen).public_url.as_str(), "https://127.0.0.1:8080/");
}

#[test]
fn the_admin_pages_are_where_nothing_else_is() {
    for path in ["/", "/api/v1/admin", "/account", "people", "/a b", "/a//b", "/../x", "/{id}"] {
        let error = given().flag("admin.path", path).refused();
        assert!(error.contains("admin.path must be a path"), "{path}: {error}");
    }
    for path in ["/admin", "/people/desk/"] {
        let settings = given().flag("admin.path", path).load().unwrap();
        assert_eq!(settings.admin_path.as_deref(), Some(path));
    }
    assert_eq!(given().load().unwrap().admin_path, None);
}

#[test]
fn a_look_that_pages_cannot_have_stops_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, content: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.display().to_string()
    };
    let (text, css) = (file("logo.txt", b"no image"), file("rules.css", b"</style>"));
    let large = file("large.css", &[b' '; 65_537]);
    for (name, value, said) in [
        ("pages.accent", "blue", "write it as #rrggbb"),
        ("pages.accent", "#ffcc00", "could not be read"),
        ("pages.logo_file", "/nowhere.svg", "cannot read /nowhere.svg"),
        ("pages.logo_file", &text, "not an image"),
        ("pages.css_file", &css, "not a style sheet"),
        ("pages.css_file", &large, "too large"),
    ] {
        let error = given().flag(name, value).refused();
        assert!(error.contains(name) && error.contains(said), "{value}: {error}");
    }
    let logo = file("logo.svg", b"<svg xmlns=\"http://www.w3.org/2000/svg\"></svg>");
    given().flag("pages.accent", "#0b6e4f").flag("pages.logo_file", &logo).load().unwrap();
}

#[test]
fn page_templates_that_cannot_work_stop_the_start_and_are_named() {
    for (name, content, said) in [
        ("footer.html", "", "is neither layout.html nor a language's texts"),
        ("fr.toml", "[reste]\ntitle = 'x'", "no section [reste]; did you mean reset?"),
        ("de.toml", "[reset]\ntitel = 'x'", "[reset] has no titel; did you mean title?"),
        ("en.toml", "[reset]\ntext = '{max}'", "[reset] text has {max}, which is not filled in"),
        ("en.toml", "[reset]\ntext = 'x'", "[reset] text lacks {min}"),
        ("layout.html", "{{ head }}{{ contents }}", "shows {{ contents }}, which there is not"),
        ("layout.html", "{{ content }}", "must show {{ head }}"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(name), content).unwrap();
        let error = given().flag("pages.templates", folder.path().to_str().unwrap()).refused();
        let named = format!("pages.templates: {}/{name}: ", folder.path().display());
        assert!(error.contains(&named) && error.contains(said), "{name}: {error}");
    }
    let error = given().flag("pages.templates", "/nowhere").refused();
    assert!(error.contains("pages.templates: /nowhere: "), "{error}");
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("fr.toml"), "[reset]\ntitle = 'x'").unwrap();
    given().flag("pages.templates", folder.path().to_str().unwrap()).load().unwrap();
}

#[test]
fn a_connection_has_some_time_but_not_for_ever() {
    for (name, value) in [("http.keep_alive", "0"), ("http.request_timeout", "2h")] {
        let error = given().flag(name, value).refused();
        assert!(error.contains(&format!("{name} must be between")), "{error}");
    }
    let error = given().flag("http.max_connections", "0").refused();
    assert!(error.contains("http.max_connections"), "{error}");
}

#[test]
fn metrics_are_shown_where_the_server_does_not_listen() {
    let read = |listen: &str, metrics: &str| {
        given().flag("listen", listen).flag("metrics.listen", metrics).load()
    };
    for (listen, metrics) in [
        ("127.0.0.1:8080", "127.0.0.1:8080"),
        ("127.0.0.1:8080", "0.0.0.0:8080"),
        ("127.0.0.1:8080", "[::]:8080"),
        ("[::]:8080", "0.0.0.0:8080"),
        ("[::]:8080", "[::1]:8080"),
    ] {
        let error = read(listen, metrics).unwrap_err();
        let said = format!("metrics.listen ({metrics}) takes the port of listen ({listen})");
        assert!(error.contains(&said), "{error}");
    }
    for (listen, metrics) in [
        ("127.0.0.1:8080", "127.0.0.1:9090"),
        ("127.0.0.1:8080", "127.0.0.2:8080"),
        ("[::1]:8080", "0.0.0.0:8080"),
        ("127.0.0.1:0", "127.0.0.1:0"),
    ] {
        let settings = read(listen, metrics).unwrap();
        assert_eq!(settings.metrics_listen, Some(metrics.parse().unwrap()));
    }
}

#[cfg(feature = "breach-check")]
#[test]
fn breached_passwords_are_looked_for_privately() {
    for url in ["https://api.pwnedpasswords.com/range", "http://127.0.0.1:8000/range"] {
        let settings = given().var("USERMGMT_BREACH_CHECK", url).load().unwrap();
        assert_eq!(settings.breach_check.unwrap().as_str(), url);
    }
    let refused = |url| given().var("USERMGMT_BREACH_CHECK", url).refused();
    let in_clear = refused("http://mirror.example/range");
    assert!(in_clear.contains("breach_check must be an https URL"), "{in_clear}");
    for url in ["https://me:pw@mirror.example", "https://mirror.example?q"] {
        let refused = refused(url);
        assert!(refused.contains("breach_check"), "{refused}");
    }
    assert!(given().load().unwrap().breach_check.is_none());
}

#[cfg(feature = "oidc")]
mod providers {
    use super::*;

    const GOOGLE: &str = "[providers.google]\nissuer = \"https://accounts.google.com\"\n\
        client_id = \"id\"\nclient_secret = \"hunter2\"\n";

    #[test]
    fn come_from_file_and_environment_together() {
        let settings = given()
            .file(&format!("{GOOGLE}scopes = [\"openid\", \"email\"]"))
            .var("USERMGMT_PROVIDERS__GOOGLE__NAME", "Google")
            .var("USERMGMT_PROVIDERS__GOOGLE__TRUST_EMAIL", "true")
            .var("USERMGMT_PROVIDERS__MY_HUB__KIND", "github")
            .var("USERMGMT_PROVIDERS__MY_HUB__CLIENT_ID", "hub")
            .var("USERMGMT_PROVIDERS__MY_HUB__CLIENT_SECRET", "hunter2")
            .var("USERMGMT_PROVIDERS__GOOGLE__ISSUER", "")
            .load()
            .unwrap();
        let core = settings.core(settings.listen);
        let [google, hub] = &core.providers[..] else { panic!("{:?}", core.providers) };
        assert_eq!((google.id.as_str(), google.name.as_str()), ("google", "Google"));
        assert_eq!(google.issuer, "https://accounts.google.com");
        assert_eq!(google.scopes, ["openid", "email"]);
        assert!(google.trust_email);
        assert_eq!((hub.id.as_str(), hub.issuer.as_str()), ("my_hub", "https://github.com"));
        assert!(!hub.trust_email);
        let shown =
            |name: &str| settings.shown().iter().find(|shown| shown.name == name).unwrap().text();
        assert_eq!(shown("providers.google.name"), "Google");
        assert_eq!(shown("providers.google.client_secret"), "[redacted]");
        assert!(!format!("{settings:?}").contains("hunter2"));
    }

    #[test]
    fn that_cannot_work_are_named() {
        for (file, named) in [
            (GOOGLE.replace("https:", "http:"), "providers.google.issuer: must be an https URL"),
            (GOOGLE.replace("client_id", "client"), "unknown setting `providers.google.client`"),
            (GOOGLE.replace("client_id = \"id\"\n", ""), "providers.google.client_id is required"),
            (
                GOOGLE.replace("client_secret = \"hunter2\"\n", ""),
                "providers.google.client_secret is required",
            ),
            (
                GOOGLE.replace("providers.google", "providers.Big"),
                "providers.Big: a provider's name",
            ),
            (format!("{GOOGLE}kind = \"saml\""), "providers.google.kind = saml"),
            (format!("{GOOGLE}scopes = \"email\""), "providers.google.scopes: must hold openid"),
            (
                format!("{GOOGLE}trust_email = \"maybe\""),
                "providers.google.trust_email = \"maybe\"",
            ),
            (format!("{GOOGLE}client_secret_file = \"/x\""), "are both set: set one"),
            ("providers = 1".to_owned(), "unknown setting `providers.`"),
        ] {
            let refused = given().file(&file).refused();
            assert!(refused.contains(named), "{named}: {refused}");
            assert!(!refused.contains("hunter2"), "{refused}");
        }
        let refused = given().var("USERMGMT_PROVIDERS__X__ISSUR", "y").refused();
        assert!(refused.contains("unknown setting `providers.x.issur`"), "{refused}");
    }

    #[test]
    fn a_client_secret_is_read_from_a_file() {
        let given = given();
        let path = given.dir.path().join("client-secret");
        std::fs::write(&path, "hunter2\n").unwrap();
        let named = format!("client_secret_file = {path:?}");
        let file = GOOGLE.replace("client_secret = \"hunter2\"", &named);
        let settings = given.file(&file).load().unwrap();
        let core = settings.core(settings.listen);
        assert_eq!(core.providers[0].client_secret.expose(), "hunter2");
    }
}

#[test]
fn old_tokens_that_a_start_would_refuse_are_refused() {
    let key = "an old key for tokens, of some length";
    let ahead = |days: u64| {
        let at = SystemClock.now() + Duration::from_secs(days * 86_400);
        at.to_string()
    };
    let given = |key: &str, until: &str| {
        given().file(&format!("legacy.jwt_key = '{key}'\nlegacy.jwt_until = '{until}'"))
    };
    given(key, &ahead(30)).load().unwrap();
    let error = given(key, &ahead(32)).refused();
    assert!(error.starts_with("legacy.jwt_until: must be at most 31 days ahead"), "{error}");
    let error = given("short", &ahead(30)).refused();
    assert!(error.starts_with("legacy.jwt_key: has 5 bytes, fewer than the 32"), "{error}");
}
