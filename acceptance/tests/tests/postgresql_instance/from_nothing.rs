//! From nothing to a backed-up primary with a backup that was restored for proof, in one apply.

use acceptance_tests::postgresql::{Declared, Machine, Scene, steps};
use anyhow::{Context as _, Result, ensure};
use hybridops_lab::TEMPLATE;

use crate::told;

/// A container of the node whose data lie on the node, backed up; and a drill on it.
fn declared(scene: &Scene, machine: &Machine) -> Result<[Declared; 2]> {
    let node = scene.node("pve1")?;
    let shell = format!(
        "{{ host = \"{}\", port = {}, host_keys = [\"{}\"] }}",
        node.address.ip(),
        node.address.port(),
        node.host_key
    );
    let public = scene.real()?.client_key()?.1;
    let instance = Declared::new("hybridops_postgresql_lxc", "it")
        .text("name", &machine.name)
        .text("container.node", "pve1")
        .set("container.node_machines.pve1", shell)
        .text("container.template", TEMPLATE)
        .set("container.cores", "2")
        .set("container.memory", "1024")
        .set("container.root_disk", "{ storage = \"local\", size = \"3G\" }")
        .text("container.network.bridge", "vmbr0")
        .text("container.network.address", &format!("{}/24", machine.address))
        .set("container.ssh_keys", format!("[\"{public}\"]"))
        .text("data.host_path", "/srv/db-01")
        .instance(machine)
        .backed_up(&scene.store, "db01");
    let drill = Declared::new("hybridops_postgresql_restore_drill", "it")
        .text("name", "first")
        .set("machine", machine.block())
        .set("version", "15")
        .set("source.storage", scene.store.block("db01"))
        .set("source.credentials", "{ access_key_id = var.s3_key, secret_access_key = var.s3_secret }")
        .set("wal_g", "{ binary = \"/opt/lab/wal-g\" }")
        .set("depends_on", "[hybridops_postgresql_lxc.it]");
    Ok([instance, drill])
}

#[test]
fn one_apply_to_a_backup_that_was_restored() -> Result<()> {
    let Some(mut scene) = Scene::start("one_apply_to_a_backup_that_was_restored")? else { return Ok(()) };
    // Only root@pam may mount directories of a node.
    let password = scene.lab.root_password().to_owned();
    scene.ws.set_env("PROXMOX_VE_API_TOKEN", "");
    scene.ws.set_env("PROXMOX_VE_USERNAME", "root@pam");
    scene.ws.set_env("PROXMOX_VE_PASSWORD", password);
    let machine = Machine::expected(&scene.lab, "db-01", 31)?;
    let [instance, drill] = declared(&scene, &machine)?;
    scene.declare(&[&instance, &drill])?;
    let made = scene.ws.terraform()?.args(["apply", "-no-color", "-auto-approve"]).log("info").run()?.ok()?;
    told(&format!("from nothing to a backup that was restored: {:.1} s, of which", made.took.as_secs_f64()))?;
    for (step, times, seconds) in steps(&made.log) {
        told(&format!(
            "  {seconds:7.2} s  {step}{}",
            if times > 1 { format!(" ({times} times)") } else { String::new() }
        ))?;
    }
    let state = scene.ws.state()?;
    if let Err(error) = scene.ws.expect_empty_plan() {
        let vmid = state.get(&instance.address(), "container")?["vmid"].as_u64().context("a number")?;
        let made = Machine { vmid: u32::try_from(vmid)?, ..machine };
        let marker = scene.exec(&made, "cat /var/lib/postgresql/15/*.hybridops* /var/lib/postgresql/15/.hybridops* 2>/dev/null; ls -la /var/lib/postgresql/15")?;
        return Err(error
            .context(format!("the marker: {marker}\nthe state: {}", scene.ws.read("terraform.tfstate")?)));
    }
    let proof = state.get(&instance.address(), "backup")?["proof"].clone();
    let found = state.get(&drill.address(), "result")?.clone();
    told(&format!("archive round trip {} ms, drill: {found}", proof["archive_milliseconds"]))?;
    ensure!(proof["backup"].is_string() && proof["archived_lsn"].is_string(), "nothing was proved: {proof}");
    ensure!(found["backup"] == proof["backup"], "another backup was restored: {found}");
    ensure!(found["pages"].as_u64().context("pages")? > 100, "no checksum was checked: {found}");
    let marks = scene.store.list("db01/hybridops/verified/")?;
    ensure!(marks.len() == 1, "the backup is not marked as verified: {marks:?}");
    scene.expect_refresh_within_budget(1)?;
    Ok(())
}
