//! Whether the providers that sign people in are there.

use std::sync::Arc;
use std::time::Duration;

use usermgmt_core::clock::{Clock as _, SystemClock};
use usermgmt_core::oidc::{self, HttpClient};

use super::finding::Finding::{self, Fault, Fine, Warning};
use crate::http_client::ProviderClient;
use crate::settings::Settings;

/// How far a provider's clock may be off: an ID token that was issued later than so far
/// ahead is refused.
const LEEWAY: Duration = Duration::from_secs(60);

/// Asks each of them.
pub(super) async fn look(settings: &Settings) -> Vec<Finding> {
    let providers = settings.core(settings.listen).providers;
    if providers.is_empty() {
        return vec![];
    }
    let http: Arc<dyn HttpClient> = match ProviderClient::new() {
        Ok(client) => Arc::new(client),
        Err(failure) => return vec![Fault(failure.to_string())],
    };
    let mut findings = Vec::new();
    for provider in &providers {
        let (name, issuer) = (format!("providers.{}", provider.id), &provider.issuer);
        let answered = oidc::check(provider, Arc::clone(&http)).await;
        let now = SystemClock.now();
        findings.push(match answered {
            Err(why) => Fault(format!(
                "{name}: {why}: check {name}.issuer, letter by letter as the provider has it, and \
                 whether this machine may reach it"
            )),
            Ok(Some(there)) if now.since(there).max(there.since(now)) > LEEWAY => Warning(format!(
                "{name}: its clock and this machine's differ by {} s, so that what it says of \
                 people is refused: set this machine's by NTP",
                now.since(there).max(there.since(now)).as_secs()
            )),
            Ok(_) => Fine(format!("{name}: {issuer} answers")),
        });
    }
    findings
}
