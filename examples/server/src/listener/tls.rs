//! TLS by rustls, with a certificate that can be exchanged while it is used.

use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::{ClientHello, ParsedCertificate, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, ServerConfig,
    SignatureScheme,
};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_rustls::client::TlsStream;
use tokio_rustls::{TlsAcceptor, TlsConnector};
use usermgmt_core::clock::{Clock as _, SystemClock, Timestamp};

use crate::regular_file;

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(2);

/// Where certificate and key are.
#[derive(Clone, Debug)]
pub(crate) struct TlsFiles {
    /// The certificate, followed by those between it and a root; PEM.
    pub(crate) certificate: PathBuf,
    /// Its private key; PEM.
    pub(crate) key: PathBuf,
}

/// TLS with the certificate that was read last.
#[derive(Clone)]
pub(crate) struct Tls {
    files: TlsFiles,
    current: Arc<Current>,
    config: Arc<ServerConfig>,
}

#[derive(Debug)]
struct Current(RwLock<Arc<CertifiedKey>>);

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

impl Tls {
    /// Reads certificate and key.
    ///
    /// # Errors
    /// The setting that is wrong, and why.
    pub(crate) fn load(files: &TlsFiles) -> Result<Self, String> {
        let provider = Arc::new(default_provider());
        let current = Arc::new(Current(RwLock::new(Arc::new(read(files)?))));
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| format!("tls: {error}"))?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&current) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self { files: files.clone(), current, config: Arc::new(config) })
    }

    /// Handshakes with what was read last.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.config))
    }

    /// Reads the files again at every SIGHUP, and when they have changed. New
    /// connections get the new certificate; where it cannot be used, the one in
    /// use stays. One that has expired or is not valid yet is used all the same,
    /// and named in the log.
    pub(crate) async fn follow(self, mut hangup: watch::Receiver<()>) {
        let mut seen = self.stamp();
        self.warn_where_not_in_time();
        loop {
            let asked = match tokio::time::timeout(LOOK, hangup.changed()).await {
                Ok(Ok(())) => true,
                Ok(Err(_)) => return,
                Err(_) => false,
            };
            let stamp = self.stamp();
            if !asked && stamp == seen {
                continue;
            }
            seen = stamp;
            match read(&self.files) {
                Ok(key) => {
                    *self.current.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(key);
                    tracing::info!("the TLS certificate was read again");
                    self.warn_where_not_in_time();
                }
                Err(error) => {
                    tracing::error!(%error, "the TLS certificate in use stays");
                }
            }
        }
    }

    /// Clients refuse it, and the server's own log is where an operator looks first.
    fn warn_where_not_in_time(&self) {
        let current = Arc::clone(&self.current.0.read().unwrap_or_else(PoisonError::into_inner));
        if let Err(why) = times(&current, &self.files, SystemClock.now()) {
            tracing::warn!("{why}: clients refuse it; renew it, and look at this machine's clock");
        }
    }

    fn stamp(&self) -> [Option<(SystemTime, u64)>; 2] {
        [&self.files.certificate, &self.files.key].map(|path| {
            let metadata = std::fs::metadata(path).ok()?;
            Some((metadata.modified().ok()?, metadata.len()))
        })
    }
}

fn read(files: &TlsFiles) -> Result<CertifiedKey, String> {
    let unread = |setting: &str, path: &Path, why: String| {
        format!("{setting}: cannot use {}: {why}", path.display())
    };
    let open = |setting: &str, path: &Path| {
        regular_file::open(path).map_err(|error| unread(setting, path, error.to_string()))
    };
    let path = &files.certificate;
    let certificates: Vec<CertificateDer<'static>> =
        CertificateDer::pem_reader_iter(open("tls.certificate", path)?)
            .collect::<Result<_, _>>()
            .map_err(|error| unread("tls.certificate", path, error.to_string()))?;
    if certificates.is_empty() {
        return Err(unread("tls.certificate", path, "it has no certificate in PEM".to_owned()));
    }
    let key = PrivateKeyDer::from_pem_reader(open("tls.key", &files.key)?)
        .map_err(|error| unread("tls.key", &files.key, error.to_string()))?;
    CertifiedKey::from_der(certificates, key, &default_provider())
        .map_err(|error| format!("tls.key: is not the key of tls.certificate: {error}"))
}

/// Whether no certificate of the file has expired or is not valid yet: the server would
/// show it all the same, and clients refuse it.
///
/// # Errors
/// The file, and what is wrong with it.
pub(crate) fn in_time(files: &TlsFiles, now: Timestamp) -> Result<(), String> {
    times(&read(files)?, files, now)
}

fn times(key: &CertifiedKey, files: &TlsFiles, now: Timestamp) -> Result<(), String> {
    let provider = default_provider();
    let algorithms = provider.signature_verification_algorithms.all;
    let now = Duration::from_millis(u64::try_from(now.as_millis()).unwrap_or_default());
    let now = UnixTime::since_unix_epoch(now);
    for certificate in &key.cert {
        let Ok(certificate) = ParsedCertificate::try_from(certificate) else { continue };
        // Times are looked at first. That there is nobody who could have signed it, which
        // is said of all others, is no fault here.
        let looked = verify_server_cert_signed_by_trust_anchor(
            &certificate,
            &RootCertStore::empty(),
            &[],
            now,
            algorithms,
        );
        let why = match looked {
            Err(rustls::Error::InvalidCertificate(
                CertificateError::Expired | CertificateError::ExpiredContext { .. },
            )) => "has expired",
            Err(rustls::Error::InvalidCertificate(
                CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. },
            )) => "is not valid yet",
            _ => continue,
        };
        let path = files.certificate.display();
        return Err(format!("tls.certificate: a certificate in {path} {why}"));
    }
    Ok(())
}

/// Connects to whatever listens there, whatever certificate it shows: for `healthcheck`,
/// which asks its own server and sends nothing that anybody may not read. The files say
/// nothing of it: while a certificate is renewed, the one in use may be in none of them.
///
/// # Errors
/// Those of the handshake.
pub(crate) async fn connect_tls(stream: TcpStream) -> std::io::Result<TlsStream<TcpStream>> {
    let provider = Arc::new(default_provider());
    let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(std::io::Error::other)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anybody { provider }))
        .with_no_client_auth();
    let name = ServerName::from(IpAddr::from(Ipv4Addr::LOCALHOST));
    TlsConnector::from(Arc::new(config)).connect(name, stream).await
}

/// Takes every certificate whose key the server has.
#[derive(Debug)]
struct Anybody {
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, cert, dss, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
