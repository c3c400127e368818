//! Sign-ins at a steady pace before, during and after an import.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::json;
use tokio::task::JoinHandle;
use usermgmt_test_support::{Kind, Setup};

use crate::common::{Connection, PASSWORD, now, percentile, percentiles, post};
use crate::people;
use crate::program::import;

const ROWS: u32 = 100_000;
const SIGNING_IN: u32 = 100;
const EVERY: Duration = Duration::from_millis(100);
const CALM: Duration = Duration::from_secs(30);

pub(crate) async fn run() {
    // The people come from many addresses, as people do.
    let setup = Setup::on(Kind::Postgres).await.var("USERMGMT_TRUSTED_PROXIES", "127.0.0.1");
    let hash = people::hash().await;
    let [here, coming] = ["here.jsonl", "coming.jsonl"].map(|name| setup.dir().join(name));
    people::write(&here, &hash, 0..SIGNING_IN);
    people::write(&coming, &hash, SIGNING_IN..SIGNING_IN + ROWS);
    import(&setup, &here);
    let server = setup.clone().start().await;
    let address = server.base.strip_prefix("http://").unwrap().parse().unwrap();

    let pace = Pace::start(address);
    tokio::time::sleep(CALM).await;
    let before = pace.stop().await;
    let pace = Pace::start(address);
    let began = now();
    let report = tokio::task::spawn_blocking({
        let setup = setup.clone();
        move || import(&setup, Path::new(&coming))
    });
    assert_eq!(report.await.unwrap()["imported"], ROWS);
    let took = began.elapsed();
    let during = pace.stop().await;
    let pace = Pace::start(address);
    tokio::time::sleep(CALM).await;
    let after = pace.stop().await;

    println!("Sign-ins, one every {} ms, on PostgreSQL", EVERY.as_millis());
    println!("  before the import  {}", percentiles(&before));
    println!("  during the import  {}", percentiles(&during));
    println!("  after the import   {}", percentiles(&after));
    let calm: Vec<Duration> = before.into_iter().chain(after).collect();
    let [during, calm] = [during, calm].map(|times| percentile(&times, 99).unwrap());
    println!(
        "  p99 during the import, of before and after: {:.2}; {ROWS} rows in {:.0} s",
        during.div_duration_f64(calm),
        took.as_secs_f64(),
    );
}

/// People who sign in one after the other, whether or not those before are done.
struct Pace {
    is_over: Arc<AtomicBool>,
    times: JoinHandle<Vec<Duration>>,
}

impl Pace {
    fn start(server: SocketAddr) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let times = tokio::spawn(keep(server, Arc::clone(&is_over)));
        Self { is_over, times }
    }

    async fn stop(self) -> Vec<Duration> {
        self.is_over.store(true, Ordering::Relaxed);
        self.times.await.unwrap()
    }
}

async fn keep(server: SocketAddr, is_over: Arc<AtomicBool>) -> Vec<Duration> {
    let mut ticks = tokio::time::interval(EVERY);
    let mut asked = vec![];
    for number in (0..SIGNING_IN).cycle() {
        let due = ticks.tick().await.into_std();
        if is_over.load(Ordering::Relaxed) {
            break;
        }
        asked.push(tokio::spawn(async move {
            let client = Ipv4Addr::from_bits(0x0a00_0000 + number);
            let body = json!({ "email": people::address(number), "password": PASSWORD });
            let request = post("/api/v1/signin", &client.to_string(), &body.to_string());
            let answer = Connection::open(server).await.unwrap().ask(&request).await.unwrap();
            assert_eq!(answer.status, 200, "{answer:?}");
            now().saturating_duration_since(due)
        }));
    }
    let mut times = vec![];
    for answered in asked {
        times.push(answered.await.unwrap());
    }
    times
}
