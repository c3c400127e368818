//! What the pages of mailed links have in common: GET looks, POST acts.

use axum::response::{IntoResponse as _, Response};
use usermgmt_core::Client;
use usermgmt_core::flows::LinkError;
use usermgmt_core::model::token::Purpose;

use super::html::Page;
use super::{Reader, product};
use crate::account;
use crate::state::HttpState;

/// A link that takes nothing but a click.
pub(super) struct Link {
    pub(super) purpose: Purpose,
    pub(super) title: &'static str,
    pub(super) text: &'static str,
    pub(super) button: &'static str,
    /// What is said when it is done.
    pub(super) done: &'static str,
}

impl Link {
    /// The page with the button, or why there is none.
    pub(super) async fn show(
        &self,
        state: &HttpState,
        client: &Client,
        reader: Reader,
        token: &str,
    ) -> Response {
        let looked = state.auth().inspect_link(token, &[self.purpose], client).await;
        match looked {
            Ok(()) => Page::new(product(state), self.title, self.text)
                .with_form(Vec::new(), self.button)
                .into_response(),
            Err(error) => self.refused(state, reader, error),
        }
    }

    /// What following the link led to.
    pub(super) fn followed<T>(
        &self,
        state: &HttpState,
        reader: Reader,
        outcome: Result<T, LinkError>,
    ) -> Response {
        match outcome {
            Ok(_) => reader.done(state, self.title, self.done),
            Err(error) => self.refused(state, reader, error),
        }
    }

    fn refused(&self, state: &HttpState, reader: Reader, error: LinkError) -> Response {
        reader.refused(state, self.title, account::link(error))
    }
}
