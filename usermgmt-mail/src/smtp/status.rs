//! What a refusal is of, by the command, the reply code, the enhanced status code
//! (RFC 3463) and, where these leave it open, the words of the servers in use.

use super::step::Step;
use crate::reply::reply;

/// What a refusal is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The recipient, or what the mail says: it will not be taken.
    Mail,
    /// Whoever sends: credentials, the sender, the account, the host. The same
    /// for every mail, until the operator mends it.
    SetUp,
    /// Nothing that lasts.
    Passing,
}

/// Words about whoever sends. Postfix, Exim, qmail, Microsoft 365, Gmail,
/// SendGrid, Mailgun, Postmark and Amazon SES say these, some without a status
/// code of their own.
const OF_SET_UP: [&str; 50] = [
    "relay access denied",
    "relaying denied",
    "relay denied",
    "relaying not allowed",
    "relay not allowed",
    "relay not permitted",
    "relaying is not permitted",
    "not permitted to relay",
    "relaying prohibited",
    "unable to relay",
    "for relay",
    "rcpthosts",
    "sender address rejected",
    "sender verify failed",
    "sender rejected",
    "sender not authorized",
    "bad outbound sender",
    "banned sender",
    "not owned by user",
    "send as ",
    "sendasdenied",
    "to send as this sender",
    "not authorized to send",
    "not allowed to send",
    "not verified",
    "verified sender",
    "sender signature",
    "unauthenticated sender",
    "from address does not match",
    "from address is not",
    "account suspended",
    "account is suspended",
    "account has been suspended",
    "account disabled",
    "account is disabled",
    "account has been disabled",
    "activate your account",
    "sending suspended",
    "sending is paused",
    "credits exceeded",
    "authentication required",
    "authentication is required",
    "not authenticated",
    "client host",
    "helo command rejected",
    "blocked using",
    "blacklisted",
    "blocklist",
    "administrative prohibition",
    "administratively prohibited",
];

/// Words about the recipient.
const OF_RECIPIENT: [&str; 12] = [
    "user unknown",
    "unknown user",
    "no such user",
    "no such recipient",
    "recipient address rejected",
    "recipient rejected",
    "invalid recipient",
    "mailbox unavailable",
    "mailbox not found",
    "no mailbox",
    "does not exist",
    "unrouteable address",
];

/// Words about what a mail says, which is a matter of one mail: people's names
/// are in it.
const OF_CONTENT: [&str; 6] = ["content", "spam", "virus", "malware", "phish", "url"];

/// What an answer that is no success is of.
pub(super) fn fault(step: Step, code: u16, text: &str) -> Fault {
    // Without what it quotes: an address may read like any of these words.
    let words = reply(text).to_lowercase();
    let says = |list: &[&str]| list.iter().any(|phrase| words.contains(phrase));
    let enhanced = enhanced(text);
    if code < 500 {
        // 4.1.x and 4.2.x: the recipient's address and mailbox.
        let of_recipient = matches!(enhanced, Some((1, 0..=6) | (2, _)));
        return if says(&OF_SET_UP) && !of_recipient { Fault::SetUp } else { Fault::Passing };
    }
    match step {
        // 5.6.7: the address needs SMTPUTF8, and it is not the sender's that does.
        Step::Sender if enhanced == Some((6, 7)) => return Fault::Mail,
        Step::Connect | Step::StartTls | Step::SignIn | Step::Sender => return Fault::SetUp,
        Step::Recipient | Step::Content => {}
    }
    // RFC 5321, 4.2.4, and RFC 4954, 6: a command that is not taken here or now,
    // and authentication that is required or not enough.
    if matches!(code, 500 | 502..=504 | 530 | 534 | 535 | 538) {
        return Fault::SetUp;
    }
    let by_words = |otherwise| {
        if says(&OF_SET_UP) {
            Fault::SetUp
        } else if says(&OF_RECIPIENT) || (step == Step::Content && says(&OF_CONTENT)) {
            Fault::Mail
        } else {
            otherwise
        }
    };
    match enhanced {
        Some((1, 0)) => by_words(Fault::Mail),
        // The sender's address.
        Some((1, 7 | 8)) => Fault::SetUp,
        // Microsoft 365: the day's limit is reached.
        Some((1, 90)) => Fault::Passing,
        Some((1, _)) => Fault::Mail,
        // A mailbox that is full.
        Some((2, 2)) => Fault::Passing,
        // Microsoft 365 says this of a sender.
        Some((2, _)) if words.contains("sendasdenied") => Fault::SetUp,
        Some((2, _)) => Fault::Mail,
        // A mail system that is full, not accepting mail, or set up wrongly; a
        // directory that is away, and congestion; too many recipients.
        Some((3, 1 | 2 | 5) | (4, 3 | 5) | (5, 3)) => Fault::Passing,
        // A mailing list; a mailbox with another owner now (RFC 7293); Microsoft
        // 365, of a group or mailbox that takes mail from few.
        Some((7, 2 | 17 | 18 | 124..=136)) => Fault::Mail,
        Some((7, 0 | 1)) => by_words(Fault::SetUp),
        Some((7, _)) => Fault::SetUp,
        _ => by_words(Fault::Mail),
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
    fn a_refusal_of_whoever_sends_is_a_fault_of_the_set_up() {
        for (step, code, text) in [
            // Postfix.
            (Step::Recipient, 554, "5.7.1 <ann@example.com>: Relay access denied"),
            (Step::Recipient, 454, "4.7.1 <ann@example.com>: Relay access denied"),
            (
                Step::Recipient,
                553,
                "5.7.1 <a@b.example>: Sender address rejected: not owned by user x",
            ),
            (Step::Recipient, 550, "5.1.0 <a@b.example>: Sender address rejected: User unknown"),
            (
                Step::Recipient,
                550,
                "5.1.8 <a@b.example>: Sender address rejected: Domain not found",
            ),
            (
                Step::Recipient,
                504,
                "5.5.2 <x>: Helo command rejected: need fully-qualified hostname",
            ),
            (Step::Recipient, 450, "4.7.1 Client host rejected: cannot find your hostname"),
            (
                Step::Recipient,
                554,
                "5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.example",
            ),
            // Exim and qmail.
            (Step::Recipient, 550, "relay not permitted"),
            (Step::Recipient, 550, "Sender verify failed"),
            (Step::Recipient, 550, "Administrative prohibition"),
            (Step::Recipient, 550, "authentication required"),
            (
                Step::Recipient,
                553,
                "sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)",
            ),
            // Microsoft 365.
            (Step::Recipient, 550, "5.7.54 SMTP; Unable to relay recipient in non-accepted domain"),
            (Step::Recipient, 550, "5.7.1 Unable to relay"),
            (Step::Recipient, 550, "5.7.64 TenantAttribution; Relay Access Denied"),
            (Step::Sender, 530, "5.7.57 Client not authenticated to send mail"),
            (
                Step::Content,
                550,
                "5.7.60 SMTP; Client does not have permissions to send as this sender",
            ),
            (
                Step::Content,
                554,
                "5.2.252 SendAsDenied; a@b.example not allowed to send as c@b.example",
            ),
            (Step::Content, 550, "5.1.8 Access denied, bad outbound sender AS(42004)"),
            (Step::Content, 550, "5.7.501 Access denied, spam abuse detected"),
            (
                Step::Content,
                550,
                "5.7.708 Service unavailable. Access denied, traffic not accepted from this IP",
            ),
            // SendGrid, Mailgun, Amazon SES.
            (
                Step::Content,
                550,
                "The from address does not match a verified Sender Identity. Mail cannot be sent until this error is resolved.",
            ),
            (Step::Recipient, 550, "Unauthenticated senders not allowed"),
            (Step::Recipient, 451, "Authentication failed: Maximum credits exceeded"),
            (
                Step::Content,
                421,
                "Domain b.example is not allowed to send: Please activate your account",
            ),
            (Step::Content, 554, "Message rejected: Email address is not verified."),
            // Gmail.
            (Step::Sender, 530, "5.7.0 Authentication Required."),
            (Step::Recipient, 550, "5.7.1 Invalid credentials for relay [192.0.2.1]"),
            (
                Step::Content,
                550,
                "5.7.26 This mail has been blocked because the sender is unauthenticated.",
            ),
            (
                Step::Content,
                550,
                "5.7.1 [192.0.2.1] Our system has detected an unusual rate of mail",
            ),
            (Step::SignIn, 534, "5.7.9 Application-specific password required"),
            // Others.
            (Step::Recipient, 554, "Your account has been suspended"),
            (Step::Recipient, 550, "5.7.13 user account disabled"),
            (Step::Connect, 554, "5.7.1 no service for you"),
            (Step::Sender, 550, "no"),
            (Step::Recipient, 503, "AUTH first"),
        ] {
            assert_eq!(fault(step, code, text), Fault::SetUp, "{step}: {code} {text}");
        }
    }

    #[test]
    fn a_refusal_of_the_recipient_or_the_content_is_of_this_mail() {
        for (step, code, text) in [
            (
                Step::Recipient,
                550,
                "5.1.1 <ann@example.com>: Recipient address rejected: User unknown in relay recipient table",
            ),
            (
                Step::Recipient,
                550,
                "5.1.1 The email account that you tried to reach does not exist.",
            ),
            (Step::Recipient, 550, "5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found"),
            (Step::Recipient, 550, "5.2.1 The email account that you tried to reach is disabled."),
            (Step::Recipient, 550, "5.2.1 account is disabled"),
            (Step::Recipient, 550, "5.4.1 Recipient address rejected: Access denied"),
            (
                Step::Recipient,
                554,
                "5.7.1 <ann@example.com>: Recipient address rejected: Access denied",
            ),
            (Step::Recipient, 550, "5.7.124 Sender not in allowed-senders list"),
            (Step::Recipient, 550, "5.7.17 mailbox owner has changed"),
            (Step::Recipient, 550, "Unrouteable address"),
            (Step::Recipient, 550, "<blocklist@example.com> unknown"),
            (Step::Recipient, 550, "no such user"),
            (Step::Recipient, 550, ""),
            (Step::Recipient, 501, "5.1.3 Bad recipient address syntax"),
            (Step::Sender, 553, "5.6.7 address requires SMTPUTF8"),
            (Step::Content, 552, "5.3.4 message too big"),
            (Step::Content, 554, "5.6.0 bad content"),
            (Step::Content, 554, "5.7.1 listed URL https://a.example/x"),
            (Step::Content, 550, "5.7.1 message looks like spam"),
            (Step::Content, 554, "no"),
            (Step::Content, 554, "5.0.0 refused"),
            (Step::Recipient, 550, "5.2.2.1 odd"),
        ] {
            assert_eq!(fault(step, code, text), Fault::Mail, "{step}: {code} {text}");
        }
    }

    #[test]
    fn what_passes_says_nothing_of_either() {
        for (step, code, text) in [
            (Step::Recipient, 451, "4.7.1 greylisted, try again"),
            (Step::Recipient, 450, "4.1.1 recipient address rejected: sender not verified yet"),
            (Step::Recipient, 552, "5.2.2 mailbox full"),
            (Step::Recipient, 550, "5.4.5 Daily user sending limit exceeded"),
            (Step::Content, 550, "5.1.90 You have reached your daily limit"),
            (Step::Content, 452, "4.3.1 out of storage"),
            (Step::Recipient, 550, "5.5.3 too many recipients"),
            (Step::SignIn, 454, "4.7.0 Temporary authentication failure"),
            (Step::Connect, 421, "4.3.2 try later"),
        ] {
            assert_eq!(fault(step, code, text), Fault::Passing, "{step}: {code} {text}");
        }
    }
}
