//! Over real sockets: what slow clients, too many clients and a stop do.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::routing::{get, post};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, Semaphore, oneshot};
use tokio::task::JoinHandle;
use usermgmt_core::metrics::{Counted, Metrics, Timed};

use super::progress::{FRESH, Progress, now};
use super::{Limits, Tls, TlsFiles, serve};

/// Longer than anything here should take.
const PATIENCE: Duration = Duration::from_secs(20);
const GOOD: &[u8] = b"GET /now HTTP/1.1\r\nhost: localhost\r\n\r\n";

/// More than the operating system keeps for a client that does not read.
const LARGE: usize = 16 << 20;

/// Counts connections that made room for others.
#[derive(Debug, Default)]
struct Cut(AtomicUsize);

impl Cut {
    fn so_far(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Metrics for Cut {
    fn count(&self, what: Counted) {
        assert_eq!(what, Counted::ConnectionCut);
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn time(&self, what: Timed, _: Duration) {
        panic!("the listener times nothing, and not {what:?}");
    }
}

/// A listener with an application of its own.
struct World {
    address: std::net::SocketAddr,
    cut: Arc<Cut>,
    /// Rung when `/held` has begun.
    held: Arc<Notify>,
    /// What `/held` waits for.
    release: Arc<Semaphore>,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<()>,
}

fn limits() -> Limits {
    Limits {
        keep_alive: PATIENCE,
        request_timeout: PATIENCE,
        max_connections: 100,
        trusted_proxies: vec![],
    }
}

async fn start(limits: Limits, tls: Option<Tls>) -> World {
    let (held, release) = (Arc::new(Notify::new()), Arc::new(Semaphore::new(0)));
    let (begun, go) = (Arc::clone(&held), Arc::clone(&release));
    let app = Router::new()
        .route("/now", get(async || "now"))
        .route("/large", get(async || vec![b'x'; LARGE]))
        .route("/body", post(async |body: Bytes| body.len().to_string()))
        .route(
            "/held",
            get(async move || {
                begun.notify_one();
                go.acquire().await.unwrap().forget();
                "held"
            }),
        );
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let cut = Arc::new(Cut::default());
    let metrics = Arc::clone(&cut) as Arc<dyn Metrics>;
    let ended = tokio::spawn(serve(listener, tls, app, limits, metrics, async move {
        let _ = stopped.await;
    }));
    World { address, cut, held, release, stop, ended }
}

impl World {
    /// A connection on which this was sent.
    async fn sent(&self, bytes: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        stream
    }
}

/// What comes until the other side closes.
async fn rest(mut stream: TcpStream) -> String {
    let mut text = Vec::new();
    let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut text)).await;
    // One that was cut may answer with a reset.
    let _ = read.expect("the server closes the connection");
    String::from_utf8(text).unwrap()
}

/// One answer to a request without a body.
async fn answer(stream: &mut TcpStream, end: &str) -> String {
    let mut text = String::new();
    let mut buffer = [0; 1024];
    while !text.ends_with(end) {
        let read = tokio::time::timeout(PATIENCE, stream.read(&mut buffer)).await;
        let count = read.expect("an answer comes").unwrap();
        assert!(count > 0, "closed after {text}");
        text.push_str(std::str::from_utf8(&buffer[..count]).unwrap());
    }
    text
}

#[tokio::test]
async fn a_request_that_does_not_arrive_in_time_is_told_so_and_closed() {
    let limits = Limits { request_timeout: Duration::from_millis(300), ..limits() };
    let world = start(limits, None).await;
    let body = "POST /body HTTP/1.1\r\nhost: localhost\r\ncontent-length: 10\r\n\r\nhalf";
    for half in ["GET /now HT", "GET /now HTTP/1.1\r\nhost: local", body] {
        let text = rest(world.sent(half.as_bytes()).await).await;
        assert!(text.starts_with("HTTP/1.1 408 Request Timeout\r\n"), "{half}: {text}");
        assert!(text.contains("connection: close") && text.contains("request_timeout"), "{text}");
    }
}

#[tokio::test]
async fn a_client_that_sends_a_byte_now_and_then_gains_no_time() {
    let limits = Limits { request_timeout: Duration::from_millis(400), ..limits() };
    let world = start(limits, None).await;
    let began = now();
    let mut stream = world.sent(b"GET /now HTTP/1.1\r\nx: ").await;
    while stream.write_all(b"a").await.is_ok() {
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert!(began.elapsed() < PATIENCE, "it is served for ever");
    }
}

#[tokio::test]
async fn a_silent_connection_is_closed_in_order_when_its_time_is_over() {
    let limits = Limits { keep_alive: Duration::from_secs(1), ..limits() };
    let world = start(limits, None).await;
    let mut stream = world.sent(GOOD).await;
    let text = answer(&mut stream, "now").await;
    assert!(text.contains("keep-alive: timeout=1\r\n"), "{text}");
    // Used again, its time begins again.
    stream.write_all(GOOD).await.unwrap();
    answer(&mut stream, "now").await;
    let began = now();
    assert_eq!(stream.read(&mut [0; 8]).await.unwrap(), 0, "an end, not a reset");
    assert!(began.elapsed() > Duration::from_millis(900), "{:?}", began.elapsed());
}

#[tokio::test]
async fn good_clients_are_served_among_ten_times_as_many_half_requests_as_there_is_room_for() {
    let world = start(Limits { max_connections: 20, ..limits() }, None).await;
    let mut slow = vec![];
    for number in 0..200 {
        let half = match number % 2 {
            0 => "GET /now HTTP/1.1\r\nhost: lo",
            _ => "POST /body HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\nhalf",
        };
        slow.push(world.sent(half.as_bytes()).await);
        if number % 10 == 9 {
            answer(&mut world.sent(GOOD).await, "now").await;
        }
    }
    let first = slow.swap_remove(0);
    assert!(!rest(first).await.contains("200 OK"), "the oldest has gone");
    // Twenty are left; the twenty good ones may have ended by themselves.
    assert!((180..=220).contains(&world.cut.so_far()), "{:?}", world.cut);
}

#[tokio::test]
async fn whoever_does_not_read_goes_before_a_newcomer() {
    let world = start(Limits { max_connections: 4, ..limits() }, None).await;
    let mut deaf = vec![];
    for _ in 0..4 {
        let mut stream = world.sent(b"GET /large HTTP/1.1\r\nhost: localhost\r\n\r\n").await;
        assert_eq!(stream.read(&mut [0; 1]).await.unwrap(), 1, "the answer has begun");
        deaf.push(stream);
    }
    let mut slow = world.sent(b"GET /now HTTP/1.1\r\n").await;
    for _ in 0..2 {
        answer(&mut world.sent(GOOD).await, "now").await;
    }
    slow.write_all(b"host: localhost\r\n\r\n").await.unwrap();
    answer(&mut slow, "now").await;
}

/// Who does not read a short answer looks like who has read it: the operating systems
/// keep it between them.
#[tokio::test]
async fn whoever_has_just_come_does_not_go_before_those_who_were_answered() {
    let world = start(Limits { max_connections: 4, ..limits() }, None).await;
    let mut deaf = vec![];
    let another = async || {
        let stream = world.sent(GOOD).await;
        stream.readable().await.unwrap();
        stream
    };
    for _ in 0..4 {
        deaf.push(another().await);
    }
    let mut good = world.sent(b"GET /now HTTP/1.1\r\n").await;
    for _ in 0..3 {
        deaf.push(another().await);
    }
    good.write_all(b"host: localhost\r\n\r\n").await.unwrap();
    answer(&mut good, "now").await;
}

#[test]
fn half_a_request_goes_before_whoever_is_idle_once_it_has_had_its_time() {
    let idle = Progress::new();
    idle.arrived();
    idle.answered();
    let half = Progress::new();
    half.received(1, true);
    let at = now();
    assert!(idle.claim(at) < half.claim(at), "it has only begun");
    let late = at + FRESH;
    assert!(half.claim(late) < idle.claim(late));
}

#[tokio::test]
async fn what_is_being_answered_is_never_cut_for_a_newcomer() {
    let world = start(Limits { max_connections: 1, ..limits() }, None).await;
    let mut working = world.sent(b"GET /held HTTP/1.1\r\nhost: localhost\r\n\r\n").await;
    world.held.notified().await;
    let mut newcomer = world.sent(GOOD).await;
    world.release.add_permits(1);
    answer(&mut working, "held").await;
    answer(&mut newcomer, "now").await;
}

#[tokio::test]
async fn one_network_has_no_more_than_its_share() {
    use super::connections::Connections;
    let limits = Limits { max_connections: 4, ..limits() };
    let counted = Arc::new(Cut::default());
    let connections = Arc::new(Connections::new(&limits, Arc::clone(&counted) as Arc<dyn Metrics>));
    let seats = std::cell::RefCell::new(vec![]);
    let come = |peer: &str| {
        connections.admit(peer.parse().unwrap(), |seat| {
            let task = tokio::spawn(std::future::pending::<()>());
            seats.borrow_mut().push((peer.to_owned(), task.abort_handle(), task));
            std::mem::forget(seat);
            seats.borrow().last().unwrap().1.clone()
        });
    };
    for peer in ["[2001:db8::1]:1", "[2001:db8::2]:1", "192.0.2.1:1", "[2001:db8::3]:1"] {
        come(peer);
    }
    let mut cut = vec![];
    for (peer, _, task) in seats.into_inner() {
        if tokio::time::timeout(Duration::from_millis(50), task).await.is_ok() {
            cut.push(peer);
        }
    }
    assert_eq!(cut, ["[2001:db8::1]:1"], "the oldest of the same /64");
    assert_eq!(counted.so_far(), 1);
}

#[tokio::test]
async fn who_is_slow_goes_before_who_has_more_connections() {
    use super::connections::Connections;
    let connections = Arc::new(Connections::new(&limits(), Arc::new(Cut::default())));
    let come = |peer: &str, is_half: bool| {
        connections.admit(peer.parse().unwrap(), |seat| {
            if is_half {
                seat.progress.received(1, true);
            } else {
                seat.progress.arrived();
                seat.progress.answered();
            }
            std::mem::forget(seat);
            tokio::spawn(std::future::pending::<()>()).abort_handle()
        });
    };
    // A browser that waits for its next page, and half a request of another network.
    come("192.0.2.1:1", false);
    come("192.0.2.1:2", false);
    come("198.51.100.1:1", true);
    let at = now();
    assert_eq!(connections.first_to_go(at), Some(0), "all are in time, and one has more");
    assert_eq!(connections.first_to_go(at + FRESH), Some(2), "whose time is over");
}

#[tokio::test]
async fn a_stop_waits_for_what_is_being_answered_and_not_for_half_a_request() {
    let world = start(limits(), None).await;
    let half = world.sent(b"GET /now HTTP/1.1\r\nhost: lo").await;
    let body = b"POST /body HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\nhalf";
    let half_body = world.sent(body).await;
    let mut silent = world.sent(GOOD).await;
    answer(&mut silent, "now").await;
    let mut working = world.sent(b"GET /held HTTP/1.1\r\nhost: localhost\r\n\r\n").await;
    world.held.notified().await;
    let began = now();
    world.stop.send(()).unwrap();
    assert_eq!(rest(silent).await, "");
    rest(half).await;
    rest(half_body).await;
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    assert!(!world.ended.is_finished(), "one is still being answered");
    world.release.add_permits(1);
    let text = answer(&mut working, "held").await;
    assert!(text.contains("connection: close"), "{text}");
    tokio::time::timeout(PATIENCE, world.ended).await.unwrap().unwrap();
    assert_eq!(world.cut.so_far(), 0, "none of them made room for another");
}

/// A certificate for localhost, its key, and its DER.
fn certificate(folder: &std::path::Path) -> (TlsFiles, Vec<u8>) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let files = TlsFiles { certificate: folder.join("cert.pem"), key: folder.join("key.pem") };
    std::fs::write(&files.certificate, made.cert.pem()).unwrap();
    std::fs::write(&files.key, made.signing_key.serialize_pem()).unwrap();
    (files, made.cert.der().to_vec())
}

/// A TLS connection that trusts this certificate alone.
async fn connect(
    world: &World,
    der: &[u8],
    protocol: &[u8],
) -> std::io::Result<tokio_rustls::client::TlsStream<TcpStream>> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(der.to_vec().into()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![protocol.to_vec()];
    let stream = TcpStream::connect(world.address).await.unwrap();
    tokio_rustls::TlsConnector::from(Arc::new(config))
        .connect("localhost".try_into().unwrap(), stream)
        .await
}

#[tokio::test]
async fn tls_speaks_http_1_and_2() {
    use hyper_util::rt::{TokioExecutor, TokioIo};
    let folder = tempfile::tempdir().unwrap();
    let (files, der) = certificate(folder.path());
    let world = start(limits(), Some(Tls::load(&files).unwrap())).await;

    let mut stream = connect(&world, &der, b"http/1.1").await.unwrap();
    stream.write_all(GOOD).await.unwrap();
    let mut start = [0; 12];
    stream.read_exact(&mut start).await.unwrap();
    assert_eq!(&start, b"HTTP/1.1 200");

    let stream = connect(&world, &der, b"h2").await.unwrap();
    let (mut client, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .unwrap();
    tokio::spawn(connection);
    for _ in 0..3 {
        let request = hyper::Request::get("https://localhost/now");
        let request = request.body(http_body_util::Empty::<Bytes>::new()).unwrap();
        let response = client.send_request(request).await.unwrap();
        assert_eq!((response.status().as_u16(), response.version()), (200, hyper::Version::HTTP_2));
    }
}

#[tokio::test]
async fn a_new_certificate_is_taken_at_once_and_a_broken_one_never() {
    let folder = tempfile::tempdir().unwrap();
    let (files, old) = certificate(folder.path());
    let tls = Tls::load(&files).unwrap();
    let (hangup, hear) = tokio::sync::watch::channel(());
    tokio::spawn(tls.clone().follow(hear));
    let world = start(limits(), Some(tls)).await;

    std::fs::write(&files.key, "none").unwrap();
    hangup.send_replace(());
    connect(&world, &old, b"h2").await.unwrap();
    // The files have changed; a signal only makes it sooner.
    let (_, new) = certificate(folder.path());
    hangup.send_replace(());
    let wait = async {
        while connect(&world, &new, b"h2").await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.unwrap();
    assert!(connect(&world, &old, b"h2").await.is_err());
}

#[test]
fn a_certificate_that_cannot_be_used_names_its_setting() {
    let folder = tempfile::tempdir().unwrap();
    let (files, _) = certificate(folder.path());
    let other = tempfile::tempdir().unwrap();
    let (theirs, _) = certificate(other.path());
    let refused = |certificate: &std::path::Path, key: &std::path::Path| {
        let files = TlsFiles { certificate: certificate.into(), key: key.into() };
        Tls::load(&files).err().expect("it cannot be used")
    };
    assert!(refused(&files.key, &files.key).starts_with("tls.certificate: "));
    assert!(refused("/nowhere".as_ref(), &files.key).contains("/nowhere"));
    assert!(refused(&files.certificate, &files.certificate).starts_with("tls.key: "));
    assert!(refused(&files.certificate, &theirs.key).starts_with("tls.key: "));
}
