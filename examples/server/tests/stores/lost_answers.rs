//! The connection breaks after the database has committed and before its
//! answer arrives: the caller gets the true outcome, and nothing happens twice.

use std::time::Duration;

use usermgmt_core::outbox::OutboxWorker;
use usermgmt_core::testkit::CapturingMailer;

use crate::flows::{Flow, Ready, home, member};
use crate::on_each_server;
use crate::world::World;
use usermgmt_test_support::Kind;
use usermgmt_test_support::proxy::Commit;

on_each_server!(
    every_flow_has_its_true_outcome_and_once,
    a_refresh_whose_answer_was_lost_gets_the_same_successor_when_it_is_asked_again,
    a_mail_is_sent_once_whichever_answer_is_lost,
);

/// A flow that was run.
#[derive(Debug)]
struct Run {
    before: Vec<String>,
    outcome: Result<(), String>,
    after: Vec<String>,
    commits: Vec<Commit>,
}

/// Runs a flow on somebody new, and loses the answer to its commit of that number.
async fn run(world: &World, flow: Flow, name: &str, lose: Option<usize>) -> Run {
    let ready: Ready = flow.prepare(world, name).await;
    // Looking at the state takes the mail; that of the preparation is none of the flow's.
    drop(world.mail().await);
    let before = world.state_of(name, ready.user.as_ref()).await;
    // What is the same moment to a clock that stands would be in no order.
    world.later(Duration::from_secs(1));
    world.proxy.lose(lose);
    let outcome = flow.run(&world.shaky, &ready).await;
    let commits = world.proxy.seen();
    world.proxy.lose(None);
    world.later(Duration::from_secs(1));
    // A purge that was cut short goes on at the next one.
    world.steady.purge().await.unwrap();
    let after = world.state_of(name, ready.user.as_ref()).await;
    Run { before, outcome, after, commits }
}

async fn every_flow_has_its_true_outcome_and_once(kind: Kind) {
    let world = World::new(kind).await;
    let mut wrong = Vec::new();
    let mut names = (0..).map(|number| format!("who{number}q"));
    let mut name = || names.next().unwrap();
    for flow in Flow::ALL {
        let whole = run(&world, flow, &name(), None).await;
        assert_eq!(whole.outcome, Ok(()), "{flow:?}");
        assert_ne!(whole.before, whole.after, "{flow:?}");
        assert!(!whole.commits.is_empty(), "{flow:?}");
        for (number, commit) in whole.commits.iter().enumerate() {
            let cut = run(&world, flow, &name(), Some(number)).await;
            // What else is over and purged on this occasion differs; the first is the flow's own.
            assert!(number > 0 || !cut.commits.is_empty(), "{flow:?}: no answer was lost");
            let nothing = cut.after == cut.before;
            let is_true = match (&cut.outcome, commit) {
                (Ok(()), _) => cut.after == whole.after,
                (Err(told), _) if !told.contains("Unavailable") => false,
                // One statement is not replayed: that it is not known is true too.
                (Err(_), Commit::Statement) => nothing || cut.after == whole.after,
                // A list is replayed; what counts attempts is none.
                (Err(_), Commit::Transaction) => nothing,
            };
            if !is_true {
                wrong.push(format!("{flow:?}, commit {number}, {commit:?}: {cut:#?}\n{whole:#?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

async fn a_refresh_whose_answer_was_lost_gets_the_same_successor_when_it_is_asked_again(
    kind: Kind,
) {
    let world = World::new(kind).await;
    let signed_in = member(&world, "ada").await;
    let token = signed_in.tokens.refresh_token.expose();
    world.proxy.lose(Some(0));
    let first = world.shaky.refresh(token, &home()).await;
    assert!(!world.proxy.seen().is_empty(), "the rotation was committed");
    let second = world.shaky.refresh(token, &home()).await.unwrap();
    if let Ok(first) = first {
        assert_eq!(first.refresh_token, second.refresh_token);
    }
    let sessions = world.store.sessions(&signed_in.user.id, world.steady.now()).await.unwrap();
    assert_eq!(sessions.iter().map(|one| one.generation).collect::<Vec<_>>(), [1]);
    let third = world.shaky.refresh(second.refresh_token.expose(), &home()).await;
    assert!(third.is_ok(), "{third:?}");
}

async fn a_mail_is_sent_once_whichever_answer_is_lost(kind: Kind) {
    let world = World::new(kind).await;
    let mailer = CapturingMailer::default();
    let worker = OutboxWorker::new(world.shaky.clone(), std::sync::Arc::new(mailer.clone()));
    member(&world, "ada").await;
    for lose in [None, Some(0), Some(1)] {
        world.steady.forgot_password("ada", &home()).await.unwrap();
        world.proxy.lose(lose);
        // A claim whose answer is lost holds until its lease is over.
        let _ = worker.run_once().await;
        assert!(world.proxy.seen().len() > lose.unwrap_or(0), "{lose:?}: {:?}", world.proxy.seen());
        world.proxy.lose(None);
        for _ in 0..3 {
            world.later(Duration::from_secs(61));
            worker.run_once().await.unwrap();
        }
        assert_eq!(mailer.take().len(), 1, "{lose:?}");
        assert_eq!(world.store.outbox_depth().await.unwrap().waiting, 0, "{lose:?}");
    }
}
