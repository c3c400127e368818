//! The first sign-in of somebody who has no account yet: it makes one.

use crate::auth::{Auth, Client, ServiceError};
use crate::clock::Timestamp;
use crate::model::identifier::{Email, Identifier, Username};
use crate::model::ids::UserId;
use crate::model::user::{Role, User};
use crate::rng::random;
use crate::store::Change;

impl Auth {
    /// Whether an account can be made with an address by signing in: it is nobody's
    /// and not reserved, by a change of address that can be undone for one. The same
    /// reads where there is no address.
    pub(super) async fn is_free_for_a_new_account(
        &self,
        email: Option<&Email>,
        now: Timestamp,
    ) -> Result<bool, ServiceError> {
        if !self.0.config.sign_in.email_registers {
            return Ok(false);
        }
        let address = email.map_or_else(|| Identifier::typed("@"), Identifier::email);
        let is_taken = self.read(self.0.store.is_taken(&address, None, now)).await?;
        Ok(email.is_some() && !is_taken)
    }

    /// The user, confirmed by the very mail, and the changes that make them.
    pub(in crate::flows) fn first_user(
        &self,
        email: &Email,
        client: &Client,
        now: Timestamp,
    ) -> Result<(User, Vec<Change>), ServiceError> {
        let user = self.newcomer(email, client, now)?;
        let mut list = vec![
            Change::InsertUser { user: Box::new(user.clone()), password: None },
            self.audit(&user.id, "user.registered", &[], now),
            self.audit(&user.id, "user.confirmed_by_sign_in", &["email_confirmed_at"], now),
        ];
        list.extend(self.claims_of(&user, None, now));
        Ok((user, list))
    }

    /// Somebody who has an address, confirmed, and nothing else.
    pub(in crate::flows) fn newcomer(
        &self,
        email: &Email,
        client: &Client,
        now: Timestamp,
    ) -> Result<User, ServiceError> {
        Ok(User {
            id: UserId::generate(now, &*self.0.rng),
            username: self.username_for_now()?,
            email: email.clone(),
            email_confirmed_at: Some(now),
            unconfirmed_until: None,
            first_name: None,
            last_name: None,
            gender: None,
            role: Role::User,
            locale: client.locale.clone(),
            disabled_at: None,
            created_at: now,
            updated_at: now,
            epoch: 0,
        })
    }

    /// What takes the user's address and name.
    pub(in crate::flows) fn claims_of(
        &self,
        user: &User,
        until: Option<Timestamp>,
        now: Timestamp,
    ) -> [Change; 3] {
        let [name, skeleton] = Identifier::names(&user.username);
        [Identifier::email(&user.email), name, skeleton].map(|identifier| {
            let user_id = Some(user.id.clone());
            Change::ClaimIdentifier { identifier, user_id, until, now }
        })
    }

    /// A name until they choose one. Names are public: nothing of the address is in it.
    fn username_for_now(&self) -> Result<Username, ServiceError> {
        let random = u64::from_be_bytes(random::<8>(&*self.0.rng)) >> 16;
        Username::parse(&format!("user-{random:012x}"), Username::MAX_OWN)
            .map_err(|error| ServiceError::Internal(format!("a username of our own: {error}")))
    }
}
