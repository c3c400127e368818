//! The application over the store in memory, asked as its clients ask.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::test::{TestRequest, call_service, init_service, read_body, read_body_json};
use actix_web::{App, test};
use serde_json::{Value, json};
use usermgmt_core::mail::MailKind;
use usermgmt_core::outbox::OutboxWorker;
use usermgmt_core::password::HasherConfig;
use usermgmt_core::store::MemoryStore;
use usermgmt_core::testkit::CapturingMailer;
use usermgmt_core::{Auth, Config, KeyRing};

#[actix_web::test]
async fn somebody_registers_confirms_signs_in_asks_and_signs_out() {
    let mut config = Config::new("https://app.example.com".parse().unwrap());
    config.hasher = HasherConfig::insecure_for_tests();
    let keys = KeyRing::single((0..32).collect()).unwrap();
    let auth = Auth::builder(MemoryStore::new(), keys, config).build().await.unwrap();
    let mailer = CapturingMailer::default();
    let worker = OutboxWorker::new(auth.clone(), Arc::new(mailer.clone()));
    let app = init_service(App::new().configure(usermgmt_example_actix::configure(auth))).await;

    let ada = json!({
        "username": "ada", "email": "ada@example.org", "password": "Wr9-tidal-lantern",
    });
    let request = TestRequest::post().uri("/register").set_json(&ada).to_request();
    assert_eq!(call_service(&app, request).await.status(), StatusCode::CREATED);

    worker.run_once().await.unwrap();
    let mail = mailer.last(MailKind::Confirmation, "ada@example.org").unwrap();
    let link = mail.link.unwrap().expose().clone();
    let path = link.strip_prefix("https://app.example.com").unwrap();
    let request = TestRequest::post().uri(path).to_request();
    assert_eq!(call_service(&app, request).await.status(), StatusCode::OK);

    let credentials = json!({ "identifier": "ada", "password": "Wr9-tidal-lantern" });
    let request = TestRequest::post().uri("/signin").set_json(&credentials).to_request();
    let tokens: Value = read_body_json(call_service(&app, request).await).await;
    let bearer = format!("Bearer {}", tokens["access_token"].as_str().unwrap());

    let ask = || TestRequest::get().uri("/hello").insert_header(("Authorization", bearer.clone()));
    let body = read_body(call_service(&app, ask().to_request()).await).await;
    assert_eq!(body, "Hello, ada!");

    let request =
        TestRequest::post().uri("/signout").insert_header(("Authorization", bearer.clone()));
    let response = call_service(&app, request.to_request()).await;
    assert_eq!(response.status(), StatusCode::NO_CONTENT);
    let refused = test::call_service(&app, ask().to_request()).await;
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
}

#[actix_web::test]
async fn a_weak_password_is_refused_with_the_reason() {
    let mut config = Config::new("https://app.example.com".parse().unwrap());
    config.hasher = HasherConfig::insecure_for_tests();
    let keys = KeyRing::single((0..32).collect()).unwrap();
    let auth = Auth::builder(MemoryStore::new(), keys, config).build().await.unwrap();
    let app = init_service(App::new().configure(usermgmt_example_actix::configure(auth))).await;
    let weak = json!({ "username": "ada", "email": "ada@example.org", "password": "password" });
    let request = TestRequest::post().uri("/register").set_json(&weak).to_request();
    let response = call_service(&app, request).await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    let body: Value = read_body_json(response).await;
    assert_eq!(body["message"], "Password is too easy to guess");
}
