//! How many requests a refresh takes.

use anyhow::{Result, ensure};
use hybridops_lab::Release;

use crate::scene::Scene;

/// How many of each kind.
const EACH: usize = 50;

/// Kinds whose listing tells all of them whole.
const KINDS: [(&str, &str); 7] = [
    ("pool", "  poolid = \"p${count.index}\""),
    ("firewall_alias", "  name = \"a${count.index}\"\n  cidr = \"10.0.0.${count.index}\""),
    ("role", "  roleid = \"r${count.index}\"\n  privs  = [\"VM.Audit\"]"),
    ("storage_dir", "  storage = \"s${count.index}\"\n  path    = \"/srv/s${count.index}\""),
    ("sdn_zone_simple", "  zone = \"z${count.index}\""),
    ("sdn_vnet", "  vnet = \"v${count.index}\"\n  zone = hybridops_proxmox_sdn_zone_simple.many[0].zone"),
    (
        "acl",
        "  path   = \"/pool/${hybridops_proxmox_pool.many[count.index].poolid}\"\n  type   = \"user\"\n  \
         ugid   = \"root@pam\"\n  roleid = \"PVEAuditor\"",
    ),
];

#[test]
fn a_listing_serves_all_of_a_kind() -> Result<()> {
    let it = Scene::start(Release::V8_4)?;
    let text = KINDS.map(|(kind, arguments)| {
        format!("resource \"hybridops_proxmox_{kind}\" \"many\" {{\n  count = {EACH}\n{arguments}\n}}\n")
    });
    it.ws.write("main.tf", &text.concat())?;
    it.told(&format!("make {EACH} of {} kinds", KINDS.len()), || it.ws.apply())?;
    it.lab.journal().clear();
    it.expect_nothing_to_do("the creation of many")?;
    let requests: Vec<String> = it.lab.journal().all().into_iter().map(|entry| entry.path).collect();
    println!("refresh of {} objects: {} requests", EACH * KINDS.len(), requests.len());
    for listing in [
        "/pools",
        "/cluster/firewall/aliases",
        "/access/roles",
        "/storage",
        "/cluster/sdn/zones",
        "/access/acl",
    ] {
        let count = requests.iter().filter(|path| path.as_str() == listing).count();
        ensure!(count <= 2, "{listing} was read {count} times");
    }
    // Terraform refreshes in waves: what another refers to comes first. A listing may be read anew for each.
    ensure!(requests.len() <= 2 * KINDS.len() + 6, "{} requests: {requests:?}", requests.len());
    Ok(())
}
