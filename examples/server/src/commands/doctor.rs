//! Whether everything that the server needs is there, and how to mend what is not.

use std::path::Path;
use std::time::{Duration, Instant};

use url::Url;
use usermgmt_core::Auth;
use usermgmt_core::clock::{Clock as _, SystemClock};
use usermgmt_core::model::identifier::Email;
use usermgmt_core::store::{Hit, StoreError};
use usermgmt_mail::{MailKind, sample_message};

use super::finding::Finding::{self, Fault, Fine, Warning};
use crate::failure::Failure;
use crate::listener::Tls;
use crate::loopback::leads_to_loopback;
use crate::output::print_line;
use crate::settings::{FromSecret, Problems, Settings};
use crate::setup::{self, Schema};
use crate::{folders, listener, secret_file};

/// A store that takes longer for nothing makes every request slow.
const SLOW: Duration = Duration::from_millis(100);
/// Less than this is a fault where data is kept, and less than ten times it a warning.
const LEAST_DISK: u64 = 64 * 1024 * 1024;
/// Fewer connections than this are few for a server that others reach.
const FEW_CONNECTIONS: usize = 200;

/// The settings themselves are at fault.
pub(crate) fn settings_are_wrong(problems: &Problems) -> Result<(), Failure> {
    report(problems.to_string().lines().map(|line| Fault(format!("settings: {line}"))).collect())
}

/// Looks at everything. `send_to`: whom to send a mail.
pub(crate) async fn run(settings: &Settings, send_to: Option<&str>) -> Result<(), Failure> {
    let send_to = send_to.map(Email::parse).transpose();
    let send_to = send_to.map_err(|error| Failure::Setting(format!("--send-mail: {error}")))?;
    let mut findings = vec![Fine("settings: they parse and agree".to_owned())];
    findings.push(secret(settings));
    findings.extend(settings.from_secret.iter().map(from_secret));
    findings.extend(files(settings));
    findings.extend(store(settings).await);
    findings.extend(mail(settings, send_to).await);
    #[cfg(feature = "oidc")]
    findings.extend(super::providers::look(settings).await);
    findings.extend(addresses(settings));
    report(findings)
}

fn report(findings: Vec<Finding>) -> Result<(), Failure> {
    let mut faults = 0;
    for finding in &findings {
        faults += usize::from(matches!(finding, Fault(_)));
        print_line(&finding.to_string())?;
    }
    match faults {
        0 => Ok(()),
        1 => Err(Failure::Other("doctor: 1 fault".to_owned())),
        faults => Err(Failure::Other(format!("doctor: {faults} faults"))),
    }
}

fn secret(settings: &Settings) -> Finding {
    match (
        secret_file::check(&settings.secret, settings.database.file.as_deref()),
        settings.secret.path(),
    ) {
        (Err(why), _) => Fault(format!("secret: {why}")),
        (Ok(()), None) => Fine("secret: given by the settings".to_owned()),
        (Ok(()), Some(path)) if !path.exists() => {
            Fine(format!("secret: {} is made at the first start", path.display()))
        }
        (Ok(()), Some(path)) => match others_may(path) {
            true => Warning(format!(
                "secret: other users of this machine can read {0}: chmod 600 {0}",
                path.display()
            )),
            false => Fine(format!("secret: {}", path.display())),
        },
    }
}

fn from_secret(from_secret: &FromSecret) -> Finding {
    let names = |names: Vec<&str>| names.join(", ");
    match from_secret.overridden() {
        overridden if overridden.is_empty() => {
            Fine(format!("secrets.url: it has {}", names(from_secret.names().collect())))
        }
        overridden => Warning(format!(
            "secrets.url: {} of it does not count, because the environment or a flag sets another \
             value: take that out, unless it is meant",
            names(overridden)
        )),
    }
}

#[cfg(unix)]
fn others_may(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).is_ok_and(|file| file.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn others_may(_: &Path) -> bool {
    false
}

/// The data folder with what is in it, the disk below it, certificates, templates,
/// descriptors.
fn files(settings: &Settings) -> Vec<Finding> {
    let mut findings = data_dir(settings);
    let folder = &settings.data_dir;
    findings.extend(free_disk(folder).map(|free| {
        let text = format!("disk: {} MiB free below {}", free / 1024 / 1024, folder.display());
        match free {
            free if free < LEAST_DISK => Fault(format!("{text}: make room")),
            free if free < 10 * LEAST_DISK => Warning(format!("{text}: make room soon")),
            _ => Fine(text),
        }
    }));
    if let Some(files) = &settings.tls {
        findings.push(match Tls::load(files) {
            Ok(_) => match listener::in_time(files, SystemClock.now()) {
                Ok(()) => Fine(format!("tls: {}", files.certificate.display())),
                Err(why) => Fault(format!("{why}: renew it, and look at this machine's clock")),
            },
            Err(why) => Fault(format!(
                "{why}: set tls.certificate and tls.key to PEM files of a certificate and its \
                 key, which the server's user may read"
            )),
        });
    }
    let wanted = settings.http.max_connections;
    let store = settings.database_connections.unwrap_or(10) as usize;
    let most = listener::most_connections(wanted, store);
    findings.push(match most {
        most if most < wanted.min(FEW_CONNECTIONS) => Warning(format!(
            "connections: the limit on open files leaves room for {most}: raise it (ulimit -n, \
             LimitNOFILE=)"
        )),
        most => Fine(format!("connections: up to {most}")),
    });
    findings
}

/// The data folder, the development mailbox and the file that a server locks.
fn data_dir(settings: &Settings) -> Vec<Finding> {
    let folder = &settings.data_dir;
    let keeps_mail = settings.mail.url.expose().starts_with("dev:");
    let is_used = settings.database.is_embedded() || keeps_mail;
    let usable = match folder.exists() {
        true => folders::usable_dir(folder),
        false if is_used => folders::makeable_dir(folder),
        false => return vec![],
    };
    if let Err(failure) = usable {
        return vec![Fault(failure.to_string())];
    }
    let mut findings = vec![match folder.exists() {
        false => Fine(format!("data_dir: {} is made at the first start", folder.display())),
        true if others_may(folder) => Warning(format!(
            "data_dir: other users of this machine can enter {0}: chmod 700 {0}",
            folder.display()
        )),
        true => Fine(format!("data_dir: {}", folder.display())),
    }];
    let mail = &settings.mail.dev_folder;
    let usable_mail = match (keeps_mail, mail.exists()) {
        (true, true) => folders::usable_dir(mail),
        (true, false) => folders::makeable_dir(mail),
        (false, _) => Ok(()),
    };
    let usable_lock =
        folders::lock_file(settings).map_or(Ok(()), |lock| folders::usable_lock(&lock));
    findings.extend(usable_mail.err().map(|failure| Fault(failure.to_string())));
    findings.extend(usable_lock.err().map(|failure| Fault(format!("store: {failure}"))));
    findings
}

#[cfg(unix)]
fn free_disk(folder: &Path) -> Option<u64> {
    let there = folder.ancestors().find(|folder| folder.exists())?;
    let there = if there.as_os_str().is_empty() { Path::new(".") } else { there };
    let disk = rustix::fs::statvfs(there).ok()?;
    Some(disk.f_bavail * disk.f_frsize)
}

#[cfg(not(unix))]
fn free_disk(_: &Path) -> Option<u64> {
    None
}

async fn store(settings: &Settings) -> Vec<Finding> {
    match setup::schema(settings).await {
        Err(failure) => vec![Fault(format!("store: {failure}"))],
        Ok(Schema { found: None, .. }) if settings.database.is_embedded() => {
            vec![match folders::check_folder(settings) {
                Ok(()) => Fine("store: the database is made at the first start".to_owned()),
                Err(failure) => Fault(format!("store: {failure}")),
            }]
        }
        Ok(Schema { found, known, .. }) if found.is_none_or(|found| found < known) => {
            let found = found.unwrap_or(0);
            let mut findings = vec![Warning(format!(
                "store: the schema has version {found}, this program {known}: the next start \
                 brings it up to date, or `usermgmt-server migrate` now"
            ))];
            findings.extend(rights(settings).await);
            findings
        }
        Ok(Schema { found, known, missing }) => {
            let found = found.unwrap_or(known);
            let mut findings = vec![Fine(format!("store: the schema has version {found}"))];
            if !missing.is_empty() {
                findings.push(Warning(format!(
                    "store: it lacks {}, without which requests are slow: the next start makes \
                     them, or `usermgmt-server migrate` now",
                    missing.join(", ")
                )));
                return findings;
            }
            findings.extend(rights(settings).await);
            match setup::auth_as_it_is(settings).await {
                Err(failure) => findings.push(Fault(format!("store: {failure}"))),
                Ok(auth) => findings.extend(live_store(&auth, settings).await),
            }
            findings
        }
    }
}

/// What the database's user may not do, table by table.
async fn rights(settings: &Settings) -> Option<Finding> {
    match setup::missing_rights(settings).await {
        Ok(missing) if missing.is_empty() => None,
        Ok(missing) => Some(Fault(format!(
            "store: the database's user lacks {}: give it that (GRANT), or name a user who has it \
             in database_url",
            missing.join("; ")
        ))),
        Err(failure) => Some(Fault(format!("store: {failure}"))),
    }
}

/// A store that answers: its clock, how long it takes, and whether it writes.
async fn live_store(auth: &Auth, settings: &Settings) -> Vec<Finding> {
    let unusable = |what, error: &StoreError| {
        Fault(format!("store: {}", setup::unusable_store(what, error, settings)))
    };
    match auth.ready().await {
        Ok(()) => {}
        Err(error @ StoreError::Unavailable(_)) => return vec![unusable("not ready", &error)],
        // It says itself what to do: about the clock, or another program's schema.
        Err(error) => return vec![Fault(format!("store: {}", Failure::new("not ready", &error)))],
    }
    #[expect(clippy::disallowed_methods, reason = "measures; nothing is decided by it")]
    let began = Instant::now();
    let pinged = auth.store().ping().await;
    let took = began.elapsed();
    let latency = match pinged {
        Err(error) => unusable("no answer", &error),
        Ok(()) if took > SLOW => Warning(format!(
            "store: it takes {} ms to answer: run the server nearer to it",
            took.as_millis()
        )),
        Ok(()) => Fine(format!("store: it answers in {:.1} ms", took.as_secs_f64() * 1000.0)),
    };
    let key = "doctor".to_owned();
    let hit = Hit { key: key.clone(), window: Duration::from_secs(1) };
    let wrote = match auth.store().hit(&[hit], auth.now()).await {
        Ok(_) => auth.store().clear_count(&key).await,
        Err(error) => Err(error),
    };
    let writes = match wrote {
        Ok(()) => Fine("store: it can be written, and its clock agrees".to_owned()),
        Err(error) => Fault(format!(
            "store: it cannot be written ({error}): give the database's user INSERT, UPDATE and \
             DELETE on its tables, and the disk room"
        )),
    };
    vec![latency, writes]
}

async fn mail(settings: &Settings, send_to: Option<Email>) -> Vec<Finding> {
    let outgoing = match settings.mail.build().await {
        Ok(outgoing) => outgoing,
        Err(error) => {
            let setting = error.setting;
            return vec![Fault(format!(
                "{error}: mend {setting}, or take it out (docs/mail.md says what it may be)"
            ))];
        }
    };
    let mut findings = Vec::new();
    let url = settings.mail.url.expose();
    if outgoing.development {
        findings.push(Fine(format!("mail: {url} keeps it here, for development")));
    } else {
        let place = smtp_place(url).unwrap_or_else(|| SES.to_owned());
        findings.push(match outgoing.mailer.check().await {
            Ok(limits) if limits.is_empty() => Fine(format!("mail: {place} takes mail from here")),
            Ok(limits) => Warning(format!("mail: {}", limits.join("; "))),
            Err(error) if place == SES => Fault(format!(
                "mail: {error}: check region and keys of mail.url, and whether they may send"
            )),
            Err(error) => Fault(format!(
                "mail: {place}: {error}: check mail.url, mail.ca_file and the firewall (many \
                 networks close port 25; try 587 or 465)"
            )),
        });
    }
    if let Some(to) = send_to {
        let mut message = sample_message(MailKind::PasswordChanged, "en");
        message.recipient = to;
        findings.push(match outgoing.mailer.send(&message).await {
            Ok(()) => Fine(format!("mail: one was handed over for {}", message.recipient.as_str())),
            Err(error) => Fault(format!(
                "mail: none was handed over: {error}: where the line above is ok, the mail server \
                 takes none from mail.from or for this address"
            )),
        });
    }
    findings
}

/// What is asked where no mail server is.
const SES: &str = "Amazon SES";

/// Host and port of a mail server.
fn smtp_place(url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    let port = match url.scheme() {
        "smtp" => 587,
        "smtps" => 465,
        _ => return None,
    };
    Some(format!("{}:{}", url.host_str()?, url.port().unwrap_or(port)))
}

/// What people type, and what stands in front.
fn addresses(settings: &Settings) -> Vec<Finding> {
    let public_url = settings.core(settings.listen).public_url;
    let here = leads_to_loopback(&public_url);
    let mut findings = vec![match (here, public_url.scheme()) {
        (true, _) if !settings.listen.ip().is_loopback() => Warning(format!(
            "public_url: {public_url} leads to this machine alone, but the server listens on {}: \
             set it to what people see",
            settings.listen
        )),
        (false, "http") => Warning(format!(
            "public_url: {public_url} is not https: passwords and tokens can be read on the way"
        )),
        _ => Fine(format!("public_url: {public_url}")),
    }];
    let behind = !here && settings.tls.is_none() && public_url.scheme() == "https";
    findings.push(match (settings.trusted_everybody(), settings.trusted_proxies.len()) {
        (Some(everybody), _) => Fault(everybody),
        (None, 0) if behind => Warning(
            "trusted_proxies: something in front does TLS, but none is trusted, so that all \
             people count as one: set it to the proxy's addresses"
                .to_owned(),
        ),
        (None, 0) => Fine("trusted_proxies: none".to_owned()),
        (None, count) => Fine(format!("trusted_proxies: {count}")),
    });
    if !settings.core(settings.listen).limits.enabled && !here {
        findings.push(Warning("limits.enabled: off: passwords can be guessed for ever".to_owned()));
    }
    findings
}
