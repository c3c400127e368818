//! What a change comes to: guarded operations.

use usermgmt_core::store::{Change, StoreError};

use crate::guard::Step;
use crate::table::{
    audit, devices, factors, identifiers, identities, outbox, passkeys, root_keys, service_keys,
    sessions, tokens, users,
};

/// The operations of a change, in the order to run them.
pub(crate) fn steps(change: &Change) -> Result<Vec<Step>, StoreError> {
    let step = match change {
        Change::KeepAdmin { id } => {
            return Ok(vec![users::lock_admins(), users::require_admin_besides(id)]);
        }
        Change::InsertUser { user, password } => users::insert(user, password.as_ref())?,
        Change::TouchUser { id, active, epoch } => users::touch(id, *active, *epoch),
        Change::UpdateUser { id, epoch, raise_epoch, at, set } => {
            users::update(id, *epoch, *raise_epoch, *at, set)
        }
        Change::DeleteUser { id, epoch, at } => users::delete(id, *epoch, *at),
        Change::ClaimIdentifier { identifier, user_id, until, now } => {
            identifiers::claim(identifier, user_id.as_ref(), *until, *now)
        }
        Change::HoldIdentifier { identifier, user_id, until } => {
            identifiers::hold(identifier, user_id, *until)
        }
        Change::ReleaseIdentifier { identifier, user_id } => {
            identifiers::release(identifier, user_id)
        }
        Change::ReleaseIdentifiers { user_id } => identifiers::release_all(user_id),
        Change::InsertToken(token) => tokens::insert(token)?,
        Change::UseToken { id, now } => tokens::use_up(*id, *now),
        Change::VoidTokens { user_id, purpose, since, now } => {
            tokens::void(user_id, *purpose, *since, *now)
        }
        Change::IssueCode { id, issue, expires_at, now } => {
            tokens::issue_code(*id, *issue, *expires_at, *now)
        }
        Change::InsertSession(session) => {
            return Ok(vec![
                sessions::insert(session)?,
                sessions::evict(session),
                users::note_sign_in(&session.user_id, session.created_at),
            ]);
        }
        Change::RotateSession { id, generation, to, now, expires_at, ip, user_agent } => {
            let (generations, client) = ((*generation, *to), (*ip, user_agent.as_deref()));
            sessions::rotate(*id, generations, *now, *expires_at, client)
        }
        Change::ReceiveSession { id, generation, now } => sessions::receive(*id, *generation, *now),
        Change::ReplaySession { id, generation, replayed, replays, now } => {
            sessions::replay(*id, *generation, (*replayed, *replays), *now)
        }
        Change::EndSession { id, user_id, generation } => sessions::end(*id, user_id, *generation),
        Change::EndSessions { user_id, except } => sessions::end_all(user_id, *except),
        Change::SetPendingTotp { user_id, secret } => factors::set_pending(user_id, secret)?,
        Change::ConfirmTotp { user_id, factor_id, step } => {
            return Ok(vec![
                factors::confirm(user_id, factor_id, *step),
                factors::note_factor(user_id),
            ]);
        }
        Change::UseTotpStep { user_id, factor_id, step } => {
            factors::use_step(user_id, factor_id, *step)
        }
        Change::ResealTotp { user_id, secret } => factors::reseal(user_id, secret)?,
        Change::DropPendingTotp { user_id } => factors::drop_pending(user_id),
        Change::RemoveTotp { user_id } => {
            return Ok(vec![factors::remove(user_id), factors::note_factor(user_id)]);
        }
        Change::ReplaceRecoveryCodes { user_id, hashes } => factors::replace_codes(user_id, hashes),
        Change::UseRecoveryCode { user_id, hash } => factors::use_code(user_id, hash),
        Change::LinkIdentity(identity) => identities::insert(identity)?,
        Change::UseIdentity { user_id, issuer, subject, at } => {
            identities::note_use(user_id, issuer, subject, *at)
        }
        Change::UnlinkIdentity { user_id, id } => identities::delete(user_id, id),
        Change::UnlinkIdentities { user_id, since } => identities::delete_all(user_id, *since),
        Change::InsertPasskey(passkey) => {
            return Ok(vec![passkeys::insert(passkey)?, passkeys::note_passkey(&passkey.user_id)]);
        }
        Change::UsePasskey { id, user_id, counter, to, backed_up, at } => {
            passkeys::use_once(id, user_id, (*counter, *to), *backed_up, *at)
        }
        Change::RenamePasskey { id, user_id, name } => passkeys::rename(id, user_id, name),
        Change::RemovePasskey { id, user_id } => {
            return Ok(vec![passkeys::remove(id, user_id), passkeys::note_passkeys_left(user_id)]);
        }
        Change::RemovePasskeys { user_id, since } => {
            let remove = passkeys::remove_all(user_id, *since);
            return Ok(vec![remove, passkeys::note_passkeys_left(user_id)]);
        }
        Change::ForgetDevices { user_id } => devices::forget(user_id),
        Change::RememberDevice { user_id, device, at } => devices::remember(user_id, device, *at),
        Change::InsertServiceKey(key) => service_keys::insert(key)?,
        Change::RevokeServiceKey { id, at } => service_keys::revoke(id, *at),
        Change::TouchServiceKey { id, at } => service_keys::touch(id, *at),
        Change::InsertRootKey { id, fingerprint, at } => root_keys::insert(id, fingerprint, *at),
        Change::InsertMail(mail) => outbox::insert(mail)?,
        Change::CompleteMail { id, lease } => outbox::complete(id, *lease),
        Change::RetryMail { id, lease, at, error } => outbox::retry(id, *lease, *at, error),
        Change::BuryMail { id, lease, at, error } => outbox::bury(id, *lease, *at, error),
        Change::ReviveMail { id, at } => outbox::revive(id, *at),
        Change::DropDeadMail { id } => outbox::drop_dead(id),
        Change::DropMail { user_id } => outbox::drop_all(user_id),
        Change::InsertAudit(entry) => audit::insert(entry)?,
    };
    Ok(vec![step])
}
