//! What a refresh token that is presented means.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::model::session::Session;

/// How many generations in a row may be replayed before that is two holders who
/// take turns, and no longer bad luck.
const MAX_REPLAYS: i64 = 2;

/// What a presented generation means for a session.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// The present one: go on to this one.
    Rotate { to: i64 },
    /// The previous one, while its successor was not received or only just was:
    /// the reply was lost, or a second tab uses it. The same successor again.
    Replay {
        /// How many in a row were, where this is the first time that this one is,
        /// and it is more than another tab of the client that went on just now.
        noted: Option<i64>,
    },
    /// A later one than the store knows: the store lost writes. Move on.
    CatchUp { to: i64 },
    /// An old one: somebody else has it.
    Reuse,
}

/// How strict to be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    /// How long the previous token is good after its successor was received.
    pub(super) grace: Duration,
    /// Whether tokens stay the same.
    pub(super) fixed: bool,
    /// Whether it is presented from the address and by the agent that the session
    /// last went on with.
    pub(super) same_client: bool,
}

pub(super) fn decide(session: &Session, presented: i64, rules: Rules, now: Timestamp) -> Decision {
    let n = session.generation;
    let next = |from: i64| if rules.fixed { from } else { from.saturating_add(1) };
    if presented == n {
        return Decision::Rotate { to: next(n) };
    }
    if presented > n {
        return Decision::CatchUp { to: next(presented) };
    }
    let received = if session.received == Some(n) {
        session.received_at
    } else {
        // A refresh that did not rotate (fixed tokens) has used it too.
        session.rotated_at.filter(|at| *at < session.last_seen_at)
    };
    let may_be_lost = received.is_none_or(|at| now < at + rules.grace);
    if presented != n - 1 || !may_be_lost {
        return Decision::Reuse;
    }
    // Tabs of one browser wake together, refresh after refresh: no sign of two holders.
    let is_a_tab = rules.same_client && session.rotated_at.is_some_and(|at| now < at + rules.grace);
    if is_a_tab || session.replayed == Some(presented) {
        return Decision::Replay { noted: None };
    }
    let in_a_row = if session.replayed == Some(presented - 1) { session.replays } else { 0 };
    if in_a_row >= MAX_REPLAYS {
        return Decision::Reuse;
    }
    Decision::Replay { noted: Some(in_a_row + 1) }
}

#[cfg(all(test, feature = "testkit"))]
mod tests {
    use super::*;
    use crate::testkit::SampleRows;

    const NOW: Timestamp = Timestamp::from_millis(1_000_000);
    const RULES: Rules = Rules { grace: Duration::from_secs(30), fixed: false, same_client: false };

    fn session(generation: i64) -> Session {
        let rows = SampleRows::new(1);
        Session { generation, ..rows.session(&rows.user("ann").id) }
    }

    fn received(generation: i64, ago: u64) -> Session {
        Session {
            received: Some(generation),
            received_at: Some(NOW - Duration::from_secs(ago)),
            ..session(generation)
        }
    }

    #[test]
    fn the_present_token_goes_on_and_a_later_one_is_caught_up_with() {
        assert_eq!(decide(&session(5), 5, RULES, NOW), Decision::Rotate { to: 6 });
        assert_eq!(decide(&session(5), 8, RULES, NOW), Decision::CatchUp { to: 9 });
        let fixed = Rules { fixed: true, ..RULES };
        assert_eq!(decide(&session(5), 5, fixed, NOW), Decision::Rotate { to: 5 });
        assert_eq!(decide(&session(5), 8, fixed, NOW), Decision::CatchUp { to: 8 });
    }

    #[test]
    fn the_one_before_is_good_until_its_successor_was_received_and_the_grace_is_over() {
        let first = Decision::Replay { noted: Some(1) };
        assert_eq!(decide(&session(5), 4, RULES, NOW), first);
        assert_eq!(decide(&received(5, 29), 4, RULES, NOW), first);
        assert_eq!(decide(&received(5, 30), 4, RULES, NOW), Decision::Reuse);
        // That an earlier one was received says nothing of this one.
        let earlier = Session { generation: 6, ..received(5, 30) };
        assert_eq!(decide(&earlier, 5, RULES, NOW), first);
        assert_eq!(decide(&session(5), 3, RULES, NOW), Decision::Reuse);
        assert_eq!(decide(&received(5, 0), 3, RULES, NOW), Decision::Reuse);
        let used = |ago| {
            let rotated_at = Some(NOW - Duration::from_secs(ago));
            decide(&Session { rotated_at, last_seen_at: NOW, ..session(5) }, 4, RULES, NOW)
        };
        assert_eq!((used(29), used(30)), (first, Decision::Reuse));
        let none = Rules { grace: Duration::ZERO, ..RULES };
        assert_eq!(decide(&received(5, 0), 4, none, NOW), Decision::Reuse);
    }

    #[test]
    fn the_third_generation_in_a_row_that_is_replayed_is_reuse() {
        let after = |replayed, replays| Session { replayed: Some(replayed), replays, ..session(5) };
        let decided = |session: Session| decide(&session, 4, RULES, NOW);
        assert_eq!(decided(after(4, 2)), Decision::Replay { noted: None });
        assert_eq!(decided(after(3, 1)), Decision::Replay { noted: Some(2) });
        assert_eq!(decided(after(3, 2)), Decision::Reuse);
        assert_eq!(decided(after(2, 2)), Decision::Replay { noted: Some(1) });
    }

    #[test]
    fn a_replay_by_the_same_client_within_the_grace_of_the_rotation_does_not_count() {
        let after = |ago, same_client| {
            let at = NOW - Duration::from_secs(ago);
            let (rotated_at, last_seen_at) = (Some(at), at);
            let often = Session { replayed: Some(3), replays: 2, ..session(5) };
            let rules = Rules { same_client, ..RULES };
            decide(&Session { rotated_at, last_seen_at, ..often }, 4, rules, NOW)
        };
        assert_eq!(after(29, true), Decision::Replay { noted: None });
        assert_eq!((after(30, true), after(29, false)), (Decision::Reuse, Decision::Reuse));
    }
}
