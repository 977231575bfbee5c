//! A NetBox with what guests refer to, and a workspace that reaches it.

use std::collections::{BTreeMap, BTreeSet};

use acceptance_tests::{Provider, Workspace, terraform_or_skip};
use anyhow::{Context as _, Result, ensure};
use hybridops_lab::{Lab, LabConfig, NetBox, NetBoxConfig, NetBoxVersion};
use serde_json::{Value as Json, json};

/// The guest under test.
pub(crate) const IT: &str = "hybridops_netbox_guest.it";
pub(crate) const MACHINES: &str = "virtualization/virtual-machines";
pub(crate) const INTERFACES: &str = "virtualization/interfaces";
pub(crate) const DISKS: &str = "virtualization/virtual-disks";
pub(crate) const ADDRESSES: &str = "ipam/ip-addresses";
pub(crate) const MACS: &str = "dcim/mac-addresses";

/// The versions that everything is tried with.
pub(crate) const VERSIONS: [NetBoxVersion; 2] = [NetBoxVersion::V4_6, NetBoxVersion::V4_2];

/// A laboratory, and a workspace that reaches it.
pub(crate) struct Scene {
    lab: Lab,
    pub(crate) ws: Workspace,
    pub(crate) cluster: u64,
}

/// A scene; `None`, said aloud, where there is no `terraform`.
pub(crate) async fn prepared(test: &str, version: NetBoxVersion) -> Result<Option<Scene>> {
    if !terraform_or_skip(test)? {
        return Ok(None);
    }
    let netbox = Some(NetBoxConfig { version, ..NetBoxConfig::default() });
    let lab = Lab::start(LabConfig { netbox, ..LabConfig::default() }).await?;
    let mut ws = Workspace::ready(&[Provider::hybridops()?])?;
    let (url, token) = {
        let netbox = lab.netbox().context("a NetBox")?;
        (netbox.url().to_owned(), netbox.token().to_owned())
    };
    ws.set_env("NETBOX_SERVER_URL", url);
    ws.set_env("NETBOX_API_TOKEN", token);
    ws.write("provider.tf", "provider \"hybridops\" {}\n")?;
    let mut scene = Scene { lab, ws, cluster: 0 };
    let kind = scene.insert("virtualization/cluster-types", json!({"name": "PVE", "slug": "pve"}))?;
    scene.cluster = scene.insert("virtualization/clusters", json!({"name": "pve1", "type": kind}))?;
    scene.insert("tenancy/tenants", json!({"name": "Acme", "slug": "acme"}))?;
    scene.insert("dcim/device-roles", json!({"name": "Server", "slug": "server"}))?;
    scene.insert("dcim/platforms", json!({"name": "Debian", "slug": "debian"}))?;
    scene.insert("extras/tags", json!({"name": "Web", "slug": "web"}))?;
    scene.insert("extras/tags", json!({"name": "Prod", "slug": "prod"}))?;
    scene.insert("ipam/vlans", json!({"name": "servers", "vid": 10}))?;
    scene.insert("ipam/vlans", json!({"name": "storage", "vid": 20}))?;
    Ok(Some(scene))
}

/// Begins a test: the scene, or the end of the test where there is no `terraform`.
macro_rules! scene {
    ($version:expr) => {{
        fn here() {}
        match $crate::scene::prepared(std::any::type_name_of_val(&here), $version).await? {
            Some(scene) => scene,
            None => return Ok(()),
        }
    }};
}
pub(crate) use scene;

impl Scene {
    pub(crate) fn netbox(&self) -> &NetBox {
        match self.lab.netbox() {
            Some(netbox) => netbox,
            None => unreachable!("the laboratory was made with one"),
        }
    }

    pub(crate) fn insert(&self, kind: &str, data: Json) -> Result<u64> {
        Ok(self.netbox().insert(kind, data)?)
    }

    /// Writes the guest under test with these arguments beside its name and cluster.
    pub(crate) fn declare(&self, arguments: &str) -> Result<()> {
        self.ws.write("main.tf", &self.guest("it", "web-01", arguments))
    }

    pub(crate) fn guest(&self, label: &str, name: &str, arguments: &str) -> String {
        format!(
            "resource \"hybridops_netbox_guest\" \"{label}\" {{\nname = \"{name}\"\ncluster = \"pve1\"\n{arguments}\n}}\n"
        )
    }

    /// Requests since the log was cleared, as `METHOD path`.
    pub(crate) fn requests(&self) -> Vec<String> {
        let all = self.netbox().journal().all();
        all.iter().map(|entry| format!("{} {}", entry.method, entry.path)).collect()
    }

    pub(crate) fn writes(&self) -> Vec<String> {
        self.requests()
            .into_iter()
            .filter(|request| !request.starts_with("GET ") && !request.starts_with("OPTIONS "))
            .collect()
    }

    pub(crate) fn forget_requests(&self) {
        self.netbox().journal().clear();
    }

    pub(crate) fn all(&self, kind: &str) -> Vec<Json> {
        self.netbox().objects(kind)
    }

    /// The only machine.
    pub(crate) fn machine(&self) -> Result<Json> {
        let all = self.all(MACHINES);
        ensure!(all.len() == 1, "there are {} machines", all.len());
        Ok(all[0].clone())
    }

    /// What is on the machine, in one picture: names with what matters of each.
    pub(crate) fn picture(&self) -> Result<BTreeMap<String, String>> {
        let machine = self.machine()?;
        let text = |value: &Json| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let mut picture = BTreeMap::new();
        for interface in self.all(INTERFACES) {
            let mac = text(&interface["mac_address"]);
            picture.insert(format!("interface {}", text(&interface["name"])), mac);
        }
        for address in self.all(ADDRESSES) {
            let on = text(&address["assigned_object"]["name"]);
            picture.insert(format!("address {}", text(&address["address"])), on);
        }
        for disk in self.all(DISKS) {
            picture.insert(format!("disk {}", text(&disk["name"])), text(&disk["size"]));
        }
        for mac in self.all(MACS) {
            let count =
                picture.entry(format!("mac {}", text(&mac["mac_address"]))).or_insert_with(String::new);
            count.push('1');
        }
        for family in ["primary_ip4", "primary_ip6"] {
            if !machine[family].is_null() {
                picture.insert(family.to_owned(), text(&machine[family]["address"]));
            }
        }
        Ok(picture)
    }

    pub(crate) fn expect_picture(&self, expected: &[(&str, &str)]) -> Result<()> {
        let has_macs = self.netbox().version() >= NetBoxVersion::V4_2;
        let expected: BTreeSet<(String, String)> = expected
            .iter()
            .filter(|(name, _)| has_macs || !name.starts_with("mac "))
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let picture: BTreeSet<(String, String)> = self.picture()?.into_iter().collect();
        ensure!(picture == expected, "there is {picture:#?}, expected {expected:#?}");
        Ok(())
    }

    /// Nothing of a guest is there.
    pub(crate) fn expect_nothing(&self, addresses: usize) -> Result<()> {
        for kind in [MACHINES, INTERFACES, DISKS, MACS] {
            ensure!(self.all(kind).is_empty(), "left of {kind}: {:?}", self.all(kind));
        }
        ensure!(self.all(ADDRESSES).len() == addresses, "addresses: {:?}", self.all(ADDRESSES));
        Ok(())
    }
}

/// A guest with some of everything.
pub(crate) const WHOLE: &str = r#"
  tenant      = "acme"
  role        = "server"
  platform    = { slug = "debian" }
  vcpus       = 2.5
  memory      = 4096
  serial      = "u-1"
  description = "first"
  tags        = ["web"]
  interfaces = {
    eth0 = {
      mac_address   = "02:00:00:aa:bb:01"
      mtu           = 1500
      mode          = "tagged"
      untagged_vlan = "servers"
      tagged_vlans  = ["storage"]
      addresses = [
        { address = "10.0.0.5/24", dns_name = "Web-01.example.com" },
        { address = "2001:db8::5/64" },
        { address = "10.0.0.6/24", role = "secondary", tenant = "acme" },
      ]
    }
    eth1 = { enabled = false, description = "spare" }
  }
  disks = {
    scsi0 = { size = 20000 }
    scsi1 = { size = 10000, description = "data" }
  }
"#;

/// What [`WHOLE`] makes.
pub(crate) const WHOLE_PICTURE: &[(&str, &str)] = &[
    ("interface eth0", "02:00:00:AA:BB:01"),
    ("interface eth1", "null"),
    ("mac 02:00:00:AA:BB:01", "1"),
    ("address 10.0.0.5/24", "eth0"),
    ("address 10.0.0.6/24", "eth0"),
    ("address 2001:db8::5/64", "eth0"),
    ("disk scsi0", "20000"),
    ("disk scsi1", "10000"),
    ("primary_ip4", "10.0.0.5/24"),
    ("primary_ip6", "2001:db8::5/64"),
];

/// Another state of the same guest: everything differs.
pub(crate) const OTHER: &str = r#"
  role        = "server"
  vcpus       = 4
  memory      = 8192
  description = "second"
  tags        = ["prod", "web"]
  interfaces = {
    eth0 = {
      mac_address = "02:00:00:aa:bb:02"
      addresses = [{ address = "10.0.0.7/24" }, { address = "10.0.0.5/25" }]
    }
    eth2 = { addresses = [{ address = "10.0.0.6/24" }] }
  }
  disks = { scsi0 = { size = 30000 } }
"#;

/// What [`OTHER`] makes of it.
pub(crate) const OTHER_PICTURE: &[(&str, &str)] = &[
    ("interface eth0", "02:00:00:AA:BB:02"),
    ("interface eth2", "null"),
    ("mac 02:00:00:AA:BB:02", "1"),
    ("address 10.0.0.5/25", "eth0"),
    ("address 10.0.0.6/24", "eth2"),
    ("address 10.0.0.7/24", "eth0"),
    ("disk scsi0", "30000"),
    ("primary_ip4", "10.0.0.7/24"),
];
