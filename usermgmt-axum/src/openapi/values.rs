//! Values of which there are a few, as the description lists them.

use utoipa::ToSchema;

/// What somebody may do.
#[derive(ToSchema)]
#[schema(as = Role, rename_all = "snake_case")]
#[expect(dead_code, reason = "describes the names of the roles")]
pub(crate) enum RoleName {
    User,
    Admin,
}

/// What somebody was when they did something.
#[derive(ToSchema)]
#[schema(as = ActorKind, rename_all = "snake_case")]
#[expect(dead_code, reason = "describes the names of what acts")]
pub(crate) enum ActorName {
    User,
    Admin,
    Service,
    Operator,
    System,
}

/// What can be done to many users at once.
#[derive(ToSchema)]
#[schema(as = BulkAction, rename_all = "kebab-case")]
#[expect(dead_code, reason = "describes the names of the actions")]
pub(crate) enum BulkActionName {
    Disable,
    Enable,
    Confirm,
    SignOut,
    Delete,
}

/// What users are sorted by.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "describes the names of what users are sorted by")]
pub(crate) enum SortName {
    Created,
    Username,
    Email,
}

/// Which end comes first.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "describes the names of the orders")]
pub(crate) enum OrderName {
    Asc,
    Desc,
}
