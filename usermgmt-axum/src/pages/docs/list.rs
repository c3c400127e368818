//! Every endpoint with what it is for, to be read without script.

use std::sync::LazyLock;

use maud::{Markup, PreEscaped, html};
use utoipa::openapi::OpenApi;
use utoipa::openapi::path::Operation;

static LIST: LazyLock<String> = LazyLock::new(|| of(&crate::openapi()).into_string());

pub(super) fn markup() -> PreEscaped<&'static str> {
    PreEscaped(LIST.as_str())
}

fn of(document: &OpenApi) -> Markup {
    html! {
        @for tag in document.tags.iter().flatten() {
            h2 { (tag.name) }
            dl {
                @for (method, path, operation) in operations(document, &tag.name) {
                    dt { (method) " " (path) }
                    dd { (operation.summary.as_deref().unwrap_or_default()) }
                }
            }
        }
    }
}

fn operations<'a>(
    document: &'a OpenApi,
    tag: &'a str,
) -> impl Iterator<Item = (&'static str, &'a str, &'a Operation)> {
    document.paths.paths.iter().flat_map(move |(path, item)| {
        [
            ("GET", &item.get),
            ("POST", &item.post),
            ("PUT", &item.put),
            ("PATCH", &item.patch),
            ("DELETE", &item.delete),
        ]
        .into_iter()
        .filter_map(move |(method, operation)| {
            let operation = operation.as_ref()?;
            let tags = operation.tags.as_deref().unwrap_or_default();
            tags.iter().any(|own| own == tag).then_some((method, path.as_str(), operation))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_endpoint_is_listed() {
        let document = crate::openapi();
        let tags = document.tags.as_deref().unwrap();
        let listed: usize = tags.iter().map(|tag| operations(&document, &tag.name).count()).sum();
        assert_eq!(listed, crate::openapi::operation_ids(&document).count());
        assert!(markup().0.contains("GET /health/ready"));
    }
}
