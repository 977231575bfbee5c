//! The provider is killed at every request it makes: the next apply puts everything right.

use anyhow::{Context as _, Result, ensure};
use hybridops_lab::{Effect, RequestFault};

use crate::{IT, Scene, iso, scene};

/// Kills the provider at its n-th request to the cluster.
fn kill_at(it: &Scene, nth: u64, effect: Effect) -> Result<()> {
    it.lab.faults().add(RequestFault {
        method: String::new(),
        path: String::new(),
        nth,
        times: 1,
        effect,
    })?;
    Ok(())
}

/// How many requests an operation makes when nothing happens to it.
fn requests_of(it: &Scene, operation: impl Fn() -> Result<()>) -> Result<u64> {
    it.lab.journal().clear();
    operation()?;
    Ok(it.requests().len() as u64)
}

/// Runs `operation` once for each request it makes, killed there; `prepare` and `check` frame each run.
fn matrix(
    it: &Scene,
    prepare: impl Fn() -> Result<()>,
    operation: impl Fn() -> Result<acceptance_tests::Output>,
    check: impl Fn() -> Result<()>,
) -> Result<u64> {
    prepare()?;
    let total = requests_of(it, || operation()?.ok().map(drop))?;
    check()?;
    ensure!(total >= 4, "an operation of {total} requests proves little");
    let mut struck = 0;
    for nth in 1..=total {
        for effect in [Effect::KillClientBefore, Effect::KillClientAfter] {
            // Of a read it matters little whether its answer arrived.
            prepare()?;
            kill_at(it, nth, effect.clone())?;
            let first = operation()?;
            it.lab.faults().clear();
            struck += u64::from(!first.status.success());
            let text = first.text();
            operation()?
                .ok()
                .with_context(|| format!("after {effect:?} at request {nth} of {total}: {text}"))?;
            check().with_context(|| format!("after {effect:?} at request {nth} of {total}"))?;
        }
    }
    // The number of polls varies: a few late kills may come too late.
    ensure!(struck + 6 >= 2 * total, "only {struck} of {} runs were killed", 2 * total);
    Ok(total)
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
    let total = matrix(&it, prepare, || it.ws.apply(), || exactly(&it, &["pve1", "pve2"], &iso("one")))?;
    println!("create: killed at each of {total} requests");
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
    let total = matrix(&it, prepare, || it.ws.apply(), || exactly(&it, &["pve2"], &iso("two")))?;
    println!("update: killed at each of {total} requests");
    Ok(())
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
    let total = matrix(&it, prepare, || it.ws.destroy(), || nothing(&it))?;
    println!("delete: killed at each of {total} requests");
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
