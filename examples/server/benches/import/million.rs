//! A million accounts, imported by a program that is killed on the way.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use usermgmt_test_support::{Kind, Setup};

use crate::common::now;
use crate::people;
use crate::program::{Import, report};

const ROWS: u32 = 1_000_000;

pub(crate) async fn run() {
    let setup = Setup::on(Kind::Sqlite).await;
    let from = setup.dir().join("people.jsonl");
    people::write(&from, &people::hash().await, 0..ROWS);
    println!("{ROWS} accounts into SQLite");

    let first = Import::start(&setup, &from);
    let killed = watch(&first, is_third_of_second_pass);
    assert!(killed, "it ended before it could be killed");
    first.kill();
    println!("  killed, and begun again");
    let began = now();
    let second = Import::start(&setup, &from);
    watch(&second, |_| false);
    drop(second);
    let report = report(&from);
    println!(
        "  imported {}, there already {}, in {:.0} s",
        report["imported"],
        report["already"],
        began.elapsed().as_secs_f64()
    );

    let to = setup.dir().join("export.jsonl");
    let mut export = setup.command();
    export.args(["export", "--with-credentials", "--to"]).arg(&to);
    assert!(export.status().unwrap().success());
    println!("  an export of it equals what was imported: {}", are_equal(&from, &to));
}

/// Prints what the import says and what it occupies, until it ends or `until`;
/// whether it was the latter.
fn watch(import: &Import, until: impl Fn(&str) -> bool) -> bool {
    let began = now();
    while let Some(said) = import.next_line() {
        println!(
            "  {:4.0} s  {:5.1} MiB  {said}",
            began.elapsed().as_secs_f64(),
            import.resident_mib()
        );
        if until(&said) {
            return true;
        }
    }
    false
}

fn is_third_of_second_pass(said: &str) -> bool {
    let done = said.strip_prefix("importing: ").and_then(|done| done.split(' ').next());
    done.and_then(|done| done.parse().ok()).is_some_and(|done: u32| done > ROWS / 3)
}

/// Whether both have the same lines below their first.
fn are_equal(one: &Path, other: &Path) -> bool {
    let [one, other] = [one, other]
        .map(|path| BufReader::new(File::open(path).unwrap()).lines().map(Result::unwrap).skip(1));
    one.eq(other)
}
