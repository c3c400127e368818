//! slowhttptest's attacks, by half a thousand connections from one address, while good
//! clients come.

use std::process::{Command, Stdio};
use std::time::Duration;

use reqwest::{RequestBuilder, Response};
use serde_json::{Value, json};
use tokio::time::timeout;
use usermgmt_test_support::{PASSWORD, Server, Setup, registered};

/// How long an attack lasts, in seconds.
const LENGTH: u64 = 10;
/// In what time a good client has its answer.
const IN_TIME: Duration = Duration::from_secs(5);

/// Begins to attack this path, and waits for the end, when it tells what became of
/// its connections.
fn attack(server: &Server, path: &str, kind: &[&str]) -> tokio::task::JoinHandle<String> {
    let mut command = Command::new("slowhttptest");
    command
        .args(kind)
        .args(["-c", "500", "-r", "250", "-i", "2", "-l", &LENGTH.to_string(), "-p", "5"])
        .args(["-u", &format!("{}{path}", server.base)])
        .stdin(Stdio::null());
    tokio::task::spawn_blocking(move || {
        let output =
            command.output().expect("slowhttptest is needed (Debian's package of that name)");
        String::from_utf8_lossy(&output.stdout).into_owned()
    })
}

/// Comes anew each time, as somebody who was not there before.
async fn come(server: &Server) {
    let client = reqwest::Client::builder().pool_max_idle_per_host(0).build().unwrap();
    let sign_in = client
        .post(format!("{}/api/v1/signin", server.base))
        .json(&json!({ "email": "ada@example.org", "password": PASSWORD }));
    let signed_in: Value = answer(sign_in).await.json().await.unwrap();
    let token = signed_in["access_token"].as_str().unwrap();
    answer(client.get(format!("{}/api/v1/protected", server.base)).bearer_auth(token)).await;
}

async fn answer(request: RequestBuilder) -> Response {
    let answer = timeout(IN_TIME, request.send()).await.expect("an answer in time");
    let answer = answer.expect("an answer");
    assert_eq!(answer.status().as_u16(), 200);
    answer
}

async fn good_clients_are_served_during(path: &str, kind: &[&str], setup: Setup) {
    let server = setup.start().await;
    registered(&server, "ada", "ada@example.org").await;
    let attack = attack(&server, path, kind);
    let mut came = 0;
    while !attack.is_finished() {
        come(&server).await;
        came += 1;
    }
    let told = attack.await.unwrap();
    assert!(came >= 5, "{came} came");
    // It ran, and could not keep its own good client out either.
    assert!(told.contains("service available:") && told.contains("YES"), "{told}");
    assert_eq!(server.stop().await.code(), Some(0));
}

/// Fewer connections than attack: those that come later need a place all the same.
fn crowded() -> Setup {
    Setup::new().var("USERMGMT_HTTP__MAX_CONNECTIONS", "200")
}

#[tokio::test(flavor = "multi_thread")]
async fn while_headers_never_end_good_clients_are_served() {
    good_clients_are_served_during("/health/live", &["-H"], crowded()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_bodies_never_end_good_clients_are_served() {
    good_clients_are_served_during("/api/v1/signin", &["-B", "-s", "8192"], crowded()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_nobody_reads_the_answers_good_clients_are_served() {
    let slow_reader = ["-X", "-w", "8", "-y", "16", "-n", "5", "-z", "8", "-k", "3"];
    good_clients_are_served_during("/openapi.json", &slow_reader, crowded()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_nobody_reads_short_answers_good_clients_are_served() {
    let slow_reader = ["-X", "-w", "8", "-y", "16", "-n", "5", "-z", "8", "-k", "1"];
    good_clients_are_served_during("/health/live", &slow_reader, crowded()).await;
}
