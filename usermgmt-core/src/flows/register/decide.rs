//! Deciding on a registration: the same work, whoever is known.

use super::work::Work;
use super::{PreparedRegistration, Register, RegisterError};
use crate::auth::{Auth, Client, ServiceError};
use crate::clock::Timestamp;
use crate::config::CODE_TTL;
use crate::flows::mail_request::has_new_link;
use crate::model::identifier::Identifier;
use crate::model::ids::UserId;
use crate::model::mail::{MailKind, MailToken};
use crate::model::token::Purpose;
use crate::model::user::{Account, PasswordHash, Role, User};
use crate::store::{Change, Changes, UserPatch};

/// What the longest list has: a second registration with another password. It turns out
/// identities and passkeys, and has a token, the user, two claims, a token, mail, audit.
const REGISTRATION_CHANGES: usize = 9;

impl Auth {
    pub(super) async fn decide_registration(
        &self,
        command: &Register,
        client: &Client,
        work: &mut Work,
        now: Timestamp,
    ) -> Result<PreparedRegistration, RegisterError> {
        // The name first: what is said about it must not depend on the address.
        let names = Identifier::names(&command.username);
        for name in &names {
            if self.read(self.0.store.is_taken(name, None, now)).await? {
                // Nothing is mailed. Whoever drove this must not use up the mails of others.
                self.give_back(&work.mails).await;
                return Err(RegisterError::UsernameTaken);
            }
        }
        let address = Identifier::email(&command.email);
        let reserved = self.read(self.0.store.is_taken(&address, None, now)).await?;
        let account = self.read(self.0.store.account_by_identifier(&address, now)).await?;
        if self.0.config.compat.reveal_existing_accounts && (reserved || account.is_some()) {
            self.give_back(&work.mails).await;
            return Err(RegisterError::EmailTaken);
        }
        let mut quiet = work.is_quiet();
        let (mut list, user_id) = match account {
            None if !reserved => {
                let user = self.new_user(command, client, now);
                let id = user.id.clone();
                let password = work.hash(self, &command.password).await?;
                self.read_as_for_a_second_one(&id, quiet, now).await?;
                // No mail has told of this account: it is never kept quiet.
                quiet = false;
                let mut list = self.first_registration(user, password, now);
                list.push(self.claim(address, Some(&id), now));
                list.extend(names.map(|name| self.claim(name, Some(&id), now)));
                (list, Some(id))
            }
            // One that a service made is the service's: no stranger contests its password.
            Some(account) if account.user.is_contestable() => {
                let same = work.verify(self, &command.password, account.password.as_ref()).await?;
                quiet = quiet && self.has_link(&account, same, now).await?;
                (self.register_again(&account, same, quiet, names, now).await?, None)
            }
            account => {
                work.verify(self, &command.password, None).await?;
                let nobody = UserId::generate(now, &*self.0.rng);
                self.read_as_for_a_second_one(&nobody, quiet, now).await?;
                let owner = account.as_ref().map(|account| &account.user);
                // Another spelling can be another mailbox: only the confirmed one is told.
                let to = owner.map_or(&command.email, |owner| &owner.email);
                let kind = match owner {
                    Some(owner) if !owner.is_email_confirmed() => MailKind::RegisteredAgain,
                    _ => MailKind::AlreadyRegistered,
                };
                let mail = self.mail(kind, to, owner, Vec::new(), &[], now);
                let [name, skeleton] = names.map(|name| self.claim(name, None, now));
                (vec![name, skeleton, mail], None)
            }
        };
        if quiet && !has_new_link(&list) {
            list.retain(|change| !matches!(change, Change::InsertMail(_)));
            let kind = MailKind::Confirmation;
            let asked = Identifier::email(&command.email);
            list.push(self.void_mail(kind, Purpose::Confirm, &asked, now));
        }
        // As many statements whoever is known.
        while list.len() < REGISTRATION_CHANGES {
            list.push(self.decoy(now));
        }
        client.mark(&mut list);
        Ok(PreparedRegistration { changes: Changes::new(list, now, &*self.0.rng), user_id })
    }

    /// The reads that only a second registration of an unconfirmed address needs.
    async fn read_as_for_a_second_one(
        &self,
        user: &UserId,
        quiet: bool,
        now: Timestamp,
    ) -> Result<(), ServiceError> {
        for _ in 0..=u8::from(quiet) {
            self.read(self.0.store.live_token(user, Purpose::Confirm, now)).await?;
        }
        Ok(())
    }

    /// Whether the mailbox has a link that does what another mail's would.
    async fn has_link(
        &self,
        account: &Account,
        same_password: bool,
        now: Timestamp,
    ) -> Result<bool, ServiceError> {
        let purpose = if same_password { Purpose::Confirm } else { Purpose::ChoosePassword };
        Ok(self.read(self.0.store.live_token(&account.user.id, purpose, now)).await?.is_some())
    }

    /// A registration of an address whose first one is not confirmed.
    async fn register_again(
        &self,
        account: &Account,
        same_password: bool,
        quiet: bool,
        names: [Identifier; 2],
        now: Timestamp,
    ) -> Result<Vec<Change>, ServiceError> {
        let user = &account.user;
        let (id, epoch) = (user.id.clone(), user.epoch);
        let (kind, purpose, touch) = if same_password {
            let touch = Change::TouchUser { id, active: false, epoch };
            (MailKind::Confirmation, Purpose::Confirm, touch)
        } else {
            let set = Box::new(UserPatch { password: Some(None), ..UserPatch::default() });
            let update = Change::UpdateUser { id, epoch, raise_epoch: true, at: now, set };
            (MailKind::ChoosePassword, Purpose::ChoosePassword, update)
        };
        // A new code ends the one before: not where no mail brings the new one.
        let with_code = same_password && !quiet;
        let (token, change) =
            self.mail_token(&user.id, purpose, &user.email, with_code, now).await?;
        let mut tokens = vec![token];
        let mut list = vec![change, touch, self.audit(&user.id, "user.registered_again", &[], now)];
        if !same_password {
            list.push(Change::UnlinkIdentities { user_id: user.id.clone(), since: None });
            list.push(Change::RemovePasskeys { user_id: user.id.clone(), since: None });
        }
        list.extend(names.map(|name| self.claim(name, None, now)));
        self.not_me(user, &mut tokens, &mut list, now);
        list.push(self.mail_user(kind, user, tokens, &[], now));
        Ok(list)
    }

    /// The changes of a first registration but for its claims.
    fn first_registration(
        &self,
        user: User,
        password: PasswordHash,
        now: Timestamp,
    ) -> Vec<Change> {
        let ttl = self.token_life(Purpose::Confirm);
        let binding = Some(user.email.as_str().to_owned());
        let mut confirm = self.new_token(Some(&user.id), Purpose::Confirm, binding, ttl, now);
        confirm.code_issue = 1;
        confirm.code_expires_at = Some(now + CODE_TTL);
        let mut tokens =
            vec![MailToken { purpose: Purpose::Confirm, id: confirm.id, code_issue: Some(1) }];
        let mut list = vec![Change::InsertToken(confirm)];
        self.not_me(&user, &mut tokens, &mut list, now);
        list.push(self.mail_user(MailKind::Confirmation, &user, tokens, &[], now));
        list.push(self.audit(&user.id, "user.registered", &[], now));
        list.push(Change::InsertUser { user: Box::new(user), password: Some(password) });
        list
    }

    /// Takes a name or address for as long as a registration may stay unconfirmed.
    fn claim(&self, identifier: Identifier, user: Option<&UserId>, now: Timestamp) -> Change {
        Change::ClaimIdentifier {
            identifier,
            user_id: user.cloned(),
            until: Some(now + self.0.config.unconfirmed_ttl),
            now,
        }
    }

    /// A user as they register: unconfirmed.
    pub(super) fn new_user(&self, command: &Register, client: &Client, now: Timestamp) -> User {
        User {
            id: UserId::generate(now, &*self.0.rng),
            username: command.username.clone(),
            email: command.email.clone(),
            email_confirmed_at: None,
            unconfirmed_until: Some(now + self.0.config.unconfirmed_ttl),
            first_name: command.profile.first_name(),
            last_name: command.profile.last_name(),
            gender: command.profile.gender(),
            role: Role::User,
            locale: client.locale.clone(),
            disabled_at: None,
            created_at: now,
            updated_at: now,
            epoch: 0,
        }
    }
}
