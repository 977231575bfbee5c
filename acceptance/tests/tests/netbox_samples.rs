//! The samples fit the table: every field of every kind is tried, or it is said why it is not.

#![allow(clippy::print_stdout, reason = "the tests tell what they did")]

use std::collections::BTreeSet;

use acceptance_tests::netbox::{Catalogue, Naming, Samples};
use anyhow::{Error, Result, ensure};
use catalogue::description::Version;
use domain_netbox::TABLE;

#[test]
fn every_field_is_tried_or_excepted() -> Result<()> {
    let mut idle: Option<BTreeSet<String>> = None;
    for version in [Version::new(4, 2), Version::new(4, 6), Version::new(4, 7)] {
        let naming = Naming { prefix: "acc1".to_owned() };
        let catalogue = Catalogue::new(&TABLE, Samples::load()?, naming, version);
        let coverage = catalogue.coverage().map_err(Error::msg)?;
        println!("{version}: {} tried, {} excepted", coverage.tried.len(), coverage.excepted.len());
        let missing: Vec<String> =
            coverage.missing.iter().map(|(kind, field, what)| format!("{kind} {field} {what:?}")).collect();
        ensure!(missing.is_empty(), "{version}: neither tried nor excepted:\n{}", missing.join("\n"));
        let here: BTreeSet<String> = coverage.idle.into_iter().collect();
        idle = Some(idle.map_or(here.clone(), |idle| idle.intersection(&here).cloned().collect()));
    }
    let idle = idle.unwrap_or_default();
    ensure!(idle.is_empty(), "exceptions that nothing needs: {idle:?}");
    Ok(())
}
