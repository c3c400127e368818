//! Whether it shows in time who has an account: pairs of requests by turns, one
//! about a user and one about nobody, and after each a probe. For both it prints
//! the means, Welch's t and the area under the ROC curve; what tells nothing has
//! |t| < 4.5 and an area of 0.5 ± 0.03. Where one does not, it says FAIL and ends
//! with status 1. The machine must have nothing else to do.
//!
//! `cargo bench --workspace --all-features --bench timing`, with
//! `USERMGMT_TIMING_PAIRS` (2000) and, for PostgreSQL beside SQLite,
//! `USERMGMT_TEST_POSTGRES_URL`. Words after `--` choose what is measured, by the
//! names that are printed: `-- PostgreSQL Forgot,Resend`.

#![expect(clippy::unwrap_used, reason = "without what it measures a benchmark has no result")]
#![expect(clippy::print_stdout, reason = "the result of a benchmark is what it prints")]

use std::fmt;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use usermgmt_core::clock::Timestamp;
use usermgmt_core::flows::{Register, SignIn};
use usermgmt_core::model::identifier::Identifier;
use usermgmt_core::model::user::PasswordHash;
use usermgmt_core::outbox::OutboxWorker;
use usermgmt_core::rng::OsRng;
use usermgmt_core::store::{Change, Changes, Store};
use usermgmt_core::testkit::CapturingMailer;
use usermgmt_core::{
    Auth, Client, Config, Email, KeyRing, PlaintextPassword, Role, User, UserId, Username,
};
use usermgmt_store_sql::{PoolOptions, SqlStore};
use usermgmt_test_support::Database;

/// What somebody is to us.
#[derive(Clone, Copy, Debug)]
enum Known {
    Confirmed,
    Unconfirmed,
    Disabled,
    Nobody,
}

/// What is asked about them.
#[derive(Clone, Copy, Debug)]
enum Asked {
    Forgot,
    Resend,
    Register,
    SignIn,
    MailSignIn,
}

const ASKED: [Asked; 5] =
    [Asked::Forgot, Asked::Resend, Asked::Register, Asked::SignIn, Asked::MailSignIn];

/// What everybody's password is; a sign-in is tried with another one.
const PASSWORD: &str = "purple otter dives";

#[tokio::main]
async fn main() -> ExitCode {
    // `cargo test` runs benchmarks once to see that they work.
    let once = !std::env::args().any(|argument| argument == "--bench");
    let pairs = std::env::var("USERMGMT_TIMING_PAIRS").ok().and_then(|n| n.parse().ok());
    let pairs = if once { 2 } else { pairs.unwrap_or(2000) };
    let folder = tempfile::tempdir().unwrap();
    let sqlite = format!("sqlite:{}", folder.path().join("accounts.db").display());
    let mut pass = measure_on("SQLite", &sqlite, pairs).await;
    if std::env::var("USERMGMT_TEST_POSTGRES_URL").is_ok() {
        let database = Database::create("USERMGMT_TEST_POSTGRES_URL").await;
        pass &= measure_on("PostgreSQL", &database.url, pairs).await;
    }
    // Two pairs say nothing.
    if pass || once { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Whether the words of the command line choose this.
fn is_chosen(name: &str) -> bool {
    let mut words = std::env::args().skip(1).filter(|word| !word.starts_with('-'));
    words.all(|word| word.split(',').any(|choice| name.split(' ').any(|part| part == choice)))
}

/// Says whether nothing shows.
async fn measure_on(name: &str, url: &str, pairs: usize) -> bool {
    let store: Arc<dyn Store> =
        Arc::new(SqlStore::connect(url, PoolOptions::default()).await.unwrap());
    let mut config = Config::new("https://accounts.example.com".parse().unwrap());
    config.sign_in.email = true;
    let keys = KeyRing::single((7..39).collect()).unwrap();
    let auth = Auth::builder_shared(store, keys, config).build().await.unwrap();
    let worker = OutboxWorker::new(auth.clone(), Arc::new(CapturingMailer::default()));
    let worker = tokio::spawn(async move { worker.run(std::future::pending()).await });
    let password = password_hash(&auth).await;
    println!("{name}, {pairs} pairs");
    let mut pass = true;
    for asked in ASKED {
        for known in [Known::Confirmed, Known::Unconfirmed, Known::Disabled] {
            if !is_chosen(&format!("{name} {asked:?} {known:?}")) {
                continue;
            }
            let begun = now();
            let (mut answers, mut probes) = (Pairs::default(), Pairs::default());
            for n in 0..pairs {
                let someone = person(&auth, known, &password, n).await;
                let nobody = person(&auth, Known::Nobody, &password, n).await;
                // Who comes first takes turns.
                let order = if n % 2 == 0 { [true, false] } else { [false, true] };
                for is_someone in order {
                    let who = if is_someone { &someone } else { &nobody };
                    answers.add(is_someone, time(ask(&auth, asked, who, n)).await);
                    let probe = async { drop(auth.find_user("probe").await.unwrap()) };
                    probes.add(is_someone, time(probe).await);
                }
            }
            let (answer, probe) = (Shown::of(&answers), Shown::of(&probes));
            pass &= answer.pass && probe.pass;
            let seconds = begun.elapsed().as_secs();
            println!("  {asked:?} {known:?}: answer {answer}; probe {probe} [{seconds} s]");
        }
    }
    worker.abort();
    pass
}

/// A hash of the password, as a registration makes it.
async fn password_hash(auth: &Auth) -> PasswordHash {
    let email = Email::parse("hashed@example.com").unwrap();
    let name = Username::parse("hashed", Username::MAX).unwrap();
    let command = Register::new(name, email.clone(), PlaintextPassword::from(PASSWORD));
    auth.register(&command, &Client::default()).await.unwrap();
    let found = auth.store().account_by_identifier(&Identifier::email(&email), auth.now()).await;
    found.unwrap().unwrap().password.unwrap()
}

/// Makes somebody; their address.
async fn person(auth: &Auth, known: Known, password: &PasswordHash, n: usize) -> String {
    let now = auth.now();
    let id = UserId::generate(now, &OsRng);
    // As long for all of them.
    let name = format!("p{n:06}{}", &id.as_str()[24..]);
    let address = format!("{name}@example.com");
    if matches!(known, Known::Nobody) {
        return address;
    }
    let confirmed = !matches!(known, Known::Unconfirmed);
    let user = User {
        id: id.clone(),
        username: Username::parse(&name, Username::MAX).unwrap(),
        email: Email::parse(&address).unwrap(),
        email_confirmed_at: confirmed.then_some(now),
        unconfirmed_until: (!confirmed).then(|| now + Duration::from_secs(86_400)),
        first_name: None,
        last_name: None,
        gender: None,
        role: Role::User,
        locale: None,
        disabled_at: matches!(known, Known::Disabled).then_some(now),
        created_at: now,
        updated_at: now,
        epoch: 0,
    };
    let claims = [Identifier::email(&user.email), Identifier::username(&user.username)]
        .map(|identifier| claim(identifier, &id, now));
    let password = Some(password.clone());
    let mut list = vec![Change::InsertUser { user: Box::new(user), password }];
    list.extend(claims);
    auth.store().apply(&Changes::new(list, now, &OsRng)).await.unwrap();
    address
}

fn claim(identifier: Identifier, user: &UserId, now: Timestamp) -> Change {
    Change::ClaimIdentifier { identifier, user_id: Some(user.clone()), until: None, now }
}

async fn ask(auth: &Auth, asked: Asked, address: &str, n: usize) {
    let password = PlaintextPassword::from("green walrus sings");
    // No limit counts by a client that nothing is known of.
    let client = Client::default();
    match asked {
        Asked::Forgot => auth.forgot_password(address, &client).await.unwrap(),
        Asked::Resend => auth.resend_confirmation(address, &client).await.unwrap(),
        Asked::Register => {
            let name = format!("r{n:06}{}", &address[7..19]);
            let name = Username::parse(&name, Username::MAX).unwrap();
            let command = Register::new(name, Email::parse(address).unwrap(), password);
            auth.register(&command, &client).await.unwrap();
        }
        Asked::SignIn => {
            auth.sign_in(&SignIn::new(address, password), &client).await.unwrap_err();
        }
        Asked::MailSignIn => drop(auth.mail_sign_in(address, &client).await.unwrap()),
    }
}

#[expect(clippy::disallowed_methods, reason = "time is what is measured")]
fn now() -> Instant {
    Instant::now()
}

async fn time(what: impl Future<Output = ()>) -> f64 {
    let begun = now();
    what.await;
    begun.elapsed().as_secs_f64() * 1e3
}

/// Times about somebody and about nobody, in milliseconds.
#[derive(Default)]
struct Pairs {
    someone: Vec<f64>,
    nobody: Vec<f64>,
}

impl Pairs {
    fn add(&mut self, is_someone: bool, time: f64) {
        if is_someone { &mut self.someone } else { &mut self.nobody }.push(time);
    }

    /// How often somebody's time is the longer of two.
    fn area(&self) -> f64 {
        let mut nobody = self.nobody.clone();
        nobody.sort_by(f64::total_cmp);
        let below = |time: &f64| {
            let less = nobody.partition_point(|other| other < time);
            let equal = nobody.partition_point(|other| other <= time) - less;
            f64::from(u32::try_from(2 * less + equal).unwrap()) / 2.0
        };
        self.someone.iter().map(below).sum::<f64>() / count(&self.someone) / count(&self.nobody)
    }
}

/// What some pairs show.
struct Shown {
    someone: f64,
    nobody: f64,
    t: f64,
    area: f64,
    pass: bool,
}

impl Shown {
    fn of(pairs: &Pairs) -> Self {
        let ((a, va), (b, vb)) = (moments(&pairs.someone), moments(&pairs.nobody));
        let t = (a - b) / (va / count(&pairs.someone) + vb / count(&pairs.nobody)).sqrt();
        let area = pairs.area();
        let pass = t.abs() < 4.5 && (area - 0.5).abs() <= 0.03;
        Self { someone: a, nobody: b, t, area, pass }
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.pass { "pass" } else { "FAIL" };
        let Self { someone, nobody, t, area, .. } = self;
        write!(f, "{someone:.3} and {nobody:.3} ms, t {t:.2}, area {area:.3}, {verdict}")
    }
}

fn moments(times: &[f64]) -> (f64, f64) {
    let mean = times.iter().sum::<f64>() / count(times);
    let variance = times.iter().map(|time| (time - mean).powi(2)).sum::<f64>();
    (mean, variance / (count(times) - 1.0))
}

fn count(times: &[f64]) -> f64 {
    f64::from(u32::try_from(times.len()).unwrap())
}
