//! Every kind from its first apply to its last destroy.

use std::collections::BTreeMap;

use acceptance_tests::netbox::{Catalogue, Instance, Sample, Stage, expect};
use anyhow::{Context as _, Error, Result, ensure};
use hybridops_lab::NetBoxVersion;
use serde_json::Value as Json;

use crate::scene::{Scene, Shown};
use crate::{drift, import, sources};

#[test]
fn every_kind_lives_on_4_6() -> Result<()> {
    lab_life("lifecycle::every_kind_lives_on_4_6", NetBoxVersion::V4_6)
}

#[test]
#[ignore = "4.7 is a beta: whether a MAC address written to an interface changes its primary one is not known yet"]
fn every_kind_lives_on_4_7() -> Result<()> {
    lab_life("lifecycle::every_kind_lives_on_4_7", NetBoxVersion::V4_7)
}

#[test]
fn every_kind_lives_on_4_2() -> Result<()> {
    lab_life("lifecycle::every_kind_lives_on_4_2", NetBoxVersion::V4_2)
}

fn lab_life(test: &str, version: NetBoxVersion) -> Result<()> {
    let Some(it) = Scene::lab(test, version)? else { return Ok(()) };
    let before = it.counts()?;
    life(&it)?;
    it.expect_nothing_left(&before)
}

/// The whole life of all kinds.
pub(crate) fn life(it: &Scene) -> Result<()> {
    let catalogue = it.catalogue()?;
    tell_coverage(&catalogue)?;
    stage(it, &catalogue, Stage::Required)?;
    stage(it, &catalogue, Stage::All)?;
    let changed = stage(it, &catalogue, Stage::Changed)?;
    import::by_id(it, &catalogue, &changed)?;
    import::by_key(it, &catalogue, &changed)?;
    sources::one_and_many(it, &catalogue, &changed)?;
    drift::is_seen_and_mended(it, &catalogue)?;
    cleared(it, &catalogue, &changed)?;
    it.told("destroy", || it.ws.destroy())?;
    it.expect_gone(&changed)
}

fn tell_coverage(catalogue: &Catalogue) -> Result<()> {
    let coverage = catalogue.coverage().map_err(Error::msg)?;
    println!("{}: {} operations on fields are tried", catalogue.version, coverage.tried.len());
    for (kind, field, operation, reason) in &coverage.excepted {
        println!("  not tried: {kind} {field} {operation:?}: {reason}");
    }
    ensure!(coverage.missing.is_empty(), "neither tried nor excepted: {:?}", coverage.missing);
    for kind in catalogue.table.kinds() {
        if let (false, Some(clause)) = (kind.available.covers(catalogue.version), kind.available.describe()) {
            println!("  not on this server: {} ({clause})", kind.name);
        }
    }
    Ok(())
}

/// Applies a stage; what is on the server must be what was configured, and the next plan empty.
pub(crate) fn stage(it: &Scene, catalogue: &Catalogue, stage: Stage) -> Result<Shown> {
    it.ws.write("main.tf", &catalogue.configuration(stage).map_err(Error::msg)?)?;
    it.told(&format!("apply {stage:?}"), || it.ws.apply())?;
    let known = it.known(catalogue)?;
    let shown = it.shown(&known)?;
    let mut differences = Vec::new();
    for instance in catalogue.instances() {
        let Some(fields) = catalogue.fields(&instance, stage).map_err(Error::msg)? else { continue };
        let object = of(&shown, &instance)?;
        for (field, sample) in fields {
            if let Err(difference) = expect::has(field, &sample, object, &known) {
                differences.push(format!("{}: {difference}", instance.address()));
            }
        }
    }
    ensure!(
        differences.is_empty(),
        "{stage:?}: the server shows something else:\n{}",
        differences.join("\n")
    );
    it.expect_nothing_to_do(&format!("{stage:?}"))?;
    Ok(shown)
}

fn of<'s>(shown: &'s Shown, instance: &Instance) -> Result<&'s Json> {
    let key = (instance.kind.path.to_owned(), instance.label.clone());
    shown.get(&key).with_context(|| format!("{} is not in the state", instance.address()))
}

/// Leaves out all that may be: the server must have null, empty texts, empty lists, its defaults.
fn cleared(it: &Scene, catalogue: &Catalogue, before: &Shown) -> Result<()> {
    let after = stage(it, catalogue, Stage::Cleared)?;
    let mut differences = Vec::new();
    for instance in catalogue.instances().iter().filter(|instance| instance.is_full()) {
        let was = fields(catalogue, instance, Stage::Changed)?;
        let is = fields(catalogue, instance, Stage::Cleared)?;
        for (name, sample) in was.iter().filter(|(name, _)| !is.contains_key(*name)) {
            let keys = match sample {
                Sample::Keys(keys) => keys.keys().cloned().collect(),
                _ => Vec::new(),
            };
            let field = instance.kind.field(name).with_context(|| format!("no field {name}"))?;
            let (object, before) = (of(&after, instance)?, of(before, instance)?);
            if let Err(difference) = expect::is_cleared(field, &keys, object, before) {
                differences.push(format!("{}: {difference}", instance.address()));
            }
        }
    }
    ensure!(differences.is_empty(), "what was left out is still there:\n{}", differences.join("\n"));
    Ok(())
}

/// The values of an instance at a stage, by field.
fn fields(
    catalogue: &Catalogue,
    instance: &Instance,
    stage: Stage,
) -> Result<BTreeMap<&'static str, Sample>> {
    let fields = catalogue.fields(instance, stage).map_err(Error::msg)?.unwrap_or_default();
    Ok(fields.into_iter().map(|(field, sample)| (field.name, sample)).collect())
}
