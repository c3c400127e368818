//! `docs/embedding.md` and `docs/store-guide.md` show what is compiled.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::path::{Path, PathBuf};

/// The Rust blocks of the guide.
fn blocks(guide: &str) -> impl Iterator<Item = &str> {
    guide.split("```rust\n").skip(1).map(|rest| rest.split("```").next().unwrap())
}

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn guide(name: &str) -> String {
    std::fs::read_to_string(examples().join("../docs").join(name)).unwrap()
}

/// Without what indentation and line ends say.
fn lines(text: &str) -> String {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

/// How many snippets the guide has, all of which are in files of these folders.
fn found(name: &str, folders: &[&str]) -> usize {
    let mut sources = Vec::new();
    for folder in folders {
        for entry in std::fs::read_dir(examples().join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                sources.push(lines(&std::fs::read_to_string(path).unwrap()));
            }
        }
    }
    let guide = guide(name);
    let mut count = 0;
    for block in blocks(&guide) {
        let wanted = lines(block)
            // The skeleton has no reads, so that it is no `Store` where it is compiled.
            .replace("#[async_trait]\nimpl Store for MyStore {", "impl MyStore {");
        assert!(
            sources.iter().any(|source| source.contains(&wanted)),
            "no code has this snippet of docs/{name}:\n{block}"
        );
        count += 1;
    }
    count
}

#[test]
fn every_snippet_of_the_guide_is_part_of_an_example() {
    let folders = ["embed/src", "host/src", "host/tests", "actix/src", "pages/src"];
    let count = found("embedding.md", &folders);
    assert!(count > 30, "{count} snippets: the guide has more");
}

#[test]
fn every_snippet_of_the_guide_to_stores_is_compiled() {
    let folders = ["file-store/tests", "host/tests", "../usermgmt-core/src/store"];
    assert_eq!(found("store-guide.md", &folders), 3);
}

#[test]
fn the_guide_to_stores_names_every_group_of_the_suite() {
    let suite = examples().join("../usermgmt-core/src/testkit/conformance/mod.rs");
    let suite = std::fs::read_to_string(suite).unwrap();
    let groups = suite.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    let guide = guide("store-guide.md");
    let missing: Vec<_> =
        groups.clone().filter(|group| !guide.contains(&format!("`{group}::`"))).collect();
    assert!(missing.is_empty(), "docs/store-guide.md leaves out {missing:?}");
    assert!(groups.count() > 15);
}

#[test]
fn the_guide_says_how_much_code_an_example_is() {
    let guide = guide("embedding.md");
    for example in ["embed", "host", "actix"] {
        let mut code = 0;
        for entry in std::fs::read_dir(examples().join(example).join("src")).unwrap() {
            let path = entry.unwrap().path();
            if !path.ends_with("tests.rs") {
                let source = lines(&std::fs::read_to_string(path).unwrap());
                code += source.lines().filter(|line| !line.starts_with("//")).count();
            }
        }
        let (before, _) = guide.split_once(&format!(" in `examples/{example}`")).unwrap();
        let said: usize = before.rsplit(' ').next().unwrap().parse().unwrap();
        assert!(said.abs_diff(code) <= 10, "{example} has {code} lines of code, not {said}");
    }
}
