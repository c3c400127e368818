//! POST /account/sessions/end

use axum::response::Response;
use usermgmt_core::flows::SessionError;

use super::member::Member;

/// Ends one of the user's sessions. One that is over already is what was asked for.
pub(super) async fn end(member: Member) -> Response {
    let Ok(id) = member.visit.form.text("session").parse() else {
        return member.refused(SessionError::NotFound.into());
    };
    let (auth, client) = (member.visit.auth(), &member.visit.client);
    match auth.end_session(&member.current.user.id, id, client).await {
        Ok(()) | Err(SessionError::NotFound) => member.done("session"),
        Err(error) => member.refused(error.into()),
    }
}
