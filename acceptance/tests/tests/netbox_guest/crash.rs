//! The provider is killed at every request it makes: the next apply puts everything right.

use std::collections::BTreeMap;

use acceptance_tests::Output;
use anyhow::{Context as _, Result, ensure};
use hybridops_lab::{Effect, RequestFault};
use serde_json::json;

use crate::scene::{ADDRESSES, OTHER, OTHER_PICTURE, Scene, VERSIONS, WHOLE, WHOLE_PICTURE, scene};

/// Runs `operation` killed before and after each request that changes something.
fn matrix(
    it: &Scene,
    prepare: impl Fn() -> Result<()>,
    operation: impl Fn() -> Result<Output>,
    check: impl Fn() -> Result<()>,
) -> Result<()> {
    prepare()?;
    it.forget_requests();
    operation()?.ok()?;
    let writes = it.writes();
    check()?;
    ensure!(writes.len() >= 4, "{writes:?} prove little");
    let mut seen: BTreeMap<&str, u64> = BTreeMap::new();
    let mut faults = Vec::new();
    for write in &writes {
        let method = write.split(' ').next().unwrap_or_default();
        let nth = *seen.entry(method).and_modify(|count| *count += 1).or_insert(1);
        faults.push((method, nth, Effect::KillClientBefore));
        faults.push((method, nth, Effect::KillClientAfter));
    }
    let mut struck = 0;
    for (method, nth, effect) in faults {
        let here = format!("{effect:?} at {method} number {nth} of {writes:#?}");
        prepare().with_context(|| format!("before {here}"))?;
        it.netbox().faults().add(RequestFault {
            method: method.to_owned(),
            path: String::new(),
            nth,
            times: 1,
            effect,
        })?;
        let first = operation()?;
        it.netbox().faults().clear();
        struck += usize::from(!first.status.success());
        operation()?.ok().with_context(|| format!("{here}: {}", first.text()))?;
        check().context(here)?;
    }
    ensure!(struck == writes.len() * 2, "only {struck} of {} runs were killed", writes.len() * 2);
    println!("{}: killed {struck} times", it.netbox().version());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_creating() -> Result<()> {
    for version in VERSIONS {
        let it = scene!(version);
        it.declare(WHOLE)?;
        let prepare = || {
            it.ws.destroy()?.ok()?;
            it.expect_nothing(0)
        };
        let check = || {
            it.expect_picture(WHOLE_PICTURE)?;
            it.ws.expect_empty_plan()?;
            Ok(())
        };
        matrix(&it, prepare, || it.ws.apply(), check)?;
        it.ws.destroy()?.ok()?;
        it.expect_nothing(0)?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_updating() -> Result<()> {
    for version in VERSIONS {
        let it = scene!(version);
        let prepare = || {
            it.declare(WHOLE)?;
            it.ws.apply()?.ok()?;
            it.expect_picture(WHOLE_PICTURE)?;
            it.declare(OTHER)
        };
        let check = || {
            it.expect_picture(OTHER_PICTURE)?;
            it.ws.expect_empty_plan()?;
            Ok(())
        };
        matrix(&it, prepare, || it.ws.apply(), check)?;
    }
    Ok(())
}

/// Adopted addresses are still released after a kill, never deleted.
#[tokio::test(flavor = "multi_thread")]
async fn killed_while_adopting_and_while_deleting() -> Result<()> {
    for version in VERSIONS {
        let it = scene!(version);
        let by_id = it.insert(ADDRESSES, json!({"address": "10.8.0.1/24"}))?;
        it.insert(ADDRESSES, json!({"address": "10.8.0.2/24"}))?;
        // Both were there for a while, and somebody has touched them.
        for address in it.all(ADDRESSES) {
            let id = address["id"].as_u64().unwrap_or_default();
            tokio::time::sleep(std::time::Duration::from_millis(1_200)).await;
            it.netbox().change(ADDRESSES, id, json!({"description": ""}))?;
        }
        let arguments = format!(
            r#"interfaces = {{ eth0 = {{ addresses = [{{ id = {by_id} }}, {{ address = "10.8.0.2/24" }},
                 {{ address = "10.8.0.3/24" }}] }} }}"#
        );
        let expected = [
            ("interface eth0", "null"),
            ("address 10.8.0.1/24", "eth0"),
            ("address 10.8.0.2/24", "eth0"),
            ("address 10.8.0.3/24", "eth0"),
            ("primary_ip4", "10.8.0.1/24"),
        ];
        it.declare(&arguments)?;
        let free = || {
            it.ws.destroy()?.ok()?;
            it.expect_nothing(2)?;
            ensure!(it.all(ADDRESSES).iter().all(|address| address["assigned_object_id"].is_null()));
            Ok(())
        };
        let there = || {
            it.expect_picture(&expected)?;
            it.ws.expect_empty_plan()?;
            Ok(())
        };
        matrix(&it, free, || it.ws.apply(), there)?;
        let prepare = || {
            it.ws.apply()?.ok()?;
            there()
        };
        matrix(&it, prepare, || it.ws.destroy(), || it.expect_nothing(2))?;
    }
    Ok(())
}
