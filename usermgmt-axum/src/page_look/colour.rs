//! The colour of buttons and links, and what it takes for it to be read.

use std::fmt;

use super::invalid::InvalidLook;

/// The darkest ground of the light pages and the lightest of the dark ones, as in
/// `pages/tokens.css`.
const LIGHT: Colour = Colour([0xf4, 0xf5, 0xf7]);
const DARK: Colour = Colour([0x22, 0x25, 0x2a]);
/// What stands on the colour.
const ON_LIGHT: Colour = Colour([0xff, 0xff, 0xff]);
const ON_DARK: Colour = Colour([0x10, 0x14, 0x1a]);
/// The least contrast of text (WCAG 2.2, 1.4.3).
const READABLE: f64 = 4.5;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Colour([u8; 3]);

impl Colour {
    /// `#rrggbb` or `#rgb`.
    fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#')?;
        let digits: Vec<u8> = digits
            .chars()
            .map(|digit| u8::try_from(digit.to_digit(16)?).ok())
            .collect::<Option<_>>()?;
        match digits.as_slice() {
            [r, g, b] => Some(Self([r * 17, g * 17, b * 17])),
            [r, s, g, h, b, c] => Some(Self([r * 16 + s, g * 16 + h, b * 16 + c])),
            _ => None,
        }
    }

    /// WCAG 2.2, relative luminance.
    fn luminance(self) -> f64 {
        let [r, g, b] = self.0.map(|part| {
            let part = f64::from(part) / 255.0;
            if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * r + 0.7152 * g + 0.0722 * b
    }

    /// WCAG 2.2, contrast ratio.
    fn contrast(self, other: Self) -> f64 {
        let (one, two) = (self.luminance(), other.luminance());
        (one.max(two) + 0.05) / (one.min(two) + 0.05)
    }

    /// The first colour on the way to another that is read on a ground.
    fn towards(self, end: Self, ground: Self) -> Self {
        let mix = |step: u16| {
            let part = |from: u8, to: u8| {
                let mixed = (u16::from(from) * (100 - step) + u16::from(to) * step) / 100;
                u8::try_from(mixed).unwrap_or(to)
            };
            let ([r, g, b], [s, h, c]) = (self.0, end.0);
            Self([part(r, s), part(g, h), part(b, c)])
        };
        let mut steps = (0..=100).map(mix);
        steps.find(|colour| colour.contrast(ground) >= READABLE).unwrap_or(end)
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [r, g, b] = self.0;
        write!(f, "#{r:02x}{g:02x}{b:02x}")
    }
}

/// The rules of a style sheet that put this colour in the place of the built-in one:
/// as it is where the screen is light, lighter where it is dark.
pub(super) fn rules(text: &str) -> Result<String, InvalidLook> {
    let colour =
        Colour::parse(text.trim()).ok_or_else(|| InvalidLook::NoColour(text.to_owned()))?;
    let contrast = colour.contrast(LIGHT);
    if contrast < READABLE {
        let nearest = colour.towards(Colour([0; 3]), LIGHT).to_string();
        return Err(InvalidLook::Faint { colour: colour.to_string(), contrast, nearest });
    }
    let dark = colour.towards(Colour([0xff; 3]), DARK);
    Ok(format!(
        ":root{{--accent:{colour};--on-accent:{ON_LIGHT}}}\
         @media(prefers-color-scheme:dark){{:root{{--accent:{dark};--on-accent:{ON_DARK}}}}}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contrast_is_wcags() {
        let colour = |text| Colour::parse(text).unwrap();
        assert!((colour("#000").contrast(colour("#fff")) - 21.0).abs() < 0.001);
        assert!((colour("#777777").contrast(colour("#ffffff")) - 4.478).abs() < 0.001);
    }

    #[test]
    fn whatever_is_taken_is_read_on_light_and_dark_and_carries_text() {
        let mut taken = 0;
        for text in ["#1a56c4", "#000", "#7a1fa2", "#0b6e4f", "#c00", "#004"] {
            let rules = rules(text).unwrap();
            taken += 1;
            let colours: Vec<Colour> = rules
                .split('#')
                .skip(1)
                .map(|rest| Colour::parse(&format!("#{}", &rest[..6])).unwrap())
                .collect();
            assert_eq!(colours.len(), 4, "{rules}");
            assert!(colours[0].contrast(LIGHT) >= READABLE, "{rules}");
            assert!(colours[1].contrast(colours[0]) >= READABLE, "{rules}");
            assert!(colours[2].contrast(DARK) >= READABLE, "{rules}");
            assert!(colours[3].contrast(colours[2]) >= READABLE, "{rules}");
        }
        assert_eq!(taken, 6);
    }

    #[test]
    fn a_faint_colour_is_refused_with_the_nearest_that_is_read() {
        for text in ["#ffcc00", "#fff", "#00ff00", "#8ab4f8"] {
            let Err(InvalidLook::Faint { nearest, .. }) = rules(text) else { panic!("{text}") };
            assert!(rules(&nearest).is_ok(), "{text}: {nearest}");
        }
    }

    #[test]
    fn what_is_no_colour_is_refused() {
        for text in ["", "blue", "#12", "#12345", "1a56c4", "#1a56c4;}", "#ggg", "rgb(0,0,0)"] {
            assert!(matches!(rules(text), Err(InvalidLook::NoColour(_))), "{text}");
        }
    }
}
