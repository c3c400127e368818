//! `docs/embedding.md` shows what is compiled.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::path::Path;

/// The Rust blocks of the guide.
fn blocks(guide: &str) -> impl Iterator<Item = &str> {
    guide.split("```rust\n").skip(1).map(|rest| rest.split("```").next().unwrap())
}

/// Without what indentation and line ends say.
fn lines(text: &str) -> String {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_snippet_of_the_guide_is_part_of_an_example() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut sources = Vec::new();
    for folder in ["embed/src", "host/src", "host/tests", "actix/src"] {
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            sources.push(lines(&std::fs::read_to_string(entry.unwrap().path()).unwrap()));
        }
    }
    let guide = std::fs::read_to_string(root.join("../docs/embedding.md")).unwrap();
    let mut count = 0;
    for block in blocks(&guide) {
        let wanted = lines(block);
        assert!(
            sources.iter().any(|source| source.contains(&wanted)),
            "no example has this snippet of docs/embedding.md:\n{block}"
        );
        count += 1;
    }
    assert!(count > 15, "{count} snippets: the guide has more");
}
