//! The look of the pages: one template, nothing from elsewhere.

use axum::http::{HeaderValue, header};
use axum::response::{Html, IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use crate::page_look::{Embedded, PageLook, Shell};

/// What the page with a password to choose runs.
const SCRIPT: &str = include_str!("show.js");

/// Nothing loads but the one style sheet, the logo and that script, which are part of the
/// page, and forms go only to this server. Sheet and script are allowed by their hashes and
/// no other script with them: there is a token in the page's address.
fn policy(style_hash: &str, script: Option<&str>) -> String {
    let script = script.map_or_else(String::new, |script| {
        format!("script-src 'sha256-{}'; ", STANDARD.encode(Sha256::digest(script)))
    });
    format!(
        "default-src 'none'; {script}style-src 'sha256-{style_hash}'; img-src data:; \
         form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
}

/// A page: a heading, what there is to say, and perhaps a form.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    lang: &'static str,
    title: String,
    /// Before the title of the window, where something went wrong at a field.
    error_prefix: Option<&'static str>,
    alert: Option<String>,
    text: String,
    form: Option<Form>,
    link: Option<(String, String)>,
    product: String,
    look: PageLook,
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
    /// What the button says that shows what is typed, and that hides it again; without
    /// them there is none.
    pub(crate) show_hide: Option<[&'static str; 2]>,
}

impl Page {
    /// A page that says something, in a language and in the name of the product.
    pub(crate) fn new(
        lang: &'static str,
        product: &str,
        title: &str,
        text: impl Into<String>,
        look: &PageLook,
    ) -> Self {
        Self {
            lang,
            title: title.to_owned(),
            error_prefix: None,
            alert: None,
            text: text.into(),
            form: None,
            link: None,
            product: product.to_owned(),
            look: look.clone(),
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

    /// With what the title of the window begins with where something is wrong at the field.
    pub(crate) fn with_error_prefix(self, error_prefix: Option<&'static str>) -> Self {
        Self { error_prefix, ..self }
    }

    /// The field that is there for another try.
    fn wrong_field(&self) -> Option<&PasswordField> {
        self.alert.as_ref()?;
        self.form.as_ref()?.field.as_ref()
    }

    fn alert(&self) -> String {
        let Some(alert) = self.alert.as_deref().map(escape) else {
            return String::new();
        };
        match self.wrong_field() {
            Some(PasswordField { name, .. }) => format!(
                "<p role=\"alert\" id=\"{name}-problem\"><a href=\"#{name}\">{alert}</a></p>\n"
            ),
            None => format!("<p role=\"alert\">{alert}</p>\n"),
        }
    }

    /// What runs on it.
    fn script(&self) -> Option<&'static str> {
        let field = self.form.as_ref()?.field.as_ref()?;
        field.show_hide.map(|_| SCRIPT)
    }

    fn render(&self, style: &str) -> String {
        let title = escape(&self.title);
        let alert = self.alert();
        let is_wrong = self.wrong_field().is_some();
        let prefix = self.error_prefix.filter(|_| is_wrong);
        let prefix = prefix.map_or_else(String::new, |prefix| format!("{} ", escape(prefix)));
        let text = if self.text.is_empty() {
            String::new()
        } else {
            format!("<p>{}</p>\n", escape(&self.text))
        };
        let form = self.form.as_ref().map_or_else(String::new, |form| form.render(is_wrong));
        let link = self.link.as_ref().map_or_else(String::new, |(target, label)| {
            format!("<p><a href=\"{}\">{}</a></p>\n", escape(target), escape(label))
        });
        let product = escape(&self.product);
        let logo = self.look.picture().map_or_else(String::new, |logo| {
            let image = logo.data_url();
            format!("<p><img class=\"logo\" src=\"{image}\" alt=\"{product}\"></p>\n")
        });
        let script =
            self.script().map_or_else(String::new, |script| format!("<script>{script}</script>\n"));
        let head = format!(
            "<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"robots\" content=\"noindex\">\n\
             <title>{prefix}{title} – {product}</title>\n<style>{style}</style>\n"
        );
        let content = format!(
            "<main>\n{logo}<h1>{title}</h1>\n{alert}{text}{form}{link}\
             <footer>{product}</footer>\n</main>\n{script}"
        );
        let (title, product) = (self.title.as_str(), self.product.as_str());
        let (head, content) = (head.as_str(), content.as_str());
        let page = Shell { lang: self.lang, title, product, kind: "link", head, content };
        self.look.around(&page)
    }
}

impl Form {
    /// Without an action, so that it posts to the address it was opened at,
    /// wherever a proxy has put that.
    fn render(&self, is_wrong: bool) -> String {
        let field = self.field.as_ref();
        let field = field.map_or_else(String::new, |field| field.render(is_wrong));
        let button = escape(self.button);
        format!(
            "<form method=\"post\">\n{field}<button type=\"submit\">{button}</button>\n</form>\n"
        )
    }
}

impl PasswordField {
    fn render(&self, is_wrong: bool) -> String {
        let Self { name, label, min, max, show_hide } = self;
        let label = escape(label);
        let words = show_hide.map_or_else(String::new, |[show, hide]| {
            format!(" data-show=\"{}\" data-hide=\"{}\"", escape(show), escape(hide))
        });
        let wrong = if is_wrong {
            format!(" aria-invalid=\"true\" aria-describedby=\"{name}-problem\"")
        } else {
            String::new()
        };
        format!(
            "<label for=\"{name}\">{label}</label>\n\
             <input id=\"{name}\" name=\"{name}\" type=\"password\" autocomplete=\"new-password\" \
             minlength=\"{min}\" maxlength=\"{max}\" required{wrong}{words}>\n"
        )
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let Embedded { style, hash } = self.look.embedded();
        let mut response = Html(self.render(style)).into_response();
        // Of letters, digits and what base64 has besides.
        if let Ok(policy) = HeaderValue::try_from(policy(hash, self.script())) {
            response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
        }
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
    use super::*;

    #[test]
    fn whatever_a_page_says_is_text() {
        let look = PageLook::default();
        let page = Page::new("en", "<b>Acme</b>", "\"Title\"", "<script>", &look);
        let page = page.with_alert("'&'").with_link("/\"><script>".to_owned(), "<i>".to_owned());
        let page = page.render("");
        assert!(page.contains("<h1>&quot;Title&quot;</h1>"));
        assert!(page.contains("<p>&lt;script&gt;</p>"));
        assert!(page.contains("<p role=\"alert\">&#39;&amp;&#39;</p>"));
        assert!(page.contains("&lt;b&gt;Acme&lt;/b&gt;"));
        assert!(!page.contains("<script"));
    }
}
