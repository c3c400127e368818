//! Where the account API is.

/// Where the account API is, for what leads there.
#[derive(Clone, Debug)]
pub(crate) struct AccountPath(pub(crate) String);
