//! The check against a server that answers, or does not, as the real one might.

use std::sync::Mutex;

use axum::extract::Path;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::*;

/// Counts what it is told.
#[derive(Debug, Default)]
struct Told(Mutex<Vec<Counted>>);

impl Metrics for Told {
    fn count(&self, what: Counted) {
        self.0.lock().unwrap().push(what);
    }

    fn time(&self, _: usermgmt_core::metrics::Timed, _: Duration) {}
}

/// A check against a server that answers like this, and what is counted.
async fn against<F, R>(answer: F) -> (PwnedPasswords, Arc<Told>)
where
    F: Fn(String, HeaderMap) -> R + Clone + Send + Sync + 'static,
    R: Future<Output = Response> + Send,
{
    let range = move |Path(told): Path<String>, headers: HeaderMap| answer(told, headers);
    let router = axum::Router::new().route("/range/{told}", get(range));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/range/", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    check(&url)
}

fn check(url: &str) -> (PwnedPasswords, Arc<Told>) {
    let told = Arc::new(Told::default());
    let metrics = Arc::clone(&told) as Arc<dyn Metrics>;
    let mut check = PwnedPasswords::new(&url.parse().unwrap(), metrics).unwrap();
    check.limit = Duration::from_millis(500);
    (check, told)
}

/// Whether it says that the password is breached, and what was counted.
async fn asked(check: &PwnedPasswords, told: &Told) -> (bool, Vec<Counted>) {
    let breached = check.is_breached(&"P@ssw0rd".into()).await;
    (breached, std::mem::take(&mut *told.0.lock().unwrap()))
}

fn counted(result: BreachCheckResult) -> Vec<Counted> {
    vec![Counted::BreachCheck(result)]
}

/// SHA-1 of `P@ssw0rd` is 21BD12DC183F740EE76F27B78EB39C8AD972A757 (the example of
/// the API's own documentation).
const REST: &str = "2DC183F740EE76F27B78EB39C8AD972A757";

#[tokio::test]
async fn a_password_that_is_listed_is_breached() {
    let (check, told) = against(|_, _| async {
        format!("0018A45C4D1DEF81644B54AB7F969B88D65:1\r\n{REST}:52579\r\nFFFF:3").into_response()
    })
    .await;
    // The second time over the same connection.
    for _ in 0..2 {
        assert_eq!(asked(&check, &told).await, (true, counted(BreachCheckResult::Breached)));
    }
}

#[tokio::test]
async fn what_pads_the_answer_is_not_listed() {
    for answer in
        [format!("{REST}:0"), format!("{REST}:000\r\n"), "FFFF:9".to_owned(), String::new()]
    {
        let (check, told) = against(move |_, _| {
            let answer = answer.clone();
            async move { answer.into_response() }
        })
        .await;
        assert_eq!(asked(&check, &told).await, (false, counted(BreachCheckResult::Unknown)));
    }
}

#[tokio::test]
async fn five_digits_of_the_hash_are_told_and_nothing_else() {
    let (check, told) = against(|path, headers| async move {
        assert_eq!(path, "21BD1");
        assert_eq!(headers["add-padding"], "true");
        let agent = headers["user-agent"].to_str().unwrap();
        assert!(agent.starts_with("usermgmt/"));
        let mut names: Vec<_> = headers.keys().map(|name| name.as_str()).collect();
        names.sort_unstable();
        assert_eq!(names, ["add-padding", "host", "user-agent"]);
        format!("{REST}:1").into_response()
    })
    .await;
    assert_eq!(asked(&check, &told).await, (true, counted(BreachCheckResult::Breached)));
}

#[tokio::test]
async fn without_a_good_answer_the_password_passes_and_that_is_counted() {
    let failed = (false, counted(BreachCheckResult::Failed));
    for status in [301, 400, 429, 500, 503] {
        let (check, told) = against(move |_, _| async move {
            let status = axum::http::StatusCode::from_u16(status).unwrap();
            (status, [("location", "/range/ABCDE")], format!("{REST}:1")).into_response()
        })
        .await;
        assert_eq!(asked(&check, &told).await, failed, "{status}");
    }
    let (check, told) = against(|_, _| async { vec![0xff_u8; 100].into_response() }).await;
    assert_eq!(asked(&check, &told).await, failed);
    // Longer than any range.
    let (check, told) =
        against(|_, _| async { format!("{}{REST}:1", "x\r\n".repeat(4_000_000)).into_response() })
            .await;
    assert_eq!(asked(&check, &told).await, failed);
}

#[tokio::test]
async fn a_server_that_hangs_or_is_not_there_keeps_nobody() {
    let failed = (false, counted(BreachCheckResult::Failed));
    let (check, told) = against(|_, _| std::future::pending()).await;
    assert_eq!(asked(&check, &told).await, failed);
    // Taken, and never answered.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (check, told) = super::tests::check(&format!("http://{}", listener.local_addr().unwrap()));
    assert_eq!(asked(&check, &told).await, failed);
    let address = listener.local_addr().unwrap();
    drop(listener);
    let (check, told) = super::tests::check(&format!("http://{address}"));
    assert_eq!(asked(&check, &told).await, failed);
}

#[tokio::test]
async fn the_log_does_not_tell_what_was_asked_for() {
    let (check, _) = check("http://127.0.0.1:1/range");
    let error = check.ask(&"P@ssw0rd".into()).await.unwrap_err();
    let text = with_causes(error.as_ref());
    assert!(!text.contains("21BD1"), "{text}");
}
