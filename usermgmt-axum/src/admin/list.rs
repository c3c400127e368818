//! GET /users

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use usermgmt_core::store::directory::{Search, SortOrder, UserFilter, UserSort};
use utoipa::ToSchema;

use super::gate::{Reader, ReaderRefusals};
use super::page::PageQuery;
use super::user::{AdminUserBody, ROLE_NAMES, ROLES};
use crate::body::QueryFields;
use crate::error::{ApiError, ErrorBody};
use crate::openapi::values::{OrderName, RoleName, SortName};
use crate::state::HttpState;
use crate::validate::{Fields, FromFields, Style, any, one_of, time};

const SWITCH: [(&str, bool); 2] = [("true", true), ("false", false)];
const SORTS: [(&str, UserSort); 3] =
    [("created", UserSort::Created), ("username", UserSort::Username), ("email", UserSort::Email)];
const ORDERS: [(&str, SortOrder); 2] = [("asc", SortOrder::Asc), ("desc", SortOrder::Desc)];

/// Which users, and which page of them.
#[derive(Debug)]
pub(crate) struct UsersQuery {
    filter: UserFilter,
    page: PageQuery,
}

impl FromFields for UsersQuery {
    const STYLE: Style = Style::Users;

    fn read(fields: &mut Fields, _: &HttpState) -> Option<Self> {
        let search = fields.optional("search", any);
        let mut switch = |name| fields.optional(name, one_of(&SWITCH, "enum", "'true' or 'false'"));
        let (confirmed, disabled, mfa) = (switch("confirmed"), switch("disabled"), switch("mfa"));
        let role = fields.optional("role", one_of(&ROLES, "enum", ROLE_NAMES));
        let created_from = fields.optional("created_from", time);
        let created_to = fields.optional("created_to", time);
        let sorts = one_of(&SORTS, "enum", "'created', 'username' or 'email'");
        let sort = fields.optional("sort", sorts);
        let order = fields.optional("order", one_of(&ORDERS, "enum", "'asc' or 'desc'"));
        let page = PageQuery::read_from(fields);
        let filter = UserFilter {
            search: search?.as_deref().and_then(Search::typed),
            confirmed: confirmed?,
            disabled: disabled?,
            mfa: mfa?,
            role: role?,
            created_from: created_from?,
            created_to: created_to?,
            sort: sort?.unwrap_or_default(),
            order: order?.unwrap_or_default(),
        };
        Some(Self { filter, page: page? })
    }
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "users": [{
        "id": "01990c5e-0000-7000-8000-000000000000", "username": "ada", "email": "ada@example.org",
        "is_email_confirmed": true, "is_disabled": false, "role": "user", "first_name": "Ada",
        "last_name": "King", "gender": null, "locale": "en", "mfa_enabled": false,
        "created_at": "2026-01-05T09:30:00.000Z", "updated_at": "2026-01-05T09:30:00.000Z",
        "last_sign_in_at": "2026-01-06T08:00:00.000Z",
    }],
    "next": "eyJ…", "previous": null,
}))]
pub(crate) struct UsersPage {
    users: Vec<AdminUserBody>,
    /// The cursor of the next page.
    next: Option<String>,
    /// The cursor of the page before.
    previous: Option<String>,
    /// False where more than 1,000 names match the search: the order is that of what was
    /// matched. Else it is not there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    sorted: Option<bool>,
}

/// Users, filtered, sorted, a page at a time. Without a sort the newest come first.
#[utoipa::path(
    get,
    path = "/users",
    operation_id = "admin_list_users",
    tag = "admin",
    params(
        ("search" = Option<String>, Query, description = "The beginning, in any case, of a \
            username, an address, a first name, a last name, or of both names; or a whole id. Of \
            more than 1,000 matches the order is that of what was matched, and `sorted` is false"),
        ("confirmed" = Option<bool>, Query, description = "Whether the address is confirmed"),
        ("disabled" = Option<bool>, Query, description = "Whether the account is disabled"),
        ("mfa" = Option<bool>, Query,
            description = "Whether there is a second factor, as `mfa_enabled` says"),
        ("role" = Option<RoleName>, Query, description = "Who has this role"),
        ("created_from" = Option<String>, Query, description = "Registered then or later: an \
            RFC 3339 time, or a date"),
        ("created_to" = Option<String>, Query, description = "Registered before"),
        ("sort" = inline(Option<SortName>), Query, description = "By what; default `created`"),
        ("order" = inline(Option<OrderName>), Query, description = "Default `desc`"),
        ("limit" = Option<u16>, Query, minimum = 1, maximum = 200,
            description = "Rows of a page; default 50"),
        ("cursor" = Option<String>, Query, description = "`next` or `previous` of another page \
            with the same search, filters, sort and order"),
    ),
    responses(
        (status = 200, description = "The page", body = UsersPage),
        (status = 400, description = "What is wrong with each parameter", body = ErrorBody),
        ReaderRefusals,
    ),
    security(("access_token" = [])),
)]
pub(crate) async fn list(
    State(state): State<HttpState>,
    _: Reader,
    QueryFields(query): QueryFields<UsersQuery>,
) -> Result<Json<UsersPage>, ApiError> {
    let PageQuery { limit, cursor } = query.page;
    let page = state.auth().admin_users(&query.filter, limit, cursor.as_deref()).await?;
    Ok(Json(UsersPage {
        users: page.rows.into_iter().map(Into::into).collect(),
        next: page.next,
        previous: page.previous,
        sorted: (!page.sorted).then_some(false),
    }))
}
