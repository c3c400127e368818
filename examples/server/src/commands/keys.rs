//! Root secrets, by key id: what they are used for, and sealing anew.

use std::io::Write as _;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use usermgmt_core::flows::{Resealed, RootUse};
use usermgmt_core::rng::{OsRng, random};
use usermgmt_core::{Auth, RootState};
use zeroize::Zeroizing;

use crate::cli::KeysAction;
use crate::failure::Failure;
use crate::output::{List, print_line};
use crate::settings::Settings;
use crate::setup;

/// How often progress is told.
const TELL: Duration = Duration::from_secs(10);

/// Does it. Works while servers run on the same store.
pub(crate) async fn run(action: KeysAction, settings: &Settings) -> Result<(), Failure> {
    match action {
        KeysAction::Generate => generate(),
        KeysAction::List { json } => {
            list(&setup::auth(settings, settings.listen, None).await?, json).await
        }
        KeysAction::Reseal => reseal(&setup::auth(settings, settings.listen, None).await?).await,
    }
}

/// A new root secret, which no setting changes.
pub(crate) fn generate() -> Result<(), Failure> {
    let secret = Zeroizing::new(random::<32>(&OsRng));
    print_line(&Zeroizing::new(STANDARD.encode(secret.as_slice())))
}

const fn state(state: RootState) -> &'static str {
    match state {
        RootState::Sign => "sign",
        RootState::Verify => "verify",
        RootState::UnsealOnly => "unseal-only",
    }
}

async fn uses(auth: &Auth) -> Result<Vec<RootUse>, Failure> {
    auth.root_secrets().await.map_err(|error| Failure::new("root secrets", &error))
}

async fn list(auth: &Auth, json: bool) -> Result<(), Failure> {
    let columns =
        &[("id", "KEY ID"), ("state", "STATE"), ("seals", "SEALS FACTORS"), ("may_go", "MAY GO")];
    let mut list = List::begin(columns, json)?;
    let given = uses(auth).await?;
    for root in &given {
        let id = root.id.to_string();
        list.row(vec![
            json!(id),
            json!(state(root.state)),
            json!(root.seals),
            json!(may_go(root)),
        ])?;
    }
    let known = auth.store().root_keys().await;
    for (id, fingerprint) in known.map_err(|error| Failure::new("root secrets", &error))? {
        // The store's first row stands for no secret.
        if !fingerprint.is_empty() && !given.iter().any(|root| root.id.to_string() == id) {
            list.row(vec![json!(id), json!("retired"), json!(false), json!("gone")])?;
        }
    }
    list.end()
}

/// Whether a secret is still needed, and for what.
fn may_go(root: &RootUse) -> &'static str {
    match (root.state, root.seals) {
        (RootState::Sign, _) => "no: it signs",
        (_, true) => "no: it seals; run `keys reseal`",
        (RootState::UnsealOnly, false) => "yes",
        (RootState::Verify, false) => "session_max_ttl after it was replaced",
    }
}

#[expect(clippy::disallowed_methods, reason = "only how often progress is told")]
async fn reseal(auth: &Auth) -> Result<(), Failure> {
    let mut so_far = Resealed::default();
    let mut told = Instant::now();
    loop {
        so_far = auth.reseal(&so_far).await.map_err(|error| Failure::new("keys reseal", &error))?;
        if so_far.after.is_none() {
            break;
        }
        if told.elapsed() >= TELL {
            told = Instant::now();
            // Nobody is left to tell where standard error cannot be written.
            let _ = writeln!(
                std::io::stderr(),
                "{} users looked at, {} sealed anew",
                so_far.seen,
                so_far.sealed
            );
        }
    }
    print_line(&format!("{} users looked at, {} sealed anew", so_far.seen, so_far.sealed))?;
    for root in uses(auth).await? {
        print_line(&format!("{} ({}) may go: {}", root.id, state(root.state), may_go(&root)))?;
    }
    match so_far.closed {
        0 => Ok(()),
        closed => Err(Failure::Other(format!(
            "{closed} second factors do not open: the secret that they are sealed under is not given"
        ))),
    }
}
