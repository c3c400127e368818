//! The languages beside each other.

use super::own::fields;
use super::*;

/// Where each text is, and what is filled in there.
fn shape(texts: &Texts) -> Vec<(String, Vec<String>)> {
    let mut shape: Vec<(String, Vec<String>)> = Vec::new();
    texts.clone().each(&mut |section, key, text| {
        shape.push((format!("{section}.{key}"), fields(text).map(str::to_owned).collect()));
    });
    shape.iter_mut().for_each(|(_, fields)| fields.sort());
    shape
}

#[test]
fn every_language_says_what_another_one_says() {
    for texts in [&de::TEXTS, &pl::TEXTS] {
        assert_eq!(shape(texts), shape(&en::TEXTS), "{}", texts.tag);
    }
    let filled = shape(&en::TEXTS);
    for (text, fields) in [
        ("sign_in_email.text", &["name"][..]),
        ("reset.text", &["min"]),
        ("common.lead_on", &["product"]),
        ("account.username_length", &["max", "min"]),
        ("admin.total_and_most", &["most", "total"]),
        ("admin.not_sorted", &["most"]),
    ] {
        assert!(filled.iter().any(|(name, all)| name == text && all == fields), "{text}");
    }
}

#[test]
fn a_refusal_that_has_no_text_says_its_own() {
    assert_eq!(en::TEXTS.refusal(Some("link_expired")), None);
    assert_eq!(de::TEXTS.refusal(Some("link_invalid")), Some("Der Link ist ungültig."));
    assert_eq!(de::TEXTS.refusal(Some("unheard_of")), Some("Die Anfrage wurde abgelehnt."));
}
