//! The examples of Proxmox VE's configuration objects are those of the table.

use std::path::{Path, PathBuf};

use acceptance_tests::proxmox::{Samples, examples};
use anyhow::{Error, Result, ensure};
use catalogue::description::Presence;
use domain_proxmox::table::KINDS;

#[test]
fn every_kind_has_an_example_with_all_it_must_have() -> Result<()> {
    let samples = Samples::load()?;
    let mut faults = Vec::new();
    for kind in KINDS {
        let Some(of_kind) = samples.kinds.get(kind.path) else {
            faults.push(format!("{} has no example", kind.path));
            continue;
        };
        let required = kind.fields.iter().filter(|field| field.presence == Presence::Required);
        let missing = required.filter(|field| !of_kind.every.contains_key(field.name));
        faults.extend(missing.map(|field| format!("{} must have {}", kind.path, field.name)));
    }
    let known = |path: &String| KINDS.iter().any(|kind| kind.path == path);
    faults.extend(samples.kinds.keys().filter(|path| !known(path)).map(|path| format!("there is no {path}")));
    ensure!(faults.is_empty(), "{}", faults.join("\n"));
    Ok(())
}

#[test]
fn a_wrong_example_is_found() -> Result<()> {
    let mut samples = Samples::load()?;
    let pool = samples.kinds.get_mut("pools").ok_or_else(|| Error::msg("pools have an example"))?;
    pool.shown.insert("remark".to_owned(), "none".into());
    ensure!(examples::files(KINDS, &samples) == Err("pools has no field remark".to_owned()));
    Ok(())
}

#[test]
fn the_examples_there_are_those() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let files = examples::files(KINDS, &Samples::load()?).map_err(Error::msg)?;
    ensure!(files.len() > 4 * KINDS.len(), "only {} files", files.len());
    let differs = |(path, text): &(&PathBuf, &String)| {
        std::fs::read_to_string(root.join(path)).ok().as_ref() != Some(*text)
    };
    let stale: Vec<String> =
        files.iter().filter(differs).map(|(path, _)| path.display().to_string()).collect();
    ensure!(
        stale.is_empty(),
        "run `cargo run -p acceptance-tests --bin proxmox-examples`: {}",
        stale.join(", ")
    );
    Ok(())
}
