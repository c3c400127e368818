//! `docs/embedding.md` shows what is compiled.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::path::{Path, PathBuf};

/// The Rust blocks of the guide.
fn blocks(guide: &str) -> impl Iterator<Item = &str> {
    guide.split("```rust\n").skip(1).map(|rest| rest.split("```").next().unwrap())
}

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn guide() -> String {
    std::fs::read_to_string(examples().join("../docs/embedding.md")).unwrap()
}

/// Without what indentation and line ends say.
fn lines(text: &str) -> String {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_snippet_of_the_guide_is_part_of_an_example() {
    let mut sources = Vec::new();
    for folder in ["embed/src", "host/src", "host/tests", "actix/src", "pages/src"] {
        for entry in std::fs::read_dir(examples().join(folder)).unwrap() {
            sources.push(lines(&std::fs::read_to_string(entry.unwrap().path()).unwrap()));
        }
    }
    let guide = guide();
    let mut count = 0;
    for block in blocks(&guide) {
        let wanted = lines(block);
        assert!(
            sources.iter().any(|source| source.contains(&wanted)),
            "no example has this snippet of docs/embedding.md:\n{block}"
        );
        count += 1;
    }
    assert!(count > 30, "{count} snippets: the guide has more");
}

#[test]
fn the_guide_says_how_much_code_an_example_is() {
    let guide = guide();
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
