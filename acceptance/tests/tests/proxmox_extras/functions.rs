//! Provider functions.

use anyhow::Result;

use crate::begin;

#[test]
fn names_are_taken_apart() -> Result<()> {
    let scene = begin!();
    scene.ws.write(
        "main.tf",
        r#"
output "disk" {
  value = provider::hybridops::parse_volume_id("local-lvm:vm-101-disk-0")
}
output "task" {
  value = provider::hybridops::parse_upid("UPID:pve:00001249:000602AB:6B013991:vzdump:310:root@pam!tf:")
}
output "instance" {
  value = provider::hybridops::seed_instance_id("ab", "c")
}
"#,
    )?;
    scene.ws.apply()?.ok()?;
    let outputs = scene.ws.outputs()?;
    let disk = &outputs["disk"];
    assert_eq!(
        (&disk["storage"], &disk["vmid"], &disk["format"]),
        (&"local-lvm".into(), &101.into(), &"raw".into())
    );
    let task = &outputs["task"];
    assert_eq!((&task["type"], &task["token"], &task["vmid"]), (&"vzdump".into(), &"tf".into(), &310.into()));
    assert_eq!(task["started_at"], "2026-11-21T06:26:25Z");
    assert_eq!(outputs["instance"], "a9993e364706816aba3e25717850c26c9cd0d89d");
    scene
        .ws
        .write("main.tf", "output \"it\" { value = provider::hybridops::parse_volume_id(\"/dev/sda\") }\n")?;
    scene.ws.plan()?.fails()?.says("is no volume id. Expected storage:name")?;
    Ok(())
}
