//! GET /users/{id}/export: everything that is kept about a person, to save.

use axum::Json;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};

use super::frame::{Section, refuse};
use super::visit::Admin;

pub(super) async fn export(admin: Admin) -> Response {
    let id = match admin.user_id() {
        Ok(id) => id,
        Err(refusal) => return refuse(&admin, Section::Users, refusal),
    };
    match admin.auth().export_user(&id).await {
        Ok(document) => {
            // Not the name, which a person chose and a file system would have to take.
            let disposition = "attachment; filename=\"user.json\"";
            ([(header::CONTENT_DISPOSITION, disposition)], Json(document)).into_response()
        }
        Err(error) => refuse(&admin, Section::Users, error.into()),
    }
}
