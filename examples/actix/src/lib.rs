//! Accounts in an actix-web application: registration, confirmation by the mailed
//! link, sign-in, a route that needs a session, sign-out. `usermgmt-core` does the
//! work; here is what a web framework adds to it.

mod bearer;
mod failure;
mod routes;

use actix_web::web::{self, ServiceConfig};
use usermgmt_core::Auth;

pub use self::bearer::Bearer;
pub use self::failure::Failure;

/// Mounts the routes, over this service.
pub fn configure(auth: Auth) -> impl FnOnce(&mut ServiceConfig) {
    move |app| {
        app.app_data(web::Data::new(auth))
            .route("/register", web::post().to(routes::register))
            .route("/confirm-email/{token}", web::post().to(routes::confirm))
            .route("/signin", web::post().to(routes::sign_in))
            .route("/refresh", web::post().to(routes::refresh))
            .route("/hello", web::get().to(routes::hello))
            .route("/signout", web::post().to(routes::sign_out));
    }
}
