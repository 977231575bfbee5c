//! Images that the provider unpacks and uploads.

use std::io::Write as _;

use anyhow::Result;

use crate::{IT, disk, scene};

pub(crate) fn gz(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_packed_image_is_unpacked_on_the_way() -> Result<()> {
    let it = scene!("pve1", "pve2");
    let bytes = disk("packed");
    let sum = it.publish("base.raw.gz", &gz(&bytes)?)?;
    let url = it.url("base.raw.gz");
    let arguments = format!(
        "nodes = [\"pve1\", \"pve2\"]\nstorage = \"local\"\ncontent = \"import\"\nurl = \"{url}\"\nchecksum = \"{sum}\""
    );
    it.declare(&format!("{arguments}\ntransfer = \"node\""))?;
    it.ws.plan()?.fails()?.says("A node cannot unpack this image")?;
    it.declare(&arguments)?;
    it.ws.apply()?.ok()?;
    let volume = it.volume()?;
    assert!(volume.ends_with(".raw"), "{volume}");
    for node in ["pve1", "pve2"] {
        assert_eq!(it.content(node, &volume)?, bytes, "{node}");
    }
    assert_eq!(it.writes().iter().filter(|write| write.ends_with("/upload")).count(), 2);
    it.ws.expect_empty_plan()?;
    it.ws.destroy()?.ok()?;
    assert!(it.files("pve1/local").is_empty());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_upload_left_under_a_chosen_name_is_picked_up() -> Result<()> {
    let it = scene!("pve1");
    let bytes = disk("named");
    let sum = it.publish("base.raw.gz", &gz(&bytes)?)?;
    let url = it.url("base.raw.gz");
    it.declare(&format!(
        "nodes = [\"pve1\"]\nstorage = \"local\"\ncontent = \"import\"\nurl = \"{url}\"\nchecksum = \"{sum}\"\nfile_name = \"base.raw\""
    ))?;
    it.ws.apply()?.ok()?;
    // The run that made it lost its state.
    it.ws.run(&["state", "rm", IT])?.ok()?;
    it.ws.apply()?.ok()?;
    assert_eq!(it.content("pve1", "local:import/base.raw")?, bytes);
    it.ws.run(&["state", "rm", IT])?.ok()?;
    // A file nobody of us uploaded is not ours.
    it.steal("pve1", "local:import/base.raw")?;
    let other = scene!("pve1");
    other.smuggle("pve1", "local:import/base.raw", &disk("a stranger's"))?;
    let sum = other.publish("base.raw.gz", &gz(&bytes)?)?;
    let url = other.url("base.raw.gz");
    other.declare(&format!(
        "nodes = [\"pve1\"]\nstorage = \"local\"\ncontent = \"import\"\nurl = \"{url}\"\nchecksum = \"{sum}\"\nfile_name = \"base.raw\""
    ))?;
    other.ws.apply()?.fails()?.says("it is not this image")?;
    assert_eq!(other.content("pve1", "local:import/base.raw")?, disk("a stranger's"));
    Ok(())
}
