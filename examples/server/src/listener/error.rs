//! What a client is told whose request did not arrive.

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};

const BODY: &str = r#"{"message":"The request did not arrive in time","error":"request_timeout"}"#;

/// 408 (RFC 9110, 15.5.9).
pub(super) fn late() -> Response<Body> {
    let mut response = Response::new(Body::from(BODY));
    *response.status_mut() = StatusCode::REQUEST_TIMEOUT;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

/// The same in bytes, where not even the head arrived.
pub(super) fn late_head() -> String {
    format!(
        "HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{BODY}",
        BODY.len()
    )
}
