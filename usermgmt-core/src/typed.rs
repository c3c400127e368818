//! Codes as keyboards and clipboards write them.

use crate::secret::Redacted;

/// The zeros of the decimal digits that keyboards write besides ASCII's: Arabic,
/// Persian and Urdu, the scripts of India, Thai, Lao, Tibetan, Burmese, Khmer.
/// The nine others follow each zero (Unicode 4.6).
const ZEROS: [char; 17] = [
    '\u{0660}', '\u{06F0}', '\u{0966}', '\u{09E6}', '\u{0A66}', '\u{0AE6}', '\u{0B66}', '\u{0BE6}',
    '\u{0C66}', '\u{0CE6}', '\u{0D66}', '\u{0E50}', '\u{0ED0}', '\u{0F20}', '\u{1040}', '\u{17E0}',
    '\u{FF10}',
];

/// At most `max` characters of what somebody typed as a code: digits of every
/// keyboard as ASCII's, full-width letters as plain ones; blanks, line ends,
/// hyphens, dashes, and the invisible marks that come along from a clipboard
/// do not count.
pub(crate) fn code(typed: &str, max: usize) -> Redacted<String> {
    Redacted::new(typed.chars().filter(|c| !is_between(*c)).take(max).map(plain).collect())
}

fn plain(c: char) -> char {
    let number = u32::from(c);
    for zero in ZEROS {
        if let Some(digit) = number.checked_sub(u32::from(zero)).filter(|digit| *digit < 10) {
            return char::from_digit(digit, 10).unwrap_or(c);
        }
    }
    // Full-width forms are ASCII's, in ASCII's order.
    match c {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(number - 0xFEE0).unwrap_or(c),
        _ => c,
    }
}

/// What people and programs put between the characters of a code and around it.
fn is_between(c: char) -> bool {
    c.is_whitespace()
        || matches!(c,
            '-' | '\u{AD}' | '\u{2010}'..='\u{2015}' | '\u{2043}' | '\u{2212}' | '\u{FE58}' | '\u{FE63}'
            | '\u{FF0D}' | '\u{30FC}' | '\u{FF70}'
            // Zero-width characters, and marks of direction.
            | '\u{061C}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_reads_the_same_from_every_keyboard() {
        for typed in [
            "287082",
            " 287 082\r\n",
            "287-082",
            "287–082",
            "287\u{2011}082",
            "287−082",
            "２８７０８２",
            "２８７－０８２",
            "２８７ー０８２",
            "٢٨٧٠٨٢",
            "۲۸۷۰۸۲",
            "२८७०८२",
            "๒๘๗๐๘๒",
            "\u{200F}۲۸۷\u{200C}۰۸۲\u{202C}",
            "\u{FEFF}287082\u{A0}",
        ] {
            assert_eq!(code(typed, 16).expose(), "287082", "{typed:?}");
        }
    }

    #[test]
    fn what_is_no_digit_stays_what_it_is() {
        assert_eq!(code("28708x", 16).expose(), "28708x");
        assert_eq!(code("²８⑦", 16).expose(), "²8⑦");
        assert_eq!(code("ａＢ１", 16).expose(), "aB1");
        assert_eq!(code("287082.", 16).expose(), "287082.");
        assert_eq!(code(&"2".repeat(1000), 16).expose().len(), 16);
    }
}
