//! Tokens derived from ids: the database holds nothing that could be presented,
//! a mail sent again carries the same link, and a forged token is refused
//! without a query.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq as _;

use crate::keys::{KeyId, KeyRing, Root};
use crate::model::ids::{SessionId, TokenId};
use crate::model::token::Purpose;
use crate::secret::Redacted;
use crate::typed;

/// What one-time tokens begin with, so that scanners find leaked ones.
pub(crate) const ONE_TIME_PREFIX: &str = "umt_";
/// What refresh tokens begin with.
pub(crate) const REFRESH_PREFIX: &str = "umr_";

/// What the values of browsers' cookies begin with.
pub(crate) const BROWSER_PREFIX: &str = "umb_";

/// How many digits a short code has.
const CODE_DIGITS: u32 = 8;

/// The one-time token of a row: `base64url(purpose ‖ key id ‖ id ‖ MAC)`.
pub(crate) fn one_time(keys: &KeyRing, purpose: Purpose, id: TokenId) -> Redacted<String> {
    let root = keys.signing();
    let mut bytes = vec![purpose.number()];
    bytes.extend_from_slice(root.id.as_bytes());
    bytes.extend_from_slice(id.as_bytes());
    bytes.extend_from_slice(&one_time_mac(root, purpose, id));
    Redacted::new(format!("{ONE_TIME_PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes)))
}

/// What a one-time token stands for; `None` where it is none of ours.
pub(crate) fn parse_one_time(keys: &KeyRing, text: &str) -> Option<(Purpose, TokenId)> {
    let bytes = decode::<53>(text, ONE_TIME_PREFIX)?;
    let (purpose, rest) = (Purpose::from_number(bytes[0])?, &bytes[1..]);
    let root = find(keys, rest[..4].try_into().ok()?)?;
    let id = TokenId::from_bytes(rest[4..20].try_into().ok()?);
    bool::from(one_time_mac(root, purpose, id).ct_eq(&rest[20..])).then_some((purpose, id))
}

fn one_time_mac(root: &Root, purpose: Purpose, id: TokenId) -> [u8; 32] {
    root.token_mac(&[b"one-time", &[purpose.number()], id.as_bytes()])
}

/// What stands for having asked for a mailed sign-in: `base64url(key id ‖ id ‖
/// MAC)`. It names the row, or one that was never written, and is no link.
pub(crate) fn mail_request(keys: &KeyRing, id: TokenId) -> Redacted<String> {
    let root = keys.signing();
    let mut bytes = root.id.as_bytes().to_vec();
    bytes.extend_from_slice(id.as_bytes());
    bytes.extend_from_slice(&mail_request_mac(root, id));
    Redacted::new(format!("{ONE_TIME_PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes)))
}

/// The row that it names; `None` where it is none of ours.
pub(crate) fn parse_mail_request(keys: &KeyRing, text: &str) -> Option<TokenId> {
    let bytes = decode::<52>(text, ONE_TIME_PREFIX)?;
    let root = find(keys, bytes[..4].try_into().ok()?)?;
    let id = TokenId::from_bytes(bytes[4..20].try_into().ok()?);
    bool::from(mail_request_mac(root, id).ct_eq(&bytes[20..])).then_some(id)
}

fn mail_request_mac(root: &Root, id: TokenId) -> [u8; 32] {
    root.token_mac(&[b"mail-request", id.as_bytes()])
}

/// What a passkey has to sign after the first factor that the ticket stands for.
#[cfg(feature = "passkeys")]
pub(crate) fn ticket_challenge(root: &Root, ticket: TokenId) -> [u8; 32] {
    root.token_mac(&[b"ticket-challenge", ticket.as_bytes()])
}

/// The refresh token of a session's generation: `base64url(key id ‖ session ‖
/// generation ‖ MAC)`.
pub(crate) fn refresh(keys: &KeyRing, session: SessionId, generation: i64) -> Redacted<String> {
    let root = keys.signing();
    let mut bytes = root.id.as_bytes().to_vec();
    bytes.extend_from_slice(session.as_bytes());
    bytes.extend_from_slice(&generation.to_be_bytes());
    bytes.extend_from_slice(&refresh_mac(root, session, generation));
    Redacted::new(format!("{REFRESH_PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes)))
}

/// What a refresh token stands for; `None` where it is none of ours.
pub(crate) fn parse_refresh(keys: &KeyRing, text: &str) -> Option<(SessionId, i64)> {
    let bytes = decode::<60>(text, REFRESH_PREFIX)?;
    let root = find(keys, bytes[..4].try_into().ok()?)?;
    let session = SessionId::from_bytes(bytes[4..20].try_into().ok()?);
    let generation = i64::from_be_bytes(bytes[20..28].try_into().ok()?);
    bool::from(refresh_mac(root, session, generation).ct_eq(&bytes[28..]))
        .then_some((session, generation))
}

fn refresh_mac(root: &Root, session: SessionId, generation: i64) -> [u8; 32] {
    root.token_mac(&[b"refresh", session.as_bytes(), &generation.to_be_bytes()])
}

/// The cookie of a session in a browser: `base64url(key id ‖ session ‖ MAC)`.
pub(crate) fn browser(keys: &KeyRing, session: SessionId) -> Redacted<String> {
    let root = keys.signing();
    let mut bytes = root.id.as_bytes().to_vec();
    bytes.extend_from_slice(session.as_bytes());
    bytes.extend_from_slice(&root.browser_mac(&[b"cookie", session.as_bytes()]));
    Redacted::new(format!("{BROWSER_PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes)))
}

/// Which session a cookie stands for; `None` where it is none of ours.
pub(crate) fn parse_browser(keys: &KeyRing, text: &str) -> Option<SessionId> {
    let bytes = decode::<52>(text, BROWSER_PREFIX)?;
    let root = find(keys, bytes[..4].try_into().ok()?)?;
    let session = SessionId::from_bytes(bytes[4..20].try_into().ok()?);
    let mac = root.browser_mac(&[b"cookie", session.as_bytes()]);
    bool::from(mac.ct_eq(&bytes[20..])).then_some(session)
}

/// What every form of a session in a browser carries: `base64url(key id ‖ MAC)`.
pub(crate) fn form(keys: &KeyRing, session: SessionId) -> Redacted<String> {
    let root = keys.signing();
    let mut bytes = root.id.as_bytes().to_vec();
    bytes.extend_from_slice(&root.browser_mac(&[b"form", session.as_bytes()]));
    Redacted::new(URL_SAFE_NO_PAD.encode(bytes))
}

/// Whether a form is of this session.
pub(crate) fn form_matches(keys: &KeyRing, session: SessionId, text: &str) -> bool {
    let matches = || {
        let bytes = decode::<36>(text, "")?;
        let root = find(keys, bytes[..4].try_into().ok()?)?;
        let mac = root.browser_mac(&[b"form", session.as_bytes()]);
        Some(bool::from(mac.ct_eq(&bytes[4..])))
    };
    matches().unwrap_or(false)
}

/// The short code of a token's `issue`: eight digits, each code as likely as any other.
pub(crate) fn code(keys: &KeyRing, id: TokenId, issue: i64) -> Redacted<String> {
    derive_code(keys.signing(), id, issue)
}

/// Whether what somebody typed is the short code of a token's `issue`, from
/// whatever keyboard; what stands between the digits does not count.
pub(crate) fn code_matches(keys: &KeyRing, id: TokenId, issue: i64, typed: &str) -> bool {
    let digits = typed::code(typed, 64);
    // Every root is tried, so that how long it takes does not tell which one matched.
    keys.verifying().fold(false, |found, root| found | (derive_code(root, id, issue) == digits))
}

fn derive_code(root: &Root, id: TokenId, issue: i64) -> Redacted<String> {
    let modulus = 10_u32.pow(CODE_DIGITS);
    // Rejection sampling: numbers past the last whole multiple would favour low codes.
    let limit = u32::MAX - u32::MAX % modulus;
    let number = (0_u32..)
        .flat_map(|round| {
            let mac = root.code_mac(&[id.as_bytes(), &issue.to_be_bytes(), &round.to_be_bytes()]);
            mac.chunks_exact(4)
                .map(|four| four.iter().fold(0, |n, b| n << 8 | u32::from(*b)))
                .collect::<Vec<_>>()
        })
        .find(|number| *number < limit)
        .unwrap_or_default();
    Redacted::new(format!("{:0width$}", number % modulus, width = CODE_DIGITS as usize))
}

fn find(keys: &KeyRing, id: [u8; 4]) -> Option<&Root> {
    keys.verifying().find(|root| root.id == KeyId::from_bytes(id))
}

fn decode<const N: usize>(text: &str, prefix: &str) -> Option<[u8; N]> {
    let text = text.strip_prefix(prefix)?;
    if text.len() != (N * 4).div_ceil(3) {
        return None;
    }
    URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::{RootSecret, RootState};

    fn ring(byte: u8) -> KeyRing {
        KeyRing::single((byte..byte + 32).collect()).unwrap()
    }

    const ID: TokenId = TokenId::from_bytes([9; 16]);

    #[test]
    fn a_token_says_what_it_stands_for() {
        for purpose in Purpose::ALL {
            let token = one_time(&ring(1), purpose, ID);
            assert_eq!(parse_one_time(&ring(1), token.expose()), Some((purpose, ID)));
        }
        let request = mail_request(&ring(1), ID);
        assert_eq!(parse_mail_request(&ring(1), request.expose()), Some(ID));
        assert_eq!(parse_one_time(&ring(1), request.expose()), None);
        let session = SessionId::from_bytes([3; 16]);
        assert_eq!(
            parse_refresh(&ring(1), refresh(&ring(1), session, 7).expose()),
            Some((session, 7))
        );
        assert_eq!(parse_browser(&ring(1), browser(&ring(1), session).expose()), Some(session));
    }

    #[test]
    fn a_form_is_of_one_session_under_one_secret() {
        let (session, other) = (SessionId::from_bytes([3; 16]), SessionId::from_bytes([4; 16]));
        let token = form(&ring(1), session);
        assert!(form_matches(&ring(1), session, token.expose()));
        assert!(!form_matches(&ring(1), other, token.expose()));
        assert!(!form_matches(&ring(2), session, token.expose()));
        assert!(!form_matches(&ring(1), session, ""));
        assert!(!form_matches(&ring(1), session, browser(&ring(1), session).expose()));
    }

    #[test]
    fn no_changed_character_survives() {
        let token = one_time(&ring(1), Purpose::Reset, ID);
        let refresh = refresh(&ring(1), SessionId::from_bytes([3; 16]), 7);
        let request = mail_request(&ring(1), ID);
        let cookie = browser(&ring(1), SessionId::from_bytes([3; 16]));
        for text in [token.expose(), refresh.expose(), request.expose(), cookie.expose()] {
            for at in 0..text.len() {
                for other in ['A', 'B', '_', '='] {
                    let mut changed: Vec<char> = text.chars().collect();
                    if changed[at] == other {
                        continue;
                    }
                    changed[at] = other;
                    let changed: String = changed.into_iter().collect();
                    assert_eq!(parse_one_time(&ring(1), &changed), None);
                    assert_eq!(parse_refresh(&ring(1), &changed), None);
                    assert_eq!(parse_mail_request(&ring(1), &changed), None);
                    assert_eq!(parse_browser(&ring(1), &changed), None);
                }
            }
            assert_eq!(parse_one_time(&ring(1), &format!("{text}A")), None);
        }
    }

    #[test]
    fn a_retired_secret_verifies_until_it_only_unseals() {
        let token = one_time(&ring(1), Purpose::Reset, ID);
        let with = |state| {
            KeyRing::new(&[
                RootSecret::new((2..34).collect(), RootState::Sign).unwrap(),
                RootSecret::new((1..33).collect(), state).unwrap(),
            ])
            .unwrap()
        };
        assert!(parse_one_time(&with(RootState::Verify), token.expose()).is_some());
        assert!(parse_one_time(&with(RootState::UnsealOnly), token.expose()).is_none());
        assert!(parse_one_time(&ring(2), token.expose()).is_none());
        let old = code(&ring(1), ID, 1);
        assert!(code_matches(&with(RootState::Verify), ID, 1, old.expose()));
        assert!(!code_matches(&with(RootState::UnsealOnly), ID, 1, old.expose()));
    }

    #[test]
    fn codes_are_eight_digits_that_change_with_each_issue() {
        let keys = ring(1);
        let codes: Vec<String> =
            (0..1000).map(|issue| code(&keys, ID, issue).expose().clone()).collect();
        assert!(
            codes.iter().all(|code| code.len() == 8 && code.bytes().all(|b| b.is_ascii_digit()))
        );
        let distinct: std::collections::HashSet<_> = codes.iter().collect();
        assert!(distinct.len() > 990);
        assert!(code_matches(&keys, ID, 5, &format!(" {}-{} ", &codes[5][..4], &codes[5][4..])));
        let full_width: String =
            codes[5].chars().map(|c| char::from_u32(u32::from(c) + 0xFEE0).unwrap()).collect();
        assert!(code_matches(&keys, ID, 5, &format!("{full_width}\r\n")));
        assert!(!code_matches(&keys, ID, 5, &codes[6]));
        assert!(!code_matches(&keys, ID, 5, ""));
    }
}
