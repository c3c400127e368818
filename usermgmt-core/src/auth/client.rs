//! Who is asking.

use std::net::IpAddr;

use crate::config::Rate;
use crate::model::audit::{Actor, Origin};
use crate::secret::Redacted;
use crate::store::Change;

/// What a request came from. Nothing here is trusted; it is shown to the
/// user, counted, and compared with earlier sign-ins. Write the fields you know and
/// `..Client::default()`: there will be more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Client {
    /// The client's address. Where it is not known no limit counts by it: so a
    /// service that asks for its own users and does not say who they are leaves it out.
    pub address: Option<IpAddr>,
    /// What it says it is. Cut to 255 characters.
    pub user_agent: Option<String>,
    /// The language it prefers (BCP 47).
    pub locale: Option<String>,
    /// The device token that it was given when its user signed in there before
    /// (`umd_…`). What strangers fail does not bind such a device.
    pub device_token: Option<Redacted<String>>,
    /// The request's id, as the log has it: the audit log names it.
    pub request_id: Option<String>,
    /// What it sent to prove that it is no program, for the application's
    /// [`Captcha`](crate::captcha::Captcha).
    pub captcha_token: Option<Redacted<String>>,
    /// A service that may ask for its own users does so here: no captcha is asked.
    pub is_vouched_for: bool,
}

impl Client {
    /// The name of the client for limits: the address, or its /64 for IPv6,
    /// which is what one customer has.
    pub(crate) fn network(&self) -> String {
        match self.address.map(|address| address.to_canonical()) {
            None => String::new(),
            Some(IpAddr::V4(v4)) => v4.to_string(),
            Some(IpAddr::V6(v6)) => format!("{:x?}", &v6.segments()[..4]),
        }
    }

    /// The /48 that an IPv6 client is in, which is what one site has: whoever has
    /// it has 65,536 clients of [`network`](Self::network).
    pub(crate) fn site(&self) -> Option<String> {
        match self.address.map(|address| address.to_canonical()) {
            Some(IpAddr::V6(v6)) => Some(format!("{:x?}", &v6.segments()[..3])),
            _ => None,
        }
    }

    /// Who did something from here, as the audit log keeps it.
    pub fn origin(&self, actor: Actor, id: impl Into<String>) -> Origin {
        Origin {
            actor,
            actor_id: Some(id.into()),
            ip: self.address,
            user_agent: self.shown_agent(),
            request_id: self.request_id.clone(),
        }
    }

    /// Has the audit entries of a list say that they come from here, where they
    /// say nothing yet.
    pub(crate) fn mark(&self, list: &mut [Change]) {
        for change in list {
            let Change::InsertAudit(entry) = change else { continue };
            let origin = &mut entry.origin;
            origin.ip = origin.ip.or(self.address);
            origin.user_agent = origin.user_agent.take().or_else(|| self.shown_agent());
            origin.request_id = origin.request_id.take().or_else(|| self.request_id.clone());
        }
    }

    /// The user agent as it is kept and shown.
    pub(crate) fn shown_agent(&self) -> Option<String> {
        let agent = self.user_agent.as_deref()?;
        let shown: String = agent.chars().filter(|c| !c.is_control()).take(255).collect();
        (!shown.trim().is_empty()).then_some(shown)
    }

    /// A limit by client: none where the client's address is not known, since
    /// many would share it.
    pub(crate) fn limit(&self, rate: Rate) -> Rate {
        if self.address.is_some() { rate } else { Rate { max: i64::MAX, ..rate } }
    }
}
