//! Makes the table of NetBox's objects from its OpenAPI documents and our overrides.
//!
//! [`document`] reads one document and [`raw`] what it says about a field; [`reduce`](mod@reduce) puts several side by
//! side. [`overrides`] is what they do not say. [`build`](mod@build), with [`fields`] and [`shapes`], joins all to the
//! constant data of the catalogue, [`check`](mod@check) proves it sound, [`emit`](mod@emit) writes it as Rust.

pub mod build;
pub mod check;
pub mod document;
pub mod emit;
pub mod fields;
pub mod names;
pub mod overrides;
pub mod raw;
pub mod reduce;
pub mod shapes;

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Result, bail};

use build::{Table, build};
use check::check;
use document::Document;
use emit::emit;
use overrides::Overrides;

/// Reads documents and makes the table of them, sound or not at all.
pub fn table(paths: &[PathBuf]) -> Result<Table> {
    let documents = paths.iter().map(|path| Document::read(path)).collect::<Result<Vec<Document>>>()?;
    let table = build(&documents, &Overrides::load()?)?;
    let kinds: Vec<_> = table.kinds.iter().collect();
    let faults = check(&kinds, &table.setters, &table.allocators, &table.outside);
    if !faults.is_empty() {
        bail!("the table is not sound:\n  {}", faults.join("\n  "));
    }
    Ok(table)
}

/// The files of the table that documents make, by name.
pub fn files(paths: &[PathBuf]) -> Result<BTreeMap<String, String>> {
    Ok(emit(&table(paths)?))
}
