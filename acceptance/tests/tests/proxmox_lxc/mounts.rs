//! Mount points are changed in place, and data stays.

use anyhow::{Result, ensure};

use crate::ready;
use crate::support::{ADDRESS, Lxc, Site, mounts};

#[test]
fn added_grown_detached_and_attached_again() -> Result<()> {
    ready!();
    let site = Site::start()?;
    let lxc = Lxc::with_data("db", "pve1").text("power", "running");
    site.converge(&lxc)?;
    let vmid = site.vmid()?;
    let data = site.write(vmid, "mp0")?;
    let volume = site.volume(vmid, "mp0");

    let two = [("mp0", "/data", "local", "32M"), ("mp7", "/wal", "local-lvm", "32M")];
    site.declare(&lxc.clone().set("mounts", mounts(&two)))?;
    site.ws.planned()?.expect(&[(ADDRESS, "update")])?;
    site.converge(&lxc.clone().set("mounts", mounts(&two)))?;
    ensure!(site.setting(vmid, "mp7").contains("mp=/wal"), "added while it runs");

    let grown = [("mp0", "/data", "local", "48M"), ("mp7", "/wal", "local-lvm", "32M")];
    site.converge(&lxc.clone().set("mounts", mounts(&grown)))?;
    ensure!(site.setting(vmid, "mp0").contains("size=48M"), "{}", site.setting(vmid, "mp0"));
    assert_eq!(site.volume(vmid, "mp0"), volume);

    // Taken out: it waits for the restart, and is kept.
    let one = lxc.clone().set("mounts", mounts(&[("mp7", "/wal", "local-lvm", "32M")]));
    site.converge(&one)?.says("mounts")?;
    assert_eq!(site.attribute("reboot_required")?, true);
    site.ws.destroy()?.fails()?.says("It keeps volumes that were detached")?;
    site.converge(&one.clone().text("power", "stopped"))?;
    site.converge(&one)?;
    let kept = site.attribute("detached_volumes")?;
    assert_eq!(kept, serde_json::json!({"unused0": volume}));
    assert_eq!(site.vmid()?, vmid, "the same container all along");

    // Destroying would destroy it.
    site.ws.destroy()?.fails()?.says("It keeps volumes that were detached")?;
    let again = format!(
        "{{ mp1 = {{ path = \"/data\", volume = \"{volume}\" }}, mp7 = {{ path = \"/wal\", storage = \"local-lvm\", size = \"32M\" }} }}"
    );
    site.converge(&one.set("mounts", again))?;
    assert_eq!(site.volume(vmid, "mp1"), volume);
    ensure!(site.fingerprint(vmid, "mp1")? == data || !site.holding(&data).is_empty(), "the bytes are there");
    site.expect_only("db")?;
    site.ws.destroy()?.ok()?;
    site.expect_nothing()
}

#[test]
fn moved_to_another_storage() -> Result<()> {
    ready!();
    let site = Site::start()?;
    let lxc = Lxc::with_data("db", "pve1").text("power", "running");
    site.converge(&lxc)?;
    let vmid = site.vmid()?;
    let data = site.write(vmid, "mp0")?;
    let there = lxc.clone().set("mounts", mounts(&[("mp0", "/data", "shared", "32M")]));
    site.refused(&there, &["cannot be changed while the container runs", "apply_mode"])?;
    site.converge(&there.text("apply_mode", "reboot"))?.says("is restarted")?;
    ensure!(site.volume(vmid, "mp0").starts_with("shared:"), "{}", site.volume(vmid, "mp0"));
    assert_eq!(site.fingerprint(vmid, "mp0")?, data);
    ensure!(site.guest(vmid)?.running, "it was started again");
    assert_eq!(site.expect_only("db")?, vmid);
    let root = lxc
        .set("mounts", mounts(&[("mp0", "/data", "shared", "32M")]))
        .set("root_disk", "{ storage = \"local-lvm\", size = \"96M\" }")
        .text("apply_mode", "reboot");
    site.converge(&root)?;
    ensure!(site.setting(vmid, "rootfs").starts_with("local-lvm:"), "{}", site.setting(vmid, "rootfs"));
    ensure!(site.setting(vmid, "rootfs").contains("size=96M"), "{}", site.setting(vmid, "rootfs"));
    Ok(())
}

#[test]
fn destroyed_only_when_told() -> Result<()> {
    ready!();
    let site = Site::start()?;
    let told = "{ mp0 = { path = \"/data\", storage = \"local\", size = \"32M\", on_remove = \"delete\" } }";
    let lxc = Lxc::of_template("db", "pve1");
    site.converge(&lxc.clone().set("mounts", told))?;
    let vmid = site.vmid()?;
    let data = site.write(vmid, "mp0")?;
    site.converge(&lxc.set("mounts", "{}"))?.says("is destroyed")?;
    ensure!(site.holding(&data).is_empty(), "it is gone");
    assert_eq!(site.attribute("detached_volumes")?, serde_json::json!({}));
    site.expect_only("db")?;
    Ok(())
}

#[test]
fn refused_before_data_is_at_stake() -> Result<()> {
    ready!();
    let site = Site::start()?;
    let lxc = Lxc::with_data("db", "pve1");
    site.converge(&lxc)?;
    let smaller = lxc.clone().set("mounts", mounts(&[("mp0", "/data", "local", "16M")]));
    site.refused(&smaller, &["cannot shrink to 16M"])?;
    let renamed = lxc.clone().set("mounts", mounts(&[("mp3", "/data", "local", "32M")]));
    site.refused(&renamed, &["mp3 cannot be changed like this", "volume = "])?;
    let nothing = "{ mp0 = { path = \"/data\" } }";
    site.refused(&lxc.clone().set("mounts", nothing), &["A mount point mounts one thing"])?;
    let bind = "{ mp0 = { path = \"/data\", storage = \"local\", size = \"32M\" }, mp1 = { path = \"/host\", bind = \"/srv/host\" } }";
    site.refused(&lxc.set("mounts", bind), &["Only root@pam may set bind mounts", "mounts[\"mp1\"].bind"])
}

#[test]
fn binds_and_devices_as_root() -> Result<()> {
    ready!();
    let site = Site::start()?.with_root();
    let mounts = "{ mp0 = { path = \"/host\", bind = \"/srv/host\", read_only = true, shared = true } }";
    let lxc = Lxc::of_template("web", "pve1")
        .set("mounts", mounts)
        .set("features", "{ nesting = true, keyctl = true, mount = [\"nfs\"] }");
    site.converge(&lxc)?;
    let vmid = site.vmid()?;
    assert!(site.setting(vmid, "mp0").starts_with("/srv/host,"), "{}", site.setting(vmid, "mp0"));
    site.converge(&lxc.set("mounts", "{}"))?;
    site.ws.destroy()?.ok()?;
    site.expect_nothing()
}
