//! One-time tokens: what a mailed link, an activation code or a sign-in ticket stands for.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::ids::{TokenId, UserId};
use crate::clock::Timestamp;

/// What a token is good for. The number is part of the token and of what its
/// MAC covers: a token for one purpose is never one for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Confirms the address of somebody who registered.
    Confirm = 1,
    /// "This was not me": deletes an unconfirmed registration.
    NotMe = 2,
    /// Activates a user whom another service created.
    Activation = 3,
    /// Sets a new password.
    Reset = 4,
    /// Sets the password of a contested registration and confirms its address.
    ChoosePassword = 5,
    /// Makes a new address the account's.
    EmailChange = 6,
    /// Gives the account its old address back.
    EmailUndo = 7,
    /// Stands for a password that was right, until the second factor is.
    MfaTicket = 8,
    /// Signs in by what was mailed: a link, with a short code beside it.
    EmailSignIn = 9,
    /// Marks a refresh token of the service before this one as exchanged.
    LegacyRefresh = 10,
    /// A sign-in by a provider that is under way.
    ProviderSignIn = 11,
    /// Stands for a provider's word that was believed, until the front end fetches
    /// what comes of it.
    SignInExchange = 12,
    /// Marks a request to add a passkey as used up.
    PasskeyRegistration = 13,
    /// Marks a request to sign in by a passkey as used up.
    PasskeySignIn = 14,
}

impl Purpose {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::Confirm,
        Self::NotMe,
        Self::Activation,
        Self::Reset,
        Self::ChoosePassword,
        Self::EmailChange,
        Self::EmailUndo,
        Self::MfaTicket,
        Self::EmailSignIn,
        Self::LegacyRefresh,
        Self::ProviderSignIn,
        Self::SignInExchange,
        Self::PasskeyRegistration,
        Self::PasskeySignIn,
    ];

    /// The number that tokens carry and stores keep.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// Reads the number.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|p| p.number() == number)
    }
}

/// A token's row. It holds nothing secret: the token is derived from its id.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// 128 random bits.
    pub id: TokenId,
    /// Whose it is; `None` for the first sign-in of an address that has no account
    /// yet, and for a decoy, which is written so that a request about an unknown
    /// address costs what one about a known address does.
    pub user_id: Option<UserId>,
    /// What it is good for.
    pub purpose: Purpose,
    /// What it binds, where the purpose needs it: the address a confirmation
    /// was mailed to, or the user's epoch that a ticket was issued under, with what
    /// was proved before it where that is not the password, or what is sealed of a
    /// sign-in that is under way.
    pub binding: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ceases to be good.
    pub expires_at: Timestamp,
    /// When it was used or voided.
    pub used_at: Option<Timestamp>,
    /// How many short codes were issued beside it; the code is derived from
    /// the id and this number.
    pub code_issue: i64,
    /// When the present short code ceases to be good.
    pub code_expires_at: Option<Timestamp>,
}

/// Without what it binds: that may be an address.
impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("id", &self.id)
            .field("user_id", &self.user_id)
            .field("purpose", &self.purpose)
            .field("created_at", &self.created_at)
            .field("expires_at", &self.expires_at)
            .field("used_at", &self.used_at)
            .field("code_issue", &self.code_issue)
            .field("code_expires_at", &self.code_expires_at)
            .finish_non_exhaustive()
    }
}

impl Token {
    /// Whether it is unused and not expired.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.used_at.is_none() && now < self.expires_at
    }
}
