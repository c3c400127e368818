//! For whom a service asks: what it says of its own client.

use std::net::IpAddr;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use usermgmt_core::Client;
use usermgmt_core::secret::Redacted;
use utoipa::IntoParams;

use crate::client::{DEVICE_HEADER, parse_address, shown};
use crate::error::ApiError;
use crate::validate::{Issue, Problems, Style};

const ADDRESS: HeaderName = HeaderName::from_static("usermgmt-client-address");
const AGENT: HeaderName = HeaderName::from_static("usermgmt-client-agent");

/// What a service says of its own client; believed beside a good service key only.
#[derive(Clone, Debug, Default)]
pub(super) struct EndUser {
    address: Option<IpAddr>,
    agent: Option<String>,
}

/// Describes the headers.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "describes the headers; they are read by name")]
pub(crate) struct EndUserHeaders {
    /// The address of the person for whom the service asks: limits count it in
    /// place of the service's own.
    #[param(rename = "Usermgmt-Client-Address", nullable = false)]
    address: Option<String>,
    /// What that person's client calls itself.
    #[param(rename = "Usermgmt-Client-Agent", nullable = false)]
    agent: Option<String>,
    /// The device token that an earlier answer carried for that person's device.
    #[param(rename = "Usermgmt-Device", nullable = false)]
    device: Option<String>,
}

/// The answer's header with the token that the person's device brings back.
pub(super) fn device_header(token: Option<&Redacted<String>>) -> HeaderMap {
    let token = token.and_then(|token| HeaderValue::from_str(token.expose()).ok());
    token.map(|token| (HeaderName::from_static(DEVICE_HEADER), token)).into_iter().collect()
}

impl EndUser {
    /// # Errors
    /// 400 for an address that is none: a service that means to say it is told so.
    pub(super) fn read(headers: &HeaderMap) -> Result<Self, ApiError> {
        let address = match headers.get(ADDRESS) {
            None => None,
            Some(value) => {
                let address = value.to_str().ok().and_then(parse_address);
                Some(address.ok_or_else(|| {
                    let issue = Issue::Value("An IP address is expected".into());
                    Problems::of_field("Usermgmt-Client-Address", issue).answer(Style::Users)
                })?)
            }
        };
        Ok(Self { address, agent: headers.get(AGENT).and_then(shown) })
    }

    /// The client as limits count it. Of a service that does not say for whom it
    /// asks nothing is known: it asks for many people.
    pub(super) fn asking(&self, service: Client) -> Client {
        Client {
            address: self.address,
            user_agent: self.agent.clone(),
            is_vouched_for: true,
            ..service
        }
    }
}
