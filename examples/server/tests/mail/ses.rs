//! Mail through Amazon SES, played by a stand-in.

use mailparse::{MailHeaderMap as _, parse_mail};
use serde_json::json;

use crate::common::{PASSWORD, Setup, eventually};
use crate::helper::Helper;
use crate::kit::{Letter, printed};

struct Ses {
    process: Helper,
    setup: Setup,
}

impl Ses {
    fn start(mode: &str) -> Self {
        let script =
            concat!(env!("CARGO_MANIFEST_DIR"), "/../../usermgmt-mail/tests/ses_server.py");
        let mut process = Helper::start([script, mode]);
        let port = process.event()["port"].as_u64().unwrap();
        let url = format!("ses://AKIATEST:hunter2%2Fx@eu-west-1?endpoint=http://127.0.0.1:{port}");
        let setup = Setup::new()
            .var("USERMGMT_MAIL__URL", url)
            .var("USERMGMT_MAIL__FROM", "no-reply@example.com");
        Self { process, setup }
    }
}

async fn register(setup: &Setup) -> crate::common::Server {
    let server = setup.clone().start().await;
    let body = json!({ "username": "ada", "email": "ada@example.org", "password": PASSWORD });
    let reply = server.post("/api/v1/register", body).await;
    assert_eq!(reply.status, 201, "{reply:?}");
    server
}

#[tokio::test(flavor = "multi_thread")]
async fn a_throttled_mail_arrives_later_under_our_own_header() {
    let ses = Ses::start("throttle");
    let server = register(&ses.setup).await;
    eventually("the mail to be sent", || server.log().contains("mail sent").then_some(())).await;
    assert!(server.log().contains("SES: TooManyRequestsException"), "{}", server.log());
    let events = ses.process.stop();
    assert_eq!(events.iter().filter(|event| event["request"].is_object()).count(), 2);
    let mails: Vec<&str> = events.iter().filter_map(|event| event["mail"].as_str()).collect();
    assert_eq!(mails.len(), 1);
    let mail = parse_mail(mails[0].as_bytes()).unwrap();
    assert!(mail.headers.get_first_value("X-Usermgmt-Mail-Id").is_some());
    let letter = Letter::parse(mails[0]);
    let reply = server.send(server.request("POST", &letter.path("/confirm-email/"))).await;
    assert_eq!(reply.status, 200, "{reply:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejected_mail_is_kept_with_its_reason() {
    let ses = Ses::start("rejected");
    let _server = register(&ses.setup).await;
    let list = eventually("the mail to be given up", || {
        let list = printed(&ses.setup, &["outbox", "list"]);
        list.contains("1 given up; 0 waiting").then_some(list)
    })
    .await;
    assert!(list.contains("MessageRejected"), "{list}");
    assert!(!list.contains("umt_"), "{list}");
}
