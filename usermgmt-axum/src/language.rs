//! Which languages a client likes.

use axum::http::{HeaderMap, header};

/// The languages that the client likes (RFC 9110, 12.5.4), best first, as far as
/// they are ones that could be (BCP 47).
pub(crate) fn languages(headers: &HeaderMap) -> Vec<&str> {
    let list = headers.get(header::ACCEPT_LANGUAGE).and_then(|list| list.to_str().ok());
    let items = list.unwrap_or_default().split(',').filter_map(|item| {
        let (tag, parameters) = item.split_once(';').unwrap_or((item, ""));
        let weight = match parameters.trim().strip_prefix("q=") {
            Some(q) => q.trim().parse::<f32>().ok()?,
            None => 1.0,
        };
        let tag = tag.trim();
        (is_language_tag(tag) && weight > 0.0).then_some((tag, weight))
    });
    let mut weighed: Vec<(&str, f32)> = items.collect();
    // Stable: of equals the first comes first.
    weighed.sort_by(|a, b| b.1.total_cmp(&a.1));
    weighed.into_iter().map(|(tag, _)| tag).collect()
}

/// Whether it could be the name of a language.
pub(crate) fn is_language_tag(tag: &str) -> bool {
    tag.len() <= 35
        && tag.split('-').enumerate().all(|(i, part)| {
            let letters = part.bytes().all(|b| b.is_ascii_alphabetic());
            let alphanumeric = part.bytes().all(|b| b.is_ascii_alphanumeric());
            if i == 0 {
                letters && (2..=8).contains(&part.len())
            } else {
                alphanumeric && (1..=8).contains(&part.len())
            }
        })
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn the_language_liked_best_is_taken() {
        for (sent, language) in [
            ("de-CH, en;q=0.8", Some("de-CH")),
            ("en;q=0.5, pl", Some("pl")),
            ("*", None),
            ("de;q=0", None),
            ("<script>", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_LANGUAGE, HeaderValue::from_static(sent));
            assert_eq!(languages(&headers).first().copied(), language, "{sent}");
        }
    }
}
