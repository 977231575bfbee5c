//! Publishers change their files, and are not always there.

use anyhow::Result;

use crate::image;
use crate::support::{ADDRESS, Site, Template};

fn following(site: &Site) -> Template {
    let (url, sums) =
        (site.lab.artefact_url("release/disk.qcow2"), site.lab.artefact_url("release/SHA256SUMS"));
    site.template().set("image", format!("{{ url = \"{url}\", checksum_url = \"{sums}\" }}"))
}

#[test]
fn new_sum_is_a_new_image() -> Result<()> {
    let image = image!();
    let site = Site::start(image)?;
    site.lab.put_artefact("release/disk.qcow2", &image.files["disk.qcow2"])?;
    site.converge(&following(&site))?;
    let old = site.vmid()?;
    site.lab.put_artefact("release/disk.qcow2", &image.files["other.qcow2"])?;
    let plan = site.ws.planned()?;
    plan.expect(&[(ADDRESS, "update")])?;
    let change = plan.change(ADDRESS)?;
    assert_eq!(change.before("image_checksum"), &image.checksum("disk.qcow2"));
    assert_eq!(change.after("image_checksum"), &image.checksum("other.qcow2"));
    assert!(change.is_unknown("vmid"));
    site.ws.apply_plan()?.ok()?;
    site.ws.expect_empty_plan()?;
    assert_ne!(site.expect_only("debian", "other.qcow2")?, old);
    Ok(())
}

#[test]
fn absent_publisher_stops_nothing_that_exists() -> Result<()> {
    let image = image!();
    let site = Site::start(image)?;
    site.lab.put_artefact("release/disk.qcow2", &image.files["disk.qcow2"])?;
    site.converge(&following(&site))?;
    std::fs::remove_dir_all(site.lab.dir().join("artefacts/release"))?;
    let output = site.ws.expect_empty_plan()?;
    output.says("The publisher's sums file cannot be read")?.says("the checksum of the last build")?;
    // A change in place goes through as well.
    site.declare(&following(&site).set("memory", "512"))?;
    site.ws.planned()?.expect(&[(ADDRESS, "update")])?;
    site.ws.apply_plan()?.ok()?;
    assert_eq!(site.setting(site.vmid()?, "memory"), "512");
    site.ws.destroy()?.ok()?;
    site.expect_nothing()
}

#[test]
fn absent_publisher_stops_a_creation_at_plan() -> Result<()> {
    let site = Site::start(image!())?;
    site.declare(&following(&site))?;
    let before = site.everything();
    let refused = site.ws.plan()?.fails()?;
    refused.says("The image's checksum cannot be found")?.says("main.tf line")?.says("or set `checksum`")?;
    assert_eq!(site.everything(), before);
    Ok(())
}

#[test]
fn replaced_between_plan_and_apply() -> Result<()> {
    let image = image!();
    let site = Site::start(image)?;
    site.lab.put_artefact("release/disk.qcow2", &image.files["disk.qcow2"])?;
    site.declare(&following(&site))?;
    site.ws.plan()?.ok()?;
    site.lab.put_artefact("release/disk.qcow2", &image.files["other.qcow2"])?;
    // The plan that was approved was for another image.
    site.ws.apply_plan()?.fails()?.says("image_checksum")?;
    site.expect_nothing()?;
    site.ws.apply()?.ok()?;
    site.expect_only("debian", "other.qcow2")?;
    Ok(())
}
