//! What an operator puts around the pages.

use std::fmt;

use minijinja::value::Value;
use minijinja::{Environment, Error, UndefinedBehavior, context};

use super::shell::Shell;
use crate::meant::or_one_of;

/// By its end the engine knows that values are to be escaped.
pub(super) const NAME: &str = "layout.html";

/// What it may show.
const SHOWN: [&str; 6] = ["lang", "title", "product", "kind", "head", "content"];

/// What the template language itself brings.
const BUILT_IN: [&str; 4] = ["range", "dict", "namespace", "loop"];

/// A Jinja template with a page's parts to fill in.
pub(super) struct Layout(Environment<'static>);

impl fmt::Debug for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Layout").finish_non_exhaustive()
    }
}

impl Layout {
    /// Checked, and filled in once for each kind of page.
    pub(super) fn new(source: String) -> Result<Self, String> {
        let mut engine = Environment::new();
        engine.set_undefined_behavior(UndefinedBehavior::Strict);
        engine.add_template_owned(NAME, source).map_err(|error| error.to_string())?;
        let layout = Self(engine);
        let template = layout.0.get_template(NAME).map_err(|error| error.to_string());
        let shown = template?.undeclared_variables(false);
        let is_known = |name: &String| SHOWN.iter().chain(&BUILT_IN).any(|known| known == name);
        if let Some(name) = shown.into_iter().filter(|name| !is_known(name)).min() {
            let meant = or_one_of(&name, SHOWN.into_iter());
            return Err(format!("shows {{{{ {name} }}}}, which there is not{meant}"));
        }
        for kind in ["account", "admin", "link"] {
            let (head, content) = ("<!-- head -->", "<!-- content -->");
            let sample =
                Shell { lang: "en", title: "A title", product: "A product", kind, head, content };
            let page = layout.fill(&sample).map_err(|error| error.to_string())?;
            for (name, part) in [("head", head), ("content", content)] {
                let times = page.matches(part).count();
                if times != 1 {
                    return Err(format!(
                        "must show {{{{ {name} }}}} once and as it is: a page of the kind {kind} \
                         has it {times} times"
                    ));
                }
            }
        }
        Ok(layout)
    }

    /// The page; `None` where it fails, which the log tells. The error may quote the page.
    pub(super) fn around(&self, page: &Shell<'_>) -> Option<String> {
        let filled = self.fill(page);
        let told = |error: &Error| {
            let (why, line) = (error.kind(), error.line().unwrap_or_default());
            tracing::error!(%why, line, "{NAME} of pages.templates fails: the page has the built-in layout");
        };
        filled.inspect_err(told).ok()
    }

    fn fill(&self, page: &Shell<'_>) -> Result<String, Error> {
        let Shell { lang, title, product, kind, head, content } = *page;
        let (head, content) = (html(head), html(content));
        self.0.get_template(NAME)?.render(context! { lang, title, product, kind, head, content })
    }
}

fn html(text: &str) -> Value {
    Value::from_safe_string(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_escaped_and_parts_are_not() {
        let layout = Layout::new("{{ title }}|{{ head }}|{{ content }}".to_owned()).unwrap();
        let (head, content) = ("<meta>", "<main></main>");
        let page = Shell { lang: "en", title: "<b>", product: "", kind: "link", head, content };
        assert_eq!(layout.around(&page).unwrap(), "&lt;b&gt;|<meta>|<main></main>");
    }

    #[test]
    fn a_layout_that_fails_on_one_page_leaves_it_to_the_built_in_one() {
        let source = "{{ head }}{{ content }}{% if lang == 'de' %}{{ title.of.all }}{% endif %}";
        let layout = Layout::new(source.to_owned()).unwrap();
        let page = |lang| {
            layout.around(&Shell {
                lang,
                title: "",
                product: "",
                kind: "link",
                head: "",
                content: "",
            })
        };
        assert_eq!((page("en"), page("de")), (Some(String::new()), None));
    }

    #[test]
    fn a_layout_that_pages_cannot_have_is_refused_and_why() {
        for (source, said) in [
            ("{{ head }}", "must show {{ content }} once and as it is"),
            ("{{ content }}", "must show {{ head }} once"),
            ("{{ head }}{{ content }}{{ content }}", "has it 2 times"),
            ("{{ head }}{{ content | upper }}", "must show {{ content }}"),
            ("{{ head }}{% if kind != 'admin' %}{{ content }}{% endif %}", "of the kind admin"),
            (
                "{{ head }}{{ contnet }}",
                "shows {{ contnet }}, which there is not; did you mean content?",
            ),
            ("{{ head }}{{ user }}", "there are lang, title, product, kind, head, content"),
            ("{% if %}", "syntax error"),
            ("{{ head }}{{ content }}{{ lang | shout }}", "shout"),
            ("{% include 'footer.html' %}{{ head }}{{ content }}", "footer.html"),
        ] {
            let refused = Layout::new(source.to_owned()).unwrap_err();
            assert!(refused.contains(said), "{source}: {refused}");
        }
    }
}
