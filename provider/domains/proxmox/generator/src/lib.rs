//! Makes the table of Proxmox VE's configuration objects from its API schema and our overrides.
//!
//! [`schema`] reads what the API says of itself; [`overrides`] is what it does not say. [`build`](mod@build), with
//! [`fields`], [`shapes`] and [`places`], joins both to the constant data of the catalogue; [`check`](mod@check) proves
//! it sound and [`coverage`] complete; [`emit`](mod@emit) writes it as Rust, and [`page`](mod@page) what is left out as
//! documentation.

pub mod build;
pub mod check;
pub mod coverage;
pub mod emit;
pub mod fields;
pub mod overrides;
pub mod page;
pub mod places;
pub mod schema;
pub mod shapes;

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Result, bail};

use build::{Table, build};
use overrides::Overrides;
use schema::Schema;

/// Reads the schema and makes the table of it, sound and complete or not at all.
pub fn table(path: &Path) -> Result<Table> {
    let schema = Schema::read(path)?;
    let overrides = Overrides::load()?;
    let table = build(&schema, &overrides)?;
    let kinds: Vec<_> = table.kinds.iter().map(|made| &made.kind).collect();
    let mut faults = check::check(&kinds);
    faults.extend(coverage::faults(&schema, &overrides)?);
    if !faults.is_empty() {
        bail!("the table is not sound:\n  {}", faults.join("\n  "));
    }
    Ok(table)
}

/// What the schema makes.
#[derive(Debug)]
pub struct Made {
    /// The files of the table, by name.
    pub files: BTreeMap<String, String>,
    /// The page about what is left out.
    pub page: String,
}

/// The files and the page that the schema makes.
pub fn made(path: &Path) -> Result<Made> {
    let table = table(path)?;
    Ok(Made { files: emit::emit(&table), page: page::page(&table) })
}
