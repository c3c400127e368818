//! Signing in by a provider, on the server as it comes.

use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::Response;
use serde_json::json;
use tokio::time::timeout;
use usermgmt_core::clock::SystemClock;
use usermgmt_core::testkit::{FakeProvider, ProviderAccount};
use usermgmt_test_support::{Reply, Server, Setup};

const BEGIN: &str = "/api/v1/signin/oidc/local?return_to=/account";

async fn answer(
    State(provider): State<FakeProvider>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, Vec<u8>) {
    if provider.hangs() {
        std::future::pending::<()>().await;
    }
    let authorization = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let form = String::from_utf8_lossy(&body);
    let (status, body) = provider.answer(uri.path(), authorization, &form);
    (StatusCode::from_u16(status).expect("a status"), body)
}

/// A provider on this machine.
pub(crate) async fn provider() -> FakeProvider {
    provider_whose_date_is(None).await
}

/// The same, whose answers have this date.
pub(crate) async fn provider_whose_date_is(date: Option<&'static str>) -> FakeProvider {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("its address");
    let provider = FakeProvider::new(&format!("http://{address}"), SystemClock);
    let dated = move |mut response: Response| async move {
        if let Some(date) = date {
            response.headers_mut().insert(header::DATE, HeaderValue::from_static(date));
        }
        response
    };
    let router = Router::new()
        .fallback(answer)
        .layer(axum::middleware::map_response(dated))
        .with_state(provider.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    provider
}

pub(crate) fn setup(provider: &FakeProvider) -> Setup {
    let settings = provider.settings("local");
    Setup::new()
        .var("USERMGMT_PROVIDERS__LOCAL__ISSUER", settings.issuer)
        .var("USERMGMT_PROVIDERS__LOCAL__CLIENT_ID", settings.client_id)
        .var("USERMGMT_PROVIDERS__LOCAL__CLIENT_SECRET", provider.client_secret())
        .var("USERMGMT_PROVIDERS__LOCAL__NAME", "Local ID")
}

fn ada() -> ProviderAccount {
    ProviderAccount::verified("1", "ada@example.org")
}

/// Goes to the provider and comes back.
async fn sign_in(server: &Server, provider: &FakeProvider, account: &ProviderAccount) -> Reply {
    let begun = server.get(BEGIN).await;
    assert_eq!(begun.status, 303, "{begun:?}");
    let cookie = begun.header("set-cookie").and_then(|cookie| cookie.split(';').next());
    let cookie = cookie.unwrap_or_default().to_owned();
    let back = provider.sign_in(begun.header("location").unwrap_or_default(), account);
    let path = format!("{}?{}", back.path(), back.query().unwrap_or_default());
    server.send(server.request("GET", &path).header("cookie", cookie)).await
}

#[tokio::test]
async fn a_provider_on_this_machine_signs_in_and_its_keys_may_change() {
    let provider = provider().await;
    let server = setup(&provider).start().await;
    let methods = server.get("/api/v1/signin/methods").await.json();
    assert_eq!(methods["providers"], json!([{"id": "local", "name": "Local ID"}]));
    let reply = sign_in(&server, &provider, &ada()).await;
    assert_eq!((reply.status, reply.header("location")), (303, Some("/account")), "{reply:?}");
    let cookies: Vec<_> = reply.headers.get_all("set-cookie").iter().collect();
    let session = cookies.iter().filter_map(|cookie| cookie.to_str().ok());
    let session = session.filter_map(|cookie| cookie.split(';').next());
    let session = session.collect::<Vec<_>>().join("; ");
    let account = server.request("GET", "/account").header("cookie", session);
    let page = server.send(account).await;
    assert!(page.text.contains("ada@example.org"), "{page:?}");
    assert!(!server.log().contains(provider.client_secret()));
}

#[tokio::test]
async fn a_provider_is_asked_for_what_the_setting_says() {
    let provider = provider().await;
    let setup = setup(&provider).var("USERMGMT_PROVIDERS__LOCAL__SCOPES", "openid,phone");
    let begun = setup.start().await.get(BEGIN).await;
    let page = url::Url::parse(begun.header("location").unwrap_or_default()).expect("a URL");
    let scope = page.query_pairs().find(|(name, _)| name == "scope").expect("scopes");
    assert_eq!(scope.1, "openid phone");
}

#[tokio::test]
async fn what_a_provider_does_wrong_is_refused_and_logged_without_its_tokens() {
    let provider = provider().await;
    let server = setup(&provider).start().await;
    provider.tamper(|said| drop(said.insert("aud".to_owned(), json!("another"))));
    let reply = sign_in(&server, &provider, &ada()).await;
    assert_eq!((reply.status, reply.field("error").as_str()), (400, "provider_refused"));
    provider.tamper(|_| {});
    provider.answer_with("/token", 200, vec![b' '; 10 * 1024 * 1024]);
    let reply = sign_in(&server, &provider, &ada()).await;
    assert_eq!((reply.status, reply.field("error").as_str()), (502, "provider_unavailable"));
    let log = server.log();
    assert!(log.contains("aud is another one"), "{log}");
    assert!(log.contains("provider=local") || log.contains("provider=\"local\""), "{log}");
    assert!(!log.contains("access-0") && !log.contains("code-0"), "{log}");
}

#[tokio::test]
async fn a_provider_that_hangs_keeps_nobody_for_ten_seconds_and_nobody_else_at_all() {
    let provider = provider().await;
    let server = setup(&provider).start().await;
    provider.hang();
    let within = |seconds| Duration::from_secs(seconds);
    let (hung, health) = tokio::join!(
        timeout(within(10), server.get(BEGIN)),
        timeout(within(5), server.get("/health/ready")),
    );
    let hung = hung.expect("an answer within ten seconds");
    assert_eq!((hung.status, hung.field("error").as_str()), (502, "provider_unavailable"));
    assert_eq!(health.expect("an answer at once").status, 200);
}

#[tokio::test]
async fn a_providers_documents_lead_to_no_address_of_a_private_network() {
    let (provider, inside) = (provider().await, provider().await);
    let server = setup(&provider).start().await;
    // Its own host is what the operator named; another one of this machine is not.
    let settings = provider.settings("local");
    let port = inside.settings("inside").issuer.rsplit(':').next().map(str::to_owned);
    let elsewhere = format!("http://127.0.0.2:{}/token", port.unwrap_or_default());
    let document = json!({
        "issuer": settings.issuer,
        "authorization_endpoint": format!("{}/authorize", settings.issuer),
        "token_endpoint": elsewhere,
        "jwks_uri": format!("{}/keys", settings.issuer),
    });
    provider.answer_with("/.well-known/openid-configuration", 200, document.to_string());
    let reply = sign_in(&server, &provider, &ada()).await;
    assert_eq!((reply.status, reply.field("error").as_str()), (502, "provider_unavailable"));
    assert!(server.log().contains("none of the Internet"), "{}", server.log());
}

#[tokio::test]
async fn a_setting_of_a_provider_that_cannot_work_stops_the_start_with_its_name() {
    let provider = provider().await;
    let wrong = setup(&provider)
        .without("USERMGMT_PROVIDERS__LOCAL__ISSUER")
        .var("USERMGMT_PROVIDERS__LOCAL__ISSUER", "http://id.example.org");
    let output = wrong.command().output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("providers.local.issuer"), "{said}");
}
