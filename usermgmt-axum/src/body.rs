//! Taking a request's body in: limited, of the right kind, and read by its fields.

use axum::body::{Body, Bytes, HttpBody as _};
use axum::extract::{FromRef, FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use http_body_util::BodyExt as _;
use serde_json::{Map, Value};
use url::form_urlencoded;

use crate::browser::{FORM_TOKEN, PresentedForm};
use crate::error::ApiError;
use crate::state::HttpState;
use crate::validate::{Fields, FromFields, Issue, Problems, Style};

/// The largest body that is read.
const LIMIT: usize = 64 * 1024;

/// How much of a larger body is received and thrown away. Answering while the
/// client still writes resets the connection, and then it never sees the answer.
const DRAIN: usize = 32 * 1024 * 1024;

/// Why there is no body to read.
#[derive(Clone, Copy, Debug)]
enum Unreadable {
    TooLarge,
    Broken,
}

/// Receives the body before anything is decided, so that every answer, an early
/// refusal too, finds the client done with writing.
pub(crate) async fn receive(request: Request) -> Request {
    let (mut parts, body) = request.into_parts();
    if body.is_end_stream() {
        return Request::from_parts(parts, body);
    }
    let body = match collect(body).await {
        Ok(bytes) => {
            if is_form(&parts.headers)
                && let Some(Value::String(token)) = pairs(&bytes).remove(FORM_TOKEN)
            {
                parts.extensions.insert(PresentedForm(token));
            }
            Body::from(bytes)
        }
        Err(why) => {
            parts.extensions.insert(why);
            Body::empty()
        }
    };
    Request::from_parts(parts, body)
}

async fn collect(mut body: Body) -> Result<Bytes, Unreadable> {
    if body.is_end_stream() {
        return Ok(Bytes::new());
    }
    // The client said so itself, and waits for a word before it sends that much (RFC 9110, 10.1.1).
    if body.size_hint().lower() > DRAIN as u64 {
        return Err(Unreadable::TooLarge);
    }
    let mut kept = Vec::new();
    let mut received = 0_usize;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| Unreadable::Broken)?.into_data() else {
            continue;
        };
        received = received.saturating_add(data.len());
        if received <= LIMIT {
            kept.extend_from_slice(&data);
        } else if received > DRAIN {
            break;
        }
    }
    if received > LIMIT {
        return Err(Unreadable::TooLarge);
    }
    Ok(kept.into())
}

/// Refuses a body that was too large, where nothing reads it.
pub(crate) fn not_too_large(parts: &Parts) -> Result<(), ApiError> {
    match parts.extensions.get::<Unreadable>() {
        Some(Unreadable::TooLarge) => Err(ApiError::payload_too_large()),
        Some(Unreadable::Broken) | None => Ok(()),
    }
}

/// The received body with its headers.
struct Received {
    bytes: Bytes,
    headers: HeaderMap,
}

impl Received {
    async fn of(request: Request) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        Ok(Self { bytes: bytes(&parts, body).await?, headers: parts.headers })
    }

    fn json(&self) -> Result<Value, ApiError> {
        let is_json = content_type(&self.headers).is_some_and(|kind| {
            kind == "application/json"
                || (kind.starts_with("application/") && kind.ends_with("+json"))
        });
        let unnamed = self.bytes.is_empty() && !self.headers.contains_key(header::CONTENT_TYPE);
        if !is_json && !unnamed {
            return Err(ApiError::unsupported_media_type("application/json"));
        }
        serde_json::from_slice(&self.bytes).map_err(|_| malformed())
    }
}

async fn bytes(parts: &Parts, body: Body) -> Result<Bytes, ApiError> {
    let bytes = match parts.extensions.get::<Unreadable>() {
        Some(why) => Err(*why),
        None => collect(body).await,
    };
    bytes.map_err(|why| match why {
        Unreadable::TooLarge => ApiError::payload_too_large(),
        Unreadable::Broken => malformed(),
    })
}

/// A form as it was sent; no body is one without fields.
pub(crate) async fn form(parts: &Parts, body: Body) -> Result<Bytes, ApiError> {
    let bytes = bytes(parts, body).await?;
    if !bytes.is_empty() && !is_form(&parts.headers) {
        return Err(ApiError::unsupported_media_type("application/x-www-form-urlencoded"));
    }
    Ok(bytes)
}

/// The content type without its parameters, in lower case.
fn content_type(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    let essence = value.split(';').next().unwrap_or_default();
    Some(essence.trim().to_ascii_lowercase())
}

fn is_form(headers: &HeaderMap) -> bool {
    content_type(headers).as_deref() == Some("application/x-www-form-urlencoded")
}

fn malformed() -> ApiError {
    Problems::of_body(Issue::Malformed).answer(Style::Account)
}

fn read<T: FromFields>(value: Value, state: &HttpState) -> Result<T, ApiError> {
    let read = match value {
        Value::Object(fields) => Fields::new(fields).read(state),
        _ => Err(Problems::of_body(Issue::NotAnObject)),
    };
    read.map_err(|problems| problems.answer(T::STYLE))
}

/// A JSON object, read by its fields.
#[derive(Debug)]
pub(crate) struct Object<T>(pub(crate) T);

impl<S, T> FromRequest<S> for Object<T>
where
    S: Send + Sync,
    HttpState: FromRef<S>,
    T: FromFields,
{
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let value = Received::of(request).await?.json()?;
        read(value, &HttpState::from_ref(state)).map(Self)
    }
}

/// A JSON object, or no body, which reads as an object without fields.
#[derive(Debug)]
pub(crate) struct OptionalObject<T>(pub(crate) T);

impl<S, T> FromRequest<S> for OptionalObject<T>
where
    S: Send + Sync,
    HttpState: FromRef<S>,
    T: FromFields,
{
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let received = Received::of(request).await?;
        let value =
            if received.bytes.is_empty() { Value::Object(Map::new()) } else { received.json()? };
        read(value, &HttpState::from_ref(state)).map(Self)
    }
}

/// The query string, read by its fields. A name given twice counts once, the
/// first time.
#[derive(Debug)]
pub(crate) struct QueryFields<T>(pub(crate) T);

impl<S, T> FromRequestParts<S> for QueryFields<T>
where
    S: Send + Sync,
    HttpState: FromRef<S>,
    T: FromFields,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let fields = query_pairs(parts.uri.query().unwrap_or_default());
        read(Value::Object(fields), &HttpState::from_ref(state)).map(Self)
    }
}

/// The fields of a form and of the query string, the form's first; no body
/// reads as a form without fields.
pub(crate) struct FormFields(Map<String, Value>);

impl FormFields {
    /// A field's text, empty where there is none.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.0.get(name).and_then(Value::as_str).unwrap_or_default()
    }
}

impl<S: Send + Sync> FromRequest<S> for FormFields {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        let mut fields = pairs(parts.uri.query().unwrap_or_default().as_bytes());
        fields.extend(pairs(&form(&parts, body).await?));
        Ok(Self(fields))
    }
}

/// Decodes a query string. A plus in an address is one: many clients leave it as
/// it is, and an address has no blank.
fn query_pairs(query: &str) -> Map<String, Value> {
    let mut fields = pairs(query.as_bytes());
    for (name, value) in pairs(query.replace('+', "%2B").as_bytes()) {
        if value.as_str().is_some_and(|text| text.contains('@')) {
            fields.insert(name, value);
        }
    }
    fields
}

/// Decodes pairs; what is no UTF-8 becomes the replacement character.
fn pairs(encoded: &[u8]) -> Map<String, Value> {
    let mut fields = Map::new();
    for (name, value) in form_urlencoded::parse(encoded) {
        fields.entry(name.into_owned()).or_insert_with(|| Value::String(value.into_owned()));
    }
    fields
}
