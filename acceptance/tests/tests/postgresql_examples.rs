//! The examples of the documentation and of the modules of databases, applied on real containers: as they stand there, with
//! the places of the laboratory instead of those of a reader.

use std::fs;
use std::path::{Path, PathBuf};

use acceptance_tests::Output;
use acceptance_tests::postgresql::{BUCKET, Declared, Machine, S3_KEY, S3_SECRET, Scene};
use anyhow::{Context as _, Result, ensure};
use hybridops_lab::{LabConfig, NetBoxConfig, TEMPLATE_POSTGRESQL};
use serde_json::json;
use sha2::{Digest as _, Sha256};

/// What is replaced in an example, and by what. Each must be there: an example that is another one by now is noticed.
type Places = Vec<(&'static str, String)>;

const TEMPLATE: &str = "local:vztmpl/debian-12-standard_12.12-1_amd64.tar.zst";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn placed(path: &str, places: &[(&'static str, String)]) -> Result<String> {
    let path = root().join(path);
    let mut text = fs::read_to_string(&path).with_context(|| format!("{}", path.display()))?;
    for (of_reader, of_laboratory) in places {
        ensure!(text.contains(of_reader), "{} does not say {of_reader:?}", path.display());
        text = text.replace(of_reader, of_laboratory);
    }
    Ok(text)
}

/// A scene whose account may mount directories, on these nodes.
fn scene(test: &str, nodes: &[&str], netbox: bool) -> Result<Option<Scene>> {
    let nodes = nodes.iter().map(|&node| node.to_owned()).collect();
    let netbox = netbox.then(NetBoxConfig::default);
    let Some(mut scene) = Scene::with(test, LabConfig { nodes, netbox, ..LabConfig::default() })? else {
        return Ok(None);
    };
    let password = scene.lab.root_password().to_owned();
    scene.ws.set_env("PROXMOX_VE_API_TOKEN", "");
    scene.ws.set_env("PROXMOX_VE_USERNAME", "root@pam");
    scene.ws.set_env("PROXMOX_VE_PASSWORD", password);
    Ok(Some(scene))
}

fn shell(scene: &Scene, node: &str) -> Result<String> {
    let node = scene.node(node)?;
    let (host, port) = (node.address.ip(), node.address.port());
    Ok(format!("{{ host = \"{host}\", port = {port}, host_keys = [\"{}\"] }}", node.host_key))
}

fn storage(scene: &Scene) -> String {
    let endpoint = scene.store.s3().endpoint();
    format!("region = \"us-east-1\", endpoint = \"{endpoint}\", force_path_style = true")
}

fn network(scene: &Scene) -> Result<String> {
    Ok(scene.real()?.network().to_owned())
}

/// Applies; a second plan must be empty.
fn applied(scene: &Scene, what: &str) -> Result<Output> {
    let output = scene.ws.apply()?.ok()?;
    scene.ws.expect_empty_plan()?;
    scene
        .tell(&format!("{what}: applied in {:.1} s, the second plan is empty", output.took.as_secs_f64()))?;
    Ok(output)
}

#[test]
fn of_an_instance_on_a_machine_and_of_a_drill() -> Result<()> {
    let Some(scene) = scene("of_an_instance_on_a_machine_and_of_a_drill", &["pve1"], false)? else {
        return Ok(());
    };
    let machine = scene.machine("db-02", 11, TEMPLATE_POSTGRESQL)?;
    let network = format!("{}.", network(&scene)?);
    scene.ws.write("db-02.pub", &format!("{}\n", machine.host_key))?;
    let host = placed(
        "examples/resources/hybridops_postgresql_host/resource.tf",
        &[
            ("10.6.0.", network),
            ("variable \"app_password\" {\n  type      = string\n  ephemeral = true\n}\n", String::new()),
        ],
    )?;
    scene.ws.write("main.tf", &host)?;
    applied(&scene, "hybridops_postgresql_host")?;
    let extension = "SELECT count(*) FROM pg_available_extensions WHERE installed_version IS NOT NULL AND name = 'pgcrypto'";
    let found = scene
        .exec(&machine, &format!("cd /; runuser -u postgres -- psql -XAtq -d app -c \"{extension}\""))?;
    ensure!(found == "1", "{found}");

    // What the drill restores.
    let db = Machine { ..scene.machine("db", 12, TEMPLATE_POSTGRESQL)? };
    let primary = Declared::host("db", &db).backed_up(&scene.store, "db");
    scene.converge(&[&primary])?;
    let orders = "CREATE TABLE orders AS SELECT generate_series(1, 10) AS id; SELECT pg_switch_wal()";
    scene.exec(&db, &format!("cd /; runuser -u postgres -- psql -XAtq -d app -c '{orders}'"))?;
    std::thread::sleep(std::time::Duration::from_secs(3));
    let drill = placed(
        "examples/resources/hybridops_postgresql_restore_drill/resource.tf",
        &[
            ("{ host = \"10.6.0.20\" }", db.block()),
            ("region = \"eu-central-1\"", storage(&scene)),
            ("/usr/local/bin/wal-g", "/opt/lab/wal-g".to_owned()),
            (
                "    storage = {",
                "    credentials = { access_key_id = var.s3_key, secret_access_key = var.s3_secret }\n    storage = {"
                    .to_owned(),
            ),
        ],
    )?;
    scene.ws.write("drill.tf", &drill)?;
    applied(&scene, "hybridops_postgresql_restore_drill")?;
    let result = scene.ws.state()?.get("hybridops_postgresql_restore_drill.weekly", "result")?.clone();
    ensure!(result["rows"] == json!(["orders"]), "{result}");
    Ok(())
}

#[test]
fn of_instances_in_containers() -> Result<()> {
    let Some(scene) = scene("of_instances_in_containers", &["pve1", "pve2"], false)? else { return Ok(()) };
    let variable = "variable \"app_password\" {\n  type      = string\n  ephemeral = true\n}\n";
    let usual = |number: &'static str, storage: &'static str| -> Result<Places> {
        Ok(vec![
            (TEMPLATE, TEMPLATE_POSTGRESQL.to_owned()),
            ("local-zfs", "local".to_owned()),
            ("vmbr6", "vmbr0".to_owned()),
            ("size = \"8G\"", "size = \"2G\"".to_owned()),
            ("10.6.0.", format!("{}.", network(&scene)?)),
            (number, "memory = 1024".to_owned()),
            (storage, String::new()),
        ])
    };
    let mut of_node = usual("memory    = 8192", "    zfs_dataset = \"rpool/data/db-01\"\n")?;
    of_node.push((variable, String::new()));
    of_node.push((
        "node      = \"pve1\"",
        format!("node = \"pve1\"\nnode_machines = {{ pve1 = {} }}", shell(&scene, "pve1")?),
    ));
    of_node.push(("  postgresql = {", "  deletion_protection = false\n  postgresql = {".to_owned()));
    let path = "examples/resources/hybridops_postgresql_lxc/resource.tf";
    scene.ws.write("main.tf", &placed(path, &of_node)?)?;
    applied(&scene, "hybridops_postgresql_lxc, the data on the node")?;

    let (public, home) = (scene.real()?.client_key()?.1, scene.ws.home());
    fs::create_dir_all(home.join(".ssh"))?;
    fs::write(home.join(".ssh/id_ed25519.pub"), format!("{public}\n"))?;
    let text = placed(
        "examples/resources/hybridops_postgresql_lxc/resource-volume_of_the_container.tf",
        &usual("memory     = 4096", "")?[..6],
    )?;
    let mut text = text.replace("storage = \"ceph\", size = \"64G\"", "storage = \"local\", size = \"256M\"");
    for node in ["pve1", "pve2"] {
        let line = text
            .lines()
            .find(|line| line.trim_start().starts_with(&format!("{node} = {{")))
            .context("a node")?;
        text = text.replace(line, &format!("{node} = {}", shell(&scene, node)?));
    }
    text = text.replace("  postgresql = {", "  deletion_protection = false\n  postgresql = {");
    scene.ws.write("volume.tf", &text)?;
    applied(&scene, "hybridops_postgresql_lxc, the data on a volume")?;
    Ok(())
}

#[test]
fn of_the_module_postgresql_lxc() -> Result<()> {
    let Some(mut scene) = scene("of_the_module_postgresql_lxc", &["pve1"], true)? else { return Ok(()) };
    let (url, token) = {
        let netbox = scene.lab.netbox().context("a NetBox")?;
        let kind = netbox.insert("virtualization/cluster-types", json!({"name": "PVE", "slug": "pve"}))?;
        netbox.insert("virtualization/clusters", json!({"name": "pve", "type": kind}))?;
        netbox.insert("dcim/device-roles", json!({"name": "database", "slug": "database"}))?;
        netbox.insert("dcim/platforms", json!({"name": "debian", "slug": "debian"}))?;
        netbox.insert("extras/tags", json!({"name": "postgresql", "slug": "postgresql"}))?;
        (netbox.url().to_owned(), netbox.token().to_owned())
    };
    scene.ws.set_env("NETBOX_SERVER_URL", url);
    scene.ws.set_env("NETBOX_API_TOKEN", token);
    let walg = scene.real()?.cache().join("wal-g-3.0.9");
    let sum = Sha256::digest(fs::read(&walg)?);
    scene.ws.set_env("TF_VAR_wal_g_sha256", sum.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    let s3 = json!({ "access_key_id": S3_KEY, "secret_access_key": S3_SECRET });
    scene.ws.set_env("TF_VAR_s3", s3.to_string());
    scene.ws.remove("variables.tf")?;
    scene.ws.remove("versions.tf")?;
    let module = root().join("modules/postgresql-lxc").canonicalize()?;
    let released = "https://github.com/wal-g/wal-g/releases/download/v3.0.9/wal-g-pg-22.04-amd64";
    let text = placed(
        "modules/postgresql-lxc/examples/db-01/main.tf",
        &[
            ("../..", module.display().to_string()),
            (TEMPLATE, TEMPLATE_POSTGRESQL.to_owned()),
            ("local-zfs", "local".to_owned()),
            ("vmbr6", "vmbr0".to_owned()),
            ("10.6.0.", format!("{}.", network(&scene)?)),
            ("memory = 8192, root = \"16G\"", "memory = 1024, root = \"2G\"".to_owned()),
            (", zfs_dataset = \"rpool/data/db-01\"", String::new()),
            (
                "node         = \"pve1\"",
                format!(
                    "node = \"pve1\"\nnode_machine = {}\ndeletion_protection = false",
                    shell(&scene, "pve1")?
                ),
            ),
            ("s3://walg/", format!("s3://{BUCKET}/")),
            ("region = \"eu-central-1\"", storage(&scene)),
            (released, format!("file://{}", walg.display())),
        ],
    )?;
    let (_, public) = scene.real()?.client_key()?;
    scene.ws.write("id_ed25519.pub", &format!("{public}\n"))?;
    scene.ws.write("known_hosts", "# the shells are known by the module's own arguments\n")?;
    scene.ws.write("main.tf", &text)?;
    scene.ws.init()?;
    applied(&scene, "module postgresql-lxc: server, archive, drill, record")?;

    let state = scene.ws.state()?;
    let proof = state.get("module.db_01.hybridops_postgresql_lxc.this", "backup.proof")?;
    let backup = proof["backup"].as_str().context("a backup")?;
    let drill = state.get("module.db_01.hybridops_postgresql_restore_drill.this[0]", "result")?;
    ensure!(drill["backup"] == backup && drill["rto_milliseconds"].as_u64() > Some(0), "{drill}");
    let marks = scene.store.list("db-01/hybridops/verified/")?;
    ensure!(
        marks.iter().any(|(key, _)| key.contains(backup)),
        "{backup} is not marked as verified: {marks:?}"
    );
    let netbox = scene.lab.netbox().context("a NetBox")?;
    let recorded = netbox.objects("virtualization/virtual-machines");
    ensure!(recorded.len() == 1 && recorded[0]["name"] == "db-01", "{recorded:?}");
    let addresses = netbox.objects("ipam/ip-addresses");
    let expected = format!("{}.10/24", network(&scene)?);
    ensure!(addresses.iter().any(|address| address["address"] == json!(expected)), "{addresses:?}");
    let vmid = state
        .get("module.db_01.hybridops_postgresql_lxc.this", "container.vmid")?
        .as_u64()
        .context("a number")?;
    let inside = Machine { vmid: u32::try_from(vmid)?, ..Machine::expected(&scene.lab, "db-01", 10)? };
    scene.exec(&inside, "systemctl start hybridops-metrics-15-main.service 2>/dev/null || true")?;
    let metrics = scene.exec(&inside, "cat /var/lib/prometheus/node-exporter/*.prom")?;
    ensure!(metrics.contains("hybridops_"), "{metrics}");

    scene.ws.destroy()?.ok()?;
    let netbox = scene.lab.netbox().context("a NetBox")?;
    ensure!(netbox.objects("virtualization/virtual-machines").is_empty(), "a record is left");
    ensure!(!scene.store.list("db-01/basebackups_005/")?.is_empty(), "the archive went with the server");
    Ok(())
}

#[test]
fn of_the_module_postgresql_standby() -> Result<()> {
    let Some(mut scene) = scene("of_the_module_postgresql_standby", &["pve1", "pve2"], false)? else {
        return Ok(());
    };
    scene.ws.set_env("TF_VAR_replication_password", "tried-once-only");
    scene.ws.remove("variables.tf")?;
    scene.ws.remove("versions.tf")?;
    let modules = root().join("modules").canonicalize()?;
    let node = |name: &str| -> Result<String> {
        Ok(format!(
            "node = \"{name}\"\nnode_machine = {}\nsize = {{ cores = 1, memory = 1024, root = \"2G\" }}\ndeletion_protection = false",
            shell(&scene, name)?
        ))
    };
    let text = placed(
        "modules/postgresql-standby/examples/pair/main.tf",
        &[
            ("\"../../../postgresql-lxc\"", format!("\"{}/postgresql-lxc\"", modules.display())),
            ("\"../..\"", format!("\"{}/postgresql-standby\"", modules.display())),
            (TEMPLATE, TEMPLATE_POSTGRESQL.to_owned()),
            ("local-zfs", "local".to_owned()),
            ("vmbr6", "vmbr0".to_owned()),
            ("10.6.0.", format!("{}.", network(&scene)?)),
            ("node           = \"pve1\"", node("pve1")?),
            ("node         = \"pve2\"", node("pve2")?),
        ],
    )?;
    scene.ws.write("known_hosts", "")?;
    scene.ws.write("main.tf", &text)?;
    scene.ws.init()?;
    applied(&scene, "module postgresql-standby: a pair")?;
    let state = scene.ws.state()?;
    let of = |name: &str, number: u8| -> Result<Machine> {
        let address = format!("module.{}.hybridops_postgresql_lxc.this", name.replace('-', "_"));
        let vmid = state.get(&address, "container.vmid")?.as_u64().context("a number")?;
        Ok(Machine { vmid: u32::try_from(vmid)?, ..Machine::expected(&scene.lab, name, number)? })
    };
    let (primary, standby) = (of("db-01", 10)?, of("db-02", 11)?);
    scene.sql(&primary, "CREATE TABLE told AS SELECT 42 AS n")?;
    acceptance_tests::wait_until("the row to arrive", std::time::Duration::from_secs(30), || {
        Ok(scene.value(&standby, "SELECT n FROM told").is_ok_and(|n| n == "42"))
    })?;
    scene.ws.destroy()?.ok()?;
    Ok(())
}
