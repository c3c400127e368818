//! From one kind of store into another.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::json;
use usermgmt_test_support::{Kind, Server, Setup, registered};

use crate::world::{import, python, run, target};

const PEOPLE: &str = concat!(
    r#"{"usermgmt_export":1,"exported_at":"2026-01-01T00:00:00.000Z"}"#,
    "\n",
    r#"{"id":"1","username":"Ann Ö.","email":"Ann@Example.com","is_email_confirmed":true,"is_disabled":true,"role":"admin","first_name":"Ann","last_name":"O'Neill","gender":"other","locale":"de","created_at":"2020-01-02T03:04:05.678Z","updated_at":"2021-01-02T03:04:05.678Z","password":"scrypt:32768:8:1$EEimSseABpF2dakM$e41eeb869e882372a451182050947b1367f251e3e2fc64b1036c5dcbdbd0ff1586a84b1ee933dd04c09339362d6e96974d659688b46afeb583d4324b35baa253","totp":{"secret":"MFRGGZDFMY","algorithm":"SHA256","digits":8,"period":60},"recovery_codes":["0a","1b"],"identities":[{"issuer":"https://id.example.com","subject":"1","provider":"example","email":"ann@example.net","created_at":"2022-01-02T03:04:05.678Z"}],"passkeys":[{"id":"47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU","handle":"67e55044-10b1-426f-9247-bb680e5fe0c8","name":"Ann's phone","credential":"{\"cred_id\":\"\",\"cred\":{\"type_\":\"ES256\",\"key\":{\"EC_EC2\":{\"curve\":\"SECP256R1\",\"x\":\"axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY\",\"y\":\"T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU\"}}},\"counter\":0,\"transports\":null,\"user_verified\":true,\"backup_eligible\":false,\"backup_state\":false,\"registration_policy\":\"required\",\"extensions\":{},\"attestation\":{\"data\":\"None\",\"metadata\":\"None\"},\"attestation_format\":\"none\"}","counter":7,"backed_up":true,"created_at":"2022-01-02T03:04:05.678Z","last_used_at":null},{"id":"n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg","handle":"67e55044-10b1-426f-9247-bb680e5fe0c8","name":"Key","credential":"{\"cred_id\":\"dGVzdA\",\"cred\":{\"type_\":\"ES256\",\"key\":{\"EC_EC2\":{\"curve\":\"SECP256R1\",\"x\":\"axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY\",\"y\":\"T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU\"}}},\"counter\":0,\"transports\":null,\"user_verified\":true,\"backup_eligible\":false,\"backup_state\":false,\"registration_policy\":\"required\",\"extensions\":{},\"attestation\":{\"data\":\"None\",\"metadata\":\"None\"},\"attestation_format\":\"none\"}","counter":0,"backed_up":false,"created_at":"2023-01-02T03:04:05.678Z","last_used_at":"2024-01-02T03:04:05.678Z"}]}"#,
    "\n",
    r#"{"id":"auth0|60425dc43519d90068f82973","username":"bob","email":"bob@example.com","is_email_confirmed":false,"is_disabled":false,"role":"user","first_name":null,"last_name":null,"gender":null,"locale":null,"created_at":"1969-12-31T23:59:59.999Z","updated_at":"2021-01-02T03:04:05.000Z"}"#,
    "\n",
);

async fn an_export_comes_back_equal_out_of_any_other_store(kind: Kind) {
    let first = target(kind).await;
    let path = first.dir().join("people.jsonl");
    std::fs::write(&path, PEOPLE).unwrap();
    let mut from = path;
    let mut before: Option<Vec<String>> = Some(PEOPLE.lines().skip(1).map(str::to_owned).collect());
    for kind in [kind, Kind::Sqlite, Kind::Postgres, Kind::MySql, Kind::Mongo] {
        let setup = target(kind).await;
        let (status, report) = import(&setup, "jsonl", from.to_str().unwrap(), &[]);
        assert_eq!((status, &report["imported"]), (0, &json!(2)), "{report}");
        let to = first.dir().join(format!("{kind:?}.jsonl"));
        let ran = run(&setup, &["export", "--with-credentials", "--to", to.to_str().unwrap()]);
        assert_eq!((ran.status, &*ran.stdout), (0, ""), "{ran:?}");
        assert_eq!(std::fs::metadata(&to).unwrap().permissions().mode() & 0o777, 0o600);
        let text = std::fs::read_to_string(&to).unwrap();
        let lines: Vec<String> = text.lines().skip(1).map(str::to_owned).collect();
        if let Some(before) = before.replace(lines.clone()) {
            assert_eq!(lines, before, "{kind:?}");
        }
        from = to;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_comes_back_equal_out_of_every_store() {
    an_export_comes_back_equal_out_of_any_other_store(Kind::Mongo).await;
}

/// The first start makes an administrator at `localhost`, and such addresses register
/// where the server is on one's own machine.
#[tokio::test(flavor = "multi_thread")]
async fn an_export_of_a_server_as_it_comes_comes_back_equal() {
    let server = Server::start().await;
    registered(&server, "ann", "ann@localhost").await;
    let lines = |setup: &Setup| -> Vec<String> {
        let ran = run(setup, &["export", "--with-credentials"]);
        assert_eq!(ran.status, 0, "{ran:?}");
        ran.stdout.lines().map(str::to_owned).collect()
    };
    let before = lines(&server.setup());
    assert!(before.join("\n").contains("administrator@localhost"), "{before:?}");
    let setup = target(Kind::Sqlite).await;
    let path = setup.dir().join("people.jsonl");
    std::fs::write(&path, before.join("\n")).unwrap();
    let (status, report) = import(&setup, "jsonl", path.to_str().unwrap(), &[]);
    assert_eq!((status, &report["imported"]), (0, &json!(2)), "{report}");
    assert_eq!(lines(&setup)[1..], before[1..]);

    // What comes from elsewhere has addresses that mail can reach.
    let path = setup.dir().join("people.csv");
    std::fs::write(&path, "id,email\n7,bob@localhost\n").unwrap();
    let (status, report) = import(&setup, "csv", path.to_str().unwrap(), &[]);
    assert_eq!(status, 3, "{report}");
    assert_eq!(report["refused"][0]["reasons"], json!(["email: not a valid email address"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_being_asked_an_export_holds_no_credentials() {
    let setup = target(Kind::Sqlite).await;
    let path = setup.dir().join("people.jsonl");
    std::fs::write(&path, PEOPLE).unwrap();
    import(&setup, "jsonl", path.to_str().unwrap(), &[]);
    let ran = run(&setup, &["export"]);
    assert_eq!(ran.stdout.lines().count(), 3, "{ran:?}");
    for secret in
        ["password", "scrypt", "totp", "MFRGG", "recovery", "0a", "identities", "passkeys"]
    {
        assert!(!ran.stdout.contains(&format!("\"{secret}")), "{secret}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_is_not_ours_is_refused_by_its_number() {
    let setup = target(Kind::Sqlite).await;
    let path = setup.dir().join("people.jsonl");
    let (header, _) = PEOPLE.split_once('\n').unwrap();
    let lines = [
        header,
        r#"{"id":"1","username":"ann","email":"ann@example.com","is_admin":true}"#,
        r#"{"id":"2","username":"bob","email":"bob@example.com"}"#,
        "no JSON",
        r#"{"id":"2","username":"bobby","email":"bobby@example.com"}"#,
    ];
    std::fs::write(&path, lines.join("\n")).unwrap();
    let path = path.to_str().unwrap();
    let (status, report) = import(&setup, "jsonl", path, &["--on-duplicate", "oldest"]);
    assert_eq!((status, &report["imported"]), (3, &json!(1)), "{report}");
    let refused = report["refused"].as_array().unwrap();
    let reasons: Vec<_> = refused.iter().map(|row| row["reasons"][0].as_str().unwrap()).collect();
    assert!(reasons[0].starts_with("line 2: unknown field `is_admin`"), "{reasons:?}");
    assert!(reasons[1].starts_with("line 4: "), "{reasons:?}");
    assert_eq!(reasons[2], "id: an earlier row has it");

    std::fs::write(path, "{\"usermgmt_export\":2,\"exported_at\":\"\"}\n").unwrap();
    let ran = run(&setup, &["import", "--format", "jsonl", "--from", path]);
    assert_eq!(ran.status, 1, "{ran:?}");
    assert!(ran.stderr.contains("version 2"), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_never_go_to_a_terminal() {
    let setup = target(Kind::Sqlite).await;
    let command = setup.command();
    let script = "import os, pty, sys\n\
        sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))";
    let output = std::process::Command::new(python())
        .args(["-c", script])
        .arg(command.get_program())
        .args(["export", "--with-credentials"])
        .env_clear()
        .envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))))
        .current_dir(setup.dir())
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(shown.contains("--with-credentials: not to a terminal"), "{shown}");
    assert!(!shown.contains("usermgmt_export"), "{shown}");
}
