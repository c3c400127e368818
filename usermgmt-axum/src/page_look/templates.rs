//! The folder with an operator's texts and layout.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::Path;

use super::invalid::InvalidLook;
use super::layout::{self, Layout};
use crate::language::is_language_tag;
use crate::page_texts::{Wording, own};

/// The most bytes of a file: several times what the built-in ones have.
const MOST_BYTES: u64 = 256 * 1024;

/// What stands in the place of what is built in.
pub(super) struct Templates {
    pub(super) wording: Wording,
    pub(super) layout: Option<Layout>,
}

pub(super) fn read(folder: &Path) -> Result<Templates, InvalidLook> {
    let built_in = Wording::default().languages();
    let (mut texts, mut layout) = (BTreeMap::new(), None);
    for entry in fs::read_dir(folder).map_err(|error| wrong(folder, error))? {
        let path = entry.map_err(|error| wrong(folder, error))?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.starts_with('.') || path.is_dir() {
            continue;
        }
        if name == layout::NAME {
            layout = Some(Layout::new(content(&path)?).map_err(|why| wrong(&path, why))?);
        } else if let Some(tag) = name.strip_suffix(".toml").and_then(language) {
            // Languages of one's own build on those that are built in, and
            // dialects on their language, which is shorter.
            let is_own = !built_in.iter().any(|texts| texts.tag == tag);
            if let Some(other) = texts.insert((is_own, tag), path.clone()) {
                let name = other.display();
                return Err(wrong(&path, format!("is of the same language as {name}")));
            }
        } else {
            let why =
                "is neither layout.html nor a language's texts, such as de.toml or pt-br.toml";
            return Err(wrong(&path, why));
        }
    }
    let mut languages = built_in.to_vec();
    for ((_, tag), path) in &texts {
        own::add(&mut languages, tag, &content(path)?).map_err(|why| wrong(path, why))?;
    }
    Ok(Templates { wording: Wording::of(languages), layout })
}

/// The tag that a file's name is, in lower case.
fn language(name: &str) -> Option<String> {
    let tag = name.replace('_', "-").to_ascii_lowercase();
    let primary = tag.split('-').next().unwrap_or_default();
    ((2..=3).contains(&primary.len()) && is_language_tag(&tag)).then_some(tag)
}

fn content(path: &Path) -> Result<String, InvalidLook> {
    let mut bytes = Vec::new();
    // Opening a FIFO would wait for whoever writes into it.
    if !fs::metadata(path).map_err(|error| wrong(path, error))?.is_file() {
        return Err(wrong(path, "is not a regular file"));
    }
    let file = File::open(path).map_err(|error| wrong(path, error))?;
    file.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(|error| wrong(path, error))?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(wrong(path, format!("has more than {MOST_BYTES} bytes")));
    }
    let text = String::from_utf8(bytes).map_err(|_| wrong(path, "is not UTF-8"))?;
    Ok(text.trim_start_matches('\u{feff}').to_owned())
}

fn wrong(path: &Path, why: impl ToString) -> InvalidLook {
    InvalidLook::Template { path: path.to_owned(), why: why.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_none_of_the_pages_is_refused_and_named() {
        for (name, content, said) in [
            ("footer.html", &b""[..], "footer.html: is neither layout.html nor"),
            ("german.toml", b"", "german.toml: is neither"),
            ("de.toml", b"\xff", "de.toml: is not UTF-8"),
            ("de.toml", &[b' '; 262_145], "de.toml: has more than 262144 bytes"),
            ("de.toml", b"[confirm]\ntitel = 'x'", "de.toml: [confirm] has no titel"),
            ("layout.html", b"{{ head }}", "layout.html: must show {{ content }}"),
        ] {
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join(name), content).unwrap();
            let refused = read(folder.path()).err().unwrap().to_string();
            assert!(refused.contains(said), "{refused}");
        }
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("/dev/null", folder.path().join("de.toml")).unwrap();
        let refused = read(folder.path()).err().unwrap().to_string();
        assert!(refused.contains("de.toml: is not a regular file"), "{refused}");
        let refused = read(Path::new("/nowhere/templates")).err().unwrap().to_string();
        assert!(refused.starts_with("/nowhere/templates: "), "{refused}");
    }

    #[test]
    fn one_language_has_one_file_and_what_is_hidden_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str| fs::write(folder.path().join(name), "").unwrap();
        fs::create_dir(folder.path().join("old")).unwrap();
        [".layout.html.swp", "pt_BR.toml"].into_iter().for_each(write);
        let templates = read(folder.path()).unwrap();
        let tags = templates.wording.languages().iter().map(|texts| texts.tag);
        assert_eq!(tags.collect::<Vec<_>>(), ["en", "de", "pl", "pt-br"]);
        write("pt-br.toml");
        let refused = read(folder.path()).err().unwrap().to_string();
        assert!(refused.contains("is of the same language as"), "{refused}");
    }
}
