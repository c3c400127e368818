//! Settings from AWS Secrets Manager, played by a stand-in.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};
use usermgmt_test_support::{Database, Helper, PASSWORD, Server, Setup, eventually, registered};

const OLD: &str = "b2xkIG9sZCBvbGQgb2xkIG9sZCBvbGQgb2xkIG9sZCE=";
const NEW: &str = "bmV3IG5ldyBuZXcgbmV3IG5ldyBuZXcgbmV3IG5ldyE=";
const TAKEN_OVER: &str = "the root secrets were taken over";
const STAY: &str = "the root secrets in use stay";

struct Aws {
    _process: Helper,
    port: u64,
}

impl Aws {
    fn start() -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/aws.py");
        let mut process = Helper::start([script]);
        let port = process.event()["port"].as_u64().unwrap();
        Self { _process: process, port }
    }

    async fn ask(&self, action: &str, body: Value) {
        let reply = reqwest::Client::new()
            .post(format!("http://127.0.0.1:{}/", self.port))
            .header("x-amz-target", format!("secretsmanager.{action}"))
            .header("content-type", "application/x-amz-json-1.1")
            .header(
                "authorization",
                "AWS4-HMAC-SHA256 Credential=A/20260101/eu-west-1/secretsmanager/aws4_request, \
                 SignedHeaders=host, Signature=x",
            )
            .body(body.to_string())
            .send()
            .await
            .unwrap();
        assert!(reply.status().is_success(), "{}", reply.text().await.unwrap());
    }

    async fn with_secret(content: Value) -> Self {
        let aws = Self::start();
        let secret = json!({ "Name": "accounts/test", "SecretString": content.to_string() });
        aws.ask("CreateSecret", secret).await;
        aws
    }

    async fn put(&self, content: Value) {
        let secret = json!({ "SecretId": "accounts/test", "SecretString": content.to_string() });
        self.ask("PutSecretValue", secret).await;
    }

    fn setup(&self) -> Setup {
        setup(self.port)
    }
}

/// A server whose secret is there, at this port.
fn setup(port: u64) -> Setup {
    let url =
        format!("aws-secretsmanager://eu-west-1/accounts/test?endpoint=http://127.0.0.1:{port}");
    Setup::new()
        .var("USERMGMT_SECRETS__URL", url)
        .var("AWS_ACCESS_KEY_ID", "AKIATEST")
        .var("AWS_SECRET_ACCESS_KEY", "hunter2")
        .var("AWS_EC2_METADATA_DISABLED", "true")
}

/// Status and what was said, on both outputs.
fn run(setup: &Setup, args: &[&str]) -> (Option<i32>, String) {
    let output = setup.command().args(args).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(said).unwrap())
}

async fn logged(server: &Server, text: &str, times: usize) {
    eventually(text, || (server.log().matches(text).count() >= times).then_some(())).await;
}

async fn is_signed_in(server: &Server, token: &str) -> bool {
    server.get_as(token, "/api/v1/protected").await.status == 200
}

#[tokio::test(flavor = "multi_thread")]
async fn server_and_commands_take_their_settings_from_the_secret() {
    let content = json!({
        "secret": [format!("sign:{OLD}"), format!("verify:{NEW}")],
        "jwt.issuer": "from-the-secret",
        "jwt": { "audience": "from-a-section" },
        "product_name": "of the secret",
        "limits.notify_after": 7,
        "frontend_url": "",
    });
    let aws = Aws::with_secret(content).await;
    // The file is under the secret, the environment over it.
    let setup =
        aws.setup().file("[jwt]\nissuer = 'from-the-file'").var("USERMGMT_PRODUCT_NAME", "x");
    let server = setup.clone().start().await;
    let token = registered(&server, "ada", "ada@example.org").await.field("access_token");
    let claims: jsonwebtoken::TokenData<Value> =
        jsonwebtoken::dangerous::insecure_decode(&token).unwrap();
    assert_eq!(claims.claims["iss"], "from-the-secret");
    assert_eq!(claims.claims["aud"], "from-a-section");

    let (status, listed) = run(&setup, &["keys", "list"]);
    assert_eq!(status, Some(0), "{listed}");
    assert!(listed.contains("\tsign\t") && listed.contains("\tverify\t"), "{listed}");
    let (status, listed) = run(&setup, &["user", "list"]);
    assert!(status == Some(0) && listed.contains("ada"), "{listed}");

    let (status, printed) = run(&setup, &["config", "print"]);
    assert_eq!(status, Some(0), "{printed}");
    let row = |name: &str| {
        let mut lines = printed.lines();
        lines.find(|line| line.starts_with(&format!("{name}\t"))).unwrap().to_owned()
    };
    assert_eq!(row("secret"), "secret\t[redacted]\tfrom the secret of secrets.url");
    assert_eq!(row("jwt.issuer"), "jwt.issuer\t[redacted]\tfrom the secret of secrets.url");
    assert_eq!(row("product_name"), "product_name\tx\tfrom the environment, USERMGMT_PRODUCT_NAME");
    assert!(row("frontend_url").ends_with("\tdefault"), "{printed}");
    assert!(!printed.contains(OLD), "{printed}");

    let (_, said) = run(&setup, &["doctor"]);
    assert!(said.contains("warning  secrets.url: product_name of it does not count"), "{said}");
    let (_, said) = run(&aws.setup(), &["doctor"]);
    assert!(said.contains("ok       secrets.url: it has jwt.audience, jwt.issuer"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_old_services_secret_is_understood() {
    let database = Database::create("USERMGMT_TEST_MYSQL_URL").await;
    let content = json!({
        "secret_key": "an old secret key of forty-two characters!",
        "jwt_key": "an old key for tokens, of some length, at least 32",
        "my_sql_connection": database.url.replacen("mysql:", "mysql+pymysql:", 1),
    });
    let aws = Aws::with_secret(content).await;
    let setup = aws.setup();
    let server = setup.clone().start().await;
    let login = registered(&server, "ada", "ada@example.org").await;
    assert!(is_signed_in(&server, &login.field("access_token")).await);
    let (_, printed) = run(&setup, &["config", "print"]);
    for (setting, old) in [("database_url", "my_sql_connection"), ("secret", "secret_key")] {
        let row = format!("{setting}\t[redacted]\tfrom the old service's {old}");
        assert!(printed.contains(&row), "{printed}");
    }
    let legacy = "legacy.jwt_key\t";
    assert!(printed.contains(&format!("{legacy}none\tdefault")), "{printed}");
    let until = setup.var("USERMGMT_LEGACY__JWT_UNTIL", "2026-01-01T00:00:00Z");
    let (_, printed) = run(&until, &["config", "print"]);
    assert!(printed.contains(&format!("{legacy}[redacted]\tfrom the old service's jwt_key")));
}

/// Answers the first request with a secret, and says who signed it.
async fn who_asks(listener: tokio::net::TcpListener) -> String {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let (mut stream, _) = listener.accept().await.unwrap();
    let (mut request, mut read) = (Vec::new(), [0; 4096]);
    while !request.ends_with(b"}") {
        let length = stream.read(&mut read).await.unwrap();
        assert!(length > 0, "{}", String::from_utf8_lossy(&request));
        request.extend_from_slice(&read[..length]);
    }
    let body = json!({ "Name": "accounts/test", "SecretString": r#"{"product_name":"kept"}"# });
    let body = body.to_string();
    let answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.1\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(answer.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let request = String::from_utf8(request).unwrap();
    let (_, signed_by) = request.split_once("Credential=").unwrap();
    signed_by.split('/').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_keys_of_the_old_services_settings_json_read_its_secret() {
    let both = json!({ "aws_access_key": "AKIAOLD", "aws_secret_key": "an old secret" });
    for (old, expected) in [
        (both, "AKIAOLD"),
        (json!({ "aws_access_key": "AKIAOLD" }), "AKIATEST"),
        (json!({}), "AKIATEST"),
    ] {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let setup = setup(listener.local_addr().unwrap().port().into());
        std::fs::write(setup.dir().join("settings.json"), old.to_string()).unwrap();
        let setup = setup.args(&["--settings-json", "settings.json"]);
        let asked = tokio::spawn(who_asks(listener));
        let (status, printed) =
            tokio::task::spawn_blocking(move || run(&setup, &["config", "print"])).await.unwrap();
        assert_eq!(status, Some(0), "{printed}");
        assert!(printed.contains("product_name\t[redacted]\tfrom the secret"), "{printed}");
        assert!(!printed.contains("an old secret"), "{printed}");
        assert_eq!(asked.await.unwrap(), expected, "{old}");
    }
    let (status, said) =
        run(&setup(1).args(&["--settings-json", "none.json"]), &["config", "print"]);
    assert_eq!(status, Some(2), "{said}");
    assert!(said.contains("settings_json: none.json: "), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn changed_root_secrets_are_taken_over_under_requests() {
    let secret = |entries: &str| json!({ "secret": entries, "product_name": format!("of {} letters", entries.len()) });
    let aws = Aws::with_secret(secret(&format!("sign:{OLD}"))).await;
    // By SIGHUP alone on the one, by itself on the other.
    for refresh in ["1h", "1s"] {
        aws.put(secret(&format!("sign:{OLD}"))).await;
        let server = Arc::new(aws.setup().var("USERMGMT_SECRETS__REFRESH", refresh).start().await);
        let mut token = registered(&server, "ada", "ada@example.org").await.field("refresh_token");
        let stop = Arc::new(AtomicBool::new(false));
        let person = tokio::spawn({
            let (server, stop) = (Arc::clone(&server), Arc::clone(&stop));
            async move {
                let body = json!({ "identifier": "ada", "password": PASSWORD });
                while !stop.load(Ordering::Relaxed) {
                    let reply = server.post_as(&token, "/api/v1/refresh_token").await;
                    assert_eq!(reply.status, 200, "{reply:?}");
                    token = reply.field("refresh_token");
                    assert!(is_signed_in(&server, &reply.field("access_token")).await);
                    let reply = server.post("/api/v1/signin", body.clone()).await;
                    assert_eq!(reply.status, 200, "{reply:?}");
                }
            }
        });
        let steps = [format!("sign:{OLD},verify:{NEW}"), format!("sign:{NEW},verify:{OLD}")];
        for (before, entries) in steps.iter().enumerate() {
            aws.put(secret(entries)).await;
            if refresh == "1h" {
                server.signal("HUP");
            }
            logged(&server, TAKEN_OVER, before + 1).await;
        }
        stop.store(true, Ordering::Relaxed);
        person.await.unwrap();
        // The other setting takes a restart, and the log says so.
        logged(&server, "in force after a restart", 1).await;
        assert!(server.log().contains("product_name"), "{}", server.log());
        assert!(!server.log().contains(NEW), "a secret is in the log");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_secret_nothing_starts_and_what_runs_goes_on() {
    let aws = Aws::with_secret(json!({ "secret": OLD })).await;
    let setup = aws
        .setup()
        .var("USERMGMT_SECRETS__REFRESH", "1s")
        .var("USERMGMT_METRICS__LISTEN", "127.0.0.1:0");
    let server = setup.clone().start().await;
    let token = registered(&server, "ada", "ada@example.org").await.field("access_token");

    aws.put(json!({ "secret": OLD, "acess_token_ttl": "hunter2" })).await;
    logged(&server, "did you mean `access_token_ttl`", 1).await;
    drop(aws);
    logged(&server, "Secrets Manager in eu-west-1 cannot be asked", 1).await;
    assert!(server.log().contains(STAY) && !server.log().contains("hunter2"), "{}", server.log());
    assert!(is_signed_in(&server, &token).await);
    let log = server.log();
    let metrics = log.split_once("metrics are shown at ").unwrap().1.split_whitespace().next();
    let shown = reqwest::get(metrics.unwrap()).await.unwrap().text().await.unwrap();
    let failed = "usermgmt_root_secret_reads_total{outcome=\"failed\"} ";
    let failed = shown.split_once(failed).unwrap().1.lines().next().unwrap();
    assert!(failed.parse::<u64>().unwrap() > 1, "{shown}");

    for command in [&["serve"][..], &["doctor"], &["config", "check"], &["user", "list"]] {
        let (status, said) = run(&setup, command);
        assert!(matches!(status, Some(1 | 2)), "{status:?} {said}");
        assert!(said.contains("secrets.url") && said.contains("check the network"), "{said}");
        assert!(!said.contains("hunter2"), "{said}");
    }
    // The server is well, and its container is not to be ended.
    let listen = server.base.strip_prefix("http://").unwrap();
    let (status, said) = run(&setup.clone().var("USERMGMT_LISTEN", listen), &["healthcheck"]);
    assert_eq!(status, Some(0), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_cannot_be_used_stops_the_start_and_is_not_repeated() {
    let aws = Aws::start();
    let (status, said) = run(&aws.setup(), &["serve"]);
    assert_eq!(status, Some(2), "{said}");
    assert!(
        said.contains("ResourceNotFoundException") && said.contains("check its region"),
        "{said}"
    );

    let aws = Aws::with_secret(json!("hunter2")).await;
    for (content, why) in [
        (json!("hunter2"), "is no JSON object of settings"),
        (json!({ "mail.url": ["hunter2"] }), "mail.url (from the secret of secrets.url): expected"),
        (json!({ "reset_ttl": "hunter2" }), "reset_ttl (from the secret of secrets.url): expected"),
        (json!({ "mail.urll": "hunter2" }), "did you mean `mail.url`"),
        (json!({ "secrets.refresh": "hunter2" }), "secrets.refresh cannot be set in the secret"),
        (json!({ "secret_key": "hunter2" }), "secret_key has 7 characters"),
        (json!({ "secret": "aHVudGVyMg==" }), "fewer than 32 bytes"),
    ] {
        aws.put(content).await;
        let (status, said) = run(&aws.setup(), &["serve"]);
        assert_eq!(status, Some(2), "{said}");
        assert!(said.contains(why), "{why}: {said}");
        assert!(!said.contains("hunter2") && !said.contains("aHVudGVyMg"), "{said}");
    }
    aws.put(json!({ "mail.url": "console:" })).await;
    let both = aws.setup().var("USERMGMT_MAIL__URL_FILE", "mail");
    let (status, said) = run(&both, &["serve"]);
    assert_eq!(status, Some(2), "{said}");
    assert!(said.contains("mail.url and mail.url_file are both set"), "{said}");
}
