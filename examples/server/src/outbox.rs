//! Mails that were given up: to look at, to try again, to drop.

use std::str::FromStr as _;

use usermgmt_core::Auth;
use usermgmt_core::model::ids::MailId;
use usermgmt_core::model::mail::{StoredMail, id_of};
use usermgmt_core::rng::OsRng;
use usermgmt_core::store::{Change, Changes, StoreError};

use crate::cli::{OutboxAction, Which};
use crate::failure::Failure;
use crate::settings::Settings;
use crate::{print_line, setup};

/// How many mails are read at a time.
const PAGE: usize = 100;

/// Does it. Works while a server runs on the same store.
pub(crate) async fn run(action: OutboxAction, settings: &Settings) -> Result<(), Failure> {
    let auth = setup::auth(settings, settings.listen).await?;
    match action {
        OutboxAction::List => list(&auth).await,
        OutboxAction::Retry(which) => {
            let at = auth.now();
            change(&auth, which, |id| Change::ReviveMail { id, at }).await
        }
        OutboxAction::Drop(which) => change(&auth, which, |id| Change::DropDeadMail { id }).await,
    }
}

fn failed(error: &StoreError) -> Failure {
    Failure::new("the outbox", error)
}

async fn list(auth: &Auth) -> Result<(), Failure> {
    print_line("ID\tKIND\tTO\tQUEUED\tTRIES\tGIVEN UP\tLAST ERROR")?;
    let mut after = None;
    loop {
        let mails = auth.store().dead_mail(after.as_ref(), PAGE).await.map_err(|e| failed(&e))?;
        for mail in &mails {
            print_line(&row(mail))?;
        }
        let Some(last) = mails.last() else { break };
        after = Some(id_of(last).clone());
    }
    let depth = auth.store().outbox_depth().await.map_err(|e| failed(&e))?;
    let oldest = depth.oldest.map_or_else(String::new, |at| format!(", the oldest since {at}"));
    print_line(&format!("{} given up; {} waiting{oldest}", depth.dead, depth.waiting))
}

fn row(mail: &StoredMail) -> String {
    let (kind, recipient, created_at, attempts, dead_at, error) = match mail {
        Ok(mail) => (
            mail.kind.as_str(),
            mail.recipient.as_str(),
            mail.created_at,
            mail.attempts,
            mail.dead_at,
            mail.last_error.as_deref().unwrap_or_default(),
        ),
        Err(mail) => ("unreadable", "", mail.created_at, mail.attempts, mail.dead_at, &*mail.why),
    };
    let id = id_of(mail);
    let given_up = dead_at.map_or_else(String::new, |at| at.to_string());
    // What a mail server answers may be of several lines.
    let error = error.replace(char::is_control, " ");
    format!("{id}\t{kind}\t{recipient}\t{created_at}\t{attempts}\t{given_up}\t{error}")
}

/// Makes one change to each of the mails, each by itself.
async fn change(
    auth: &Auth,
    which: Which,
    change: impl Fn(MailId) -> Change,
) -> Result<(), Failure> {
    match which.id {
        Some(id) => {
            let id = MailId::from_str(&id)
                .map_err(|_| Failure::Setting(format!("`{id}` is not the id of a mail")))?;
            if apply(auth, change(id.clone())).await? {
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
                    count += u64::from(apply(auth, change(id_of(mail).clone())).await?);
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
async fn apply(auth: &Auth, change: Change) -> Result<bool, Failure> {
    let changes = Changes::new(vec![change], auth.now(), &OsRng);
    match auth.store().apply(&changes).await {
        Ok(()) => Ok(true),
        Err(StoreError::Conflict(_)) => Ok(false),
        Err(error) => Err(failed(&error)),
    }
}
