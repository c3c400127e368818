//! The picture that stands for the product's name.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::invalid::{InvalidLook, MOST_BYTES};

#[derive(Clone)]
pub(crate) struct Logo {
    kind: &'static str,
    bytes: Arc<[u8]>,
    data_url: Arc<str>,
}

impl fmt::Debug for Logo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Logo({}, {} bytes)", self.kind, self.bytes.len())
    }
}

impl Logo {
    pub(super) fn new(bytes: Vec<u8>) -> Result<Self, InvalidLook> {
        if bytes.len() > MOST_BYTES {
            return Err(InvalidLook::TooLarge(bytes.len()));
        }
        let kind = kind(&bytes).ok_or(InvalidLook::NoImage)?;
        let data_url = format!("data:{kind};base64,{}", STANDARD.encode(&bytes)).into();
        Ok(Self { kind, bytes: bytes.into(), data_url })
    }

    /// As part of a page.
    pub(crate) fn data_url(&self) -> &str {
        &self.data_url
    }

    /// Its media type and content.
    #[cfg(feature = "pages")]
    pub(crate) fn file(&self) -> (&'static str, Vec<u8>) {
        (self.kind, self.bytes.to_vec())
    }
}

fn kind(bytes: &[u8]) -> Option<&'static str> {
    let begins = |magic: &[u8]| bytes.starts_with(magic);
    if begins(b"\x89PNG\r\n\x1a\n") {
        return Some("image/png");
    }
    if begins(b"\xff\xd8\xff") {
        return Some("image/jpeg");
    }
    if begins(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        return Some("image/webp");
    }
    let text = std::str::from_utf8(bytes).ok()?.trim_start_matches('\u{feff}').trim_start();
    let is_svg = (text.starts_with('<') && text.contains("<svg")) && text.contains("</svg>");
    is_svg.then_some("image/svg+xml")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_known_by_what_they_begin_with() {
        let svg = "<?xml version=\"1.0\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\"></svg>";
        for (bytes, expected) in [
            (svg.as_bytes(), Some("image/svg+xml")),
            (b"\x89PNG\r\n\x1a\n...", Some("image/png")),
            (b"\xff\xd8\xff\xe0", Some("image/jpeg")),
            (b"RIFF\0\0\0\0WEBPVP8 ", Some("image/webp")),
            (b"GIF89a", None),
            (b"<html></html>", None),
            (b"", None),
        ] {
            assert_eq!(kind(bytes), expected);
        }
        assert!(matches!(Logo::new(b"text".to_vec()), Err(InvalidLook::NoImage)));
        assert!(matches!(Logo::new(vec![0; MOST_BYTES + 1]), Err(InvalidLook::TooLarge(_))));
    }
}
