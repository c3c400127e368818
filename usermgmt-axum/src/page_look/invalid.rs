//! Why pages cannot look as they were told to.

use std::fmt;
use std::path::PathBuf;

/// The most bytes of a logo or a style sheet: each is part of pages.
pub(super) const MOST_BYTES: usize = 64 * 1024;

/// Why pages cannot look like that.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum InvalidLook {
    /// No `#rrggbb`.
    NoColour(String),
    /// A colour that is too near to the ground that links stand on.
    Faint {
        /// The colour.
        colour: String,
        /// Its contrast, of at least 4.5.
        contrast: f64,
        /// A darker one that can be read.
        nearest: String,
    },
    /// Neither SVG, PNG, JPEG nor WebP.
    NoImage,
    /// More than 64 KiB: how many bytes there are.
    TooLarge(usize),
    /// It has `</style` or a NUL in it.
    NoStyleSheet,
    /// Texts or a layout that pages cannot have.
    Template {
        /// The file, or the folder where that cannot be read.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
}

impl fmt::Display for InvalidLook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoColour(text) => {
                write!(f, "{text:?} is not a colour: write it as #rrggbb, such as #1a56c4")
            }
            Self::Faint { colour, contrast, nearest } => write!(
                f,
                "links in {colour} could not be read: its contrast is {contrast:.1}, and 4.5 is \
                 needed (WCAG 2.2, 1.4.3); {nearest} has it"
            ),
            Self::NoImage => f.write_str("not an image: SVG, PNG, JPEG and WebP are known"),
            Self::TooLarge(_) => write!(f, "too large: it may have {MOST_BYTES} bytes at most"),
            Self::NoStyleSheet => f.write_str("not a style sheet: it has </style or a NUL in it"),
            Self::Template { path, why } => write!(f, "{}: {why}", path.display()),
        }
    }
}

impl std::error::Error for InvalidLook {}
