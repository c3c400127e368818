//! Claims of the application's own that cannot be had.

use serde_json::{Map, Value};
use usermgmt_core::claims::{Claims, ClaimsError};
use usermgmt_core::{Session, User};

use crate::harness::{ADA, PASSWORD, app_built};
use crate::logs::Logs;

#[derive(Debug)]
struct Away;

#[async_trait::async_trait]
impl Claims for Away {
    async fn claims(&self, _: &User, _: &Session) -> Result<Map<String, Value>, ClaimsError> {
        Err("the members are away".into())
    }
}

#[tokio::test]
async fn the_log_does_not_blame_the_store_for_claims_that_were_not_had() {
    let app = app_built(|_, _| {}, |builder| builder.claims(Away)).await;
    app.confirmed("ada", ADA).await;
    let (logs, _guard) = Logs::capture();
    app.sign_in(ADA, PASSWORD).await.has_error(503, "unavailable");
    assert_eq!(logs.count("the application's claims were not had: the members are away"), 1);
    assert_eq!(logs.count("store"), 0);
}
