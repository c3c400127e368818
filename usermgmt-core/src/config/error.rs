//! What is wrong with a policy.

/// A policy that cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{setting}: {problem}")]
pub struct ConfigError {
    /// The setting's name.
    pub setting: &'static str,
    /// What is wrong with it and what would be right.
    pub problem: String,
}

impl ConfigError {
    pub(super) fn new(setting: &'static str, problem: impl Into<String>) -> Self {
        Self { setting, problem: problem.into() }
    }

    #[cfg(feature = "oidc")]
    pub(crate) fn without_http_client() -> Self {
        Self::new("providers", "need an HTTP client (AuthBuilder::http_client)")
    }
}
