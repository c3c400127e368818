//! Two users with something of everything, and one of every change.

use std::time::Duration;

use super::fixture::{Fixture, HOUR, NOW, claim, email_id, insert_user, username_id};
use crate::model::audit::AuditEntry;
use crate::model::factor::SealedSecret;
use crate::model::identifier::Identifier;
use crate::model::identity::Identity;
use crate::model::ids::LeaseId;
use crate::model::mail::OutboxMail;
use crate::model::passkey::Passkey;
use crate::model::service_key::ServiceKey;
use crate::model::session::Session;
use crate::model::token::{Purpose, Token};
use crate::model::user::User;
use crate::store::{Change, Guard, UserPatch};

/// Rows of two users and of nobody. Built from one seed: every time the same.
pub(super) struct World {
    pub(super) ann: User,
    pub(super) bob: User,
    pub(super) reserved: Identifier,
    pub(super) reset: Token,
    pub(super) confirmation: Token,
    pub(super) bobs_token: Token,
    pub(super) phone: Session,
    pub(super) laptop: Session,
    pub(super) bobs_session: Session,
    pub(super) confirmed: SealedSecret,
    pub(super) pending: SealedSecret,
    pub(super) identities: [Identity; 2],
    pub(super) bobs_identity: Identity,
    /// Two of Ann's, and Bob's.
    pub(super) passkeys: [Passkey; 2],
    pub(super) bobs_passkey: Passkey,
    pub(super) service_key: ServiceKey,
    pub(super) lease: LeaseId,
    /// Three that a worker has, two that were given up, and Bob's, which waits.
    pub(super) leased: [OutboxMail; 3],
    pub(super) dead: [OutboxMail; 2],
    pub(super) bobs_mail: OutboxMail,
    pub(super) entry: AuditEntry,
}

impl World {
    pub(super) async fn build(fixture: &Fixture) -> Self {
        let (ann, bob) = (fixture.user("ann"), fixture.user("bob"));
        let lease = LeaseId::generate(&fixture.rng);
        let world = Self {
            reserved: email_id("reserved@example.com"),
            reset: fixture.token(&ann.id, Purpose::Reset),
            confirmation: fixture.token(&ann.id, Purpose::Confirm),
            bobs_token: fixture.token(&bob.id, Purpose::Reset),
            phone: fixture.session(&ann.id),
            laptop: fixture.session(&ann.id),
            bobs_session: fixture.session(&bob.id),
            confirmed: fixture.secret(),
            pending: fixture.secret(),
            identities: ["1", "2"].map(|subject| fixture.identity(&ann.id, subject)),
            bobs_identity: fixture.identity(&bob.id, "3"),
            passkeys: [0; 2].map(|_| fixture.passkey(&ann.id)),
            bobs_passkey: fixture.passkey(&bob.id),
            service_key: fixture.service_key("billing"),
            lease,
            leased: [0; 3].map(|_| OutboxMail {
                lease: Some(lease),
                leased_until: Some(NOW + HOUR),
                ..fixture.mail(Some(&ann.id))
            }),
            dead: [0; 2].map(|_| OutboxMail {
                dead_at: Some(NOW),
                attempts: 7,
                ..fixture.mail(Some(&ann.id))
            }),
            bobs_mail: fixture.mail(Some(&bob.id)),
            entry: fixture.audit_entry(Some(&ann.id), "user.registered"),
            ann,
            bob,
        };
        fixture.applied(world.rows(fixture)).await;
        // In three lists, for a list confirms before it sets.
        fixture.applied([world.set_pending(&world.confirmed)]).await;
        fixture
            .applied([Change::ConfirmTotp {
                user_id: world.ann.id.clone(),
                factor_id: world.confirmed.factor_id.clone(),
                step: 100,
            }])
            .await;
        fixture.applied([world.set_pending(&world.pending)]).await;
        world
    }

    fn rows(&self, fixture: &Fixture) -> Vec<Change> {
        let mut list = fixture.registration(&self.ann, Some("hash"));
        list.extend(fixture.registration(&self.bob, None));
        list.push(claim(&self.reserved, Some(&self.ann.id), None));
        for token in [&self.reset, &self.confirmation, &self.bobs_token] {
            list.push(Change::InsertToken(token.clone()));
        }
        for session in [&self.phone, &self.laptop, &self.bobs_session] {
            list.push(Change::InsertSession(Box::new(session.clone())));
        }
        let mails = self.leased.iter().chain(&self.dead);
        for mail in mails.chain([&self.bobs_mail]) {
            list.push(Change::InsertMail(Box::new(mail.clone())));
        }
        for identity in self.identities.iter().chain([&self.bobs_identity]) {
            list.push(Change::LinkIdentity(Box::new(identity.clone())));
        }
        for user in [&self.ann, &self.bob] {
            list.push(Change::ReplaceRecoveryCodes {
                user_id: user.id.clone(),
                hashes: vec!["code 1".to_owned(), "code 2".to_owned()],
            });
            list.push(Change::RememberDevice {
                user_id: user.id.clone(),
                device: "phone".to_owned(),
                at: NOW,
            });
        }
        for passkey in self.passkeys.iter().chain([&self.bobs_passkey]) {
            list.push(Change::InsertPasskey(Box::new(passkey.clone())));
        }
        list.push(Change::InsertServiceKey(self.service_key.clone()));
        list.push(Change::InsertRootKey {
            id: "k1".to_owned(),
            fingerprint: "f1".to_owned(),
            at: NOW,
        });
        list.push(Change::InsertAudit(self.entry.clone()));
        list
    }

    fn set_pending(&self, secret: &SealedSecret) -> Change {
        Change::SetPendingTotp { user_id: self.ann.id.clone(), secret: secret.clone() }
    }

    /// One of every change, guards holding, alone and all in one list; with the
    /// guard that fails where it is applied again.
    pub(super) fn every_change(&self, fixture: &Fixture) -> Vec<(Change, Option<Guard>)> {
        let (ann, bob) = (&self.ann.id, &self.bob.id);
        let at = NOW;
        let later = NOW + HOUR;
        let error = "refused".to_owned();
        let lease = self.lease;
        let new_mail = OutboxMail { next_attempt_at: NOW + 2 * HOUR, ..fixture.mail(None) };
        let guarded = |guard, change| (change, Some(guard));
        let free = |change| (change, None);
        vec![
            guarded(Guard::Exists, insert_user(&fixture.user("eve"), Some("hash"))),
            free(Change::TouchUser { id: ann.clone(), active: true, epoch: 0 }),
            guarded(
                Guard::User,
                Change::UpdateUser {
                    id: ann.clone(),
                    epoch: 0,
                    raise_epoch: true,
                    at: later,
                    set: Box::new(UserPatch {
                        first_name: Some(Some("Ann".to_owned())),
                        password: Some(None),
                        ..UserPatch::default()
                    }),
                },
            ),
            guarded(Guard::User, Change::DeleteUser { id: bob.clone(), epoch: 0, at }),
            guarded(
                Guard::Identifier,
                Change::ReleaseIdentifier {
                    identifier: self.reserved.clone(),
                    user_id: ann.clone(),
                },
            ),
            free(Change::ReleaseIdentifiers { user_id: bob.clone() }),
            free(claim(&username_id("claimed"), Some(ann), None)),
            free(Change::HoldIdentifier {
                identifier: Identifier::email(&self.ann.email),
                user_id: ann.clone(),
                until: Some(later),
            }),
            guarded(Guard::Token, Change::UseToken { id: self.reset.id, now: at }),
            guarded(
                Guard::Token,
                Change::IssueCode {
                    id: self.confirmation.id,
                    issue: 0,
                    expires_at: later,
                    now: at,
                },
            ),
            free(Change::VoidTokens { user_id: bob.clone(), purpose: None, since: None, now: at }),
            guarded(Guard::Exists, Change::InsertToken(fixture.token(ann, Purpose::NotMe))),
            guarded(
                Guard::Session,
                Change::EndSession {
                    id: self.laptop.id,
                    user_id: ann.clone(),
                    generation: Some(0),
                },
            ),
            free(Change::EndSessions { user_id: bob.clone(), except: None }),
            guarded(Guard::Exists, Change::InsertSession(Box::new(fixture.session(ann)))),
            guarded(
                Guard::Session,
                Change::ReceiveSession { id: self.phone.id, generation: 0, now: at },
            ),
            guarded(
                Guard::Session,
                Change::ReplaySession {
                    id: self.phone.id,
                    generation: 0,
                    replayed: -1,
                    replays: 1,
                    now: at,
                },
            ),
            guarded(
                Guard::Session,
                Change::RotateSession {
                    id: self.phone.id,
                    generation: 0,
                    to: 1,
                    now: at,
                    expires_at: later,
                    ip: None,
                    user_agent: Some("other".to_owned()),
                },
            ),
            guarded(
                Guard::Factor,
                Change::UseTotpStep {
                    user_id: ann.clone(),
                    factor_id: self.confirmed.factor_id.clone(),
                    step: 101,
                },
            ),
            guarded(
                Guard::Factor,
                Change::ConfirmTotp {
                    user_id: ann.clone(),
                    factor_id: self.pending.factor_id.clone(),
                    step: 102,
                },
            ),
            free(self.set_pending(&fixture.secret())),
            free(Change::DropPendingTotp { user_id: ann.clone() }),
            free(Change::RemoveTotp { user_id: bob.clone() }),
            guarded(
                Guard::RecoveryCode,
                Change::UseRecoveryCode { user_id: ann.clone(), hash: "code 1".to_owned() },
            ),
            free(Change::ReplaceRecoveryCodes {
                user_id: bob.clone(),
                hashes: vec!["new".to_owned()],
            }),
            guarded(
                Guard::Identity,
                Change::UnlinkIdentity { user_id: ann.clone(), id: self.identities[0].id.clone() },
            ),
            free(Change::UnlinkIdentities { user_id: bob.clone(), since: None }),
            guarded(Guard::Identity, Change::LinkIdentity(Box::new(fixture.identity(ann, "new")))),
            free(Change::UseIdentity {
                user_id: ann.clone(),
                issuer: self.identities[1].issuer.clone(),
                subject: self.identities[1].subject.clone(),
                at: later,
            }),
            free(Change::RemovePasskeys { user_id: bob.clone(), since: None }),
            guarded(Guard::Exists, Change::InsertPasskey(Box::new(fixture.passkey(ann)))),
            guarded(
                Guard::Passkey,
                Change::UsePasskey {
                    id: self.passkeys[0].id.clone(),
                    user_id: ann.clone(),
                    counter: 0,
                    to: 7,
                    backed_up: true,
                    at: later,
                },
            ),
            free(Change::RenamePasskey {
                id: self.passkeys[0].id.clone(),
                user_id: ann.clone(),
                name: "Phone".to_owned(),
            }),
            guarded(
                Guard::Passkey,
                Change::RemovePasskey { id: self.passkeys[1].id.clone(), user_id: ann.clone() },
            ),
            free(Change::RememberDevice { user_id: ann.clone(), device: "laptop".to_owned(), at }),
            free(Change::ForgetDevices { user_id: bob.clone() }),
            guarded(Guard::Exists, Change::InsertServiceKey(fixture.service_key("new"))),
            free(Change::TouchServiceKey { id: self.service_key.id.clone(), at }),
            guarded(
                Guard::ServiceKey,
                Change::RevokeServiceKey { id: self.service_key.id.clone(), at },
            ),
            guarded(
                Guard::Exists,
                Change::InsertRootKey { id: "k2".to_owned(), fingerprint: "f2".to_owned(), at },
            ),
            free(Change::DropMail { user_id: bob.clone() }),
            guarded(Guard::Exists, Change::InsertMail(Box::new(new_mail))),
            guarded(Guard::Lease, Change::CompleteMail { id: self.leased[0].id.clone(), lease }),
            guarded(
                Guard::Lease,
                Change::RetryMail {
                    id: self.leased[1].id.clone(),
                    lease,
                    at: later,
                    error: error.clone(),
                },
            ),
            guarded(
                Guard::Lease,
                Change::BuryMail { id: self.leased[2].id.clone(), lease, at, error },
            ),
            guarded(
                Guard::Lease,
                Change::ReviveMail {
                    id: self.dead[0].id.clone(),
                    at: later + Duration::from_secs(1),
                },
            ),
            guarded(Guard::Lease, Change::DropDeadMail { id: self.dead[1].id.clone() }),
            guarded(
                Guard::Exists,
                Change::InsertAudit(fixture.audit_entry(Some(bob), "user.deleted")),
            ),
        ]
    }
}
