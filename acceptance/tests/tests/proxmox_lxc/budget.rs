//! How many requests each thing takes, as numbers.

use std::collections::BTreeMap;

use anyhow::Result;

use crate::ready;
use crate::support::{Lxc, Site};

#[test]
fn a_hundred_containers_are_refreshed_with_a_hundred_and_one_requests() -> Result<()> {
    ready!();
    let site = Site::start()?;
    let mut all = String::new();
    for n in 0..100 {
        let (vmid, name) = (300 + n, format!("c{n}"));
        let root = format!("local:{vmid}/vm-{vmid}-disk-0.raw,size=1M");
        let settings =
            [("hostname", name.as_str()), ("arch", "amd64"), ("ostype", "debian"), ("rootfs", &root)];
        site.lab.add_guest("lxc", "pve1", vmid, &settings, n % 2 == 0)?;
        all.push_str(&Lxc::bare(&name, "pve1").label(&name).hcl());
        all.push_str(&format!("import {{\n  to = hybridops_proxmox_lxc.{name}\n  id = \"{vmid}\"\n}}\n"));
    }
    site.ws.write("main.tf", &all)?;
    site.ws.apply()?.ok()?.says("100 imported, 0 added, 0 changed, 0 destroyed")?;
    let refresh = site.counting(|| site.ws.expect_empty_plan().map(drop))?;
    let expected = BTreeMap::from([
        ("GET /cluster/resources".to_owned(), 1),
        ("GET /nodes/{node}/lxc/{vmid}/pending".to_owned(), 100),
    ]);
    assert_eq!(refresh, expected);
    Ok(())
}
