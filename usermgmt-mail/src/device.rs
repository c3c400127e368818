//! A device as its owner would call it.

/// "Firefox, Linux" for a browser's `User-Agent`; nothing for what is no
/// browser that is known here. Later entries claim to be earlier ones too, so
/// the order matters (RFC 9110, 10.1.5, on why they do).
pub(crate) fn browser_and_system(agent: &str) -> Option<String> {
    let first = |known: &[(&str, &'static str)]| {
        let (_, name) = known.iter().find(|(mark, _)| agent.contains(mark))?;
        Some(*name)
    };
    let browser = first(&[
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("SamsungBrowser/", "Samsung Internet"),
        ("Firefox/", "Firefox"),
        ("FxiOS/", "Firefox"),
        ("CriOS/", "Chrome"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ])?;
    let system = first(&[
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("CrOS", "ChromeOS"),
        ("Linux", "Linux"),
    ])?;
    let claims_to_be_one = agent.starts_with("Mozilla/5.0 (");
    claims_to_be_one.then(|| format!("{browser}, {system}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_named_as_people_name_them() {
        for (agent, name) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
                Some("Firefox, Linux"),
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36 Edg/130.0.0.0",
                Some("Edge, Windows"),
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
                Some("Safari, iPhone"),
            ),
            (
                "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Mobile Safari/537.36",
                Some("Chrome, Android"),
            ),
            ("curl/8.5.0", None),
            ("Call 555 Firefox/1 Linux", None),
        ] {
            assert_eq!(browser_and_system(agent).as_deref(), name, "{agent}");
        }
    }
}
