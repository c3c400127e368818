//! Where passkeys are good.

use url::Url;

/// Where passkeys are good. Browsers give a passkey to no other site, which is what
/// makes it worth nothing to a phisher.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PasskeyPolicy {
    /// The domain that passkeys belong to; by default the host of `public_url`.
    /// Whoever changes it makes every passkey that was added before useless.
    pub rp_id: Option<String>,
    /// The origins that pages with passkeys have, each at the domain or below it; by
    /// default those of `public_url` and, where it is at the domain, `frontend_url`.
    pub origins: Vec<Url>,
}
