//! What may stand in an operator's templates: sections, texts and variables. A
//! name that is none of these would be passed over without a word.

use std::collections::HashSet;

use usermgmt_core::mail::MailKind;

/// The texts that make up a mail, besides its subject.
pub(crate) const TEXTS: [&str; 10] = [
    "preheader",
    "greeting",
    "intro",
    "before_link",
    "action",
    "code_label",
    "validity",
    "closing",
    "not_me",
    "footer",
];

const OTHER_TEXTS: [&str; 4] = ["subject", "detail_time", "detail_device", "detail_ip"];

/// What a text of the wording may show.
const VALUES: [&str; 15] = [
    "product",
    "kind",
    "language",
    "username",
    "device",
    "ip",
    "time",
    "provider",
    "name",
    "second_factor",
    "new_email",
    "old_email",
    "link",
    "not_me_link",
    "code",
];

/// What the template language itself brings.
const BUILT_IN: [&str; 6] = ["range", "dict", "namespace", "loop", "self", "super"];

/// Checks the name of a text, `section.text`.
pub(crate) fn check_text(key: &str) -> Result<(), String> {
    let (section, text) = match key.split_once('.') {
        Some((section, text)) => (section, text),
        None => return Err(format!("{key} stands outside of every section, such as [common]")),
    };
    if section == "duration" {
        return match text.split_once('.') {
            Some((
                "minutes" | "hours" | "days",
                "zero" | "one" | "two" | "few" | "many" | "other",
            )) => Ok(()),
            _ => Err(format!(
                "[duration] has no {text}; it has minutes, hours and days, each with one, few, many and other"
            )),
        };
    }
    if section != "common" && MailKind::from_name(section).is_none() {
        let known = MailKind::ALL.map(MailKind::as_str).into_iter().chain(["common", "duration"]);
        return Err(format!("there is no section [{section}]{}", nearest(section, known)));
    }
    let known = || TEXTS.into_iter().chain(OTHER_TEXTS);
    if !known().any(|known| known == text) {
        return Err(format!("[{section}] has no {text}{}", nearest(text, known())));
    }
    Ok(())
}

/// Checks what a text of the wording shows.
pub(crate) fn check_text_shows(key: &str, shown: HashSet<String>) -> Result<(), String> {
    let more: &[&str] = if key.starts_with("duration.") { &["n"] } else { &["validity"] };
    check_shown(shown, VALUES.into_iter().chain(more.iter().copied()))
}

/// Checks what a layout shows.
pub(crate) fn check_layout_shows(shown: HashSet<String>) -> Result<(), String> {
    let more = ["subject", "details", "validity"];
    check_shown(shown, VALUES.into_iter().chain(TEXTS).chain(more))
}

fn check_shown(
    shown: HashSet<String>,
    known: impl Iterator<Item = &'static str> + Clone,
) -> Result<(), String> {
    let is_known = |name: &str| known.clone().chain(BUILT_IN).any(|known| known == name);
    let mut unknown: Vec<String> = shown.into_iter().filter(|name| !is_known(name)).collect();
    unknown.sort();
    match unknown.first() {
        Some(name) => {
            Err(format!("shows {{{{ {name} }}}}, which there is not{}", nearest(name, known)))
        }
        None => Ok(()),
    }
}

/// What may have been meant.
fn nearest(name: &str, known: impl Iterator<Item = &'static str>) -> String {
    known
        .map(|known| (strsim::damerau_levenshtein(name, known), known))
        .min()
        .filter(|(distance, _)| *distance <= 3)
        .map(|(_, known)| format!("; did you mean {known}?"))
        .unwrap_or_default()
}

/// Whether a file of this name has the wording of a language (BCP 47).
pub(crate) fn is_language(tag: &str) -> bool {
    let mut parts = tag.split(['-', '_']);
    let is_part = |part: &str| {
        (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
    };
    parts.next().is_some_and(|part| {
        (2..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphabetic())
    }) && parts.all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_nearly_right_is_suggested() {
        for (key, said) in [
            ("password_rest.subject", "no section [password_rest]; did you mean password_reset?"),
            ("common.subjekt", "[common] has no subjekt; did you mean subject?"),
            ("elephant.subject", "no section [elephant]"),
            ("duration.weeks.one", "[duration] has no weeks.one"),
            ("subject", "subject stands outside of every section"),
        ] {
            let refused = check_text(key).unwrap_err();
            assert!(refused.contains(said), "{refused}");
        }
        for key in ["common.detail_ip", "duration.days.few", "invitation.subject"] {
            assert_eq!(check_text(key), Ok(()), "{key}");
        }
    }

    #[test]
    fn a_language_is_named_by_its_tag() {
        for tag in ["de", "pt-br", "pt_BR", "zh-Hant", "gsw"] {
            assert!(is_language(tag), "{tag}");
        }
        for name in ["german", "d", "", "de.old", "de-", "../de"] {
            assert!(!is_language(name), "{name}");
        }
    }
}
