//! The files that the server is deployed with name settings that there are.

use std::collections::BTreeSet;
use std::path::Path;

use usermgmt_test_support::Setup;

fn variables_in(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            variables_in(&path, found);
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let words =
            text.split(|c: char| !(c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_'));
        found.extend(words.filter(|word| word.starts_with("USERMGMT_")).map(str::to_owned));
    }
}

#[test]
fn every_variable_is_a_setting() {
    let mut variables = BTreeSet::new();
    variables_in(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/deploy")), &mut variables);
    assert!(variables.len() > 8, "{variables:?}");
    // An empty variable is not set, but an unknown one is named.
    let setup = Setup::new();
    let mut check = setup.command();
    check.args(["config", "check"]);
    for variable in &variables {
        check.env(variable, "");
    }
    let output = check.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!said.contains("unknown setting"), "{said}");
}
