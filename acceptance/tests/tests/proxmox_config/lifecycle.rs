//! Every kind from its first apply to its last destroy.

use std::fmt::Write as _;

use acceptance_tests::netbox::{Catalogue, Sample, Stage, hcl};
use anyhow::{Context as _, Error, Result, ensure};
use hybridops_lab::Release;
use serde_json::Value as Json;

use crate::scene::Scene;

#[test]
fn every_kind_lives_on_8_4() -> Result<()> {
    life(&Scene::start(Release::V8_4)?)
}

#[test]
fn every_kind_lives_on_9_1() -> Result<()> {
    life(&Scene::start(Release::V9)?)
}

fn life(it: &Scene) -> Result<()> {
    let catalogue = it.catalogue()?;
    tell_coverage(&catalogue)?;
    let before = it.lab.config();
    for stage in [Stage::Required, Stage::All, Stage::Changed] {
        reach(it, &catalogue, stage)?;
    }
    imported(it, &catalogue)?;
    reach(it, &catalogue, Stage::Cleared)?;
    it.told("destroy", || it.ws.destroy())?;
    let after = it.lab.config();
    let left = differences(&before, &after);
    ensure!(left.is_empty(), "left behind: {}", left.join(", "));
    Ok(())
}

fn reach(it: &Scene, catalogue: &Catalogue, stage: Stage) -> Result<()> {
    it.ws.write("main.tf", &catalogue.configuration(stage).map_err(Error::msg)?)?;
    it.told(&format!("apply {stage:?}"), || it.ws.apply())?;
    it.expect_nothing_to_do(&format!("{stage:?}"))
}

fn tell_coverage(catalogue: &Catalogue) -> Result<()> {
    let coverage = catalogue.coverage().map_err(Error::msg)?;
    println!("{}: {} operations on fields are tried", catalogue.version, coverage.tried.len());
    for (kind, field, operation) in &coverage.missing {
        println!("  not tried: {kind} {field} {operation:?}");
    }
    for (kind, field, operation, reason) in &coverage.excepted {
        println!("  not tried: {kind} {field} {operation:?}: {reason}");
    }
    for (kind, samples) in &catalogue.samples.kinds {
        if let Some(reason) = &samples.skipped {
            println!("  not tried: {kind}: {reason}");
        }
    }
    for kind in catalogue.table.kinds() {
        if let (false, Some(clause)) = (kind.available.covers(catalogue.version), kind.available.describe()) {
            println!("  not on this server: {} ({clause})", kind.name);
        }
    }
    Ok(())
}

/// Everything that is there can be imported by its id, and then there is nothing to do. Secrets are told by no
/// server: they stay out of the configuration.
fn imported(it: &Scene, catalogue: &Catalogue) -> Result<()> {
    let state = it.ws.state()?;
    let ws = it.another_workspace()?;
    let mut text = String::new();
    for instance in catalogue.instances() {
        let Some(fields) = catalogue.fields(&instance, Stage::Changed).map_err(Error::msg)? else { continue };
        let arguments: Vec<(String, String)> = fields
            .iter()
            .filter(|(field, sample)| !matches!(sample, Sample::Secret(..)) && !field.unread)
            .flat_map(|(field, sample)| hcl::arguments(catalogue.table, field, sample))
            .collect();
        let address = instance.address();
        text.push_str(&hcl::block(
            &format!("resource \"hybridops_{}\" \"{}\"", instance.kind.name, instance.label),
            &arguments,
        ));
        let id = state.get(&address, "id")?.as_str().with_context(|| format!("{address} has no id"))?;
        let _ = write!(text, "import {{\n  to = {address}\n  id = {}\n}}\n", hcl::quoted(id));
    }
    ws.write("main.tf", &text)?;
    let plan = ws.planned()?;
    let changes: Vec<String> = plan
        .actions()
        .into_iter()
        .map(|(address, action)| {
            let change = plan.change(&address).map(|change| difference(change.before(""), change.after("")));
            format!("{address} {action}: {}", change.unwrap_or_default())
        })
        .collect();
    ensure!(changes.is_empty(), "after the import there is something to do:\n{}", changes.join("\n"));
    println!("{}: everything was imported by id", it.version);
    Ok(())
}

/// The members that differ.
fn difference(before: &Json, after: &Json) -> String {
    let members = after.as_object().into_iter().flatten();
    let differs = members.filter(|(name, value)| before.get(*name) != Some(value));
    let told = differs
        .map(|(name, value)| format!("{name}: {} -> {value}", before.get(name).unwrap_or(&Json::Null)));
    let unknown = before.as_object().into_iter().flatten().filter(|(name, _)| after.get(*name).is_none());
    let unknown = unknown.map(|(name, value)| format!("{name}: {value} -> (unknown)"));
    told.chain(unknown).collect::<Vec<_>>().join(", ")
}

/// Objects that are there after and were not before.
pub(crate) fn differences(before: &Json, after: &Json) -> Vec<String> {
    let mut left = Vec::new();
    for (family, objects) in after.as_object().into_iter().flatten() {
        for id in objects.as_object().into_iter().flatten().map(|(id, _)| id) {
            if before.get(family).and_then(|before| before.get(id)).is_none() {
                left.push(format!("{family} {id}"));
            }
        }
    }
    left
}
