//! The settings themselves: whether they work, what they are, what there is.

use serde_json::json;

use crate::cli::ConfigAction;
use crate::failure::Failure;
use crate::listener::Tls;
use crate::output::{List, print_line};
use crate::settings::{Settings, schema};
use crate::{folders, secret_file, setup};

/// Does it. That there are settings at all says that they parse and agree.
pub(crate) async fn run(action: ConfigAction, settings: &Settings) -> Result<(), Failure> {
    match action {
        ConfigAction::Check => check(settings).await,
        ConfigAction::Print { json } => print(settings, json),
        ConfigAction::Schema => print_schema(),
    }
}

/// The schema, which no setting changes.
pub(crate) fn print_schema() -> Result<(), Failure> {
    print_line(&format!("{:#}", schema()))
}

/// What a start would find wrong, all of it.
async fn check(settings: &Settings) -> Result<(), Failure> {
    let faults = [
        setup::check_url(settings).await.err().map(|failure| failure.to_string()),
        folders::check_folder(settings).err().map(|failure| failure.to_string()),
        secret_file::check(&settings.secret, settings.database.file.as_deref()).err(),
        settings.mail.build().await.err().map(|error| error.to_string()),
        settings.tls.as_ref().and_then(|files| Tls::load(files).err()),
    ];
    let faults: Vec<String> = faults.into_iter().flatten().collect();
    if faults.is_empty() {
        return print_line("the settings are in order");
    }
    Err(Failure::Setting(faults.join("\n")))
}

fn print(settings: &Settings, json: bool) -> Result<(), Failure> {
    let mut list =
        List::begin(&[("name", "SETTING"), ("value", "VALUE"), ("source", "SOURCE")], json)?;
    for shown in settings.shown() {
        let value = if json { shown.value.clone() } else { json!(shown.text()) };
        list.row(vec![json!(shown.name), value, json!(shown.source)])?;
    }
    list.end()
}
