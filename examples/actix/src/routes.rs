//! The routes.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use serde_json::json;
use usermgmt_core::flows::{Register, SignIn, SignInOutcome};
use usermgmt_core::{Auth, Email, PlaintextPassword, Tokens, Username};

use crate::bearer::{bearer_token, client};
use crate::{Bearer, Failure};

#[derive(Deserialize)]
pub(crate) struct NewAccount {
    username: String,
    email: String,
    password: String,
}

/// The answer is the same whether or not the address has an account.
pub(crate) async fn register(
    auth: web::Data<Auth>,
    request: HttpRequest,
    body: web::Json<NewAccount>,
) -> Result<HttpResponse, Failure> {
    let invalid = |what: &str| Failure::Invalid(format!("The {what} is not valid"));
    let command = Register::new(
        Username::parse(&body.username, Username::MAX_OWN).map_err(|_| invalid("username"))?,
        Email::parse(&body.email).map_err(|_| invalid("email address"))?,
        PlaintextPassword::from(body.password.as_str()),
    );
    auth.register(&command, &client(&request)).await?;
    Ok(HttpResponse::Created().json(json!({ "message": "Confirm the address: we sent a mail" })))
}

pub(crate) async fn confirm(
    auth: web::Data<Auth>,
    request: HttpRequest,
    token: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    auth.confirm(&token, &client(&request)).await?;
    Ok(HttpResponse::Ok().json(json!({ "message": "Email confirmed" })))
}

#[derive(Deserialize)]
pub(crate) struct Credentials {
    identifier: String,
    password: String,
}

pub(crate) async fn sign_in(
    auth: web::Data<Auth>,
    request: HttpRequest,
    body: web::Json<Credentials>,
) -> Result<HttpResponse, Failure> {
    let password = PlaintextPassword::from(body.password.as_str());
    let command = SignIn::new(body.identifier.as_str(), password);
    match auth.sign_in(&command, &client(&request)).await? {
        SignInOutcome::SignedIn(signed_in) => Ok(HttpResponse::Ok().json(shown(&signed_in.tokens))),
        // `Auth::sign_in_mfa` takes the ticket and a code.
        SignInOutcome::MfaRequired { ticket, methods } => {
            Ok(HttpResponse::Ok().json(json!({ "ticket": ticket.expose(), "methods": methods })))
        }
    }
}

pub(crate) async fn refresh(
    auth: web::Data<Auth>,
    request: HttpRequest,
) -> Result<HttpResponse, Failure> {
    let token = bearer_token(&request).ok_or(Failure::Unauthorized)?;
    let tokens = auth.refresh(token, &client(&request)).await?;
    Ok(HttpResponse::Ok().json(shown(&tokens)))
}

pub(crate) async fn hello(bearer: Bearer) -> String {
    format!("Hello, {}!", bearer.0.user.username)
}

pub(crate) async fn sign_out(
    auth: web::Data<Auth>,
    bearer: Bearer,
) -> Result<HttpResponse, Failure> {
    auth.sign_out(&bearer.0).await?;
    Ok(HttpResponse::NoContent().finish())
}

fn shown(tokens: &Tokens) -> serde_json::Value {
    json!({
        "access_token": tokens.access_token.expose(),
        "refresh_token": tokens.refresh_token.expose(),
        "expires_in": tokens.expires_in.as_secs(),
    })
}
