//! Each setting reaches what obeys it, and has a test that shows what it does. A new
//! setting takes a row here.

use std::collections::BTreeSet;
use std::path::Path;

use super::table::{SETTINGS, find};
use super::{Settings, providers};

/// A setting.
struct Row {
    name: &'static str,
    /// A value of it that is not its default.
    value: &'static str,
    /// What the settings look like with it: nothing where that is a secret or comes
    /// later, when a file is read.
    seen: &'static str,
    /// Where its effect is tested, and by which test.
    tested: (&'static str, &'static str),
}

const fn row(
    name: &'static str,
    value: &'static str,
    seen: &'static str,
    file: &'static str,
    test: &'static str,
) -> Row {
    Row { name, value, seen, tested: (file, test) }
}

const CORE: &str = "usermgmt-core/tests/flows";
const HTTP: &str = "usermgmt-axum/tests/http";
const SERVER: &str = "examples/server/tests";
const LISTENER: &str = "examples/server/src/listener/tests.rs";
const HERE: &str = "examples/server/src/settings/tests.rs";

#[rustfmt::skip]
fn rows() -> Vec<Row> {
    let core = |name, value, seen, file: &str, test| row(name, value, seen, join(CORE, file), test);
    let http = |name, value, seen, file: &str, test| row(name, value, seen, join(HTTP, file), test);
    let server =
        |name, value, seen, file: &str, test| row(name, value, seen, join(SERVER, file), test);
    vec![
        server("listen", "127.0.0.1:9", "listen: 127.0.0.1:9", "it/server.rs", "an_address_in_use_ends_it_with_status_1"),
        server("data_dir", "/data", "data_dir: \"/data\"", "it/server.rs", "a_folder_that_may_not_be_entered_is_named_with_how_to_mend_it"),
        server("database_url", "sqlite:/x.db", "file: Some(\"/x.db\")", "it/backup.rs", "a_dump_of_postgresql_is_restored_into_another_database"),
        row("database_url_file", "/f", "", HERE, "every_secret_can_stand_in_a_file_of_its_own"),
        server("database_connections", "7", "database_connections: Some(7)", "stores/pool.rs", "there_are_no_more_connections_than_the_setting_says"),
        row("database_idle_timeout", "7m", "database_idle_timeout: Some(420s)", "usermgmt-store-sql/tests/support/faults.rs", "connections_that_lay_unused_for_long_are_not_used"),
        server("database_max_lifetime", "7m", "database_max_lifetime: Some(420s)", "stores/pool.rs", "a_connection_is_used_no_longer_than_the_setting_says"),
        core("least_request_time", "70ms", "least_request_time: 70ms", "policies.rs", "a_request_that_must_not_tell_takes_as_long_as_the_policy_says"),
        server("store_timeout", "7s", "store_timeout: 7s", "stores/faults.rs", "while_the_database_stands_still_requests_are_refused_in_time_and_connections_stay_few"),
        http("public_url", "http://localhost:7", "port: Some(7)", "mounting.rs", "a_public_url_with_a_path_is_served_with_and_without_it"),
        core("frontend_url", "https://front.example", "front.example", "password.rs", "the_link_leads_to_the_hosts_own_page_where_there_is_one"),
        server("product_name", "Acme", "product_name: \"Acme\"", "it/aws_secrets.rs", "server_and_commands_take_their_settings_from_the_secret"),
        server("secret", SECRET, "secret: Given(", "it/operator.rs", "root_secrets_are_listed_made_and_sealed_anew"),
        server("secret_file", "/s", "secret: MadeAt(\"/s\")", "it/rotation.rs", "an_exchange_under_load_signs_nobody_out"),
        server("secrets.url", "aws-secretsmanager://eu-west-1/x", "", "it/aws_secrets.rs", "server_and_commands_take_their_settings_from_the_secret"),
        server("secrets.refresh", "7m", "", "it/aws_secrets.rs", "changed_root_secrets_are_taken_over_under_requests"),
        http("trusted_proxies", "10.7.0.0/16", "trusted_proxies: [10.7.0.0/16]", "layers.rs", "a_forwarded_address_is_believed_from_trusted_proxies_only"),
        row("http.keep_alive", "7s", "keep_alive: 7s", LISTENER, "a_silent_connection_is_closed_in_order_when_its_time_is_over"),
        row("http.request_timeout", "7s", "request_timeout: 7s", LISTENER, "a_request_that_does_not_arrive_in_time_is_told_so_and_closed"),
        row("http.max_connections", "7", "max_connections: 7", LISTENER, "good_clients_are_served_among_ten_times_as_many_half_requests_as_there_is_room_for"),
        row("tls.certificate", "c.pem", "certificate: \"c.pem\"", LISTENER, "a_new_certificate_is_taken_at_once_and_a_broken_one_never"),
        row("tls.key", "k.pem", "key: \"k.pem\"", LISTENER, "a_certificate_that_cannot_be_used_names_its_setting"),
        core("access_token_ttl", "7m", "access_token_ttl: 420s", "jwt.rs", "a_token_says_who_for_whom_and_how_long"),
        core("refresh_token_ttl", "7d", "refresh_token_ttl: 604800s", "policies.rs", "what_ends_does_so_when_the_policy_says"),
        core("session_max_ttl", "70d", "session_max_ttl: 6048000s", "policies.rs", "what_ends_does_so_when_the_policy_says"),
        core("refresh_grace", "7s", "refresh_grace: 7s", "refresh.rs", "a_longer_grace_lasts_as_long_as_it_says"),
        core("confirmation_ttl", "7h", "confirmation_ttl: 25200s", "confirm.rs", "the_link_is_good_until_its_last_millisecond"),
        core("unconfirmed_ttl", "14d", "unconfirmed_ttl: 1209600s", "confirm.rs", "an_unconfirmed_account_is_gone_at_its_end_before_anything_is_purged"),
        core("activation_ttl", "7m", "activation_ttl: 420s", "policies.rs", "what_ends_does_so_when_the_policy_says"),
        core("reset_ttl", "7m", "reset_ttl: 420s", "policies.rs", "what_ends_does_so_when_the_policy_says"),
        core("audit_ttl", "70d", "audit_ttl: 6048000s", "policies.rs", "entries_of_the_audit_log_go_when_the_policy_says"),
        core("invitation_ttl", "3d", "invitation_ttl: 259200s", "policies.rs", "what_ends_does_so_when_the_policy_says"),
        http("admin.path", "/desk", "admin_path: Some(\"/desk\")", "admin_pages/way_in.rs", "the_pages_are_where_the_setting_says"),
        http("admin.require_mfa", "true", "require_mfa: Some(true)", "admin/access.rs", "the_second_factor_is_a_policy"),
        http("admin.reauthentication", "7m", "reauthentication: 420s", "admin/access.rs", "how_recent_is_a_policy"),
        http("pages.accent", "#0b6e4f", "#0b6e4f", "look.rs", "every_style_sheet_ends_with_the_colour_and_the_rules"),
        http("pages.logo_file", "/f", "", "look.rs", "the_logo_stands_for_the_name_and_runs_nothing"),
        http("pages.css_file", "/f", "", "look.rs", "pages_behind_mailed_links_have_them_too_and_allow_nothing_else"),
        http("pages.templates", "/t", "", "page_templates.rs", "texts_of_ones_own_are_on_pages_of_every_kind"),
        server("mail.url", "console:", "", "mail/faults.rs", "the_doctor_asks_for_tls_and_signs_in_and_sends_nothing"),
        server("mail.url_file", "/f", "", "it/aws_secrets.rs", "server_and_commands_take_their_settings_from_the_secret"),
        row("mail.from", "ann@example.org", "from: \"ann@example.org\"", "usermgmt-mail/tests/ses.rs", "every_mail_arrives_as_it_was_composed"),
        row("mail.ca_file", "/ca.pem", "ca_file: Some(\"/ca.pem\")", "usermgmt-mail/tests/smtp.rs", "a_certificate_by_an_authority_of_the_ca_file_is_trusted_and_without_it_is_not"),
        row("mail.templates", "/t", "templates: Some(\"/t\")", "usermgmt-mail/tests/templates.rs", "a_folder_replaces_layouts_and_single_texts"),
        core("jwt.algorithm", "ES256", "algorithm: Es256", "jwt.rs", "every_algorithm_is_verified_by_the_published_key"),
        row("jwt.hs256_key", HS256, "algorithm: Hs256(", HERE, "hs256_takes_a_key_of_32_bytes_and_nothing_else_does"),
        row("jwt.hs256_key_file", "/f", "", HERE, "every_secret_can_stand_in_a_file_of_its_own"),
        row("jwt.rs256_key", "no key", "", HERE, "rs256_takes_an_rsa_key_and_es256_none"),
        row("jwt.rs256_key_file", "/f", "", HERE, "every_secret_can_stand_in_a_file_of_its_own"),
        core("jwt.clock_skew", "7s", "clock_skew: 7s", "jwt.rs", "a_token_says_who_for_whom_and_how_long"),
        core("jwt.issuer", "me", "jwt_issuer: Some(\"me\")", "jwt.rs", "every_claim_is_needed_and_right"),
        core("jwt.audience", "them", "jwt_audience: Some(\"them\")", "jwt.rs", "every_claim_is_needed_and_right"),
        server("legacy.jwt_key", HS256, "", "import/change_over.rs", "a_client_of_the_old_service_notices_nothing_but_the_base_url"),
        row("legacy.jwt_key_file", "/f", "", HERE, "every_secret_can_stand_in_a_file_of_its_own"),
        server("legacy.jwt_until", "2026-01-01T00:00:00Z", "", "import/change_over.rs", "a_start_names_what_is_wrong_with_the_settings"),
        server("legacy.jwt_weak_key", "true", "", "import/change_over.rs", "a_start_names_what_is_wrong_with_the_settings"),
        core("mfa.issuer", "Acme", "mfa_issuer: Some(\"Acme\")", "mfa.rs", "an_enrolment_is_a_secret_a_link_and_a_picture_of_it"),
        server("breach_check", "http://127.0.0.1:7/range", "breach_check: Some(", "it/breach_check.rs", "a_password_from_a_breach_is_refused_and_any_passes_where_nobody_can_say"),
        server("sign_in.email", "true", "email: true", "it/account.rs", "a_mailed_code_signs_in_where_that_is_on"),
        core("sign_in.email_registers", "true", "email_registers: true", "mail_sign_in.rs", "an_unknown_address_gets_an_account_where_mail_registers"),
        core("sign_in.passkeys", "true", "passkeys: true", "passkeys/keeping.rs", "passkeys_that_are_off_are_not_there"),
        core("passkeys.rp_id", "example.org", "rp_id: Some(\"example.org\")", "passkeys/adding.rs", "passkeys_are_of_the_domain_and_the_origins_that_are_set"),
        core("passkeys.origins", "https://app.example.org", "app.example.org", "passkeys/adding.rs", "passkeys_are_of_the_domain_and_the_origins_that_are_set"),
        http("cors.origins", "https://app.example.org", "before: \"https://app.example.org\"", "layers.rs", "pages_of_allowed_origins_may_call_the_account_api"),
        core("limits.enabled", "false", "enabled: false", "sign_in.rs", "without_limits_nothing_is_refused_and_nothing_counted"),
        core("limits.sign_in_account", BUDGET, "sign_in_account: Budget { first: Rate { max: 3, window: 420s }, per_day: 5, in_a_row: 7 }", "sign_in.rs", "an_account_takes_a_hundred_failures_in_a_row_whatever_it_is_called_by"),
        core("limits.sign_in_device", BUDGET, "sign_in_device: Budget { first: Rate { max: 3", "policies.rs", "a_device_that_was_used_before_has_a_budget_of_its_own"),
        core("limits.sign_in_pair", RATE, "sign_in_pair: Rate { max: 3, window: 420s }", "policies.rs", "one_client_fails_with_one_name_as_often_as_the_policy_says"),
        core("limits.sign_in_client", RATE, "sign_in_client: Rate { max: 3", "sign_in.rs", "one_client_fails_a_hundred_times_with_any_names"),
        core("limits.mfa_account", BUDGET, "mfa_account: Budget { first: Rate { max: 3", "mfa_sign_in.rs", "codes_are_not_guessed_across_tickets"),
        core("limits.mfa_device", BUDGET, "mfa_device: Budget { first: Rate { max: 3", "policies.rs", "a_device_that_was_used_before_has_a_budget_at_the_second_factor"),
        core("limits.user_secret", BUDGET, "user_secret: Budget { first: Rate { max: 3", "profile.rs", "guessing_the_current_password_is_limited"),
        core("limits.notify_after", "7", "notify_after: 7", "policies.rs", "the_owner_is_told_after_as_many_failures_as_the_policy_says"),
        core("limits.notify_after_mfa", "7", "notify_after_mfa: 7", "policies.rs", "the_owner_is_told_after_as_many_failures_as_the_policy_says"),
        core("limits.mail_identifier", RATE, "mail_identifier: Rate { max: 3", "password.rs", "whoever_asks_often_is_answered_and_mails_nothing_while_the_link_is_good"),
        core("limits.mail_client", RATE, "mail_client: Rate { max: 3", "policies.rs", "one_client_asks_for_mail_so_often_and_no_more"),
        row("limits.mail_recipient", RATE, "mail_recipient: Rate { max: 3", "usermgmt-core/tests/outbox/flooding.rs", "strangers_have_as_many_mails_between_them_as_the_policy_says"),
        row("limits.mail_recipient_kind", RATE, "mail_recipient_kind: Rate { max: 3", "usermgmt-core/tests/outbox/flooding.rs", "one_address_gets_10_mails_of_a_kind_an_hour_and_the_rest_later"),
        core("limits.register_client", RATE, "register_client: Rate { max: 3", "register.rs", "too_many_registrations_from_one_client_are_refused_for_an_hour"),
        core("limits.code_identifier", RATE, "code_identifier: Rate { max: 3", "policies.rs", "codes_are_tried_with_an_address_as_often_as_the_policy_says"),
        core("limits.token_client", RATE, "token_client: Rate { max: 3, window: 420s }", "policies.rs", "one_client_tries_links_so_often_and_no_more"),
        core("limits.ipv6_site", "7", "ipv6_site: 7", "register.rs", "a_whole_ipv6_site_registers_so_many_times_as_much_as_one_client"),
        http("compat.reveal_existing_accounts", "true", "reveal_existing_accounts: true", "compat.rs", "registering_tells_whether_an_address_is_known"),
        core("compat.fixed_refresh_tokens", "true", "fixed_refresh_tokens: true", "refresh.rs", "fixed_tokens_stay_the_same_and_keep_the_session_alive"),
        http("compat.confirm_on_get", "true", "confirm_on_get: true", "pages.rs", "with_confirm_on_get_opening_the_link_confirms"),
        http("compat.no_reauthentication", "true", "no_reauthentication: true", "profile.rs", "without_reauthentication_as_before"),
        http("compat.omit_mfa_secret_field", "true", "omit_mfa_secret_field: true", "users_create.rs", "an_empty_mfa_secret_can_be_left_out"),
        http("compat.free_gender", "true", "free_gender: true", "users_create.rs", "a_gender_can_be_any_text"),
        http("compat.composition_password_rule", "true", "composition: true", "users_create.rs", "the_old_password_rule_can_be_had"),
        http("compat.open_users_api", "true", "open_users_api: true", "users.rs", "an_open_api_asks_for_no_key_and_makes_no_admins"),
        row("compat.open_users_api_anywhere", "true", "", HERE, "an_open_users_api_stays_on_this_machine_unless_said_twice"),
        row("compat_env", "true", "", HERE, "the_environment_of_the_old_service_is_understood_where_it_is_asked_for"),
        row("settings_json", "/f", "", HERE, "the_settings_json_of_the_first_old_service_sends_by_ses"),
        server("metrics.listen", "127.0.0.1:9", "metrics_listen: Some(127.0.0.1:9)", "it/metrics.rs", "metrics_are_not_shown_to_those_who_reach_the_api"),
        server("otel.endpoint", "http://127.0.0.1:7", "otel_endpoint: Some(", "it/otel.rs", "a_request_joins_the_trace_it_names_and_the_log_has_its_id"),
        server("log_format", "json", "log_format: Json", "it/server.rs", "the_start_is_fields_in_a_json_log"),
    ]
}

/// Those of each provider. Values are as a settings file has them.
#[rustfmt::skip]
fn provider_rows() -> Vec<Row> {
    let provider = |name, value, seen, test| row(name, value, seen, "examples/server/tests/it/providers.rs", test);
    vec![
        row("kind", "'github'", "kind: GitHub", "usermgmt-core/src/oidc/tests.rs", "github_is_asked_for_number_and_primary_address"),
        provider("issuer", "'https://id.example.org'", "issuer: \"https://id.example.org\"", "a_provider_on_this_machine_signs_in_and_its_keys_may_change"),
        provider("client_id", "'shop'", "client_id: \"shop\"", "a_provider_on_this_machine_signs_in_and_its_keys_may_change"),
        provider("client_secret", "'hunter2'", "", "a_provider_on_this_machine_signs_in_and_its_keys_may_change"),
        row("client_secret_file", "'/f'", "", HERE, "a_client_secret_is_read_from_a_file"),
        provider("scopes", "['openid', 'phone']", "scopes: [\"openid\", \"phone\"]", "a_provider_is_asked_for_what_the_setting_says"),
        provider("name", "'Our ID'", "name: \"Our ID\"", "a_provider_on_this_machine_signs_in_and_its_keys_may_change"),
        row("trust_email", "true", "trust_email: true", "usermgmt-core/tests/flows/providers.rs", "a_trusted_provider_links_to_a_confirmed_address_and_its_owner_is_told"),
    ]
}

const SECRET: &str = "CAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
const HS256: &str = "a key of thirty-two bytes or more";
const RATE: &str = "3/7m";
const BUDGET: &str = "3/7m, 5/day, 7/row";

/// Leaked, as the names beside it are static: these are tests.
fn join(folder: &str, file: &str) -> &'static str {
    format!("{folder}/{file}").leak()
}

/// What some need beside them.
fn beside(name: &str) -> &'static [(&'static str, &'static str)] {
    match name {
        "tls.certificate" => &[("tls.key", "k.pem")],
        "tls.key" => &[("tls.certificate", "c.pem")],
        "jwt.hs256_key" => &[("jwt.algorithm", "HS256")],
        "sign_in.email_registers" => &[("sign_in.email", "true")],
        _ => &[],
    }
}

#[test]
fn every_setting_is_here_once() {
    let rows = rows();
    let here: BTreeSet<&str> = rows.iter().map(|row| row.name).collect();
    let all: BTreeSet<&str> = SETTINGS.iter().map(|setting| setting.name).collect();
    assert_eq!(here, all);
    assert_eq!(rows.len(), all.len());
    let here: Vec<&str> = provider_rows().iter().map(|row| row.name).collect();
    let all: Vec<&str> = providers::SETTINGS.iter().map(|setting| setting.name).collect();
    assert_eq!(here, all);
}

#[test]
fn every_setting_has_a_test_of_what_it_does() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for Row { name, tested: (file, test), .. } in rows().into_iter().chain(provider_rows()) {
        let source = std::fs::read_to_string(root.join(file));
        let source = source.unwrap_or_else(|error| panic!("{name}: {file}: {error}"));
        assert!(source.contains(&format!("fn {test}(")), "{name}: {file} has no test {test}");
    }
}

#[test]
fn every_setting_reaches_what_obeys_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("settings.toml");
    std::fs::write(&file, "").unwrap();
    let seen = |flags: &[(&str, &str)]| {
        let flags = flags.iter().map(|(name, value)| (find(name).unwrap(), (*value).to_owned()));
        let mut settings =
            Settings::load(Some(&file), [], flags).unwrap_or_else(|problems| panic!("{problems}"));
        // What was typed, which proves nothing.
        settings.shown.clear();
        format!("{settings:?}")
    };
    for Row { name, value, seen: expected, .. } in rows() {
        if expected.is_empty() {
            continue;
        }
        let beside = beside(name);
        let flags: Vec<_> = beside.iter().copied().chain([(name, value)]).collect();
        let with = seen(&flags);
        assert!(with.contains(expected), "{name}: {expected} is not in {with}");
        let is_needed =
            beside.iter().any(|(name, _)| name.contains('.')) && name.starts_with("tls");
        if !is_needed && name != "jwt.hs256_key" {
            let without = seen(beside);
            assert!(!without.contains(expected), "{name}: {expected} is there without it");
        }
    }
}

#[cfg(feature = "oidc")]
#[test]
fn every_setting_of_a_provider_reaches_what_obeys_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("settings.toml");
    let needed = [
        ("issuer", "'https://accounts.example.org'"),
        ("client_id", "'id'"),
        ("client_secret", "'secret'"),
    ];
    let seen = |name: &str, value: &str| {
        let beside = needed.into_iter().filter(|(needed, _)| *needed != name);
        let lines =
            beside.chain([(name, value)]).map(|(name, value)| format!("{name} = {value}\n"));
        std::fs::write(&file, format!("[providers.local]\n{}", lines.collect::<String>())).unwrap();
        let mut settings =
            Settings::load(Some(&file), [], []).unwrap_or_else(|problems| panic!("{problems}"));
        settings.shown.clear();
        format!("{settings:?}")
    };
    let without = seen(needed[0].0, needed[0].1);
    for Row { name, value, seen: expected, .. } in provider_rows() {
        if expected.is_empty() {
            continue;
        }
        let with = seen(name, value);
        assert!(with.contains(expected), "{name}: {expected} is not in {with}");
        assert!(!without.contains(expected), "{name}: {expected} is there without it");
    }
}
