//! A provider that signs in whoever a test says.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use aws_lc_rs::digest::{SHA512, digest};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use url::Url;

use crate::clock::Clock;
use crate::oidc::{HttpClient, HttpError, HttpRequest, HttpResponse, ProviderConfig};
use crate::secret::Redacted;

/// A provider of OpenID Connect, and of what GitHub has in its place, for tests: it is
/// an [`HttpClient`] that answers by itself, and [`FakeProvider::answer`] serves it by
/// a server of the test's own. It checks what a provider checks: client, code,
/// redirect URI and PKCE. Clones are one provider.
///
/// ```
/// # #[cfg(feature = "oidc")] {
/// use usermgmt_core::clock::SystemClock;
/// use usermgmt_core::testkit::{FakeProvider, ProviderAccount};
///
/// let provider = FakeProvider::new("https://id.example.com", SystemClock);
/// let settings = provider.settings("example"); // for `Config::providers`
/// # let _ = settings;
/// // Where the browser was sent, and with what it comes back:
/// # let url = "https://id.example.com/authorize?redirect_uri=https://a.example/back&state=s";
/// let ann = ProviderAccount::verified("1", "ann@example.com");
/// let back = provider.sign_in(url, &ann);
/// assert_eq!(back.path(), "/back");
/// # }
/// ```
#[derive(Clone)]
pub struct FakeProvider {
    issuer: String,
    clock: Arc<dyn Clock>,
    state: Arc<Mutex<State>>,
}

/// Somebody who has an account at a provider.
#[derive(Clone, Debug)]
pub struct ProviderAccount {
    /// Who they are to it; for GitHub a number.
    pub subject: String,
    /// Their address.
    pub email: Option<String>,
    /// Whether the provider vouches for it.
    pub is_email_verified: bool,
}

impl ProviderAccount {
    /// With an address that the provider vouches for.
    pub fn verified(subject: &str, email: &str) -> Self {
        Self { subject: subject.to_owned(), email: Some(email.to_owned()), is_email_verified: true }
    }

    /// With an address that it does not vouch for.
    pub fn unverified(subject: &str, email: &str) -> Self {
        Self { is_email_verified: false, ..Self::verified(subject, email) }
    }
}

type Tamper = Arc<dyn Fn(&mut Map<String, Value>) + Send + Sync>;
type Sign = Arc<dyn Fn(&Map<String, Value>) -> String + Send + Sync>;

#[derive(Default)]
struct State {
    /// The number of the present key.
    key: u8,
    /// By code, what it was given for.
    codes: BTreeMap<String, Code>,
    /// By access token, whose it is.
    tokens: BTreeMap<String, ProviderAccount>,
    tamper: Option<Tamper>,
    sign: Option<Sign>,
    answers: BTreeMap<String, (u16, Vec<u8>)>,
    hangs: bool,
    asked: Vec<String>,
}

struct Code {
    account: ProviderAccount,
    query: BTreeMap<String, String>,
}

const CLIENT_ID: &str = "client";
const CLIENT_SECRET: &str = "a secret of the client's: 32 bytes";

impl FakeProvider {
    /// A provider with this issuer, without a slash behind it.
    pub fn new(issuer: &str, clock: impl Clock) -> Self {
        Self { issuer: issuer.to_owned(), clock: Arc::new(clock), state: Arc::default() }
    }

    /// The settings by which it is asked.
    pub fn settings(&self, id: &str) -> ProviderConfig {
        let secret = Redacted::new(CLIENT_SECRET.to_owned());
        ProviderConfig::oidc(id, &self.issuer, CLIENT_ID, secret)
    }

    /// The settings by which it is asked as GitHub is.
    pub fn github_settings(&self, id: &str) -> ProviderConfig {
        let secret = Redacted::new(CLIENT_SECRET.to_owned());
        let github = ProviderConfig::github(id, CLIENT_ID, secret);
        ProviderConfig { issuer: self.issuer.clone(), ..github }
    }

    /// The client's secret.
    pub fn client_secret(&self) -> &'static str {
        CLIENT_SECRET
    }

    /// Somebody signs in on the page that the browser was sent to: where it sends the
    /// browser back, with `code`, `state` and `iss`.
    ///
    /// # Panics
    /// Where the URL has no `redirect_uri`.
    pub fn sign_in(&self, url: &str, account: &ProviderAccount) -> Url {
        let query: BTreeMap<String, String> = match Url::parse(url) {
            Ok(url) => url.query_pairs().into_owned().collect(),
            Err(error) => panic!("{url}: {error}"),
        };
        let back = query.get("redirect_uri").and_then(|uri| Url::parse(uri).ok());
        let Some(mut back) = back else { panic!("{url}: no redirect_uri") };
        let mut state = self.state();
        let code = format!("code-{}", state.codes.len());
        let (given, issuer) = (query.get("state").cloned().unwrap_or_default(), &self.issuer);
        back.query_pairs_mut()
            .append_pair("code", &code)
            .append_pair("state", &given)
            .append_pair("iss", issuer);
        state.codes.insert(code, Code { account: account.clone(), query });
        back
    }

    /// Changes what ID tokens say before they are signed.
    pub fn tamper(&self, with: impl Fn(&mut Map<String, Value>) + Send + Sync + 'static) {
        self.state().tamper = Some(Arc::new(with));
    }

    /// Signs ID tokens in another way than by the provider's key.
    pub fn sign_by(&self, sign: impl Fn(&Map<String, Value>) -> String + Send + Sync + 'static) {
        self.state().sign = Some(Arc::new(sign));
    }

    /// Signs by another key from now on; the one before is gone.
    pub fn rotate_key(&self) {
        self.state().key += 1;
    }

    /// Answers so whatever is asked of this path.
    pub fn answer_with(&self, path: &str, status: u16, body: impl Into<Vec<u8>>) {
        self.state().answers.insert(path.to_owned(), (status, body.into()));
    }

    /// Answers nothing any more.
    pub fn hang(&self) {
        self.state().hangs = true;
    }

    /// Whether it answers nothing.
    pub fn hangs(&self) -> bool {
        self.state().hangs
    }

    /// The paths that were asked since the last time this was called.
    pub fn take_asked(&self) -> Vec<String> {
        std::mem::take(&mut self.state().asked)
    }

    /// What the provider answers to a request: status and body. `authorization` is
    /// that header, `form` the body.
    pub fn answer(&self, path: &str, authorization: Option<&str>, form: &str) -> (u16, Vec<u8>) {
        let mut state = self.state();
        state.asked.push(path.to_owned());
        if let Some(answer) = state.answers.get(path) {
            return answer.clone();
        }
        let bearer = authorization.and_then(|value| value.strip_prefix("Bearer "));
        let account = bearer.and_then(|token| state.tokens.get(token)).cloned();
        let (status, body) = match (path, account) {
            ("/.well-known/openid-configuration", _) => (200, self.document()),
            ("/keys", _) => (200, json!({ "keys": [jwk(state.key)] })),
            ("/token" | "/login/oauth/access_token", _) => {
                self.exchange(&mut state, authorization, form)
            }
            ("/userinfo", Some(account)) => (200, claims(&account)),
            ("/user" | "/api/v3/user", Some(account)) => {
                (200, json!({ "id": account.subject.parse::<u64>().unwrap_or_default() }))
            }
            ("/user/emails" | "/api/v3/user/emails", Some(account)) => {
                let other =
                    json!({ "email": "other@example.com", "primary": false, "verified": true });
                let own = json!({
                    "email": account.email,
                    "primary": true,
                    "verified": account.is_email_verified,
                });
                (200, json!([other, own]))
            }
            ("/userinfo" | "/user" | "/user/emails", None) => (401, json!({})),
            _ => (404, json!({})),
        };
        (status, body.to_string().into_bytes())
    }

    fn document(&self) -> Value {
        let at = |path: &str| format!("{}{path}", self.issuer);
        json!({
            "issuer": self.issuer,
            "authorization_endpoint": at("/authorize"),
            "token_endpoint": at("/token"),
            "jwks_uri": at("/keys"),
            "userinfo_endpoint": at("/userinfo"),
            "authorization_response_iss_parameter_supported": true,
        })
    }

    fn exchange(&self, state: &mut State, authorization: Option<&str>, form: &str) -> (u16, Value) {
        let form: BTreeMap<String, String> =
            url::form_urlencoded::parse(form.as_bytes()).into_owned().collect();
        let given = |name: &str| form.get(name).map(String::as_str);
        let refused = |error: &str| (400, json!({ "error": error }));
        if !is_client(authorization, &given) {
            return refused("invalid_client");
        }
        // A code is good once.
        let Some(Code { account, query }) = given("code").and_then(|code| state.codes.remove(code))
        else {
            return refused("invalid_grant");
        };
        let hash = Sha256::digest(given("code_verifier").unwrap_or_default().as_bytes());
        let challenge = URL_SAFE_NO_PAD.encode(hash);
        let asked = |name: &str| query.get(name).map(String::as_str);
        if asked("redirect_uri") != given("redirect_uri")
            || asked("code_challenge") != Some(&challenge)
            || asked("code_challenge_method") != Some("S256")
        {
            return refused("invalid_grant");
        }
        let access_token = format!("access-{}", state.tokens.len());
        let now = self.clock.now().as_secs();
        let mut said = json!({
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 300,
            "nonce": asked("nonce"),
        });
        let Value::Object(said) = &mut said else { return refused("server_error") };
        if let Value::Object(claims) = claims(&account) {
            said.extend(claims);
        }
        // SHA-512, as Ed25519 has it.
        let hash = digest(&SHA512, access_token.as_bytes());
        said.insert("at_hash".to_owned(), URL_SAFE_NO_PAD.encode(&hash.as_ref()[..32]).into());
        if let Some(tamper) = &state.tamper {
            tamper(said);
        }
        let id_token = match &state.sign {
            Some(sign) => sign(said),
            None => sign(said, state.key),
        };
        state.tokens.insert(access_token.clone(), account);
        let tokens = json!({
            "access_token": access_token,
            "token_type": "Bearer",
            "id_token": id_token,
        });
        (200, tokens)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A test that panicked elsewhere is no reason to hide what there is.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// By header or by form, as clients may (RFC 6749, 2.3.1).
fn is_client<'a>(authorization: Option<&str>, form: &impl Fn(&str) -> Option<&'a str>) -> bool {
    let encoded: String = url::form_urlencoded::byte_serialize(CLIENT_SECRET.as_bytes()).collect();
    let pair = base64::engine::general_purpose::STANDARD.encode(format!("{CLIENT_ID}:{encoded}"));
    authorization == Some(&format!("Basic {pair}"))
        || (form("client_id") == Some(CLIENT_ID) && form("client_secret") == Some(CLIENT_SECRET))
}

fn claims(account: &ProviderAccount) -> Value {
    match &account.email {
        Some(email) => json!({
            "sub": account.subject,
            "email": email,
            "email_verified": account.is_email_verified,
        }),
        None => json!({ "sub": account.subject }),
    }
}

fn pair(number: u8) -> Ed25519KeyPair {
    match Ed25519KeyPair::from_seed_unchecked(&[number.wrapping_add(1); 32]) {
        Ok(pair) => pair,
        Err(error) => panic!("a seed of 32 bytes: {error}"),
    }
}

fn kid(number: u8) -> String {
    format!("key-{number}")
}

fn jwk(number: u8) -> Value {
    let x = URL_SAFE_NO_PAD.encode(pair(number).public_key().as_ref());
    json!({ "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": kid(number), "x": x })
}

fn sign(claims: &Map<String, Value>, number: u8) -> String {
    let mut header = Header::new(Algorithm::EdDSA);
    header.kid = Some(kid(number));
    let signed = pair(number).to_pkcs8v1().map_err(|error| error.to_string()).and_then(|der| {
        let key = EncodingKey::from_ed_der(der.as_ref());
        jsonwebtoken::encode(&header, claims, &key).map_err(|error| error.to_string())
    });
    signed.unwrap_or_else(|error| panic!("an ID token: {error}"))
}

#[async_trait]
impl HttpClient for FakeProvider {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        if self.hangs() {
            std::future::pending::<()>().await;
        }
        let header = |name: &str| request.headers.iter().find(|(found, _)| *found == name);
        let authorization = header("authorization").map(|(_, value)| value.expose().as_str());
        let form = request.body.as_ref().map_or("", |body| body.expose().as_str());
        let (status, body) = self.answer(request.url.path(), authorization, form);
        Ok(HttpResponse { status, body: Redacted::new(body), date: None })
    }
}

impl fmt::Debug for FakeProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeProvider").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}
