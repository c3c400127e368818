//! Trying again what a busy store did not do in time.

use std::io::Write as _;
use std::time::Duration;

use usermgmt_core::ServiceError;

/// How long to wait before each further try.
const WAITS: [Duration; 5] = [
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
    Duration::from_secs(16),
];

/// Does something that may be done again until the store has answered, or has
/// not for half a minute.
pub(super) async fn patiently<T>(
    mut act: impl AsyncFnMut() -> Result<T, ServiceError>,
) -> Result<T, ServiceError> {
    for wait in WAITS {
        match act().await {
            Err(error @ (ServiceError::Unavailable(_) | ServiceError::Overloaded { .. })) => {
                // Nobody is left to tell where standard error cannot be written.
                let _ =
                    writeln!(std::io::stderr(), "{error}; the next try is in {} s", wait.as_secs());
                tokio::time::sleep(wait).await;
            }
            done => return done,
        }
    }
    act().await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unavailable() -> ServiceError {
        ServiceError::Unavailable("busy".into())
    }

    async fn outcome(answers: Vec<Result<u8, ServiceError>>) -> (Option<u8>, usize) {
        let (mut answers, mut tries) = (answers.into_iter(), 0);
        let done = patiently(async || {
            tries += 1;
            answers.next().unwrap_or_else(|| Err(unavailable()))
        })
        .await;
        (done.ok(), tries)
    }

    #[tokio::test(start_paused = true)]
    async fn what_the_store_did_not_take_in_time_is_tried_again_for_half_a_minute() {
        assert_eq!(outcome(vec![Ok(1)]).await, (Some(1), 1));
        assert_eq!(
            outcome(vec![Err(unavailable()), Err(unavailable()), Ok(1)]).await,
            (Some(1), 3)
        );
        assert_eq!(outcome(vec![]).await, (None, 6));
    }

    #[tokio::test]
    async fn what_no_waiting_mends_fails_at_once() {
        let broken = Err(ServiceError::Internal("a bug".to_owned()));
        assert_eq!(outcome(vec![broken, Ok(1)]).await, (None, 1));
    }
}
