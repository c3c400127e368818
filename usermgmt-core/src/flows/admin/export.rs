//! Everything that is kept about a person, in one document.

use serde_json::{Value, json};

use super::AdminError;
use crate::auth::{Auth, ServiceError};
use crate::clock::Timestamp;
use crate::model::audit::AuditEntry;
use crate::model::identity::Identity;
use crate::model::ids::UserId;
use crate::model::mail::StoredMail;
use crate::model::passkey::Passkey;
use crate::model::session::Session;
use crate::model::token::{Purpose, Token};
use crate::store::directory::{AuditFilter, Paged};

/// How many entries of the audit log are read at a time.
const PAGE: usize = 200;

impl Auth {
    /// Everything that is kept about a person (GDPR, articles 15 and 20): the
    /// account, identities, passkeys, sessions, when each device was last used, mails that
    /// wait or were given up, links that are still good, and what the audit log says of
    /// them and of what they did. No hash, secret, token or code.
    ///
    /// # Errors
    /// [`AdminError::NotFound`], [`AdminError::Service`].
    pub async fn export_user(&self, id: &UserId) -> Result<Value, AdminError> {
        let now = self.now();
        let account = self.account(id).await?.ok_or(AdminError::NotFound)?;
        let listed = self.admin_user(id).await?;
        let (user, totp) = (&account.user, account.totp.as_ref());
        let mut links = Vec::new();
        for purpose in Purpose::ALL {
            links.extend(self.read(self.0.store.live_token(id, purpose, now)).await?);
        }
        let sessions = self.sessions(id).await?;
        let about = AuditFilter { user: Some(id.clone()), ..AuditFilter::default() };
        let by = AuditFilter { actor: Some(id.to_string()), ..AuditFilter::default() };
        let mut entries = self.all_audit(&about).await?;
        let others = self.all_audit(&by).await?;
        entries.extend(others.into_iter().filter(|entry| entry.user_id.as_ref() != Some(id)));
        let left = self.recovery_codes_left(id).await?;
        let passkeys = self.read(self.0.store.passkeys(std::slice::from_ref(id))).await?;
        let identities = self.read(self.0.store.identities(id)).await?;
        let devices = self.read(self.0.store.devices_used(id)).await?;
        let mails = self.read(self.0.store.mail_of(id)).await?;
        Ok(json!({
            "exported_at": now.to_string(),
            "id": user.id,
            "username": user.username.as_str(),
            "email": user.email.as_str(),
            "is_email_confirmed": user.is_email_confirmed(),
            "email_confirmed_at": time(user.email_confirmed_at),
            "unconfirmed_until": time(user.unconfirmed_until),
            "is_disabled": user.disabled_at.is_some(),
            "disabled_at": time(user.disabled_at),
            "role": user.role.as_str(),
            "first_name": user.first_name,
            "last_name": user.last_name,
            "gender": user.gender,
            "locale": user.locale,
            "has_password": account.password.is_some(),
            "mfa_enabled": listed.mfa_enabled,
            "mfa_enabled_at": time(totp.and_then(|totp| totp.confirmed.as_ref()).map(|secret| secret.created_at)),
            "recovery_codes_left": left,
            "passkeys": passkeys.iter().map(passkey).collect::<Vec<_>>(),
            "created_at": user.created_at.to_string(),
            "updated_at": user.updated_at.to_string(),
            "last_sign_in_at": time(listed.last_sign_in_at),
            "identities": identities.iter().map(identity).collect::<Vec<_>>(),
            "sessions": sessions.iter().map(session).collect::<Vec<_>>(),
            "devices": devices.iter().map(device).collect::<Vec<_>>(),
            "mails": mails.iter().map(mail).collect::<Vec<_>>(),
            "links": links.iter().map(link).collect::<Vec<_>>(),
            "audit": entries.iter().map(entry).collect::<Vec<_>>(),
        }))
    }

    async fn all_audit(&self, filter: &AuditFilter) -> Result<Vec<AuditEntry>, ServiceError> {
        let mut entries = Vec::new();
        let mut paged = Paged::first(PAGE);
        loop {
            let page = self.read(self.0.store.list_audit(filter, &paged)).await?;
            entries.extend(page.rows);
            match page.after {
                Some(after) => paged.seek = Some(after),
                None => return Ok(entries),
            }
        }
    }
}

fn time(at: Option<Timestamp>) -> Option<String> {
    at.map(|at| at.to_string())
}

fn passkey(passkey: &Passkey) -> Value {
    json!({
        "id": passkey.id,
        "name": passkey.name,
        "backed_up": passkey.backed_up,
        "created_at": passkey.created_at.to_string(),
        "last_used_at": time(passkey.last_used_at),
    })
}

fn session(session: &Session) -> Value {
    json!({
        "id": session.id.to_string(),
        "created_at": session.created_at.to_string(),
        "last_seen_at": session.last_seen_at.to_string(),
        "expires_at": session.expires_at.to_string(),
        "signed_in_with": session.amr,
        "ip": session.ip,
        "user_agent": session.user_agent,
    })
}

fn identity(identity: &Identity) -> Value {
    json!({
        "id": identity.id.as_str(),
        "provider": identity.provider,
        "issuer": identity.issuer,
        "subject": identity.subject,
        "email": identity.email,
        "created_at": identity.created_at.to_string(),
        "last_used_at": time(identity.last_used_at),
    })
}

/// Of a device nothing is known but that it is the same one.
fn device(used_at: &Timestamp) -> Value {
    json!({ "last_used_at": used_at.to_string() })
}

fn mail(mail: &StoredMail) -> Value {
    match mail {
        Ok(mail) => json!({
            "id": mail.id,
            "kind": mail.kind.as_str(),
            "recipient": mail.recipient.as_str(),
            "locale": mail.locale,
            "params": mail.params,
            "created_at": mail.created_at.to_string(),
            "attempts": mail.attempts,
            "given_up_at": time(mail.dead_at),
        }),
        Err(mail) => json!({
            "id": mail.id,
            "kind": null,
            "created_at": mail.created_at.to_string(),
            "attempts": mail.attempts,
            "given_up_at": time(mail.dead_at),
        }),
    }
}

/// What was mailed, without what makes it good; and to which address, where it
/// is bound to one and not to something else.
fn link(token: &Token) -> Value {
    let elsewhere = matches!(
        token.purpose,
        Purpose::MfaTicket
            | Purpose::EmailSignIn
            | Purpose::ProviderSignIn
            | Purpose::SignInExchange
    );
    let address = token.binding.as_ref().filter(|_| !elsewhere);
    json!({
        "purpose": token.purpose,
        "email": address,
        "created_at": token.created_at.to_string(),
        "expires_at": token.expires_at.to_string(),
    })
}

fn entry(entry: &AuditEntry) -> Value {
    let origin = &entry.origin;
    json!({
        "id": entry.id,
        "at": entry.at.to_string(),
        "action": entry.action,
        "user_id": entry.user_id,
        "actor": { "kind": origin.actor.as_str(), "id": origin.actor_id },
        "ip": origin.ip,
        "user_agent": origin.user_agent,
        "request_id": origin.request_id,
        "detail": entry.detail,
    })
}
