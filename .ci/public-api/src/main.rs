//! Prints the public items of the crate whose rustdoc JSON is named, one a line.
//! Left out is what every type has: automatic and blanket implementations, and the
//! methods of derived ones.

use std::collections::BTreeSet;
use std::error::Error;

use public_api::Builder;

fn main() -> Result<(), Box<dyn Error>> {
    let json = std::env::args_os().nth(1).ok_or("usage: usermgmt-public-api FILE")?;
    let items = |omit_derived: bool| {
        Builder::from_rustdoc_json(&json)
            .omit_blanket_impls(true)
            .omit_auto_trait_impls(true)
            .omit_auto_derived_impls(omit_derived)
            .build()
            .map(|api| api.items().map(ToString::to_string).collect::<Vec<_>>())
    };
    let written: BTreeSet<String> = items(true)?.into_iter().collect();
    for item in items(false)? {
        if written.contains(&item) || item.starts_with("impl") {
            println!("{item}");
        }
    }
    Ok(())
}
