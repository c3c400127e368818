//! Devices that a user has signed in from, and that show it by a token.

use crate::auth::{Auth, Client, ServiceError};
use crate::clock::Timestamp;
use crate::config::DEVICE_TTL;
use crate::device;
use crate::model::ids::{DeviceId, UserId};
use crate::model::user::User;
use crate::secret::Redacted;
use crate::store::{Change, KnownDevice};

impl Auth {
    /// Whose device a client shows that it is; whether the user still has it is the
    /// store's to say.
    pub(super) fn shown_device(
        &self,
        client: &Client,
        now: Timestamp,
    ) -> Option<(UserId, DeviceId)> {
        device::parse(&self.keys().ring, client.device_token.as_ref()?.expose(), now)
    }

    /// The device that a user uses, and what is known of it: the one it shows,
    /// where the user has it still, or else one by where and what it is, so that a
    /// client which brings no token back is one device and not one more each time.
    pub(super) async fn device_of(
        &self,
        user: &User,
        client: &Client,
        now: Timestamp,
    ) -> Result<(DeviceId, KnownDevice), ServiceError> {
        let knows = async |device: DeviceId| {
            self.read(self.0.store.knows_device(&user.id, &device.to_string())).await
        };
        if let Some((of, device)) = self.shown_device(client, now)
            && of == user.id
        {
            let known = knows(device).await?;
            if known.this {
                return Ok((device, known));
            }
        }
        // What ends a user's devices raises the epoch, so that none of them is made again.
        let (network, agent) = (client.network(), client.shown_agent().unwrap_or_default());
        let mac = self.keys().ring.signing().token_mac(&[
            b"device-id",
            user.id.as_str().as_bytes(),
            &user.epoch.to_be_bytes(),
            network.as_bytes(),
            agent.as_bytes(),
        ]);
        let mut id = [0; 16];
        id.copy_from_slice(&mac[..16]);
        let device = DeviceId::from_bytes(id);
        Ok((device, knows(device).await?))
    }

    /// Remembers the device of a user who has shown to a service that they are the
    /// one. Without it the device is a stranger's the next time, which is no reason
    /// to fail now.
    pub(super) async fn remember_device(
        &self,
        user: &User,
        client: &Client,
        now: Timestamp,
    ) -> Result<Option<Redacted<String>>, ServiceError> {
        if !user.is_active() {
            return Ok(None);
        }
        let (device, _) = self.device_of(user, client, now).await?;
        let list = vec![
            Change::TouchUser { id: user.id.clone(), active: true, epoch: user.epoch },
            Change::RememberDevice {
                user_id: user.id.clone(),
                device: device.to_string(),
                at: now,
            },
        ];
        let remembered = self.commit(list, now).await?.is_ok();
        Ok(remembered.then(|| self.device_token(&user.id, device, now)))
    }

    /// The token that a device shows.
    pub(super) fn device_token(
        &self,
        user: &UserId,
        device: DeviceId,
        now: Timestamp,
    ) -> Redacted<String> {
        device::token(&self.keys().ring, user, device, now + DEVICE_TTL)
    }

    /// The device that the client shows, where the user has it still.
    pub(super) async fn known_device(
        &self,
        user: &UserId,
        client: &Client,
        now: Timestamp,
    ) -> Result<Option<DeviceId>, ServiceError> {
        let Some((of, device)) = self.shown_device(client, now) else { return Ok(None) };
        if of != *user {
            return Ok(None);
        }
        let known = self.read(self.0.store.knows_device(user, &device.to_string())).await?;
        Ok(known.this.then_some(device))
    }
}
