//! The examples of the documentation are what the table makes, well formed, valid, and work as they stand.

use std::fs;
use std::path::{Path, PathBuf};

use acceptance_tests::netbox::{Samples, examples};
use anyhow::{Context as _, Error, Result, ensure};
use domain_netbox::TABLE;
use domain_netbox::table::VERSIONS;
use hybridops_lab::NetBoxVersion;

use crate::scene::Scene;

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples")
}

#[test]
fn examples_are_what_the_table_makes() -> Result<()> {
    let newest = VERSIONS.last().copied().context("no version")?;
    let files = examples::files(&TABLE, Samples::load()?, newest).map_err(Error::msg)?;
    let stale: Vec<String> = files
        .iter()
        .filter(|(path, text)| !fs::read_to_string(directory().join(path)).is_ok_and(|there| there == **text))
        .map(|(path, _)| path.display().to_string())
        .collect();
    ensure!(stale.is_empty(), "run `cargo run -p acceptance-tests --bin netbox-examples`; stale: {stale:?}");
    Ok(())
}

#[test]
fn examples_work() -> Result<()> {
    let Some(it) = Scene::lab("documented::examples_work", NetBoxVersion::V4_7)? else { return Ok(()) };
    let newest = VERSIONS.last().copied().context("no version")?;
    let before = it.counts()?;
    it.ws.write("main.tf", &examples::together(&TABLE, Samples::load()?, newest).map_err(Error::msg)?)?;
    it.ws.run(&["fmt", "-check", "-diff", "main.tf"])?.ok()?;
    it.told("apply all examples", || it.ws.apply())?;
    it.expect_nothing_to_do("all examples")?;
    it.told("destroy all examples", || it.ws.destroy())?;
    it.expect_nothing_left(&before)
}
