//! Signing in to the mail server: by password (RFC 4954, PLAIN and LOGIN) or by a
//! bearer token (XOAUTH2, as Microsoft 365 and Gmail have it).

use std::path::PathBuf;
use std::process::Stdio;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS, Mechanism};
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::Ehlo;
use lettre::transport::smtp::extension::ClientId;
use tokio::process::Command;
use usermgmt_core::secret::Redacted;

use super::failure::{Failure, expect};

/// How to sign in.
pub(crate) enum SignIn {
    Password(Credentials),
    Token { user: String, source: TokenSource },
}

/// Where a token comes from: each connection asks anew, since tokens live for an hour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TokenSource {
    File(PathBuf),
    /// Run by `sh`; the token is what it prints.
    Command(String),
}

impl SignIn {
    /// A token that is not there now is not there for the first mail either.
    ///
    /// # Errors
    /// What is wrong with its file or command.
    pub(crate) async fn check(&self) -> Result<(), String> {
        match self {
            Self::Password(_) => Ok(()),
            Self::Token { source, .. } => source.token().await.map(drop),
        }
    }

    /// Signs in, and says what the server offers where that is nothing of use.
    pub(super) async fn to(
        &self,
        connection: &mut AsyncSmtpConnection,
        hello: &ClientId,
    ) -> Result<(), Failure> {
        let mechanisms: &[Mechanism] = match self {
            Self::Password(_) => DEFAULT_MECHANISMS,
            Self::Token { .. } => &[Mechanism::Xoauth2],
        };
        if connection.server_info().get_auth_mechanism(mechanisms).is_none() {
            let offered = offered(connection, hello).await?;
            return Err(Failure::SetUp(self.not_offered(&offered)));
        }
        match self {
            Self::Password(credentials) => {
                let answer = connection.auth(mechanisms, credentials).await?;
                expect(answer, &[235])
            }
            Self::Token { user, source } => {
                let token = source.token().await.map_err(Failure::SetUp)?;
                let token = token.expose();
                let first = STANDARD.encode(format!("user={user}\x01auth=Bearer {token}\x01\x01"));
                let answer = connection.command(format!("AUTH XOAUTH2 {first}\r\n")).await?;
                if u16::from(answer.code()) == 334 {
                    // It explains the refusal; the refusal follows an empty answer.
                    connection.command("\r\n").await?;
                }
                expect(answer, &[235])
            }
        }
    }

    fn not_offered(&self, offered: &[String]) -> String {
        let has_token = offered.iter().any(|name| name == "XOAUTH2");
        let offered = match offered {
            [] => "no way to sign in; it may do so on another port (587 or 465)".to_owned(),
            names => format!("only {} to sign in", names.join(", ")),
        };
        let mend = match self {
            Self::Password(_) if has_token => {
                "; for XOAUTH2 set mail.url to smtp://user@host?auth=xoauth2&token_file=…"
            }
            Self::Password(_) => "; a user name and password need PLAIN or LOGIN",
            Self::Token { .. } => "; auth=xoauth2 needs XOAUTH2",
        };
        format!("the mail server offers {offered}{mend}")
    }
}

/// The mechanisms that the server offers, those included that the library does not know.
async fn offered(
    connection: &mut AsyncSmtpConnection,
    hello: &ClientId,
) -> Result<Vec<String>, Failure> {
    let answer = connection.command(Ehlo::new(hello.clone())).await?;
    let mut names: Vec<String> = Vec::new();
    for line in answer.message() {
        let mut words = line.split([' ', '=']);
        if !words.next().is_some_and(|word| word.eq_ignore_ascii_case("AUTH")) {
            continue;
        }
        for name in words.map(str::to_ascii_uppercase) {
            let is_name = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
            if (1..=20).contains(&name.len()) && name.bytes().all(is_name) && !names.contains(&name)
            {
                names.push(name);
            }
        }
    }
    names.truncate(12);
    Ok(names)
}

impl TokenSource {
    /// The token as it is now.
    pub(crate) async fn token(&self) -> Result<Redacted<String>, String> {
        let (text, name) = match self {
            Self::File(path) => {
                let text = tokio::fs::read_to_string(path).await;
                let name = format!("token_file {}", path.display());
                (text.map_err(|e| format!("{name}: {e}"))?, name)
            }
            Self::Command(command) => {
                let name = "token_command".to_owned();
                let ran = Command::new("sh")
                    .args(["-c", command])
                    .stdin(Stdio::null())
                    .kill_on_drop(true)
                    .output()
                    .await
                    .map_err(|e| format!("{name} cannot be run: {e}"))?;
                if !ran.status.success() {
                    // What it printed may be a secret.
                    return Err(format!("{name} failed: {}", ran.status));
                }
                (String::from_utf8_lossy(&ran.stdout).into_owned(), name)
            }
        };
        let token = text.trim();
        if token.is_empty() || !token.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(format!("{name} gives no token"));
        }
        Ok(Redacted::new(token.to_owned()))
    }
}
