//! The wording, by language: flat lists of named texts, each one a template.

use std::collections::{BTreeMap, BTreeSet};

use toml::{Table, Value};

/// The language that has every text, and that every other falls back to.
pub(crate) const FALLBACK: &str = "en";

const BUILT_IN: [(&str, &str); 3] = [
    (FALLBACK, include_str!("../templates/en.toml")),
    ("de", include_str!("../templates/de.toml")),
    ("pl", include_str!("../templates/pl.toml")),
];

/// Which texts there are, in which languages. The texts themselves are
/// templates of the engine, under the names that [`text_name`] gives.
#[derive(Default)]
pub(crate) struct Catalogue {
    languages: BTreeMap<String, BTreeSet<String>>,
}

/// One text to be compiled.
pub(crate) struct Text {
    /// The name under which the engine knows it.
    pub(crate) name: String,
    /// Its section and name, as the file has it.
    pub(crate) key: String,
    /// The template.
    pub(crate) source: String,
}

impl Catalogue {
    /// The shipped languages.
    pub(crate) fn built_in() -> impl Iterator<Item = (&'static str, &'static str)> {
        BUILT_IN.into_iter()
    }

    /// Adds a language's file, over what is there of that language already.
    pub(crate) fn add(&mut self, language: &str, file: &str) -> Result<Vec<Text>, String> {
        let table: Table = file.parse().map_err(|e: toml::de::Error| e.to_string())?;
        let mut texts = Vec::new();
        flatten("", &table, &mut texts)?;
        let language = normalised(language);
        let keys = self.languages.entry(language.clone()).or_default();
        Ok(texts
            .into_iter()
            .map(|(key, source)| {
                let name = text_name(&language, &key);
                keys.insert(key.clone());
                Text { name, key, source }
            })
            .collect())
    }

    /// The languages there are, as BCP 47 tags in lower case.
    pub(crate) fn languages(&self) -> impl Iterator<Item = &str> {
        self.languages.keys().map(String::as_str)
    }

    /// The languages to try for a locale, best first: `de-AT` gives `de-at`,
    /// `de` and the fallback, as far as there are such (RFC 4647, 3.4, Lookup).
    pub(crate) fn chain(&self, locale: Option<&str>) -> Vec<&str> {
        let wanted = normalised(locale.unwrap_or_default());
        let mut tag = wanted.as_str();
        let mut chain = Vec::new();
        loop {
            if let Some((known, _)) = self.languages.get_key_value(tag) {
                chain.push(known.as_str());
            }
            match tag.rsplit_once('-') {
                Some((shorter, _)) => tag = shorter,
                None => break,
            }
        }
        if !chain.contains(&FALLBACK) {
            chain.push(FALLBACK);
        }
        chain
    }

    /// Where a kind's text is found: its own wording in any language of the
    /// chain before the wording that all kinds share, because a text in another
    /// language is better than one that says something else.
    pub(crate) fn find(&self, chain: &[&str], kind: &str, key: &str) -> Option<String> {
        [kind, "common"].into_iter().map(|section| format!("{section}.{key}")).find_map(|key| {
            chain
                .iter()
                .find(|language| self.has(language, &key))
                .map(|language| text_name(language, &key))
        })
    }

    fn has(&self, language: &str, key: &str) -> bool {
        self.languages.get(language).is_some_and(|keys| keys.contains(key))
    }
}

/// CLDR's plural category of a whole number, for the languages that need more
/// than "one" and "other".
pub(crate) fn plural_form(language: &str, n: i64) -> &'static str {
    match language.split('-').next() {
        Some("pl") => match (n, n % 10, n % 100) {
            (1, _, _) => "one",
            (_, 2..=4, tens) if !(12..=14).contains(&tens) => "few",
            _ => "many",
        },
        _ if n == 1 => "one",
        _ => "other",
    }
}

fn text_name(language: &str, key: &str) -> String {
    format!("{language}/{key}")
}

fn normalised(locale: &str) -> String {
    locale.trim().replace('_', "-").to_ascii_lowercase()
}

fn flatten(prefix: &str, table: &Table, into: &mut Vec<(String, String)>) -> Result<(), String> {
    for (name, value) in table {
        let key = match prefix {
            "" => name.clone(),
            prefix => format!("{prefix}.{name}"),
        };
        match value {
            Value::String(text) => into.push((key, text.trim().to_owned())),
            Value::Table(inner) => flatten(&key, inner, into)?,
            _ => return Err(format!("{key} is neither a text nor a table of texts")),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn catalogue() -> Catalogue {
        let mut catalogue = Catalogue::default();
        catalogue.add("en", "common.a = 'x'\nreset.a = 'y'\nreset.b = 'z'").unwrap();
        catalogue.add("de", "common.a = 'x'").unwrap();
        catalogue.add("de-AT", "reset.a = 'x'").unwrap();
        catalogue
    }

    #[test]
    fn a_locale_finds_its_nearest_languages() {
        let catalogue = catalogue();
        for (locale, chain) in [
            (Some("de_at"), vec!["de-at", "de", "en"]),
            (Some("de-CH-1996"), vec!["de", "en"]),
            (Some("en-GB"), vec!["en"]),
            (Some("xx"), vec!["en"]),
            (Some("../../etc/passwd"), vec!["en"]),
            (None, vec!["en"]),
        ] {
            assert_eq!(catalogue.chain(locale), chain, "{locale:?}");
        }
    }

    #[test]
    fn a_missing_text_falls_back_by_key() {
        let catalogue = catalogue();
        let find = |locale, key| catalogue.find(&catalogue.chain(Some(locale)), "reset", key);
        assert_eq!(find("de-AT", "a").as_deref(), Some("de-at/reset.a"));
        assert_eq!(find("de", "a").as_deref(), Some("en/reset.a"));
        assert_eq!(find("de", "b").as_deref(), Some("en/reset.b"));
        assert_eq!(find("de", "c"), None);
    }

    #[test]
    fn polish_has_three_plural_forms() {
        for (n, form) in [
            (1, "one"),
            (2, "few"),
            (5, "many"),
            (12, "many"),
            (22, "few"),
            (25, "many"),
            (112, "many"),
        ] {
            assert_eq!(plural_form("pl", n), form, "{n}");
        }
        assert_eq!(plural_form("en", 1), "one");
        assert_eq!(plural_form("de", 2), "other");
    }

    #[test]
    fn a_file_with_anything_but_texts_is_refused() {
        assert!(Catalogue::default().add("en", "common.a = 1").is_err());
        assert!(Catalogue::default().add("en", "common.a = ").is_err());
    }
}
