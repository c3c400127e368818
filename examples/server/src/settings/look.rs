//! What the pages look like: the section `pages`.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use usermgmt_axum::{InvalidLook, PageLook};

use super::layers::Layers;
use crate::regular_file;
use crate::unreadable::cannot_read;

/// As much of a file as can be told from too much.
const ENOUGH: u64 = 64 * 1024 + 1;

pub(super) fn read(layers: &mut Layers) -> PageLook {
    let mut look = PageLook::default();
    let colour = layers.get_with("pages.accent", |value| {
        let colour = value.as_str().ok_or("expected a colour such as #1a56c4, in quotes")?;
        look.clone().accent(colour).map_err(|why| why.to_string())
    });
    look = colour.unwrap_or(look);
    look = with_file(layers, "pages.logo_file", look, |look, bytes| look.logo(bytes));
    look = with_file(layers, "pages.css_file", look, |look, bytes| {
        let css = String::from_utf8(bytes).map_err(|_| InvalidLook::NoStyleSheet)?;
        look.css(&css)
    });
    with_templates(layers, look)
}

fn with_templates(layers: &mut Layers, look: PageLook) -> PageLook {
    let Some(folder) = layers.get::<PathBuf>("pages.templates") else { return look };
    look.clone().templates(&folder).unwrap_or_else(|why| {
        layers.problem(format!("pages.templates: {why}"));
        look
    })
}

fn with_file(
    layers: &mut Layers,
    name: &'static str,
    look: PageLook,
    take: impl FnOnce(PageLook, Vec<u8>) -> Result<PageLook, InvalidLook>,
) -> PageLook {
    let Some(path) = layers.get::<PathBuf>(name) else { return look };
    let taken = match read_file(&path) {
        Ok(bytes) => take(look.clone(), bytes).map_err(|why| format!("{}: {why}", path.display())),
        Err(error) => Err(cannot_read(&path, &error)),
    };
    taken.unwrap_or_else(|why| {
        layers.problem(format!("{name}: {why}"));
        look
    })
}

fn read_file(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    regular_file::open(path)?.take(ENOUGH).read_to_end(&mut bytes)?;
    Ok(bytes)
}
