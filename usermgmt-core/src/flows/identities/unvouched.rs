//! An identity that nobody has, with an address that the provider does not vouch
//! for: a registration like any other, whose address is confirmed first. Known and
//! unknown addresses get one answer at one cost.

use super::ProviderSignInError;
use super::enter::Entry;
use crate::auth::{Auth, Limit, LimitName, Networks, ServiceError};
use crate::clock::Timestamp;
use crate::config::CODE_TTL;
use crate::flows::mail_request::has_new_link;
use crate::model::identifier::{Email, Identifier};
use crate::model::ids::UserId;
use crate::model::mail::{MailKind, MailToken};
use crate::model::token::Purpose;
use crate::model::user::{Account, User};
use crate::store::{Change, UserPatch};

/// User, three claims, two tokens, identity, mail, audit.
const CHANGES: usize = 9;

impl Auth {
    /// What is answered, which is the same for every address.
    pub(super) async fn register_unvouched(
        &self,
        entry: &Entry<'_>,
    ) -> Result<ProviderSignInError, ProviderSignInError> {
        let least_time = self.least_time();
        let (email, now) = (self.address(entry)?, self.now());
        let (limits, networks) = (&self.0.config.limits, Networks::of(entry.client));
        let (rate, sites) = (limits.register_client, limits.ipv6_site);
        let counted =
            Limit::of_client(LimitName::RegisterClient, rate, sites, entry.client, &networks);
        self.attempt(&counted, now).await?;
        self.check_reach(&email).await?;
        let by = [email.canonical()];
        let mails = Limit::new(LimitName::RegisterMail, limits.mail_identifier, &by);
        let mails = self.count(&[mails], now).await?;
        let mut rounds = self.rounds();
        loop {
            let now = rounds.next().await?;
            let address = Identifier::email(&email);
            let is_taken = self.read(self.0.store.is_taken(&address, None, now)).await?;
            let account = self.read(self.0.store.account_by_identifier(&address, now)).await?;
            if is_taken && self.0.config.compat.reveal_existing_accounts {
                self.give_back(&mails).await;
                return Ok(ProviderSignInError::AccountExists);
            }
            let mut quiet = !mails.is_within(LimitName::RegisterMail);
            if quiet {
                // Only where the mailbox has a link that does what another mail's would.
                let nobody = UserId::generate(now, &*self.0.rng);
                let asked = account.as_ref().map_or(&nobody, |account| &account.user.id);
                let link = self.0.store.live_token(asked, Purpose::ChoosePassword, now);
                let has_link = self.read(link).await?.is_some();
                quiet = match &account {
                    None => is_taken,
                    Some(account) => has_link || !account.user.is_contestable(),
                };
            }
            let mut list = match account {
                None if !is_taken => self.unconfirmed(entry, &email, now).await?,
                Some(account) if account.user.is_contestable() => {
                    self.contest(&account, now).await?
                }
                account => self.notice(&email, account.as_ref(), now).await?,
            };
            if quiet && !has_new_link(&list) {
                list.retain(|change| !matches!(change, Change::InsertMail(_)));
                list.push(self.void_mail(MailKind::Confirmation, Purpose::Confirm, &address, now));
            }
            list.resize_with(list.len().max(CHANGES), || self.decoy(now));
            if self.commit_from(entry.client, list, now).await?.is_ok() {
                least_time.await;
                return Ok(ProviderSignInError::ConfirmationRequired);
            }
        }
    }

    /// An account that waits for its address to be confirmed.
    async fn unconfirmed(
        &self,
        entry: &Entry<'_>,
        email: &Email,
        now: Timestamp,
    ) -> Result<Vec<Change>, ServiceError> {
        let until = now + self.0.config.unconfirmed_ttl;
        let user = User {
            email_confirmed_at: None,
            unconfirmed_until: Some(until),
            ..self.newcomer(email, entry.client, now)?
        };
        self.read(self.0.store.live_token(&user.id, Purpose::Confirm, now)).await?;
        let binding = Some(email.as_str().to_owned());
        let life = self.token_life(Purpose::Confirm);
        let mut confirm = self.new_token(Some(&user.id), Purpose::Confirm, binding, life, now);
        confirm.code_issue = 1;
        confirm.code_expires_at = Some(now + CODE_TTL);
        let mut tokens =
            vec![MailToken { purpose: Purpose::Confirm, id: confirm.id, code_issue: Some(1) }];
        let identity = self.new_identity(entry.provider, entry.claims, &user.id, now);
        let mut list = vec![
            Change::InsertToken(confirm),
            Change::LinkIdentity(Box::new(identity)),
            self.audit(&user.id, "user.registered", &[], now),
        ];
        self.not_me(&user, &mut tokens, &mut list, now);
        list.push(self.mail_user(MailKind::Confirmation, &user, tokens, &[], now));
        list.extend(self.claims_of(&user, Some(until), now));
        list.push(Change::InsertUser { user: Box::new(user), password: None });
        Ok(list)
    }

    /// A second registration of an address that nobody has confirmed: no password,
    /// identity or passkey stands that it contradicts, and nothing of its own is kept.
    async fn contest(
        &self,
        account: &Account,
        now: Timestamp,
    ) -> Result<Vec<Change>, ServiceError> {
        let user = &account.user;
        let (token, change) =
            self.mail_token(&user.id, Purpose::ChoosePassword, &user.email, false, now).await?;
        let mut tokens = vec![token];
        let mut list = vec![
            change,
            Change::UpdateUser {
                id: user.id.clone(),
                epoch: user.epoch,
                raise_epoch: true,
                at: now,
                set: Box::new(UserPatch { password: Some(None), ..UserPatch::default() }),
            },
            Change::UnlinkIdentities { user_id: user.id.clone(), since: None },
            Change::RemovePasskeys { user_id: user.id.clone(), since: None },
            self.audit(&user.id, "user.registered_again", &[], now),
        ];
        self.not_me(user, &mut tokens, &mut list, now);
        list.push(self.mail_user(MailKind::ChoosePassword, user, tokens, &[], now));
        Ok(list)
    }

    /// The address is somebody's: they are told.
    async fn notice(
        &self,
        email: &Email,
        account: Option<&Account>,
        now: Timestamp,
    ) -> Result<Vec<Change>, ServiceError> {
        let nobody = UserId::generate(now, &*self.0.rng);
        self.read(self.0.store.live_token(&nobody, Purpose::Confirm, now)).await?;
        let owner = account.map(|account| &account.user);
        let kind = match owner {
            Some(owner) if !owner.is_email_confirmed() => MailKind::RegisteredAgain,
            _ => MailKind::AlreadyRegistered,
        };
        let to = owner.map_or(email, |owner| &owner.email);
        Ok(vec![self.mail(kind, to, owner, Vec::new(), &[], now)])
    }
}
