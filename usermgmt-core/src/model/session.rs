//! A signed-in client.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::ids::{SessionId, UserId};
use crate::clock::Timestamp;

/// A session: what a refresh token continues.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Random; access tokens carry it as `sid`.
    pub id: SessionId,
    /// Whose it is.
    pub user_id: UserId,
    /// How often its refresh token has been rotated. The token is derived from
    /// this number, so the store holds nothing that could be presented.
    pub generation: i64,
    /// When it was last rotated.
    pub rotated_at: Option<Timestamp>,
    /// The last generation of which an access token reached a checked request:
    /// its client has received it.
    pub received: Option<i64>,
    /// When that was.
    pub received_at: Option<Timestamp>,
    /// The last generation that was replayed: whose refresh token came again
    /// after its successor had been made.
    pub replayed: Option<i64>,
    /// How many generations in a row were, up to that one.
    pub replays: i64,
    /// When the user signed in.
    pub created_at: Timestamp,
    /// When it was last used to refresh.
    pub last_seen_at: Timestamp,
    /// When it ends unless it is used: the idle limit, never past `max_expires_at`.
    pub expires_at: Timestamp,
    /// When it ends whatever happens.
    pub max_expires_at: Timestamp,
    /// When the user last proved who they are (OpenID Connect's `auth_time`).
    pub auth_time: Timestamp,
    /// How they proved it (RFC 8176): `pwd`, `otp`, `mfa`.
    pub amr: Vec<String>,
    /// From where, at sign-in or the last refresh.
    pub ip: Option<IpAddr>,
    /// With what, cut to 255 characters.
    pub user_agent: Option<String>,
}

/// The most sessions a user can have: one more ends the one that was used least recently.
pub const MAX_SESSIONS: usize = 100;
