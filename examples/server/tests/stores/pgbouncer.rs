//! PostgreSQL behind PgBouncer.

use crate::burst::{Guest, make_account};
use crate::front::Front;
use crate::start::on;

#[tokio::test(flavor = "multi_thread")]
async fn a_pgbouncer_as_it_comes_serves_two_servers() {
    let front = Front::pgbouncer("").await;
    make_account(on(&front.url)).await;
    let mut one = Guest::on(on(&front.url).start().await, "one".to_owned()).await;
    let mut other = Guest::on(on(&front.url).start().await, "other".to_owned()).await;
    for _ in 0..3 {
        tokio::join!(one.burst(), other.burst());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pgbouncer_that_mixes_sessions_up_stops_the_start_and_how_to_mend_it_is_said() {
    for mode in ["transaction", "statement"] {
        let front = Front::pgbouncer(&format!("pool_mode = {mode}")).await;
        let started = on(&front.url).command().output().unwrap();
        let errors = String::from_utf8_lossy(&started.stderr);
        assert_eq!(started.status.code(), Some(1), "{mode}: {errors}");
        assert!(errors.contains("pool_mode = session"), "{mode}: {errors}");
        assert!(started.stdout.is_empty(), "{mode}: it never listened");
    }
}
