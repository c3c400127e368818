//! The look of the pages: one template, no scripts, nothing from elsewhere.

use axum::http::{HeaderValue, header};
use axum::response::{Html, IntoResponse, Response};

/// Kept apart so that its hash can be told to the browser.
const STYLE: &str = concat!(include_str!("tokens.css"), include_str!("style.css"));

/// Nothing loads but the one style sheet, and forms go only to this server.
const POLICY: &str = "default-src 'none'; \
    style-src 'sha256-W7cig7eDTRnNvVpfB7ekhWoMaSQASfYDKogOhxZy950='; \
    form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// A page: a heading, what there is to say, and perhaps a form.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    lang: &'static str,
    title: String,
    alert: Option<String>,
    text: String,
    form: Option<Form>,
    link: Option<(String, String)>,
    product: String,
}

#[derive(Clone, Debug)]
struct Form {
    field: Option<PasswordField>,
    button: &'static str,
}

/// A field for a new password.
#[derive(Clone, Debug)]
pub(crate) struct PasswordField {
    /// The field's name.
    pub(crate) name: &'static str,
    /// Its label.
    pub(crate) label: &'static str,
    /// The least number of characters.
    pub(crate) min: usize,
    /// The greatest number of characters.
    pub(crate) max: usize,
}

impl Page {
    /// A page that says something, in a language and in the name of the product.
    pub(crate) fn new(
        lang: &'static str,
        product: &str,
        title: &str,
        text: impl Into<String>,
    ) -> Self {
        Self {
            lang,
            title: title.to_owned(),
            alert: None,
            text: text.into(),
            form: None,
            link: None,
            product: product.to_owned(),
        }
    }

    /// With a form that posts to the page's own address.
    pub(crate) fn with_form(mut self, field: Option<PasswordField>, button: &'static str) -> Self {
        self.form = Some(Form { field, button });
        self
    }

    /// With a link that leads on.
    pub(crate) fn with_link(mut self, target: String, label: String) -> Self {
        self.link = Some((target, label));
        self
    }

    /// With something that went wrong.
    pub(crate) fn with_alert(mut self, alert: impl Into<String>) -> Self {
        self.alert = Some(alert.into());
        self
    }

    fn render(&self) -> String {
        let title = escape(&self.title);
        let alert = self
            .alert
            .as_deref()
            .map_or_else(String::new, |alert| format!("<p role=\"alert\">{}</p>\n", escape(alert)));
        let text = if self.text.is_empty() {
            String::new()
        } else {
            format!("<p>{}</p>\n", escape(&self.text))
        };
        let form = self.form.as_ref().map_or_else(String::new, Form::render);
        let link = self.link.as_ref().map_or_else(String::new, |(target, label)| {
            format!("<p><a href=\"{}\">{}</a></p>\n", escape(target), escape(label))
        });
        let (lang, product) = (self.lang, escape(&self.product));
        format!(
            "<!doctype html>\n<html lang=\"{lang}\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"robots\" content=\"noindex\">\n\
             <title>{title} – {product}</title>\n<style>{STYLE}</style>\n</head>\n\
             <body>\n<main>\n<h1>{title}</h1>\n{alert}{text}{form}{link}\
             <footer>{product}</footer>\n</main>\n</body>\n</html>\n"
        )
    }
}

impl Form {
    /// Without an action, so that it posts to the address it was opened at,
    /// wherever a proxy has put that.
    fn render(&self) -> String {
        let field = self.field.as_ref().map_or_else(String::new, PasswordField::render);
        let button = escape(self.button);
        format!(
            "<form method=\"post\">\n{field}<button type=\"submit\">{button}</button>\n</form>\n"
        )
    }
}

impl PasswordField {
    fn render(&self) -> String {
        let Self { name, label, min, max } = self;
        format!(
            "<label for=\"{name}\">{label}</label>\n\
             <input id=\"{name}\" name=\"{name}\" type=\"password\" autocomplete=\"new-password\" \
             minlength=\"{min}\" maxlength=\"{max}\" required>\n"
        )
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let mut response = Html(self.render()).into_response();
        response
            .headers_mut()
            .insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
        response
    }
}

/// Makes a text harmless between tags and in a quoted attribute.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use sha2::{Digest as _, Sha256};

    use super::*;

    #[test]
    fn the_policy_names_the_hash_of_the_style_sheet() {
        let hash = STANDARD.encode(Sha256::digest(STYLE));
        assert!(POLICY.contains(&format!("'sha256-{hash}'")), "{hash}");
    }

    #[test]
    fn whatever_a_page_says_is_text() {
        let page = Page::new("en", "<b>Acme</b>", "\"Title\"", "<script>").with_alert("'&'");
        let page = page.with_link("/\"><script>".to_owned(), "<i>".to_owned()).render();
        assert!(page.contains("<h1>&quot;Title&quot;</h1>"));
        assert!(page.contains("<p>&lt;script&gt;</p>"));
        assert!(page.contains("<p role=\"alert\">&#39;&amp;&#39;</p>"));
        assert!(page.contains("&lt;b&gt;Acme&lt;/b&gt;"));
        assert!(!page.contains("<script"));
    }
}
