//! QR codes that phones read: dark on light whatever the page's colours, with
//! the quiet zone that ISO/IEC 18004 asks for.

use qrcode::render::svg;
use qrcode::{Color, EcLevel, QrCode};

/// Pixels a module in the PNG.
const SCALE: usize = 6;
/// Modules of white around the code.
const QUIET: usize = 4;

/// Why there is no QR code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no QR code: {0}")]
pub struct QrError(String);

impl QrError {
    fn new(error: impl std::fmt::Display) -> Self {
        Self(error.to_string())
    }
}

fn encode(text: &str) -> Result<QrCode, QrError> {
    // Level M survives a smudged screen and keeps the modules large.
    QrCode::with_error_correction_level(text, EcLevel::M).map_err(QrError::new)
}

/// A greyscale PNG.
pub(crate) fn png(text: &str) -> Result<Vec<u8>, QrError> {
    let code = encode(text)?;
    let modules = code.width();
    let side = (modules + 2 * QUIET) * SCALE;
    let colors = code.into_colors();
    let mut pixels = vec![255; side * side];
    for (at, _) in colors.iter().enumerate().filter(|(_, color)| **color == Color::Dark) {
        let (x, y) = ((at % modules + QUIET) * SCALE, (at / modules + QUIET) * SCALE);
        for row in y..y + SCALE {
            pixels[row * side + x..row * side + x + SCALE].fill(0);
        }
    }
    let side = u32::try_from(side).map_err(QrError::new)?;
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, side, side);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().map_err(QrError::new)?;
    writer.write_image_data(&pixels).map_err(QrError::new)?;
    writer.finish().map_err(QrError::new)?;
    Ok(out)
}

/// An SVG with its own white ground.
pub(crate) fn svg(text: &str) -> Result<String, QrError> {
    let code = encode(text)?;
    Ok(code
        .render::<svg::Color<'_>>()
        .quiet_zone(true)
        .min_dimensions(200, 200)
        .dark_color(svg::Color("#000000"))
        .light_color(svg::Color("#ffffff"))
        .build())
}
