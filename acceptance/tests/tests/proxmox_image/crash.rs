//! The provider is killed at every request it makes: the next apply puts everything right.

use std::collections::BTreeMap;

use acceptance_tests::Output;
use anyhow::{Context as _, Result, ensure};
use hybridops_lab::{Effect, RequestFault};

use crate::packed::gz;
use crate::{IT, Scene, disk, iso, scene};

/// Runs `operation` killed after each request it makes, and before each that changes something; `prepare` and
/// `check` frame each run. (Before a read is the same as after the request that precedes it.)
fn matrix(
    it: &Scene,
    prepare: impl Fn() -> Result<()>,
    operation: impl Fn() -> Result<Output>,
    check: impl Fn() -> Result<()>,
) -> Result<()> {
    prepare()?;
    it.lab.journal().clear();
    operation()?.ok()?;
    let (requests, writes) = (it.requests(), it.writes());
    check()?;
    ensure!(requests.len() >= 4 && !writes.is_empty(), "{requests:?} prove little");
    let after = (1..=requests.len()).map(|nth| (String::new(), nth, Effect::KillClientAfter));
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let before = writes.iter().map(|write| {
        let method = write.split(' ').next().unwrap_or_default();
        let nth = seen.entry(method).and_modify(|count| *count += 1).or_insert(1);
        (method.to_owned(), *nth, Effect::KillClientBefore)
    });
    let faults: Vec<_> = after.chain(before).collect();
    let mut struck = 0;
    for (method, nth, effect) in &faults {
        let nth = u64::try_from(*nth)?;
        let here = format!("{effect:?} at {method} request {nth} of {}", requests.len());
        prepare()?;
        it.lab.faults().add(RequestFault {
            method: method.clone(),
            path: String::new(),
            nth,
            times: 1,
            effect: effect.clone(),
        })?;
        let first = operation()?;
        it.lab.faults().clear();
        struck += usize::from(!first.status.success());
        operation()?.ok().with_context(|| format!("{here}: {}", first.text()))?;
        check().context(here)?;
    }
    // The number of polls varies: a few late kills may come too late.
    ensure!(struck + 4 >= faults.len(), "only {struck} of {} runs were killed", faults.len());
    Ok(())
}

/// The image's files are there, each exactly once, and nothing else is.
fn exactly(it: &Scene, nodes: &[&str], bytes: &[u8]) -> Result<()> {
    let volume = it.volume()?;
    for node in ["pve1", "pve2"] {
        let files = it.files(&format!("{node}/local"));
        if nodes.contains(&node) {
            ensure!(files.len() == 1 && files.contains(&volume), "{node} has {files:?}");
            ensure!(it.content(node, &volume)? == bytes, "{node} has other content");
        } else {
            ensure!(files.is_empty(), "{node} has {files:?}");
        }
    }
    it.ws.expect_empty_plan()?;
    Ok(())
}

fn nothing(it: &Scene) -> Result<()> {
    for node in ["pve1", "pve2"] {
        let files = it.files(&format!("{node}/local"));
        ensure!(files.is_empty(), "{node} has {files:?}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_creating() -> Result<()> {
    let it = scene!("pve1", "pve2");
    let sum = it.publish("tiny.iso", &iso("one"))?;
    it.declare_iso("[\"pve1\", \"pve2\"]", &format!("checksum = \"{sum}\""))?;
    let prepare = || {
        it.ws.destroy()?.ok()?;
        nothing(&it)
    };
    matrix(&it, prepare, || it.ws.apply(), || exactly(&it, &["pve1", "pve2"], &iso("one")))?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_updating() -> Result<()> {
    let it = scene!("pve1", "pve2");
    let old = it.publish("old.iso", &iso("one"))?;
    let new = it.publish("tiny.iso", &iso("two"))?;
    let url = it.url("old.iso");
    let before = format!(
        "nodes = [\"pve1\"]\nstorage = \"local\"\ncontent = \"iso\"\nurl = \"{url}\"\nchecksum = \"{old}\""
    );
    let prepare = || {
        it.declare(&before)?;
        it.ws.apply()?.ok()?;
        exactly(&it, &["pve1"], &iso("one"))?;
        it.declare_iso("[\"pve2\"]", &format!("checksum = \"{new}\""))
    };
    matrix(&it, prepare, || it.ws.apply(), || exactly(&it, &["pve2"], &iso("two")))?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_uploading() -> Result<()> {
    let it = scene!("pve1");
    let bytes = disk("packed");
    let sum = it.publish("base.raw.gz", &gz(&bytes)?)?;
    let url = it.url("base.raw.gz");
    // Under a name of the user's: nothing about it proves what it is.
    it.declare(&format!(
        "nodes = [\"pve1\"]\nstorage = \"local\"\ncontent = \"import\"\nurl = \"{url}\"\nchecksum = \"{sum}\"\nfile_name = \"base.raw\""
    ))?;
    let prepare = || {
        it.ws.destroy()?.ok()?;
        nothing(&it)
    };
    matrix(&it, prepare, || it.ws.apply(), || exactly(&it, &["pve1"], &bytes))
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_deleting() -> Result<()> {
    let it = scene!("pve1", "pve2");
    let sum = it.publish("tiny.iso", &iso("one"))?;
    it.declare_iso("[\"pve1\", \"pve2\"]", &format!("checksum = \"{sum}\""))?;
    let prepare = || {
        it.ws.apply()?.ok()?;
        ensure!(it.ws.state()?.addresses() == [IT]);
        Ok(())
    };
    matrix(&it, prepare, || it.ws.destroy(), || nothing(&it))?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removal_that_fails_stays_in_sight() -> Result<()> {
    let it = scene!("pve1");
    let old = it.publish("old.iso", &iso("one"))?;
    let new = it.publish("tiny.iso", &iso("two"))?;
    let url = it.url("old.iso");
    it.declare(&format!(
        "nodes = [\"pve1\"]\nstorage = \"local\"\ncontent = \"iso\"\nurl = \"{url}\"\nchecksum = \"{old}\""
    ))?;
    it.ws.apply()?.ok()?;
    let first = it.volume()?;
    it.declare_iso("[\"pve1\"]", &format!("checksum = \"{new}\""))?;
    let in_use = Effect::Status { status: 500, message: "volume is still in use by VM 100".to_owned() };
    it.lab.faults().add(RequestFault {
        method: "DELETE".to_owned(),
        path: "/content/".to_owned(),
        nth: 1,
        times: 1,
        effect: in_use,
    })?;
    it.ws.apply()?.fails()?.says("still in use by VM 100")?.says("take it out there and apply again")?;
    let state = it.ws.state()?;
    ensure!(state.get(IT, "/leftovers/0/volume_id")? == &serde_json::json!(first), "the old file is tracked");
    ensure!(!state.is_tainted(IT)?);
    ensure!(it.volume()? != first, "the new image is the resource");
    it.ws.planned()?.expect(&[(IT, "update")])?;
    it.ws.apply_plan()?.ok()?;
    exactly(&it, &["pve1"], &iso("two"))
}
