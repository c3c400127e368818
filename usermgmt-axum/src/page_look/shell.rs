//! What stands around the content of every page.

/// A page whose parts are made.
#[derive(Clone, Copy)]
pub(crate) struct Shell<'a> {
    /// The language's tag.
    pub(crate) lang: &'a str,
    /// What the page is called.
    #[cfg_attr(not(feature = "pages"), expect(dead_code, reason = "for layouts of one's own"))]
    pub(crate) title: &'a str,
    #[cfg_attr(not(feature = "pages"), expect(dead_code, reason = "for layouts of one's own"))]
    pub(crate) product: &'a str,
    /// `account`, `admin`, or `link` behind a mailed one. Style sheets know it as the
    /// class of the body.
    pub(crate) kind: &'a str,
    /// What is in the head, as HTML.
    pub(crate) head: &'a str,
    /// What is in the body, as HTML.
    pub(crate) content: &'a str,
}

impl Shell<'_> {
    /// The whole page, as `layout.html` has it.
    pub(super) fn built_in(&self) -> String {
        let Self { lang, kind, head, content, .. } = self;
        format!(
            "<!doctype html>\n<html lang=\"{lang}\">\n<head>\n{head}</head>\n\
             <body class=\"{kind}\">\n{content}</body>\n</html>\n"
        )
    }
}
