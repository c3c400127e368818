//! Device tokens: by them a client shows that its user has signed in there before
//! (OWASP, "Device cookies").

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq as _;

use crate::clock::Timestamp;
use crate::keys::{KeyId, KeyRing, Root};
use crate::model::ids::{DeviceId, UserId};
use crate::secret::Redacted;

/// What device tokens begin with, so that scanners find leaked ones.
const PREFIX: &str = "umd_";
/// Key id, device id and expiry.
const HEAD: usize = 28;
const MAC: usize = 32;

/// The token of a user's device: `base64url(key id ‖ device ‖ expiry ‖ user ‖ MAC)`.
pub(crate) fn token(
    keys: &KeyRing,
    user: &UserId,
    device: DeviceId,
    expires_at: Timestamp,
) -> Redacted<String> {
    let root = keys.signing();
    let mut bytes = root.id.as_bytes().to_vec();
    bytes.extend_from_slice(device.as_bytes());
    bytes.extend_from_slice(&expires_at.as_millis().to_be_bytes());
    bytes.extend_from_slice(user.as_str().as_bytes());
    bytes.extend_from_slice(&mac(root, user, device, expires_at));
    Redacted::new(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes)))
}

/// Whose device a token is of; `None` where it is none of ours, or expired.
pub(crate) fn parse(keys: &KeyRing, text: &str, now: Timestamp) -> Option<(UserId, DeviceId)> {
    let text = text.strip_prefix(PREFIX).filter(|text| text.len() <= 128)?;
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let (head, rest) = bytes.split_at_checked(HEAD)?;
    let (user, presented) = rest.split_at_checked(rest.len().checked_sub(MAC)?)?;
    let id = KeyId::from_bytes(head[..4].try_into().ok()?);
    let device = DeviceId::from_bytes(head[4..20].try_into().ok()?);
    let expires_at = Timestamp::from_millis(i64::from_be_bytes(head[20..].try_into().ok()?));
    let user: UserId = std::str::from_utf8(user).ok()?.parse().ok()?;
    let root = keys.verifying().find(|root| root.id == id)?;
    let is_right = bool::from(mac(root, &user, device, expires_at).ct_eq(presented));
    (is_right && now < expires_at).then_some((user, device))
}

fn mac(root: &Root, user: &UserId, device: DeviceId, expires_at: Timestamp) -> [u8; 32] {
    let expires_at = expires_at.as_millis().to_be_bytes();
    root.token_mac(&[b"device", user.as_str().as_bytes(), device.as_bytes(), &expires_at])
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
    const LATER: Timestamp = Timestamp::from_millis(1_800_000_000_001);

    fn made(user: &str) -> (KeyRing, UserId, DeviceId, Redacted<String>) {
        let keys = KeyRing::single((7..39).collect()).unwrap();
        let (user, device) = (user.parse::<UserId>().unwrap(), DeviceId::from_bytes([3; 16]));
        let text = token(&keys, &user, device, LATER);
        (keys, user, device, text)
    }

    #[test]
    fn a_device_token_says_whose_device_it_is_of_until_it_expires() {
        for user in ["1", "0190f3c4-5d6e-7f80-9123-456789abcdef"] {
            let (keys, user, device, text) = made(user);
            assert_eq!(parse(&keys, text.expose(), NOW), Some((user, device)));
            assert_eq!(parse(&keys, text.expose(), LATER), None);
        }
    }

    #[test]
    fn no_changed_character_survives() {
        let (keys, _, _, text) = made("ann");
        let text = text.expose();
        for at in 0..text.len() {
            for other in ['A', 'B', '_', '='] {
                let mut changed: Vec<char> = text.chars().collect();
                if changed[at] != other {
                    changed[at] = other;
                    let changed: String = changed.into_iter().collect();
                    assert_eq!(parse(&keys, &changed, NOW), None, "{changed}");
                }
            }
        }
        assert_eq!(parse(&keys, &format!("{text}A"), NOW), None);
        assert_eq!(parse(&KeyRing::single((8..40).collect()).unwrap(), text, NOW), None);
    }
}
