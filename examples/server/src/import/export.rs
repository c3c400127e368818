//! Moving out: every account as a line of JSON.

use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::path::Path;

use serde::Serialize;
use usermgmt_core::Auth;

use super::args::ExportArgs;
use super::format::jsonl::{Header, Line, VERSION};
use super::patience::patiently;
use super::progress::Progress;
use crate::failure::Failure;
use crate::settings::Settings;
use crate::setup;

/// How many accounts are read at a time.
const PAGE: usize = 500;

/// Writes every account.
pub(crate) async fn export(args: &ExportArgs, settings: &Settings) -> Result<(), Failure> {
    if args.to.is_none() && args.with_credentials && io::stdout().is_terminal() {
        return Err(Failure::Setting(
            "--with-credentials: not to a terminal; --to FILE writes a file for its owner alone"
                .to_owned(),
        ));
    }
    let auth = setup::auth(settings, settings.listen, None).await?;
    let Some(path) = &args.to else {
        let mut out = BufWriter::new(io::stdout().lock());
        return write(&auth, args.with_credentials, &mut out, "standard output").await;
    };
    // Under another name until it is whole; made for its owner alone.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let failed = |error: io::Error| {
        Failure::Other(format!("--to: cannot write {}: {error}", path.display()))
    };
    let file = tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new("."))).map_err(failed)?;
    let mut out = BufWriter::new(file);
    write(&auth, args.with_credentials, &mut out, "--to").await?;
    let file = out.into_inner().map_err(|error| failed(error.into_error()))?;
    file.as_file().sync_all().map_err(failed)?;
    super::persist::persist(file, path).map_err(failed)
}

async fn write(
    auth: &Auth,
    with_credentials: bool,
    out: &mut impl Write,
    place: &str,
) -> Result<(), Failure> {
    let failed = |error: io::Error| Failure::Other(format!("{place}: cannot write: {error}"));
    let exported_at = auth.now().to_string();
    line(out, &Header { usermgmt_export: VERSION, exported_at }).map_err(failed)?;
    let mut progress = Progress::new("exporting", None);
    let mut after = None;
    loop {
        let page =
            patiently(async || auth.export_accounts(after.as_ref(), PAGE, with_credentials).await)
                .await;
        let page = page.map_err(|error| Failure::new("export", &error))?;
        let Some(last) = page.last() else { break };
        after = Some(last.id.clone());
        progress.add(page.len() as u64);
        for account in page {
            line(out, &Line::new(account)).map_err(failed)?;
        }
    }
    out.flush().map_err(failed)?;
    progress.end();
    Ok(())
}

fn line(out: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, value)?;
    out.write_all(b"\n")
}
