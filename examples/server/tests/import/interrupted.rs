//! An import that is killed.

use std::process::Stdio;
use std::time::Duration;

use usermgmt_test_support::Kind;

use crate::world::{export, flask_mysql, import, old_rows, target};

#[tokio::test(flavor = "multi_thread")]
async fn killed_and_run_again_it_gives_the_same_result() {
    let rows = old_rows(&["many", "1200"]);
    let source = flask_mysql(&rows).await;
    let (undisturbed, setup) = (target(Kind::Sqlite).await, target(Kind::Postgres).await);
    let (status, report) = import(&undisturbed, "flask-sql", &source.url, &[]);
    assert_eq!((status, &report["imported"]), (0, &serde_json::json!(1200)), "{report}");

    let mut kills = 0;
    loop {
        let mut child = setup
            .command()
            .args(["import", "--format", "flask-sql", "--from", &source.url, "--batch", "20"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let had = export(&setup).len();
        // Some way into it, wherever that is.
        while child.try_wait().unwrap().is_none() && export(&setup).len() < had + 300 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        if child.try_wait().unwrap().is_some() {
            break;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        kills += 1;
    }
    assert!(kills > 0, "it was never interrupted");
    let (status, report) = import(&setup, "flask-sql", &source.url, &[]);
    assert_eq!((status, &report["already"]), (0, &serde_json::json!(1200)), "{report}");
    assert_eq!(export(&setup), export(&undisturbed));
}
