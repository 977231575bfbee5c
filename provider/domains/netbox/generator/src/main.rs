//! Makes the table of NetBox's objects, or checks that the one there is what the documents make.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

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
    for stale in stale(&what.out, |name| files.contains_key(name))? {
        fs::remove_file(&stale).with_context(|| format!("cannot remove {}", stale.display()))?;
    }
    for (name, text) in &files {
        let path = what.out.join(name);
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
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
    let differs = |(name, text): (&String, &String)| {
        let there = fs::read_to_string(what.out.join(name)).unwrap_or_default();
        (there != *text).then(|| name.clone())
    };
    let mut differing: Vec<String> = files.iter().filter_map(differs).collect();
    let stale = stale(&what.out, |name| files.contains_key(name))?;
    differing.extend(stale.iter().map(|path| path.display().to_string()));
    if !differing.is_empty() {
        bail!("these files are not what the documents make: {}", differing.join(", "));
    }
    Ok(())
}

/// Source files in the table's directory that the documents no longer make.
fn stale(out: &Path, made: impl Fn(&str) -> bool) -> Result<Vec<PathBuf>> {
    let mut stale = Vec::new();
    for entry in fs::read_dir(out).with_context(|| format!("cannot read {}", out.display()))? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.ends_with(".rs") && !made(name) {
            stale.push(path);
        }
    }
    stale.sort();
    Ok(stale)
}
