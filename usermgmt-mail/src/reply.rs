//! What a mail service answered, fit for the log and the outbox.

use crate::text::one_line;

/// The answer on one line, of bounded length, without addresses, links and
/// tokens: services like to quote what they refuse.
pub(crate) fn reply(text: &str) -> String {
    let secret = |word: &str| {
        word.contains('@') || word.contains("://") || word.contains("umt_") || long_number(word)
    };
    one_line(text, 300)
        .split(' ')
        .map(|word| if secret(word) { "[redacted]" } else { word })
        .collect::<Vec<_>>()
        .join(" ")
}

/// Short codes have eight digits; status codes fewer.
fn long_number(word: &str) -> bool {
    word.bytes().filter(u8::is_ascii_digit).count() >= 8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_keeps_its_reason_and_loses_what_it_quotes() {
        for (answer, shown) in [
            ("5.1.1 no such user", "5.1.1 no such user"),
            ("<ann@example.com>: user\r\n unknown", "[redacted] user unknown"),
            ("listed URL https://a.example/x?token=umt_1", "listed URL [redacted]"),
            ("code 12345678 refused", "code [redacted] refused"),
        ] {
            assert_eq!(reply(answer), shown);
        }
        assert_eq!(reply(&"x".repeat(1000)).len(), 300);
    }
}
