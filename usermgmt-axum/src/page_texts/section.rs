//! Structs of texts, whose fields go by their names in files.

/// Is shown each text: its section, its key, and the text, to leave or to replace.
#[cfg(feature = "pages")]
pub(crate) type Each<'a> = dyn FnMut(&str, &str, &mut &'static str) + 'a;

/// A struct of texts. Its other fields come last, below `also`.
macro_rules! texts {
    (
        $(#[doc = $about:literal])*
        $vis:vis struct $name:ident {
            $(
                $(#[doc = $doc:literal])*
                $(#[cfg($cfg:meta)])?
                $text_vis:vis $text:ident: &'static str,
            )*
        }
        $(also {
            $(
                $(#[doc = $other_doc:literal])*
                $(#[cfg($other_cfg:meta)])?
                $other_vis:vis $other:ident: $type:ty,
            )*
        })?
    ) => {
        $(#[doc = $about])*
        #[derive(Clone, Debug)]
        $vis struct $name {
            $($(#[doc = $doc])* $(#[cfg($cfg)])? $text_vis $text: &'static str,)*
            $($(
                $(#[doc = $other_doc])* $(#[cfg($other_cfg)])? $other_vis $other: $type,
            )*)?
        }

        impl $name {
            /// Shows each text as one of this section.
            #[cfg(feature = "pages")]
            pub(in crate::page_texts) fn each_in(
                &mut self,
                section: &str,
                shown: &mut $crate::page_texts::section::Each<'_>,
            ) {
                $($(#[cfg($cfg)])? shown(section, stringify!($text), &mut self.$text);)*
            }
        }
    };
}

/// Shows each text of a list. The one named "" is for where no other fits.
#[cfg(feature = "pages")]
pub(super) fn each_of(
    section: &str,
    list: &mut [(&'static str, &'static str)],
    shown: &mut Each<'_>,
) {
    for (name, text) in list {
        let key = if name.is_empty() { "other" } else { *name };
        shown(section, key, text);
    }
}
