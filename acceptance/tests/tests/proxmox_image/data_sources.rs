//! The data sources of the domain.

use anyhow::Result;
use hybridops_lab::NodeState;
use serde_json::json;

use crate::{disk, scene};

#[tokio::test(flavor = "multi_thread")]
async fn the_cluster_is_read_in_few_requests() -> Result<()> {
    let it = scene!("pve1", "pve2");
    it.lab.set_node("pve2", NodeState::Offline);
    it.ws.write(
        "main.tf",
        r#"
data "hybridops_proxmox_version" "it" {}
data "hybridops_proxmox_nodes" "it" {}
data "hybridops_proxmox_storages" "all" {}
data "hybridops_proxmox_storages" "import" {
  node    = "pve1"
  content = "import"
}
data "hybridops_proxmox_templates" "none" {}
output "version" { value = data.hybridops_proxmox_version.it }
output "nodes" { value = data.hybridops_proxmox_nodes.it }
output "places" { value = [for s in data.hybridops_proxmox_storages.all.storages : "${s.node}/${s.name}=${s.active}"] }
output "import" { value = data.hybridops_proxmox_storages.import.storages }
output "newest" { value = data.hybridops_proxmox_templates.none.newest == null }
"#,
    )?;
    it.ws.apply()?.ok()?;
    let requests = it.requests();
    assert_eq!(
        requests.iter().filter(|request| *request == "GET /cluster/resources").count(),
        1,
        "{requests:?}"
    );
    assert!(requests.len() <= 4, "{requests:?}");
    let outputs = it.ws.outputs()?;
    assert_eq!(outputs["version"]["major"], json!(8));
    assert!(outputs["version"]["version"].as_str().is_some_and(|version| version.starts_with("8.4")));
    assert_eq!(outputs["nodes"]["names"], json!(["pve1", "pve2"]));
    assert_eq!(outputs["nodes"]["online"], json!(["pve1"]));
    let places = outputs["places"].to_string();
    assert!(places.contains("pve1/local=true") && places.contains("pve2/local=false"), "{places}");
    let import = outputs["import"].as_array().cloned().unwrap_or_default();
    assert!(import.iter().all(|storage| storage["node"] == "pve1"), "{import:?}");
    assert!(
        import.iter().any(|storage| storage["name"] == "local" && storage["available"].as_u64() > Some(0))
    );
    assert_eq!(outputs["newest"], json!(true));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_template_is_found() -> Result<()> {
    let it = scene!("pve1");
    let sum = it.publish("base.raw", &disk("base"))?;
    let url = it.url("base.raw");
    let template = |label: &str, name: &str, version: &str, tags: &str| {
        format!(
            "resource \"hybridops_proxmox_template\" \"{label}\" {{\n  name = \"{name}\"\n  node = \"pve1\"\n  {version}\n  tags = {tags}\n  \
             image = {{ url = \"{url}\", checksum = \"{sum}\", storage = \"local\" }}\n  disk = {{ storage = \"local\", size = \"8M\" }}\n}}\n"
        )
    };
    let templates = [
        template("a", "debian-12", "version = \"1.9\"", "[\"base\"]"),
        template("b", "debian-12", "version = \"1.10\"", "[\"base\", \"retired\"]"),
        template("c", "ubuntu-20241103", "", "[\"base\"]"),
    ];
    it.ws.write("main.tf", &templates.concat())?;
    it.ws.apply()?.ok()?;
    it.ws.write(
        "data.tf",
        r#"
data "hybridops_proxmox_templates" "debian" { name = "debian-12" }
data "hybridops_proxmox_templates" "kept" {
  name_regex = "^debian"
  tags       = { all = ["BASE"], none = ["retired"] }
  required   = true
}
data "hybridops_proxmox_templates" "all" {}
output "debian" { value = data.hybridops_proxmox_templates.debian }
output "kept" { value = data.hybridops_proxmox_templates.kept }
output "all" { value = data.hybridops_proxmox_templates.all }
"#,
    )?;
    it.ws.apply()?.ok()?;
    let outputs = it.ws.outputs()?;
    assert_eq!(outputs["debian"]["newest"]["version"], json!("1.10"));
    assert_eq!(outputs["debian"]["decided_by"], json!("version_tag"));
    assert_eq!(outputs["debian"]["by_node"]["pve1"], outputs["debian"]["newest"]["vmid"]);
    assert_eq!(outputs["kept"]["newest"]["version"], json!("1.9"));
    assert_eq!(outputs["kept"]["decided_by"], json!(null));
    assert_eq!(outputs["all"]["templates"].as_array().map(Vec::len), Some(3));
    assert_eq!(outputs["all"]["decided_by"], json!("creation_time"), "not all of them say a version");

    it.ws.write(
        "data.tf",
        "data \"hybridops_proxmox_templates\" \"none\" {\n  name = \"x\"\n  required = true\n}\n",
    )?;
    it.ws.plan()?.fails()?.says("No template matches")?.says("none of the 3 templates")?;
    it.ws.write("data.tf", "data \"hybridops_proxmox_templates\" \"bad\" { name_regex = \"(\" }\n")?;
    it.ws.validate()?.fails()?.says("The regular expression cannot be read")?;
    Ok(())
}
