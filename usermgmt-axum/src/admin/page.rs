//! Pages: which one is asked for, and that it cannot be had.

use usermgmt_core::flows::{ListingError, MAX_PAGE};

use crate::error::ApiError;
use crate::state::HttpState;
use crate::validate::{Fields, FromFields, Issue, Problems, Style, any, whole};

/// How many rows a page has where nobody says.
const DEFAULT: usize = 50;

/// Which page.
#[derive(Debug)]
pub(super) struct PageQuery {
    pub(super) limit: usize,
    pub(super) cursor: Option<String>,
}

impl PageQuery {
    /// Reads it beside other fields.
    pub(super) fn read_from(fields: &mut Fields) -> Option<Self> {
        let limit = fields.optional("limit", whole(1, MAX_PAGE));
        let cursor = fields.optional("cursor", any);
        Some(Self { limit: limit?.unwrap_or(DEFAULT), cursor: cursor? })
    }
}

impl FromFields for PageQuery {
    const STYLE: Style = Style::Users;

    fn read(fields: &mut Fields, _: &HttpState) -> Option<Self> {
        Self::read_from(fields)
    }
}

impl From<ListingError> for ApiError {
    fn from(error: ListingError) -> Self {
        match error {
            ListingError::Cursor => {
                let text = "The cursor is not one of this list: begin with its first page";
                Problems::of_field("cursor", Issue::Value(text.into())).answer(Style::Account)
            }
            ListingError::Service(error) => error.into(),
        }
    }
}
