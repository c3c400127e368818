//! What a refusal is of, by its enhanced status code (RFC 3463).

/// Whether a 5xx answer is of something that passes or that the operator sets
/// right, so that it says nothing of this mail. What is refused otherwise, or
/// without saying why, is refused for good.
pub(crate) fn may_pass(code: u16, text: &str) -> bool {
    match enhanced(text) {
        // The sender's address; a mailbox that is full; a mail system that is
        // full, not accepting mail, or set up wrongly; a directory that is away,
        // and congestion; too many recipients; authentication and encryption.
        Some((1, 7 | 8) | (2, 2) | (3, 1 | 2 | 5) | (4, 3 | 5) | (5, 3) | (7, 8 | 9 | 11 | 12)) => {
            true
        }
        // Amazon SES, of the sender.
        _ => code == 554 && text.contains("is not verified"),
    }
}

/// The subject and the detail of the status code that the answer begins with.
fn enhanced(text: &str) -> Option<(u16, u16)> {
    let mut parts = text.split_whitespace().next()?.split('.');
    let class = parts.next()?;
    let (subject, detail) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    (matches!(class, "4" | "5") && parts.next().is_none()).then_some((subject, detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_passes_only_where_it_is_clearly_not_of_this_mail() {
        for (text, passes) in [
            ("5.1.8 bad sender's system address", true),
            ("5.1.7 bad sender address syntax", true),
            ("5.2.2 mailbox full", true),
            ("5.4.5 daily quota exceeded", true),
            ("5.7.8 credentials invalid", true),
            ("5.7.9 mechanism too weak", true),
            ("5.5.3 too many recipients", true),
            ("Message rejected: Email address is not verified.", true),
            ("5.3.5 set up wrongly", true),
            ("5.1.1 no such user", false),
            ("5.2.1 mailbox disabled", false),
            ("5.3.4 message too big", false),
            ("5.3.0 refused", false),
            ("5.4.1 recipient refused: access denied", false),
            ("5.4.4 no such domain", false),
            ("5.6.0 bad content", false),
            ("5.7.1 refused by policy", false),
            ("5.0.0 refused", false),
            ("no such user", false),
            ("quota, see 5.2.2", false),
            ("5.2.2.1 odd", false),
            ("", false),
        ] {
            assert_eq!(may_pass(554, text), passes, "{text}");
        }
        assert!(!may_pass(550, "the address is not verified"));
    }
}
