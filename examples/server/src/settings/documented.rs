//! The table of settings in docs/configuration.md.

use super::table::{Kind, SETTINGS, Setting};

/// A row a setting.
pub(super) fn table() -> String {
    let mut text = String::from("| setting | type | default | what it does |\n|---|---|---|---|\n");
    for setting in SETTINGS {
        let Setting { name, default, about, .. } = setting;
        let secret = if setting.is_secret { ", secret" } else { "" };
        text.push_str(&format!(
            "| `{name}` | {}{secret} | {default} | {about} |\n",
            kind(setting.kind)
        ));
    }
    text
}

fn kind(kind: Kind) -> String {
    match kind {
        Kind::Text => "text".to_owned(),
        Kind::Path => "path".to_owned(),
        Kind::Url => "URL".to_owned(),
        Kind::Address => "address".to_owned(),
        Kind::Rate => "rate".to_owned(),
        Kind::Budget => "budget".to_owned(),
        Kind::Switch => "switch".to_owned(),
        Kind::Duration => "duration".to_owned(),
        Kind::Number { least, most } => format!("{least} to {most}"),
        Kind::Choice(words) => words.join(" or "),
        Kind::List(of) => format!("list of {of}"),
    }
}

/// A row a setting of a provider.
fn providers() -> String {
    let mut text =
        String::from("| setting of a provider | default | what it does |\n|---|---|---|\n");
    for setting in super::providers::SETTINGS {
        let secret = if setting.is_secret { " (secret)" } else { "" };
        let (name, default, about) = (setting.name, setting.default, setting.about);
        text.push_str(&format!("| `{name}`{secret} | {default} | {about} |\n"));
    }
    text
}

#[test]
fn the_documentation_has_these_tables() {
    has("| setting |", &table());
    has("| setting of a provider |", &providers());
}

fn has(beginning: &str, table: &str) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/configuration.md");
    let doc = std::fs::read_to_string(path).unwrap();
    let begin = doc.find(beginning).unwrap();
    let rows: usize = doc[begin..]
        .split_inclusive('\n')
        .take_while(|line| line.starts_with('|'))
        .map(str::len)
        .sum();
    if std::env::var_os("UPDATE_CONFIGURATION").is_some() {
        let new = format!("{}{table}{}", &doc[..begin], &doc[begin + rows..]);
        std::fs::write(path, new).unwrap();
        return;
    }
    assert_eq!(
        &doc[begin..begin + rows],
        table,
        "docs/configuration.md has another table: run with UPDATE_CONFIGURATION=1"
    );
}
