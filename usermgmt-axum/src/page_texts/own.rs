//! Texts of an operator's own, from the file of a language.

use std::collections::BTreeMap;

use toml::{Table, Value};

use super::wording::nearest;
use super::{Texts, en};
use crate::meant::{meant, or_one_of};

/// More than any page has room for.
const LONGEST: usize = 1000;

/// By section and key.
type Entries<T> = BTreeMap<String, BTreeMap<String, T>>;

/// Adds what a file says in a language, over what that language, or the nearest one,
/// has; English, the first, where none is near. It stays as long as the process runs: texts are
/// read once, at the start, and are everywhere from then on.
pub(crate) fn add(
    languages: &mut Vec<&'static Texts>,
    tag: &str,
    file: &str,
) -> Result<(), String> {
    let own = read(file)?;
    let known = known();
    for (section, texts) in &own {
        for (key, text) in texts {
            check(&known, section, key, text)?;
        }
    }
    let base = nearest(languages, tag).or(languages.first().copied());
    let mut texts = base.unwrap_or(&en::TEXTS).clone();
    let mut differs = false;
    texts.each(&mut |section, key, text| {
        let own = own.get(section).and_then(|texts| texts.get(key));
        if let Some(own) = own.filter(|own| own.as_str() != *text) {
            *text = own.clone().leak();
            differs = true;
        }
    });
    match languages.iter_mut().find(|texts| texts.tag == tag) {
        Some(_) if !differs => {}
        Some(known) => *known = Box::leak(Box::new(texts)),
        None => {
            texts.tag = tag.to_owned().leak();
            languages.push(Box::leak(Box::new(texts)));
        }
    }
    Ok(())
}

/// Every text that there is, in English.
fn known() -> Entries<&'static str> {
    let mut known = Entries::new();
    en::TEXTS.clone().each(&mut |section, key, text| {
        known.entry(section.to_owned()).or_default().insert(key.to_owned(), *text);
    });
    known
}

fn read(file: &str) -> Result<Entries<String>, String> {
    let table: Table = file.parse().map_err(|error: toml::de::Error| error.to_string())?;
    let mut entries = Entries::new();
    flatten("", table, &mut entries)?;
    Ok(entries)
}

fn flatten(section: &str, table: Table, into: &mut Entries<String>) -> Result<(), String> {
    for (key, value) in table {
        match value {
            Value::Table(inner) if section.is_empty() => flatten(&key, inner, into)?,
            Value::Table(inner) => flatten(&format!("{section}.{key}"), inner, into)?,
            _ if section.is_empty() => {
                return Err(format!("{key} stands outside of every section, such as [common]"));
            }
            Value::String(text) => {
                let texts = into.entry(section.to_owned()).or_default();
                texts.insert(key, text.trim().to_owned());
            }
            _ => return Err(format!("[{section}] {key} is no text: put it in quotes")),
        }
    }
    Ok(())
}

fn check(
    known: &Entries<&'static str>,
    section: &str,
    key: &str,
    text: &str,
) -> Result<(), String> {
    let Some(texts) = known.get(section) else {
        let meant = or_one_of(section, known.keys().map(String::as_str));
        return Err(format!("there is no section [{section}]{meant}"));
    };
    let Some(built_in) = texts.get(key) else {
        let meant = or_one_of(key, texts.keys().map(String::as_str));
        return Err(format!("[{section}] has no {key}{meant}"));
    };
    let wrong = |why: String| Err(format!("[{section}] {key} {why}"));
    if text.is_empty() && !built_in.is_empty() {
        return wrong("is empty: leave it out, and the built-in text is there".to_owned());
    }
    if text.chars().count() > LONGEST {
        return wrong(format!("is longer than {LONGEST} characters"));
    }
    if text.contains(char::is_control) {
        return wrong("has a line break or another control character".to_owned());
    }
    let filled: Vec<&str> = fields(built_in).collect();
    if let Some(field) = fields(text).find(|field| !filled.contains(field)) {
        let meant = meant(field, filled.iter().copied());
        let there = match filled.as_slice() {
            [] => "nothing is".to_owned(),
            _ => format!("{{{}}} is", filled.join("} and {")),
        };
        return wrong(format!("has {{{field}}}, which is not filled in there; {there}{meant}"));
    }
    // Whoever reads the page knows the product; what else is filled in is told nowhere else.
    let needed = filled.iter().find(|field| **field != "product" && !has(text, field));
    match needed {
        Some(field) => wrong(format!("lacks {{{field}}}, which the page fills in")),
        None => Ok(()),
    }
}

fn has(text: &str, field: &str) -> bool {
    fields(text).any(|known| known == field)
}

/// The names in braces.
pub(super) fn fields(text: &str) -> impl Iterator<Item = &str> {
    text.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0))
}

#[cfg(test)]
mod tests {
    use super::super::Wording;
    use super::*;

    fn with(files: &[(&str, &str)]) -> Result<Wording, String> {
        let mut languages = Wording::default().languages().to_vec();
        for (tag, file) in files {
            add(&mut languages, tag, file)?;
        }
        Ok(Wording::of(languages))
    }

    fn said(wording: Wording, tag: &str) -> (&'static str, &'static str, &'static str) {
        let texts = wording.in_one_of(&[tag]).unwrap_or(wording.english());
        (texts.tag, texts.confirm.title, texts.confirm.button)
    }

    #[test]
    fn what_a_file_leaves_out_is_the_nearest_languages() {
        let wording = with(&[
            ("en", "[confirm]\nbutton = 'Yes'"),
            ("de", "[confirm]\nbutton = 'Ja'"),
            ("de-at", "[confirm]\ntitle = 'Servus'"),
            ("fr", "[confirm]\ntitle = 'Bonjour'"),
        ])
        .unwrap();
        let title = "Bestätigen Sie Ihre E-Mail-Adresse";
        assert_eq!(said(wording, "en"), ("en", "Confirm your email address", "Yes"));
        assert_eq!(said(wording, "de-CH"), ("de", title, "Ja"));
        assert_eq!(said(wording, "de-AT"), ("de-at", "Servus", "Ja"));
        assert_eq!(said(wording, "fr-CA"), ("fr", "Bonjour", "Yes"));
    }

    #[test]
    fn refusals_can_be_said_in_another_way_all_or_one() {
        let wording = with(&[
            ("en", "[refusals]\nlink_expired = 'Too late'\nlink_invalid = ''"),
            ("fr", "[refusals]\nother = 'Non'"),
        ])
        .unwrap();
        assert_eq!(wording.english().refusal(Some("link_expired")), Some("Too late"));
        assert_eq!(wording.english().refusal(Some("link_invalid")), None);
        let french = wording.in_one_of(&["fr"]).unwrap();
        assert_eq!(french.refusal(Some("link_expired")), Some("Too late"));
        assert_eq!(french.refusal(Some("link_invalid")), Some("Non"));
    }

    #[test]
    fn what_is_not_a_text_of_the_pages_is_refused_and_named() {
        let long = format!("[confirm]\ntitle = '{}'", "x".repeat(LONGEST + 1));
        for (file, said) in [
            ("[confirm", "TOML parse error"),
            ("lead_on = 'x'", "lead_on stands outside of every section"),
            ("[confrim]\ntitle = 'x'", "there is no section [confrim]; did you mean confirm?"),
            ("[elephant]\ntitle = 'x'", "there is no section [elephant]; there are account, "),
            ("[admin.actions.dissable]\ntext = 'x'", "did you mean admin.actions.disable?"),
            ("[confirm]\ntitel = 'x'", "[confirm] has no titel; did you mean title?"),
            ("[confirm]\nelephant = 'x'", "has no elephant; there are button, done, text, title"),
            ("[confirm]\ntitle = 7", "[confirm] title is no text: put it in quotes"),
            ("[confirm]\ntitle = ' '", "[confirm] title is empty"),
            ("[confirm]\ntitle = \"a\\nb\"", "[confirm] title has a line break"),
            (&long, "[confirm] title is longer than 1000 characters"),
            ("[confirm]\ntitle = '{min}'", "has {min}, which is not filled in there; nothing is"),
            ("[reset]\ntext = '{mni}'", "{min} is; did you mean min?"),
            ("[reset]\ntext = '{ min }'", "has { min }, which is not filled in there; {min} is"),
            ("[reset]\ntext = 'Long'", "[reset] text lacks {min}, which the page fills in"),
            ("[account]\nusername_length = '{min}'", "lacks {max}"),
        ] {
            let refused = with(&[("en", file)]).unwrap_err();
            assert!(refused.contains(said), "{file}: {refused}");
        }
        with(&[("en", "[common]\nlead_on = 'Continue'\n[reset]\ntext = 'From {min} {'")]).unwrap();
    }
}
