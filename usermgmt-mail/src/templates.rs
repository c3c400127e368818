//! From a message to its subject, text part and HTML part.

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Value;
use minijinja::{AutoEscape, Environment, Template};
use usermgmt_core::mail::{MailKind, Message};
use usermgmt_core::model::identifier::Email;

use crate::catalogue::{Catalogue, FALLBACK, Text, plural_form};
use crate::device::browser_and_system;
use crate::names::{TEXTS, check_layout_shows, check_text, check_text_shows, is_language};
use crate::regular_file;
use crate::sample::sample_message;
use crate::text::{one_line, unlinked, url};

/// A mail's content. It carries links and codes, so it prints nothing of them.
#[derive(Clone, PartialEq, Eq)]
pub struct Rendered {
    /// One line without control characters.
    pub subject: String,
    /// The plain text part. A link stands alone on its line.
    pub text: String,
    /// The HTML part.
    pub html: String,
}

impl fmt::Debug for Rendered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rendered").finish_non_exhaustive()
    }
}

/// Why a mail could not be rendered. Never shows what would have been in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TemplateError {
    /// A template or text does not compile, or failed on a mail.
    #[error("mail template {template}: {reason}")]
    Template {
        /// Which one, as `file` or `language/section.text`.
        template: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The folder with the operator's templates cannot be read.
    #[error("mail templates in {folder}: {reason}")]
    Folder {
        /// The folder or file.
        folder: String,
        /// What went wrong.
        reason: String,
    },
}

/// Writes mails. Implemented by [`Templates`]; an embedder who wants to write
/// them in another way implements it instead.
pub trait Render: fmt::Debug + Send + Sync + 'static {
    /// Renders one mail.
    ///
    /// # Errors
    /// [`TemplateError`] where a template fails.
    fn render(&self, message: &Message) -> Result<Rendered, TemplateError>;
}

/// The shipped templates, and what a folder puts in their place.
///
/// `mail.txt` and `mail.html` lay out every mail; `<kind>.txt` or
/// `<kind>.html` (such as `password_reset.html`) lays out one kind alone, and
/// may extend the former. `<language>.toml` has the wording of a language.
/// Values are escaped in HTML; nothing that a user typed is evaluated.
pub struct Templates {
    /// The layouts.
    engine: Environment<'static>,
    /// The sources of all texts by name. Compiled, each takes some 10 KB; they are
    /// many, and compiling one takes microseconds.
    texts: BTreeMap<String, String>,
    catalogue: Catalogue,
    /// The folder that some of them come from.
    folder: Option<PathBuf>,
}

impl fmt::Debug for Templates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let languages: Vec<&str> = self.languages().collect();
        f.debug_struct("Templates").field("languages", &languages).finish_non_exhaustive()
    }
}

impl Templates {
    /// The shipped templates.
    ///
    /// # Errors
    /// [`TemplateError`] where one of them does not compile, which the tests of
    /// this crate rule out.
    pub fn built_in() -> Result<Self, TemplateError> {
        let mut templates = Self {
            engine: engine()?,
            texts: BTreeMap::new(),
            catalogue: Catalogue::default(),
            folder: None,
        };
        for (name, source) in LAYOUTS {
            templates.add_layout(name, source)?;
        }
        for (language, file) in Catalogue::built_in() {
            templates.add_language(language, file)?;
        }
        Ok(templates)
    }

    /// The shipped templates, with those in `folder` in their place: a layout
    /// replaces the shipped one, a language's texts replace the shipped ones
    /// key by key. Every name is checked and every mail rendered once, so that a
    /// mistake shows now. Folders in it and hidden files are not read.
    ///
    /// # Errors
    /// [`TemplateError`] where the folder cannot be read, a file in it has
    /// another name than the ones above, a section, text or variable is none
    /// that there is, or a template fails.
    pub fn with_overrides(folder: &Path) -> Result<Self, TemplateError> {
        let mut templates = Self::built_in()?;
        let failed = |path: &Path, reason: &dyn fmt::Display| TemplateError::Folder {
            folder: path.display().to_string(),
            reason: reason.to_string(),
        };
        for entry in fs::read_dir(folder).map_err(|e| failed(folder, &e))? {
            let path = entry.map_err(|e| failed(folder, &e))?.path();
            let part = |part: Option<&std::ffi::OsStr>| {
                part.and_then(|p| p.to_str()).unwrap_or_default().to_owned()
            };
            let (stem, extension) = (part(path.file_stem()), part(path.extension()));
            if stem.starts_with('.') || path.is_dir() {
                continue;
            }
            let layout = stem == "mail" || MailKind::from_name(&stem).is_some();
            let read = || {
                let checked = regular_file::check(&path);
                checked.and_then(|()| fs::read_to_string(&path)).map_err(|e| failed(&path, &e))
            };
            match extension.as_str() {
                "toml" if is_language(&stem) => templates.add_language(&stem, &read()?)?,
                "txt" | "html" if layout => {
                    templates.add_layout(&format!("{stem}.{extension}"), &read()?)?;
                }
                _ => return Err(failed(&path, &"not the name of a template or language")),
            }
        }
        templates.check()?;
        templates.folder = Some(folder.to_owned());
        Ok(templates)
    }

    /// The languages there are, as BCP 47 tags in lower case.
    pub fn languages(&self) -> impl Iterator<Item = &str> {
        self.catalogue.languages()
    }

    /// The folder of [`Templates::with_overrides`].
    pub(crate) fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    fn check(&self) -> Result<(), TemplateError> {
        for language in self.languages() {
            for kind in MailKind::ALL {
                let mut message = sample_message(kind, language);
                self.render(&message)?;
                // Without what a mail may lack: a code that has expired, say.
                message.params.clear();
                (message.link, message.not_me_link) = (None, None);
                (message.code, message.valid_minutes) = (None, None);
                self.render(&message)?;
            }
        }
        Ok(())
    }

    fn add_layout(&mut self, name: &str, source: &str) -> Result<(), TemplateError> {
        self.engine
            .add_template_owned(name.to_owned(), source.to_owned())
            .map_err(|e| failure(name, &e))?;
        check_layout_shows(self.shown_by(name)?).map_err(|reason| wrong(name, reason))
    }

    fn add_language(&mut self, language: &str, file: &str) -> Result<(), TemplateError> {
        let name = format!("{language}.toml");
        let texts = self.catalogue.add(language, file).map_err(|reason| wrong(&name, reason))?;
        for Text { name: text, key, source } in texts {
            check_text(&key).map_err(|reason| wrong(&name, reason))?;
            self.texts.insert(text.clone(), source);
            check_text_shows(&key, self.shown_by(&text)?)
                .map_err(|reason| wrong(&name, format!("{key} {reason}")))?;
        }
        Ok(())
    }

    /// The layout or text of this name.
    fn template<'a>(&'a self, name: &'a str) -> Result<Template<'a, 'a>, minijinja::Error> {
        match self.texts.get(name) {
            Some(source) => self.engine.template_from_named_str(name, source),
            None => self.engine.get_template(name),
        }
    }

    /// The names of all that a template shows.
    fn shown_by(&self, name: &str) -> Result<HashSet<String>, TemplateError> {
        let template = self.template(name).map_err(|e| failure(name, &e))?;
        Ok(template.undeclared_variables(false))
    }

    fn fill(&self, name: &str, values: &Values) -> Result<String, TemplateError> {
        self.template(name)
            .and_then(|template| template.render(values))
            .map_err(|e| failure(name, &e))
    }

    /// The layout of one kind where there is one, else the one of all.
    fn layout(&self, kind: MailKind, extension: &str) -> String {
        let own = format!("{}.{extension}", kind.as_str());
        match self.engine.get_template(&own) {
            Ok(_) => own,
            Err(_) => format!("mail.{extension}"),
        }
    }
}

/// The shipped layouts.
pub(crate) const LAYOUTS: [(&str, &str); 2] = [
    ("mail.txt", include_str!("../templates/mail.txt")),
    ("mail.html", include_str!("../templates/mail.html")),
];

type Values = BTreeMap<String, Value>;

impl Render for Templates {
    fn render(&self, message: &Message) -> Result<Rendered, TemplateError> {
        let kind = message.kind.as_str();
        let chain = self.catalogue.chain(message.locale.as_deref());
        let language = chain.first().copied().unwrap_or(FALLBACK);
        let text = |key: &str, values: &Values| match self.catalogue.find(&chain, kind, key) {
            Some(name) => self.fill(&name, values),
            None => Ok(String::new()),
        };

        let mut values = values_of(message);
        values.insert("language".into(), language.into());
        if let Some((unit, n)) = message.valid_minutes.and_then(in_words) {
            let form = plural_form(language, n);
            let mut number = Values::from([("n".to_owned(), n.into())]);
            number.extend(values.clone());
            let mut words = String::new();
            for form in [form, "other", "many"] {
                let key = format!("{unit}.{form}");
                if let Some(name) = self.catalogue.find(&chain, "duration", &key) {
                    words = self.fill(&name, &number)?;
                    break;
                }
            }
            values.insert("validity".into(), words.into());
        }

        // The wording comes first, as plain text; the layouts then show it as
        // they show any other value, which is what escapes it in HTML.
        let subject = one_line(&text("subject", &values)?, SUBJECT_MAX);
        let mut wording = Values::new();
        for key in TEXTS {
            wording.insert(key.into(), text(key, &values)?.into());
        }
        let mut details = Vec::new();
        for key in ["time", "device", "ip"] {
            if let Some(value) = values.get(key) {
                let label = text(&format!("detail_{key}"), &values)?;
                details.push(Value::from(Values::from([
                    ("label".to_owned(), Value::from(label)),
                    ("value".to_owned(), value.clone()),
                ])));
            }
        }
        values.extend(wording);
        values.insert("details".into(), details.into());
        values.insert("subject".into(), subject.as_str().into());

        Ok(Rendered {
            subject,
            text: tidy(&self.fill(&self.layout(message.kind, "txt"), &values)?),
            html: self.fill(&self.layout(message.kind, "html"), &values)?,
        })
    }
}

/// Longer than any wording; a bound because the product's name has none.
const SUBJECT_MAX: usize = 200;

/// Everything a template may show, made harmless.
fn values_of(message: &Message) -> Values {
    let mut values = Values::new();
    for (name, value) in &message.params {
        let shown = match name.as_str() {
            // An address is of use only as it is, and is one or is not shown.
            "new_email" | "old_email" => Some(one_line(value, 254))
                .filter(|address| Email::parse(address).is_ok())
                .unwrap_or_default(),
            // A name that looks like a link is not worth its greeting.
            "username" => {
                Some(one_line(value, 64)).filter(|name| unlinked(name) == *name).unwrap_or_default()
            }
            "device" => {
                browser_and_system(value).unwrap_or_else(|| unlinked(&one_line(value, 100)))
            }
            "time" => readable_time(&unlinked(&one_line(value, 64))),
            _ => unlinked(&one_line(value, 200)),
        };
        if !shown.is_empty() {
            values.insert(name.clone(), shown.into());
        }
    }
    let mut own = |name: &str, value: Option<String>| {
        values.remove(name);
        if let Some(value) = value {
            values.insert(name.to_owned(), value.into());
        }
    };
    own("product", Some(one_line(&message.product_name, 100)));
    own("kind", Some(message.kind.as_str().to_owned()));
    own("link", message.link.as_ref().map(|l| url(l.expose())));
    own("not_me_link", message.not_me_link.as_ref().map(|l| url(l.expose())));
    own("code", message.code.as_ref().map(|c| one_line(c.expose(), 255)));
    own("validity", None);
    values
}

/// In a unit that is easy to grasp, rounded down: what is left of a link's
/// time when the mail is sent is seldom a round number.
fn in_words(minutes: i64) -> Option<(&'static str, i64)> {
    const HOUR: i64 = 60;
    const DAY: i64 = 24 * HOUR;
    match minutes {
        ..=0 => None,
        m if m >= 2 * DAY => Some(("days", m / DAY)),
        m if m >= 2 * HOUR || m == HOUR => Some(("hours", m / HOUR)),
        m => Some(("minutes", m)),
    }
}

/// RFC 3339 in UTC, without what nobody needs to read; other text as it is.
fn readable_time(text: &str) -> String {
    match text.split_once('T') {
        Some((date, time)) if text.ends_with('Z') && time.len() > 5 => match time.get(..5) {
            Some(minutes) => format!("{date} {minutes} UTC"),
            None => text.to_owned(),
        },
        _ => text.to_owned(),
    }
}

/// At most one empty line in a row: whatever a mail does not have leaves none.
fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut empty = true;
    for line in text.lines() {
        let line = match line.trim_end() {
            // RFC 3676, 4.3: the signature separator ends in a space.
            "--" => "-- ",
            line => line,
        };
        if !(line.is_empty() && empty) {
            out.push_str(line);
            out.push('\n');
        }
        empty = line.is_empty();
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

fn engine() -> Result<Environment<'static>, TemplateError> {
    let mut engine = Environment::new();
    engine.set_auto_escape_callback(|name| match name.ends_with(".html") {
        true => AutoEscape::Html,
        false => AutoEscape::None,
    });
    let syntax = SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .build()
        .map_err(|e| failure("syntax", &e))?;
    engine.set_syntax(syntax);
    engine.add_filter("paragraphs", |text: String| -> Vec<String> {
        text.split("\n\n").map(|p| p.trim().to_owned()).filter(|p| !p.is_empty()).collect()
    });
    Ok(engine)
}

fn wrong(template: &str, reason: String) -> TemplateError {
    TemplateError::Template { template: template.to_owned(), reason }
}

/// The engine's error without its detail where that could quote a value.
fn failure(name: &str, error: &minijinja::Error) -> TemplateError {
    let line = error.line().map(|l| format!(", line {l}"));
    TemplateError::Template {
        template: error.name().unwrap_or(name).to_owned(),
        reason: format!("{}{}", error.kind(), line.unwrap_or_default()),
    }
}
