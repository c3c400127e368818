//! What may have been meant by a name that there is not.

/// More than anybody reads.
const MANY: usize = 40;

/// The name that is nearly this one, where there is one.
pub(crate) fn meant<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    known
        .map(|known| (strsim::damerau_levenshtein(name, known), known))
        .min()
        .filter(|(distance, _)| *distance <= 3)
        .map(|(_, known)| format!("; did you mean {known}?"))
        .unwrap_or_default()
}

/// The same, or all that there are.
pub(crate) fn or_one_of<'a>(name: &str, known: impl Iterator<Item = &'a str> + Clone) -> String {
    match meant(name, known.clone()) {
        nearest if !nearest.is_empty() => nearest,
        _ if known.clone().count() > MANY => {
            "; the exported file has all that there are".to_owned()
        }
        _ => format!("; there are {}", known.collect::<Vec<_>>().join(", ")),
    }
}
