//! Root secrets that are exchanged while the server runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use serde_json::json;
use usermgmt_test_support::{PASSWORD, Server, Setup, eventually, registered};

use crate::second_factor::App;

const OLD: &str = "b2xkIG9sZCBvbGQgb2xkIG9sZCBvbGQgb2xkIG9sZCE=";
const NEW: &str = "bmV3IG5ldyBuZXcgbmV3IG5ldyBuZXcgbmV3IG5ldyE=";
const TAKEN_OVER: &str = "the root secrets were taken over";

fn set(setup: &Setup, secrets: &[&str]) {
    std::fs::write(setup.dir().join("roots"), secrets.join("\n")).unwrap();
}

fn keys(setup: &Setup, action: &str) -> String {
    let output = setup.command().args(["keys", action]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Exchanges them and waits until the server has taken them over.
async fn exchange(server: &Server, secrets: &[&str]) {
    set(&server.setup(), secrets);
    let before = server.log().matches(TAKEN_OVER).count();
    server.signal("HUP");
    eventually("the secrets to be taken over", || {
        (server.log().matches(TAKEN_OVER).count() > before).then_some(())
    })
    .await;
}

/// Goes on with a session and signs in beside it until told to stop; whatever is
/// refused fails.
async fn use_it(
    server: Arc<Server>,
    email: String,
    mut refresh_token: String,
    turns: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
) {
    let sign_in = json!({ "email": email, "password": PASSWORD });
    while !stop.load(Ordering::Relaxed) {
        let reply = server.post_as(&refresh_token, "/api/v1/refresh_token").await;
        assert_eq!(reply.status, 200, "{reply:?}");
        refresh_token = reply.field("refresh_token");
        let access_token = reply.field("access_token");
        let reply = server.get_as(&access_token, "/api/v1/protected").await;
        assert_eq!(reply.status, 200, "{reply:?}");
        if turns.fetch_add(1, Ordering::Relaxed).is_multiple_of(8) {
            let reply = server.post("/api/v1/signin", sign_in.clone()).await;
            assert_eq!(reply.status, 200, "{reply:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exchange_under_load_signs_nobody_out() {
    let (old, new) = (format!("sign:{OLD}"), format!("sign:{NEW}"));
    let (old_verifies, new_verifies) = (format!("verify:{OLD}"), format!("verify:{NEW}"));
    let setup = Setup::new().file("secret_file = 'roots'");
    set(&setup, &[&old]);
    let server = Arc::new(setup.start().await);
    let setup = server.setup();
    let (turns, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let mut people = Vec::new();
    for name in ["ada", "bob", "cleo"] {
        let email = format!("{name}@example.org");
        let refresh_token = registered(&server, name, &email).await.field("refresh_token");
        let (turns, stop) = (Arc::clone(&turns), Arc::clone(&stop));
        people.push(tokio::spawn(use_it(Arc::clone(&server), email, refresh_token, turns, stop)));
    }
    let dora = registered(&server, "dora", "dora@example.org").await;
    let app = App::enrolled(&server, &dora.field("access_token")).await;
    let everybody_goes_on = async || {
        let before = turns.load(Ordering::Relaxed);
        eventually("everybody to go on", || {
            assert!(
                !people.iter().any(tokio::task::JoinHandle::is_finished),
                "somebody was refused"
            );
            (turns.load(Ordering::Relaxed) > before + 24).then_some(())
        })
        .await;
    };
    everybody_goes_on().await;
    exchange(&server, &[&old, &new_verifies]).await;
    everybody_goes_on().await;
    exchange(&server, &[&new, &old_verifies]).await;
    everybody_goes_on().await;
    let listed = keys(&setup, "list");
    assert!(listed.contains("\tverify\tyes\tno: it seals; run `keys reseal`"), "{listed}");
    let resealed = keys(&setup, "reseal");
    assert!(resealed.contains(", 1 sealed anew"), "{resealed}");
    let listed = keys(&setup, "list");
    assert!(listed.contains("\tverify\tno\tsession_max_ttl after it was replaced"), "{listed}");
    // Each session has a token of the new secret by now.
    exchange(&server, &[&new]).await;
    everybody_goes_on().await;
    let reply = app.sign_in(&server, "dora@example.org").await;
    assert_eq!(reply.status, 200, "{reply:?}");
    stop.store(true, Ordering::Relaxed);
    for one in people {
        one.await.unwrap();
    }
    let listed = keys(&setup, "list");
    assert!(listed.contains("\tsign\tyes\tno: it signs"), "{listed}");
    assert!(listed.contains("\tretired\tno\tgone"), "{listed}");
}

#[tokio::test]
async fn secrets_that_cannot_be_used_leave_those_in_use() {
    let setup = Setup::new().file("secret_file = 'roots'");
    set(&setup, &[OLD]);
    let server = setup.start().await;
    let login = registered(&server, "ada", "ada@example.org").await;
    for (n, (secrets, why)) in
        [("sign:c2hvcnQ=", "fewer than 32 bytes"), (NEW, "another root secret")]
            .into_iter()
            .enumerate()
    {
        set(&server.setup(), &[secrets]);
        server.signal("HUP");
        let stays = "the root secrets in use stay";
        eventually("the refusal", || (server.log().matches(stays).count() > n).then_some(())).await;
        assert!(server.log().contains(why), "{}", server.log());
    }
    assert!(!server.log().contains(NEW), "a secret is in the log");
    let token = login.field("access_token");
    assert_eq!(server.get_as(&token, "/api/v1/protected").await.status, 200);
}
