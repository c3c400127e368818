//! Who a request is from.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::{ACCEPT_LANGUAGE, AUTHORIZATION, USER_AGENT};
use actix_web::{FromRequest, HttpRequest, web};
use usermgmt_core::flows::Current;
use usermgmt_core::{Auth, Client};

use crate::Failure;

/// The user and the session of a request with an access token that is good.
pub struct Bearer(pub Current);

impl FromRequest for Bearer {
    type Error = Failure;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Failure>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let auth = request.app_data::<web::Data<Auth>>().cloned();
        let token = bearer_token(request).map(str::to_owned);
        Box::pin(async move {
            let auth = auth.ok_or(Failure::Internal)?;
            let token = token.ok_or(Failure::Unauthorized)?;
            Ok(Self(auth.current(&token).await?))
        })
    }
}

/// What follows `Bearer` in the header (RFC 6750, 2.1).
pub(crate) fn bearer_token(request: &HttpRequest) -> Option<&str> {
    let header = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

/// What a request comes from. Behind a proxy, take the address from what the
/// proxy says, and only from it.
pub(crate) fn client(request: &HttpRequest) -> Client {
    let text = |name| Some(request.headers().get(name)?.to_str().ok()?.to_owned());
    Client {
        address: request.peer_addr().map(|peer| peer.ip()),
        user_agent: text(USER_AGENT),
        locale: text(ACCEPT_LANGUAGE).and_then(|list| Some(list.split(',').next()?.to_owned())),
        ..Client::default()
    }
}
