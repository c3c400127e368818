//! Secrets at rest: XChaCha20-Poly1305, bound to their owner and purpose, so
//! that a row copied to another user does not open.

use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};

use crate::keys::{KeyId, KeyRing};
use crate::rng::{SecureRng, random};
use crate::secret::Redacted;

/// `key id ‖ nonce ‖ ciphertext`.
pub(crate) fn seal(
    keys: &KeyRing,
    rng: &dyn SecureRng,
    owner: &str,
    purpose: &str,
    plain: &[u8],
) -> Vec<u8> {
    let root = keys.signing();
    let nonce = random::<24>(rng);
    let cipher = XChaCha20Poly1305::new(root.seal.expose().into());
    let aad = associated(owner, purpose);
    let Ok(sealed) = cipher.encrypt(&XNonce::from(nonce), Payload { msg: plain, aad: &aad }) else {
        unreachable!("a secret is far below the cipher's limit of 256 GiB");
    };
    [root.id.as_bytes().as_slice(), &nonce, &sealed].concat()
}

/// The plain bytes; `None` where they were sealed for somebody else, under a
/// secret that is not here, or changed.
pub(crate) fn open(
    keys: &KeyRing,
    owner: &str,
    purpose: &str,
    sealed: &[u8],
) -> Option<Redacted<Vec<u8>>> {
    let (id, rest) = sealed.split_at_checked(4)?;
    let (nonce, ciphertext) = rest.split_at_checked(24)?;
    let id = KeyId::from_bytes(id.try_into().ok()?);
    let root = keys.roots().iter().find(|root| root.id == id)?;
    let cipher = XChaCha20Poly1305::new(root.seal.expose().into());
    let nonce: [u8; 24] = nonce.try_into().ok()?;
    let aad = associated(owner, purpose);
    cipher
        .decrypt(&XNonce::from(nonce), Payload { msg: ciphertext, aad: &aad })
        .ok()
        .map(Redacted::new)
}

fn associated(owner: &str, purpose: &str) -> Vec<u8> {
    // An owner's id has no NUL, so the two cannot run into each other.
    format!("usermgmt/v1\0{owner}\0{purpose}").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::OsRng;

    #[test]
    fn only_the_owner_and_purpose_it_was_sealed_for_open_it() {
        let keys = KeyRing::single((1..33).collect()).unwrap();
        let sealed = seal(&keys, &OsRng, "ann", "totp", b"secret");
        assert_eq!(open(&keys, "ann", "totp", &sealed).unwrap().expose(), b"secret");
        assert!(open(&keys, "bob", "totp", &sealed).is_none());
        assert!(open(&keys, "ann", "other", &sealed).is_none());
        assert!(
            open(&KeyRing::single((2..34).collect()).unwrap(), "ann", "totp", &sealed).is_none()
        );
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(open(&keys, "ann", "totp", &changed).is_none());
        }
        assert!(open(&keys, "ann", "totp", &sealed[..20]).is_none());
    }
}
