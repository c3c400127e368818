//! Our own rule about passwords.

use async_trait::async_trait;
use usermgmt_core::PlaintextPassword;
use usermgmt_core::password::{PasswordRefusal, PasswordRule};

/// A password does not have our name in it.
#[derive(Debug)]
pub struct NotOurName;

#[async_trait]
impl PasswordRule for NotOurName {
    async fn check(
        &self,
        password: &PlaintextPassword,
        _own_words: &[&str],
    ) -> Result<(), PasswordRefusal> {
        if password.expose().to_lowercase().contains("acme") {
            return Err(PasswordRefusal {
                reason: "password_has_our_name",
                text: "Choose a password without our name in it".to_owned(),
            });
        }
        Ok(())
    }
}
