//! What users are listed by, beside what their documents say anyway: kept in
//! the document by every write that changes it.

use mongodb::bson::{Bson, Document, doc};
use usermgmt_core::model::user::{Role, User};
use usermgmt_core::store::directory::{UserFilter, full_name_key, name_key};

use crate::collections::IS_USER;
use crate::value::present;

/// What users are filtered by, as bits.
pub(super) const CONFIRMED: i64 = 1;
pub(super) const DISABLED: i64 = 2;
pub(super) const MFA: i64 = 4;
pub(super) const ADMIN: i64 = 8;

/// Users whom an earlier version wrote without their facets: no list has them.
pub(crate) fn unlisted() -> Document {
    doc! { "facets": Bson::Null, IS_USER: present() }
}

/// Users who are not found by their names, or not listed at all.
pub(crate) fn behind() -> Document {
    let mut facets: Vec<Bson> = (0..16).map(Bson::Int64).collect();
    facets.push(Bson::Null);
    // Along the index by names, which begins with the facets.
    doc! { "facets": { "$in": facets }, "full_name_key": Bson::Null, IS_USER: present() }
}

/// The values that `facets` has for those whom the filter admits.
pub(super) fn admitted(filter: &UserFilter) -> Vec<i64> {
    let has =
        |facets: i64, bit: i64, is: Option<bool>| is.is_none_or(|is| is == (facets & bit != 0));
    (0..16)
        .filter(|&facets| {
            has(facets, CONFIRMED, filter.confirmed)
                && has(facets, DISABLED, filter.disabled)
                && has(facets, MFA, filter.mfa)
                && has(facets, ADMIN, filter.role.map(|role| role == Role::Admin))
        })
        .collect()
}

/// The fields of a new user, who has no second factor.
pub(super) fn of_new(user: &User) -> Document {
    let first = name_key(user.first_name.as_deref());
    let last = name_key(user.last_name.as_deref());
    let bit = |is: bool, bit: i64| if is { bit } else { 0 };
    let facets = bit(user.is_email_confirmed(), CONFIRMED)
        + bit(user.disabled_at.is_some(), DISABLED)
        + bit(user.role == Role::Admin, ADMIN);
    doc! {
        "facets": facets,
        "full_name_key": full_name_key(&first, &last),
        "first_name_key": first,
        "last_name_key": last,
    }
}

/// Whether a field is there, in an expression.
fn there(field: &str) -> Document {
    doc! { "$gt": [field, Bson::Null] }
}

/// The facets of the document as it then is, in an expression.
fn counted() -> Document {
    let bit = |is: Document, bit: i64| doc! { "$cond": [is, bit, 0_i64] };
    doc! { "$add": [
        bit(there("$email_confirmed_at"), CONFIRMED),
        bit(there("$disabled_at"), DISABLED),
        bit(doc! { "$or": [there("$totp.confirmed"), "$has_passkeys"] }, MFA),
        bit(doc! { "$eq": ["$role", Role::Admin.as_str()] }, ADMIN),
    ] }
}

/// The stage of an update that puts somebody into the lists; their names come later.
pub(crate) fn list() -> Document {
    doc! { "$set": { "facets": counted() } }
}

/// The stage of an update that derives the rest from the document as it then is.
pub(super) fn derive() -> Document {
    let empty = |field: &str| doc! { "$in": [{ "$ifNull": [field, ""] }, [""]] };
    doc! { "$set": {
        "facets": counted(),
        // `null` where an earlier version wrote the names: purge looks for that.
        "full_name_key": { "$cond": [
            { "$and": [there("$first_name_key"), there("$last_name_key")] },
            { "$cond": [
                { "$or": [empty("$first_name_key"), empty("$last_name_key")] },
                "$first_name_key",
                { "$concat": ["$first_name_key", " ", "$last_name_key"] },
            ] },
            Bson::Null,
        ] },
    } }
}

/// The stages of an update that notes whether the user has passkeys. They always
/// change the document, so that of two lists that do so at a time one begins anew.
pub(crate) fn has_passkeys(is: bool) -> Vec<Document> {
    let writes = doc! { "$add": [{ "$ifNull": ["$writes", 0_i64] }, 1_i64] };
    vec![doc! { "$set": { "has_passkeys": is, "writes": writes } }, derive()]
}
