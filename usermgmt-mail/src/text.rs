//! Making what people typed harmless before a template sees it.

/// The text on one line: control, invisible and direction-turning characters
/// are spaces, runs of space are one, and there are at most `max` characters.
/// What comes out can stand in a header and cannot fake a line of the mail.
pub(crate) fn one_line(text: &str, max: usize) -> String {
    let spaced: String = text
        .chars()
        .map(|c| if is_harmful(c) { ' ' } else { c })
        .take(max.saturating_mul(4))
        .collect();
    let words: Vec<&str> = spaced.split_whitespace().collect();
    words.join(" ").chars().take(max).collect()
}

/// A URL as it is printed: without anything that is no part of one.
pub(crate) fn url(text: &str) -> String {
    text.chars().filter(|&c| !is_harmful(c) && !c.is_whitespace()).collect()
}

/// The text with everything broken that a mail client would turn into a link:
/// a stranger who registers somebody else's address chooses some of what that
/// person reads, and must not be able to make it clickable.
pub(crate) fn unlinked(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    for (at, &c) in chars.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|i| chars.get(i));
        let after = chars.get(at + 1..).unwrap_or_default();
        let host_like = before.is_some_and(|c| c.is_alphanumeric() || *c == ']')
            && after.first().is_some_and(|c| c.is_alphabetic())
            && after.get(1).is_some_and(|c| c.is_alphabetic() || *c == '-');
        match c {
            '.' if host_like => out.push_str("[.]"),
            ':' if after.starts_with(&['/', '/']) => out.push_str("[:]"),
            '@' => out.push_str("[at]"),
            _ => out.push(c),
        }
    }
    out
}

fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c,
            // Soft hyphen, Arabic letter mark, zero-width and direction marks,
            // line and paragraph separators, isolates, byte order mark,
            // interlinear annotation, tags.
            '\u{00AD}' | '\u{061C}' | '\u{180E}' | '\u{200B}'..='\u{200F}'
            | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}'
            | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E0FFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_stays_on_its_line() {
        assert_eq!(one_line("Ann\r\nBcc: eve@example.com\u{0}", 100), "Ann Bcc: eve@example.com");
        assert_eq!(one_line("a\u{2028}b\u{202E}c\u{85}d", 100), "a b c d");
        assert_eq!(one_line(&"x".repeat(1000), 64).len(), 64);
        assert_eq!(one_line(" \t\n ", 64), "");
    }

    #[test]
    fn a_url_has_no_breaks() {
        assert_eq!(url("https://a.example/\r\nBcc: x"), "https://a.example/Bcc:x");
    }

    #[test]
    fn what_a_mail_client_would_link_is_broken() {
        for (typed, shown) in [
            ("http://evil.example/x", "http[:]//evil[.]example/x"),
            ("www.evil.co.uk", "www[.]evil[.]co[.]uk"),
            ("win at evil.com now", "win at evil[.]com now"),
            ("eve@example.com", "eve[at]example[.]com"),
            ("Ann B. Smith Jr.", "Ann B. Smith Jr."),
            ("Firefox/128.0 (X11; Linux x86_64)", "Firefox/128.0 (X11; Linux x86_64)"),
        ] {
            assert_eq!(unlinked(typed), shown);
        }
    }
}
