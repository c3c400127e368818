//! Mails that were given up: to look at, to try again, to drop.

use std::str::FromStr as _;

use serde_json::{Value, json};
use usermgmt_core::Auth;
use usermgmt_core::flows::OutboxError;
use usermgmt_core::model::ids::MailId;
use usermgmt_core::model::mail::{StoredMail, id_of};
use usermgmt_core::store::StoreError;

use super::people::operator;
use crate::cli::{OutboxAction, Which};
use crate::failure::Failure;
use crate::output::{List, print_line, time};
use crate::settings::Settings;
use crate::setup;

/// How many mails are read at a time.
const PAGE: usize = 100;

/// Does it. Works while a server runs on the same store.
pub(crate) async fn run(action: OutboxAction, settings: &Settings) -> Result<(), Failure> {
    let auth = setup::auth(settings, settings.listen, None).await?;
    match action {
        OutboxAction::List { json } => list(&auth, json).await,
        OutboxAction::Retry(which) => {
            change(&auth, which, async |id| auth.retry_mail(&operator(), id).await).await
        }
        OutboxAction::Drop(which) => {
            change(&auth, which, async |id| auth.drop_mail(&operator(), id).await).await
        }
    }
}

fn failed(error: &StoreError) -> Failure {
    Failure::new("the outbox", error)
}

async fn list(auth: &Auth, json: bool) -> Result<(), Failure> {
    let mut list = List::begin(
        &[
            ("id", "ID"),
            ("kind", "KIND"),
            ("recipient", "TO"),
            ("queued_at", "QUEUED"),
            ("tries", "TRIES"),
            ("given_up_at", "GIVEN UP"),
            ("last_error", "LAST ERROR"),
        ],
        json,
    )?;
    let mut after = None;
    loop {
        let mails = auth.store().dead_mail(after.as_ref(), PAGE).await.map_err(|e| failed(&e))?;
        for mail in &mails {
            list.row(row(mail))?;
        }
        let Some(last) = mails.last() else { break };
        after = Some(id_of(last).clone());
    }
    list.end()?;
    if json {
        return Ok(());
    }
    let depth = auth.store().outbox_depth().await.map_err(|e| failed(&e))?;
    let oldest = depth.oldest.map_or_else(String::new, |at| format!(", the oldest since {at}"));
    print_line(&format!("{} given up; {} waiting{oldest}", depth.dead, depth.waiting))?;
    match depth.set_up_fault {
        Some(fault) => print_line(&format!(
            "{} wait for the set-up of mail to be mended: {fault}",
            depth.set_up
        )),
        None => Ok(()),
    }
}

fn row(mail: &StoredMail) -> Vec<Value> {
    let (kind, recipient, created_at, attempts, dead_at, error) = match mail {
        Ok(mail) => (
            mail.kind.as_str(),
            Some(mail.recipient.as_str()),
            mail.created_at,
            mail.attempts,
            mail.dead_at,
            mail.last_error.as_deref(),
        ),
        Err(mail) => {
            let why = Some(&*mail.why);
            ("unreadable", None, mail.created_at, mail.attempts, mail.dead_at, why)
        }
    };
    vec![
        json!(id_of(mail).as_str()),
        json!(kind),
        json!(recipient),
        time(Some(created_at)),
        json!(attempts),
        time(dead_at),
        json!(error),
    ]
}

/// Makes one change to each of the mails, each by itself.
async fn change(
    auth: &Auth,
    which: Which,
    change: impl AsyncFn(&MailId) -> Result<(), OutboxError>,
) -> Result<(), Failure> {
    match which.id {
        Some(id) => {
            let id = MailId::from_str(&id)
                .map_err(|_| Failure::Setting(format!("`{id}` is not the id of a mail")))?;
            if was_there(change(&id).await)? {
                Ok(())
            } else {
                Err(Failure::Other(format!("no mail {id} was given up")))
            }
        }
        None => {
            let mut count = 0_u64;
            let mut after = None;
            loop {
                let mails =
                    auth.store().dead_mail(after.as_ref(), PAGE).await.map_err(|e| failed(&e))?;
                for mail in &mails {
                    count += u64::from(was_there(change(id_of(mail)).await)?);
                }
                let Some(last) = mails.last() else {
                    return print_line(&format!("{count} mails"));
                };
                after = Some(id_of(last).clone());
            }
        }
    }
}

/// Whether the mail was there and given up.
fn was_there(done: Result<(), OutboxError>) -> Result<bool, Failure> {
    match done {
        Ok(()) => Ok(true),
        Err(OutboxError::NotFound) => Ok(false),
        Err(OutboxError::Service(error)) => Err(Failure::new("the outbox", &error)),
    }
}
