//! The server's end, ordered or not, while a mail is on its way.

use serde_json::json;

use crate::fixture::{PASSWORD, Smtp, setup};
use crate::relay::Relay;
use usermgmt_test_support::Server;

async fn register(server: &Server) {
    let body = json!({
        "username": "ada", "email": "ada@example.org", "password": usermgmt_test_support::PASSWORD
    });
    let reply = server.post("/api/v1/register", body).await;
    assert_eq!(reply.status, 201, "{reply:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_before_the_mail_was_taken_the_next_server_sends_it() {
    let mut tarpit = Smtp::start("tarpit");
    let mut well = Smtp::start("ok");
    let relay = Relay::to(tarpit.port).await;
    let setup = setup(&relay, PASSWORD, &[&tarpit, &well]);
    let server = setup.clone().start().await;
    register(&server).await;
    let tarpit = tokio::task::spawn_blocking(move || {
        tarpit.says("raw");
        tarpit
    });
    let tarpit = tarpit.await.unwrap();
    server.kill();
    relay.lead_to(well.port);

    let server = setup.start().await;
    let (letter, well) = tokio::task::spawn_blocking(move || (well.letter(), well)).await.unwrap();
    let reply = server.send(server.request("POST", &letter.path("/confirm-email/"))).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    assert!(server.stop().await.success());
    assert_eq!((tarpit.stop().len(), well.stop().len()), (0, 0), "one copy");
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_after_the_mail_was_taken_the_second_copy_has_the_same_id() {
    let mut first = Smtp::start("no_receipt");
    let mut second = Smtp::start("ok");
    let relay = Relay::to(first.port).await;
    let setup = setup(&relay, PASSWORD, &[&first, &second]);
    let server = setup.clone().start().await;
    register(&server).await;
    let taken = tokio::task::spawn_blocking(move || first.letter()).await.unwrap();
    server.kill();
    relay.lead_to(second.port);

    let _server = setup.start().await;
    let again = tokio::task::spawn_blocking(move || second.letter()).await.unwrap();
    assert_eq!(taken.message_id, again.message_id);
}

#[tokio::test(flavor = "multi_thread")]
async fn told_to_stop_the_server_finishes_the_mail_that_is_on_its_way() {
    let mut slow = Smtp::start("slow");
    let relay = Relay::to(slow.port).await;
    let setup = setup(&relay, PASSWORD, &[&slow]);
    let server = setup.clone().start().await;
    register(&server).await;
    let mut slow = tokio::task::spawn_blocking(move || {
        slow.says("data");
        slow
    })
    .await
    .unwrap();
    assert!(server.stop().await.success());
    let log = std::fs::read_to_string(setup.dir().join("server.log")).unwrap();
    assert!(log.contains("mail sent"), "{log}");
    assert_eq!(slow.letter().to, "ada@example.org");
    let list = crate::fixture::printed(&setup, &["outbox", "list"]);
    assert!(list.contains("0 given up; 0 waiting"), "{list}");
}
