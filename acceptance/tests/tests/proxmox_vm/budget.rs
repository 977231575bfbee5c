//! How many requests each thing takes, as numbers.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};

use crate::ready;
use crate::support::{Site, Vm};

const INDEX: &str = "GET /cluster/resources";
const PENDING: &str = "GET /nodes/{node}/qemu/{vmid}/pending";

#[test]
fn a_hundred_guests_refresh_with_a_hundred_and_one_requests() -> Result<()> {
    ready!();
    let site = Site::start()?;
    let guests: String = (0..100)
        .map(|n| Vm::bare(&format!("g{n}"), "pve1").label(&format!("g{n}")).set("memory", "128").hcl())
        .collect();
    site.ws.write("main.tf", &guests)?;
    site.ws.run(&["apply", "-auto-approve", "-parallelism=20"])?.ok()?;
    ensure!(site.vmids().len() == 100, "{} guests", site.vmids().len());
    let refresh = site.counting(|| site.ws.expect_empty_plan().map(drop))?;
    let expected = BTreeMap::from([(INDEX.to_owned(), 1), (PENDING.to_owned(), 100)]);
    ensure!(refresh == expected, "{refresh:#?}");
    Ok(())
}
