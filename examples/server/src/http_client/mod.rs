//! Asking other servers: the one client that everything here asks by.

#[cfg(feature = "oidc")]
mod providers;
mod public;

use std::sync::Arc;

use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client as HyperClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::{ClientConfig, RootCertStore};

#[cfg(feature = "oidc")]
pub(crate) use self::providers::ProviderClient;
pub(crate) use self::public::Reach;
use self::public::Resolver;

/// A client that follows no redirects.
pub(crate) type Client<B> = HyperClient<HttpsConnector<HttpConnector<Resolver>>, B>;

/// By TLS with the roots that browsers trust, or in clear where the URL says so.
pub(crate) fn client<B>(reach: Reach) -> Result<Client<B>, rustls::Error>
where
    B: hyper::body::Body + Send,
    B::Data: Send,
{
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let tls = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let mut http = HttpConnector::new_with_resolver(Resolver::new(reach));
    // TLS is spoken over it.
    http.enforce_http(false);
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(tls)
        .https_or_http()
        .enable_http1()
        .wrap_connector(http);
    Ok(HyperClient::builder(TokioExecutor::new()).build(connector))
}
