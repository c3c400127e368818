//! What happened to an account: ids and names of fields, never values.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::ids::{AuditId, UserId};
use crate::clock::Timestamp;

/// An entry of the audit log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// Sorts by time.
    pub id: AuditId,
    /// When.
    pub at: Timestamp,
    /// To whom. It stays when the user is deleted: by then it leads to nobody.
    pub user_id: Option<UserId>,
    /// What, such as `user.registered`.
    pub action: String,
    /// Names of the fields that changed, or other words that hold nothing personal.
    pub detail: Vec<String>,
    /// Who did it, and from where.
    #[serde(default)]
    pub origin: Origin,
}

impl AuditEntry {
    /// The entry without the address and the agent of this person, where it has
    /// one of them: of what they did, to themselves or to others.
    pub fn without_traces(&self, of: &UserId) -> Option<Self> {
        let origin = &self.origin;
        let by_them = match &origin.actor_id {
            Some(actor) => actor == of.as_str(),
            None => origin.actor == Actor::User && self.user_id.as_ref() == Some(of),
        };
        let has_traces = origin.ip.is_some() || origin.user_agent.is_some();
        (by_them && has_traces).then(|| Self {
            origin: Origin { ip: None, user_agent: None, ..origin.clone() },
            ..self.clone()
        })
    }
}

/// Who did something, and from where.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// What they were.
    pub actor: Actor,
    /// Which of them: a user's id, or a service key's.
    pub actor_id: Option<String>,
    /// The client's address.
    pub ip: Option<IpAddr>,
    /// What the client says it is.
    pub user_agent: Option<String>,
    /// The request's id, as the log has it.
    pub request_id: Option<String>,
}

impl Origin {
    /// This actor, and nothing else that is known.
    pub fn of(actor: Actor) -> Self {
        Self { actor, ..Self::default() }
    }
}

/// What somebody was when they did something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// The person themselves, or whoever held their password, link or token.
    #[default]
    User,
    /// An administrator, by the admin API or its pages.
    Admin,
    /// Another service, with a service key.
    Service,
    /// Whoever runs the server, by its commands.
    Operator,
    /// The server itself.
    System,
}

impl Actor {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::User, Self::Admin, Self::Service, Self::Operator, Self::System];

    /// The name under which stores and the API know it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Admin => "admin",
            Self::Service => "service",
            Self::Operator => "operator",
            Self::System => "system",
        }
    }

    /// The one with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|actor| actor.as_str() == name)
    }
}
