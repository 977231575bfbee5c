//! From the first apply to the last destroy.

use anyhow::Result;
use serde_json::json;

use crate::{IT, disk, iso, scene};

#[tokio::test(flavor = "multi_thread")]
async fn an_image_comes_stays_and_goes() -> Result<()> {
    let it = scene!("pve1", "pve2");
    let bytes = iso("one");
    let sum = it.publish("tiny.iso", &bytes)?;
    let upper = sum.to_uppercase().replace("SHA256", "sha256");
    it.declare_iso("[\"pve1\", \"pve2\"]", &format!("checksum = \"{upper}\""))?;

    let plan = it.ws.planned()?;
    plan.expect(&[(IT, "create")])?;
    let name = format!("tiny-{}.iso", &sum[7..19]);
    let volume = format!("local:iso/{name}");
    let change = plan.change(IT)?;
    assert_eq!(change.after("file_name"), &json!(name));
    assert_eq!(
        change.after("volumes"),
        &json!({"pve1": volume, "pve2": volume}),
        "the plan knows the volumes"
    );
    assert_eq!(change.after("image_checksum"), &json!(sum));
    assert!(change.is_unknown("size"));
    it.ws.apply_plan()?.ok()?;

    for node in ["pve1", "pve2"] {
        assert_eq!(it.content(node, &volume)?, bytes, "{node}");
    }
    let state = it.ws.state()?;
    assert_eq!(state.get(IT, "size")?, &json!(40_000));
    assert_eq!(state.get(IT, "format")?, &json!("iso"));
    assert_eq!(state.get(IT, "node")?, &json!("pve1"));
    assert_eq!(state.get(IT, "leftovers")?, &json!([]));

    it.lab.journal().clear();
    it.ws.expect_empty_plan()?;
    let mut requests = it.requests();
    requests.sort();
    let listing = "GET /nodes/{node}/storage/{storage}/content";
    assert_eq!(requests, ["GET /cluster/resources", listing, listing], "one index, one listing a node");

    it.declare_iso("[\"pve2\"]", &format!("checksum = \"{sum}\""))?;
    it.ws.planned()?.expect(&[(IT, "update")])?;
    it.lab.journal().clear();
    it.ws.apply_plan()?.ok()?;
    assert_eq!(it.writes(), ["DELETE /nodes/{node}/storage/{storage}/content/{volume}"]);
    assert!(it.files("pve1/local").is_empty());
    assert_eq!(it.ws.state()?.get(IT, "node")?, &json!("pve2"));
    it.ws.expect_empty_plan()?;

    it.ws.destroy()?.ok()?;
    assert!(it.files("pve2/local").is_empty());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_sum_is_a_new_image_beside_the_old() -> Result<()> {
    let it = scene!("pve1", "pve2");
    it.publish("tiny.iso", &iso("one"))?;
    let sums = it.url("SHA256SUMS");
    it.declare_iso("[\"pve1\", \"pve2\"]", &format!("checksum_url = \"{sums}\""))?;
    it.ws.apply()?.ok()?;
    it.ws.expect_empty_plan()?;
    let old = it.volume()?;

    let second = iso("two");
    let sum = it.publish("tiny.iso", &second)?;
    let plan = it.ws.planned()?;
    plan.expect(&[(IT, "update")])?;
    let change = plan.change(IT)?;
    assert_eq!(change.after("image_checksum"), &json!(sum), "the plan shows the new sum");
    assert_ne!(change.after("volume_id"), change.before("volume_id"));
    it.lab.journal().clear();
    it.ws.apply_plan()?.ok()?;
    let writes = it.writes();
    let first_delete = writes.iter().position(|write| write.starts_with("DELETE"));
    let last_download = writes.iter().rposition(|write| write.starts_with("POST"));
    assert!(last_download < first_delete, "nothing is removed before all is there: {writes:?}");
    let new = it.volume()?;
    assert_ne!(old, new);
    for node in ["pve1", "pve2"] {
        assert_eq!(it.content(node, &new)?, second);
        assert_eq!(it.files(&format!("{node}/local")).len(), 1, "the old one is gone");
    }
    it.ws.expect_empty_plan()?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_publisher_who_is_away_stops_no_plan() -> Result<()> {
    let it = scene!("pve1");
    it.publish("tiny.iso", &iso("one"))?;
    it.publish("sums/SHA256SUMS", format!("{}  tiny.iso\n", &crate::sha256(&iso("one"))[7..]).as_bytes())?;
    let sums = it.url("sums/SHA256SUMS");
    it.declare_iso("[\"pve1\"]", &format!("checksum_url = \"{sums}\""))?;
    it.ws.apply()?.ok()?;
    std::fs::remove_dir_all(it.lab.dir().join("artefacts/sums"))?;
    it.ws.expect_empty_plan()?.says("The sums file could not be read")?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn under_a_fixed_name_new_content_replaces() -> Result<()> {
    let it = scene!("pve1");
    let sum = it.publish("tiny.iso", &iso("one"))?;
    it.declare_iso("[\"pve1\"]", &format!("checksum = \"{sum}\"\nfile_name = \"boot.iso\""))?;
    it.ws.apply()?.ok()?;
    it.ws.expect_empty_plan()?;
    let second = iso("two");
    let sum = it.publish("tiny.iso", &second)?;
    it.declare_iso("[\"pve1\"]", &format!("checksum = \"{sum}\"\nfile_name = \"boot.iso\""))?;
    let plan = it.ws.planned()?;
    plan.expect(&[(IT, "delete/create")])?;
    assert_eq!(plan.change(IT)?.replace_paths(), &json!([["image_checksum"]]));
    it.ws.apply_plan()?.ok()?;
    assert_eq!(it.content("pve1", "local:iso/boot.iso")?, second);
    // Another name is room beside it.
    it.declare_iso("[\"pve1\"]", &format!("checksum = \"{sum}\"\nfile_name = \"start.iso\""))?;
    it.ws.planned()?.expect(&[(IT, "update")])?;
    it.ws.apply_plan()?.ok()?;
    assert_eq!(it.files("pve1/local").into_iter().collect::<Vec<_>>(), ["local:iso/start.iso"]);
    it.ws.expect_empty_plan()?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_shared_storage_one_copy_serves_all() -> Result<()> {
    let it = scene!("pve1", "pve2");
    let bytes = disk("shared");
    let sum = it.publish("base.raw", &bytes)?;
    let url = it.url("base.raw");
    let declare = |nodes: &str| {
        it.declare(&format!(
            "nodes = {nodes}\nstorage = \"shared\"\ncontent = \"import\"\nurl = \"{url}\"\nchecksum = \"{sum}\""
        ))
    };
    declare("[\"pve1\", \"pve2\"]")?;
    it.ws.apply()?.ok()?;
    let downloads = it.writes().iter().filter(|write| write.ends_with("download-url")).count();
    assert_eq!(downloads, 1);
    let volume = it.volume()?;
    assert_eq!(it.ws.state()?.get(IT, "volumes")?, &json!({"pve1": volume, "pve2": volume}));
    it.lab.journal().clear();
    it.ws.expect_empty_plan()?;
    assert_eq!(it.requests().len(), 2, "the index and one listing: {:?}", it.requests());

    // A node that is left out takes nothing from the other.
    declare("[\"pve2\"]")?;
    it.lab.journal().clear();
    it.ws.apply()?.ok()?;
    assert!(it.writes().is_empty(), "{:?}", it.writes());
    assert_eq!(it.content("pve2", &volume)?, bytes);
    it.ws.destroy()?.ok()?;
    assert!(it.files("pve1/shared").is_empty());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn another_mirror_of_the_same_image_changes_no_file() -> Result<()> {
    let it = scene!("pve1");
    let sum = it.publish("tiny.iso", &iso("one"))?;
    it.publish("mirror/other.iso", &iso("one"))?;
    it.declare_iso("[\"pve1\"]", &format!("checksum = \"{sum}\""))?;
    it.ws.apply()?.ok()?;
    let volume = it.volume()?;
    let url = it.url("mirror/other.iso");
    it.declare(&format!(
        "nodes = [\"pve1\"]\nstorage = \"local\"\ncontent = \"iso\"\nurl = \"{url}\"\nchecksum = \"{sum}\"\non_destroy = \"keep\""
    ))?;
    let plan = it.ws.planned()?;
    plan.expect(&[(IT, "update")])?;
    it.lab.journal().clear();
    it.ws.apply_plan()?.ok()?;
    assert!(it.writes().is_empty(), "{:?}", it.writes());
    assert_eq!(it.volume()?, volume);
    it.ws.expect_empty_plan()?;
    it.ws.destroy()?.ok()?;
    assert!(it.files("pve1/local").contains(&volume), "on_destroy = keep keeps the file");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn many_images_are_read_with_one_listing() -> Result<()> {
    let it = scene!("pve1");
    let sum = it.publish("tiny.iso", &iso("one"))?;
    let url = it.url("tiny.iso");
    it.ws.write(
        "main.tf",
        &format!(
            "resource \"hybridops_proxmox_image\" \"it\" {{\n  count = 20\n  nodes = [\"pve1\"]\n  storage = \"local\"\n  \
             content = \"iso\"\n  url = \"{url}\"\n  checksum = \"{sum}\"\n  file_name = \"tiny-${{count.index}}.iso\"\n}}\n"
        ),
    )?;
    it.ws.apply()?.ok()?;
    it.lab.journal().clear();
    it.ws.expect_empty_plan()?;
    assert_eq!(it.requests().len(), 2, "the index and one listing for 20 images: {:?}", it.requests());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_publisher_took_down_can_still_be_managed() -> Result<()> {
    let it = scene!("pve1", "pve2");
    let sum = it.publish("tiny.iso", &iso("one"))?;
    it.declare_iso("[\"pve1\", \"pve2\"]", &format!("checksum = \"{sum}\""))?;
    it.ws.apply()?.ok()?;
    std::fs::remove_file(it.lab.dir().join("artefacts/tiny.iso"))?;
    it.ws.expect_empty_plan()?;
    it.declare_iso("[\"pve1\"]", &format!("checksum = \"{sum}\""))?;
    it.ws.apply()?.ok()?;
    assert!(it.files("pve2/local").is_empty());
    it.ws.destroy()?.ok()?;
    Ok(())
}
