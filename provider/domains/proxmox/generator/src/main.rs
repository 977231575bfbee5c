//! Makes the table of Proxmox VE's configuration objects, or checks that the one there is what the schema makes.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use clap::{Args, Parser, Subcommand};

#[derive(Parser)]
#[command(about, version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Write the table.
    Generate(What),
    /// Fail if the table there is another than the schema makes.
    Check(What),
}

#[derive(Args)]
struct What {
    /// Directory of the table, provider/domains/proxmox/src/table.
    #[arg(long)]
    out: PathBuf,
    /// The page about what is served and what is left out, docs/guides/proxmox-api-coverage.md.
    #[arg(long)]
    page: Option<PathBuf>,
    /// The API's description of itself, apischema.json.
    schema: PathBuf,
}

fn main() -> Result<()> {
    match Cli::parse().command {
        Command::Generate(what) => generate(&what),
        Command::Check(what) => check(&what),
    }
}

fn generate(what: &What) -> Result<()> {
    let table = proxmox_table::table(&what.schema)?;
    catalogue_source::files::write(&what.out, &proxmox_table::emit::emit(&table))?;
    if let Some(page) = &what.page {
        fs::write(page, proxmox_table::page::page(&table))
            .with_context(|| format!("cannot write {}", page.display()))?;
    }
    let fields: usize = table.kinds.iter().map(|made| made.kind.fields.len()).sum();
    writeln!(
        std::io::stdout(),
        "{} kinds, {fields} fields; left out: {} folders, {} parameters",
        table.kinds.len(),
        table.left_out.len(),
        table.left_out_fields.len(),
    )?;
    Ok(())
}

fn check(what: &What) -> Result<()> {
    let made = proxmox_table::made(&what.schema)?;
    let mut differing = catalogue_source::files::differing(&what.out, &made.files)?;
    if let Some(page) = &what.page
        && fs::read_to_string(page).unwrap_or_default() != made.page
    {
        differing.push(page.display().to_string());
    }
    if !differing.is_empty() {
        bail!("these files are not what the schema makes: {}", differing.join(", "));
    }
    Ok(())
}
