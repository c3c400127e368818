//! The parts that stored hashes of several formats are made of.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

/// `a=1,b=2`: the numbers, where the names are these in this order.
pub(super) fn in_order<const N: usize>(text: &str, names: [&str; N]) -> Option<[u32; N]> {
    let mut pairs = text.split(',');
    let mut values = [0; N];
    for (value, name) in values.iter_mut().zip(names) {
        *value = decimal(pairs.next()?.strip_prefix(name)?.strip_prefix('=')?)?;
    }
    pairs.next().is_none().then_some(values)
}

/// Digits only: Rust's own reading takes a sign too.
pub(super) fn decimal(text: &str) -> Option<u32> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

pub(super) fn base64_no_pad(text: &str) -> Option<Vec<u8>> {
    STANDARD_NO_PAD.decode(text).ok()
}
