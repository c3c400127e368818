//! What a start tells the operator.

use std::fmt::Write as _;
use std::net::SocketAddr;

use url::Url;
use usermgmt_core::secret::Redacted;

use crate::failure::Failure;
use crate::loopback::leads_to_loopback;
use crate::output::print_line;
use crate::settings::{LogFormat, Settings};

/// Whether the development mailbox is shown: to this machine alone.
pub(super) fn shows_mail(bound: SocketAddr, public_url: &Url) -> bool {
    bound.ip().is_loopback() && leads_to_loopback(public_url)
}

/// Where everything is, now that the server runs.
pub(super) struct Started {
    listening: String,
    documentation: String,
    mail: String,
    data: String,
}

impl Started {
    /// Of these settings, at this address. `is_dev_mailbox`: whether mail goes
    /// into the development mailbox.
    pub(super) fn new(settings: &Settings, bound: SocketAddr, is_dev_mailbox: bool) -> Self {
        let scheme = if settings.tls.is_some() { "https" } else { "http" };
        let listening = format!("{scheme}://{bound}");
        let public_url = settings.core(bound).public_url;
        let mail = settings.mail.url.expose();
        Self {
            documentation: format!("{}/", public_url.as_str().trim_end_matches('/')),
            mail: match mail.as_str() {
                _ if is_dev_mailbox && shows_mail(bound, &public_url) => {
                    format!("{listening}/dev/mail")
                }
                _ if is_dev_mailbox => settings.mail.dev_folder.display().to_string(),
                "console:" => "the log".to_owned(),
                url => place(url),
            },
            data: match settings.database.is_embedded() {
                true => settings.data_dir.display().to_string(),
                false => place(settings.database.url.expose()),
            },
            listening,
        }
    }

    /// Prints it; key and link, which are shown this once, never reach the log.
    pub(super) fn print(
        &self,
        format: LogFormat,
        service_key: Option<&Redacted<String>>,
        setup_link: Option<&Redacted<String>>,
    ) -> Result<(), Failure> {
        let Self { listening, documentation, mail, data } = self;
        // Scripts wait for this line.
        let mut text = format!("listening on {listening}");
        match format {
            LogFormat::Json => {
                tracing::info!(listening, documentation, mail, data, "the server has started");
            }
            LogFormat::Text => {
                for (what, at) in [("documentation", documentation), ("mail", mail), ("data", data)]
                {
                    // Writing to a string does not fail.
                    let _ = write!(text, "\n  {what:<14} {at}");
                }
            }
        }
        if let Some(key) = service_key {
            let key = key.expose();
            let what = "service key";
            let _ = write!(
                text,
                "\n  {what:<14} {key}\n  {:<14} shown this once: with it your other services call \
                 the users API,\n  {:<14} as `Authorization: Bearer umk_…`",
                "", ""
            );
        }
        if let Some(link) = setup_link {
            let link = link.expose();
            let what = "first admin";
            let _ = write!(
                text,
                "\n  {what:<14} {link}\n  {:<14} shown this once: whoever opens it within 24 hours \
                 chooses the password of\n  {:<14} the account `administrator`",
                "", ""
            );
        }
        print_line(&text)
    }
}

/// Scheme, host, port and path of a URL: nothing that could be a secret.
fn place(url: &str) -> String {
    let scheme = url.split(':').next().unwrap_or_default();
    match Url::parse(url) {
        Ok(url) => {
            let host = url.host_str().unwrap_or_default();
            let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
            format!("{scheme}://{host}{port}{}", url.path().trim_end_matches('/'))
        }
        // Some name several hosts, which only their own parser reads.
        Err(_) => format!("{scheme}://…"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_has_the_port_that_was_set_and_no_secret() {
        for (url, shown) in [
            (
                "postgres://ada:pw@127.0.0.1:5433/accounts?sslmode=require",
                "postgres://127.0.0.1:5433/accounts",
            ),
            ("postgres://ada:pw@127.0.0.1/accounts", "postgres://127.0.0.1/accounts"),
            ("smtp://ada:pw@127.0.0.1:2525?tls=none", "smtp://127.0.0.1:2525"),
            ("mongodb://ada:pw@[::1]:27018/accounts", "mongodb://[::1]:27018/accounts"),
            ("postgres://ada:pw@one:5432,two:5433/accounts", "postgres://…"),
        ] {
            assert_eq!(place(url), shown);
        }
    }
}
