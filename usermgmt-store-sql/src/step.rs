//! What a change comes to: guarded statements.

use usermgmt_core::model::ids::UserId;
use usermgmt_core::store::Change;

use crate::dialect::Dialect;
use crate::guard::Step;
use crate::table::{
    audit, credentials, factors, identifiers, identities, outbox, passkeys, sessions, tokens, users,
};

/// The statements of a change, in the order to run them.
pub(crate) fn steps(change: &Change, dialect: Dialect) -> Vec<Step<'_>> {
    match change {
        Change::KeepAdmin { id } => vec![users::lock_admins(), users::require_admin_besides(id)],
        Change::InsertUser { user, password } => vec![users::insert(user, password.as_ref())],
        Change::TouchUser { id, active, epoch } => vec![users::touch(id, *active, *epoch)],
        Change::UpdateUser { id, epoch, raise_epoch, at, set } => {
            vec![users::update(id, *epoch, *raise_epoch, *at, set)]
        }
        Change::DeleteUser { id, epoch, at } => vec![users::delete(id, *epoch, *at)],
        Change::ClaimIdentifier { identifier, user_id, until, now } => {
            identifiers::claim(dialect, identifier, user_id.as_ref(), *until, *now)
        }
        Change::HoldIdentifier { identifier, user_id, until } => {
            vec![identifiers::hold(identifier, user_id, *until)]
        }
        Change::ReleaseIdentifier { identifier, user_id } => {
            vec![identifiers::release(identifier, user_id)]
        }
        Change::ReleaseIdentifiers { user_id } => vec![identifiers::release_all(user_id)],
        Change::InsertToken(token) => vec![tokens::insert(token)],
        Change::UseToken { id, now } => vec![tokens::use_up(*id, *now)],
        Change::VoidTokens { user_id, purpose, since, now } => {
            vec![tokens::void(user_id, *purpose, *since, *now)]
        }
        Change::IssueCode { id, issue, expires_at, now } => {
            vec![tokens::issue_code(*id, *issue, *expires_at, *now)]
        }
        Change::InsertSession(session) => {
            vec![
                sessions::insert(session),
                sessions::evict(session),
                users::note_sign_in(&session.user_id, session.created_at),
            ]
        }
        Change::RotateSession { id, generation, to, now, expires_at, ip, user_agent } => {
            vec![sessions::rotate(
                *id,
                *generation,
                *to,
                *now,
                *expires_at,
                ip.as_ref(),
                user_agent.as_deref(),
            )]
        }
        Change::ReceiveSession { id, generation, now } => {
            vec![sessions::receive(*id, *generation, *now)]
        }
        Change::ReplaySession { id, generation, replayed, replays, now } => {
            vec![sessions::replay(*id, *generation, *replayed, *replays, *now)]
        }
        Change::EndSession { id, user_id, generation } => {
            vec![sessions::end(*id, user_id, *generation)]
        }
        Change::EndSessions { user_id, except } => vec![sessions::end_all(user_id, *except)],
        Change::SetPendingTotp { user_id, secret } => {
            vec![factors::set_pending(dialect, user_id, secret)]
        }
        Change::ConfirmTotp { user_id, factor_id, step } => {
            vec![factors::confirm(user_id, factor_id, *step), users::note_factor(user_id)]
        }
        Change::UseTotpStep { user_id, factor_id, step } => {
            vec![factors::use_step(user_id, factor_id, *step)]
        }
        Change::ResealTotp { user_id, secret } => vec![factors::reseal(user_id, secret)],
        Change::DropPendingTotp { user_id } => vec![factors::drop_pending(user_id)],
        Change::RemoveTotp { user_id } => without_factor(user_id, factors::remove(user_id)),
        Change::ReplaceRecoveryCodes { user_id, hashes } => {
            let mut steps = vec![credentials::drop_recovery_codes(user_id)];
            if !hashes.is_empty() {
                steps.push(credentials::insert_recovery_codes(user_id, hashes));
            }
            steps
        }
        Change::UseRecoveryCode { user_id, hash } => {
            vec![credentials::use_recovery_code(user_id, hash)]
        }
        Change::LinkIdentity(identity) => vec![identities::insert(identity)],
        Change::UseIdentity { user_id, issuer, subject, at } => {
            vec![identities::note_use(user_id, issuer, subject, *at)]
        }
        Change::UnlinkIdentity { user_id, id } => vec![identities::delete(user_id, id)],
        Change::UnlinkIdentities { user_id, since } => {
            vec![identities::delete_all(user_id, *since)]
        }
        Change::InsertPasskey(passkey) => {
            vec![passkeys::insert(passkey), users::note_factor(&passkey.user_id)]
        }
        Change::UsePasskey { id, user_id, counter, to, backed_up, at } => {
            vec![passkeys::use_once(id, user_id, (*counter, *to), *backed_up, *at)]
        }
        Change::RenamePasskey { id, user_id, name } => vec![passkeys::rename(id, user_id, name)],
        Change::RemovePasskey { id, user_id } => {
            without_factor(user_id, passkeys::remove(id, user_id))
        }
        Change::RemovePasskeys { user_id, since } => {
            without_factor(user_id, passkeys::remove_all(user_id, *since))
        }
        Change::ForgetDevices { user_id } => vec![credentials::forget_devices(user_id)],
        Change::RememberDevice { user_id, device, at } => {
            vec![credentials::remember_device(dialect, user_id, device, *at)]
        }
        Change::InsertServiceKey(key) => vec![credentials::insert_service_key(key)],
        Change::RevokeServiceKey { id, at } => vec![credentials::revoke_service_key(id, *at)],
        Change::TouchServiceKey { id, at } => vec![credentials::touch_service_key(id, *at)],
        Change::InsertRootKey { id, fingerprint, at } => {
            vec![credentials::insert_root_key(id, fingerprint, *at)]
        }
        Change::InsertMail(mail) => vec![outbox::insert(mail)],
        Change::CompleteMail { id, lease } => vec![outbox::complete(id, *lease)],
        Change::RetryMail { id, lease, at, error } => vec![outbox::retry(id, *lease, *at, error)],
        Change::BuryMail { id, lease, at, error } => vec![outbox::bury(id, *lease, *at, error)],
        Change::ReviveMail { id, at } => vec![outbox::revive(id, *at)],
        Change::DropDeadMail { id } => vec![outbox::drop_dead(id)],
        Change::DropMail { user_id } => vec![outbox::drop_all(user_id)],
        Change::InsertAudit(entry) => vec![audit::insert(entry)],
    }
}

/// Takes a second factor off. Of two lists that do so at a time, the later one sees
/// what the earlier one has left.
fn without_factor<'a>(id: &'a UserId, remove: Step<'a>) -> Vec<Step<'a>> {
    vec![users::hold(id), remove, users::note_factors_left(id)]
}
