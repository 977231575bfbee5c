//! What these tests share: a scene whose account may mount directories, a declared instance, and eyes on its data.

use std::path::PathBuf;

use acceptance_tests::postgresql::{Declared, Machine, Scene, sum};
use anyhow::{Context as _, Result, ensure};
use hybridops_lab::{LabConfig, TEMPLATE_POSTGRESQL};

/// Address of the instance in every configuration of these tests.
pub(crate) const ADDRESS: &str = "hybridops_postgresql_lxc.it";

/// Directory of the node that keeps the data.
pub(crate) const HOST_PATH: &str = "/srv/db-01";

/// Name of the instance.
pub(crate) const NAME: &str = "db-01";

/// A scene whose account is root@pam: only it may mount directories of a node.
pub(crate) fn scene(test: &str) -> Result<Option<Scene>> {
    let Some(mut scene) = Scene::with(test, LabConfig::default())? else { return Ok(None) };
    let password = scene.lab.root_password().to_owned();
    scene.ws.set_env("PROXMOX_VE_API_TOKEN", "");
    scene.ws.set_env("PROXMOX_VE_USERNAME", "root@pam");
    scene.ws.set_env("PROXMOX_VE_PASSWORD", password);
    Ok(Some(scene))
}

/// An instance in a container at this last number of the address, on a directory of the node.
pub(crate) fn on_host(scene: &Scene, number: u8) -> Result<Declared> {
    Ok(bare(scene, number)?.text("data.host_path", HOST_PATH))
}

/// The same, on a volume of the container.
pub(crate) fn on_volume(scene: &Scene, number: u8) -> Result<Declared> {
    Ok(bare(scene, number)?.text("data.storage", "local").text("data.size", "256M"))
}

fn bare(scene: &Scene, number: u8) -> Result<Declared> {
    let machine = Machine::expected(&scene.lab, NAME, number)?;
    let node = scene.node("pve1")?;
    let shell = format!(
        "{{ host = \"{}\", port = {}, host_keys = [\"{}\"] }}",
        node.address.ip(),
        node.address.port(),
        node.host_key
    );
    let declared = Declared::new("hybridops_postgresql_lxc", "it")
        .text("name", NAME)
        .text("container.node", "pve1")
        .set("container.node_machines.pve1", shell)
        .text("container.template", TEMPLATE_POSTGRESQL)
        .set("container.cores", "2")
        .set("container.memory", "1024")
        .set("container.root_disk", "{ storage = \"local\", size = \"2G\" }")
        .text("container.network.bridge", "vmbr0")
        .text("container.network.address", &format!("{}/24", machine.address))
        .text("container.apply_mode", "reboot")
        .set("container.shutdown_timeout", "30")
        .set("deletion_protection", "false");
    Ok(declared.instance(&machine))
}

/// The container as it is now.
pub(crate) fn machine(scene: &Scene, number: u8) -> Result<Machine> {
    let vmid = scene.ws.state()?.get(ADDRESS, "/container/vmid")?.as_u64().context("a number in state")?;
    Ok(Machine { vmid: u32::try_from(vmid)?, ..Machine::expected(&scene.lab, NAME, number)? })
}

/// The directory of the data, on this machine.
pub(crate) fn host_directory(scene: &Scene) -> Result<PathBuf> {
    Ok(scene.node("pve1")?.root.join(HOST_PATH.trim_start_matches('/')))
}

/// Sum over the data directory of an instance that does not run.
pub(crate) fn data_sum(scene: &Scene) -> Result<String> {
    sum(&host_directory(scene)?.join("data"))
}

/// The system identifier that the state tells.
pub(crate) fn identifier(scene: &Scene) -> Result<String> {
    let state = scene.ws.state()?;
    let told = state.get(ADDRESS, "/status/system_identifier")?.as_str().context("a system identifier")?;
    ensure!(told.parse::<u64>().is_ok_and(|id| id > 0), "no system identifier: {told:?}");
    Ok(told.to_owned())
}

/// Puts rows in whose keys are known, and answers a checksum over them.
pub(crate) fn fill(scene: &Scene, machine: &Machine) -> Result<String> {
    scene.sql(
        machine,
        "CREATE TABLE IF NOT EXISTS kept (id int PRIMARY KEY, text text); \
         INSERT INTO kept SELECT n, md5(n::text) FROM generate_series(1, 5000) n ON CONFLICT DO NOTHING",
    )?;
    rows(scene, machine)
}

/// A checksum over the rows.
pub(crate) fn rows(scene: &Scene, machine: &Machine) -> Result<String> {
    scene.value(machine, "SELECT count(*) || ' ' || md5(string_agg(id || text, ',' ORDER BY id)) FROM kept")
}

/// There is exactly this one container.
pub(crate) fn expect_one_container(scene: &Scene, vmid: u32) -> Result<()> {
    let there: Vec<u32> = scene.lab.guests().iter().map(|guest| guest.vmid).collect();
    ensure!(there == [vmid], "container {vmid} was expected and nothing else, there are {there:?}");
    ensure!(scene.real()?.guests() == [vmid], "real containers are left: {:?}", scene.real()?.guests());
    Ok(())
}
