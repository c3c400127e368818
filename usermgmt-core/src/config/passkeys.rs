//! Where passkeys are good, worked out.

use url::{Host, Url};

use super::{Config, ConfigError, leads_here};

impl Config {
    /// The domain that passkeys belong to. Browsers know no passkeys of an address, so
    /// that on one of this machine it is `localhost`.
    pub fn passkey_rp_id(&self) -> String {
        self.passkeys.rp_id.clone().unwrap_or_else(|| self.host_of_pages())
    }

    /// The host of the public URL, as passkeys know it.
    fn host_of_pages(&self) -> String {
        match self.public_url.host() {
            Some(Host::Domain(name)) => name.to_owned(),
            _ if leads_here(&self.public_url) => "localhost".to_owned(),
            host => host.map(|host| host.to_string()).unwrap_or_default(),
        }
    }

    /// The origins that pages with passkeys have; one at the domain comes first.
    pub fn passkey_origins(&self) -> Vec<Url> {
        if !self.passkeys.origins.is_empty() {
            return self.passkeys.origins.clone();
        }
        let rp_id = self.passkey_rp_id();
        let mut origins = vec![self.public_url.clone()];
        if !is_of(&self.public_url, &rp_id) && leads_here(&self.public_url) {
            let mut named = self.public_url.clone();
            if named.set_host(Some(&rp_id)).is_ok() && leads_here(&named) {
                origins.insert(0, named);
            }
        }
        origins.extend(self.frontend_url.iter().filter(|url| is_of(url, &rp_id)).cloned());
        for origin in &mut origins {
            origin.set_path("");
        }
        origins.dedup();
        origins
    }

    pub(super) fn validate_passkeys(&self) -> Result<(), ConfigError> {
        let wrong = |setting, problem: String| Err(ConfigError::new(setting, problem));
        if !self.sign_in.passkeys {
            return Ok(());
        }
        if !cfg!(feature = "passkeys") {
            let problem = "needs the feature `passkeys`, which this program is built without";
            return wrong("sign_in.passkeys", problem.to_owned());
        }
        let id = self.passkey_rp_id();
        let is_a_domain = matches!(Host::parse(&id), Ok(Host::Domain(name)) if name == id);
        if !is_a_domain {
            return wrong(
                "passkeys.rp_id",
                format!("must be a domain in lower case, such as example.com, is {id:?}"),
            );
        }
        for origin in &self.passkeys.origins {
            let is_plain = origin.path().trim_matches('/').is_empty()
                && origin.query().is_none()
                && origin.fragment().is_none()
                && origin.username().is_empty();
            if !is_plain || !is_of(origin, &id) {
                return wrong(
                    "passkeys.origins",
                    format!("must be origins such as https://{id} or below it, {origin} is not"),
                );
            }
        }
        let origins = self.passkey_origins();
        if !origins.first().is_some_and(|origin| is_of(origin, &id)) {
            return wrong(
                "passkeys.rp_id",
                format!(
                    "must be the host of public_url ({}) or a domain above it, is {id:?}",
                    self.host_of_pages()
                ),
            );
        }
        if let Some(origin) = origins.iter().find(|url| url.scheme() != "https" && !leads_here(url))
        {
            let setting =
                if self.passkeys.origins.is_empty() { "public_url" } else { "passkeys.origins" };
            let problem = format!("browsers know passkeys at https only, {origin} is not");
            return wrong(setting, problem);
        }
        Ok(())
    }
}

/// Whether a page there may use passkeys of the domain.
fn is_of(url: &Url, rp_id: &str) -> bool {
    url.domain().is_some_and(|domain| {
        domain == rp_id || domain.strip_suffix(rp_id).is_some_and(|below| below.ends_with('.'))
    })
}
