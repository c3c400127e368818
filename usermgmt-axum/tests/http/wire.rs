//! What only shows on a real connection.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::harness::{App, app};

/// A server on a free port, for as long as the test runs; and what has to live
/// as long as it does.
async fn served() -> (SocketAddr, App) {
    let app = app().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = app.router.clone().into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    (address, app)
}

/// Writes all of it before reading, as simple clients do.
async fn exchange(address: SocketAddr, head: &str, body: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(body).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8(answer).unwrap()
}

fn head(method: &str, path: &str, rest: &str) -> String {
    format!(
        "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
         Content-Type: application/json\r\n{rest}\r\n\r\n"
    )
}

#[tokio::test]
async fn who_sends_too_much_still_gets_the_answer() {
    let (address, _app) = served().await;
    let body = vec![b' '; 4 * 1024 * 1024];
    let length = format!("Content-Length: {}", body.len());
    for (method, path, status) in [
        ("POST", "/api/v1/register", "413"),
        ("POST", "/nothing", "404"),
        ("GET", "/api/v1/register", "405"),
        ("PUT", "/api/v1/users", "401"),
    ] {
        let answer = exchange(address, &head(method, path, &length), &body).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{method} {path}: {answer}");
    }
}

#[tokio::test]
async fn who_asks_before_sending_far_too_much_is_refused_at_once() {
    let (address, _app) = served().await;
    let rest = "Content-Length: 1000000000\r\nExpect: 100-continue";
    let answer = exchange(address, &head("POST", "/api/v1/signin", rest), b"").await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}

#[tokio::test]
async fn a_body_that_breaks_off_is_malformed() {
    let (address, _app) = served().await;
    let rest = "Transfer-Encoding: chunked";
    let answer = exchange(address, &head("POST", "/api/v1/signin", rest), b"ZZ\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
}

#[tokio::test]
async fn a_request_without_a_host_is_refused() {
    let (address, _app) = served().await;
    for (head, status) in [
        ("GET /health/live HTTP/1.1\r\nConnection: close\r\n\r\n", "400"),
        ("GET /health/live HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n", "400"),
        ("GET /health/live HTTP/1.0\r\n\r\n", "200"),
    ] {
        let answer = exchange(address, head, b"").await;
        assert!(answer.split(' ').nth(1) == Some(status), "{head}: {answer}");
        assert!(answer.contains("x-content-type-options: nosniff"), "{answer}");
    }
}

#[tokio::test]
async fn requests_without_a_path_are_not_found() {
    let (address, _app) = served().await;
    for line in ["OPTIONS *", "CONNECT x:1"] {
        let (method, path) = line.split_once(' ').unwrap();
        let answer = exchange(address, &head(method, path, "Content-Length: 0"), b"").await;
        assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
        assert!(answer.contains("\"not_found\""), "{answer}");
    }
}
