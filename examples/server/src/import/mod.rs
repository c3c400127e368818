//! Moving in from other systems, and out.
//!
//! The source is read twice, so that memory stays flat whatever its size: first
//! to find what is wrong and which rows are duplicates, then to import.

pub(crate) mod args;
mod duplicates;
mod export;
mod format;
mod open;
mod password;
mod patience;
mod persist;
mod progress;
mod report;
mod row;
mod source;
mod sql;
pub(crate) mod value;

pub(crate) use self::export::export;

use std::collections::HashSet;
use std::io;

use usermgmt_core::Auth;
use usermgmt_core::flows::ImportOutcome;
use usermgmt_core::model::identifier::EmailDomains;
use usermgmt_core::model::record::AccountRecord;

use self::args::{Format, ImportArgs, OnDuplicate};
use self::duplicates::{Decided, Seen, decide};
use self::patience::patiently;
use self::progress::Progress;
use self::report::Report;
use self::row::{Entry, Rules};
use crate::failure::Failure;
use crate::settings::Settings;
use crate::setup;

/// How long an import pauses after each commit, as a multiple of what that took. Those
/// who sign in meanwhile on the same processors and database wait for one commit at most.
const PAUSE: f64 = 1.0;

/// Takes accounts over.
pub(crate) async fn import(args: &ImportArgs, settings: &Settings) -> Result<(), Failure> {
    if args.format != Format::Csv && !args.columns.is_empty() {
        return Err(Failure::Setting("--column: only for --format csv".to_owned()));
    }
    let auth = match args.dry_run {
        true => setup::auth_to_try(settings).await?,
        false => setup::auth(settings, settings.listen, None).await?,
    };
    let rules = Rules {
        has_clear_text: args.format == Format::FlaskSql,
        makes_usernames: matches!(
            args.format,
            Format::Csv
                | Format::Devise
                | Format::Allauth
                | Format::Supabase
                | Format::BetterAuth
                | Format::Keycloak
                | Format::Auth0
        ),
        replaces_usernames: args.replace_usernames,
        // What a server on one's own machine exported comes into any other.
        email_domains: match args.format {
            Format::Jsonl => EmailDomains::Local,
            _ => EmailDomains::Public,
        },
        now: auth.now(),
    };
    let mut report = Report::new(args.dry_run).map_err(temporary)?;
    let decided = look_through(args, &auth, rules, &mut report).await?;
    let is_stopped =
        !args.dry_run && args.on_duplicate == OnDuplicate::Fail && report.has_duplicates();
    if is_stopped {
        // Every row is still accounted for, as in a dry run.
        report.only_looks();
    }
    take_over(args, &auth, rules, decided, &mut report).await?;
    let _ = report.print();
    if let Some(path) = &args.report {
        report.write(path)?;
    }
    if is_stopped {
        return Err(Failure::Other(
            "nothing was imported: accounts of one address or username are listed above; \
             --on-duplicate says which to take"
                .to_owned(),
        ));
    }
    if report.is_complete() { Ok(()) } else { Err(Failure::Incomplete) }
}

/// The first pass: counts, and finds the duplicates.
async fn look_through(
    args: &ImportArgs,
    auth: &Auth,
    rules: Rules,
    report: &mut Report,
) -> Result<Decided, Failure> {
    let mut seen = Seen::new().map_err(temporary)?;
    let mut progress = Progress::new("reading", None);
    let mut rows = open::open(args).await?;
    while let Some(chunk) = rows.recv().await {
        let chunk = chunk?;
        progress.add(chunk.len() as u64);
        for row in chunk {
            let entry = row.read(auth, rules);
            report.row(&entry);
            if let Ok(account) = &entry.record {
                seen.add(account).map_err(temporary)?;
            }
        }
    }
    progress.end();
    let groups = seen.groups().map_err(temporary)?;
    for group in &groups {
        report.duplicate(group).map_err(temporary)?;
    }
    Ok(decide(&groups, args.on_duplicate))
}

/// The second pass: commits, or where that is not to be asks what would be in the way.
async fn take_over(
    args: &ImportArgs,
    auth: &Auth,
    rules: Rules,
    decided: Decided,
    report: &mut Report,
) -> Result<(), Failure> {
    let looks = report.looks();
    let what = if looks { "checking" } else { "importing" };
    let mut progress = Progress::new(what, Some(report.read()));
    let mut rows = open::open(args).await?;
    let mut batch = Vec::new();
    let mut met = HashSet::new();
    while let Some(chunk) = rows.recv().await {
        for row in chunk? {
            progress.add(1);
            let Entry { id, record, .. } = row.read(auth, rules);
            let reasons = match record {
                Err(reasons) => reasons,
                Ok(_) if decided.left_out.contains(&id) => {
                    vec!["duplicate: another row has its address, its username, or an identity or a passkey of its".to_owned()]
                }
                Ok(_) if decided.repeated.contains(&id) && !met.insert(id.clone()) => {
                    vec!["id: an earlier row has it".to_owned()]
                }
                Ok(account) => {
                    batch.push(account);
                    if batch.len() >= usize::from(args.batch) {
                        let began = progress::now();
                        commit(auth, std::mem::take(&mut batch), report).await?;
                        if !looks && !args.no_pause {
                            tokio::time::sleep(began.elapsed().mul_f64(PAUSE)).await;
                        }
                    }
                    continue;
                }
            };
            report.refused(&id, &reasons).map_err(temporary)?;
        }
    }
    commit(auth, batch, report).await?;
    progress.end();
    Ok(())
}

async fn commit(
    auth: &Auth,
    batch: Vec<AccountRecord>,
    report: &mut Report,
) -> Result<(), Failure> {
    let ids: Vec<String> = batch.iter().map(|account| account.id.to_string()).collect();
    let outcomes = patiently(async || {
        if report.looks() {
            auth.preview_import(&batch).await
        } else {
            auth.import_accounts(batch.clone()).await
        }
    })
    .await;
    let outcomes = outcomes
        .map_err(|error| Failure::new("the import stopped; run again it does the rest", &error))?;
    for (id, outcome) in ids.iter().zip(outcomes) {
        match outcome {
            ImportOutcome::Imported => report.imported(),
            ImportOutcome::Already => report.already(),
            ImportOutcome::Refused(why) => {
                report.refused(id, &[why.to_string()]).map_err(temporary)?;
            }
        }
    }
    Ok(())
}

fn temporary(error: io::Error) -> Failure {
    Failure::Other(format!("a temporary file in {}: {error}", std::env::temp_dir().display()))
}
