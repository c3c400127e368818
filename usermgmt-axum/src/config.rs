//! What an embedder or operator may decide about HTTP.

use std::time::Duration;

use ipnet::IpNet;

use crate::layers::CorsOrigin;
use crate::page_look::PageLook;

/// Where the pages for administrators are, where nobody says otherwise.
#[cfg(feature = "admin-pages")]
const ADMIN_PATH: &str = "/web3m-admin";

/// Settings of the routers. [`HttpConfig::default`] is the safe choice for a
/// server that clients reach directly; its fields can be set.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct HttpConfig {
    /// Proxies whose `X-Forwarded-For` is believed. Any other peer is the
    /// client itself, whatever it says. Default none.
    pub trusted_proxies: Vec<IpNet>,
    /// Origins whose pages may call the account API. Default none.
    pub cors_origins: Vec<CorsOrigin>,
    /// How long a request may take, its body included, before it is answered
    /// with 503. Default 30 seconds.
    pub request_timeout: Duration,
    /// Whether browsers are told to come back by HTTPS only (RFC 6797). Turn it
    /// on where the public URL is an `https` one. Default off.
    pub hsts: bool,
    /// The path of a page that shows mails in place of sending them, linked from
    /// the page at `/` of [`standalone`](crate::standalone). Default none.
    pub mailbox_path: Option<String>,
    /// How the pages look. Default as they come.
    pub look: PageLook,
    /// Where the pages for administrators are. Default `/web3m-admin`; `/admin`
    /// leads there.
    #[cfg(feature = "admin-pages")]
    pub admin_path: String,
    /// Behaviours of the services that this project replaces.
    pub compat: HttpCompat,
}

#[cfg(feature = "admin-pages")]
impl HttpConfig {
    /// With a slash before it and none behind it.
    pub(crate) fn admin_path(&self) -> String {
        format!("/{}", self.admin_path.trim_matches('/'))
    }
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            trusted_proxies: Vec::new(),
            cors_origins: Vec::new(),
            request_timeout: Duration::from_secs(30),
            hsts: false,
            mailbox_path: None,
            look: PageLook::default(),
            #[cfg(feature = "admin-pages")]
            admin_path: ADMIN_PATH.to_owned(),
            compat: HttpCompat::default(),
        }
    }
}

/// Old behaviours over HTTP, each off by default because the safe one is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct HttpCompat {
    /// GET on a confirmation link confirms at once, as mail scanners do, too.
    pub confirm_on_get: bool,
    /// The users API leaves the always empty `mfa_secret` out.
    pub omit_mfa_secret_field: bool,
    /// The users API takes any text as a gender.
    pub free_gender: bool,
    /// The users API asks for no service key: for a private network only. An
    /// anonymous caller still cannot create or change an admin.
    pub open_users_api: bool,
}
