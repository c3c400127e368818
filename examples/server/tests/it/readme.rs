//! What the README shows is true.

use std::process::Command;

use usermgmt_test_support::{Server, Setup, registered};

const README: &str = include_str!("../../../../README.md");
const HTTP_API: &str = include_str!("../../../../docs/http-api.md");

/// What the person's app does between two blocks: it shows the code of the secret (RFC 6238).
const AUTHENTICATOR: &str = r#"
CODE=$("$USERMGMT_TEST_PYTHON" - <<'END'
import base64, hmac, json, struct, time
key = base64.b32decode(json.load(open("factor.json"))["secret"])
mac = hmac.digest(key, struct.pack(">Q", int(time.time()) // 30), "sha1")
at = mac[-1] & 15
print("%06d" % ((struct.unpack(">I", mac[at:at + 4])[0] & 0x7fffffff) % 1000000))
END
)"#;

/// The README's code blocks of one language, in order.
fn blocks(language: &str) -> Vec<&'static str> {
    blocks_of(README, language)
}

fn blocks_of(text: &'static str, language: &str) -> Vec<&'static str> {
    text.split("\n```")
        .skip(1)
        .step_by(2)
        .filter_map(|block| block.strip_prefix(language)?.strip_prefix('\n'))
        .collect()
}

#[test]
fn the_first_screen_has_the_two_commands() {
    let first = blocks("sh")[0];
    let commands: Vec<&str> =
        first.lines().map(|line| line.split('#').next().unwrap().trim()).collect();
    assert_eq!(commands, ["cargo run --release -p usermgmt-server", "bash .ci/test"]);
    let line = README[..README.find(first).unwrap()].lines().count();
    assert!(line < 20, "the commands begin at line {line}");
}

#[tokio::test]
async fn the_walk_runs_as_printed() {
    let server = Setup::new().start().await;
    let shown = walked(&server, blocks("sh")[1], "");
    assert!(shown.contains("\"username\":\"ada\""), "{shown}");
}

#[tokio::test]
async fn what_a_person_does_runs_as_printed() {
    let server = Setup::new().start().await;
    registered(&server, "ada", "ada@example.org").await;
    let blocks = blocks_of(HTTP_API, "sh");
    let walk = format!("{}\n{AUTHENTICATOR}\n{}", blocks[0], blocks[1]);
    let shown = walked(&server, &walk, "");
    assert!(shown.contains("\"last_name\":\"King\""), "{shown}");
    let factor = std::fs::read_to_string(server.setup().dir().join("factor.json")).unwrap();
    assert!(factor.contains("otpauth://"), "{factor}");
}

#[tokio::test]
async fn the_administration_runs_as_printed() {
    let server = Setup::new().start().await;
    let create = ["admin", "create", "--email", "root@example.org", "--link"];
    let link = server.setup().command().args(create).output().unwrap().stdout;
    let link = String::from_utf8(link).unwrap();
    let shown = walked(&server, blocks_of(HTTP_API, "sh")[2], link.trim());
    assert!(shown.contains("\"email\":\"ada@example.net\""), "{shown}");
    assert!(shown.contains("\"failed\":[{\"id\":\"nobody\",\"error\":\"not_found\"}]"), "{shown}");
    let saved = std::fs::read_to_string(server.setup().dir().join("ada.json")).unwrap();
    assert!(saved.contains("\"user.invited\""), "{saved}");
}

#[tokio::test]
async fn what_a_service_does_runs_as_printed() {
    let server = Setup::new().start().await;
    let create = ["service-key", "create", "--name", "shop"];
    let key = server.setup().command().args(create).output().unwrap().stdout;
    let key = String::from_utf8(key).unwrap();
    let shown = walked(&server, blocks_of(HTTP_API, "sh")[3], key.trim());
    assert_eq!(shown.matches("\"username\":\"ada\"").count(), 3, "{shown}");
    assert!(shown.contains("\"enabled\":false"), "{shown}");
    let headers = std::fs::read_to_string(server.setup().dir().join("headers")).unwrap();
    assert!(headers.contains("usermgmt-device: umd_"), "{headers}");
}

/// What a walk against the server shows; each answer that it prints is there, in order.
fn walked(server: &Server, walk: &str, link: &str) -> String {
    let printed = "http://127.0.0.1:8080";
    assert!(walk.contains(&format!("BASE={printed}\n")));
    let output = Command::new("sh")
        .args(["-eu", "-c", &walk.replace(printed, &server.base)])
        .env("LINK", link)
        .current_dir(server.setup().dir())
        .output()
        .unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{shown}\n{errors}");

    let mut rest = shown.as_str();
    for line in walk.lines() {
        let answer = line.strip_prefix("# ").unwrap_or_default();
        if answer.starts_with('{') || answer.parse::<u16>().is_ok() {
            let at = rest.find(answer);
            rest = match at {
                Some(at) => &rest[at + answer.len()..],
                None => panic!("{answer} is not where it should be in:\n{shown}"),
            };
        }
    }
    shown
}

#[test]
fn the_embedding_is_the_example_that_is_compiled() {
    let example = include_str!("../../../embed/src/main.rs");
    let lines: Vec<&str> = example.lines().map(str::trim).collect();
    let shown = blocks("rust");
    assert_eq!(shown.len(), 2);
    assert!(shown[0].lines().count() <= 10);
    for block in shown {
        for line in block.lines().map(str::trim) {
            assert!(lines.contains(&line), "not in the example: {line}");
        }
    }
}
