//! Makes the table of NetBox's objects, or checks that the one there is what the documents make.

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::{Result, bail};
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
    /// Fail if the table there is another than the documents make.
    Check(What),
}

#[derive(Args)]
struct What {
    /// Directory of the table, provider/domains/netbox/src/table.
    #[arg(long)]
    out: PathBuf,
    /// OpenAPI documents of NetBox, one a feature release, plain or gzip.
    #[arg(required = true)]
    documents: Vec<PathBuf>,
}

fn main() -> Result<()> {
    match Cli::parse().command {
        Command::Generate(what) => generate(&what),
        Command::Check(what) => check(&what),
    }
}

fn generate(what: &What) -> Result<()> {
    let table = netbox_table::table(&what.documents)?;
    let files = netbox_table::emit::emit(&table);
    catalogue_source::files::write(&what.out, &files)?;
    let fields: usize = table.kinds.iter().map(|kind| kind.fields.len()).sum();
    let filters: usize = table.kinds.iter().map(|kind| kind.filters.len()).sum();
    writeln!(
        std::io::stdout(),
        "{} kinds, {fields} fields, {filters} filters from {} documents; left out: {} types, {} fields",
        table.kinds.len(),
        table.versions.len(),
        table.excluded.len(),
        table.left_out.len(),
    )?;
    Ok(())
}

fn check(what: &What) -> Result<()> {
    let files = netbox_table::files(&what.documents)?;
    let differing = catalogue_source::files::differing(&what.out, &files)?;
    if !differing.is_empty() {
        bail!("these files are not what the documents make: {}", differing.join(", "));
    }
    Ok(())
}
