//! A mailed link that takes nothing but a click: GET looks, POST acts.

use axum::response::{IntoResponse as _, Response};
use usermgmt_core::User;
use usermgmt_core::flows::LinkError;
use usermgmt_core::model::token::Purpose;

use super::visit::Visit;
use crate::page_texts::{LinkTexts, Texts};

/// A link that takes nothing but a click.
pub(super) struct Link {
    pub(super) purpose: Purpose,
    pub(super) texts: fn(&Texts) -> &LinkTexts,
    /// What programs are told when it is done.
    pub(super) done: &'static str,
    /// Whether its visitor has an account to go on to.
    pub(super) leads_on: bool,
}

impl Link {
    /// The page with the button, or why there is none.
    pub(super) async fn show(&self, mut visit: Visit) -> Response {
        let looked = visit.auth().inspect_link(&visit.token, &[self.purpose], &visit.client).await;
        if let Ok(user) = &looked {
            visit.visitor.knows(user);
        }
        let (visitor, texts) = (&visit.visitor, (self.texts)(visit.visitor.texts));
        match looked {
            Ok(_) => {
                visitor.page(texts.title, texts.text).with_form(None, texts.button).into_response()
            }
            Err(error) => visitor.refused(texts.title, error.into()),
        }
    }

    /// What following the link led to.
    pub(super) fn followed(
        &self,
        mut visit: Visit,
        outcome: Result<Option<User>, LinkError>,
    ) -> Response {
        if let Ok(Some(user)) = &outcome {
            visit.visitor.knows(user);
        }
        let (visitor, texts) = (&visit.visitor, (self.texts)(visit.visitor.texts));
        match outcome {
            Ok(_) => visitor.done(visitor.page(texts.title, texts.done), self.leads_on, self.done),
            Err(error) => visitor.refused(texts.title, error.into()),
        }
    }
}
