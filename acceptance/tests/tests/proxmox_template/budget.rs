//! How many requests each thing takes, as numbers.

use std::collections::BTreeMap;

use anyhow::Result;

use crate::image;
use crate::support::{Site, Template};

fn total(counts: &BTreeMap<String, usize>) -> usize {
    counts.values().sum()
}

/// Counts without the polling of tasks, whose number is a matter of time.
fn unpolled(counts: &BTreeMap<String, usize>) -> BTreeMap<&str, usize> {
    let polls = |name: &str| name.contains("/tasks/{upid}/status");
    counts.iter().filter(|(name, _)| !polls(name)).map(|(name, count)| (name.as_str(), *count)).collect()
}

const INVENTORY: &str = "GET /cluster/resources";
const CONFIG: &str = "GET /nodes/{node}/qemu/{vmid}/config";

#[test]
fn of_one_template() -> Result<()> {
    let site = Site::start(image!())?;
    site.declare(&site.template())?;
    let plan = site.counting(|| site.ws.plan()?.ok().map(drop))?;
    let expected = BTreeMap::from([
        (INVENTORY, 1),
        ("GET /access/permissions", 1),
        ("GET /nodes/{node}/storage/{storage}/status", 1),
    ]);
    assert_eq!(unpolled(&plan), expected, "planning a creation");

    let create = site.counting(|| site.ws.apply_plan()?.ok().map(drop))?;
    // Terraform plans once more before it applies: the first three are the plan's.
    let expected = BTreeMap::from([
        (INVENTORY, 3),
        ("GET /access/permissions", 1),
        ("GET /nodes/{node}/storage/{storage}/status", 1),
        (CONFIG, 2),
        ("GET /cluster/nextid", 1),
        ("GET /cluster/tasks", 2),
        ("GET /nodes/{node}/storage/{storage}/content/{volume}", 2),
        ("POST /nodes/{node}/storage/{storage}/download-url", 1),
        ("POST /nodes/{node}/qemu", 1),
        ("POST /nodes/{node}/qemu/{vmid}/template", 1),
        ("DELETE /nodes/{node}/storage/{storage}/content/{volume}", 1),
    ]);
    assert_eq!(unpolled(&create), expected, "creating");

    let refresh = site.counting(|| site.ws.expect_empty_plan().map(drop))?;
    assert_eq!(
        refresh,
        BTreeMap::from([(INVENTORY.to_owned(), 1), (CONFIG.to_owned(), 1)]),
        "refresh and empty plan"
    );

    site.declare(&site.template().set("memory", "512"))?;
    site.ws.plan()?.ok()?;
    let change = site.counting(|| site.ws.apply_plan()?.ok().map(drop))?;
    let expected =
        BTreeMap::from([(INVENTORY, 1), (CONFIG, 1), ("POST /nodes/{node}/qemu/{vmid}/config", 1)]);
    assert_eq!(unpolled(&change), expected, "a change in place");
    assert!(total(&change) <= 6, "{change:#?}");
    Ok(())
}

fn several(site: &Site, count: usize) -> String {
    let template = |n: usize| -> Template {
        site.template().label(&format!("t{n}")).text("name", &format!("debian-{n}"))
    };
    (0..count).map(|n| template(n).hcl()).collect()
}

#[test]
fn five_templates_are_refreshed_with_six_requests() -> Result<()> {
    let site = Site::start(image!())?;
    site.ws.write("main.tf", &several(&site, 5))?;
    site.ws.apply()?.ok()?;
    assert_eq!(site.vmids().len(), 5);
    let refresh = site.counting(|| site.ws.expect_empty_plan().map(drop))?;
    assert_eq!(refresh, BTreeMap::from([(INVENTORY.to_owned(), 1), (CONFIG.to_owned(), 5)]));
    site.ws.destroy()?.ok()?;
    site.expect_nothing()
}

#[test]
fn templates_from_one_image_at_once() -> Result<()> {
    let site = Site::start(image!())?;
    site.ws.write("main.tf", &several(&site, 2))?;
    let counts = site.counting(|| site.ws.apply()?.ok().map(drop))?;
    site.ws.expect_empty_plan()?;
    assert_eq!(site.vmids().len(), 2, "no duplicates");
    for vmid in site.vmids() {
        site.expect_content(vmid, "scsi0", "disk.qcow2")?;
    }
    let images: Vec<String> =
        site.volumes().into_iter().filter(|volume| volume.contains(":import/")).collect();
    assert!(images.is_empty(), "no orphans: {images:?}");
    let downloads = counts["POST /nodes/{node}/storage/{storage}/download-url"];
    assert_eq!(downloads, 1, "the image is downloaded once");
    Ok(())
}
