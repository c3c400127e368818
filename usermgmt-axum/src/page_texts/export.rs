//! The built-in texts as files to start one's own from.

use toml::Value;

use super::{Texts, Wording};

/// Each language's file: its name and text.
pub(crate) fn files() -> impl Iterator<Item = (String, String)> {
    let languages = Wording::default().languages().iter();
    languages.map(|texts| (format!("{}.toml", texts.tag), file(texts)))
}

fn file(texts: &Texts) -> String {
    let mut file = String::from(
        "# What the pages say, for the folder of the setting pages.templates. Take out what you\n\
         # leave as it is: it is built in, and gets better with the next version. Names in\n\
         # braces are filled in. An empty text stands for what the API says.\n",
    );
    let mut last = String::new();
    texts.clone().each(&mut |section, key, text| {
        if section != last {
            file.push_str(&format!("\n[{section}]\n"));
            section.clone_into(&mut last);
        }
        file.push_str(&format!("{key} = {}\n", Value::from(*text)));
    });
    file
}

#[cfg(test)]
mod tests {
    use super::super::own;
    use super::*;

    #[test]
    fn what_is_written_is_read_as_what_is_built_in() {
        let built_in = Wording::default().languages();
        let mut languages = built_in.to_vec();
        for (name, file) in files() {
            own::add(&mut languages, name.trim_end_matches(".toml"), &file).unwrap();
        }
        assert_eq!(languages.len(), built_in.len());
        assert!(languages.iter().zip(built_in).all(|(own, known)| std::ptr::eq(*own, *known)));
    }
}
