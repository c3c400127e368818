//! A session, earned by whatever proved who somebody is.

use crate::auth::{Auth, Client, ServiceError, Tokens};
use crate::clock::Timestamp;
use crate::model::ids::SessionId;
use crate::model::mail::MailKind;
use crate::model::session::Session;
use crate::model::user::User;
use crate::secret::Redacted;
use crate::store::{Change, Guard, KnownDevice};

/// A user who is signed in.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SignedIn {
    /// The user.
    pub user: User,
    /// The new session.
    pub session: Session,
    /// Its first tokens.
    pub tokens: Tokens,
    /// Shows that this user has signed in on this device; to be brought back with
    /// their next sign-in ([`Client::device_token`]). Good for a year, until the
    /// password changes or they sign out everywhere.
    pub device_token: Redacted<String>,
}

impl Auth {
    /// Opens a session together with the changes that earned it. `Ok(Err(guard))`:
    /// the user changed since the credentials were verified, or what earns it is
    /// used up; nothing was written.
    pub(crate) async fn open_session(
        &self,
        user: &User,
        amr: &[&str],
        earned_by: Vec<Change>,
        client: &Client,
        now: Timestamp,
    ) -> Result<Result<SignedIn, Guard>, ServiceError> {
        self.open_session_of(user, amr, earned_by, client, now, now).await
    }

    /// The same of somebody who proved at another time who they are.
    pub(super) async fn open_session_of(
        &self,
        user: &User,
        amr: &[&str],
        earned_by: Vec<Change>,
        client: &Client,
        auth_time: Timestamp,
        now: Timestamp,
    ) -> Result<Result<SignedIn, Guard>, ServiceError> {
        let config = &self.0.config;
        let max_expires_at = now + config.session_max_ttl;
        let session = Session {
            id: SessionId::generate(&*self.0.rng),
            user_id: user.id.clone(),
            generation: 0,
            rotated_at: None,
            received: None,
            received_at: None,
            replayed: None,
            replays: 0,
            created_at: now,
            last_seen_at: now,
            expires_at: (now + config.refresh_token_ttl).min(max_expires_at),
            max_expires_at,
            auth_time,
            amr: amr.iter().map(|&method| method.to_owned()).collect(),
            ip: client.address,
            user_agent: client.shown_agent(),
        };
        let (device, known) = self.device_of(user, client, now).await?;
        let mut list = earned_by;
        list.extend([
            Change::TouchUser { id: user.id.clone(), active: true, epoch: user.epoch },
            Change::InsertSession(Box::new(session.clone())),
            Change::RememberDevice {
                user_id: user.id.clone(),
                device: device.to_string(),
                at: now,
            },
            self.audit(&user.id, "session.opened", amr, now),
        ]);
        if known == (KnownDevice { this: false, any: true }) {
            let agent = session.user_agent.clone().unwrap_or_default();
            let address = session.ip.map(|ip| ip.to_string()).unwrap_or_default();
            let params =
                [("device", agent.as_str()), ("ip", address.as_str()), ("time", &now.to_string())];
            list.push(self.mail_user(MailKind::NewDevice, user, vec![], &params, now));
        }
        let own = self.own_claims(user, &session).await?;
        if let Err(guard) = self.commit_from(client, list, now).await? {
            return Ok(Err(guard));
        }
        let tokens = self.tokens(user, &session, own, now)?;
        let device_token = self.device_token(&user.id, device, now);
        Ok(Ok(SignedIn { user: user.clone(), session, tokens, device_token }))
    }
}
