//! A session, earned by whatever proved who somebody is.

use crate::auth::{Auth, Client, ServiceError, Tokens};
use crate::clock::Timestamp;
use crate::model::ids::{SessionId, UserId};
use crate::model::mail::MailKind;
use crate::model::session::Session;
use crate::model::user::User;
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
        let config = &self.0.config;
        let max_expires_at = now + config.session_max_ttl;
        let session = Session {
            id: SessionId::generate(&*self.0.rng),
            user_id: user.id.clone(),
            generation: 0,
            rotated_at: None,
            created_at: now,
            last_seen_at: now,
            expires_at: (now + config.refresh_token_ttl).min(max_expires_at),
            max_expires_at,
            auth_time: now,
            amr: amr.iter().map(|&method| method.to_owned()).collect(),
            ip: client.address,
            user_agent: client.shown_agent(),
        };
        let device = self.device_key(&user.id, client);
        let known = self.read(self.0.store.knows_device(&user.id, &device)).await?;
        let mut list = earned_by;
        list.extend([
            Change::TouchUser { id: user.id.clone(), active: true, epoch: user.epoch },
            Change::InsertSession(Box::new(session.clone())),
            Change::RememberDevice { user_id: user.id.clone(), device, at: now },
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
        if let Err(guard) = self.commit(list, now).await? {
            return Ok(Err(guard));
        }
        let tokens = self.tokens(user, &session, own, now)?;
        Ok(Ok(SignedIn { user: user.clone(), session, tokens }))
    }

    /// Names a device by where and what it is, so that the store knows neither.
    pub(crate) fn device_key(&self, user: &UserId, client: &Client) -> String {
        let agent = client.shown_agent().unwrap_or_default();
        self.0.keys.lookup_key(
            "device",
            &[user.as_str().as_bytes(), client.network().as_bytes(), agent.as_bytes()],
        )
    }
}
