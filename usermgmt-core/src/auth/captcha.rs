//! Asking the application's captcha.

use super::client::Client;
use super::error::ServiceError;
use super::facade::Auth;
use super::limits::{Limit, LimitName, Networks};
use crate::captcha::{CaptchaAction, CaptchaVerdict};

impl Auth {
    /// Asks the application, where it has a captcha. A service that vouches for its
    /// user has decided that itself.
    pub(crate) async fn ask_captcha(
        &self,
        action: CaptchaAction,
        client: &Client,
    ) -> Result<(), ServiceError> {
        let Some(captcha) = self.0.captcha.as_ref().filter(|_| !client.is_vouched_for) else {
            return Ok(());
        };
        // Strangers must not drive the application's look-ups without end.
        let (limits, networks) = (&self.0.config.limits, Networks::of(client));
        let (rate, sites) = (limits.token_client, limits.ipv6_site);
        let counted = Limit::of_client(LimitName::CaptchaClient, rate, sites, client, &networks);
        let attempt = match &client.captcha_token {
            Some(_) => Some(self.attempt(&counted, self.now()).await?),
            None => None,
        };
        match captcha.check(action, client).await {
            Ok(CaptchaVerdict::Passed) => {
                if let Some(attempt) = &attempt {
                    self.give_back(attempt).await;
                }
                Ok(())
            }
            Ok(CaptchaVerdict::Required) => Err(ServiceError::CaptchaRequired),
            Ok(CaptchaVerdict::Failed) => Err(ServiceError::CaptchaFailed),
            Err(why) => {
                Err(ServiceError::Unavailable(format!("the captcha was not checked: {why}").into()))
            }
        }
    }
}
