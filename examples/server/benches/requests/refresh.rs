//! [`Auth::refresh`](usermgmt_core::Auth::refresh), beside the two
//! statements that it cannot do without: a SELECT of the session and a guarded
//! UPDATE that is on disk when it returns.

use divan::Bencher;
use futures_util::future::join_all;

use crate::turns::{Comparison, Side, Turn, measure, turns};
use crate::world::{Bare, WORLD, client, sign_in};

const COMPARISON: Comparison = Comparison { name: "refresh", wanted_percent: None };
/// How many sessions are refreshed at the same time.
const SESSIONS: usize = 8;
const TIMES: usize = 25;

#[divan::bench(args = turns(), sample_count = 5, sample_size = 1)]
fn refresh(bencher: Bencher<'_, '_>, turn: &Turn) {
    let world = &*WORLD;
    let people = world.addresses.iter().enumerate().take(SESSIONS);
    let begun = people.map(|(number, address)| sign_in(&world.auth, address, number));
    let begun = world.runtime.block_on(join_all(begun));
    let mut sessions: Vec<_> =
        begun.into_iter().map(|s| (s.session.id.as_bytes().to_vec(), s.tokens)).collect();
    measure(bencher, COMPARISON, turn, SESSIONS * TIMES, || {
        let tasks = sessions.drain(..).enumerate().map(|(number, (id, mut tokens))| {
            let side = turn.side;
            world.runtime.spawn(async move {
                for _ in 0..TIMES {
                    match side {
                        Side::Baseline => rotate(&world.bare, &id).await.unwrap(),
                        Side::Usermgmt => {
                            let token = tokens.refresh_token.expose();
                            tokens = world.auth.refresh(token, &client(number)).await.unwrap();
                        }
                    }
                }
                (id, tokens)
            })
        });
        let done = world.runtime.block_on(join_all(tasks.collect::<Vec<_>>()));
        sessions = done.into_iter().map(Result::unwrap).collect();
    });
}

async fn rotate(bare: &Bare, id: &[u8]) -> Result<(), sqlx::Error> {
    let (generation, expires_at): (i64, i64) =
        sqlx::query_as("SELECT generation, expires_at FROM usermgmt_sessions WHERE id = ?")
            .bind(id)
            .fetch_one(&bare.readers)
            .await?;
    let done = sqlx::query(
        "UPDATE usermgmt_sessions SET generation = ?, rotated_at = ?, last_seen_at = ?, \
         expires_at = ? WHERE id = ? AND generation = ?",
    )
    .bind(generation + 1)
    .bind(expires_at)
    .bind(expires_at)
    .bind(expires_at + 1)
    .bind(id)
    .bind(generation)
    .execute(&bare.writer)
    .await?;
    assert_eq!(done.rows_affected(), 1);
    Ok(())
}
