//! What becomes of one mail: sent, tried again, given up, dropped.

use usermgmt_core::mail::MailError;
use usermgmt_core::model::ids::TokenId;
use usermgmt_core::model::mail::{MailKind, MailToken, OutboxMail};
use usermgmt_core::model::token::Purpose;
use usermgmt_core::rng::OsRng;
use usermgmt_core::store::{Change, OutboxDepth, OutboxStore as _};

use crate::fixture::{
    DAY, HOUR, MINUTE, NOTICE, Running, SECOND, STRANGERS, World, counts, permanent, temporary,
};
use crate::logged::Logged;
use crate::post::Way;

#[tokio::test(start_paused = true)]
async fn a_sent_mail_is_erased_and_counted() {
    let world = World::new().await;
    let id = world.queue("ann@example.com", NOTICE).await;
    let worker = world.worker();
    assert_eq!(worker.run_once().await.unwrap(), 1);
    assert_eq!(world.post.taken()[0].id, id);
    assert_eq!((world.waiting().await, world.dead().await.len()), (0, 0));
    assert_eq!(counts(&worker), [1, 0, 0, 0, 0]);
}

#[tokio::test(start_paused = true)]
async fn retries_come_after_about_5_seconds_doubling_to_an_hour_with_the_same_id() {
    let world = World::new().await;
    world.post.set("ann@example.com", Way::Refuse(temporary()));
    let id = world.queue("ann@example.com", NOTICE).await;
    let worker = world.worker();
    let mut expected = 5 * SECOND;
    for tries in 1..=14 {
        assert_eq!(worker.run_once().await.unwrap(), 1, "try {tries}");
        let next = world.store.next_mail_at().await.unwrap().unwrap();
        let wait = next.since(world.auth.now());
        let about = expected * 3 / 4..=expected * 5 / 4;
        assert!(about.contains(&wait), "try {tries} is followed by {wait:?}, not {about:?}");
        assert_eq!(worker.run_once().await.unwrap(), 0, "before its time");
        tokio::time::sleep(wait).await;
        expected = (expected * 2).min(HOUR);
    }
    world.post.heal("ann@example.com");
    worker.run_once().await.unwrap();
    assert_eq!(world.post.taken()[0].id, id);
    assert_eq!(counts(&worker), [1, 14, 0, 0, 0]);
}

#[tokio::test(start_paused = true)]
async fn what_failed_together_does_not_come_back_together() {
    let world = World::new().await;
    for n in 0..16 {
        let recipient = format!("ann{n}@example.com");
        world.post.set(&recipient, Way::Refuse(temporary()));
        world.queue(&recipient, NOTICE).await;
    }
    let worker = world.worker();
    worker.run_once().await.unwrap();
    tokio::time::sleep(5 * SECOND).await;
    let first = worker.run_once().await.unwrap();
    assert!((1..16).contains(&first), "{first} of 16 are due after exactly five seconds");
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_for_good_is_kept_with_its_reason_at_once() {
    let world = World::new().await;
    world.post.set("ann@example.com", Way::Refuse(permanent()));
    let id = world.queue("ann@example.com", NOTICE).await;
    let worker = world.worker();
    worker.run_once().await.unwrap();
    let dead = world.dead().await;
    assert_eq!(dead[0].id, id);
    assert_eq!(dead[0].attempts, 1);
    assert_eq!(dead[0].last_error.as_deref(), Some("550 5.1.1 no such user"));
    assert_eq!(counts(&worker), [0, 0, 0, 1, 0]);
}

#[tokio::test(start_paused = true)]
async fn what_fails_for_three_days_is_given_up_and_kept() {
    let world = World::new().await;
    world.post.set("ann@example.com", Way::Refuse(temporary()));
    world.queue("ann@example.com", NOTICE).await;
    let began = world.auth.now();
    let running = Running::start(&world.worker());
    world.drained().await;
    running.stop().await;
    let dead = world.dead().await;
    let after = dead[0].dead_at.unwrap().since(began);
    assert!((3 * DAY..3 * DAY + 90 * MINUTE).contains(&after), "{after:?}");
    assert_eq!(dead[0].attempts, i64::try_from(world.post.tries()).unwrap());
    assert!((60..=100).contains(&dead[0].attempts), "{} tries", dead[0].attempts);
}

/// What is wrong is the same for every mail, and no recipient can help it.
#[tokio::test(start_paused = true)]
async fn a_fault_of_the_set_up_keeps_every_mail_for_three_days_and_is_shown_until_it_is_mended() {
    let world = World::new().await;
    let began = world.auth.now();
    let fault = MailError::SetUp("554 5.7.1 relay access denied".to_owned());
    for n in 0..30 {
        let recipient = format!("ann{n}@example.com");
        world.post.set(&recipient, Way::Refuse(fault.clone()));
        world.queue(&recipient, NOTICE).await;
    }
    let worker = world.worker();
    assert_eq!(worker.set_up_fault(), None);
    let running = Running::start(&worker);
    tokio::time::sleep(3 * DAY - HOUR).await;
    assert_eq!((world.waiting().await, world.dead().await.len()), (30, 0));
    let shown = worker.set_up_fault().unwrap();
    assert_eq!(shown.why, "554 5.7.1 relay access denied");
    assert!(shown.since.since(began) < MINUTE);
    assert!(world.auth.now().since(shown.last) < HOUR);
    let depth = world.store.outbox_depth().await.unwrap();
    assert_eq!(depth.set_up, 30);
    assert_eq!(depth.set_up_fault.as_deref(), Some("554 5.7.1 relay access denied"));

    for n in 0..30 {
        world.post.heal(&format!("ann{n}@example.com"));
    }
    tokio::time::sleep(40 * MINUTE).await;
    running.stop().await;
    assert_eq!((world.post.count(), world.waiting().await), (30, 0));
    assert_eq!(worker.set_up_fault(), None);
    assert_eq!(world.store.outbox_depth().await.unwrap(), OutboxDepth::default());
}

#[tokio::test(start_paused = true)]
async fn a_fault_of_the_set_up_is_one_error_in_the_log_and_not_one_a_mail() {
    let logged = Logged::default();
    let _logging = tracing::subscriber::set_default(logged.clone());
    let world = World::new().await;
    for n in 0..30 {
        let recipient = format!("ann{n}@example.com");
        let fault = MailError::SetUp("535 refused".to_owned());
        world.post.set(&recipient, Way::Refuse(fault));
        world.queue(&recipient, NOTICE).await;
    }
    let running = Running::start(&world.worker());
    tokio::time::sleep(2 * DAY).await;
    running.stop().await;
    assert!(world.post.tries() > 30 * 10, "{} tries", world.post.tries());
    assert_eq!(logged.levels(), [tracing::Level::ERROR]);
}

#[tokio::test(start_paused = true)]
async fn a_fault_of_the_set_up_that_lasts_gives_mails_up_after_three_days() {
    let world = World::new().await;
    world.post.set("ann@example.com", Way::Refuse(MailError::SetUp("535 refused".to_owned())));
    world.queue("ann@example.com", NOTICE).await;
    let began = world.auth.now();
    let running = Running::start(&world.worker());
    world.drained().await;
    running.stop().await;
    let dead = world.dead().await;
    let after = dead[0].dead_at.unwrap().since(began);
    assert!((3 * DAY..3 * DAY + HOUR).contains(&after), "{after:?}");
    assert!(dead[0].attempts > 100, "more often than what fails for now");
    assert_eq!(dead[0].last_error.as_deref(), Some("set-up: 535 refused"));
}

#[tokio::test(start_paused = true)]
async fn a_dead_letter_that_an_operator_revives_is_tried_like_a_new_one() {
    let world = World::new().await;
    world.post.set("ann@example.com", Way::Refuse(permanent()));
    let id = world.queue("ann@example.com", NOTICE).await;
    let worker = world.worker();
    worker.run_once().await.unwrap();
    tokio::time::sleep(10 * DAY).await;
    world.post.set("ann@example.com", Way::Refuse(temporary()));
    world.apply(vec![Change::ReviveMail { id: id.clone(), at: world.auth.now() }]).await;
    worker.run_once().await.unwrap();
    assert_eq!(world.waiting().await, 1, "old as it is, one failure does not bury it again");
    world.post.heal("ann@example.com");
    tokio::time::sleep(MINUTE).await;
    worker.run_once().await.unwrap();
    assert_eq!(world.post.taken()[0].id, id);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_answer_in_40_seconds_has_failed_for_now() {
    let world = World::new().await;
    world.post.set("ann@example.com", Way::Hang);
    world.queue("ann@example.com", NOTICE).await;
    let worker = world.worker();
    let began = world.auth.now();
    worker.run_once().await.unwrap();
    assert_eq!(world.auth.now().since(began).as_secs(), 40);
    assert_eq!(world.post.in_flight(), 0, "the send goes on");
    assert_eq!(counts(&worker), [0, 1, 0, 0, 0]);
}

#[tokio::test(start_paused = true)]
async fn a_mail_that_was_taken_without_an_answer_is_repeated_with_the_same_id() {
    let world = World::new().await;
    world.post.set("ann@example.com", Way::TakeAndHang);
    let id = world.queue("ann@example.com", NOTICE).await;
    let running = Running::start(&world.worker());
    tokio::time::sleep(10 * SECOND).await;
    world.post.heal("ann@example.com");
    world.drained().await;
    running.stop().await;
    assert!(world.post.copies().into_iter().eq([(id, 2)]));
}

/// RFC 5321, 4.5.3.2.6: whoever does not wait ten minutes for the receipt sends
/// mails twice.
#[tokio::test(start_paused = true)]
async fn a_server_that_never_acknowledges_gets_a_handful_of_copies_in_a_day() {
    let silent = |why: &str| Way::TakeAndSay(MailError::Unconfirmed(why.to_owned()));
    for way in [silent("no receipt"), Way::TakeAndHang] {
        let world = World::new().await;
        world.post.set("ann@example.com", way);
        world.queue("ann@example.com", NOTICE).await;
        let running = Running::start(&world.worker());
        tokio::time::sleep(8 * MINUTE).await;
        assert_eq!(world.post.count(), 2, "a connection may be lost once, and no more");
        tokio::time::sleep(DAY).await;
        let copies = world.post.count();
        assert!((6..=13).contains(&copies), "{copies} copies in a day");
        assert_eq!(world.post.copies().len(), 1, "under one id");
        world.drained().await;
        running.stop().await;
        let copies = world.post.count();
        assert!((10..=24).contains(&copies), "{copies} copies until it is given up");
        assert_eq!(world.dead().await.len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_mail_that_makes_the_mailer_panic_is_tried_again_and_counted() {
    let world = World::new().await;
    world.post.set("ann@example.com", Way::Panic);
    world.queue("ann@example.com", NOTICE).await;
    world.queue("bob@example.com", NOTICE).await;
    let running = Running::start(&world.worker());
    tokio::time::sleep(SECOND).await;
    assert_eq!(world.post.count(), 1);
    world.drained().await;
    running.stop().await;
    assert_eq!(world.dead().await[0].last_error.as_deref(), Some("the mailer panicked"));
}

#[tokio::test(start_paused = true)]
async fn a_mail_whose_link_is_used_void_or_expired_is_dropped() {
    let world = World::new().await;
    let (_, used) = world.queue_link("ann@example.com", HOUR).await;
    world.queue_link("bob@example.com", MINUTE).await;
    let (live, _) = world.queue_link("cid@example.com", HOUR).await;
    world.apply(vec![Change::UseToken { id: used, now: world.auth.now() }]).await;
    tokio::time::sleep(MINUTE).await;
    let worker = world.worker();
    assert_eq!(worker.run_once().await.unwrap(), 3);
    let taken = world.post.taken();
    assert_eq!(taken.len(), 1);
    assert_eq!((&taken[0].id, taken[0].kind), (&live, MailKind::PasswordReset));
    assert!(taken[0].link.as_ref().unwrap().expose().contains("/reset-password?token=umt_"));
    assert_eq!((world.waiting().await, world.dead().await.len()), (0, 0));
    assert_eq!(counts(&worker), [1, 0, 0, 0, 2]);
}

/// Who has an account must not show in how much there is to do after a request.
#[tokio::test(start_paused = true)]
async fn a_mail_that_nobody_gets_costs_the_store_and_the_mailer_what_any_other_does() {
    let calls = async |void: bool| {
        let world = World::new().await;
        let (_, token) = world.queue_link("ann@example.com", HOUR).await;
        if void {
            let id = MailToken {
                purpose: Purpose::Reset,
                id: TokenId::generate(&OsRng),
                code_issue: None,
            };
            let mail = OutboxMail {
                tokens: vec![id],
                ..world.mail("bob@example.com", MailKind::PasswordReset)
            };
            world.apply(vec![Change::UseToken { id: token, now: world.auth.now() }]).await;
            world.worker().run_once().await.unwrap();
            world.insert([mail]).await;
        }
        let before = world.store.calls().statements();
        world.worker().run_once().await.unwrap();
        let calls = world.store.calls().statements() - before;
        assert_eq!((world.waiting().await, world.dead().await.len()), (0, 0));
        (calls, world.post.count(), world.post.rehearsed())
    };
    let (sent, count, rehearsed) = calls(false).await;
    assert_eq!((count, rehearsed.len()), (1, 0));
    let (dropped, count, rehearsed) = calls(true).await;
    assert_eq!((dropped, count, rehearsed.len()), (sent, 0, 2));
    assert_eq!(rehearsed[1].recipient.as_str(), "bob@example.com");
    assert!(rehearsed[1].link.is_some(), "it is as long as one that is sent");
}

#[tokio::test(start_paused = true)]
async fn a_mail_that_nobody_gets_takes_nothing_from_its_recipients_limit() {
    let world = World::new().await;
    let void = || OutboxMail {
        tokens: vec![MailToken {
            purpose: Purpose::Confirm,
            id: TokenId::generate(&OsRng),
            code_issue: None,
        }],
        ..world.mail("ann@example.com", STRANGERS)
    };
    for _ in 0..5 {
        world.insert((0..10).map(|_| void())).await;
        while world.worker().run_once().await.unwrap() > 0 {}
    }
    world.queue("ann@example.com", STRANGERS).await;
    world.worker().run_once().await.unwrap();
    assert_eq!((world.post.count(), world.waiting().await), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_long_error_is_kept_shortened() {
    let world = World::new().await;
    let error = MailError::Permanent("ä".repeat(10_000));
    world.post.set("ann@example.com", Way::Refuse(error));
    world.queue("ann@example.com", NOTICE).await;
    world.worker().run_once().await.unwrap();
    assert_eq!(world.dead().await[0].last_error.as_ref().unwrap().chars().count(), 501);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_for_a_moment_after_the_send_costs_no_second_copy() {
    for lost_reply in [false, true] {
        let world = World::new().await;
        world.queue("ann@example.com", NOTICE).await;
        if lost_reply {
            world.store.lose_next_replies(1);
        } else {
            // The claim and the counters go through; the outcome does not.
            world.store.fail_after(2, 3);
        }
        let worker = world.worker();
        worker.run_once().await.unwrap();
        tokio::time::sleep(2 * MINUTE).await;
        assert_eq!(worker.run_once().await.unwrap(), 0);
        assert_eq!((world.post.count(), world.waiting().await), (1, 0));
    }
}
