//! Asking for a mailed code and link.

use crate::auth::{Auth, Client, ServiceError};
use crate::captcha::CaptchaAction;
use crate::clock::Timestamp;
use crate::config::EMAIL_SIGN_IN_TTL;
use crate::mail::Unreachable;
use crate::model::identifier::{Email, Identifier, IdentifierKind};
use crate::model::ids::UserId;
use crate::model::mail::{MailKind, MailToken};
use crate::model::token::{Purpose, Token};
use crate::model::user::User;
use crate::secret::Redacted;
use crate::store::Change;
use crate::token;

const KIND: MailKind = MailKind::EmailSignIn;
const PURPOSE: Purpose = Purpose::EmailSignIn;

/// Why a mail to sign in was not queued.
#[derive(Debug, thiserror::Error)]
pub enum MailSignInRequestError {
    /// The method is off ([`SignInMethods::email`](crate::config::SignInMethods::email)).
    #[error("signing in by mail is off")]
    Off,
    /// No mail can reach the address, whoever's it is. Only where signing in
    /// registers.
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
    /// Not served.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

/// Who is mailed.
enum Addressee {
    /// Whose the address is.
    User(Box<User>),
    /// Who would make an account with it.
    New(Email),
    /// Nobody.
    Nobody,
}

impl Auth {
    /// Mails a code and a link to sign in, unless the mailbox got enough of them
    /// lately and has one that is good. The outcome is the same whoever is asked
    /// for: known, unknown, unconfirmed or disabled.
    ///
    /// What it gives is to be brought back with the code by whoever asked: the
    /// code does not sign anybody else in.
    ///
    /// # Errors
    /// [`MailSignInRequestError`].
    pub async fn mail_sign_in(
        &self,
        email: &str,
        client: &Client,
    ) -> Result<Redacted<String>, MailSignInRequestError> {
        if !self.mail_sign_in_is_on() {
            return Err(MailSignInRequestError::Off);
        }
        self.ask_captcha(CaptchaAction::MailSignIn, client).await?;
        let least_time = self.least_time();
        self.attempt_mail(client, self.now()).await?;
        let identifier = Identifier::typed(email);
        let new = self.new_addressee(email).await?;
        let mut enough = None;
        let mut rounds = self.rounds();
        loop {
            let now = rounds.next().await?;
            let to = self.addressee(&identifier, new.as_ref(), now).await?;
            let user = match &to {
                Addressee::User(user) => Some(&**user),
                Addressee::New(_) | Addressee::Nobody => None,
            };
            let enough = match enough {
                Some(enough) => enough,
                None => *enough.insert(self.mailed_enough(KIND, user, &identifier, now).await?),
            };
            let nobody = UserId::generate(now, &*self.0.rng);
            let asked = user.map_or(&nobody, |user| &user.id);
            let last = self.read(self.0.store.live_token(asked, PURPOSE, now)).await?;
            let row = self.mailed_row(&to, now);
            let request = token::mail_request(&self.keys().ring, row.id);
            let mailed =
                MailToken { purpose: PURPOSE, id: row.id, code_issue: Some(row.code_issue) };
            let list = match &to {
                Addressee::User(user) => {
                    let quiet = enough && last.is_some_and(|last| is_good(&last, user, now));
                    let [insert, mail] = if quiet {
                        [self.decoy(now), self.void_mail(KIND, PURPOSE, &identifier, now)]
                    } else {
                        let mail = self.mail_user(KIND, user, vec![mailed], &[], now);
                        [Change::InsertToken(row), mail]
                    };
                    let audit = self.audit(&user.id, "sign_in.mail_requested", &[], now);
                    vec![insert, mail, self.touch(user), audit]
                }
                Addressee::New(to) if !enough => {
                    let mut mail = self.mail(KIND, to, None, vec![mailed], &[], now);
                    if let Change::InsertMail(mail) = &mut mail {
                        mail.locale.clone_from(&client.locale);
                    }
                    vec![Change::InsertToken(row), mail, self.decoy(now), self.decoy(now)]
                }
                Addressee::New(_) | Addressee::Nobody => {
                    let mut list = self.decoys(3, now);
                    list.push(self.void_mail(KIND, PURPOSE, &identifier, now));
                    list
                }
            };
            if self.commit_from(client, list, now).await?.is_ok() {
                least_time.await;
                return Ok(request);
            }
        }
    }

    /// The address, where it could get an account by signing in. Refused as at a
    /// registration where no mail can reach it: that says nothing of who has it.
    async fn new_addressee(&self, email: &str) -> Result<Option<Email>, Unreachable> {
        if !self.0.config.sign_in.email_registers {
            return Ok(None);
        }
        let Ok(email) = Email::parse_with(email, self.0.config.email_domains()) else {
            return Ok(None);
        };
        self.check_reach(&email).await?;
        Ok(Some(email))
    }

    /// Whoever's the address is; a disabled account gets nothing. The same reads
    /// for everybody.
    async fn addressee(
        &self,
        identifier: &Identifier,
        new: Option<&Email>,
        now: Timestamp,
    ) -> Result<Addressee, ServiceError> {
        let account = self.read(self.0.store.account_by_identifier(identifier, now)).await?;
        let is_free = self.is_free_for_a_new_account(new, now).await?;
        Ok(match (account, new) {
            // Usernames are public: nobody is mailed by theirs.
            _ if identifier.kind() != IdentifierKind::Email => Addressee::Nobody,
            (Some(account), _) if account.user.disabled_at.is_none() => {
                Addressee::User(Box::new(account.user))
            }
            (None, Some(email)) if is_free => Addressee::New(email.clone()),
            _ => Addressee::Nobody,
        })
    }

    fn mailed_row(&self, to: &Addressee, now: Timestamp) -> Token {
        let (user, binding) = match to {
            Addressee::User(user) => (Some(&user.id), Some(user.email.as_str().to_owned())),
            Addressee::New(email) => (None, Some(email.as_str().to_owned())),
            Addressee::Nobody => (None, None),
        };
        let row = self.new_token(user, PURPOSE, binding, self.token_life(PURPOSE), now);
        Token { code_issue: 1, code_expires_at: Some(row.expires_at), ..row }
    }
}

/// Whether the mailbox has a link that stays good for a while.
fn is_good(last: &Token, user: &User, now: Timestamp) -> bool {
    let bound = last.binding.as_deref().map(Email::canonical_of);
    bound.as_deref() == Some(user.email.canonical())
        && last.expires_at.since(now) * 2 >= EMAIL_SIGN_IN_TTL
}
