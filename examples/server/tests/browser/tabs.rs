//! Two tabs of the front end in the examples: one refreshes for both.

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use usermgmt_test_support::{PASSWORD, Server, Setup, registered};

use crate::chrome::Chrome;

const PAGE: &str = include_str!("../../../front-end/index.html");
const APP: &str = include_str!("../../../front-end/app.js");
const TOKENS: &str = include_str!("../../../front-end/tokens.js");
const GUIDE: &str = include_str!("../../../../docs/front-end.md");

/// The page on an origin of its own, and the server that it asks.
async fn front_end() -> (Server, String) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let server = Setup::new().var("USERMGMT_CORS__ORIGINS", origin.as_str()).start().await;
    registered(&server, "ada", "ada@example.org").await;
    let base = "http://127.0.0.1:8080";
    assert_eq!(TOKENS.matches(base).count(), 1);
    let tokens = TOKENS.replace(base, &server.base);
    let script = |text: String| get(async || ([(CONTENT_TYPE, "text/javascript")], text));
    let app = Router::new()
        .route("/", get(async || ([(CONTENT_TYPE, "text/html")], PAGE)))
        .route("/app.js", script(APP.to_owned()))
        .route("/tokens.js", script(tokens));
    tokio::spawn(async { axum::serve(listener, app).await });
    (server, origin)
}

async fn run(browser: &Chrome, script: &str) -> Value {
    browser.driver.execute(script, vec![]).await.unwrap().json().clone()
}

/// How often the session was refreshed.
async fn generation(browser: &Chrome) -> i64 {
    let token = run(browser, "return JSON.parse(localStorage['usermgmt.tokens']).access").await;
    let claims = token.as_str().unwrap().split('.').nth(1).unwrap();
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
    claims["gen"].as_i64().unwrap()
}

/// Has this tab ask the API when it is told to, and keep the status of the answer.
const WAIT: &str = "
    const done = arguments[arguments.length - 1];
    import('./tokens.js').then(({ call }) => {
        window.go = () => { call('/protected').then((answer) => window.said = answer.status); };
        window.told = new BroadcastChannel('go');
        window.told.onmessage = window.go;
        done();
    });";

/// The token has ended; both tabs ask at once.
const GO: &str = "
    const tokens = JSON.parse(localStorage['usermgmt.tokens']);
    localStorage['usermgmt.tokens'] = JSON.stringify({ ...tokens, ends: 0 });
    window.told.postMessage('go');
    window.go();";

const SAID: &str = "
    const done = arguments[arguments.length - 1];
    const wait = () => window.said ? done(window.said) : setTimeout(wait, 10);
    wait();";

#[tokio::test]
async fn of_two_tabs_one_refreshes_and_both_are_signed_out_together() {
    let (_server, origin) = front_end().await;
    let browser = Chrome::start().await;
    browser.open(&origin).await;
    browser.comes_to_read("Nobody is signed in.").await;
    browser.fill("", &[("identifier", "ada"), ("password", "not it at all")]).await;
    browser.open_up("form button").await;
    browser.comes_to_read("Login unsuccessful.").await;
    browser.fill("", &[("identifier", "ada"), ("password", PASSWORD)]).await;
    browser.open_up("form button").await;
    browser.comes_to_read("Hello, ada!").await;

    let first = browser.driver.window().await.unwrap();
    let second = browser.driver.new_tab().await.unwrap();
    browser.driver.switch_to_window(second.clone()).await.unwrap();
    browser.open(&origin).await;
    browser.comes_to_read("Hello, ada!").await;
    for tab in [&first, &second] {
        browser.driver.switch_to_window(tab.clone()).await.unwrap();
        browser.driver.execute_async(WAIT, vec![]).await.unwrap();
    }
    for round in 1..=10 {
        for tab in [&first, &second] {
            browser.driver.switch_to_window(tab.clone()).await.unwrap();
            run(&browser, "delete window.said").await;
        }
        run(&browser, GO).await;
        for tab in [&first, &second] {
            browser.driver.switch_to_window(tab.clone()).await.unwrap();
            let said = browser.driver.execute_async(SAID, vec![]).await.unwrap();
            assert_eq!(said.json(), &json!(200), "round {round}");
        }
        assert_eq!(generation(&browser).await, round);
    }
    // A refused access token is renewed once, though this clock thinks it good.
    run(&browser, "const key = 'usermgmt.tokens', tokens = JSON.parse(localStorage[key]);
        localStorage[key] = JSON.stringify({ ...tokens, access: tokens.access.slice(0, -4) + 'AAAA' });
        delete window.said; window.go();")
    .await;
    let said = browser.driver.execute_async(SAID, vec![]).await.unwrap();
    assert_eq!((said.json(), generation(&browser).await), (&json!(200), 11));

    browser.open_up("#sign-out").await;
    browser.comes_to_read("Nobody is signed in.").await;
    browser.driver.switch_to_window(first).await.unwrap();
    browser.comes_to_read("Nobody is signed in.").await;
    browser.quit().await;
}

#[test]
fn the_guide_shows_the_module_that_is_tested() {
    let shown = GUIDE.split("```js\n// tokens.js\n").nth(1).unwrap().split("```").next().unwrap();
    assert_eq!(shown, TOKENS.split_once('\n').unwrap().1);
}
