//! Cloud-init documents in a seed image.

use anyhow::{Result, ensure};

use crate::ready;
use crate::support::{Site, Vm};

fn vm(user_data: &str, more: &str) -> Vm {
    let user_data = serde_json::Value::from(user_data).to_string();
    Vm::bare("web", "pve1")
        .set("disks", "{ scsi0 = { storage = \"local\", size = \"1M\" } }")
        .set("cloud_init", format!("{{ storage = \"local\", user_data = {user_data} {more} }}"))
}

const ONE: &str = "#cloud-config\nhostname: one\n";
const TWO: &str = "#cloud-config\nhostname: two\n";

#[test]
fn an_edit_is_a_note_a_reseed_or_a_replacement() -> Result<()> {
    ready!();
    let site = Site::start()?;
    site.converge(&vm(ONE, ""))?;
    let vmid = site.expect_only("web")?;
    let first = site.volume(vmid, "ide2");
    ensure!(first.contains("iso/hybridops-"), "{first}");
    let image = std::fs::read(site.lab.volume_path("pve1", &first).expect("a file"))?;
    ensure!(String::from_utf8_lossy(&image).contains("hostname: one"), "the document is not in it");

    let before = site.everything();
    site.declare(&vm(TWO, ""))?;
    site.ws.plan()?.ok()?.says("Edited cloud-init documents are ignored")?.says("No changes")?;
    site.ws.apply()?.ok()?;
    ensure!(site.everything() == before, "an ignored edit changed something");

    site.converge(&vm(TWO, ", on_user_data_change = \"reseed\""))?;
    let second = site.volume(vmid, "ide2");
    ensure!(second != first && site.vmid()? == vmid, "not reseeded: {second}");
    let image = std::fs::read(site.lab.volume_path("pve1", &second).expect("a file"))?;
    ensure!(String::from_utf8_lossy(&image).contains("hostname: two"), "the document is not in it");
    ensure!(
        site.volumes().iter().filter(|volume| volume.contains("/iso/") || volume.contains(":iso/")).count()
            == 1,
        "{:?}",
        site.volumes()
    );

    let replace = vm(ONE, ", on_user_data_change = \"replace\"");
    site.refused(&replace, &["would be replaced"])?;
    site.converge(&replace.text("on_destroy", "delete"))?;
    ensure!(site.expect_only("web").is_ok(), "not replaced cleanly");
    site.ws.destroy()?.ok()?;
    site.expect_nothing()
}
