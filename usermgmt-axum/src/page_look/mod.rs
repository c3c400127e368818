//! What an embedder or operator may decide about the look of the pages.

mod colour;
mod embedded;
#[cfg(feature = "pages")]
mod export;
mod invalid;
#[cfg(feature = "pages")]
mod layout;
mod logo;
mod shell;
#[cfg(feature = "pages")]
mod templates;

use std::fmt::Write as _;
#[cfg(feature = "pages")]
use std::path::Path;
use std::sync::{Arc, OnceLock};

use sha2::{Digest as _, Sha256};

pub(crate) use self::embedded::Embedded;
#[cfg(feature = "pages")]
pub use self::export::export_page_templates;
pub use self::invalid::InvalidLook;
use self::invalid::MOST_BYTES;
pub(crate) use self::logo::Logo;
pub(crate) use self::shell::Shell;
use crate::page_texts::Wording;

/// How pages look, where that is not left as it comes.
///
/// ```
/// # fn look() -> Result<(), usermgmt_axum::InvalidLook> {
/// use usermgmt_axum::PageLook;
///
/// let look = PageLook::default().accent("#0b6e4f")?.css("h1 { font-weight: 500 }")?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct PageLook {
    accent: Arc<str>,
    logo: Option<Logo>,
    embedded: Arc<OnceLock<Embedded>>,
    css: Arc<str>,
    /// Changes with the rest, so that browsers load it anew.
    mark: String,
    wording: Wording,
    #[cfg(feature = "pages")]
    layout: Option<Arc<layout::Layout>>,
}

impl PageLook {
    /// With this colour of buttons and links, as `#rrggbb`. For dark screens it is made
    /// as much lighter as reading takes.
    ///
    /// # Errors
    /// [`InvalidLook::NoColour`], and [`InvalidLook::Faint`] where links in it could not
    /// be read (WCAG 2.2, 1.4.3).
    pub fn accent(mut self, colour: &str) -> Result<Self, InvalidLook> {
        self.accent = colour::rules(colour)?.into();
        Ok(self.marked(colour.as_bytes()))
    }

    /// With this image in the place of the product's name: SVG, PNG, JPEG or WebP,
    /// 64 KiB at most.
    ///
    /// # Errors
    /// [`InvalidLook::NoImage`] and [`InvalidLook::TooLarge`].
    pub fn logo(self, image: Vec<u8>) -> Result<Self, InvalidLook> {
        let marked = self.marked(&image);
        Ok(Self { logo: Some(Logo::new(image)?), ..marked })
    }

    /// With these rules behind the built-in style sheet, 64 KiB at most. Browsers load
    /// for them what this origin has and nothing from elsewhere.
    ///
    /// # Errors
    /// [`InvalidLook::TooLarge`] and [`InvalidLook::NoStyleSheet`].
    pub fn css(self, css: &str) -> Result<Self, InvalidLook> {
        if css.len() > MOST_BYTES {
            return Err(InvalidLook::TooLarge(css.len()));
        }
        // It would end the element that it stands in on some pages.
        if css.to_ascii_lowercase().contains("</style") || css.contains('\0') {
            return Err(InvalidLook::NoStyleSheet);
        }
        // As a browser reads it within a page: the policy names the hash of that.
        let css = css.trim_start_matches('\u{feff}').replace("\r\n", "\n").replace('\r', "\n");
        let marked = self.marked(css.as_bytes());
        Ok(Self { css: css.into(), ..marked })
    }

    /// With the texts and the layout that this folder has, in the place of the built-in
    /// ones: `<language>.toml`, text by text, and `layout.html`.
    /// [`export_page_templates`] writes what is built in. The folder is read now; texts
    /// that differ stay in memory as long as the process runs, so call this at its start.
    ///
    /// # Errors
    /// [`InvalidLook::Template`] where the folder or a file in it cannot be read, a file
    /// has another name, a section, text, variable or name in braces is none that there
    /// is, a text lacks what the page fills in, or the layout does not show `head` and
    /// `content`.
    #[cfg(feature = "pages")]
    pub fn templates(self, folder: &Path) -> Result<Self, InvalidLook> {
        let templates::Templates { wording, layout } = templates::read(folder)?;
        Ok(Self { wording, layout: layout.map(Arc::new), ..self })
    }

    fn marked(mut self, by: &[u8]) -> Self {
        self.embedded = Arc::default();
        let digest = Sha256::new().chain_update(&self.mark).chain_update(by).finalize();
        self.mark = digest[..4].iter().fold(String::from("-"), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        });
        self
    }

    pub(crate) fn picture(&self) -> Option<&Logo> {
        self.logo.as_ref()
    }

    /// What pages say.
    pub(crate) fn wording(&self) -> Wording {
        self.wording
    }

    /// The whole page, as `layout.html` or an operator's own has it.
    pub(crate) fn around(&self, page: &Shell<'_>) -> String {
        self.laid_out(page).unwrap_or_else(|| page.built_in())
    }

    /// The page in an operator's own layout, where there is one.
    #[cfg(feature = "pages")]
    fn laid_out(&self, page: &Shell<'_>) -> Option<String> {
        self.layout.as_ref()?.around(page)
    }

    /// The page in an operator's own layout, which takes the feature `pages`.
    #[cfg(not(feature = "pages"))]
    fn laid_out(&self, _: &Shell<'_>) -> Option<String> {
        None
    }

    /// Made once for a look: strangers ask for these pages.
    pub(crate) fn embedded(&self) -> &Embedded {
        self.embedded.get_or_init(|| Embedded::new(self.over(embedded::STYLE)))
    }

    /// A style sheet with these rules behind it.
    pub(crate) fn over(&self, style: &str) -> String {
        let Self { accent, css, .. } = self;
        format!("{style}{accent}{css}")
    }

    /// What the addresses of style sheets and logo end with.
    #[cfg(any(feature = "docs", feature = "pages"))]
    pub(crate) fn version(&self) -> String {
        format!("{}{}", env!("CARGO_PKG_VERSION"), self.mark)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_of_ones_own_come_last() {
        let look = PageLook::default().css("h1{color:red}").unwrap().accent("#0b6e4f").unwrap();
        let style = look.over("h1{color:blue}");
        assert!(style.starts_with("h1{color:blue}:root{--accent:#0b6e4f;"), "{style}");
        assert!(style.ends_with("h1{color:red}"), "{style}");
    }

    #[test]
    fn what_would_end_the_style_element_is_refused() {
        for css in ["</style><script>", "</STYLE >", "a\0b"] {
            assert_eq!(PageLook::default().css(css).unwrap_err(), InvalidLook::NoStyleSheet);
        }
        let long = " ".repeat(MOST_BYTES + 1);
        assert!(matches!(PageLook::default().css(&long), Err(InvalidLook::TooLarge(_))));
    }

    #[test]
    fn rules_are_as_a_browser_reads_them() {
        let look = PageLook::default().css("\u{feff}a{}\r\nb{}\rc{}\n").unwrap();
        assert_eq!(look.over(""), "a{}\nb{}\nc{}\n");
    }

    #[cfg(any(feature = "docs", feature = "pages"))]
    #[test]
    fn another_look_has_another_version() {
        let plain = PageLook::default();
        let green = plain.clone().accent("#0b6e4f").unwrap();
        let styled = green.clone().css("h1{margin:0}").unwrap();
        assert_eq!(plain.version(), env!("CARGO_PKG_VERSION"));
        assert!(plain.version() != green.version() && green.version() != styled.version());
    }

    #[test]
    fn the_embedded_style_is_made_once_for_all_pages_of_a_look() {
        let look = PageLook::default();
        let page = look.clone();
        assert!(std::ptr::eq(page.embedded(), look.embedded()));
    }

    #[test]
    fn a_look_that_is_made_of_one_that_was_shown_has_its_own() {
        let plain = PageLook::default();
        let hash = plain.embedded().hash.clone();
        let styled = plain.css("h1{margin:0}").unwrap();
        assert!(styled.embedded().style.ends_with("h1{margin:0}"));
        assert_ne!(styled.embedded().hash, hash);
        let green = styled.clone().accent("#0b6e4f").unwrap();
        assert!(green.embedded().style.contains("#0b6e4f"));
    }
}
