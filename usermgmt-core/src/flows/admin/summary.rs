//! How much there is of everything.

use super::count::Counted;
use crate::auth::{Auth, ServiceError};

impl Auth {
    /// How much there is, counted less than a minute ago. Of several callers that
    /// find the last count too old, each may count.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub async fn admin_summary(&self) -> Result<Counted, ServiceError> {
        let now = self.now();
        if let Some(counted) = self.0.last_count.fresh(now) {
            return Ok(counted);
        }
        let summary = self.read(self.0.store.summary(now)).await?;
        let outbox = self.read(self.0.store.outbox_depth()).await?;
        let counted = Counted { summary, outbox, as_of: now };
        self.0.last_count.keep(&counted);
        Ok(counted)
    }
}
