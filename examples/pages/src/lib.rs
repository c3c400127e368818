//! Account pages, and a page of a team's own behind sign-in.

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse as _, Redirect, Response};
use axum::routing::get;
use maud::html;
use usermgmt_axum::{ApiError, CurrentUser, HttpState, Routes, with_layers};

/// The application: `/orders` is its own, the rest comes with the accounts.
pub fn app(state: HttpState) -> Router {
    let own = Router::new().route("/orders", get(orders)).with_state(state.clone());
    with_layers(own, &state).merge(Routes::none().pages().account_pages().router(state))
}

async fn orders(
    State(state): State<HttpState>,
    current: Result<CurrentUser, ApiError>,
) -> Response {
    let current = match current {
        Ok(current) => current,
        Err(refusal) if refusal.status() == StatusCode::UNAUTHORIZED => {
            return Redirect::to("/account/sign-in?return_to=/orders").into_response();
        }
        // A database that is away, say: signing in again would not help.
        Err(refusal) => return refusal.into_response(),
    };
    let page = html! {
        h1 { "Orders of " (current.user.username.as_str()) }
        form method="post" action="/account/sign-out" {
            input type="hidden" name="form_token" value=(state.form_token(&current));
            button { "Sign out" }
        }
    };
    Html(page.into_string()).into_response()
}
