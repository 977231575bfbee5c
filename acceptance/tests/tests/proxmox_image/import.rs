//! Taking over files that exist.

use anyhow::Result;
use serde_json::json;

use crate::{IT, iso, scene};

#[tokio::test(flavor = "multi_thread")]
async fn with_its_origin_the_plan_is_empty() -> Result<()> {
    let it = scene!("pve1", "pve2");
    let sum = it.publish("tiny.iso", &iso("one"))?;
    let url = it.url("tiny.iso");
    for node in ["pve1", "pve2"] {
        it.smuggle(node, "local:iso/tiny.iso", &iso("one"))?;
    }
    it.declare_iso("[\"pve1\", \"pve2\"]", &format!("checksum = \"{sum}\""))?;
    it.ws.import(IT, &format!("pve1,pve2/local:iso/tiny.iso {url} {sum}"))?.ok()?;
    it.ws.expect_empty_plan()?;
    it.ws.run(&["state", "rm", IT])?.ok()?;
    let sums = it.url("SHA256SUMS");
    it.declare_iso("[\"pve1\", \"pve2\"]", &format!("checksum_url = \"{sums}\""))?;
    it.ws.import(IT, &format!("pve1,pve2/local:iso/tiny.iso {url} {sums}"))?.ok()?;
    it.ws.expect_empty_plan()?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn without_it_the_next_apply_proves_and_records() -> Result<()> {
    let it = scene!("pve1");
    let sum = it.publish("tiny.iso", &iso("one"))?;
    it.smuggle("pve1", "local:iso/boot.iso", &iso("one"))?;
    it.declare_iso("[\"pve1\"]", &format!("checksum = \"{sum}\""))?;
    it.ws.import(IT, "local:iso/boot.iso")?.ok()?;
    let plan = it.ws.planned()?;
    plan.expect(&[(IT, "update")])?;
    let change = plan.change(IT)?;
    assert_eq!(change.after("image_checksum"), &json!(sum));
    assert_eq!(change.after("volume_id"), &json!("local:iso/boot.iso"), "the file stays");
    it.lab.journal().clear();
    it.ws.apply_plan()?.ok()?;
    assert_eq!(
        it.writes(),
        ["POST /nodes/{node}/storage/{storage}/download-url"],
        "the node compares the checksum"
    );
    assert_eq!(it.content("pve1", "local:iso/boot.iso")?, iso("one"));
    it.ws.expect_empty_plan()?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn another_image_is_not_taken_for_it() -> Result<()> {
    let it = scene!("pve1");
    let sum = it.publish("tiny.iso", &iso("one"))?;
    it.smuggle("pve1", "local:iso/boot.iso", &iso("two"))?;
    it.declare_iso("[\"pve1\"]", &format!("checksum = \"{sum}\""))?;
    it.ws.import(IT, "pve1/local:iso/boot.iso")?.ok()?;
    it.ws.apply()?.fails()?.says("The imported file is another image")?;
    assert_eq!(it.content("pve1", "local:iso/boot.iso")?, iso("two"), "nothing was changed");
    assert!(it.ws.state()?.get(IT, "image_checksum")?.is_null());
    for (id, text) in [
        ("pve1/local:iso/none.iso", "Node pve1 does not list it"),
        ("nonsense", "The import id is no image"),
        ("local:100/vm-100-disk-0.raw", "It is no image"),
    ] {
        it.ws.run(&["state", "rm", IT])?;
        it.ws.import(IT, id)?.fails()?.says(text)?;
    }
    Ok(())
}
